/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner: RFC 5322 section 2.2 (header fields), RFC 2045, RFC 2046 section 5.1
 * (multiparts) and 5.2 (messages).
 *
 * One pass over the lines. What is open is a stack of multiparts, at most LIMIT_DEPTH deep;
 * a nested message needs no place on it, since only a delimiter of a multipart around it
 * ends it. The line end before a delimiter belongs to the delimiter, so ranges are exactly
 * what a signature covers.
 *
 * Invariants: parts are appended in the order in which they begin; the range of a child is
 * inside that of its parent; every part ends; after a LIMIT nothing more is read.
 *
 * Not here: what a value of a MIME field means (scan_field.c), transfer decoding
 * (content.c), fields of the root header (headers.c). Nothing is repaired: a construct that
 * is refused is still walked over somehow, and the message is AMBIGUOUS as a whole.
 */
#include "gateway/inspect/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "gateway/inspect/scan_field.h"
#include "gateway/model/limits.h"

#define ARENA_MAX (size_t)(16 * 1024 * 1024)
#define LONG_LINE 998 /* RFC 5322 2.1.1 */
#define SHOWN_MAX 60  /* bytes of a line quoted in a reason */

struct source {
	struct span bytes;
	bool lf;
};

struct scan {
	struct arena *arena;
	struct source sources[2]; /* by enum facts_origin */
	struct scan_part parts[LIMIT_PARTS];
	uint32_t ordinals[LIMIT_PARTS]; /* which child of its parent, from 1 */
	uint32_t parents[LIMIT_PARTS];
	uint32_t count;
	struct scan_problem problem;
	bool root_signed;
};

struct line {
	size_t start, end, next; /* [start, end) without the line end */
	bool crlf, lf;           /* which line end; neither at the end of the message */
	bool odd_end;            /* LF alone in a message whose header has CRLF */
	bool has_cr;             /* a CR that ends nothing */
	bool has_nul, has_8bit;
};

enum state { IN_HEADER, IN_BODY, IN_PREAMBLE, IN_EPILOGUE };

/* An open multipart. */
struct level {
	uint32_t part;
	struct span boundary;
	bool closed; /* its last delimiter was seen: we are in its epilogue */
};

struct run {
	struct scan *s;
	struct facts *f;
	struct span bytes;
	enum facts_origin origin;
	uint32_t base; /* the part around the root; FACTS_NONE for a message */
	bool lf;
	bool over; /* a limit was reached */
	enum state state;
	uint32_t current;
	bool header_crlf;   /* the first line of the header in progress has CRLF */
	uint32_t fields;    /* of the header in progress */
	size_t field_start; /* of the field in progress */
	size_t before;      /* the end of the line before, without its line end */
	bool before_odd;
	struct level levels[LIMIT_DEPTH + 1];
	size_t depth;
};

static const struct span nothing = { (const uint8_t *)"", 0 };

/* --- problems ------------------------------------------------------------------------ */

static struct span
keep(struct scan *s, struct span text)
{
	uint8_t *p = text.len == 0 ? NULL : arena_alloc(s->arena, text.len);

	if (p == NULL)
		return nothing;
	memcpy(p, text.ptr, text.len);
	return span_of(p, text.len);
}

static int
rank(enum reason r)
{
	if (r == REASON_NONE)
		return 0;
	switch (reason_info(r)->verdict) {
	case VERDICT_LIMIT:
		return 3;
	case VERDICT_AMBIGUOUS:
		return 2;
	case VERDICT_INVALID:
	case VERDICT_VERIFIED:
	case VERDICT_UNSIGNED:
	case VERDICT_UNTRUSTED:
	case VERDICT_MISMATCH:
	case VERDICT_ENCRYPTED:
	case VERDICT_UNCHECKABLE:
	case VERDICT_COUNT:
		break;
	}
	return 1;
}

void
scan_add_problem(struct scan *s, enum reason r, uint32_t part, struct span arg1,
    struct span arg2)
{
	if (rank(r) <= rank(s->problem.reason))
		return;
	s->problem = (struct scan_problem){ .reason = r, .part = part,
		.arg1 = keep(s, arg1), .arg2 = keep(s, arg2) };
}

