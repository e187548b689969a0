/* SPDX-License-Identifier: Apache-2.0 */
/* The name that was probably meant: for error messages about names that do not exist. */
#ifndef VANTHU_DECIDE_SUGGEST_H
#define VANTHU_DECIDE_SUGGEST_H

#include <stddef.h>

struct suggest {
	const char *wanted;
	const char *best; /* the nearest so far; NULL when none is near enough */
	size_t distance;
};

/* Begin a search for a name near `wanted` (borrowed). */
struct suggest
suggest_start(const char *wanted);

/* Offer a name that exists (borrowed). */
void
suggest_offer(struct suggest *s, const char *name);

/* "; did you mean \"X\"?", or "" when nothing is near, into out[size]; returns out. */
const char *
suggest_text(const struct suggest *s, char *out, size_t size);

#endif
