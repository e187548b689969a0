/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching: each condition is one row of a table with the question and with what is shown
 * when the answer is no. Linear in rules and documents; no pattern goes back (glob.c).
 *
 * Who is the sender? Inside, the envelope's, for the MTA has checked the login against it.
 * Outside, the one address in From, for that is what a signature is bound to; the envelope
 * of a stranger says nothing.
 */
#include "gateway/decide/match.h"

#include <inttypes.h>

#include "gateway/decide/glob.h"
#include "gateway/model/mark.h"
#include "gateway/model/reason.h"

#define SHOWN_TYPES 10 /* types named in an explanation */

void
match_message(struct subject *s, const struct directory *d, const struct envelope *env,
    const struct facts *f)
{
	*s = (struct subject){ .env = env, .f = f };
	s->from = directory_by_mailbox(d, facts_span(f, f->from), env->accepted_at);
	s->sender = env->zone == ZONE_INSIDE ?
	    directory_by_mailbox(d, span_str(env->sender), env->accepted_at) :
	    s->from;
	if (f->part_count > 0 && f->parts[0].origin == ORIGIN_MESSAGE)
		s->size = f->parts[0].body.end;
	for (uint32_t i = 0; i < f->document_count; i++)
		s->flags |= f->documents[i].flags;
}

static enum relation
relation_of(const struct agency *sender, const struct agency *recipient)
{
	if (sender == NULL || recipient == NULL)
		return RELATION_NONE;
	if (sender == recipient)
		return RELATION_SAME;
	if (agency_is_below(sender, recipient))
		return RELATION_ABOVE;
	return agency_is_below(recipient, sender) ? RELATION_BELOW : RELATION_OTHER;
}

void
match_recipient(struct subject *s, const struct directory *d, unsigned recipient)
{
	s->recipient = directory_by_mailbox(d, span_str(s->env->recipients[recipient]),
	    s->env->accepted_at);
	s->relation = relation_of(s->sender, s->recipient);
}

/* --- questions ------------------------------------------------------------------------ */

static bool
bit(unsigned mask, unsigned value)
{
	return value < 32 && (mask >> value & 1) != 0;
}

static bool
zone_holds(const struct rule *r, const struct subject *s)
{
	return bit(r->zones, s->env->zone);
}

static bool
sender_holds(const struct rule *r, const struct subject *s)
{
	return agency_set_takes(&r->sender, s->sender);
}

static bool
recipient_holds(const struct rule *r, const struct subject *s)
{
	return agency_set_takes(&r->recipient, s->recipient);
}

static bool
relation_holds(const struct rule *r, const struct subject *s)
{
	return bit(r->relations, s->relation);
}

static bool
verdict_holds(const struct rule *r, const struct subject *s)
{
	return bit(r->verdicts, s->f->verdict);
}

static bool
urgency_holds(const struct rule *r, const struct subject *s)
{
	return bit(r->urgencies, s->f->urgency);
}

static bool
secrecy_holds(const struct rule *r, const struct subject *s)
{
	return bit(r->secrecies, s->f->secrecy);
}

static bool
flags_hold(const struct rule *r, const struct subject *s)
{
	return (r->flags & s->flags) != 0;
}

/* Case and Đ count: HĐ is a contract, HD are instructions (documents.md 1.1). */
static bool
kind_holds(const struct rule *r, const struct subject *s)
{
	struct span kind = facts_span(s->f, s->f->doc_type);

	for (size_t i = 0; i < r->kinds.count; i++) {
		if (kind.len == 0 ? span_is(span_str("none"), r->kinds.items[i]) :
				    span_is(kind, r->kinds.items[i]))
			return true;
	}
	return false;
}

static bool
words_take(const struct words *w, struct span type)
{
	for (size_t i = 0; i < w->count; i++) {
		if (glob_match(span_str(w->items[i]), type))
			return true;
	}
	return false;
}

static bool
is_body(const struct facts_document *d)
{
	return (d->flags & DOCUMENT_BODY) != 0;
}

static bool
type_holds(const struct rule *r, const struct subject *s)
{
	for (uint32_t i = 0; i < s->f->document_count; i++) {
		const struct facts_document *d = &s->f->documents[i];

		if (!is_body(d) && (words_take(&r->types, facts_span(s->f, d->type)) ||
				       words_take(&r->types, facts_span(s->f, d->declared))))
			return true;
	}
	return false;
}

