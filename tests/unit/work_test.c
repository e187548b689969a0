/* SPDX-License-Identifier: Apache-2.0 */
/* A stored transaction put together again is the one of the first attempt, or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/work.h"

#define BODY "From: <vanthu@soctay.hanoi.example>\r\n\r\ntext\r\n"
#define FIRST_HEAD "Received: first\r\n\tattempt\r\n"
#define LATER_HEAD "Return-Path: <>\r\nReceived: later attempt\r\n"

static struct spool *
spool_of(const char *text)
{
	struct spool *s;
	struct error e;

	assert_int_equal(spool_new(NULL, 4096, &s, &e), 0);
	assert_int_equal(spool_append(s, span_str(text), &e), 0);
	assert_int_equal(spool_seal(s, &e), 0);
	return s;
}

/* What the ledger kept of an attempt that saw FIRST_HEAD over BODY. */
static struct ledger_transaction *
stored(void)
{
	struct ledger_transaction *t = calloc(1, sizeof(*t));
	struct spool *first = spool_of(FIRST_HEAD BODY);
	struct envelope *env = calloc(1, sizeof(*env));
	struct facts *facts = facts_new();
	struct plan *plan = plan_new();
	struct error e;

	strcpy(env->tx, "01aaaaaaaaaaaaaaaaaaaaaaaa");
	env->source = SOURCE_LMTP;
	env->recipient_count = 1;
	strcpy(env->recipients[0], "vanthu@bavi.hanoi.example");
	strcpy(plan->tx, env->tx);
	plan->recipient_count = 1;
	assert_int_equal(plan_add_step(plan, ACTION_FILE, 0, "bavi", &e), 0);
	assert_int_equal(plan_add_step(plan, ACTION_RELAY, 0, "", &e), 0);
	t->step_count = 2;
	strcpy(t->steps[0].name, "file:0");
	t->steps[0].state = STEP_DONE;
	strcpy(t->steps[1].name, "relay:0");
	buf_init(&t->envelope, 65536);
	buf_init(&t->head, 4096);
	buf_init(&t->facts, FACTS_ENCODED_MAX);
	buf_init(&t->signed_facts, FACTS_ENCODED_MAX);
	buf_init(&t->signature, 4096);
	buf_init(&t->plan, PLAN_ENCODED_MAX);
	ledger_encode_envelope(env, &t->envelope);
	plan_encode(plan, &t->plan);
	facts_encode(facts, &t->facts);
	buf_put_str(&t->head, FIRST_HEAD);
	memcpy(t->received_digest, spool_digest(first), DIGEST_SIZE);
	spool_free(&first);
	facts_free(&facts);
	plan_free(&plan);
	free(env);
	return t;
}

static int
restore(const char *received_now, struct ledger_transaction *t, struct work *w,
    struct spool **now, struct error *e)
{
	*now = spool_of(received_now);
	return work_restore(w, t, *now, NULL, e);
}

static void
the_message_is_that_of_the_first_attempt(void **state)
{
	static const char *const comes_as[] = { FIRST_HEAD BODY, LATER_HEAD BODY, BODY };

	(void)state;
	for (size_t i = 0; i < sizeof(comes_as) / sizeof(comes_as[0]); i++) {
		struct ledger_transaction *t = stored();
		struct work *w = work_new();
		struct spool *now;
		struct error e;

		if (restore(comes_as[i], t, w, &now, &e) != 0)
			fail_msg("%s", e.text);
		assert_true(span_is(spool_bytes(w->message), FIRST_HEAD BODY));
		assert_int_equal(w->steps[0].state, STEP_DONE);
		assert_int_equal(w->steps[1].state, STEP_OPEN);
		assert_false(w->present[0]); /* who came again is for the transaction to say */
		spool_free(&now);
		work_free(&w);
		ledger_transaction_free(&t);
	}
}

static void
another_message_is_not_taken_for_it(void **state)
{
	struct ledger_transaction *t = stored();
	struct work *w = work_new();
	struct spool *now;
	struct error e;

	(void)state;
	assert_int_equal(restore(FIRST_HEAD BODY "more\r\n", t, w, &now, &e), -1);
	assert_int_equal(e.class, ERR_BUG);
	spool_free(&now);
	work_free(&w);
	ledger_transaction_free(&t);
}

static void
parts_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct ledger_transaction *t = stored();
		struct work *w = work_new();
		struct spool *now;
		struct error e;

		if (i == 0)
			strcpy(t->steps[1].name, "relay:1");
		else if (i == 1)
			t->step_count = 1;
		else if (i == 2)
			buf_put_byte(&t->plan, 0);
		else
			buf_reset(&t->envelope);
		assert_int_equal(restore(FIRST_HEAD BODY, t, w, &now, &e), -1);
		assert_int_equal(e.class, ERR_BUG);
		spool_free(&now);
		work_free(&w);
		ledger_transaction_free(&t);
	}
}

static void
what_we_signed_is_filed_and_what_came_is_held(void **state)
{
	struct work *w = work_new();
	struct gateway g = { .act = NULL };
	struct spool *came = spool_of(BODY);

	(void)state;
	w->message = came;
	assert_ptr_equal(work_job(w, &g, ACTION_FILE, deadline_never()).received, came);
	w->signed_message = spool_of("signed");
	w->signed_facts = facts_new();
	for (enum plan_action a = ACTION_FILE; a < ACTION_COUNT; a++) {
		struct act_job job = work_job(w, &g, a, deadline_never());
		bool ours = a == ACTION_FILE || a == ACTION_RELAY;

		assert_ptr_equal(job.received, ours ? w->signed_message : came);
		assert_ptr_equal(job.facts, ours ? w->signed_facts : w->facts);
	}
	work_free(&w);
	spool_free(&came);
}

static void
what_could_not_be_examined_is_held_for_everybody(void **state)
{
	struct work *w = work_new();
	struct envelope *env = calloc(1, sizeof(*env));
	uint8_t key[DELIVERY_KEY_SIZE] = { 1 }, digest[DIGEST_SIZE] = { 2 };
	struct error e;

	(void)state;
	env->recipient_count = 2;
	strcpy(env->recipients[0], "vanthu@bavi.hanoi.example");
	strcpy(env->recipients[1], "vanthu@vpub.hanoi.example");
	work_add_recipient(w, env, 1, key); /* only the second is new */
	work_add_recipient(w, env, 0, key);
	assert_int_equal(work_plan_unparsed(w, digest, &e), 0);
	assert_int_equal(w->plan->recipient_count, 2);
	assert_string_equal(w->plan->recipients[0].address, "vanthu@vpub.hanoi.example");
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(w->plan->recipients[i].outcome, OUTCOME_HOLD);
		assert_int_equal(w->plan->steps[i].action, ACTION_HOLD);
	}
	assert_int_equal(w->place[0], 1);
	assert_int_equal(w->facts->verdict, VERDICT_LIMIT); /* nothing is claimed */
	free(env);
	work_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_message_is_that_of_the_first_attempt),
		cmocka_unit_test(another_message_is_not_taken_for_it),
		cmocka_unit_test(parts_that_do_not_fit_are_refused),
		cmocka_unit_test(what_we_signed_is_filed_and_what_came_is_held),
		cmocka_unit_test(what_could_not_be_examined_is_held_for_everybody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
