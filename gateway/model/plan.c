/* SPDX-License-Identifier: Apache-2.0 */
/* The plan and its wire form, which is also what the ledger keeps. */
#include "gateway/model/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ipc.h"

#define PLAN_VERSION 2

static const char *const action_names[ACTION_COUNT] = {
	[ACTION_FILE] = "file",
	[ACTION_HOLD] = "hold",
	[ACTION_RELAY] = "relay",
	[ACTION_NOTIFY] = "notify",
};

const char *
plan_action_name(enum plan_action a)
{
	return (unsigned)a < ACTION_COUNT ? action_names[a] : "?";
}

struct plan *
plan_new(void)
{
	return calloc(1, sizeof(struct plan));
}

void
plan_free(struct plan **p)
{
	free(*p);
	*p = NULL;
}

int
plan_add_step(struct plan *p, enum plan_action action, unsigned recipient,
    const char *target, struct error *e)
{
	struct plan_step *s;

	if (p->step_count == PLAN_STEPS_MAX || recipient >= p->recipient_count ||
	    (unsigned)action >= ACTION_COUNT || strlen(target) > PLAN_NAME_MAX)
		return error_set(e, ERR_BUG, "plan: no room for step %s:%u",
		    plan_action_name(action), recipient);
	s = &p->steps[p->step_count++];
	*s = (struct plan_step){ .action = (uint8_t)action, .recipient = (uint16_t)recipient };
	snprintf(s->name, sizeof(s->name), "%s:%u", plan_action_name(action), recipient);
	snprintf(s->target, sizeof(s->target), "%s", target);
	return 0;
}

void
plan_encode(const struct plan *p, struct buf *out)
{
	wire_put_u8(out, PLAN_VERSION);
	wire_put_str(out, p->tx);
	wire_put_str(out, p->sender_agency);
	wire_put_str(out, p->sender_name);
	wire_put_span(out, span_of(p->policy_digest, sizeof(p->policy_digest)));
	wire_put_u8(out, p->sign ? 1 : 0);
	wire_put_u32(out, p->recipient_count);
	for (unsigned i = 0; i < p->recipient_count; i++) {
		const struct plan_recipient *r = &p->recipients[i];

		wire_put_str(out, r->address);
		wire_put_str(out, r->agency);
		wire_put_str(out, r->rule);
		wire_put_u8(out, r->outcome);
		wire_put_u16(out, r->reason);
		wire_put_str(out, r->text);
	}
	wire_put_u32(out, p->step_count);
	for (unsigned i = 0; i < p->step_count; i++) {
		const struct plan_step *s = &p->steps[i];

		wire_put_u8(out, s->action);
		wire_put_u16(out, s->recipient);
		wire_put_str(out, s->name);
		wire_put_str(out, s->target);
	}
}

static void
decode_recipient(struct wire_in *in, struct plan_recipient *r)
{
	wire_str(in, r->address, sizeof(r->address));
	wire_str(in, r->agency, sizeof(r->agency));
	wire_str(in, r->rule, sizeof(r->rule));
	r->outcome = wire_u8(in);
	r->reason = wire_u16(in);
	wire_str(in, r->text, sizeof(r->text));
	if (r->outcome > OUTCOME_REFUSE || r->reason >= REASON_COUNT)
		in->bad = true;
}

static void
decode_step(struct wire_in *in, struct plan_step *s, unsigned recipient_count)
{
	s->action = wire_u8(in);
	s->recipient = wire_u16(in);
	wire_str(in, s->name, sizeof(s->name));
	wire_str(in, s->target, sizeof(s->target));
	if (s->action >= ACTION_COUNT || s->recipient >= recipient_count)
		in->bad = true;
}

int
plan_decode(struct span wire, struct plan *out, struct error *e)
{
	struct wire_in in = wire_in(wire);
	struct span digest;

	memset(out, 0, sizeof(*out));
	if (wire_u8(&in) != PLAN_VERSION)
		return error_set(e, ERR_BUG, "plan: stored in a version that is not known");
	wire_str(&in, out->tx, sizeof(out->tx));
	wire_str(&in, out->sender_agency, sizeof(out->sender_agency));
	wire_str(&in, out->sender_name, sizeof(out->sender_name));
	digest = wire_span(&in, sizeof(out->policy_digest));
	if (digest.len == sizeof(out->policy_digest))
		memcpy(out->policy_digest, digest.ptr, digest.len);
	else
		in.bad = true;
	out->sign = wire_u8(&in) != 0;
	out->recipient_count = wire_bounded(&in, LIMIT_RECIPIENTS);
	for (unsigned i = 0; i < out->recipient_count && !in.bad; i++)
		decode_recipient(&in, &out->recipients[i]);
	out->step_count = wire_bounded(&in, PLAN_STEPS_MAX);
	for (unsigned i = 0; i < out->step_count && !in.bad; i++)
		decode_step(&in, &out->steps[i], out->recipient_count);
	if (!wire_done(&in)) {
		memset(out, 0, sizeof(*out));
		return error_set(e, ERR_BUG, "plan: the stored form does not hold");
	}
	return 0;
}