static bool
only_type_holds(const struct rule *r, const struct subject *s)
{
	bool some = false;

	for (uint32_t i = 0; i < s->f->document_count; i++) {
		const struct facts_document *d = &s->f->documents[i];

		if (is_body(d))
			continue;
		if (!words_take(&r->only_types, facts_span(s->f, d->type)))
			return false;
		some = true;
	}
	return some;
}

static bool
larger_holds(const struct rule *r, const struct subject *s)
{
	return s->size > r->larger;
}

static bool
smaller_holds(const struct rule *r, const struct subject *s)
{
	return s->size < r->smaller;
}

/* --- what was found instead ------------------------------------------------------------- */

static void
show_zone(const struct subject *s, struct buf *out)
{
	buf_put_str(out, zone_name(s->env->zone));
}

static void
show_agency(const struct agency *a, struct buf *out)
{
	buf_put_str(out, a == NULL ? "none" : agency_id(a));
}

static void
show_sender(const struct subject *s, struct buf *out)
{
	show_agency(s->sender, out);
}

static void
show_recipient(const struct subject *s, struct buf *out)
{
	show_agency(s->recipient, out);
}

static void
show_relation(const struct subject *s, struct buf *out)
{
	buf_put_str(out, rule_relation_name(s->relation));
}

static void
show_verdict(const struct subject *s, struct buf *out)
{
	buf_put_str(out, verdict_name((enum verdict)s->f->verdict));
}

static void
show_kind(const struct subject *s, struct buf *out)
{
	struct span kind = facts_span(s->f, s->f->doc_type);

	if (kind.len == 0)
		buf_put_str(out, "none");
	else
		buf_put_span(out, kind);
}

static void
show_urgency(const struct subject *s, struct buf *out)
{
	buf_put_str(out, mark_urgency_code((enum facts_urgency)s->f->urgency));
}

static void
show_secrecy(const struct subject *s, struct buf *out)
{
	buf_put_str(out, mark_secrecy_code(s->f->secrecy));
}

static void
show_flags(const struct subject *s, struct buf *out)
{
	bool some = false;

	for (unsigned i = 0; i < MARK_FLAG_COUNT; i++) {
		if (!bit(s->flags, i))
			continue;
		buf_put_str(out, some ? ", " : "");
		buf_put_str(out, mark_flag_code(i));
		some = true;
	}
	if (!some)
		buf_put_str(out, "none");
}

static void
show_types(const struct subject *s, struct buf *out)
{
	unsigned shown = 0;

	for (uint32_t i = 0; i < s->f->document_count && shown < SHOWN_TYPES; i++) {
		if (is_body(&s->f->documents[i]))
			continue;
		buf_put_str(out, shown++ > 0 ? ", " : "");
		buf_put_span(out, facts_span(s->f, s->f->documents[i].type));
	}
	if (shown == 0)
		buf_put_str(out, "no document");
}

static void
show_size(const struct subject *s, struct buf *out)
{
	buf_printf(out, "%" PRIu64, s->size);
}

static const struct {
	bool (*holds)(const struct rule *r, const struct subject *s);
	void (*show)(const struct subject *s, struct buf *out);
} conditions[CONDITION_COUNT] = {
	[CONDITION_ZONE] = { zone_holds, show_zone },
	[CONDITION_SENDER] = { sender_holds, show_sender },
	[CONDITION_RECIPIENT] = { recipient_holds, show_recipient },
	[CONDITION_RELATION] = { relation_holds, show_relation },
	[CONDITION_VERDICT] = { verdict_holds, show_verdict },
	[CONDITION_KIND] = { kind_holds, show_kind },
	[CONDITION_URGENCY] = { urgency_holds, show_urgency },
	[CONDITION_SECRECY] = { secrecy_holds, show_secrecy },
	[CONDITION_FLAGS] = { flags_hold, show_flags },
	[CONDITION_TYPE] = { type_holds, show_types },
	[CONDITION_ONLY_TYPE] = { only_type_holds, show_types },
	[CONDITION_LARGER] = { larger_holds, show_size },
	[CONDITION_SMALLER] = { smaller_holds, show_size },
};

bool
match_rule(const struct rule *r, const struct subject *s, enum condition *failed)
{
	for (int c = 0; c < CONDITION_COUNT; c++) {
		if (r->written[c] != NULL && !conditions[c].holds(r, s)) {
			*failed = (enum condition)c;
			return false;
		}
	}
	return true;
}

void
match_found(enum condition c, const struct subject *s, struct buf *out)
{
	conditions[c].show(s, out);
}