struct span
scan_path(const struct scan *s, uint32_t part, char out[SCAN_PATH_SIZE])
{
	size_t at = SCAN_PATH_SIZE;

	while (part != FACTS_NONE && part < s->count && at >= 8) {
		char digits[12];
		int n = snprintf(digits, sizeof(digits), at == SCAN_PATH_SIZE ? "%u" : "%u.",
		    (unsigned)s->ordinals[part]);

		at -= (size_t)n;
		memcpy(out + at, digits, (size_t)n);
		part = s->parents[part];
	}
	return span_of(out + at, SCAN_PATH_SIZE - at);
}

static void
part_problem(struct run *r, enum reason reason, uint32_t part, struct span detail)
{
	char path[SCAN_PATH_SIZE];

	scan_add_problem(r->s, reason, part, scan_path(r->s, part, path), detail);
}

/* Something about a name: it matters where somebody signs for it. */
static void
soft_problem(struct run *r, enum reason reason, uint32_t part, struct span detail)
{
	char path[SCAN_PATH_SIZE];

	if (r->s->root_signed)
		part_problem(r, reason, part, detail);
	else
		facts_add_note(r->f, reason, scan_path(r->s, part, path), detail);
}

static void
limit(struct run *r, enum reason reason, struct span arg1, unsigned long value)
{
	char number[24];
	int n = snprintf(number, sizeof(number), "%lu", value);
	struct span text = span_of(number, (size_t)n);

	if (arg1.len == 0)
		scan_add_problem(r->s, reason, r->current, text, nothing);
	else
		scan_add_problem(r->s, reason, r->current, arg1, text);
	r->over = true;
}

static void
part_limit(struct run *r, enum reason reason, unsigned long value)
{
	char path[SCAN_PATH_SIZE];

	limit(r, reason, scan_path(r->s, r->current, path), value);
}

static struct span
shown(const struct run *r, const struct line *l)
{
	return span_sub(r->bytes, l->start,
	    l->end - l->start < SHOWN_MAX ? l->end - l->start : SHOWN_MAX);
}

/* --- lines --------------------------------------------------------------------------- */

/* Has any of the eight bytes of x the value zero? */
static bool
has_zero(uint64_t x)
{
	return ((x - 0x0101010101010101u) & ~x & 0x8080808080808080u) != 0;
}

/* Which of the bytes that matter are in it; eight at a time, as bodies are long. */
static void
classify(const uint8_t *p, size_t n, struct line *l)
{
	size_t i = 0;

	for (; n - i >= 8; i += 8) {
		uint64_t x;

		memcpy(&x, p + i, 8);
		l->has_8bit |= (x & 0x8080808080808080u) != 0;
		l->has_nul |= has_zero(x);
		l->has_cr |= has_zero(x ^ 0x0d0d0d0d0d0d0d0du);
	}
	for (; i < n; i++) {
		l->has_8bit |= p[i] >= 0x80;
		l->has_nul |= p[i] == 0;
		l->has_cr |= p[i] == '\r';
	}
}

/* False at the end. A line over the limit is not looked into. */
static bool
next_line(const struct run *r, size_t at, struct line *l)
{
	const uint8_t *lf;
	size_t length;

	if (at >= r->bytes.len)
		return false;
	*l = (struct line){ .start = at };
	lf = memchr(r->bytes.ptr + at, '\n', r->bytes.len - at);
	length = lf == NULL ? r->bytes.len - at : (size_t)(lf - (r->bytes.ptr + at));
	l->end = at + length;
	l->next = lf == NULL ? l->end : l->end + 1;
	if (lf != NULL) {
		l->crlf = length > 0 && lf[-1] == '\r';
		l->lf = !l->crlf;
		l->end -= l->crlf;
		l->odd_end = l->lf && !r->lf;
	}
	if (length <= LIMIT_LINE_BYTES)
		classify(r->bytes.ptr + at, l->end - at, l);
	return true;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool
all_blank(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_blank(s.ptr[i]))
			return false;
	return true;
}

/* --- parts --------------------------------------------------------------------------- */

