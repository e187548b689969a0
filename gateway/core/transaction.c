/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of durable steps: this file and no other knows it.
 *
 * The gateway has no queue. It acknowledges a message only when every step of its frozen
 * plan is durable and recorded; until then somebody else holds it. kill -9 is legal at any
 * instant.
 *
 *   I1  no 2xx, MOVE, DELE or unlink before the ledger row is CLOSED and on disk.
 *   I2  doubt is temporary: an unclear result (commit, fsync, next hop) is never "done" and
 *       never "bad".
 *   I3  a step is recorded (name, digest, and for a signature the blob itself) before it
 *       is tried.
 *   I4  the plan is decided once. Redelivery performs what is left of the stored plan; it
 *       does not decide again.
 *   I5  a step done twice leaves the same world: filing links to a fixed name, and EEXIST
 *       with the same digest is success; relaying sends the same bytes under the same
 *       Message-ID.
 *   I6  kill at any step + redelivery = the same end state. Filing: exactly once. Relaying:
 *       at least once, recognisably the same, at most one duplicate for each crash.
 *   I7  mail the gateway itself writes is handed to the MTA before the original is
 *       acknowledged; if that fails, the original is a 4xx.
 *   I8  a message that kills the inspector three times is held unparsed, with an alarm; the
 *       rest of the mail goes on.
 *   I9  quarantine and intake folders are deliveries: durable, listed in the ledger, with
 *       retention and release.
 *
 * One delivery (a message for one recipient), and the function of each transition:
 *
 *   NONE ----------- plan_new ----------> PLANNED --- perform, close_work ---> CLOSED
 *    |                 ^                    ^  |                                 |
 *    | inspector died  | at three deaths:   |  | a step is open:                 | again:
 *    | count_death     | plan_unparsed      |  | 4xx, close_work                 | answer_closed,
 *    v                 |                    |  v                                 | no act
 *   SEEN --------------+                    take_up (redelivery)
 *
 * The first commit (ledger_plan) writes the plan with all intents; nothing has an effect
 * outside before it. The second (ledger_close) writes how the steps ended; nothing is
 * answered with 2xx before it. What one attempt finds NONE for several recipients becomes
 * one transaction; what it finds PLANNED is taken up transaction by transaction, for the
 * recipients that came again and no others. Two attempts at the same time are settled by
 * the unique key in the first commit, and by the claim in ledger_fetch.
 *
 * What it does not do: keep mail, retry, bounce, or wait for the outside world.
 */
#include "gateway/core/transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fault.h"
#include "common/log.h"
#include "gateway/core/inspector.h"
#include "gateway/core/replies.h"
#include "gateway/core/work.h"

/* One message in hand. */
struct attempt {
	struct gateway *g;
	const struct envelope *env;
	const struct spool *received;
	struct transaction_reply *replies;
	struct deadline deadline; /* of the second commit */
	struct deadline until;    /* of all before it: a next hop that stalls costs no record */
	uint8_t keys[LIMIT_RECIPIENTS][DELIVERY_KEY_SIZE];
	struct delivery_record records[LIMIT_RECIPIENTS];
	bool answered[LIMIT_RECIPIENTS];
};

/* --- answers -------------------------------------------------------------------------- */

static void
note_error(struct attempt *a, const struct error *e)
{
	if (e->class == ERR_BUG) {
		a->g->broken = true;
		log_bug("%s", e->text);
	} else {
		log_error("%s", e->text);
	}
}

/* The same answer for every recipient of a transaction that is present. */
static void
answer_work(struct attempt *a, const struct work *w, const struct transaction_reply *r)
{
	for (unsigned i = 0; i < w->env.recipient_count; i++) {
		if (w->present[i]) {
			a->replies[w->place[i]] = *r;
			a->answered[w->place[i]] = true;
		}
	}
}

static void
fail_work(struct attempt *a, const struct work *w, const struct error *e)
{
	struct transaction_reply r;

	note_error(a, e);
	reply_error(&r, e);
	answer_work(a, w, &r);
}

