/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire form of facts. The decoder believes nothing: every count, enum, index, range and
 * pool offset is checked against what is known here (the sizes of the message and of the
 * opaque content), because the process that wrote it parsed hostile bytes and may be lost.
 */
#include <string.h>

#include "common/ipc.h"
#include "gateway/model/facts.h"

#define FACTS_VERSION 1

static void
put_text(struct buf *out, struct facts_text t)
{
	wire_put_u32(out, t.offset);
	wire_put_u32(out, t.length);
}

static void
put_range(struct buf *out, struct facts_range r)
{
	wire_put_u64(out, r.start);
	wire_put_u64(out, r.end);
}

static void
put_judgement(const struct facts *f, struct buf *out)
{
	wire_put_u8(out, f->verdict);
	wire_put_u16(out, f->reason);
	put_text(out, f->arg1);
	put_text(out, f->arg2);
	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		wire_put_u8(out, f->checks[i].state);
		wire_put_u16(out, f->checks[i].reason);
		put_text(out, f->checks[i].arg1);
		put_text(out, f->checks[i].arg2);
	}
	wire_put_u32(out, f->note_count);
	for (uint32_t i = 0; i < f->note_count; i++) {
		wire_put_u16(out, f->notes[i].reason);
		put_text(out, f->notes[i].arg1);
		put_text(out, f->notes[i].arg2);
	}
}

static void
put_signature(const struct facts *f, struct buf *out)
{
	const struct facts_signer *s = &f->signer;

	wire_put_u8(out, f->form);
	wire_put_u8(out, f->signed_origin);
	put_range(out, f->signed_range);
	wire_put_u32(out, f->signed_part);
	wire_put_u32(out, f->signature_part);
	put_text(out, s->address);
	put_text(out, s->subject);
	put_text(out, s->issuer);
	put_text(out, s->serial);
	wire_put_span(out, span_of(s->sha256, DIGEST_SIZE));
	wire_put_u64(out, (uint64_t)s->not_before);
	wire_put_u64(out, (uint64_t)s->not_after);
	wire_put_u64(out, (uint64_t)s->signing_time);
	put_text(out, s->chain);
}

static void
put_headers(const struct facts *f, struct buf *out)
{
	put_text(out, f->from);
	put_text(out, f->subject);
	put_text(out, f->message_id);
	wire_put_u64(out, (uint64_t)f->date);
	put_text(out, f->number);
	put_text(out, f->doc_type);
	wire_put_u8(out, f->number_source);
	wire_put_u8(out, f->number_certain);
	wire_put_u8(out, f->urgency);
	wire_put_u8(out, f->secrecy);
	wire_put_u8(out, f->auto_submitted);
	wire_put_u8(out, f->hops);
}

static void
put_parts(const struct facts *f, struct buf *out)
{
	wire_put_u32(out, f->part_count);
	for (uint32_t i = 0; i < f->part_count; i++) {
		const struct facts_part *p = &f->parts[i];

		wire_put_u32(out, p->parent);
		wire_put_u16(out, p->depth);
		wire_put_u8(out, p->kind);
		wire_put_u8(out, p->encoding);
		wire_put_u8(out, p->origin);
		wire_put_u8(out, p->has_8bit);
		wire_put_u8(out, p->long_line);
		put_range(out, p->header);
		put_range(out, p->body);
		put_range(out, p->encoding_field);
		put_text(out, p->type);
	}
	wire_put_u32(out, f->field_count);
	for (uint32_t i = 0; i < f->field_count; i++) {
		put_range(out, f->fields[i].range);
		wire_put_u8(out, f->fields[i].kind);
	}
	wire_put_u32(out, f->document_count);
	for (uint32_t i = 0; i < f->document_count; i++) {
		const struct facts_document *d = &f->documents[i];

		wire_put_u32(out, d->part);
		put_text(out, d->name);
		put_text(out, d->declared);
		put_text(out, d->type);
		wire_put_u64(out, d->size);
		wire_put_span(out, span_of(d->sha256, DIGEST_SIZE));
		wire_put_u32(out, d->flags);
	}
}

void
facts_encode(const struct facts *f, struct buf *out)
{
	wire_put_u8(out, FACTS_VERSION);
	wire_put_span(out, span_of(f->pool, f->pool_length));
	put_judgement(f, out);
	put_signature(f, out);
	put_headers(f, out);
	put_parts(f, out);
}

/* --- reading ---------------------------------------------------------------------- */

struct reader {
	struct wire_in in;
	struct facts *f;
	uint64_t sizes[2]; /* by enum facts_origin */
	const char *wrong; /* the first thing that did not hold */
};

