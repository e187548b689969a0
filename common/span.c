/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views of bytes. Every function accepts any span, the empty one with a NULL pointer
 * included, and reads only inside it. Letters are ASCII letters; no locale is asked.
 */
#include "common/span.h"

#include <string.h>

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span
span_str(const char *s)
{
	return s == NULL ? span_of(NULL, 0) : span_of(s, strlen(s));
}

struct span
span_from(struct span s, size_t offset)
{
	/* NULL + 0 is undefined in C, so the empty span is returned as it is. */
	if (offset == 0)
		return s;
	if (offset >= s.len)
		return span_of(s.len == 0 ? s.ptr : s.ptr + s.len, 0);
	return span_of(s.ptr + offset, s.len - offset);
}

struct span
span_sub(struct span s, size_t offset, size_t len)
{
	struct span rest = span_from(s, offset);

	if (len < rest.len)
		rest.len = len;
	return rest;
}

bool
span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
span_equal_nocase(struct span a, struct span b)
{
	return a.len == b.len && span_starts_nocase(a, b);
}

bool
span_starts_nocase(struct span s, struct span prefix)
{
	if (s.len < prefix.len)
		return false;
	for (size_t i = 0; i < prefix.len; i++)
		if (lower(s.ptr[i]) != lower(prefix.ptr[i]))
			return false;
	return true;
}

size_t
span_find(struct span s, uint8_t c, size_t from)
{
	if (from >= s.len)
		return SPAN_NOT_FOUND;

	const uint8_t *at = memchr(s.ptr + from, c, s.len - from);

	return at == NULL ? SPAN_NOT_FOUND : (size_t)(at - s.ptr);
}

size_t
span_find_span(struct span s, struct span needle, size_t from)
{
	if (from > s.len || needle.len > s.len - from)
		return SPAN_NOT_FOUND;
	if (needle.len == 0)
		return from;

	const uint8_t *at = memmem(s.ptr + from, s.len - from, needle.ptr, needle.len);

	return at == NULL ? SPAN_NOT_FOUND : (size_t)(at - s.ptr);
}

struct span
span_trim(struct span s)
{
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	while (s.len > 0 && is_blank(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	return s;
}

bool
span_is(struct span s, const char *literal)
{
	return span_equal(s, span_str(literal));
}

bool
span_is_nocase(struct span s, const char *literal)
{
	return span_equal_nocase(s, span_str(literal));
}
