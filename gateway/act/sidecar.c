/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metadata has the names of Decree 30/2020 (annex VI, part II) so that a document
 * management system can take it over. What only a clerk knows stays null: the number of
 * arrival is never invented, since paper and electronic documents share one series. A number
 * that was guessed says so.
 *
 * "value" says what the gateway may claim: the decree gives legal force to a document that
 * bears the signature of the competent person and that of the agency. Only the mail's
 * signature is checked here, so at best the value is not determined.
 */
#include "gateway/act/sidecar.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "common/clock.h"
#include "common/codec.h"
#include "common/text.h"
#include "gateway/act/verdict_json.h"
#include "gateway/model/mark.h"
#include "gateway/model/say.h"

#define SUBJECT_MAX 500 /* characters, annex VI */
#define PEM_LINE 64     /* RFC 7468 section 2 */
#define VALUE_UNKNOWN "chua_xac_dinh"
#define VALUE_REFERENCE "de_biet_tham_khao"

static int
dump(json_t *j, struct buf *out, struct error *e)
{
	char *text = j == NULL ? NULL : json_dumps(j, JSON_INDENT(2));

	json_decref(j);
	if (text == NULL)
		return error_set(e, ERR_TEMP, "no memory for JSON");
	buf_put_str(out, text);
	buf_put_byte(out, '\n');
	free(text);
	return out->failed ? error_set(e, ERR_TEMP, "no memory for JSON") : 0;
}

static const char *
value_of(const struct facts *f)
{
	return f->verdict == VERDICT_VERIFIED ? VALUE_UNKNOWN : VALUE_REFERENCE;
}

/* --- verdict.json ------------------------------------------------------------------------- */