static void
later_work(struct attempt *a, const struct work *w, const char *why)
{
	struct transaction_reply r;

	log_info("deferred: %s", why);
	reply_later(&r, why);
	answer_work(a, w, &r);
}

/* --- NONE, SEEN: inspect and decide ----------------------------------------------------- */

/* How examining ended: go on with the facts, hold unparsed, or answered already. */
enum examined { EXAMINED, UNPARSED, ANSWERED };

static enum examined
count_death(struct attempt *a, struct work *w)
{
	struct error e;
	unsigned deaths;

	if (ledger_death(a->g->ledger, &w->env, (const uint8_t (*)[DELIVERY_KEY_SIZE])w->keys,
		w->env.recipient_count, &deaths, a->until, &e) != 0) {
		fail_work(a, w, &e);
		return ANSWERED;
	}
	if (deaths >= TRANSACTION_DEATHS_MAX)
		return UNPARSED;
	later_work(a, w, "The message could not be examined, try again later");
	return ANSWERED;
}

static enum inspector_end
ask_inspector(const struct attempt *a, const struct work *w, const struct spool *message,
    bool inside, struct facts *facts, struct spool **content, struct error *e)
{
	struct inspection q = { .at = w->env.accepted_at, .inside = inside };

	snprintf(q.tx, sizeof(q.tx), "%s", w->env.tx);
	return inspector_ask_at(a->g->inspect_socket, &q, message, facts, content,
	    a->g->inspect_timeout_ms, a->until, e);
}

static enum examined
examine(struct attempt *a, struct work *w, unsigned deaths)
{
	struct error e;

	if (deaths >= TRANSACTION_DEATHS_MAX)
		return UNPARSED;
	switch (ask_inspector(a, w, w->message, w->env.zone == ZONE_INSIDE, w->facts,
	    &w->content, &e)) {
	case INSPECTOR_ANSWERED:
		return EXAMINED;
	case INSPECTOR_DIED:
		log_warning("%s", e.text);
		return count_death(a, w);
	case INSPECTOR_ABSENT:
		break;
	}
	fail_work(a, w, &e);
	return ANSWERED;
}

/* Nobody is refused for what is our own lack: such a message stays with its sender. */
static bool
refuses_for_our_lack(const struct work *w)
{
	if (w->facts->verdict != VERDICT_UNCHECKABLE)
		return false;
	for (unsigned i = 0; i < w->plan->recipient_count; i++) {
		if (w->plan->recipients[i].outcome == OUTCOME_REFUSE)
			return true;
	}
	return false;
}

/* --- signing and composing ------------------------------------------------------------- */

/* Our own signature is judged by the code that judges others, and must be that agency's. */
static int
check_own_signature(const struct attempt *a, struct work *w, struct error *e)
{
	struct spool *content = NULL;
	const struct facts_signer *signer;
	const struct agency *agency;

	w->signed_facts = facts_new();
	if (w->signed_facts == NULL)
		return error_set(e, ERR_TEMP, "no memory for facts");
	if (ask_inspector(a, w, w->signed_message, false, w->signed_facts, &content, e) !=
	    INSPECTOR_ANSWERED)
		return error_prefix(e, "our own signature");
	spool_free(&content);
	if (w->signed_facts->verdict != VERDICT_VERIFIED)
		return error_set(e, ERR_TEMP, "our own signature for %s would be judged %s: %s",
		    w->plan->sender_agency,
		    verdict_name((enum verdict)w->signed_facts->verdict),
		    reason_info((enum reason)w->signed_facts->reason)->code);
	signer = &w->signed_facts->signer;
	agency = directory_find(a->g->directory, span_str(w->plan->sender_agency));
	if (agency == NULL || !agency_takes_certificate(agency, signer->sha256,
		facts_span(w->signed_facts, signer->subject),
		facts_span(w->signed_facts, signer->issuer),
		facts_span(w->signed_facts, signer->serial), w->env.accepted_at))
		return error_set(e, ERR_TEMP,
		    "the key of %s has a certificate that agencies.conf does not give it",
		    w->plan->sender_agency);
	return 0;
}

/*
 * Make what is filed and relayed. With a stored signature the bytes come out as they did
 * the first time, and the stored facts are theirs.
 */