static struct facts_part *
current_part(struct run *r)
{
	return &r->f->parts[r->current];
}

/* Begin a part at `at`, in its header. */
static void
begin_part(struct run *r, uint32_t parent, size_t at)
{
	struct facts_part *p;
	uint32_t index = r->f->part_count;
	unsigned depth = parent == FACTS_NONE ? 0 : r->f->parts[parent].depth + 1u;

	if (depth > LIMIT_DEPTH) {
		limit(r, REASON_LIMIT_DEPTH, nothing, LIMIT_DEPTH);
		return;
	}
	if (index == LIMIT_PARTS) {
		limit(r, REASON_LIMIT_PARTS, nothing, LIMIT_PARTS);
		return;
	}
	p = &r->f->parts[index];
	*p = (struct facts_part){ .parent = parent, .depth = (uint16_t)depth,
		.kind = PART_LEAF, .encoding = ENCODING_7BIT, .origin = (uint8_t)r->origin,
		.header = { at, at }, .body = { at, at } };
	r->s->parts[index] = (struct scan_part){ .type = span_str("text"),
		.subtype = span_str("plain"), .disposition = nothing,
		.first_child = FACTS_NONE, .last_child = FACTS_NONE };
	r->s->parents[index] = parent;
	r->s->ordinals[index] = 1;
	if (parent != FACTS_NONE) {
		struct scan_part *around = &r->s->parts[parent];

		r->s->ordinals[index] = ++around->children;
		around->last_child = index;
		if (around->first_child == FACTS_NONE)
			around->first_child = index;
	}
	r->f->part_count = r->s->count = index + 1;
	r->current = index;
	r->state = IN_HEADER;
	r->fields = 0;
	r->field_start = at;
}

/* End the current part and those around it, up to but without `stop`. */
static void
end_parts(struct run *r, uint32_t stop, size_t at)
{
	for (uint32_t i = r->current; i != stop && i != FACTS_NONE; i = r->f->parts[i].parent) {
		struct facts_part *p = &r->f->parts[i];

		/* A delimiter right below a header takes the header's last line end. */
		if (p->header.start > at)
			p->header.start = at;
		if (p->header.end > at)
			p->header.end = at;
		if (p->body.start > at)
			p->body.start = at;
		p->body.end = at;
	}
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
	unsigned types, dispositions, encodings, versions;
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
		} else if (span_is_nocase(field.name, "mime-version")) {
			if (m->versions++ == 0)
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
		soft_problem(r, value->problem, r->current, detail);
	else
		part_problem(r, value->problem, r->current, detail);
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
	struct facts_part *p = current_part(r);
	struct scan_value value;
	enum facts_encoding encoding;

	if (m->types > 1)
		part_problem(r, REASON_FIELD_TWICE, r->current, span_str("Content-Type"));
	if (m->dispositions > 1)
		part_problem(r, REASON_FIELD_TWICE, r->current,
		    span_str("Content-Disposition"));
	if (m->encodings > 1)
		part_problem(r, REASON_FIELD_TWICE, r->current,
		    span_str("Content-Transfer-Encoding"));
	if (m->versions > 1)
		part_problem(r, REASON_FIELD_TWICE, r->current, span_str("MIME-Version"));
	if (m->versions > 0 && !scan_mime_version(m->version.body))
		scan_add_problem(r->s, REASON_MIME_VERSION, r->current,
		    span_sub(m->version.body, 0, SHOWN_MAX), nothing);
	if (m->encodings > 0) {
		p->encoding_field = (struct facts_range){ p->header.start + m->encoding.start,
			p->header.start + m->encoding.end };
		if (scan_encoding(m->encoding.body, &encoding))
			p->encoding = (uint8_t)encoding;
		else
			part_problem(r, REASON_ENCODING_UNKNOWN, r->current,
			    span_sub(m->encoding.body, 0, SHOWN_MAX));
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
		part_problem(r, reason, r->current, nothing);
	if (boundary.len == 0)
		return;
	if (r->depth == LIMIT_DEPTH + 1) {
		limit(r, REASON_LIMIT_DEPTH, nothing, LIMIT_DEPTH);
		return;
	}
	for (size_t i = 0; i < r->depth; i++)
		if (is_prefix(boundary, r->levels[i].boundary) ||
		    is_prefix(r->levels[i].boundary, boundary))
			part_problem(r, REASON_BOUNDARY_CLASH, r->current, nothing);
	current_part(r)->kind = PART_MULTIPART;
	r->levels[r->depth++] = (struct level){ .part = r->current, .boundary = boundary };
	r->state = IN_PREAMBLE;
}

static void
check_message_type(struct run *r, const struct scan_part *sp)
{
	if (span_is(sp->subtype, "partial"))
		part_problem(r, REASON_MESSAGE_PARTIAL, r->current, nothing);
	else if (span_is(sp->subtype, "external-body"))
		part_problem(r, REASON_EXTERNAL_BODY, r->current, nothing);
}

/* The header [start, end) is complete and the body begins at `body`. */
static void
end_header(struct run *r, size_t end, size_t body)
{
	struct facts_part *p = current_part(r);
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
			part_problem(r, REASON_ENCODING_MISPLACED, r->current,
			    span_str(p->encoding == ENCODING_QP ? "quoted-printable" : "base64"));
		open_multipart(r);
	} else if (span_is(sp->type, "message")) {
		check_message_type(r, sp);
		if (!identity) {
			/* Some decode and look inside, some do not. */
			part_problem(r, REASON_ENCODING_MISPLACED, r->current,
			    span_str(p->encoding == ENCODING_QP ? "quoted-printable" : "base64"));
		} else if (span_is(sp->subtype, "rfc822") || span_is(sp->subtype, "global")) {
			p->kind = PART_MESSAGE;
			begin_part(r, r->current, body);
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
		part_problem(r, REASON_HEADER_LINE, r->current, shown(r, l));
		return;
	}
	while (end > 0 && is_blank(text.ptr[end - 1]))
		end--;
	for (size_t i = 0; i < end; i++)
		if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7f) {
			part_problem(r, REASON_HEADER_LINE, r->current, shown(r, l));
			return;
		}
	if (end == 0)
		part_problem(r, REASON_HEADER_LINE, r->current, shown(r, l));
	else if (end < colon)
		part_problem(r, REASON_HEADER_COLON, r->current, shown(r, l));
}

