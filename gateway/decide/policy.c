/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deciding. For each recipient the first rule that matches wins; then guards that no rule can
 * switch off may only make the outcome stricter:
 *
 *  - a message that goes in a circle is held (G04);
 *  - a message with a mark of secrecy is delivered only by a rule that names the mark;
 *  - what is delivered is VERIFIED, or unsigned from inside; unsigned from outside and
 *    encrypted only by a rule that names the verdict, encrypted is never filed;
 *  - a certificate speaks only for the agency that agencies.conf gives it to (B13);
 *  - signing needs the zone, the envelope's sender, From and the login of one agency (H01);
 *    a message that already bears that agency's good signature passes unchanged (H03);
 *  - filing needs an agency to file for.
 *
 * From inside a guard refuses, for the sender is there to mend it; from outside it holds.
 * Last the plan is made to fit the way the message came in (see policy.h). Nothing here
 * reads a clock, a file or the network; dates are judged at the envelope's accepted_at.
 */
#include "gateway/decide/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/digest.h"
#include "gateway/decide/match.h"
#include "gateway/decide/policy_private.h"
#include "gateway/model/reason.h"

#define POLICY_MEMORY_MAX (256u * 1024 * 1024)
#define POLICY_RULES_MAX 20000
#define POLICY_HOPS_MAX 50 /* Received fields; in one city so many are a loop (G04) */
#define FOUND_MAX 2000

/* --- loading ---------------------------------------------------------------------------- */

static const struct conf_key root_keys[] = {
	{ "rules", CONF_GROUPS, true, 0, 0 },
};

static int
check_doubled_names(const struct policy *p, const struct conf_node *list, size_t last,
    struct error *e)
{
	const char *name = p->rules[last].name;

	for (size_t i = 0; i < last; i++) {
		if (strcmp(p->rules[i].name, name) == 0)
			return conf_error(conf_at(list, last), e,
			    "rule \"%s\": name: is already at %s; names are given once", name,
			    p->rules[i].where);
	}
	return 0;
}

static int
read_rules(struct policy *p, const struct conf *c, struct error *e)
{
	const struct conf_node *root = conf_root(c), *list;

	if (conf_check(root, root_keys, 1, e) != 0)
		return -1;
	list = conf_child(root, "rules");
	p->rule_count = conf_count(list);
	if (p->rule_count == 0 || p->rule_count > POLICY_RULES_MAX)
		return conf_error(list, e, "rules: %zu rules; 1 to %d are possible",
		    p->rule_count, POLICY_RULES_MAX);
	p->rules = arena_array(p->arena, p->rule_count, sizeof(*p->rules));
	if (p->rules == NULL)
		return error_set(e, ERR_TEMP, "no memory for %zu rules", p->rule_count);
	for (size_t i = 0; i < p->rule_count; i++) {
		if (rule_read(conf_at(list, i), p->directory, p->arena, &p->rules[i], e) != 0 ||
		    check_doubled_names(p, list, i, e) != 0)
			return -1;
	}
	return 0;
}

/* Of both files: the same routing.conf over other agencies is another policy. */
static int
make_digest(struct policy *p, const struct conf *c, struct error *e)
{
	struct digest *d = digest_new();
	uint8_t routing[DIGEST_SIZE];

	if (d == NULL)
		return error_set(e, ERR_TEMP, "no memory for a digest");
	conf_digest(c, routing);
	digest_update(d, span_of(routing, sizeof(routing)));
	digest_update(d, span_of(directory_digest(p->directory), DIGEST_SIZE));
	digest_final(d, p->digest);
	digest_free(&d);
	return 0;
}

int
policy_load(const char *path, const struct directory *d, struct policy **out,
    struct error *e)
{
	struct policy *p = calloc(1, sizeof(*p));
	struct conf *c = NULL;
	int r = -1;

	*out = NULL;
	if (p == NULL || (p->arena = arena_new(POLICY_MEMORY_MAX)) == NULL ||
	    (p->file = arena_string(p->arena, span_str(path))) == NULL) {
		error_set(e, ERR_TEMP, "%s: no memory for the policy", path);
		goto out;
	}
	p->directory = d;
	if (conf_load(path, &c, e) != 0 || read_rules(p, c, e) != 0 ||
	    make_digest(p, c, e) != 0)
		goto out;
	r = 0;
out:
	conf_free(&c);
	if (r != 0)
		policy_free(&p);
	*out = p;
	return r;
}