static int
make_outgoing(const struct attempt *a, struct work *w, struct error *e)
{
	const struct gateway *g = a->g;
	bool fresh = w->signature.len == 0;

	if (w->plan->sign) {
		if (act_sign(g->act, g->keys, &w->env, w->facts, w->message,
			w->plan->sender_agency, &w->signature, &w->signed_message,
			a->until, e) != 0)
			return -1;
		FAULT_POINT("tx-signed");
		if (fresh && check_own_signature(a, w, e) != 0)
			return -1;
	}
	if (!work_has_action(w, ACTION_RELAY))
		return 0;
	return act_compose(g->act, &w->env, w->plan->sign ? w->signed_facts : w->facts,
	    w->plan, w->plan->sign ? w->signed_message : w->message, &w->outgoing, e);
}

/* --- PLANNED: performing the steps ------------------------------------------------------ */

static void
take_result(struct step_result *step, const struct act_result *r)
{
	switch (r->status) {
	case ACT_DONE:
		step->state = STEP_DONE;
		break;
	case ACT_REFUSED:
		step->state = STEP_REFUSED;
		break;
	case ACT_RETRY:
		step->state = STEP_OPEN;
		break;
	}
	memcpy(step->digest, r->digest, DIGEST_SIZE);
	step->code = r->code > 0 ? (unsigned)r->code : 0;
	snprintf(step->status, sizeof(step->status), "%s", r->status_code);
	snprintf(step->text, sizeof(step->text), "%s", r->text);
}

/* Some steps of one action, in one call. */
static void
perform_some(struct attempt *a, struct work *w, enum plan_action action,
    const unsigned *which, unsigned count)
{
	struct act_job job = work_job(w, a->g, action, a->until);
	const struct plan_step *steps[PLAN_STEPS_MAX];
	struct act_result *results = calloc(count, sizeof(*results));

	if (results == NULL)
		return; /* the steps stay open */
	for (unsigned i = 0; i < count; i++)
		steps[i] = &w->plan->steps[which[i]];
	FAULT_POINT("tx-before-step");
	act_of(action)(&job, steps, count, results);
	FAULT_POINT("tx-after-step");
	for (unsigned i = 0; i < count; i++) {
		take_result(&w->steps[which[i]], &results[i]);
		w->tried[which[i]] = true;
		if (results[i].status != ACT_DONE)
			log_warning("%s: %s", steps[i]->name, results[i].text);
	}
	free(results);
}

/* Over SMTP one doubt is doubt for all, so nothing more is begun after it. */
static bool
any_failed(const struct work *w)
{
	for (unsigned i = 0; i < w->plan->step_count; i++) {
		if (w->tried[i] && w->steps[i].state == STEP_OPEN)
			return true;
	}
	return false;
}

/* An earlier step of the same recipient that is not done stands in the way: what is not
 * filed is not relayed. */
static bool
is_blocked(const struct work *w, unsigned step)
{
	for (unsigned i = 0; i < w->plan->step_count; i++) {
		if (w->plan->steps[i].recipient == w->plan->steps[step].recipient &&
		    w->plan->steps[i].action < w->plan->steps[step].action &&
		    w->steps[i].state == STEP_OPEN)
			return true;
	}
	return false;
}

static void
perform_action(struct attempt *a, struct work *w, enum plan_action action)
{
	/* One SMTP transaction for all its recipients, one notice to the sender. */
	bool together = action == ACTION_RELAY || action == ACTION_NOTIFY;
	unsigned which[PLAN_STEPS_MAX], count = 0;

	for (unsigned i = 0; i < w->plan->step_count; i++) {
		if (w->plan->steps[i].action == action &&
		    w->present[w->plan->steps[i].recipient] &&
		    w->steps[i].state == STEP_OPEN && !is_blocked(w, i))
			which[count++] = i;
	}
	if (together && count > 0 && !(a->env->source == SOURCE_SMTP && any_failed(w)))
		perform_some(a, w, action, which, count);
	for (unsigned i = 0; i < count && !together; i++) {
		if (a->env->source == SOURCE_SMTP && any_failed(w))
			return;
		perform_some(a, w, action, &which[i], 1);
	}
}