static void
header_line(struct run *r, const struct line *l)
{
	struct span text = span_sub(r->bytes, l->start, l->end - l->start);
	struct facts_part *p = current_part(r);

	if (l->start == p->header.start)
		r->header_crlf = l->crlf;
	if (l->odd_end || l->has_cr || (r->header_crlf ? l->lf : l->crlf))
		part_problem(r, REASON_HEADER_LINE_END, r->current, nothing);
	if (l->has_nul)
		part_problem(r, REASON_HEADER_CONTROL, r->current,
		    span_sub(text, 0, span_find(text, ':', 0) == SPAN_NOT_FOUND ? 0 :
		        span_find(text, ':', 0)));
	if (text.len == 0) {
		end_header(r, l->start, l->next);
		return;
	}
	if (is_blank(text.ptr[0])) {
		if (r->fields == 0 || all_blank(text))
			part_problem(r, REASON_HEADER_FOLD, r->current, nothing);
	} else {
		r->field_start = l->start;
		r->fields++;
		check_field_name(r, l);
	}
	if (r->fields > LIMIT_FIELDS)
		part_limit(r, REASON_LIMIT_FIELDS, LIMIT_FIELDS);
	else if (l->next - r->field_start > LIMIT_FIELD_BYTES)
		part_limit(r, REASON_LIMIT_FIELD, LIMIT_FIELD_BYTES);
	else if (l->next - p->header.start > LIMIT_HEADER_BYTES)
		part_limit(r, REASON_LIMIT_HEADER, LIMIT_HEADER_BYTES);
}

/* --- delimiters ---------------------------------------------------------------------- */

struct delimiter {
	size_t level;
	bool close;
};

static bool
begins_with_delimiter(struct span text, struct span boundary)
{
	return text.len >= 2 + boundary.len && text.ptr[0] == '-' && text.ptr[1] == '-' &&
	    memcmp(text.ptr + 2, boundary.ptr, boundary.len) == 0;
}

