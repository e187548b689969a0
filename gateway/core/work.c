/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building what a transaction works on. A transaction taken up again must work on the bytes
 * of its first attempt: offsets in facts, the signature and the next hop's copy all depend
 * on them, and our MTA puts other trace fields on top at each attempt. So the first ones
 * are kept in the ledger, and what came now gives only the body.
 */
#include "gateway/core/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct work *
work_new(void)
{
	struct work *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	buf_init(&w->signature, SEAL_SIGNATURE_MAX);
	w->facts = facts_new();
	w->plan = plan_new();
	if (w->facts == NULL || w->plan == NULL)
		work_free(&w);
	return w;
}

void
work_free(struct work **wp)
{
	struct work *w = *wp;

	if (w == NULL)
		return;
	spool_free(&w->rebuilt);
	spool_free(&w->content);
	spool_free(&w->signed_message);
	spool_free(&w->outgoing);
	facts_free(&w->facts);
	facts_free(&w->signed_facts);
	plan_free(&w->plan);
	buf_free(&w->signature);
	free(w);
	*wp = NULL;
}

void
work_add_recipient(struct work *w, const struct envelope *env, unsigned place,
    const uint8_t key[DELIVERY_KEY_SIZE])
{
	unsigned i = w->env.recipient_count;

	if (i == 0) {
		w->env = *env;
		memset(w->env.recipients, 0, sizeof(w->env.recipients));
	}
	memcpy(w->env.recipients[i], env->recipients[place], sizeof(w->env.recipients[i]));
	memcpy(w->keys[i], key, DELIVERY_KEY_SIZE);
	w->present[i] = true;
	w->place[i] = place;
	w->env.recipient_count = i + 1;
}

void
work_open_steps(struct work *w)
{
	for (unsigned i = 0; i < w->plan->step_count; i++) {
		if (w->steps[i].name[0] == '\0')
			snprintf(w->steps[i].name, sizeof(w->steps[i].name), "%s",
			    w->plan->steps[i].name);
	}
}

bool
work_has_action(const struct work *w, enum plan_action action)
{
	for (unsigned i = 0; i < w->plan->step_count; i++) {
		if (w->plan->steps[i].action == action)
			return true;
	}
	return false;
}

struct act_job
work_job(const struct work *w, const struct gateway *g, enum plan_action action,
    struct deadline d)
{
	bool ours = w->signed_message != NULL &&
	    (action == ACTION_FILE || action == ACTION_RELAY);

	return (struct act_job){
		.settings = g->act,
		.envelope = &w->env,
		.facts = ours ? w->signed_facts : w->facts,
		.plan = w->plan,
		.received = ours ? w->signed_message : w->message,
		.content = ours ? NULL : w->content,
		.outgoing = w->outgoing,
		.deadline = d,
	};
}

int
work_plan_unparsed(struct work *w, const uint8_t policy_digest[32], struct error *e)
{
	struct plan *p = w->plan;

	w->facts->verdict = VERDICT_LIMIT;
	w->facts->reason = REASON_INSPECTOR_DIED;
	memcpy(p->tx, w->env.tx, sizeof(p->tx));
	memcpy(p->policy_digest, policy_digest, sizeof(p->policy_digest));
	p->recipient_count = w->env.recipient_count;
	for (unsigned i = 0; i < p->recipient_count; i++) {
		struct plan_recipient *r = &p->recipients[i];

		memcpy(r->address, w->env.recipients[i], sizeof(r->address));
		snprintf(r->rule, sizeof(r->rule), "inspector-died");
		r->outcome = OUTCOME_HOLD;
		r->reason = REASON_INSPECTOR_DIED;
		if (plan_add_step(p, ACTION_HOLD, i, "", e) != 0)
			return -1;
	}
	return 0;
}

/* --- a stored transaction ----------------------------------------------------------- */

static int
join(const char *spool_dir, struct span head, struct span body, struct spool **out,
    struct error *e)
{
	if (spool_new(spool_dir, head.len + body.len, out, e) != 0)
		return -1;
	if (spool_append(*out, head, e) == 0 && spool_append(*out, body, e) == 0 &&
	    spool_seal(*out, e) == 0)
		return 0;
	spool_free(out);
	return -1;
}

static int
restore_message(struct work *w, const struct ledger_transaction *t,
    const struct spool *received, const char *spool_dir, struct error *e)
{
	struct span all = spool_bytes(received);
	size_t body = spool_body_offset(received);

	w->message = received;
	if (!span_equal(span_sub(all, 0, body), buf_span(&t->head))) {
		if (join(spool_dir, buf_span(&t->head), span_from(all, body), &w->rebuilt,
			e) != 0)
			return -1;
		w->message = w->rebuilt;
	}
	if (memcmp(spool_digest(w->message), t->received_digest, DIGEST_SIZE) != 0)
		return error_set(e, ERR_BUG,
		    "the message is not the one that transaction %s began with", w->env.tx);
	return 0;
}

/* Stored facts were checked when they were made; the bounds of the opaque content are not
 * known until there is one, and then they are checked again (see transaction.c). */
static int
restore_facts(struct work *w, const struct ledger_transaction *t, struct error *e)
{
	if (facts_decode(buf_span(&t->facts), spool_size(w->message), LIMIT_OPAQUE_BYTES,
		w->facts, e) != 0)
		return -1;
	buf_put_span(&w->signature, buf_span(&t->signature));
	if (t->signed_facts.len == 0)
		return 0;
	w->signed_facts = facts_new();
	if (w->signed_facts == NULL)
		return error_set(e, ERR_TEMP, "no memory for facts");
	return facts_decode(buf_span(&t->signed_facts), LIMIT_MESSAGE_BYTES, 0,
	    w->signed_facts, e);
}

int
work_restore(struct work *w, const struct ledger_transaction *t,
    const struct spool *received, const char *spool_dir, struct error *e)
{
	if (ledger_decode_envelope(buf_span(&t->envelope), &w->env, e) != 0 ||
	    plan_decode(buf_span(&t->plan), w->plan, e) != 0)
		return -1;
	if (w->plan->recipient_count != w->env.recipient_count ||
	    w->plan->step_count != t->step_count)
		return error_set(e, ERR_BUG, "the stored parts of transaction %s do not fit",
		    w->env.tx);
	memcpy(w->steps, t->steps, sizeof(w->steps));
	for (unsigned i = 0; i < t->step_count; i++) {
		if (!span_is(span_str(t->steps[i].name), w->plan->steps[i].name))
			return error_set(e, ERR_BUG,
			    "the stored steps of transaction %s do not fit", w->env.tx);
	}
	if (restore_message(w, t, received, spool_dir, e) != 0)
		return -1;
	return restore_facts(w, t, e);
}
