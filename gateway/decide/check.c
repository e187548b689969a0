/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What loads but is probably not meant: rules that never match, rules whose actions cannot
 * take effect, traffic and agencies that nobody thought of. An error is what cannot be
 * right; a warning may be on purpose.
 *
 * "Never matches" is said only when one earlier rule takes everything that the later one
 * takes; what several earlier rules take together is not looked for.
 */
#include "gateway/decide/policy.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/clock.h"
#include "gateway/decide/directory_private.h"
#include "gateway/decide/glob.h"
#include "gateway/decide/policy_private.h"

#define FINDING_MAX 600

struct checking {
	const struct policy *p;
	policy_finding_fn *callback;
	void *context;
};

static void
finding(const struct checking *c, bool is_error, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void
finding(const struct checking *c, bool is_error, const char *where, const char *format, ...)
{
	char text[FINDING_MAX];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) >= 0)
		c->callback(c->context, is_error, where, text);
	va_end(args);
}

/* --- rules that can never match ----------------------------------------------------------- */

static bool
set_within(const struct agency_set *inner, const struct agency_set *outer, size_t agencies)
{
	if (inner->none && !outer->none)
		return false;
	for (size_t i = 0; i <= agencies / 64; i++) {
		if ((inner->bits[i] & ~outer->bits[i]) != 0)
			return false;
	}
	return true;
}

/*
 * Each word of the inner list is taken by one of the outer. A star of the inner pattern is
 * read as a letter: only a star of the outer one can take it, and that takes anything.
 */
static bool
words_within(const struct words *inner, const struct words *outer)
{
	for (size_t i = 0; i < inner->count; i++) {
		size_t j = 0;

		while (j < outer->count &&
		    !glob_match(span_str(outer->items[j]), span_str(inner->items[i])))
			j++;
		if (j == outer->count)
			return false;
	}
	return true;
}

/* What the inner rule takes by this condition, the outer takes too. */
static bool
condition_within(enum condition c, const struct rule *in, const struct rule *out,
    size_t agencies)
{
	switch (c) {
	case CONDITION_ZONE:
		return (in->zones & ~out->zones) == 0;
	case CONDITION_SENDER:
		return set_within(&in->sender, &out->sender, agencies);
	case CONDITION_RECIPIENT:
		return set_within(&in->recipient, &out->recipient, agencies);
	case CONDITION_RELATION:
		return (in->relations & ~out->relations) == 0;
	case CONDITION_VERDICT:
		return (in->verdicts & ~out->verdicts) == 0;
	case CONDITION_KIND:
		return words_within(&in->kinds, &out->kinds);
	case CONDITION_URGENCY:
		return (in->urgencies & ~out->urgencies) == 0;
	case CONDITION_SECRECY:
		return (in->secrecies & ~out->secrecies) == 0;
	case CONDITION_FLAGS:
		return (in->flags & ~out->flags) == 0;
	case CONDITION_TYPE:
		return words_within(&in->types, &out->types);
	case CONDITION_ONLY_TYPE:
		return words_within(&in->only_types, &out->only_types);
	case CONDITION_LARGER:
		return in->larger >= out->larger;
	case CONDITION_SMALLER:
		return in->smaller <= out->smaller;
	case CONDITION_COUNT:
		break;
	}
	return false;
}

static bool
rule_within(const struct rule *in, const struct rule *out, size_t agencies)
{
	for (int c = 0; c < CONDITION_COUNT; c++) {
		if (out->written[c] == NULL)
			continue;
		if (in->written[c] == NULL ||
		    !condition_within((enum condition)c, in, out, agencies))
			return false;
	}
	return true;
}

static void
check_shadows(const struct checking *c)
{
	const struct policy *p = c->p;

	for (size_t i = 1; i < p->rule_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (!rule_within(&p->rules[i], &p->rules[j],
				directory_count(p->directory)))
				continue;
			finding(c, true, p->rules[i].where,
			    "rule \"%s\" can never match: \"%s\" (%s) takes all of it; put it "
			    "before that rule or remove it",
			    p->rules[i].name, p->rules[j].name, p->rules[j].where);
			break;
		}
	}
}

/* --- rules that cannot do what they say ---------------------------------------------------- */

static bool
asks_only(const struct rule *r, enum condition c, unsigned mask, unsigned value)
{
	return r->written[c] != NULL && mask == 1u << value;
}

static bool
can_be_outside(const struct rule *r)
{
	return r->written[CONDITION_ZONE] == NULL || (r->zones >> ZONE_OUTSIDE & 1) != 0;
}

/* A relation other than "none" is one between agencies. */
static bool
takes_no_agency(const struct rule *r, enum condition c, const struct agency_set *s)
{
	if (r->written[CONDITION_RELATION] != NULL && (r->relations >> RELATION_NONE & 1) == 0)
		return false;
	return r->written[c] == NULL || s->none;
}