/*
 * Is this line a delimiter of an open multipart? The innermost first. A line that only
 * begins like one is read as one by those who follow RFC 2046 to the letter ("It is
 * sufficient that the boundary appear in its entirety") and as text by the others.
 */
static bool
find_delimiter(struct run *r, const struct line *l, struct delimiter *out)
{
	struct span text = span_sub(r->bytes, l->start, l->end - l->start);

	for (size_t i = r->depth; i-- > 0;) {
		const struct level *level = &r->levels[i];
		struct span rest;

		if (!begins_with_delimiter(text, level->boundary))
			continue;
		if (level->closed) {
			part_problem(r, REASON_MULTIPART_AFTER_END, level->part, nothing);
			continue;
		}
		rest = span_from(text, 2 + level->boundary.len);
		out->level = i;
		out->close = rest.len >= 2 && rest.ptr[0] == '-' && rest.ptr[1] == '-';
		if (all_blank(out->close ? span_from(rest, 2) : rest))
			return true;
		part_problem(r, REASON_DELIMITER_ODD, level->part, shown(r, l));
	}
	return false;
}

/* Would somebody who takes CR for a line end, or trims lines, see a delimiter here? */
static void
check_hidden_delimiter(struct run *r, const struct line *l)
{
	struct span text = span_sub(r->bytes, l->start, l->end - l->start);
	bool fresh = true;

	if (text.len == 0 || (text.ptr[0] > 0x20 && !l->has_cr))
		return;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];

		if (fresh && c == '-')
			for (size_t k = 0; k < r->depth; k++)
				if (begins_with_delimiter(span_from(text, i),
				    r->levels[k].boundary))
					part_problem(r, REASON_DELIMITER_ODD,
					    r->levels[k].part, shown(r, l));
		fresh = c == '\r' || (fresh && c <= 0x20);
		if (!fresh && !l->has_cr)
			return;
	}
}

static void
take_delimiter(struct run *r, const struct line *l, const struct delimiter *d)
{
	struct level *level = &r->levels[d->level];

	if (l->odd_end || r->before_odd)
		part_problem(r, REASON_DELIMITER_LINE_END, level->part, nothing);
	for (size_t i = d->level + 1; i < r->depth; i++)
		if (!r->levels[i].closed)
			part_problem(r, REASON_MULTIPART_OPEN, r->levels[i].part, nothing);
	end_parts(r, level->part, r->before);
	r->depth = d->level + 1;
	r->current = level->part;
	if (!d->close) {
		begin_part(r, level->part, l->next);
		return;
	}
	level->closed = true;
	r->state = IN_EPILOGUE;
	if (r->s->parts[level->part].children == 0)
		part_problem(r, REASON_MULTIPART_EMPTY, level->part, nothing);
}

/* --- lines of a body ----------------------------------------------------------------- */

/* The start of a part where no part can be, for readers that go by such lines. */
static bool
looks_like_part(struct span text)
{
	static const char *const names[] = { "content-type", "content-transfer-encoding",
		"content-disposition" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_starts_nocase(text, span_str(names[i]))) {
			text = span_trim(span_from(text, strlen(names[i])));
			return text.len > 0 && text.ptr[0] == ':';
		}
	return false;
}

static void
body_line(struct run *r, const struct line *l)
{
	struct span text = span_sub(r->bytes, l->start, l->end - l->start);
	struct facts_part *p = current_part(r);
	struct scan_part *sp = &r->s->parts[r->current];

	p->has_8bit |= l->has_8bit;
	sp->nul |= l->has_nul;
	sp->bare_line_ends |= l->has_cr || l->odd_end;
	p->long_line |= text.len > LONG_LINE || l->has_cr || l->odd_end || l->has_nul;
	if (r->state == IN_BODY)
		return;
	if (!all_blank(text))
		sp->extra_text = true;
	if (looks_like_part(text))
		part_problem(r, REASON_HIDDEN_PART, r->current, shown(r, l));
}

