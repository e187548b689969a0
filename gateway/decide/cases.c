/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading cases and comparing decisions as text: what is expected is written as it would
 * be printed, so a failed case shows what to write if the new decision is right.
 */
#include "gateway/decide/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/codec.h"
#include "common/io.h"
#include "gateway/model/mark.h"
#include "gateway/model/reason.h"

#define CASES_FILE_MAX (4 * 1024 * 1024)
#define CASE_NAME_MAX 200
#define CASE_TEXT_MAX (64 * 1024)
#define CASE_TIME INT64_C(1338512400) /* 2012-06-01T08:00:00+07:00 */

struct running {
	const char *file;
	const struct policy *p;
	bool *touched;
	cases_fn *callback;
	void *context;
	struct error *e;
	unsigned line;
	bool open;     /* inside a case */
	bool from_said;
	char name[CASE_NAME_MAX + 1];
	unsigned first_line;
	struct envelope *env;
	struct facts *f;
	struct plan *plan;
	struct buf expected; /* lines of decisions */
};

static int
syntax(const struct running *r, const char *what)
{
	return error_set(r->e, ERR_PERM, "%s:%u: %s", r->file, r->line, what);
}

/* --- decisions -------------------------------------------------------------------------- */

void
cases_decision(const struct plan *plan, unsigned recipient, struct buf *out)
{
	static const char *const outcomes[] = { "deliver", "hold", "refuse" };
	const struct plan_recipient *r = &plan->recipients[recipient];
	const char *before = " then ";

	buf_printf(out, "%s: %s by %s", r->address, outcomes[r->outcome],
	    r->rule[0] == '\0' ? "no rule" : r->rule);
	if (r->outcome != OUTCOME_DELIVER)
		buf_printf(out, " because %s", reason_info((enum reason)r->reason)->code);
	if (plan->sign && r->outcome == OUTCOME_DELIVER) {
		buf_printf(out, "%ssign", before);
		before = " ";
	}
	for (unsigned i = 0; i < plan->step_count; i++) {
		const struct plan_step *s = &plan->steps[i];

		if (s->recipient != recipient)
			continue;
		buf_printf(out, "%s%s", before, plan_action_name((enum plan_action)s->action));
		before = " ";
	}
}

static void
touch(const struct running *r)
{
	for (unsigned i = 0; i < r->plan->recipient_count; i++) {
		for (size_t k = 0; k < policy_rule_count(r->p); k++) {
			if (strcmp(policy_rule_name(r->p, k), r->plan->recipients[i].rule) == 0)
				r->touched[k] = true;
		}
	}
}

static int
finish(struct running *r)
{
	struct buf found, text;
	char where[600];
	bool passed;

	if (!r->open)
		return 0;
	r->open = false;
	if (r->env->recipient_count == 0 || r->expected.len == 0)
		return syntax(r, "the case before has no \"to\" or no \"->\"");
	if (!r->from_said)
		r->f->from = facts_add(r->f, span_str(r->env->sender));
	if (policy_decide(r->p, r->env, r->f, r->plan, r->e) != 0)
		return -1;
	touch(r);
	buf_init(&found, CASE_TEXT_MAX);
	buf_init(&text, 2 * CASE_TEXT_MAX);
	for (unsigned i = 0; i < r->plan->recipient_count; i++) {
		cases_decision(r->plan, i, &found);
		buf_put_byte(&found, '\n');
	}
	passed = span_equal(buf_span(&found), buf_span(&r->expected));
	if (!passed) {
		buf_put_str(&text, "expected:\n");
		buf_put_span(&text, buf_span(&r->expected));
		buf_put_str(&text, "decided:\n");
		buf_put_span(&text, buf_span(&found));
	}
	snprintf(where, sizeof(where), "%s:%u", r->file, r->first_line);
	r->callback(r->context, where, r->name, passed, buf_str(&text));
	buf_free(&found);
	buf_free(&text);
	return 0;
}

/* --- keys --------------------------------------------------------------------------------- */

static bool
copy(struct span value, char *out, size_t size)
{
	if (value.len >= size)
		return false;
	memcpy(out, value.ptr, value.len);
	out[value.len] = '\0';
	return true;
}

