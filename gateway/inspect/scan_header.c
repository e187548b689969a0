/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers as the scanner sees them: each line as it comes, and at the end of a block what
 * its MIME fields make of the part (RFC 2045, RFC 2046 section 5). See scan.c.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/inspect/scan_field.h"
#include "gateway/inspect/scan_run.h"

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Note the type in facts; equal ones share their text, so that they do not fill the pool. */
static void
record_type(struct run *r, uint32_t index)
{
	const struct scan_part *sp = &r->s->parts[index];
	char text[2 * 128];
	int n;

	for (uint32_t i = 0; i < index; i++)
		if (span_equal(r->s->parts[i].type, sp->type) &&
		    span_equal(r->s->parts[i].subtype, sp->subtype)) {
			r->f->parts[index].type = r->f->parts[i].type;
			return;
		}
	if (sp->type.len > 80 || sp->subtype.len > 127 ||
	    r->f->pool_length > FACTS_POOL_MAX / 4)
		return;
	n = snprintf(text, sizeof(text), "%.*s/%.*s", (int)sp->type.len, sp->type.ptr,
	    (int)sp->subtype.len, sp->subtype.ptr);
	r->f->parts[index].type = facts_add(r->f, span_of(text, (size_t)n));
}

/* --- the end of a header ------------------------------------------------------------- */

struct mime_fields {
	struct scan_field type, disposition, encoding, version;
	unsigned types, dispositions, encodings;
	bool odd_version; /* twice the same version says the same */
};

static void
find_mime_fields(struct span header, struct mime_fields *m)
{
	struct scan_field field;
	size_t at = 0;

	memset(m, 0, sizeof(*m));
	while (scan_field_next(header, &at, &field)) {
		if (span_is_nocase(field.name, "content-type")) {
			if (m->types++ == 0)
				m->type = field;
		} else if (span_is_nocase(field.name, "content-disposition")) {
			if (m->dispositions++ == 0)
				m->disposition = field;
		} else if (span_is_nocase(field.name, "content-transfer-encoding")) {
			if (m->encodings++ == 0)
				m->encoding = field;
		} else if (span_is_nocase(field.name, "mime-version") &&
		    !scan_mime_version(field.body)) {
			m->odd_version = true;
			m->version = field;
		}
	}
}

/* Read a Content-Type or Content-Disposition; false when it is not to be used. */
static bool
read_value(struct run *r, const struct scan_field *field, bool is_type,
    struct scan_value *value)
{
	const char *name = is_type ? "Content-Type" : "Content-Disposition";

	if (!scan_value_read(r->s->arena, field->body, is_type, value) ||
	    value->problem == REASON_LIMIT_PARAMETERS) {
		char path[SCAN_PATH_SIZE];

		scan_add_problem(r->s, REASON_LIMIT_PARAMETERS, r->current,
		    scan_path(r->s, r->current, path), span_str(name));
		r->over = true;
		return false;
	}
	return value->token.len > 0 && (!is_type || value->subtype.len > 0);
}

static void
report_value(struct run *r, const struct scan_value *value, const char *name)
{
	struct span detail = value->detail.len > 0 ? value->detail : span_str(name);

	if (value->problem == REASON_NONE)
		return;
	if (value->soft)
		scan_soft_problem(r, value->problem, r->current, detail);
	else
		scan_part_problem(r, value->problem, r->current, detail);
}

static void
read_type(struct run *r, const struct mime_fields *m)
{
	struct scan_part *sp = &r->s->parts[r->current];
	uint32_t parent = r->f->parts[r->current].parent;
	struct scan_value value;

	if (m->types == 0) {
		if (parent != FACTS_NONE && scan_is(&r->s->parts[parent], "multipart", "digest")) {
			sp->type = span_str("message");
			sp->subtype = span_str("rfc822");
		}
		return;
	}
	sp->type_given = true;
	if (read_value(r, &m->type, true, &value)) {
		sp->type = value.token;
		sp->subtype = value.subtype;
		sp->type_parameters = value.parameters;
	}
	if (parent == FACTS_NONE)
		r->s->root_signed = scan_is(sp, "multipart", "signed") ||
		    scan_is(sp, "application", "pkcs7-mime") ||
		    scan_is(sp, "application", "x-pkcs7-mime");
	if (!r->over)
		report_value(r, &value, "Content-Type");
}

