/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words between a client and vanthu-ledgerd. The reader of requests trusts nothing:
 * counts are bounded before an array is touched, enums are checked, and what is left over
 * makes the request bad. It keeps views, copies nothing, and knows no SQL.
 */
#include "gateway/ledger/protocol.h"

#include <stdio.h>
#include <string.h>

#include "gateway/model/reason.h"
#include "gateway/model/spool.h"

bool
ledger_op_writes(enum ledger_op op)
{
	switch (op) {
	case OP_DEATH:
	case OP_PLAN:
	case OP_AMEND:
	case OP_CLOSE:
	case OP_NOTE:
		return true;
	case OP_LOOKUP:
	case OP_CLAIM:
	case OP_BLOB:
	case OP_TRACE:
	case OP_END:
		return false;
	}
	return false;
}

/* --- requests: writing ---------------------------------------------------------- */

static void
put_key(struct buf *b, const uint8_t key[DELIVERY_KEY_SIZE])
{
	buf_put(b, key, DELIVERY_KEY_SIZE);
}

static void
put_cut(struct buf *b, struct span text)
{
	wire_put_span(b, span_sub(text, 0, LEDGER_TEXT_MAX));
}

void
request_put_lookup(struct buf *b, const uint8_t (*keys)[DELIVERY_KEY_SIZE], unsigned count)
{
	wire_put_u8(b, OP_LOOKUP);
	wire_put_u32(b, count);
	for (unsigned i = 0; i < count; i++)
		put_key(b, keys[i]);
}

void
request_put_claim(struct buf *b, const char *tx)
{
	wire_put_u8(b, OP_CLAIM);
	wire_put_str(b, tx);
}

void
request_put_blob(struct buf *b, const char *tx, enum ledger_blob which)
{
	wire_put_u8(b, OP_BLOB);
	wire_put_str(b, tx);
	wire_put_u8(b, (uint8_t)which);
}

static void
put_origin(struct buf *b, const struct envelope *env)
{
	wire_put_str(b, env->tx);
	wire_put_str(b, envelope_source_name(env->source));
	wire_put_str(b, zone_name(env->zone));
	wire_put_str(b, env->sender);
	wire_put_u64(b, (uint64_t)env->accepted_at);
}

void
request_put_death(struct buf *b, const struct envelope *env,
    const uint8_t (*keys)[DELIVERY_KEY_SIZE], unsigned count)
{
	wire_put_u8(b, OP_DEATH);
	put_origin(b, env);
	wire_put_u32(b, count);
	for (unsigned i = 0; i < count; i++) {
		put_key(b, keys[i]);
		wire_put_str(b, env->recipients[i]);
	}
}

static void
put_decision(struct buf *b, const struct plan_recipient *r)
{
	static const char *const outcomes[] = {
		[OUTCOME_DELIVER] = "deliver",
		[OUTCOME_HOLD] = "hold",
		[OUTCOME_REFUSE] = "refuse",
	};
	char text[128];

	if (r->outcome == OUTCOME_DELIVER)
		snprintf(text, sizeof(text), "%s", outcomes[OUTCOME_DELIVER]);
	else
		snprintf(text, sizeof(text), "%s: %s", outcomes[r->outcome],
		    reason_info((enum reason)r->reason)->code);
	wire_put_str(b, text);
}

static void
put_steps(struct buf *b, const struct plan *plan)
{
	wire_put_u32(b, plan->step_count);
	for (unsigned i = 0; i < plan->step_count; i++) {
		const struct plan_step *s = &plan->steps[i];

		wire_put_str(b, s->name);
		wire_put_u8(b, s->action);
		wire_put_u16(b, s->recipient);
		wire_put_str(b, s->target);
	}
}

/* A blob whose length is known only after it was written. */
static void
put_blob_begin(struct buf *b, size_t *at)
{
	*at = b->len;
	wire_put_u32(b, 0);
}

static void
put_blob_end(struct buf *b, size_t at)
{
	if (b->failed)
		return;
	size_t length = b->len - at - 4;
	for (unsigned i = 0; i < 4; i++)
		b->data[at + i] = (uint8_t)(length >> (8 * i));
}

static void
put_facts(struct buf *b, const struct facts *f)
{
	size_t at;

	put_blob_begin(b, &at);
	if (f != NULL)
		facts_encode(f, b);
	put_blob_end(b, at);
}

static void
put_plan(struct buf *b, const struct plan *plan)
{
	size_t at;

	put_blob_begin(b, &at);
	plan_encode(plan, b);
	put_blob_end(b, at);
}

