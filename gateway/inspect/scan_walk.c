/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk of the scanner over the lines of a message: delimiters, bodies, where parts begin
 * and end, RFC 2046 section 5.1. See scan.c.
 */
#include <string.h>

#include "gateway/inspect/scan_run.h"

#define LONG_LINE 998 /* RFC 5322 2.1.1 */

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
	} else if (length > 0 && r->bytes.ptr[l->end - 1] == '\r') {
		l->end--; /* half a line end, and nothing behind it to be read otherwise */
	}
	if (length <= LIMIT_LINE_BYTES)
		classify(r->bytes.ptr + at, l->end - at, l);
	return true;
}

/* --- parts --------------------------------------------------------------------------- */

/* Begin a part at `at`, in its header. */
void
scan_begin_part(struct run *r, uint32_t parent, size_t at)
{
	struct facts_part *p;
	uint32_t index = r->f->part_count;
	unsigned depth = parent == FACTS_NONE ? 0 : r->f->parts[parent].depth + 1u;

	if (depth > LIMIT_DEPTH) {
		scan_limit(r, REASON_LIMIT_DEPTH, scan_nothing, LIMIT_DEPTH);
		return;
	}
	if (index == LIMIT_PARTS) {
		scan_limit(r, REASON_LIMIT_PARTS, scan_nothing, LIMIT_PARTS);
		return;
	}
	p = &r->f->parts[index];
	*p = (struct facts_part){ .parent = parent, .depth = (uint16_t)depth,
		.kind = PART_LEAF, .encoding = ENCODING_7BIT, .origin = (uint8_t)r->origin,
		.header = { at, at }, .body = { at, at } };
	r->s->parts[index] = (struct scan_part){ .type = span_str("text"),
		.subtype = span_str("plain"), .disposition = scan_nothing,
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
			scan_part_problem(r, REASON_MULTIPART_AFTER_END, level->part, scan_nothing);
			continue;
		}
		rest = span_from(text, 2 + level->boundary.len);
		out->level = i;
		out->close = rest.len >= 2 && rest.ptr[0] == '-' && rest.ptr[1] == '-';
		if (scan_all_blank(out->close ? span_from(rest, 2) : rest))
			return true;
		scan_part_problem(r, REASON_DELIMITER_ODD, level->part, scan_shown(r, l));
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
					scan_part_problem(r, REASON_DELIMITER_ODD,
					    r->levels[k].part, scan_shown(r, l));
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
		scan_part_problem(r, REASON_DELIMITER_LINE_END, level->part, scan_nothing);
	for (size_t i = d->level + 1; i < r->depth; i++)
		if (!r->levels[i].closed)
			scan_part_problem(r, REASON_MULTIPART_OPEN, r->levels[i].part,
			    scan_nothing);
	end_parts(r, level->part, r->before);
	r->depth = d->level + 1;
	r->current = level->part;
	if (!d->close) {
		scan_begin_part(r, level->part, l->next);
		return;
	}
	level->closed = true;
	r->state = IN_EPILOGUE;
	if (r->s->parts[level->part].children == 0)
		scan_part_problem(r, REASON_MULTIPART_EMPTY, level->part, scan_nothing);
}

/* --- lines of a body ----------------------------------------------------------------- */

/* The start of a part where no part can be, for readers that go by such lines. */
static bool
looks_like_part(struct span text)
{
	static const char *const names[] = { "content-type", "content-transfer-encoding",
		"content-disposition" };

	text = span_trim(text);
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
	struct facts_part *p = scan_current(r);
	struct scan_part *sp = &r->s->parts[r->current];

	p->has_8bit |= l->has_8bit;
	sp->nul |= l->has_nul;
	sp->bare_line_ends |= l->has_cr || l->odd_end;
	sp->bare_cr |= l->has_cr;
	p->long_line |= text.len > LONG_LINE || l->has_cr || l->odd_end || l->has_nul;
	if (l->has_nul && p->encoding != ENCODING_BINARY)
		scan_part_problem(r, REASON_BODY_NUL, r->current, scan_nothing);
	if (r->state == IN_BODY)
		return;
	if (!scan_all_blank(text))
		sp->extra_text = true;
	if (looks_like_part(text))
		scan_part_problem(r, REASON_HIDDEN_PART, r->current, scan_shown(r, l));
}