/*
 * The next hop said no for good where a 5xx of ours would be wrong: over SMTP when others
 * got the message, from outside over LMTP because our MTA would bounce to whoever is named
 * as the sender. What was refused is held instead.
 */
static bool
is_refused(const struct work *w, unsigned step)
{
	const struct plan_step *s = &w->plan->steps[step];

	return s->action == ACTION_RELAY && w->steps[step].state == STEP_REFUSED &&
	    w->present[s->recipient] &&
	    w->plan->recipients[s->recipient].outcome == OUTCOME_DELIVER;
}

static bool
must_hold_refused(const struct attempt *a, const struct work *w)
{
	bool refused = false, other = false;

	for (unsigned i = 0; i < w->plan->recipient_count; i++) {
		if (w->present[i] && w->plan->recipients[i].outcome != OUTCOME_DELIVER)
			other = true;
	}
	for (unsigned i = 0; i < w->plan->step_count; i++) {
		if (w->plan->steps[i].action != ACTION_RELAY)
			continue;
		if (is_refused(w, i))
			refused = true;
		else if (w->present[w->plan->steps[i].recipient])
			other = true;
	}
	if (a->env->source == SOURCE_SMTP)
		return refused && other;
	return refused && w->env.zone == ZONE_OUTSIDE;
}

static int
hold_refused(struct attempt *a, struct work *w, struct error *e)
{
	unsigned count = w->plan->step_count;

	for (unsigned i = 0; i < count; i++) {
		const struct plan_step *s = &w->plan->steps[i];
		struct plan_recipient *r = &w->plan->recipients[s->recipient];

		if (!is_refused(w, i))
			continue;
		if (plan_add_step(w->plan, ACTION_HOLD, s->recipient, "", e) != 0)
			return -1;
		r->outcome = OUTCOME_HOLD;
		r->reason = REASON_NEXT_HOP_REFUSED;
		snprintf(r->text, sizeof(r->text), "%s", w->steps[i].text);
	}
	work_open_steps(w);
	if (ledger_amend(a->g->ledger, w->plan, a->deadline, e) != 0)
		return -1;
	FAULT_POINT("tx-amended");
	perform_action(a, w, ACTION_HOLD);
	return 0;
}

static int
perform(struct attempt *a, struct work *w, struct error *e)
{
	perform_action(a, w, ACTION_FILE);
	perform_action(a, w, ACTION_HOLD);
	perform_action(a, w, ACTION_RELAY);
	perform_action(a, w, ACTION_NOTIFY);
	if (must_hold_refused(a, w))
		return hold_refused(a, w, e);
	return 0;
}

/* --- closing ---------------------------------------------------------------------------- */

static unsigned
collect_steps(const struct work *w, struct step_result *out)
{
	unsigned count = 0;

	for (unsigned i = 0; i < w->plan->step_count; i++) {
		if (w->tried[i])
			out[count++] = w->steps[i];
	}
	return count;
}

/*
 * The second commit. The replies are made before it and given after it; when it does not
 * succeed they are forgotten.
 */
static int
close_work(struct attempt *a, struct work *w, struct error *e)
{
	struct step_result *steps = calloc(PLAN_STEPS_MAX, sizeof(*steps));
	struct delivery_result *ends = calloc(LIMIT_RECIPIENTS, sizeof(*ends));
	struct transaction_reply *replies = calloc(LIMIT_RECIPIENTS, sizeof(*replies));
	unsigned count = 0;
	int result = -1;

	if (steps == NULL || ends == NULL || replies == NULL) {
		error_set(e, ERR_TEMP, "no memory to close");
		goto out;
	}
	for (unsigned i = 0; i < w->env.recipient_count; i++) {
		if (!w->present[i])
			continue;
		memcpy(ends[count].key, w->keys[i], DELIVERY_KEY_SIZE);
		ends[count].closed =
		    reply_decide(w->plan, i, w->steps, &w->env, w->facts, &replies[i]);
		reply_format(&replies[i], ends[count].reply);
		count++;
	}
	FAULT_POINT("tx-before-close");
	if (ledger_close(a->g->ledger, w->env.tx, steps, collect_steps(w, steps), ends, count,
		a->deadline, e) != 0)
		goto out;
	FAULT_POINT("tx-closed");
	for (unsigned i = 0; i < w->env.recipient_count; i++) {
		if (w->present[i]) {
			a->replies[w->place[i]] = replies[i];
			a->answered[w->place[i]] = true;
		}
	}
	result = 0;
out:
	free(steps);
	free(ends);
	free(replies);
	return result;
}