static void
expect(struct reader *r, bool holds, const char *what)
{
	if ((!holds || r->in.bad) && r->wrong == NULL)
		r->wrong = what;
}

static struct facts_text
get_text(struct reader *r, const char *what)
{
	struct facts_text t;

	t.offset = wire_u32(&r->in);
	t.length = wire_u32(&r->in);
	expect(r, t.offset <= r->f->pool_length && t.length <= r->f->pool_length - t.offset,
	    what);
	return t;
}

static struct facts_range
get_range(struct reader *r, unsigned origin, const char *what)
{
	struct facts_range range;

	range.start = wire_u64(&r->in);
	range.end = wire_u64(&r->in);
	expect(r, range.start <= range.end && range.end <= r->sizes[origin & 1], what);
	return range;
}

static uint8_t
get_enum(struct reader *r, unsigned max, const char *what)
{
	uint8_t v = wire_u8(&r->in);

	expect(r, v <= max, what);
	return v;
}

static uint16_t
get_reason(struct reader *r, const char *what)
{
	uint16_t v = wire_u16(&r->in);

	expect(r, v < REASON_COUNT, what);
	return v;
}

static uint32_t
get_count(struct reader *r, uint32_t max, const char *what)
{
	uint32_t v = wire_u32(&r->in);

	expect(r, v <= max, what);
	return r->wrong == NULL ? v : 0;
}

static void
get_digest(struct reader *r, uint8_t out[DIGEST_SIZE], const char *what)
{
	struct span s = wire_span(&r->in, DIGEST_SIZE);

	expect(r, s.len == DIGEST_SIZE, what);
	if (s.len == DIGEST_SIZE)
		memcpy(out, s.ptr, DIGEST_SIZE);
}

static void
get_pool(struct reader *r)
{
	struct span s = wire_span(&r->in, FACTS_POOL_MAX);

	expect(r, true, "pool");
	if (r->wrong != NULL || s.len == 0)
		return;
	memcpy(r->f->pool, s.ptr, s.len);
	r->f->pool_length = (uint32_t)s.len;
}

static void
get_judgement(struct reader *r)
{
	struct facts *f = r->f;

	f->verdict = get_enum(r, VERDICT_COUNT - 1, "verdict");
	f->reason = get_reason(r, "reason");
	f->arg1 = get_text(r, "reason's argument");
	f->arg2 = get_text(r, "reason's argument");
	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		f->checks[i].state = get_enum(r, CHECK_UNKNOWN, "check");
		f->checks[i].reason = get_reason(r, "check's reason");
		f->checks[i].arg1 = get_text(r, "check's argument");
		f->checks[i].arg2 = get_text(r, "check's argument");
	}
	f->note_count = get_count(r, LIMIT_NOTES, "number of notes");
	for (uint32_t i = 0; i < f->note_count; i++) {
		f->notes[i].reason = get_reason(r, "note");
		f->notes[i].arg1 = get_text(r, "note's argument");
		f->notes[i].arg2 = get_text(r, "note's argument");
	}
}

static void
get_signature(struct reader *r)
{
	struct facts *f = r->f;
	struct facts_signer *s = &f->signer;

	f->form = get_enum(r, SIGNATURE_OPAQUE, "form of signature");
	f->signed_origin = get_enum(r, ORIGIN_CONTENT, "origin of the signed range");
	f->signed_range = get_range(r, f->signed_origin, "signed range");
	f->signed_part = wire_u32(&r->in);
	f->signature_part = wire_u32(&r->in);
	s->address = get_text(r, "signer's address");
	s->subject = get_text(r, "signer's subject");
	s->issuer = get_text(r, "signer's issuer");
	s->serial = get_text(r, "signer's serial number");
	get_digest(r, s->sha256, "signer's fingerprint");
	s->not_before = (int64_t)wire_u64(&r->in);
	s->not_after = (int64_t)wire_u64(&r->in);
	s->signing_time = (int64_t)wire_u64(&r->in);
	s->chain = get_text(r, "chain");
}

static void
get_headers(struct reader *r)
{
	struct facts *f = r->f;

	f->from = get_text(r, "From");
	f->subject = get_text(r, "Subject");
	f->message_id = get_text(r, "Message-ID");
	f->date = (int64_t)wire_u64(&r->in);
	f->number = get_text(r, "document number");
	f->doc_type = get_text(r, "document type");
	f->number_source = get_enum(r, FROM_EDXML, "source of the number");
	f->number_certain = get_enum(r, 1, "certainty of the number");
	f->urgency = get_enum(r, URGENCY_HOA_TOC, "urgency");
	f->secrecy = get_enum(r, 3, "secrecy");
	f->auto_submitted = get_enum(r, 1, "auto-submitted");
	f->hops = wire_u8(&r->in);
}