static void
read_other_fields(struct run *r, const struct mime_fields *m)
{
	struct scan_part *sp = &r->s->parts[r->current];
	struct facts_part *p = scan_current(r);
	struct scan_value value;
	enum facts_encoding encoding;

	if (m->types > 1)
		scan_part_problem(r, REASON_FIELD_TWICE, r->current, span_str("Content-Type"));
	if (m->dispositions > 1)
		scan_part_problem(r, REASON_FIELD_TWICE, r->current,
		    span_str("Content-Disposition"));
	if (m->encodings > 1)
		scan_part_problem(r, REASON_FIELD_TWICE, r->current,
		    span_str("Content-Transfer-Encoding"));
	if (m->odd_version)
		scan_add_problem(r->s, REASON_MIME_VERSION, r->current,
		    span_sub(m->version.body, 0, SCAN_SHOWN_MAX), scan_nothing);
	if (m->encodings > 0) {
		p->encoding_field = (struct facts_range){ p->header.start + m->encoding.start,
			p->header.start + m->encoding.end };
		if (scan_encoding(m->encoding.body, &encoding))
			p->encoding = (uint8_t)encoding;
		else
			scan_part_problem(r, REASON_ENCODING_UNKNOWN, r->current,
			    span_sub(m->encoding.body, 0, SCAN_SHOWN_MAX));
	}
	if (m->dispositions > 0) {
		if (read_value(r, &m->disposition, false, &value)) {
			sp->disposition = value.token;
			sp->disposition_parameters = value.parameters;
		}
		if (!r->over)
			report_value(r, &value, "Content-Disposition");
	}
}

static bool
is_prefix(struct span a, struct span b)
{
	return a.len <= b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* Open a multipart: its preamble begins. Without a usable boundary it stays a leaf. */
static void
open_multipart(struct run *r)
{
	struct scan_part *sp = &r->s->parts[r->current];
	struct span boundary;
	enum reason reason = scan_boundary(&sp->type_parameters, &boundary);

	if (reason != REASON_NONE)
		scan_part_problem(r, reason, r->current, scan_nothing);
	if (boundary.len == 0)
		return;
	if (r->depth == LIMIT_DEPTH + 1) {
		scan_limit(r, REASON_LIMIT_DEPTH, scan_nothing, LIMIT_DEPTH);
		return;
	}
	for (size_t i = 0; i < r->depth; i++)
		if (is_prefix(boundary, r->levels[i].boundary) ||
		    is_prefix(r->levels[i].boundary, boundary))
			scan_part_problem(r, REASON_BOUNDARY_CLASH, r->current, scan_nothing);
	scan_current(r)->kind = PART_MULTIPART;
	r->levels[r->depth++] = (struct level){ .part = r->current, .boundary = boundary };
	r->state = IN_PREAMBLE;
}

static void
check_message_type(struct run *r, const struct scan_part *sp)
{
	if (span_is(sp->subtype, "partial"))
		scan_part_problem(r, REASON_MESSAGE_PARTIAL, r->current, scan_nothing);
	else if (span_is(sp->subtype, "external-body"))
		scan_part_problem(r, REASON_EXTERNAL_BODY, r->current, scan_nothing);
}

/* The header [start, end) is complete and the body begins at `body`. */
void
scan_end_header(struct run *r, size_t end, size_t body)
{
	struct facts_part *p = scan_current(r);
	struct scan_part *sp = &r->s->parts[r->current];
	struct mime_fields m;
	bool identity;

	p->header.end = end;
	p->body = (struct facts_range){ body, body };
	r->state = IN_BODY;
	find_mime_fields(span_sub(r->bytes, p->header.start, end - p->header.start), &m);
	read_type(r, &m);
	if (!r->over)
		read_other_fields(r, &m);
	if (r->over)
		return;
	record_type(r, r->current);
	identity = p->encoding != ENCODING_QP && p->encoding != ENCODING_BASE64;
	if (span_is(sp->type, "multipart")) {
		if (!identity)
			scan_part_problem(r, REASON_ENCODING_MISPLACED, r->current,
			    span_str(p->encoding == ENCODING_QP ? "quoted-printable" : "base64"));
		open_multipart(r);
	} else if (span_is(sp->type, "message")) {
		check_message_type(r, sp);
		if (!identity) {
			/* Some decode and look inside, some do not. */
			scan_part_problem(r, REASON_ENCODING_MISPLACED, r->current,
			    span_str(p->encoding == ENCODING_QP ? "quoted-printable" : "base64"));
		} else if (span_is(sp->subtype, "rfc822") || span_is(sp->subtype, "global")) {
			p->kind = PART_MESSAGE;
			scan_begin_part(r, r->current, body);
		}
	}
}

/* --- lines of a header --------------------------------------------------------------- */

static void
check_field_name(struct run *r, const struct line *l)
{
	struct span text = span_sub(r->bytes, l->start, l->end - l->start);
	size_t colon = span_find(text, ':', 0), end = colon;

	if (colon == SPAN_NOT_FOUND) {
		scan_part_problem(r, REASON_HEADER_LINE, r->current, scan_shown(r, l));
		return;
	}
	while (end > 0 && is_blank(text.ptr[end - 1]))
		end--;
	for (size_t i = 0; i < end; i++)
		if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7f) {
			scan_part_problem(r, REASON_HEADER_LINE, r->current, scan_shown(r, l));
			return;
		}
	if (end == 0)
		scan_part_problem(r, REASON_HEADER_LINE, r->current, scan_shown(r, l));
	else if (end < colon)
		scan_part_problem(r, REASON_HEADER_COLON, r->current, scan_shown(r, l));
}

