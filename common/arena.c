/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arena: a chain of blocks, filled from the front, freed whole. What is counted against
 * the maximum is what was asked for, rounded up to the alignment. Single objects are never
 * freed and nothing is ever moved.
 */
#include "common/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (size_t)(32 * 1024)

struct block {
	struct block *next; /* the one filled before */
	size_t size, used;
	alignas(max_align_t) uint8_t bytes[];
};

struct arena {
	struct block *top;
	size_t given, max;
};

static struct block *
block_new(size_t size)
{
	struct block *b;
	size_t whole;

	if (__builtin_add_overflow(sizeof(*b), size, &whole) || whole > PTRDIFF_MAX)
		return NULL;
	b = malloc(whole);
	if (b == NULL)
		return NULL;
	b->next = NULL;
	b->size = size;
	b->used = 0;
	return b;
}

struct arena *
arena_new(size_t max)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (a != NULL)
		a->max = max;
	return a;
}

static void
free_blocks(struct block *b)
{
	while (b != NULL) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

void
arena_free(struct arena **a)
{
	if (*a == NULL)
		return;
	free_blocks((*a)->top);
	free(*a);
	*a = NULL;
}

void
arena_reset(struct arena *a)
{
	if (a->top != NULL) {
		free_blocks(a->top->next);
		a->top->next = NULL;
		a->top->used = 0;
	}
	a->given = 0;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	size_t step = alignof(max_align_t), rounded, given;
	void *at;

	if (__builtin_add_overflow(size > 0 ? size : 1, step - 1, &rounded))
		return NULL;
	rounded -= rounded % step;
	if (__builtin_add_overflow(a->given, rounded, &given) || given > a->max)
		return NULL;
	if (a->top == NULL || rounded > a->top->size - a->top->used) {
		struct block *b = block_new(rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES);

		if (b == NULL)
			return NULL;
		b->next = a->top;
		a->top = b;
	}
	at = a->top->bytes + a->top->used;
	a->top->used += rounded;
	a->given = given;
	return memset(at, 0, rounded);
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	size_t whole;

	if (__builtin_mul_overflow(n, size, &whole))
		return NULL;
	return arena_alloc(a, whole);
}

char *
arena_string(struct arena *a, struct span s)
{
	size_t whole;
	char *copy;

	if (__builtin_add_overflow(s.len, 1, &whole))
		return NULL;
	copy = arena_alloc(a, whole);
	if (copy != NULL && s.len > 0)
		memcpy(copy, s.ptr, s.len);
	return copy;
}