static void
one_line(struct run *r, const struct line *l)
{
	struct delimiter d;

	if (l->next - l->start > LIMIT_LINE_BYTES + 2) {
		part_limit(r, REASON_LIMIT_LINE, LIMIT_LINE_BYTES);
		return;
	}
	if (r->depth > 0 && l->end - l->start >= 2 && r->bytes.ptr[l->start] == '-' &&
	    find_delimiter(r, l, &d)) {
		if (r->state == IN_HEADER) {
			part_problem(r, REASON_HEADER_OPEN, r->current, nothing);
			current_part(r)->header.end = current_part(r)->body.start = l->start;
		}
		take_delimiter(r, l, &d);
		return;
	}
	if (r->depth > 0)
		check_hidden_delimiter(r, l);
	if (r->state == IN_HEADER)
		header_line(r, l);
	else
		body_line(r, l);
}

/* --- the end -------------------------------------------------------------------------- */

/*
 * Multiparts that the message's end closes. For the outermost one every reader lets the last
 * part run to the end, so an unsigned message is passed on with a note, as mail that was cut
 * short is. One without any delimiter is text to some, one inside another hides what follows
 * from some (verdicts.md D08), and what was signed may have been cut.
 */
static void
end_open_levels(struct run *r)
{
	bool is_signed = r->base != FACTS_NONE || scan_root_signed(r->s);
	char path[SCAN_PATH_SIZE];

	for (size_t i = 0; i < r->depth; i++) {
		uint32_t part = r->levels[i].part;

		if (r->levels[i].closed)
			continue;
		if (is_signed || i > 0 || r->s->parts[part].children == 0)
			part_problem(r, REASON_MULTIPART_OPEN, part, nothing);
		else
			facts_add_note(r->f, REASON_NOTE_MULTIPART_OPEN,
			    scan_path(r->s, part, path), nothing);
	}
}

static void
end_scan(struct run *r)
{
	uint32_t first = r->base == FACTS_NONE ? 0 : r->base + 1;

	if (r->state == IN_HEADER && !r->over)
		end_header(r, r->bytes.len, r->bytes.len);
	if (!r->over)
		end_open_levels(r);
	end_parts(r, r->base, r->bytes.len);
	for (uint32_t i = r->f->part_count; i-- > first;) {
		uint32_t parent = r->f->parts[i].parent;

		if (parent == FACTS_NONE || parent == r->base)
			continue;
		r->f->parts[parent].has_8bit |= r->f->parts[i].has_8bit;
		r->f->parts[parent].long_line |= r->f->parts[i].long_line;
	}
}

/* Are there lines of both kinds in these bytes? */
static bool
mixes_line_ends(struct span s)
{
	bool crlf = false, lf = false;

	for (size_t at = 0; !(crlf && lf); at++) {
		at = span_find(s, '\n', at);
		if (at == SPAN_NOT_FOUND)
			return false;
		if (at > 0 && s.ptr[at - 1] == '\r')
			crlf = true;
		else
			lf = true;
	}
	return true;
}

/* A detached signature covers CRLF lines: where a reader makes them, it must be plain how. */
static void
check_signed_lines(struct run *r)
{
	const struct scan_part *root = &r->s->parts[0];
	struct facts_range whole;
	uint32_t end;

	if (r->origin != ORIGIN_MESSAGE || !scan_is(root, "multipart", "signed") ||
	    root->children == 0)
		return;
	whole = scan_whole(&r->f->parts[root->first_child]);
	if (r->lf && mixes_line_ends(span_sub(r->bytes, whole.start, whole.end - whole.start)))
		part_problem(r, REASON_LINE_ENDS_MIXED, root->first_child, nothing);
	for (end = root->first_child + 1; end < r->f->part_count; end++)
		if (r->f->parts[end].parent == 0)
			break;
	for (uint32_t i = root->first_child; i < end; i++)
		if (r->s->parts[i].bare_line_ends)
			part_problem(r, REASON_LINE_ENDS_MIXED, i, nothing);
}

int
scan_message(struct scan *s, struct span bytes, enum facts_origin origin, uint32_t parent,
    struct facts *f, struct error *e)
{
	struct run r = { .s = s, .f = f, .bytes = bytes, .origin = origin, .base = parent };
	struct line line;
	size_t first = span_find(bytes, '\n', 0);

