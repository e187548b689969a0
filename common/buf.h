/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer with a maximum. Going over the maximum (or out of memory) makes it
 * `failed`; later puts do nothing, so that a chain of puts needs one check at its end.
 */
#ifndef VANTHU_COMMON_BUF_H
#define VANTHU_COMMON_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/span.h"

struct buf {
	uint8_t *data; /* private to buf.c but for reading [0, len) */
	size_t len;
	size_t capacity;
	size_t max;
	bool failed;
};

/* An empty buffer that may hold max bytes; nothing is allocated yet. */
void
buf_init(struct buf *b, size_t max);

/* Free the bytes; b may be used again after buf_init. */
void
buf_free(struct buf *b);

/* Overwrite with zeros, then free: for secrets. */
void
buf_free_secret(struct buf *b);

/* Forget the contents and the failure, keep the memory. */
void
buf_reset(struct buf *b);

void
buf_put(struct buf *b, const void *ptr, size_t len);

void
buf_put_span(struct buf *b, struct span s);

void
buf_put_str(struct buf *b, const char *s);

void
buf_put_byte(struct buf *b, uint8_t c);

void
buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for len bytes at the end, to be written by the caller; NULL when failed. */
uint8_t *
buf_extend(struct buf *b, size_t len);

/* The contents, valid until the next put. */
struct span
buf_span(const struct buf *b);

/*
 * The contents as a NUL-terminated string (the NUL is not counted in len), valid until the
 * next put; "" when failed or empty. Only for text that we wrote.
 */
const char *
buf_str(struct buf *b);

#endif
