/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The growing buffer. Invariant: len <= capacity <= max + 1 (the one is the NUL of
 * buf_str), and data is NULL exactly when capacity is 0. After a failure the contents are
 * what they were before the put that failed.
 */
#include "common/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ .max = b->max };
}

void
buf_free_secret(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->capacity);
	buf_free(b);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

/*
 * Make the capacity at least `wanted`. The old block is wiped, because a buffer that grows
 * may hold a secret that buf_free_secret could no longer reach.
 */
static bool
grow(struct buf *b, size_t wanted)
{
	size_t capacity = b->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : b->capacity;
	uint8_t *data;

	if (wanted <= b->capacity)
		return true;
	while (capacity < wanted)
		if (__builtin_mul_overflow(capacity, 2, &capacity))
			capacity = wanted;
	if (b->max < SIZE_MAX && capacity > b->max + 1)
		capacity = b->max + 1;
	data = malloc(capacity);
	if (data == NULL) {
		b->failed = true;
		return false;
	}
	if (b->data != NULL) {
		memcpy(data, b->data, b->len);
		explicit_bzero(b->data, b->capacity);
		free(b->data);
	}
	b->data = data;
	b->capacity = capacity;
	return true;
}

uint8_t *
buf_extend(struct buf *b, size_t len)
{
	size_t end;
	uint8_t *at;

	if (b->failed)
		return NULL;
	if (__builtin_add_overflow(b->len, len, &end) || end > b->max) {
		b->failed = true;
		return NULL;
	}
	/* One byte at least, so that the answer to len 0 is not NULL. */
	if (!grow(b, end > 0 ? end : 1))
		return NULL;
	at = b->data + b->len;
	b->len = end;
	return at;
}

void
buf_put(struct buf *b, const void *ptr, size_t len)
{
	uint8_t *at = buf_extend(b, len);

	if (at != NULL && len > 0)
		memcpy(at, ptr, len);
}

void
buf_put_span(struct buf *b, struct span s)
{
	buf_put(b, s.ptr, s.len);
}

void
buf_put_str(struct buf *b, const char *s)
{
	buf_put_span(b, span_str(s));
}

void
buf_put_byte(struct buf *b, uint8_t c)
{
	buf_put(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *format, ...)
{
	va_list args, again;
	char *text;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	/* vsnprintf writes a NUL that must not count, hence a block of its own. */
	text = len < 0 ? NULL : malloc((size_t)len + 1);
	if (text != NULL && vsnprintf(text, (size_t)len + 1, format, again) == len)
		buf_put(b, text, (size_t)len);
	else
		b->failed = true;
	va_end(again);
	if (text != NULL) {
		explicit_bzero(text, (size_t)len);
		free(text);
	}
}

struct span
buf_span(const struct buf *b)
{
	return span_of(b->data, b->len);
}

const char *
buf_str(struct buf *b)
{
	size_t with_nul;

	if (b->failed || b->len == 0)
		return "";
	if (__builtin_add_overflow(b->len, 1, &with_nul) || !grow(b, with_nul))
		return "";
	b->data[b->len] = '\0';
	return (const char *)b->data;
}