static void
one_line(struct run *r, const struct line *l)
{
	struct delimiter d;

	if (l->next - l->start > LIMIT_LINE_BYTES + 2) {
		scan_part_limit(r, REASON_LIMIT_LINE, LIMIT_LINE_BYTES);
		return;
	}
	if (r->depth > 0 && l->end - l->start >= 2 && r->bytes.ptr[l->start] == '-' &&
	    find_delimiter(r, l, &d)) {
		if (r->state == IN_HEADER) {
			scan_part_problem(r, REASON_HEADER_OPEN, r->current, scan_nothing);
			scan_current(r)->header.end = scan_current(r)->body.start = l->start;
		}
		take_delimiter(r, l, &d);
		return;
	}
	if (r->depth > 0)
		check_hidden_delimiter(r, l);
	if (r->state == IN_HEADER)
		scan_header_line(r, l);
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
			scan_part_problem(r, REASON_MULTIPART_OPEN, part, scan_nothing);
		else
			facts_add_note(r->f, REASON_NOTE_MULTIPART_OPEN,
			    scan_path(r->s, part, path), scan_nothing);
	}
}

static void
end_scan(struct run *r)
{
	uint32_t first = r->base == FACTS_NONE ? 0 : r->base + 1;

	if (r->state == IN_HEADER && !r->over)
		scan_end_header(r, r->bytes.len, r->bytes.len);
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

/*
 * Bytes that RFC 2045 2.7 and 2.8 forbid in 7bit and 8bit text: one reader ends the text at
 * a NUL, another takes a CR for a line end.
 */
static void
check_plain_body(struct run *r, uint32_t i)
{
	const struct facts_part *p = &r->f->parts[i];
	const struct scan_part *sp = &r->s->parts[i];
	bool data = p->encoding == ENCODING_BINARY && !span_is(sp->type, "text");

	if (p->kind != PART_LEAF || data)
		return;
	if (sp->nul)
		scan_part_problem(r, REASON_BODY_NUL, i, scan_nothing);
	else if (sp->bare_cr)
		scan_part_problem(r, REASON_ENCODING_BROKEN, i, span_str("CR"));
}

/* A detached signature covers CRLF lines: where a reader makes them, it must be plain how. */
static void
check_detached_lines(struct run *r, uint32_t first, uint32_t end)
{
	struct facts_range whole = scan_whole(&r->f->parts[first]);

	if (r->lf && mixes_line_ends(span_sub(r->bytes, whole.start, whole.end - whole.start)))
		scan_part_problem(r, REASON_LINE_ENDS_MIXED, first, scan_nothing);
	for (uint32_t i = first; i < end; i++)
		if (r->s->parts[i].bare_line_ends)
			scan_part_problem(r, REASON_LINE_ENDS_MIXED, i, scan_nothing);
}

/* What is signed: the first part of a multipart/signed, or an opaque content. */
static void
check_signed_bodies(struct run *r)
{
	const struct scan_part *root = &r->s->parts[0];
	uint32_t first = r->base == FACTS_NONE ? root->first_child : r->base + 1, end;

	if (r->origin == ORIGIN_MESSAGE &&
	    (!scan_is(root, "multipart", "signed") || root->children == 0))
		return;
	for (end = first + 1; end < r->f->part_count; end++)
		if (r->f->parts[end].parent == r->f->parts[first].parent)
			break;
	if (r->origin == ORIGIN_MESSAGE)
		check_detached_lines(r, first, end);
	for (uint32_t i = first; i < end; i++)
		check_plain_body(r, i);
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
	s->sources[origin] = (struct scan_source){ .bytes = bytes, .lf = r.lf };
	/* Opaque under another type than pkcs7-mime: somebody signed for its names too. */
	s->root_signed |= origin == ORIGIN_CONTENT;
	if (bytes.len > LIMIT_MESSAGE_BYTES)
		scan_limit(&r, REASON_LIMIT_MESSAGE, scan_nothing, LIMIT_MESSAGE_BYTES);
	else
		scan_begin_part(&r, parent, 0);
	if (r.over)
		return 0;
	for (size_t at = 0; !r.over && next_line(&r, at, &line); at = line.next) {
		one_line(&r, &line);
		r.before = line.end;
		r.before_odd = line.odd_end;
	}
	end_scan(&r);
	if (!r.over)
		check_signed_bodies(&r);
	return 0;
}
