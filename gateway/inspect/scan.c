/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner: RFC 5322 section 2.2 (header fields), RFC 2045, RFC 2046 section 5.1
 * (multiparts) and 5.2 (messages). This file holds what others read of a scan, and the
 * rules for problems; scan_walk.c goes over the lines, scan_header.c reads headers.
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

#include "gateway/inspect/scan_run.h"

#define ARENA_MAX (size_t)(16 * 1024 * 1024)

/* --- problems ------------------------------------------------------------------------ */

static struct span
keep(struct scan *s, struct span text)
{
	uint8_t *p = text.len == 0 ? NULL : arena_alloc(s->arena, text.len);

	if (p == NULL)
		return scan_nothing;
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

void
scan_part_problem(struct run *r, enum reason reason, uint32_t part, struct span detail)
{
	char path[SCAN_PATH_SIZE];

	scan_add_problem(r->s, reason, part, scan_path(r->s, part, path), detail);
}

/* Something about a name: it matters where somebody signs for it. */
void
scan_soft_problem(struct run *r, enum reason reason, uint32_t part, struct span detail)
{
	char path[SCAN_PATH_SIZE];

	if (r->s->root_signed)
		scan_part_problem(r, reason, part, detail);
	else
		facts_add_note(r->f, reason, scan_path(r->s, part, path), detail);
}

void
scan_limit(struct run *r, enum reason reason, struct span arg1, unsigned long value)
{
	char number[24];
	int n = snprintf(number, sizeof(number), "%lu", value);
	struct span text = span_of(number, (size_t)n);

	if (arg1.len == 0)
		scan_add_problem(r->s, reason, r->current, text, scan_nothing);
	else
		scan_add_problem(r->s, reason, r->current, arg1, text);
	r->over = true;
}

void
scan_part_limit(struct run *r, enum reason reason, unsigned long value)
{
	char path[SCAN_PATH_SIZE];

	scan_limit(r, reason, scan_path(r->s, r->current, path), value);
}

struct span
scan_shown(const struct run *r, const struct line *l)
{
	return span_sub(r->bytes, l->start,
	    l->end - l->start < SCAN_SHOWN_MAX ? l->end - l->start : SCAN_SHOWN_MAX);
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

bool
scan_all_blank(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_blank(s.ptr[i]))
			return false;
	return true;
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
	    (struct scan_source){ .bytes = scan_nothing };
	s->problem = (struct scan_problem){ .reason = REASON_NONE, .part = FACTS_NONE,
		.arg1 = scan_nothing, .arg2 = scan_nothing };
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