void
request_put_plan(struct buf *b, const struct ledger_intent *intent)
{
	static const uint8_t none[DIGEST_SIZE];
	const struct envelope *env = intent->envelope;
	const struct facts *f = intent->facts;
	const struct plan *plan = intent->plan;
	size_t at;
	char verdict[128];

	wire_put_u8(b, OP_PLAN);
	put_origin(b, env);
	put_cut(b, facts_span(f, f->subject));
	put_cut(b, facts_span(f, f->message_id));
	put_cut(b, facts_span(f, f->number));
	snprintf(verdict, sizeof(verdict), "%s: %s", verdict_name((enum verdict)f->verdict),
	    reason_info((enum reason)f->reason)->code);
	wire_put_str(b, verdict);
	buf_put(b, intent->received_digest, DIGEST_SIZE);
	buf_put(b, intent->outgoing_digest != NULL ? intent->outgoing_digest : none,
	    DIGEST_SIZE);
	put_blob_begin(b, &at);
	ledger_encode_envelope(env, b);
	put_blob_end(b, at);
	wire_put_span(b, intent->head);
	put_facts(b, f);
	put_facts(b, intent->signed_facts);
	wire_put_span(b, intent->signature);
	put_plan(b, plan);
	wire_put_u32(b, plan->recipient_count);
	for (unsigned i = 0; i < plan->recipient_count; i++) {
		put_key(b, intent->keys[i]);
		wire_put_str(b, plan->recipients[i].address);
		wire_put_str(b, plan->recipients[i].rule);
		put_decision(b, &plan->recipients[i]);
	}
	put_steps(b, plan);
}

void
request_put_amend(struct buf *b, const struct plan *plan)
{
	wire_put_u8(b, OP_AMEND);
	wire_put_str(b, plan->tx);
	put_plan(b, plan);
	put_steps(b, plan);
}

void
request_put_close(struct buf *b, const char *tx, const struct step_result *steps,
    unsigned step_count, const struct delivery_result *deliveries, unsigned delivery_count)
{
	wire_put_u8(b, OP_CLOSE);
	wire_put_str(b, tx);
	wire_put_u32(b, delivery_count);
	for (unsigned i = 0; i < delivery_count; i++) {
		put_key(b, deliveries[i].key);
		wire_put_u8(b, deliveries[i].closed ? 1 : 0);
		wire_put_str(b, deliveries[i].reply);
	}
	wire_put_u32(b, step_count);
	for (unsigned i = 0; i < step_count; i++)
		answer_put_step(b, &steps[i]);
}

void
request_put_note(struct buf *b, const char *tx, const char *what, const char *text)
{
	wire_put_u8(b, OP_NOTE);
	wire_put_str(b, tx);
	wire_put_str(b, what);
	put_cut(b, span_str(text));
}

void
request_put_trace(struct buf *b, struct span what, uint64_t after)
{
	wire_put_u8(b, OP_TRACE);
	put_cut(b, what);
	wire_put_u64(b, after);
}

/* --- requests: reading ---------------------------------------------------------- */

/* Exactly `size` bytes, without a length; NULL and bad when there are fewer. */
static const uint8_t *
read_fixed(struct wire_in *in, size_t size)
{
	static const uint8_t zeros[DIGEST_SIZE];
	const uint8_t *at = in->rest.ptr;

	if (in->bad || in->rest.len < size) {
		in->bad = true;
		return zeros;
	}
	in->rest = span_from(in->rest, size);
	return at;
}

static void
read_tx(struct wire_in *in, struct ledger_request *q)
{
	q->tx = wire_span(in, TX_ID_SIZE - 1);
	if (q->tx.len != TX_ID_SIZE - 1)
		in->bad = true;
}

static void
read_origin(struct wire_in *in, struct ledger_request *q)
{
	read_tx(in, q);
	q->source = wire_span(in, 16);
	q->zone = wire_span(in, 16);
	q->sender = wire_span(in, LIMIT_ADDRESS_BYTES);
	q->accepted_at = (int64_t)wire_u64(in);
}