static json_t *
recipients(const struct sidecar *s)
{
	const struct plan *p = s->job->plan;
	json_t *list = json_array();

	for (unsigned i = 0; list != NULL && i < p->recipient_count; i++) {
		if (strcmp(p->recipients[i].agency, s->step->target) == 0 &&
		    json_array_append_new(list, json_string(p->recipients[i].address)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

int
sidecar_verdict(const struct sidecar *s, struct buf *out, struct error *e)
{
	const struct act_job *job = s->job;
	const struct envelope *env = job->envelope;
	const struct plan *p = job->plan;
	const char *signer = job->facts->verdict == VERDICT_VERIFIED ? p->sender_agency : NULL;
	char accepted[CLOCK_TEXT_MAX], policy[DIGEST_HEX_SIZE], original[DIGEST_HEX_SIZE];
	json_t *j = verdict_json(job->facts, signer), *custody;

	custody = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s}", "tx", env->tx,
	    "accepted_at", clock_rfc3339(env->accepted_at, accepted), "zone",
	    zone_name(env->zone), "sender", env->sender, "agency", s->step->target, "rule",
	    p->recipients[s->step->recipient].rule, "policy",
	    digest_hex(p->policy_digest, policy), "original_sha256",
	    digest_hex(spool_digest(job->received), original), "recipients", recipients(s),
	    "value", value_of(job->facts));
	if (j != NULL && (custody == NULL || json_object_update(j, custody) != 0)) {
		json_decref(j);
		j = NULL;
	}
	json_decref(custody);
	return dump(j, out, e);
}

/* --- metadata ------------------------------------------------------------------------------ */

/* "06/KH-VP" -> "06" and "KH-VP"; a law "20/2023/QH15" keeps its year in the notation. */
static void
split_number(struct span number, struct span *digits, struct span *notation)
{
	size_t slash = span_find(number, '/', 0);

	if (slash == SPAN_NOT_FOUND) {
		*digits = span_sub(number, 0, 0);
		*notation = number;
		return;
	}
	*digits = span_sub(number, 0, slash);
	*notation = span_from(number, slash + 1);
}

static json_t *
subject(struct span s)
{
	size_t end = 0;

	for (unsigned i = 0; i < SUBJECT_MAX && end < s.len; i++)
		text_next(s, &end);
	return verdict_json_text(span_sub(s, 0, end));
}

static json_t *
day(int64_t seconds)
{
	char text[CLOCK_TEXT_MAX];

	clock_vietnam(seconds, text); /* "24/11/2026 04:05" */
	return json_stringn(text, 10);
}

static json_t *
source_name(uint8_t source)
{
	switch ((enum facts_source)source) {
	case FROM_SUBJECT:
		return json_string("subject");
	case FROM_FILE_NAME:
		return json_string("file name");
	case FROM_EDXML:
		return json_string("edxml");
	case FROM_NOWHERE:
		break;
	}
	return json_null();
}

static json_t *
files(const struct sidecar *s)
{
	const struct facts *f = s->job->facts;
	json_t *list = json_array();

	for (uint32_t i = 0; list != NULL && i < f->document_count; i++) {
		const struct facts_document *d = &f->documents[i];
		char hex[DIGEST_HEX_SIZE];

		if (json_array_append_new(list,
			json_pack("{s:s, s:o, s:o, s:I, s:s}", "File", s->names[i], "SentAs",
			    verdict_json_text(facts_span(f, d->name)), "Type",
			    verdict_json_text(facts_span(f, d->type)), "Size",
			    (json_int_t)d->size, "Sha256", digest_hex(d->sha256, hex))) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* Who issued the document, where a signature says so; a mere claim is not taken over. */
static struct span
issuer_name(const struct act_job *job)
{
	return span_str(job->facts->verdict == VERDICT_VERIFIED ? job->plan->sender_name : "");
}

static json_t *
metadata(const struct sidecar *s)
{
	const struct act_job *job = s->job;
	const struct facts *f = job->facts;
	struct span digits, notation;
	json_t *arrival, *j;

	split_number(facts_span(f, f->number), &digits, &notation);
	j = json_pack("{s:n, s:n, s:o, s:o, s:o, s:n, s:o, s:o, s:n, s:n, s:n, s:{s:n, s:n}, s:i}",
	    "FileCode", "DocOrdinal", "TypeName",
	    verdict_json_text(span_str(mark_kind_name(facts_span(f, f->doc_type)))),
	    "CodeNumber", verdict_json_text(digits), "CodeNotation",
	    verdict_json_text(notation), "IssuedDate", "OrganName",
	    verdict_json_text(issuer_name(job)), "Subject",
	    subject(facts_span(f, f->subject)), "Language", "PageAmount", "Description",
	    "SignerInfo", "Position", "FullName", "Priority", (int)f->urgency);
	arrival = json_pack("{s:o, s:n, s:n, s:n, s:n, s:o, s:b, s:s, s:s, s:o, s:s, s:o}",
	    "ArrivalDate", day(job->envelope->accepted_at), "ArrivalNumber", "ToPlaces",
	    "TraceHeaderList", "DueDate", "CodeSource", source_name(f->number_source),
	    "CodeCertain", f->number_certain != 0, "SenderAgency", job->plan->sender_agency,
	    "ReceiverAgency", s->step->target, "From", verdict_json_text(facts_span(f, f->from)),
	    "Value", value_of(f), "Files", files(s));
	if (j != NULL && (arrival == NULL || json_object_update(j, arrival) != 0)) {
		json_decref(j);
		j = NULL;
	}
	json_decref(arrival);
	return j;
}

int
sidecar_metadata_json(const struct sidecar *s, struct buf *out, struct error *e)
{
	return dump(metadata(s), out, e);
}

static void
line(struct buf *out, const char *label, const char *value)
{
	buf_printf(out, "%s: ", label);
	text_show(span_str(value), 8 * SUBJECT_MAX, out);
	buf_put_byte(out, '\n');
}

static void
text_line(struct buf *out, const char *label, struct span value)
{
	buf_printf(out, "%s: ", label);
	text_show(value, 8 * SUBJECT_MAX, out);
	buf_put_byte(out, '\n');
}

/* The same for a clerk: the lines of the stamp "ĐẾN" and of the register. */
int
sidecar_metadata_text(const struct sidecar *s, struct buf *out, struct error *e)
{
	const struct act_job *job = s->job;
	const struct facts *f = job->facts;
	struct buf said;
	char when[CLOCK_TEXT_MAX];

	line(out, "Ngày đến", clock_vietnam(job->envelope->accepted_at, when));
	line(out, "Số đến", "");
	text_line(out, "Số, ký hiệu văn bản", facts_span(f, f->number));
	if (f->number.length > 0 && !f->number_certain)
		line(out, "Lưu ý", "số, ký hiệu do máy đoán, cần văn thư xác nhận");
	line(out, "Tên loại", mark_kind_name(facts_span(f, f->doc_type)));
	text_line(out, "Trích yếu", facts_span(f, f->subject));
	line(out, "Độ khẩn", mark_urgency_words((enum facts_urgency)f->urgency));
	text_line(out, "Tác giả", issuer_name(job));
	line(out, "Mã cơ quan gửi", job->plan->sender_agency);
	text_line(out, "Địa chỉ gửi", facts_span(f, f->from));
	line(out, "Mã cơ quan nhận", s->step->target);
	buf_init(&said, 4096);
	reason_text(f->reason < REASON_COUNT ? (enum reason)f->reason : REASON_NONE, REASON_VI,
	    facts_span(f, f->arg1), facts_span(f, f->arg2), false, &said);
	line(out, "Chữ ký", buf_str(&said));
	buf_free(&said);
	for (uint32_t i = 0; i < f->document_count; i++)
		line(out, "Tệp", s->names[i]);
	line(out, "Mã giao dịch", job->envelope->tx);
	return out->failed ? error_set(e, ERR_TEMP, "no memory for metadata.txt") : 0;
}

/* --- chain.pem ------------------------------------------------------------------------------ */

/* The length of the first DER value (definite form, at most four bytes of length); 0 = none. */
static size_t
der_length(struct span s)
{
	size_t length = 0, bytes;

	if (s.len < 2)
		return 0;
	if (s.ptr[1] < 0x80)
		return (size_t)s.ptr[1] + 2 <= s.len ? (size_t)s.ptr[1] + 2 : 0;
	bytes = s.ptr[1] & 0x7fu;
	if (bytes == 0 || bytes > 4 || s.len < 2 + bytes)
		return 0;
	for (size_t i = 0; i < bytes; i++)
		length = length << 8 | s.ptr[2 + i];
	return length <= s.len - 2 - bytes ? length + 2 + bytes : 0;
}

int
sidecar_chain(const struct facts *f, struct buf *out, struct error *e)
{
	struct span rest = facts_span(f, f->signer.chain);
	struct buf flat;

	buf_init(&flat, FACTS_POOL_MAX * 2);
	while (rest.len > 0) {
		size_t length = der_length(rest);

		if (length == 0)
			break;
		buf_reset(&flat);
		codec_base64_encode_flat(span_sub(rest, 0, length), &flat);
		buf_put_str(out, "-----BEGIN CERTIFICATE-----\n");
		for (size_t at = 0; at < flat.len; at += PEM_LINE) {
			buf_put_span(out, span_sub(buf_span(&flat), at, PEM_LINE));
			buf_put_byte(out, '\n');
		}
		buf_put_str(out, "-----END CERTIFICATE-----\n");
		rest = span_from(rest, length);
	}
	buf_free(&flat);
	if (rest.len > 0)
		return error_set(e, ERR_BUG, "the chain in the facts is not DER");
	return out->failed ? error_set(e, ERR_TEMP, "no memory for chain.pem") : 0;
}