/* Controls that end a string or a line for some readers: all but TAB, and ESC, by which old
 * Japanese mail changes its alphabet. CR is another problem. */
static bool
has_controls(struct span line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.ptr[i] < 0x20 && memchr("\t\r\x1b", line.ptr[i], 3) == NULL)
			return true;
	return false;
}

static struct span
field_name(struct span line)
{
	size_t colon = span_find(line, ':', 0);

	return span_sub(line, 0, colon == SPAN_NOT_FOUND ? 0 : colon);
}

void
scan_header_line(struct run *r, const struct line *l)
{
	struct span text = span_sub(r->bytes, l->start, l->end - l->start);
	struct facts_part *p = scan_current(r);

	if (l->start == p->header.start)
		r->header_crlf = l->crlf;
	if (l->odd_end || l->has_cr || (r->header_crlf ? l->lf : l->crlf))
		scan_part_problem(r, REASON_HEADER_LINE_END, r->current, scan_nothing);
	if (has_controls(text))
		scan_part_problem(r, REASON_HEADER_CONTROL, r->current, field_name(text));
	if (text.len == 0) {
		scan_end_header(r, l->start, l->next);
		return;
	}
	if (is_blank(text.ptr[0])) {
		if (r->fields == 0 || scan_all_blank(text))
			scan_part_problem(r, REASON_HEADER_FOLD, r->current, scan_nothing);
	} else {
		r->field_start = l->start;
		r->fields++;
		check_field_name(r, l);
	}
	if (r->fields > LIMIT_FIELDS)
		scan_part_limit(r, REASON_LIMIT_FIELDS, LIMIT_FIELDS);
	else if (l->next - r->field_start > LIMIT_FIELD_BYTES)
		scan_part_limit(r, REASON_LIMIT_FIELD, LIMIT_FIELD_BYTES);
	else if (l->next - p->header.start > LIMIT_HEADER_BYTES)
		scan_part_limit(r, REASON_LIMIT_HEADER, LIMIT_HEADER_BYTES);
}