static void
check_delivery(const struct checking *c, const struct rule *r)
{
	const unsigned deliverable =
	    1u << VERDICT_VERIFIED | 1u << VERDICT_UNSIGNED | 1u << VERDICT_ENCRYPTED;

	if ((r->actions & RULE_SIGN) != 0 &&
	    !asks_only(r, CONDITION_ZONE, r->zones, ZONE_INSIDE))
		finding(c, true, r->where,
		    "rule \"%s\" signs, but nothing is signed for outside; add zone = "
		    "\"inside\"",
		    r->name);
	if ((r->actions & RULE_SIGN) != 0 &&
	    takes_no_agency(r, CONDITION_SENDER, &r->sender))
		finding(c, false, r->where,
		    "rule \"%s\" signs, so senders that are no agency's mailbox are refused; "
		    "say sender = \"agency\" to leave them to later rules",
		    r->name);
	if ((r->actions & RULE_FILE) != 0 &&
	    takes_no_agency(r, CONDITION_RECIPIENT, &r->recipient))
		finding(c, false, r->where,
		    "rule \"%s\" files, so recipients that are no agency's mailbox are "
		    "stopped; say recipient = \"agency\" to leave them to later rules",
		    r->name);
	if (r->written[CONDITION_VERDICT] != NULL && (r->verdicts & ~deliverable) != 0)
		finding(c, true, r->where,
		    "rule \"%s\" delivers, but of its verdicts only VERIFIED, UNSIGNED and "
		    "ENCRYPTED can be delivered; hold or refuse the others",
		    r->name);
	if ((r->actions & (RULE_FILE | RULE_SIGN)) != 0 &&
	    (r->verdicts >> VERDICT_ENCRYPTED & 1) != 0)
		finding(c, true, r->where,
		    "rule \"%s\" names ENCRYPTED, which is neither filed nor signed; relay it "
		    "by a rule of its own",
		    r->name);
	if (can_be_outside(r) && r->written[CONDITION_VERDICT] == NULL)
		finding(c, false, r->where,
		    "rule \"%s\" delivers from outside without naming a verdict: only "
		    "VERIFIED will pass; say verdict = \"VERIFIED\"",
		    r->name);
}

static void
check_refusal(const struct checking *c, const struct rule *r)
{
	if ((r->actions & RULE_NOTIFY) != 0 &&
	    asks_only(r, CONDITION_ZONE, r->zones, ZONE_OUTSIDE))
		finding(c, true, r->where,
		    "rule \"%s\" notifies, but no notice ever goes outside; remove notify",
		    r->name);
}

/* --- what is left over ---------------------------------------------------------------------- */

static void
check_default(const struct checking *c)
{
	const struct policy *p = c->p;

	for (unsigned zone = 0; zone < 2; zone++) {
		bool covered = false;

		for (size_t i = 0; i < p->rule_count && !covered; i++) {
			const struct rule *r = &p->rules[i];

			covered = r->written[CONDITION_ZONE] == NULL || (r->zones >> zone & 1);
			for (int k = CONDITION_ZONE + 1; k < CONDITION_COUNT; k++)
				covered = covered && r->written[k] == NULL;
		}
		if (!covered)
			finding(c, false, p->file,
			    "no last rule takes what remains from %s; it is held as \"no-rule\". "
			    "End with { name = \"rest\"; zone = \"%s\"; action = \"hold\"; }",
			    zone_name((enum zone)zone), zone_name((enum zone)zone));
	}
}

static bool
is_reached(const struct policy *p, const struct agency *a)
{
	for (size_t i = 0; i < p->rule_count; i++) {
		const struct rule *r = &p->rules[i];

		if ((r->actions & RULE_DELIVERS) != 0 &&
		    (r->written[CONDITION_RECIPIENT] == NULL ||
			agency_set_takes(&r->recipient, a)))
			return true;
	}
	return false;
}

static bool
holds_some_mailbox(const struct directory *d, const struct agency *a, int64_t at)
{
	for (size_t i = 0; i < agency_mailbox_count(a); i++) {
		if (directory_by_mailbox(d, span_str(agency_mailbox(a, i)), at) == a)
			return true;
	}
	return false;
}

static bool
holds_some_certificate(const struct agency *a, int64_t at)
{
	for (size_t i = 0; i < a->certificate_count; i++) {
		if (period_holds(a->certificates[i].period, at))
			return true;
	}
	return a->certificate_count == 0;
}

static void
check_agencies(const struct checking *c)
{
	const struct directory *d = c->p->directory;
	int64_t now = clock_now();

	for (size_t i = 0; i < directory_count(d); i++) {
		const struct agency *a = directory_at(d, i);

		if (!period_holds(a->period, now))
			continue; /* closed on purpose, or not yet open */
		if (!holds_some_mailbox(d, a, now))
			finding(c, false, a->where,
			    "agency \"%s\" has no mailbox today: nothing can reach it", a->id);
		else if (!is_reached(c->p, a))
			finding(c, false, a->where,
			    "agency \"%s\" is the recipient of no rule that delivers", a->id);
		if (!holds_some_certificate(a, now))
			finding(c, false, a->where,
			    "agency \"%s\": none of its certificates holds today, so none of "
			    "its signatures is taken",
			    a->id);
	}
}

void
policy_check(const struct policy *p, policy_finding_fn *callback, void *context)
{
	struct checking c = { p, callback, context };

	check_shadows(&c);
	for (size_t i = 0; i < p->rule_count; i++) {
		if ((p->rules[i].actions & RULE_DELIVERS) != 0)
			check_delivery(&c, &p->rules[i]);
		else
			check_refusal(&c, &p->rules[i]);
	}
	check_default(&c);
	check_agencies(&c);
}
