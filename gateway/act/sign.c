/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sign: the received message becomes multipart/signed (RFC 1847, RFC 8551 3.5.3).
 *
 * What is signed is the MIME entity made of the root's Content-* fields and its body, first
 * made safe for any relay (sevenbit.h) and from then on never touched. The walk goes along
 * the part table of the facts in the order of the bytes; everything between the ranges it
 * knows is copied. All other fields of the root header stay outside, in their order.
 *
 * - The entity always begins with a Content-* field, so it can never be read as the DER of
 *   signed attributes (verdicts.md A05, H05).
 * - A multipart/signed (or encrypted) somewhere inside is somebody else's seal: its bytes
 *   stay as they are, and the parts around it keep saying 8bit if it needs that.
 * - The boundary comes from the digest of the received bytes, so it cannot occur in them,
 *   and a redelivery makes the same message. The time is that of acceptance.
 * - Memory does not grow with the message.
 *
 * The facts come from a process that may lie: ranges that do not follow each other are
 * refused (ERR_TEMP), never followed. Not done here: whether to sign, and for whom (decide);
 * a missing Date or Message-ID (the submission server's).
 */
#include <string.h>

#include "common/codec.h"
#include "common/digest.h"
#include "common/text.h"
#include "gateway/act/act.h"
#include "gateway/act/sevenbit.h"
#include "gateway/act/sink.h"

/* QP makes three bytes of one; headers and the signature come on top. */
#define GROWTH_FACTOR 3
#define GROWTH_EXTRA (SEAL_SIGNATURE_MAX * 2 + LIMIT_HEADER_BYTES)

#define BOUNDARY_PREFIX "=_vanthu_" /* "=_" can stand in no line of QP or base64 */
#define BOUNDARY_DIGITS 48          /* RFC 2046 5.1.1: at most 70 characters in all */
#define BOUNDARY_SIZE (sizeof(BOUNDARY_PREFIX) + BOUNDARY_DIGITS)
#define BASE64_PIECE (57 * 64)

struct signing {
	struct span message;
	const struct facts *facts;
	struct sink sink;
	size_t cursor; /* everything before it is written */
	bool keeps_8bit[LIMIT_PARTS]; /* holds a sealed part with 8-bit bytes */
};

enum body_form { BODY_AS_IS, BODY_QP, BODY_BASE64, BODY_MEND_QP, BODY_MEND_BASE64 };

struct treatment {
	enum body_form form;
	const char *label; /* the new Content-Transfer-Encoding; NULL: the old one stays */
};

static struct span
range(const struct signing *s, struct facts_range r)
{
	return span_sub(s->message, (size_t)r.start, (size_t)(r.end - r.start));
}

static struct span
type_of(const struct signing *s, const struct facts_part *p)
{
	return facts_span(s->facts, p->type);
}

static bool
type_is_text(struct span type)
{
	return span_starts_nocase(type, span_str("text/"));
}

static bool
has_children(const struct signing *s, uint32_t part)
{
	return part + 1 < s->facts->part_count && s->facts->parts[part + 1].parent == part &&
	    s->facts->parts[part + 1].origin == ORIGIN_MESSAGE;
}

/*
 * Is this part copied whole? Somebody else's seal, and what may not be encoded (RFC 2046
 * 5.2.1: message/rfc822, RFC 2045 6.4: multipart) and was not taken apart either.
 */
static bool
is_closed(const struct signing *s, uint32_t part)
{
	const struct facts_part *p = &s->facts->parts[part];
	struct span type = type_of(s, p);

	if (p->kind != PART_LEAF && !has_children(s, part))
		return true;
	return span_is_nocase(type, "multipart/signed") ||
	    span_is_nocase(type, "multipart/encrypted") ||
	    (p->kind == PART_LEAF && (span_is_nocase(type, "message/rfc822") ||
	                                 span_starts_nocase(type, span_str("multipart/"))));
}

static struct treatment
treat_leaf(const struct signing *s, const struct facts_part *p)
{
	unsigned hazards = sevenbit_hazards(range(s, p->body));
	bool is_text = type_is_text(type_of(s, p));
	/* Lone LF is mended on the way out, but in binary it is content. */
	bool lines_only = (hazards & ~(unsigned)HAZARD_LF) == 0;
	struct treatment keep = { BODY_AS_IS, NULL }, relabel = { BODY_AS_IS, "7bit" };
	struct treatment encode = is_text
	    ? (struct treatment){ BODY_QP, "quoted-printable" }
	    : (struct treatment){ BODY_BASE64, "base64" };

	switch ((enum facts_encoding)p->encoding) {
	case ENCODING_7BIT:
		return lines_only ? keep : encode;
	case ENCODING_8BIT:
		return lines_only ? relabel : encode;
	case ENCODING_BINARY:
		return hazards == 0 ? relabel : encode;
	case ENCODING_QP:
		return lines_only ? keep : (struct treatment){ BODY_MEND_QP, NULL };
	case ENCODING_BASE64:
		return lines_only ? keep : (struct treatment){ BODY_MEND_BASE64, NULL };
	}
	return encode;
}

static struct treatment
treat(const struct signing *s, uint32_t part)
{
	const struct facts_part *p = &s->facts->parts[part];
	bool says_8bit = p->encoding == ENCODING_8BIT || p->encoding == ENCODING_BINARY;

	if (is_closed(s, part))
		return (struct treatment){ BODY_AS_IS, NULL };
	if (p->kind == PART_LEAF)
		return treat_leaf(s, p);
	return (struct treatment){ BODY_AS_IS,
		says_8bit && !s->keeps_8bit[part] ? "7bit" : NULL };
}

static void
put_label(struct signing *s, const char *label)
{
	sink_put_str(&s->sink, "Content-Transfer-Encoding: ");
	sink_put_str(&s->sink, label);
	sink_put_str(&s->sink, "\r\n");
}

/* The header of an inner part, its encoding field replaced or added. */
static void
put_part_header(struct signing *s, const struct facts_part *p, const char *label)
{
	struct facts_range before = p->header, after = { p->header.end, p->header.end };

	if (label != NULL && p->encoding_field.end > p->encoding_field.start) {
		before.end = p->encoding_field.start;
		after.start = p->encoding_field.end;
	}
	sevenbit_put_header(&s->sink, range(s, before));
	if (label != NULL)
		put_label(s, label);
	sevenbit_put_header(&s->sink, range(s, after));
	sink_put_str(&s->sink, "\r\n");
}

static void
put_body(struct signing *s, const struct facts_part *p, enum body_form form)
{
	struct span body = range(s, p->body);
	bool lines = p->encoding != ENCODING_BINARY;

	switch (form) {
	case BODY_AS_IS:
		sevenbit_put_lines(&s->sink, body);
		break;
	case BODY_QP:
		sevenbit_put_qp(&s->sink, body, lines);
		break;
	case BODY_BASE64:
		sevenbit_put_base64(&s->sink, body, lines);
		break;
	case BODY_MEND_QP:
		sevenbit_mend_qp(&s->sink, body);
		break;
	case BODY_MEND_BASE64:
		sevenbit_mend_base64(&s->sink, body);
		break;
	}
}

static bool
field_fits(const struct facts_part *p)
{
	const struct facts_range *f = &p->encoding_field;

	return f->end == f->start || (f->start >= p->header.start && f->end <= p->header.end);
}

/* Ranges in order and inside their root: then no byte is written twice or left out. */
static int
check_part(const struct signing *s, const struct facts_part *p, struct error *e)
{
	const struct facts_part *root = &s->facts->parts[0];

	if (p->header.start < s->cursor || p->header.end < p->header.start ||
	    p->body.start < p->header.end || p->body.end < p->body.start ||
	    p->body.end > root->body.end || !field_fits(p))
		return error_set(e, ERR_TEMP, "facts: parts do not follow each other");
	return 0;
}

static int
put_inner_part(struct signing *s, uint32_t part, struct error *e)
{
	const struct facts_part *p = &s->facts->parts[part];
	struct treatment t;

	if (check_part(s, p, e) < 0)
		return -1;
	sevenbit_put_between(
	    &s->sink, range(s, (struct facts_range){ s->cursor, p->header.start }));
	if (is_closed(s, part)) {
		sevenbit_put_lines(
		    &s->sink, range(s, (struct facts_range){ p->header.start, p->body.end }));
		s->cursor = (size_t)p->body.end;
		return 0;
	}
	t = treat(s, part);
	put_part_header(s, p, t.label);
	s->cursor = (size_t)p->body.start;
	if (p->kind == PART_LEAF) {
		put_body(s, p, t.form);
		s->cursor = (size_t)p->body.end;
	}
	return 0;
}

/* The body of the root: its parts in order, and what stands between them. */
static int
put_root_body(struct signing *s, struct error *e)
{
	const struct facts_part *root = &s->facts->parts[0];

	s->cursor = (size_t)root->body.start;
	if (is_closed(s, 0) || root->kind == PART_LEAF) {
		put_body(s, root, treat(s, 0).form);
		return 0;
	}
	for (uint32_t i = 1; i < s->facts->part_count; i++) {
		const struct facts_part *p = &s->facts->parts[i];
		/* A closed part was written with all that is in it. */
		bool written = s->cursor >= p->body.end && s->cursor > p->header.start;
		if (p->origin == ORIGIN_MESSAGE && !written && put_inner_part(s, i, e) < 0)
			return -1;
	}
	sevenbit_put_between(
	    &s->sink, range(s, (struct facts_range){ s->cursor, root->body.end }));
	return 0;
}

/* A body without a Content-Type is text; its charset was never said. */
static void
put_default_type(struct signing *s)
{
	struct span body = range(s, s->facts->parts[0].body);
	const char *charset = "us-ascii";

	if (sevenbit_hazards(body) & HAZARD_8BIT)
		charset = text_is_utf8(body) ? "utf-8" : "unknown-8bit"; /* RFC 1428 */
	sink_put_str(&s->sink, "Content-Type: text/plain; charset=");
	sink_put_str(&s->sink, charset);
	sink_put_str(&s->sink, "\r\n");
}

/* The header of what is signed: the root's Content-* fields, in their order. */
static void
put_entity_header(struct signing *s)
{
	const struct facts_part *root = &s->facts->parts[0];
	struct treatment t = treat(s, 0);
	bool typed = false;

	for (uint32_t i = 0; i < s->facts->field_count; i++) {
		const struct facts_field *f = &s->facts->fields[i];
		struct span field = range(s, f->range);
		typed = typed ||
		    (f->kind == FIELD_CONTENT &&
		        (span_starts_nocase(field, span_str("Content-Type:")) ||
		            span_starts_nocase(field, span_str("Content-Type "))));
	}
	if (!typed)
		put_default_type(s);
	for (uint32_t i = 0; i < s->facts->field_count; i++) {
		const struct facts_field *f = &s->facts->fields[i];
		bool replaced = t.label != NULL &&
		    root->encoding_field.end == f->range.end && f->range.end > f->range.start;
		if (f->kind == FIELD_CONTENT && !replaced)
			sevenbit_put_header(&s->sink, range(s, f->range));
	}
	if (t.label != NULL)
		put_label(s, t.label);
	sink_put_str(&s->sink, "\r\n");
}

/* Every other field of the root header as it is; forged copies of our own are dropped. */
static int
put_outer_fields(struct signing *s, struct error *e)
{
	const struct facts_part *root = &s->facts->parts[0];
	uint64_t at = root->header.start;

	for (uint32_t i = 0; i < s->facts->field_count; i++) {
		const struct facts_field *f = &s->facts->fields[i];
		if (f->range.start < at || f->range.end <= f->range.start ||
		    f->range.end > root->header.end)
			return error_set(e, ERR_TEMP, "facts: fields do not follow each other");
		if (f->kind != FIELD_CONTENT && f->kind != FIELD_MIME_VERSION &&
		    f->kind != FIELD_OWN)
			continue;
		sevenbit_put_lines(
		    &s->sink, range(s, (struct facts_range){ at, f->range.start }));
		at = f->range.end;
	}
	sevenbit_put_lines(&s->sink, range(s, (struct facts_range){ at, root->header.end }));
	return 0;
}

/* Mark what is around a seal of somebody else that needs 8-bit transport. */
static void
find_8bit_seals(struct signing *s)
{
	for (uint32_t i = 0; i < s->facts->part_count; i++) {
		const struct facts_part *p = &s->facts->parts[i];
		if (p->origin != ORIGIN_MESSAGE || !is_closed(s, i) ||
		    (sevenbit_hazards(range(s, p->body)) & HAZARD_8BIT) == 0)
			continue;
		for (uint32_t up = p->parent; up != FACTS_NONE; up = s->facts->parts[up].parent)
			s->keeps_8bit[up] = true;
	}
}

static int
check_facts(const struct signing *s, struct error *e)
{
	const struct facts *f = s->facts;

	if (f->part_count == 0 || f->parts[0].origin != ORIGIN_MESSAGE ||
	    f->parts[0].header.start != 0 || f->parts[0].body.end != s->message.len ||
	    f->parts[0].header.end > f->parts[0].body.start || !field_fits(&f->parts[0]))
		return error_set(e, ERR_TEMP, "facts: no root part");
	if (f->parts[0].header.end > 0 && s->message.ptr[f->parts[0].header.end - 1] != '\n')
		return error_set(e, ERR_PERM, "the header has no end");
	if (f->field_count >= FACTS_FIELDS_MAX)
		return error_set(e, ERR_PERM, "more header fields than can be signed");
	return 0;
}

/* No words in the preamble: a strict reader would have to report text that nobody signed. */
static void
put_outer_type(struct signing *s, const char *boundary)
{
	sink_put_str(&s->sink,
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n"
	    "\tmicalg=sha-256;\r\n"
	    "\tboundary=\"");
	sink_put_str(&s->sink, boundary);
	sink_put_str(&s->sink,
	    "\"\r\n"
	    "\r\n"
	    "--");
	sink_put_str(&s->sink, boundary);
	sink_put_str(&s->sink, "\r\n");
}

static void
put_signature(struct signing *s, const char *boundary, struct span der)
{
	struct buf text;

	sink_put_str(&s->sink, "\r\n--");
	sink_put_str(&s->sink, boundary);
	sink_put_str(&s->sink,
	    "\r\n"
	    "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment; filename=\"smime.p7s\"\r\n"
	    "\r\n");
	buf_init(&text, 2 * BASE64_PIECE);
	for (size_t at = 0; at < der.len; at += BASE64_PIECE) {
		buf_reset(&text);
		codec_base64_encode(span_sub(der, at, BASE64_PIECE), &text);
		sink_put(&s->sink, buf_span(&text));
		if (text.failed)
			sink_fail(&s->sink, ERR_TEMP, "out of memory");
	}
	buf_free(&text);
	/* The last line end of the base64 is that of the delimiter. */
	sink_put_str(&s->sink, "--");
	sink_put_str(&s->sink, boundary);
	sink_put_str(&s->sink, "--\r\n");
}

/* Ask keyd, unless an earlier attempt left its signature. */
static int
seal(struct seal_client *keys, const struct envelope *env, const char *agency,
    const uint8_t digest[DIGEST_SIZE], struct buf *signature, struct deadline d,
    struct error *e)
{
	struct seal_request q = { .algorithm = SEAL_SHA256,
		.digest_size = DIGEST_SIZE,
		.signing_time = env->accepted_at };
	struct seal_answer a;
	struct span id = span_str(agency);

	if (signature->len > 0) {
		if (span_find_span(buf_span(signature), span_of(digest, DIGEST_SIZE), 0) ==
		    SPAN_NOT_FOUND)
			return error_set(e, ERR_BUG, "the stored signature is of other bytes");
		return 0;
	}
	if (id.len >= sizeof(q.agency))
		return error_set(e, ERR_BUG, "agency id too long");
	memcpy(q.agency, id.ptr, id.len);
	memcpy(q.digest, digest, DIGEST_SIZE);
	memcpy(q.tx, env->tx, sizeof(q.tx));
	buf_init(&a.signature, SEAL_SIGNATURE_MAX);
	int r = seal_request(keys, &q, d, &a, e);
	if (r == 0) {
		buf_put_span(signature, buf_span(&a.signature));
		if (signature->failed)
			r = error_set(e, ERR_TEMP, "no room for the signature");
	}
	buf_free(&a.signature);
	return r;
}

static void
make_boundary(const struct spool *received, char out[BOUNDARY_SIZE])
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(spool_body_digest(received), hex);
	memcpy(out, BOUNDARY_PREFIX, sizeof(BOUNDARY_PREFIX) - 1);
	memcpy(out + sizeof(BOUNDARY_PREFIX) - 1, hex, BOUNDARY_DIGITS);
	out[BOUNDARY_SIZE - 1] = '\0';
}