static void
perform_and_close(struct attempt *a, struct work *w)
{
	struct error e;

	if (perform(a, w, &e) != 0 || close_work(a, w, &e) != 0)
		fail_work(a, w, &e);
}

/* --- a new transaction ------------------------------------------------------------------ */

/* The first commit. 0, or -1 when it was answered. */
static int
plan_new_work(struct attempt *a, struct work *w)
{
	struct ledger_intent intent = {
		.envelope = &w->env,
		.plan = w->plan,
		.facts = w->facts,
		.signed_facts = w->signed_facts,
		.signature = buf_span(&w->signature),
		.head = span_sub(spool_bytes(w->message), 0, spool_body_offset(w->message)),
		.received_digest = spool_digest(w->message),
		.outgoing_digest = w->outgoing == NULL ? NULL : spool_digest(w->outgoing),
		.keys = (const uint8_t (*)[DELIVERY_KEY_SIZE])w->keys,
	};
	struct error e;
	bool conflict;

	FAULT_POINT("tx-before-plan");
	if (ledger_plan(a->g->ledger, &intent, &conflict, a->until, &e) == 0) {
		FAULT_POINT("tx-planned");
		return 0;
	}
	if (conflict)
		later_work(a, w, "Another attempt is under way, try again later");
	else
		fail_work(a, w, &e);
	return -1;
}

static int
decide(struct attempt *a, struct work *w, enum examined how, struct error *e)
{
	FAULT_POINT("tx-inspected");
	if (how == UNPARSED) {
		log_error("alarm: the message brought the inspector down %d times; it is held "
		    "unparsed", TRANSACTION_DEATHS_MAX);
		return work_plan_unparsed(w, policy_digest(a->g->policy), e);
	}
	return policy_decide(a->g->policy, &w->env, w->facts, w->plan, e);
}

/*
 * A release (of one recipient) runs all checks again. What would be held or refused once
 * more stays where it is; by force it is relayed as it came, neither signed nor filed. What
 * could not be examined to its end (LIMIT too) cannot be forced: forged headers in it could
 * not be told from ours.
 */
static bool
settle_release(struct attempt *a, struct work *w, enum examined how, struct error *e)
{
	struct plan_recipient *r = &w->plan->recipients[0];
	struct transaction_reply reply;

	if (w->env.source != SOURCE_RELEASE || r->outcome == OUTCOME_DELIVER)
		return true;
	if (a->g->force_release && how == EXAMINED && w->facts->verdict != VERDICT_LIMIT) {
		r->outcome = OUTCOME_DELIVER;
		w->plan->sign = false;
		w->plan->step_count = 0;
		return plan_add_step(w->plan, ACTION_RELAY, 0, "", e) == 0;
	}
	reply_held_again(&reply, w->plan, &w->env, w->facts);
	answer_work(a, w, &reply);
	error_clear(e);
	return false;
}

static void
run_new(struct attempt *a, struct work *w, unsigned deaths)
{
	enum examined how = examine(a, w, deaths);
	struct error e;

	if (how == ANSWERED)
		return;
	if (decide(a, w, how, &e) != 0) {
		fail_work(a, w, &e);
		return;
	}
	if (!settle_release(a, w, how, &e)) {
		if (e.class != ERR_NONE)
			fail_work(a, w, &e);
		return;
	}
	if (refuses_for_our_lack(w)) {
		later_work(a, w, "The signature cannot be checked just now, try again later");
		return;
	}
	if (make_outgoing(a, w, &e) != 0) {
		fail_work(a, w, &e);
		return;
	}
	work_open_steps(w);
	if (plan_new_work(a, w) == 0)
		perform_and_close(a, w);
}