static void
get_part(struct reader *r, uint32_t index)
{
	struct facts_part *p = &r->f->parts[index];

	p->parent = wire_u32(&r->in);
	p->depth = wire_u16(&r->in);
	p->kind = get_enum(r, PART_MESSAGE, "kind of part");
	p->encoding = get_enum(r, ENCODING_BASE64, "encoding of part");
	p->origin = get_enum(r, ORIGIN_CONTENT, "origin of part");
	p->has_8bit = get_enum(r, 1, "8-bit mark of part");
	p->long_line = get_enum(r, 1, "long-line mark of part");
	p->header = get_range(r, p->origin, "header of part");
	p->body = get_range(r, p->origin, "body of part");
	p->encoding_field = get_range(r, p->origin, "encoding field of part");
	p->type = get_text(r, "type of part");
	/* A parent always stands before its children: no cycle can be told. */
	expect(r, p->parent == FACTS_NONE || p->parent < index, "parent of part");
	expect(r, p->depth <= 2 * LIMIT_DEPTH, "depth of part");
}

static void
get_parts(struct reader *r)
{
	struct facts *f = r->f;

	f->part_count = get_count(r, LIMIT_PARTS, "number of parts");
	for (uint32_t i = 0; i < f->part_count; i++)
		get_part(r, i);
	expect(r, f->signed_part == FACTS_NONE || f->signed_part < f->part_count,
	    "signed part");
	expect(r, f->signature_part == FACTS_NONE || f->signature_part < f->part_count,
	    "signature part");
	f->field_count = get_count(r, FACTS_FIELDS_MAX, "number of fields");
	for (uint32_t i = 0; i < f->field_count; i++) {
		f->fields[i].range = get_range(r, ORIGIN_MESSAGE, "field");
		f->fields[i].kind = get_enum(r, FIELD_OWN, "kind of field");
		/* Fields are cut out and moved by these ranges: ascending, never overlapping. */
		expect(r, i == 0 || f->fields[i].range.start >= f->fields[i - 1].range.end,
		    "order of fields");
	}
}

static void
get_documents(struct reader *r)
{
	struct facts *f = r->f;

	f->document_count = get_count(r, LIMIT_DOCUMENTS, "number of documents");
	for (uint32_t i = 0; i < f->document_count; i++) {
		struct facts_document *d = &f->documents[i];

		d->part = wire_u32(&r->in);
		d->name = get_text(r, "name of document");
		d->declared = get_text(r, "declared type of document");
		d->type = get_text(r, "type of document");
		d->size = wire_u64(&r->in);
		get_digest(r, d->sha256, "digest of document");
		d->flags = wire_u32(&r->in);
		expect(r, d->part < f->part_count && f->parts[d->part].kind != PART_MULTIPART,
		    "part of document");
	}
}

/* A verdict that its own checks contradict is a lie or a bug: doubt, either way. */
static void
check_consistent(struct reader *r)
{
	const struct facts *f = r->f;

	if (f->verdict != VERDICT_VERIFIED)
		return;
	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		bool may_skip = i == CHECK_REVOCATION;

		expect(r, f->checks[i].state == CHECK_OK ||
			(may_skip && f->checks[i].state == CHECK_SKIPPED),
		    "VERIFIED against a check");
	}
	expect(r, f->form != SIGNATURE_NONE && f->signed_part != FACTS_NONE,
	    "VERIFIED without a signature");
}

int
facts_decode(struct span wire, uint64_t message_size, uint64_t content_size,
    struct facts *out, struct error *e)
{
	struct reader r = { .in = wire_in(wire),
		.f = out,
		.sizes = { message_size, content_size } };

	memset(out, 0, sizeof(*out));
	expect(&r, wire_u8(&r.in) == FACTS_VERSION, "version");
	get_pool(&r);
	get_judgement(&r);
	get_signature(&r);
	get_headers(&r);
	get_parts(&r);
	get_documents(&r);
	check_consistent(&r);
	expect(&r, wire_done(&r.in), "end");
	if (r.wrong == NULL)
		return 0;
	memset(out, 0, sizeof(*out));
	out->signed_part = FACTS_NONE;
	out->signature_part = FACTS_NONE;
	return error_set(e, ERR_TEMP, "facts: the answer does not hold: %s", r.wrong);
}
