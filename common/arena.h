/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that lives as long as one message or one configuration and is freed whole.
 */
#ifndef VANTHU_COMMON_ARENA_H
#define VANTHU_COMMON_ARENA_H

#include <stddef.h>

#include "common/span.h"

struct arena;

/* An arena that gives out at most max bytes; NULL when there is no memory. */
struct arena *
arena_new(size_t max);

/* Free everything that came from it; accepts NULL, sets NULL. */
void
arena_free(struct arena **a);

/* Forget everything given out, keep one block for reuse. */
void
arena_reset(struct arena *a);

/* Zeroed memory, aligned for any type; NULL when the maximum is reached. */
void *
arena_alloc(struct arena *a, size_t size);

/* n zeroed objects of the given size; NULL on overflow or when the maximum is reached. */
void *
arena_array(struct arena *a, size_t n, size_t size);

/* A NUL-terminated copy of s (a NUL byte inside stays inside). */
char *
arena_string(struct arena *a, struct span s);

#endif