static int
put_all(struct signing *s, struct seal_client *keys, const struct envelope *env,
    const char *agency, const char *boundary, struct buf *signature, struct deadline d,
    struct error *e)
{
	uint8_t digest[DIGEST_SIZE];
	struct digest *running = digest_new();
	int result = -1;

	if (running == NULL)
		return error_set(e, ERR_TEMP, "out of memory");
	if (check_facts(s, e) < 0 || put_outer_fields(s, e) < 0)
		goto out;
	find_8bit_seals(s);
	put_outer_type(s, boundary);
	sink_set_digest(&s->sink, running);
	put_entity_header(s);
	if (put_root_body(s, e) < 0)
		goto out;
	sink_set_digest(&s->sink, NULL);
	if (sink_flush(&s->sink, e) < 0)
		goto out;
	digest_final(running, digest);
	if (seal(keys, env, agency, digest, signature, d, e) < 0)
		goto out;
	put_signature(s, boundary, buf_span(signature));
	result = sink_flush(&s->sink, e);
out:
	digest_free(&running);
	return result;
}

int
act_sign(const struct act_settings *settings, struct seal_client *keys,
    const struct envelope *env, const struct facts *facts, const struct spool *received,
    const char *agency, struct buf *signature, struct spool **signed_message,
    struct deadline d, struct error *e)
{
	struct signing s = { .message = spool_bytes(received), .facts = facts };
	char boundary[BOUNDARY_SIZE];
	struct spool *to = NULL;
	int result = -1;

	*signed_message = NULL;
	if (spool_new(settings->spool_dir[0] != '\0' ? settings->spool_dir : NULL,
	        s.message.len * GROWTH_FACTOR + GROWTH_EXTRA, &to, e) < 0)
		return error_prefix(e, "sign");
	sink_init(&s.sink, to);
	make_boundary(received, boundary);
	if (put_all(&s, keys, env, agency, boundary, signature, d, e) == 0 &&
	    spool_seal(to, e) == 0) {
		*signed_message = to;
		to = NULL;
		result = 0;
	} else {
		error_prefix(e, "sign");
	}
	sink_free(&s.sink);
	spool_free(&to);
	return result;
}