void
policy_free(struct policy **p)
{
	if (*p != NULL)
		arena_free(&(*p)->arena);
	free(*p);
	*p = NULL;
}

const uint8_t *
policy_digest(const struct policy *p)
{
	return p->digest;
}

size_t
policy_rule_count(const struct policy *p)
{
	return p->rule_count;
}

const char *
policy_rule_name(const struct policy *p, size_t rule)
{
	return rule < p->rule_count ? p->rules[rule].name : NULL;
}

/* --- guards ----------------------------------------------------------------------------- */

/* What becomes of one recipient. */
struct judgement {
	const struct rule *rule; /* NULL: none matched */
	enum plan_outcome outcome;
	enum reason reason;
	bool notify; /* wanted; whether it is allowed is another question */
	bool own_words; /* the rule's text belongs to this outcome */
};

/* REASON_NONE when the sender may be signed for. */
static enum reason
sign_guard(const struct subject *s, const struct directory *d)
{
	struct span login = span_str(s->env->login);

	if (s->env->zone != ZONE_INSIDE)
		return REASON_SENDER_NOT_INSIDE;
	if (s->sender == NULL)
		return REASON_SENDER_NOT_AGENCY;
	if (s->from != s->sender)
		return REASON_FROM_NOT_SENDER;
	/* A login that is no address tells nothing here: the MTA has checked it. */
	if (span_find(login, '@', 0) != SPAN_NOT_FOUND &&
	    directory_by_mailbox(d, login, s->env->accepted_at) != s->sender)
		return REASON_LOGIN_NOT_SENDER;
	return REASON_NONE;
}

static enum reason
certificate_guard(const struct subject *s, const struct directory *d)
{
	const struct facts_signer *g = &s->f->signer;
	struct span subject = facts_span(s->f, g->subject);
	struct span issuer = facts_span(s->f, g->issuer);
	struct span serial = facts_span(s->f, g->serial);
	int64_t at = s->env->accepted_at;
	bool good;

	if (s->f->verdict != VERDICT_VERIFIED)
		return REASON_NONE;
	if (s->from != NULL)
		good = agency_takes_certificate(s->from, g->sha256, subject, issuer, serial, at);
	else
		good = directory_by_certificate(d, g->sha256, subject, issuer, serial, at) ==
		    NULL;
	return good ? REASON_NONE : REASON_CERTIFICATE_NOT_AGENCY;
}

/* May a message with this verdict be delivered by this rule? */
static bool
verdict_allows(const struct rule *r, const struct subject *s)
{
	bool named = r->written[CONDITION_VERDICT] != NULL;

	switch ((enum verdict)s->f->verdict) {
	case VERDICT_VERIFIED:
		return true;
	case VERDICT_UNSIGNED:
		return named || s->env->zone == ZONE_INSIDE;
	case VERDICT_ENCRYPTED:
		return named && (r->actions & (RULE_FILE | RULE_SIGN)) == 0;
	case VERDICT_INVALID:
	case VERDICT_UNTRUSTED:
	case VERDICT_MISMATCH:
	case VERDICT_AMBIGUOUS:
	case VERDICT_LIMIT:
	case VERDICT_UNCHECKABLE:
	case VERDICT_COUNT:
		break;
	}
	return false;
}

static void
hold(struct judgement *j, enum reason reason)
{
	j->outcome = OUTCOME_HOLD;
	j->reason = reason;
	j->notify = true;
}

/* A guard that the sender can do something about. */
static void
stop(struct judgement *j, const struct subject *s, enum reason reason)
{
	hold(j, reason);
	if (s->env->zone == ZONE_INSIDE)
		j->outcome = OUTCOME_REFUSE;
}

