/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts to JSON. The form is a contract (see the header): keys are added, never changed.
 * Nothing is judged here. A key whose value is not known is null, never left out, so that a
 * script need not ask twice. An allocation that fails anywhere makes the whole NULL.
 */
#include "gateway/act/verdict_json.h"

#include "common/clock.h"
#include "common/text.h"
#include "gateway/model/mark.h"
#include "gateway/model/reason.h"

#define SHOWN_MAX 4096 /* bytes of one text from mail */

/* Put takes `value`; false when it is NULL or cannot be put. */
static bool
put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

json_t *
verdict_json_text(struct span s)
{
	struct buf shown;
	json_t *j;

	if (s.len == 0)
		return json_null();
	buf_init(&shown, 8 * SHOWN_MAX);
	text_show(s, SHOWN_MAX, &shown);
	j = shown.failed ? NULL
			 : json_stringn((const char *)shown.data, shown.len);
	buf_free(&shown);
	return j;
}

static json_t *
ours(const char *s)
{
	return s == NULL || s[0] == '\0' ? json_null() : json_string(s);
}

static json_t *
instant(int64_t seconds)
{
	char out[CLOCK_TEXT_MAX];

	return seconds == 0 ? json_null() : json_string(clock_rfc3339(seconds, out));
}

static json_t *
sentence(enum reason r, enum reason_language language, struct span arg1, struct span arg2)
{
	struct buf text;
	json_t *j;

	buf_init(&text, SHOWN_MAX);
	reason_text(r, language, arg1, arg2, true, &text);
	j = text.failed ? NULL : json_stringn((const char *)text.data, text.len);
	buf_free(&text);
	return j;
}

/* Adds "vi" and "en", and "code" unless the caller has it elsewhere. */
static json_t *
reason_object(const struct facts *f, uint16_t reason, struct facts_text arg1,
    struct facts_text arg2, bool code)
{
	enum reason r = reason < REASON_COUNT ? (enum reason)reason : REASON_NONE;
	struct span a1 = facts_span(f, arg1), a2 = facts_span(f, arg2);
	json_t *j = json_object();

	if (j == NULL || (code && !put(j, "code", json_string(reason_info(r)->code))) ||
	    !put(j, "vi", sentence(r, REASON_VI, a1, a2)) ||
	    !put(j, "en", sentence(r, REASON_EN, a1, a2))) {
		json_decref(j);
		return NULL;
	}
	return j;
}

static json_t *
signer_object(const struct facts *f, const char *agency)
{
	static const uint8_t unknown[DIGEST_SIZE];
	const struct facts_signer *s = &f->signer;
	bool known = !span_equal(span_of(s->sha256, DIGEST_SIZE),
	    span_of(unknown, DIGEST_SIZE));
	char hex[DIGEST_HEX_SIZE];
	json_t *j = json_object();

	if (j == NULL || !put(j, "address", verdict_json_text(facts_span(f, s->address))) ||
	    !put(j, "subject", verdict_json_text(facts_span(f, s->subject))) ||
	    !put(j, "issuer", verdict_json_text(facts_span(f, s->issuer))) ||
	    !put(j, "serial", verdict_json_text(facts_span(f, s->serial))) ||
	    !put(j, "sha256", known ? json_string(digest_hex(s->sha256, hex)) : json_null()) ||
	    !put(j, "agency", ours(agency)) ||
	    !put(j, "not_before", instant(s->not_before)) ||
	    !put(j, "not_after", instant(s->not_after)) ||
	    !put(j, "signing_time", instant(s->signing_time))) {
		json_decref(j);
		return NULL;
	}
	return j;
}

static bool
put_checks(json_t *object, const struct facts *f)
{
	json_t *states = json_object(), *reasons = json_object();

	if (!put(object, "checks", states) || !put(object, "check_reasons", reasons))
		return false;
	for (int i = 0; i < CHECK_COUNT; i++) {
		const struct facts_check *c = &f->checks[i];
		const char *name = check_name((enum check_id)i);

		if (!put(states, name,
			json_string(check_state_name((enum check_state)c->state))) ||
		    !put(reasons, name,
			reason_object(f, c->reason, c->arg1, c->arg2, true)))
			return false;
	}
	return true;
}

static bool
put_notes(json_t *object, const struct facts *f)
{
	json_t *notes = json_array();

	if (!put(object, "notes", notes))
		return false;
	for (uint32_t i = 0; i < f->note_count; i++) {
		const struct facts_note *n = &f->notes[i];

		if (json_array_append_new(notes,
			reason_object(f, n->reason, n->arg1, n->arg2, true)) != 0)
			return false;
	}
	return true;
}

static json_t *
document_object(const struct facts *f, const struct facts_document *d)
{
	char hex[DIGEST_HEX_SIZE];
	json_t *j = json_object(), *flags = json_array();

	if (j == NULL || !put(j, "name", verdict_json_text(facts_span(f, d->name))) ||
	    !put(j, "type", verdict_json_text(facts_span(f, d->type))) ||
	    !put(j, "declared", verdict_json_text(facts_span(f, d->declared))) ||
	    !put(j, "size", json_integer((json_int_t)d->size)) ||
	    !put(j, "sha256", json_string(digest_hex(d->sha256, hex)))) {
		json_decref(flags);
		json_decref(j);
		return NULL;
	}
	if (!put(j, "flags", flags)) {
		json_decref(j);
		return NULL;
	}
	for (unsigned i = 0; i < MARK_FLAG_COUNT; i++) {
		if ((d->flags & (uint32_t)1 << i) != 0 &&
		    json_array_append_new(flags, json_string(mark_flag_code(i))) != 0) {
			json_decref(j);
			return NULL;
		}
	}
	return j;
}

static bool
put_documents(json_t *object, const struct facts *f)
{
	json_t *documents = json_array();

	if (!put(object, "documents", documents))
		return false;
	for (uint32_t i = 0; i < f->document_count; i++) {
		if (json_array_append_new(documents,
			document_object(f, &f->documents[i])) != 0)
			return false;
	}
	return true;
}

static bool
put_claims(json_t *j, const struct facts *f)
{
	return put(j, "number", verdict_json_text(facts_span(f, f->number))) &&
	    put(j, "number_certain", json_boolean(f->number_certain != 0)) &&
	    put(j, "doc_type", verdict_json_text(facts_span(f, f->doc_type))) &&
	    put(j, "urgency", ours(mark_urgency_words((enum facts_urgency)f->urgency))) &&
	    put(j, "secrecy", ours(mark_secrecy_words(f->secrecy))) &&
	    put(j, "subject", verdict_json_text(facts_span(f, f->subject))) &&
	    put(j, "message_id", verdict_json_text(facts_span(f, f->message_id))) &&
	    put(j, "date", instant(f->date));
}

json_t *
verdict_json(const struct facts *f, const char *agency)
{
	enum reason r = f->reason < REASON_COUNT ? (enum reason)f->reason : REASON_NONE;
	json_t *j = json_object();

	if (j != NULL && put(j, "verdict", json_string(verdict_name((enum verdict)f->verdict))) &&
	    put(j, "reason", json_string(reason_info(r)->code)) &&
	    put(j, "text", reason_object(f, f->reason, f->arg1, f->arg2, false)) &&
	    put(j, "signer", signer_object(f, agency)) &&
	    put(j, "from", verdict_json_text(facts_span(f, f->from))) && put_checks(j, f) &&
	    put_notes(j, f) && put_documents(j, f) && put_claims(j, f))
		return j;
	json_decref(j);
	return NULL;
}
