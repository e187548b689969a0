/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A view of bytes that somebody else owns: pointer and length, never NUL-terminated.
 * All bytes from outside are handled through spans; no str* function touches them.
 */
#ifndef VANTHU_COMMON_SPAN_H
#define VANTHU_COMMON_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const uint8_t *ptr;
	size_t len;
};

#define SPAN_NOT_FOUND ((size_t)-1)

/* A span over a string literal, usable in initialisers. */
#define SPAN_LIT(s) { (const uint8_t *)("" s), sizeof(s) - 1 }

static inline struct span
span_of(const void *ptr, size_t len)
{
	return (struct span){ .ptr = ptr, .len = len };
}

/* A span over a NUL-terminated string of ours; NULL gives the empty span. */
struct span
span_str(const char *s);

/* Bytes [offset, offset+len) of s, cut to what s holds. */
struct span
span_sub(struct span s, size_t offset, size_t len);

/* Everything from offset on. */
struct span
span_from(struct span s, size_t offset);

bool
span_equal(struct span a, struct span b);

/* Equal but for the case of A-Z; bytes above 0x7f compare as they are. */
bool
span_equal_nocase(struct span a, struct span b);

/* s begins with prefix, the case of A-Z ignored. */
bool
span_starts_nocase(struct span s, struct span prefix);

/* Offset of the first byte c at or after `from`; SPAN_NOT_FOUND if there is none. */
size_t
span_find(struct span s, uint8_t c, size_t from);

/* Offset of the first occurrence of needle at or after `from`; SPAN_NOT_FOUND if none. */
size_t
span_find_span(struct span s, struct span needle, size_t from);

/* Without blanks and tabs (and CR, LF) at both ends. */
struct span
span_trim(struct span s);

/*
 * Compare with a NUL-terminated string of ours.
 */
bool
span_is(struct span s, const char *literal);

bool
span_is_nocase(struct span s, const char *literal);

#endif