static void
read_deliveries(struct wire_in *in, struct ledger_request *q)
{
	q->delivery_count = wire_bounded(in, LIMIT_RECIPIENTS);
	for (unsigned i = 0; i < q->delivery_count && !in->bad; i++) {
		struct request_delivery *d = &q->deliveries[i];

		d->key = read_fixed(in, DELIVERY_KEY_SIZE);
		if (q->op == OP_DEATH || q->op == OP_PLAN)
			d->address = wire_span(in, LIMIT_ADDRESS_BYTES);
		if (q->op == OP_PLAN) {
			d->rule = wire_span(in, PLAN_NAME_MAX);
			d->decision = wire_span(in, 128);
		}
		if (q->op == OP_CLOSE) {
			d->closed = wire_u8(in) != 0;
			d->reply = wire_span(in, LEDGER_REPLY_MAX - 1);
		}
	}
	if (q->delivery_count == 0 && q->op != OP_CLOSE)
		in->bad = true;
}

static void
read_planned_steps(struct wire_in *in, struct ledger_request *q, unsigned recipients)
{
	q->step_count = wire_bounded(in, PLAN_STEPS_MAX);
	for (unsigned i = 0; i < q->step_count && !in->bad; i++) {
		struct request_step *s = &q->steps[i];

		s->name = wire_span(in, PLAN_NAME_MAX);
		s->action = wire_u8(in);
		s->recipient = wire_u16(in);
		s->target = wire_span(in, PLAN_NAME_MAX);
		if (s->action >= ACTION_COUNT || s->recipient >= recipients ||
		    s->name.len == 0)
			in->bad = true;
	}
}

static void
read_ended_steps(struct wire_in *in, struct ledger_request *q)
{
	q->step_count = wire_bounded(in, PLAN_STEPS_MAX);
	for (unsigned i = 0; i < q->step_count && !in->bad; i++) {
		struct request_step *s = &q->steps[i];

		s->name = wire_span(in, PLAN_NAME_MAX);
		s->state = wire_u8(in);
		s->digest = read_fixed(in, DIGEST_SIZE);
		s->code = wire_u16(in);
		s->status = wire_span(in, 11);
		s->text = wire_span(in, 255);
		if (s->state >= STEP_STATE_COUNT)
			in->bad = true;
	}
}

static void
read_plan(struct wire_in *in, struct ledger_request *q)
{
	static const size_t limits[BLOB_COUNT] = {
		[BLOB_ENVELOPE] = 64 * 1024,
		[BLOB_HEAD] = SPOOL_TRACE_MAX,
		[BLOB_FACTS] = FACTS_ENCODED_MAX,
		[BLOB_SIGNED_FACTS] = FACTS_ENCODED_MAX,
		[BLOB_SIGNATURE] = 64 * 1024,
		[BLOB_PLAN] = PLAN_ENCODED_MAX,
	};

	read_origin(in, q);
	q->subject = wire_span(in, LEDGER_TEXT_MAX);
	q->message_id = wire_span(in, LEDGER_TEXT_MAX);
	q->number = wire_span(in, LEDGER_TEXT_MAX);
	q->verdict = wire_span(in, 128);
	q->received_digest = read_fixed(in, DIGEST_SIZE);
	q->outgoing_digest = read_fixed(in, DIGEST_SIZE);
	for (unsigned i = 0; i < BLOB_COUNT; i++)
		q->blobs[i] = wire_span(in, limits[i]);
	read_deliveries(in, q);
	read_planned_steps(in, q, q->delivery_count);
}

static void
read_op(struct wire_in *in, struct ledger_request *q)
{
	switch (q->op) {
	case OP_LOOKUP:
		read_deliveries(in, q);
		return;
	case OP_CLAIM:
		read_tx(in, q);
		return;
	case OP_BLOB:
		read_tx(in, q);
		q->blob = (enum ledger_blob)wire_u8(in);
		in->bad = in->bad || q->blob >= BLOB_COUNT;
		return;
	case OP_DEATH:
		read_origin(in, q);
		read_deliveries(in, q);
		return;
	case OP_PLAN:
		read_plan(in, q);
		return;
	case OP_AMEND:
		read_tx(in, q);
		q->blobs[BLOB_PLAN] = wire_span(in, PLAN_ENCODED_MAX);
		read_planned_steps(in, q, LIMIT_RECIPIENTS);
		return;
	case OP_CLOSE:
		read_tx(in, q);
		read_deliveries(in, q);
		read_ended_steps(in, q);
		return;
	case OP_NOTE:
		read_tx(in, q);
		q->what = wire_span(in, 63);
		q->text = wire_span(in, LEDGER_TEXT_MAX);
		return;
	case OP_TRACE:
		q->what = wire_span(in, LEDGER_TEXT_MAX);
		q->after = wire_u64(in);
		return;
	case OP_END:
		in->bad = true;
		return;
	}
}