static bool
number(struct span value, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9' || i > 17)
			return false;
		*out = *out * 10 + (uint64_t)(value.ptr[i] - '0');
	}
	return value.len > 0;
}

/* The word at the front of *rest, which moves on; empty at the end. */
static struct span
word(struct span *rest)
{
	struct span s = span_trim(*rest);
	size_t blank = span_find(s, ' ', 0);

	if (blank == SPAN_NOT_FOUND)
		blank = s.len;
	*rest = span_from(s, blank);
	return span_sub(s, 0, blank);
}

static bool
key_source(struct running *r, struct span v)
{
	for (int i = 0; i < SOURCE_COUNT; i++) {
		if (span_is_nocase(v, envelope_source_name((enum envelope_source)i))) {
			r->env->source = (enum envelope_source)i;
			return true;
		}
	}
	return false;
}

static bool
key_zone(struct running *r, struct span v)
{
	return zone_parse(v, &r->env->zone);
}

static bool
key_at(struct running *r, struct span v)
{
	return clock_parse_rfc3339(v, &r->env->accepted_at);
}

static bool
key_sender(struct running *r, struct span v)
{
	if (span_is(v, "<>"))
		v = span_of(v.ptr, 0);
	return copy(v, r->env->sender, sizeof(r->env->sender));
}

static bool
key_login(struct running *r, struct span v)
{
	return copy(v, r->env->login, sizeof(r->env->login));
}

static bool
key_from(struct running *r, struct span v)
{
	r->from_said = true;
	r->f->from = facts_add(r->f, v);
	return true;
}

static bool
key_to(struct running *r, struct span v)
{
	struct envelope *env = r->env;

	return env->recipient_count < LIMIT_RECIPIENTS &&
	    copy(v, env->recipients[env->recipient_count++], sizeof(env->recipients[0]));
}

static bool
key_verdict(struct running *r, struct span v)
{
	enum verdict verdict;

	if (!verdict_parse(v, &verdict))
		return false;
	r->f->verdict = (uint8_t)verdict;
	return true;
}

static bool
key_reason(struct running *r, struct span v)
{
	enum reason reason;

	if (!reason_parse(v, &reason))
		return false;
	r->f->reason = (uint16_t)reason;
	return true;
}

static bool
key_subject(struct running *r, struct span v)
{
	r->f->signer.subject = facts_add(r->f, v);
	return true;
}

static bool
key_issuer(struct running *r, struct span v)
{
	r->f->signer.issuer = facts_add(r->f, v);
	return true;
}

static bool
key_serial(struct running *r, struct span v)
{
	r->f->signer.serial = facts_add(r->f, v);
	return true;
}

static bool
key_sha256(struct running *r, struct span v)
{
	return codec_hex_decode(v, r->f->signer.sha256, sizeof(r->f->signer.sha256));
}

static bool
key_kind(struct running *r, struct span v)
{
	r->f->doc_type = facts_add(r->f, v);
	return true;
}

static bool
key_urgency(struct running *r, struct span v)
{
	enum facts_urgency u;

	if (!mark_urgency_parse(v, &u))
		return false;
	r->f->urgency = (uint8_t)u;
	return true;
}

static bool
key_secrecy(struct running *r, struct span v)
{
	unsigned s;

	if (!mark_secrecy_parse(v, &s))
		return false;
	r->f->secrecy = (uint8_t)s;
	return true;
}

static bool
key_size(struct running *r, struct span v)
{
	r->f->part_count = 1;
	return number(v, &r->f->parts[0].body.end);
}

static bool
key_hops(struct running *r, struct span v)
{
	uint64_t n;

	if (!number(v, &n) || n > UINT8_MAX)
		return false;
	r->f->hops = (uint8_t)n;
	return true;
}

static bool
key_auto(struct running *r, struct span v)
{
	r->f->auto_submitted = 1;
	return v.len == 0;
}