/* All recipients that nothing is planned for yet. */
static void
begin_new(struct attempt *a)
{
	struct work *w = NULL;
	unsigned deaths = 0;

	for (unsigned i = 0; i < a->env->recipient_count; i++) {
		if (a->answered[i] || a->records[i].state == DELIVERY_PLANNED)
			continue;
		if (w == NULL && (w = work_new()) == NULL)
			return; /* the reply that stands is the doubt of the beginning */
		work_add_recipient(w, a->env, i, a->keys[i]);
		if (a->records[i].deaths > deaths)
			deaths = a->records[i].deaths;
	}
	if (w == NULL)
		return;
	w->message = a->received;
	run_new(a, w, deaths);
	work_free(&w);
}

/* --- a transaction taken up again --------------------------------------------------------- */

/* The content of an opaque signature is not kept: it is in the message, and the inspector
 * takes it out again. Its facts are not looked at, the stored ones stand (I4). */
static int
fetch_content(const struct attempt *a, struct work *w, const struct ledger_transaction *t,
    struct error *e)
{
	struct facts *again;
	int result = -1;

	if (w->facts->form != SIGNATURE_OPAQUE)
		return 0;
	again = facts_new();
	if (again == NULL)
		return error_set(e, ERR_TEMP, "no memory for facts");
	if (ask_inspector(a, w, w->message, w->env.zone == ZONE_INSIDE, again, &w->content,
		e) == INSPECTOR_ANSWERED)
		result = facts_decode(buf_span(&t->facts), spool_size(w->message),
		    w->content == NULL ? 0 : spool_size(w->content), w->facts, e);
	facts_free(&again);
	return result;
}

/* Which recipients of the stored plan came again. */
static void
match_recipients(const struct attempt *a, struct work *w)
{
	for (unsigned i = 0; i < a->env->recipient_count; i++) {
		unsigned index = a->records[i].recipient;

		if (a->answered[i] || a->records[i].state != DELIVERY_PLANNED ||
		    strcmp(a->records[i].tx, w->env.tx) != 0 ||
		    index >= w->env.recipient_count)
			continue;
		memcpy(w->keys[index], a->keys[i], DELIVERY_KEY_SIZE);
		w->present[index] = true;
		w->place[index] = i;
	}
}

/* An upgrade between two attempts can change what we compose: then the copies of one
 * message differ, which is said, but nothing is lost for it. */
static void
compare_outgoing(struct attempt *a, const struct work *w,
    const struct ledger_transaction *t)
{
	struct error e;

	if (w->outgoing == NULL ||
	    memcmp(spool_digest(w->outgoing), t->outgoing_digest, DIGEST_SIZE) == 0)
		return;
	log_warning("the message put together again differs from the one planned");
	if (ledger_note(a->g->ledger, w->env.tx, "rebuilt", "differs from what was planned",
		a->until, &e) != 0)
		log_warning("%s", e.text);
}

static int
restore(struct attempt *a, struct work *w, const struct ledger_transaction *t,
    struct error *e)
{
	if (work_restore(w, t, a->received, a->g->act->spool_dir, e) != 0)
		return -1;
	match_recipients(a, w);
	if (fetch_content(a, w, t, e) != 0 || make_outgoing(a, w, e) != 0)
		return -1;
	compare_outgoing(a, w, t);
	return 0;
}

/* Give one answer to all recipients of a planned transaction. */
static void
answer_planned(struct attempt *a, const char *tx, const struct transaction_reply *r)
{
	for (unsigned i = 0; i < a->env->recipient_count; i++) {
		if (a->records[i].state == DELIVERY_PLANNED &&
		    strcmp(a->records[i].tx, tx) == 0) {
			a->replies[i] = *r;
			a->answered[i] = true;
		}
	}
}