	if (s->arena == NULL)
		return error_set(e, ERR_TEMP, "scan: no memory");
	r.lf = first != SPAN_NOT_FOUND && (first == 0 || bytes.ptr[first - 1] != '\r');
	s->sources[origin] = (struct source){ .bytes = bytes, .lf = r.lf };
	if (bytes.len > LIMIT_MESSAGE_BYTES)
		limit(&r, REASON_LIMIT_MESSAGE, nothing, LIMIT_MESSAGE_BYTES);
	else
		begin_part(&r, parent, 0);
	if (r.over)
		return 0;
	for (size_t at = 0; !r.over && next_line(&r, at, &line); at = line.next) {
		one_line(&r, &line);
		r.before = line.end;
		r.before_odd = line.odd_end;
	}
	end_scan(&r);
	if (!r.over)
		check_signed_lines(&r);
	return 0;
}

/* --- what others read ----------------------------------------------------------------- */

struct scan *
scan_new(void)
{
	struct scan *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->arena = arena_new(ARENA_MAX);
	if (s->arena == NULL) {
		free(s);
		return NULL;
	}
	scan_reset(s);
	return s;
}

void
scan_free(struct scan **s)
{
	if (*s == NULL)
		return;
	arena_free(&(*s)->arena);
	free(*s);
	*s = NULL;
}

void
scan_reset(struct scan *s)
{
	arena_reset(s->arena);
	s->count = 0;
	s->root_signed = false;
	s->sources[ORIGIN_MESSAGE] = s->sources[ORIGIN_CONTENT] =
	    (struct source){ .bytes = nothing };
	s->problem = (struct scan_problem){ .reason = REASON_NONE, .part = FACTS_NONE,
		.arg1 = nothing, .arg2 = nothing };
}

const struct scan_problem *
scan_problem(const struct scan *s)
{
	return &s->problem;
}

bool
scan_root_signed(const struct scan *s)
{
	return s->root_signed;
}

bool
scan_lf(const struct scan *s, enum facts_origin origin)
{
	return s->sources[origin].lf;
}

const struct scan_part *
scan_part(const struct scan *s, uint32_t index)
{
	return index < s->count ? &s->parts[index] : NULL;
}

struct span
scan_bytes(const struct scan *s, enum facts_origin origin)
{
	return s->sources[origin].bytes;
}

struct span
scan_range(const struct scan *s, const struct facts_part *p, struct facts_range r)
{
	return span_sub(s->sources[p->origin].bytes, r.start, r.end - r.start);
}

struct facts_range
scan_whole(const struct facts_part *p)
{
	return (struct facts_range){ p->header.start, p->body.end };
}

bool
scan_is(const struct scan_part *p, const char *type, const char *subtype)
{
	return span_is(p->type, type) && span_is(p->subtype, subtype);
}

const struct scan_parameter *
scan_parameter(const struct scan_parameters *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (span_is(p->list[i].name, name))
			return &p->list[i];
	return NULL;
}

bool
scan_field_next(struct span header, size_t *at, struct scan_field *out)
{
	size_t end = *at, next, colon;
	struct span whole;

	if (*at >= header.len)
		return false;
	do {
		size_t lf = span_find(header, '\n', end);

		end = lf == SPAN_NOT_FOUND ? header.len : lf + 1;
	} while (end < header.len && is_blank(header.ptr[end]));
	next = end;
	out->start = *at;
	out->end = end;
	if (end > *at && header.ptr[end - 1] == '\n')
		end--;
	if (end > *at && header.ptr[end - 1] == '\r')
		end--;
	whole = span_sub(header, *at, end - *at);
	colon = span_find(whole, ':', 0);
	if (colon == SPAN_NOT_FOUND)
		colon = 0;
	out->name = span_sub(whole, 0, colon);
	while (out->name.len > 0 && is_blank(out->name.ptr[out->name.len - 1]))
		out->name.len--;
	out->body = colon > 0 ? span_from(whole, colon + 1) : whole;
	*at = next;
	return true;
}