static void
guard(struct judgement *j, const struct subject *s, const struct directory *d)
{
	const struct rule *r = j->rule;
	enum reason why;

	if (s->f->hops >= POLICY_HOPS_MAX) {
		hold(j, REASON_MAIL_LOOP);
		j->notify = false;
		return;
	}
	if (s->f->secrecy > 0 && r->written[CONDITION_SECRECY] == NULL) {
		hold(j, REASON_SECRECY_MARK);
		return;
	}
	if ((r->actions & RULE_SIGN) != 0 && (why = sign_guard(s, d)) != REASON_NONE) {
		stop(j, s, why);
		return;
	}
	if (!verdict_allows(r, s)) {
		why = s->f->reason < REASON_COUNT ? (enum reason)s->f->reason : REASON_NONE;
		if (s->f->verdict == VERDICT_UNCHECKABLE)
			hold(j, why); /* our fault, not the sender's */
		else
			stop(j, s, why);
		return;
	}
	if ((why = certificate_guard(s, d)) != REASON_NONE) {
		stop(j, s, why);
		return;
	}
	if ((r->actions & RULE_FILE) != 0 && s->recipient == NULL)
		stop(j, s, REASON_RECIPIENT_NOT_AGENCY);
}

static const struct rule *
first_match(const struct policy *p, const struct subject *s)
{
	enum condition failed;

	for (size_t i = 0; i < p->rule_count; i++) {
		if (match_rule(&p->rules[i], s, &failed))
			return &p->rules[i];
	}
	return NULL;
}

/*
 * A rule that stops because of the verdict leaves it to the verdict's own reason to say
 * what is wrong: "the document was changed" helps, "by rule forged" does not.
 */
static enum reason
stop_reason(const struct rule *r, const struct subject *s)
{
	uint16_t why = s->f->reason;

	if (r->written[CONDITION_VERDICT] != NULL && s->f->verdict != VERDICT_VERIFIED &&
	    s->f->verdict != VERDICT_UNSIGNED && why > REASON_NONE && why < REASON_COUNT)
		return (enum reason)why;
	return (r->actions & RULE_REFUSE) != 0 ? REASON_REFUSED_BY_RULE :
						 REASON_HELD_BY_RULE;
}

static struct judgement
judge(const struct policy *p, const struct subject *s)
{
	struct judgement j = { .rule = first_match(p, s), .outcome = OUTCOME_DELIVER };

	if (j.rule == NULL) {
		hold(&j, REASON_NO_RULE);
	} else if ((j.rule->actions & RULE_DELIVERS) != 0) {
		guard(&j, s, p->directory);
	} else {
		j.outcome =
		    (j.rule->actions & RULE_REFUSE) != 0 ? OUTCOME_REFUSE : OUTCOME_HOLD;
		j.reason = stop_reason(j.rule, s);
		j.notify = (j.rule->actions & RULE_NOTIFY) != 0;
		j.own_words = true;
	}
	return j;
}

/* --- the plan --------------------------------------------------------------------------- */

/* Notices go only to people of ours who wrote themselves (G02, G03). */
static bool
notice_allowed(const struct subject *s)
{
	return s->env->zone == ZONE_INSIDE && s->sender != NULL && !s->f->auto_submitted;
}

/* Can a refusal be said here, so that neither the message nor the answer is lost? */
static bool
refusal_stands(const struct subject *s, const struct judgement *js, unsigned count)
{
	switch (s->env->source) {
	case SOURCE_SMTP: /* one answer for all */
		for (unsigned i = 0; i < count; i++) {
			if (js[i].outcome != OUTCOME_REFUSE)
				return false;
		}
		return true;
	case SOURCE_LMTP: /* a 5xx makes our MTA write to the sender */
		return s->env->zone == ZONE_INSIDE;
	case SOURCE_FILE:
		return true;
	case SOURCE_IMAP:
	case SOURCE_POP3:
	case SOURCE_MAILDIR:
	case SOURCE_RELEASE:
	case SOURCE_COUNT:
		break;
	}
	return false; /* nobody is there to be told */
}

static void
unify(const struct subject *s, struct judgement *js, unsigned count)
{
	bool stands = refusal_stands(s, js, count);

	for (unsigned i = 0; i < count; i++) {
		if (js[i].outcome != OUTCOME_REFUSE)
			continue;
		if (!stands) {
			js[i].outcome = OUTCOME_HOLD;
			js[i].notify = true;
		} else if (s->env->source == SOURCE_SMTP) {
			js[i].notify = false; /* the reply says it */
		}
	}
}

static bool
wants(const struct judgement *j, enum plan_action action, bool notices)
{
	bool delivered = j->outcome == OUTCOME_DELIVER;

	switch (action) {
	case ACTION_FILE:
		return delivered && (j->rule->actions & RULE_FILE) != 0;
	case ACTION_HOLD:
		return j->outcome == OUTCOME_HOLD;
	case ACTION_RELAY:
		return delivered && (j->rule->actions & RULE_RELAY) != 0;
	case ACTION_NOTIFY:
		return !delivered && j->notify && notices;
	case ACTION_COUNT:
		break;
	}
	return false;
}

