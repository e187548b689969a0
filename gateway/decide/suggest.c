/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edit distance in bytes (insert, delete, replace), for names of at most SUGGEST_MAX bytes.
 * A name is near when a third of it, and at least one byte, would have to change.
 */
#include "gateway/decide/suggest.h"

#include <stdio.h>
#include <string.h>

#define SUGGEST_MAX 63

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

static size_t
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[SUGGEST_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1,
			    diagonal + (a[i - 1] != b[j - 1] ? 1 : 0));
			diagonal = above;
		}
	}
	return row[b_len];
}

struct suggest
suggest_start(const char *wanted)
{
	size_t len = strlen(wanted);

	return (struct suggest){ .wanted = wanted, .distance = len / 3 + 2 };
}

void
suggest_offer(struct suggest *s, const char *name)
{
	size_t a = strlen(s->wanted), b = strlen(name), d;

	if (a > SUGGEST_MAX || b > SUGGEST_MAX)
		return;
	d = distance(s->wanted, a, name, b);
	if (d < s->distance) {
		s->distance = d;
		s->best = name;
	}
}

const char *
suggest_text(const struct suggest *s, char *out, size_t size)
{
	if (s->best == NULL)
		snprintf(out, size, "%s", "");
	else
		snprintf(out, size, "; did you mean \"%s\"?", s->best);
	return out;
}
