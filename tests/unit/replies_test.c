/* SPDX-License-Identifier: Apache-2.0 */
/* What is answered, from a table of plans and how their steps ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/replies.h"

/* The end of one step. */
struct end {
	enum plan_action action;
	enum step_state state;
	unsigned code;
	const char *status, *text;
};

struct row {
	const char *name;
	enum plan_outcome outcome;
	enum reason reason;
	struct end ends[4];
	unsigned count;
	bool final;
	const char *reply; /* how it begins */
};

#define DONE(action) { action, STEP_DONE, 0, "", "" }

static const struct row rows[] = {
	{ "filed and relayed", OUTCOME_DELIVER, REASON_NONE,
	    { DONE(ACTION_FILE), DONE(ACTION_RELAY) }, 2, true, "250 2.0.0 Delivered as tx" },
	{ "nothing to do", OUTCOME_DELIVER, REASON_NONE, { { 0 } }, 0, true,
	    "250 2.0.0 Delivered" },
	{ "the disk is full", OUTCOME_DELIVER, REASON_NONE,
	    { { ACTION_FILE, STEP_OPEN, 0, "", "/intake: No space left" },
		{ ACTION_RELAY, STEP_OPEN, 0, "", "" } }, 2, false,
	    "451 4.3.0 Not yet done, try again later" },
	{ "the next hop wants time", OUTCOME_DELIVER, REASON_NONE,
	    { DONE(ACTION_FILE), { ACTION_RELAY, STEP_OPEN, 452, "4.2.2", "mailbox full" } },
	    2, false, "452 4.2.2 mailbox full" },
	{ "the next hop's doubt has a wrong code", OUTCOME_DELIVER, REASON_NONE,
	    { { ACTION_RELAY, STEP_OPEN, 550, "5.1.1", "no" } }, 1, false, "451 4.3.0 Not yet" },
	{ "the next hop says no", OUTCOME_DELIVER, REASON_NONE,
	    { DONE(ACTION_FILE),
		{ ACTION_RELAY, STEP_REFUSED, 550, "5.1.1", "no such mailbox" } }, 2, true,
	    "550 5.1.1 no such mailbox" },
	{ "the next hop says no without enhanced code", OUTCOME_DELIVER, REASON_NONE,
	    { { ACTION_RELAY, STEP_REFUSED, 550, "", "no" } }, 1, true, "550 5.0.0 no" },
	{ "no, and something is still open", OUTCOME_DELIVER, REASON_NONE,
	    { { ACTION_FILE, STEP_OPEN, 0, "", "" },
		{ ACTION_RELAY, STEP_REFUSED, 550, "5.1.1", "no" } }, 2, false, "451 4.3.0" },
	{ "held", OUTCOME_HOLD, REASON_UNSIGNED, { DONE(ACTION_HOLD) }, 1, true,
	    "250 2.0.0 Held as tx: The message carries no signature of an agency." },
	{ "not yet held", OUTCOME_HOLD, REASON_UNSIGNED,
	    { { ACTION_HOLD, STEP_OPEN, 0, "", "EIO" } }, 1, false, "451 4.3.0" },
	{ "held because the next hop refused", OUTCOME_HOLD, REASON_NEXT_HOP_REFUSED,
	    { { ACTION_RELAY, STEP_REFUSED, 550, "5.1.1", "no" }, DONE(ACTION_HOLD) }, 2, true,
	    "250 2.0.0 Held as tx: The next mail server refused the message." },
	{ "refused", OUTCOME_REFUSE, REASON_UNSIGNED, { { 0 } }, 0, true,
	    "550 5.7.1 The message carries no signature of an agency. Send it again" },
	{ "refused, the reason has a passing code", OUTCOME_REFUSE, REASON_INSPECTOR_FAILED,
	    { { 0 } }, 0, true, "550 5.7.1 The message could not be examined." },
	{ "refused, the sender is told (I7)", OUTCOME_REFUSE, REASON_UNSIGNED,
	    { DONE(ACTION_NOTIFY) }, 1, true, "250 2.0.0 Refused as tx, the sender is told" },
	{ "refused, the notice is not out", OUTCOME_REFUSE, REASON_UNSIGNED,
	    { { ACTION_NOTIFY, STEP_OPEN, 421, "4.3.2", "closing" } }, 1, false,
	    "421 4.3.2 closing" },
};