static int
add_steps(struct plan *out, const struct judgement *js, bool notices, struct error *e)
{
	static const enum plan_action order[] = { ACTION_FILE, ACTION_HOLD, ACTION_RELAY,
		ACTION_NOTIFY };

	for (unsigned a = 0; a < sizeof(order) / sizeof(order[0]); a++) {
		for (unsigned i = 0; i < out->recipient_count; i++) {
			const char *target =
			    order[a] == ACTION_FILE ? out->recipients[i].agency : "";

			if (wants(&js[i], order[a], notices) &&
			    plan_add_step(out, order[a], i, target, e) != 0)
				return -1;
		}
	}
	return 0;
}

static void
fill_recipient(struct plan_recipient *r, const struct judgement *j, const char *address,
    const struct agency *agency)
{
	snprintf(r->address, sizeof(r->address), "%s", address);
	snprintf(r->agency, sizeof(r->agency), "%s", agency == NULL ? "" : agency_id(agency));
	snprintf(r->rule, sizeof(r->rule), "%s", j->rule == NULL ? "" : j->rule->name);
	r->outcome = (uint8_t)j->outcome;
	r->reason = (uint16_t)j->reason;
	if (j->own_words)
		memcpy(r->text, j->rule->text, sizeof(r->text));
}

int
policy_decide(const struct policy *p, const struct envelope *env, const struct facts *f,
    struct plan *out, struct error *e)
{
	struct judgement js[LIMIT_RECIPIENTS];
	const struct agency *agencies[LIMIT_RECIPIENTS];
	struct subject s;

	memset(out, 0, sizeof(*out));
	if (env->recipient_count == 0 || env->recipient_count > LIMIT_RECIPIENTS)
		return error_set(e, ERR_BUG, "policy: %u recipients", env->recipient_count);
	match_message(&s, p->directory, env, f);
	snprintf(out->tx, sizeof(out->tx), "%s", env->tx);
	snprintf(out->sender_agency, sizeof(out->sender_agency), "%s",
	    s.sender == NULL ? "" : agency_id(s.sender));
	snprintf(out->sender_name, sizeof(out->sender_name), "%s",
	    s.sender == NULL ? "" : agency_name(s.sender));
	memcpy(out->policy_digest, p->digest, sizeof(out->policy_digest));
	for (unsigned i = 0; i < env->recipient_count; i++) {
		match_recipient(&s, p->directory, i);
		agencies[i] = s.recipient;
		js[i] = judge(p, &s);
		if (js[i].outcome == OUTCOME_DELIVER && f->verdict == VERDICT_UNSIGNED &&
		    (js[i].rule->actions & RULE_SIGN) != 0)
			out->sign = true;
	}
	unify(&s, js, env->recipient_count);
	out->recipient_count = env->recipient_count;
	for (unsigned i = 0; i < env->recipient_count; i++)
		fill_recipient(&out->recipients[i], &js[i], env->recipients[i], agencies[i]);
	return add_steps(out, js, notice_allowed(&s), e);
}

int
policy_explain(const struct policy *p, const struct envelope *env, const struct facts *f,
    unsigned recipient, policy_explain_fn *callback, void *context, struct error *e)
{
	struct subject s;
	struct buf found;

	if (recipient >= env->recipient_count)
		return error_set(e, ERR_BUG, "policy: no recipient %u", recipient);
	match_message(&s, p->directory, env, f);
	match_recipient(&s, p->directory, recipient);
	buf_init(&found, FOUND_MAX);
	for (size_t i = 0; i < p->rule_count; i++) {
		const struct rule *r = &p->rules[i];
		struct policy_step step = { .rule = r->name, .where = r->where };
		enum condition failed;

		step.matched = match_rule(r, &s, &failed);
		if (!step.matched) {
			buf_reset(&found);
			match_found(failed, &s, &found);
			step.condition = rule_condition_key(failed);
			step.wanted = r->written[failed];
			step.found = buf_str(&found);
		}
		callback(context, &step);
		if (step.matched)
			break;
	}
	buf_free(&found);
	return 0;
}