int
request_read(struct span wire, struct ledger_request *out, struct error *e)
{
	struct wire_in in = wire_in(wire);
	uint8_t op = wire_u8(&in);

	memset(out, 0, sizeof(*out));
	if (op == 0 || op >= OP_END)
		return error_set(e, ERR_TEMP, "ledger: a request of unknown kind %u", op);
	out->op = (enum ledger_op)op;
	read_op(&in, out);
	if (!wire_done(&in))
		return error_set(e, ERR_TEMP, "ledger: a request of kind %u does not hold",
		    op);
	return 0;
}

/* --- answers -------------------------------------------------------------------- */

#define RESULT_DONE 0
#define RESULT_CONFLICT 100

void
answer_put_done(struct buf *b)
{
	wire_put_u8(b, RESULT_DONE);
}

void
answer_put_error(struct buf *b, const struct error *e, bool conflict)
{
	wire_put_u8(b, conflict ? RESULT_CONFLICT : (uint8_t)e->class);
	wire_put_str(b, e->text);
}

int
answer_read_head(struct wire_in *in, bool *conflict, struct error *e)
{
	char text[ERROR_TEXT_MAX];
	uint8_t result = wire_u8(in);

	*conflict = false;
	if (in->bad)
		return error_set(e, ERR_TEMP, "ledger: the answer is empty");
	if (result == RESULT_DONE)
		return 0;
	wire_str(in, text, sizeof(text));
	*conflict = result == RESULT_CONFLICT;
	return error_set(e, result == ERR_PERM || result == ERR_BUG
			? (enum error_class)result : ERR_TEMP, "%s", text);
}

void
answer_put_records(struct buf *b, const struct delivery_record *records, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		wire_put_u8(b, (uint8_t)records[i].state);
		wire_put_u8(b, records[i].busy ? 1 : 0);
		wire_put_u32(b, records[i].deaths);
		wire_put_str(b, records[i].tx);
		wire_put_u16(b, records[i].recipient);
		wire_put_str(b, records[i].reply);
	}
}

void
answer_read_record(struct wire_in *in, struct delivery_record *out)
{
	uint8_t state = wire_u8(in);

	memset(out, 0, sizeof(*out));
	out->busy = wire_u8(in) != 0;
	out->deaths = wire_u32(in);
	wire_str(in, out->tx, sizeof(out->tx));
	out->recipient = wire_u16(in);
	wire_str(in, out->reply, sizeof(out->reply));
	if (state > DELIVERY_CLOSED)
		in->bad = true;
	else
		out->state = (enum delivery_state)state;
}

void
answer_put_step(struct buf *b, const struct step_result *s)
{
	wire_put_str(b, s->name);
	wire_put_u8(b, (uint8_t)s->state);
	buf_put(b, s->digest, DIGEST_SIZE);
	wire_put_u16(b, (uint16_t)s->code);
	wire_put_str(b, s->status);
	wire_put_str(b, s->text);
}

void
answer_read_step(struct wire_in *in, struct step_result *out)
{
	uint8_t state;

	memset(out, 0, sizeof(*out));
	wire_str(in, out->name, sizeof(out->name));
	state = wire_u8(in);
	memcpy(out->digest, read_fixed(in, DIGEST_SIZE), DIGEST_SIZE);
	out->code = wire_u16(in);
	wire_str(in, out->status, sizeof(out->status));
	wire_str(in, out->text, sizeof(out->text));
	if (state >= STEP_STATE_COUNT)
		in->bad = true;
	else
		out->state = (enum step_state)state;
}

void
answer_put_event(struct buf *b, const struct ledger_event *event)
{
	wire_put_str(b, event->tx);
	wire_put_u64(b, (uint64_t)event->at);
	wire_put_str(b, event->what);
	wire_put_str(b, event->text);
	wire_put_str(b, event->subject);
	wire_put_str(b, event->sender);
	wire_put_str(b, event->recipient);
	wire_put_str(b, event->number);
}

void
answer_read_event(struct wire_in *in, struct ledger_event *out)
{
	memset(out, 0, sizeof(*out));
	wire_str(in, out->tx, sizeof(out->tx));
	out->at = (int64_t)wire_u64(in);
	wire_str(in, out->what, sizeof(out->what));
	wire_str(in, out->text, sizeof(out->text));
	wire_str(in, out->subject, sizeof(out->subject));
	wire_str(in, out->sender, sizeof(out->sender));
	wire_str(in, out->recipient, sizeof(out->recipient));
	wire_str(in, out->number, sizeof(out->number));
}
