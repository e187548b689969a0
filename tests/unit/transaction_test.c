/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of durable steps when a neighbour is slow. Ledger, inspector, policy and actions
 * are played here, each as bad as it may be; what goes through real ones is for the system
 * tests.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/log.h"
#include "gateway/core/inspector.h"
#include "gateway/core/transaction.h"

#define STALL_MS 100

/* What the players do, and what they saw. */
static struct {
	enum verdict verdict;      /* what the inspector says */
	enum plan_outcome outcome; /* and the policy, of everybody */
	unsigned relayed, closed_rows, done_steps;
	bool close_had_time;
} seen;

int
ledger_lookup(struct ledger_client *c, const uint8_t (*keys)[DELIVERY_KEY_SIZE],
    unsigned count, struct delivery_record *out, struct deadline d, struct error *e)
{
	(void)c, (void)keys, (void)d, (void)e;
	memset(out, 0, count * sizeof(*out));
	return 0;
}

int
ledger_plan(struct ledger_client *c, const struct ledger_intent *intent, bool *conflict,
    struct deadline d, struct error *e)
{
	(void)c, (void)intent, (void)conflict, (void)d, (void)e;
	return 0;
}

int
ledger_close(struct ledger_client *c, const char *tx, const struct step_result *steps,
    unsigned step_count, const struct delivery_result *deliveries, unsigned delivery_count,
    struct deadline d, struct error *e)
{
	(void)c, (void)tx;
	seen.close_had_time = deadline_left_ms(d) >= TRANSACTION_CLOSE_MS - 2000;
	if (deadline_passed(d))
		return error_set(e, ERR_TEMP, "too late");
	for (unsigned i = 0; i < step_count; i++)
		seen.done_steps += steps[i].state == STEP_DONE;
	for (unsigned i = 0; i < delivery_count; i++)
		seen.closed_rows += deliveries[i].closed;
	return 0;
}

enum inspector_end
inspector_ask_at(const char *socket, const struct inspection *q,
    const struct spool *message, struct facts *facts, struct spool **content,
    unsigned examine_ms, struct deadline d, struct error *e)
{
	(void)socket, (void)q, (void)message, (void)examine_ms, (void)d, (void)e;
	facts->verdict = (uint8_t)seen.verdict;
	*content = NULL;
	return INSPECTOR_ANSWERED;
}

int
policy_decide(const struct policy *p, const struct envelope *env, const struct facts *f,
    struct plan *out, struct error *e)
{
	(void)p, (void)f;
	out->recipient_count = env->recipient_count;
	for (unsigned i = 0; i < env->recipient_count; i++) {
		out->recipients[i].outcome = (uint8_t)seen.outcome;
		if (seen.outcome == OUTCOME_DELIVER &&
		    plan_add_step(out, ACTION_RELAY, i, "", e) != 0)
			return -1;
	}
	return 0;
}

int
act_compose(const struct act_settings *settings, const struct envelope *env,
    const struct facts *facts, const struct plan *plan, const struct spool *body,
    struct spool **outgoing, struct error *e)
{
	(void)settings, (void)env, (void)facts, (void)plan, (void)body;
	return spool_new(NULL, 100, outgoing, e) == 0 ? spool_seal(*outgoing, e) : -1;
}

/* LMTP: the first recipient is taken, then the next hop says nothing more. */
static void
take_one_and_stall(const struct act_job *job, const struct plan_step *const *steps,
    unsigned count, struct act_result *results)
{
	(void)steps;
	memset(results, 0, count * sizeof(*results));
	results[0] = (struct act_result){ .status = ACT_DONE, .code = 250 };
	seen.relayed++;
	while (!deadline_passed(job->deadline))
		(void)poll(NULL, 0, deadline_left_ms(job->deadline));
	for (unsigned i = 1; i < count; i++)
		results[i].status = ACT_RETRY;
}

act_fn *
act_of(enum plan_action action)
{
	assert_int_equal(action, ACTION_RELAY);
	return take_one_and_stall;
}

/* Never reached by what is played here. */
int
ledger_amend(struct ledger_client *c, const struct plan *plan, struct deadline d,
    struct error *e)
{
	(void)c, (void)plan, (void)d;
	return error_set(e, ERR_BUG, "not played");
}

int
ledger_death(struct ledger_client *c, const struct envelope *env,
    const uint8_t (*keys)[DELIVERY_KEY_SIZE], unsigned count, unsigned *deaths,
    struct deadline d, struct error *e)
{
	(void)c, (void)env, (void)keys, (void)count, (void)deaths, (void)d;
	return error_set(e, ERR_BUG, "not played");
}