static void
take_up(struct attempt *a, const char *tx)
{
	struct ledger_transaction *t = NULL;
	struct transaction_reply r;
	struct work *w = work_new();
	struct error e;
	bool busy = false;

	error_set(&e, ERR_TEMP, "no memory");
	if (w == NULL ||
	    ledger_fetch(a->g->ledger, tx, &t, &busy, a->until, &e) != 0 ||
	    restore(a, w, t, &e) != 0) {
		if (!busy)
			note_error(a, &e);
		if (busy)
			reply_later(&r, "Another attempt is under way, try again later");
		else
			reply_error(&r, &e);
		answer_planned(a, tx, &r);
	} else {
		log_info("taken up again: %s", tx);
		perform_and_close(a, w);
	}
	ledger_transaction_free(&t);
	work_free(&w);
}

static void
take_up_planned(struct attempt *a)
{
	for (unsigned i = 0; i < a->env->recipient_count; i++) {
		struct delivery_record *r = &a->records[i];

		if (!a->answered[i] && r->state == DELIVERY_PLANNED)
			take_up(a, r->tx);
	}
}

/* --- CLOSED: answered, not acted on -------------------------------------------------------- */

static void
answer_closed(struct attempt *a)
{
	for (unsigned i = 0; i < a->env->recipient_count; i++) {
		const struct delivery_record *r = &a->records[i];
		struct error e;

		if (r->state != DELIVERY_CLOSED)
			continue;
		a->answered[i] = true;
		if (reply_parse(r->reply, &a->replies[i]) != 0) {
			error_set(&e, ERR_BUG, "the stored reply of %s does not hold", r->tx);
			note_error(a, &e);
			reply_error(&a->replies[i], &e);
			continue;
		}
		log_info("redelivered, answered as before: %s", r->tx);
		if (ledger_note(a->g->ledger, r->tx, "redelivered", a->env->recipients[i],
			a->until, &e) != 0)
			log_warning("%s", e.text); /* the answer is true without it */
	}
}

/* --- the whole ------------------------------------------------------------------------------ */

/* A recipient named twice is one delivery; the second gets the reply of the first. */
static unsigned
first_of_same(const struct attempt *a, unsigned i)
{
	unsigned j = 0;

	while (memcmp(a->keys[j], a->keys[i], DELIVERY_KEY_SIZE) != 0)
		j++;
	return j;
}

static int
look_up(struct attempt *a, struct error *e)
{
	const uint8_t *body_digest = spool_body_digest(a->received);

	for (unsigned i = 0; i < a->env->recipient_count; i++)
		envelope_delivery_key(a->env, i, body_digest, a->keys[i]);
	return ledger_lookup(a->g->ledger, (const uint8_t (*)[DELIVERY_KEY_SIZE])a->keys,
	    a->env->recipient_count, a->records, a->until, e);
}

static void
run(struct attempt *a)
{
	for (unsigned i = 0; i < a->env->recipient_count; i++)
		a->answered[i] = first_of_same(a, i) != i;
	answer_closed(a);
	take_up_planned(a);
	begin_new(a);
	for (unsigned i = 0; i < a->env->recipient_count; i++)
		a->replies[i] = a->replies[first_of_same(a, i)];
	if (a->env->source == SOURCE_SMTP)
		reply_unify(a->replies, a->env->recipient_count);
}

void
transaction_run(struct gateway *g, const struct envelope *env,
    const struct spool *received, struct transaction_reply *replies, struct deadline d)
{
	struct attempt *a = calloc(1, sizeof(*a));
	struct error e;

	log_transaction(env->tx);
	for (unsigned i = 0; i < env->recipient_count; i++)
		reply_later(&replies[i], "Temporary failure, try again later");
	if (a == NULL)
		goto out;
	a->g = g;
	a->env = env;
	a->received = received;
	a->replies = replies;
	a->deadline = deadline_earlier(d, deadline_after_ms(TRANSACTION_BUDGET_MS));
	a->until.at_ms = a->deadline.at_ms - TRANSACTION_CLOSE_MS;
	if (look_up(a, &e) == 0)
		run(a);
	else
		note_error(a, &e);
out:
	for (unsigned i = 0; i < env->recipient_count; i++) {
		reply_fit(&replies[i], env->smtputf8);
		log_info("to=<%s> reply=%d %s %s", env->recipients[i], replies[i].code,
		    replies[i].status, replies[i].text);
	}
	log_transaction(NULL);
	free(a);
}