static void
each_end_has_its_reply(void **state)
{
	struct facts *facts = facts_new();
	struct envelope *env = calloc(1, sizeof(*env));

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct plan *plan = plan_new();
		struct step_result steps[5];
		struct transaction_reply reply;
		struct error e;
		char text[LEDGER_REPLY_MAX];
		bool final;

		memset(steps, 0, sizeof(steps));
		strcpy(plan->tx, "tx");
		plan->recipient_count = 2;
		plan->recipients[1].outcome = (uint8_t)row->outcome;
		plan->recipients[1].reason = (uint16_t)row->reason;
		/* Another recipient's open step must not matter. */
		assert_int_equal(plan_add_step(plan, ACTION_HOLD, 0, "", &e), 0);
		for (unsigned s = 0; s < row->count; s++) {
			assert_int_equal(
			    plan_add_step(plan, row->ends[s].action, 1, "", &e), 0);
			steps[s + 1].state = row->ends[s].state;
			steps[s + 1].code = row->ends[s].code;
			strcpy(steps[s + 1].status, row->ends[s].status);
			strcpy(steps[s + 1].text, row->ends[s].text);
		}
		final = reply_decide(plan, 1, steps, env, facts, &reply);
		reply_format(&reply, text);
		if (final != row->final || strncmp(text, row->reply, strlen(row->reply)) != 0)
			fail_msg("%s: %s", row->name, text);
		plan_free(&plan);
	}
	facts_free(&facts);
	free(env);
}

static void
a_kept_reply_is_the_reply_that_was_given(void **state)
{
	static const char *const broken[] = { "", "250", "250 2.0.0", "x", "999 2.0.0 no",
		"199 2.0.0 no", "250 two words" };
	struct transaction_reply a = { 550, "5.7.1", "Thư không có chữ ký số." }, b;
	char text[LEDGER_REPLY_MAX];

	(void)state;
	reply_format(&a, text);
	assert_int_equal(reply_parse(text, &b), 0);
	assert_int_equal(b.code, 550);
	assert_string_equal(b.status, a.status);
	assert_string_equal(b.text, a.text);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		if (reply_parse(broken[i], &b) == 0)
			fail_msg("\"%s\" was read as a reply", broken[i]);
	}
}

static void
a_client_gets_only_the_letters_it_knows(void **state)
{
	struct transaction_reply r = { 250, "2.0.0", "Đã giữ\r\nRSET" };

	(void)state;
	reply_fit(&r, true);
	assert_string_equal(r.text, "Đã giữ\r\nRSET");
	reply_fit(&r, false);
	for (const char *c = r.text; *c != '\0'; c++)
		assert_in_range(*c, 0x20, 0x7e);
}

static void
what_the_next_hop_says_stays_on_one_line(void **state)
{
	struct plan *plan = plan_new();
	struct step_result step = { .state = STEP_REFUSED, .code = 550, .status = "5.1.1",
		.text = "no\r\n250 yes \xff" };
	struct facts *facts = facts_new();
	struct envelope *env = calloc(1, sizeof(*env));
	struct transaction_reply r;
	struct error e;

	(void)state;
	plan->recipient_count = 1;
	assert_int_equal(plan_add_step(plan, ACTION_RELAY, 0, "", &e), 0);
	assert_true(reply_decide(plan, 0, &step, env, facts, &r));
	assert_null(strpbrk(r.text, "\r\n\xff"));
	assert_int_equal(r.code, 550);
	facts_free(&facts);
	plan_free(&plan);
	free(env);
}

static void
one_reply_for_all_never_promises_too_much(void **state)
{
	static const struct {
		int codes[3], wanted;
	} cases[] = {
		{ { 250, 250, 250 }, 250 }, { { 250, 451, 250 }, 451 }, { { 550, 451, 250 }, 451 },
		{ { 451, 550, 250 }, 451 }, { { 250, 550, 250 }, 550 }, { { 550, 250, 250 }, 550 },
		{ { 250, 550, 452 }, 452 }, { { 550, 550, 550 }, 550 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct transaction_reply r[3];

		memset(r, 0, sizeof(r));
		for (unsigned k = 0; k < 3; k++)
			r[k].code = cases[i].codes[k];
		reply_unify(r, 3);
		for (unsigned k = 0; k < 3; k++)
			assert_int_equal(r[k].code, cases[i].wanted);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_end_has_its_reply),
		cmocka_unit_test(a_kept_reply_is_the_reply_that_was_given),
		cmocka_unit_test(a_client_gets_only_the_letters_it_knows),
		cmocka_unit_test(what_the_next_hop_says_stays_on_one_line),
		cmocka_unit_test(one_reply_for_all_never_promises_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