int
ledger_fetch(struct ledger_client *c, const char *tx, struct ledger_transaction **out,
    bool *busy, struct deadline d, struct error *e)
{
	(void)c, (void)tx, (void)out, (void)busy, (void)d;
	return error_set(e, ERR_BUG, "not played");
}

void
ledger_transaction_free(struct ledger_transaction **t)
{
	assert_null(*t);
}

int
ledger_note(struct ledger_client *c, const char *tx, const char *what, const char *text,
    struct deadline d, struct error *e)
{
	(void)c, (void)tx, (void)what, (void)text, (void)d;
	return error_set(e, ERR_BUG, "not played");
}

const uint8_t *
policy_digest(const struct policy *p)
{
	static const uint8_t none[32];

	(void)p;
	return none;
}

int
act_sign(const struct act_settings *settings, struct seal_client *keys,
    const struct envelope *env, const struct facts *facts, const struct spool *received,
    const char *agency, struct buf *signature, struct spool **signed_message,
    struct deadline d, struct error *e)
{
	(void)settings, (void)keys, (void)env, (void)facts, (void)received, (void)agency;
	(void)signature, (void)signed_message, (void)d;
	return error_set(e, ERR_BUG, "not played");
}

const struct agency *
directory_find(const struct directory *d, struct span id)
{
	(void)d, (void)id;
	return NULL;
}

bool
agency_takes_certificate(const struct agency *a, const uint8_t sha256[32],
    struct span subject, struct span issuer, struct span serial, int64_t at)
{
	(void)a, (void)sha256, (void)subject, (void)issuer, (void)serial, (void)at;
	return false;
}

static struct spool *
new_message(void)
{
	struct spool *message;
	struct error e;

	assert_int_equal(spool_new(NULL, 100, &message, &e), 0);
	assert_int_equal(spool_append(message, span_str("From: <a@b.example>\r\n\r\n"), &e), 0);
	assert_int_equal(spool_seal(message, &e), 0);
	return message;
}

/* Without it, who was taken at once would get a copy at every retry of who stalls. */
static void
what_was_relayed_is_recorded_when_the_next_hop_stalls(void **state)
{
	static const struct act_settings settings = { .hold_days = 30 };
	struct transaction_reply replies[2] = { { .code = 0 } };
	struct gateway g = { .act = &settings };
	struct envelope *env = calloc(1, sizeof(*env));
	struct spool *message = new_message();

	(void)state;
	memset(&seen, 0, sizeof(seen));
	strcpy(env->tx, "01aaaaaaaaaaaaaaaaaaaaaaaa");
	env->source = SOURCE_LMTP;
	env->recipient_count = 2;
	strcpy(env->recipients[0], "vanthu@bavi.hanoi.example");
	strcpy(env->recipients[1], "vanthu@soctay.hanoi.example");

	transaction_run(
	    &g, env, message, replies, deadline_after_ms(TRANSACTION_CLOSE_MS + STALL_MS));

	assert_int_equal(seen.relayed, 1);
	assert_true(seen.close_had_time);
	assert_int_equal(seen.done_steps, 1);
	assert_int_equal(seen.closed_rows, 1);
	assert_int_equal(replies[0].code, 250);
	assert_int_equal(replies[1].code / 100, 4);
	spool_free(&message);
	free(env);
}

/* Beyond the limits of the header nobody looked for headers that are forged as ours. */
static void
what_was_not_read_to_its_end_is_not_released_by_force(void **state)
{
	static const struct act_settings settings = { .hold_days = 30 };
	static const struct {
		enum verdict verdict;
		int code;
	} rows[] = { { VERDICT_UNTRUSTED, 250 }, { VERDICT_LIMIT, 450 } };
	struct envelope *env = calloc(1, sizeof(*env));
	struct spool *message = new_message();

	(void)state;
	strcpy(env->tx, "01bbbbbbbbbbbbbbbbbbbbbbbb");
	env->source = SOURCE_RELEASE;
	env->recipient_count = 1;
	strcpy(env->recipients[0], "vanthu@bavi.hanoi.example");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gateway g = { .act = &settings, .force_release = true };
		struct transaction_reply reply;

		memset(&seen, 0, sizeof(seen));
		seen.verdict = rows[i].verdict;
		seen.outcome = OUTCOME_HOLD;
		transaction_run(&g, env, message, &reply,
		    deadline_after_ms(TRANSACTION_CLOSE_MS + STALL_MS));
		assert_int_equal(reply.code, rows[i].code);
		assert_int_equal(seen.relayed, rows[i].code == 250);
	}
	spool_free(&message);
	free(env);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_read_to_its_end_is_not_released_by_force),
		cmocka_unit_test(what_was_relayed_is_recorded_when_the_next_hop_stalls),
	};

	log_open("transaction_test", LOG_TO_STDERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