static bool
key_document(struct running *r, struct span v)
{
	struct facts_document *d;
	struct span w;

	if (r->f->document_count == LIMIT_DOCUMENTS)
		return false;
	d = &r->f->documents[r->f->document_count++];
	d->type = facts_add(r->f, word(&v));
	d->declared = d->type;
	w = word(&v);
	if (span_is(w, "declared")) {
		d->declared = facts_add(r->f, word(&v));
		w = word(&v);
	}
	if (w.len == 0)
		return true;
	if (!span_is(w, "flags"))
		return false;
	while ((w = word(&v)).len > 0) {
		uint32_t bit;

		if (!mark_flag_parse(w, &bit))
			return false;
		d->flags |= bit;
	}
	return true;
}

static const struct {
	const char *key;
	bool (*read)(struct running *r, struct span value);
} case_keys[] = {
	{ "source", key_source }, { "zone", key_zone }, { "at", key_at },
	{ "sender", key_sender }, { "login", key_login }, { "from", key_from },
	{ "to", key_to }, { "verdict", key_verdict }, { "reason", key_reason },
	{ "signer-subject", key_subject }, { "signer-issuer", key_issuer },
	{ "signer-serial", key_serial }, { "signer-sha256", key_sha256 },
	{ "kind", key_kind }, { "urgency", key_urgency }, { "secrecy", key_secrecy },
	{ "size", key_size }, { "hops", key_hops }, { "auto-submitted", key_auto },
	{ "document", key_document },
};

static int
start(struct running *r, struct span name)
{
	if (finish(r) != 0)
		return -1;
	memset(r->env, 0, sizeof(*r->env));
	memset(r->f, 0, sizeof(*r->f));
	buf_reset(&r->expected);
	r->f->signed_part = r->f->signature_part = FACTS_NONE;
	r->f->verdict = VERDICT_UNSIGNED;
	r->f->reason = REASON_UNSIGNED;
	r->env->source = SOURCE_LMTP;
	r->env->zone = ZONE_INSIDE;
	r->env->accepted_at = CASE_TIME;
	r->from_said = false;
	r->open = true;
	r->first_line = r->line;
	if (name.len == 0 || !copy(name, r->name, sizeof(r->name)))
		return syntax(r, "a case needs a name of at most 200 bytes");
	return 0;
}

static int
take_line(struct running *r, struct span line)
{
	struct span rest = span_trim(line), key;

	if (rest.len == 0 || rest.ptr[0] == '#')
		return 0;
	key = word(&rest);
	rest = span_trim(rest);
	if (span_is(key, "case"))
		return start(r, rest);
	if (!r->open)
		return syntax(r, "nothing may stand before the first \"case\"");
	if (span_is(key, "->")) {
		buf_put_span(&r->expected, rest);
		buf_put_byte(&r->expected, '\n');
		return 0;
	}
	for (size_t i = 0; i < sizeof(case_keys) / sizeof(case_keys[0]); i++) {
		if (span_is(key, case_keys[i].key))
			return case_keys[i].read(r, rest) ?
			    0 :
			    syntax(r, "this key cannot have that value");
	}
	return syntax(r, "unknown key");
}

int
cases_run(const char *file, const struct policy *p, bool *touched, cases_fn *callback,
    void *context, struct error *e)
{
	struct running r = { .file = file, .p = p, .touched = touched, .callback = callback,
		.context = context, .e = e };
	struct buf text;
	struct span rest;
	int result = -1;

	buf_init(&text, CASES_FILE_MAX);
	buf_init(&r.expected, CASE_TEXT_MAX);
	r.env = calloc(1, sizeof(*r.env));
	r.f = facts_new();
	r.plan = plan_new();
	if (r.env == NULL || r.f == NULL || r.plan == NULL) {
		error_set(e, ERR_TEMP, "%s: no memory", file);
		goto out;
	}
	if (io_read_file(file, CASES_FILE_MAX, &text, e) != 0)
		goto out;
	for (rest = buf_span(&text); rest.len > 0;) {
		size_t end = span_find(rest, '\n', 0);

		if (end == SPAN_NOT_FOUND)
			end = rest.len;
		r.line++;
		if (take_line(&r, span_sub(rest, 0, end)) != 0)
			goto out;
		rest = span_from(rest, end + 1);
	}
	result = finish(&r);
out:
	buf_free(&text);
	buf_free(&r.expected);
	free(r.env);
	facts_free(&r.f);
	plan_free(&r.plan);
	return result;
}
