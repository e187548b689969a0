/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vietnamese is written one syllable a word, and a syllable is an initial, a nucleus of one
 * to three vowels, a final, and at most one tone mark. There are few of each, so bytes read
 * in the wrong charset nearly never give possible syllables: that tells the charsets apart
 * without a dictionary.
 *
 * A word is turned into ASCII: marks of quality join their letter in one capital (aw = W,
 * aa = A, ee = E, oo = O, ow = Q, uw = U, dd = D), tone marks are counted and dropped.
 */
#include "gateway/inspect/vietnamese.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include "common/buf.h"
#include "common/text.h"

#define WORD_MAX 8 /* "nghieng" has seven letters */

enum {
	POINTS_SYLLABLE = 3,
	POINTS_NO_SYLLABLE = -4,
	POINTS_SYMBOL = -3,
};

static const char *const initials[] = { "ngh", "ch", "gh", "gi", "kh", "ng", "nh", "ph", "qu",
	"th", "tr", "b", "c", "d", "D", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "x",
	"" };

static const char *const nuclei[] = { "a", "W", "A", "e", "E", "i", "o", "O", "Q", "u", "U", "y",
	"ai", "ao", "au", "ay", "Au", "Ay", "eo", "Eu", "ia", "iE", "iu", "oa", "oW", "oe", "oi",
	"oo", "Oi", "Qi", "ua", "uA", "uE", "ui", "uO", "uQ", "uy", "Ua", "UQ", "Ui", "Uu", "yE",
	"ya", "iEu", "yEu", "oai", "oao", "oay", "oeo", "uAy", "uOi", "uya", "uyE", "uyu", "UQi",
	"UQu", "yEu" };

static const char *const finals[] = { "", "c", "ch", "m", "n", "ng", "nh", "p", "t" };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct word {
	char letters[WORD_MAX + 1];
	size_t length;      /* letters; above WORD_MAX it is no syllable */
	unsigned tones;
	bool marked;        /* has a letter that is not ASCII */
	bool foreign;       /* has a letter that Vietnamese has not */
	bool upper, lower;  /* cases seen after the first letter */
	bool first_lower;
};

static bool
is_one_of(const char *s, size_t n, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == n && memcmp(list[i], s, n) == 0)
			return true;
	return false;
}

static bool
is_rhyme(const char *s, size_t n)
{
	for (size_t v = 1; v <= 3 && v <= n; v++)
		if (is_one_of(s, v, nuclei, COUNT(nuclei)) &&
		    is_one_of(s + v, n - v, finals, COUNT(finals)))
			return true;
	return false;
}

static bool
is_syllable(const struct word *w)
{
	if (w->foreign || w->tones > 1 || w->length > WORD_MAX - 1)
		return false;
	if ((w->upper && w->lower) || (w->first_lower && w->upper))
		return false;
	for (size_t i = 0; i < COUNT(initials); i++) {
		size_t n = strlen(initials[i]);

		if (n <= w->length && memcmp(w->letters, initials[i], n) == 0 &&
		    is_rhyme(w->letters + n, w->length - n))
			return true;
	}
	return false;
}

static int
word_score(const struct word *w)
{
	if (!w->marked || w->length == 0)
		return 0;
	return is_syllable(w) ? POINTS_SYLLABLE : POINTS_NO_SYLLABLE;
}

static void
add_letter(struct word *w, uint32_t c)
{
	uint32_t lower = uc_tolower(c);
	bool is_lower = lower == c;

	if (w->length == 0)
		w->first_lower = is_lower;
	else if (is_lower)
		w->lower = true;
	else
		w->upper = true;
	if (lower == 0x111) {
		lower = 'D';
		w->marked = true;
	} else if (lower >= 0x80) {
		w->marked = w->foreign = true;
		lower = '?';
	} else if (memchr("fjwz", (int)lower, 4) != NULL) {
		w->foreign = true;
	}
	if (w->length < WORD_MAX)
		w->letters[w->length] = (char)lower;
	w->length++;
}

static void
add_mark(struct word *w, uint32_t c)
{
	static const struct {
		uint32_t mark;
		char base, joined;
	} qualities[] = { { 0x302, 'a', 'A' }, { 0x302, 'e', 'E' }, { 0x302, 'o', 'O' },
		{ 0x306, 'a', 'W' }, { 0x31b, 'o', 'Q' }, { 0x31b, 'u', 'U' } };
	char *last;

	w->marked = true;
	if (w->length == 0 || w->length > WORD_MAX) {
		w->foreign = true;
		return;
	}
	last = &w->letters[w->length - 1];
	if (c == 0x300 || c == 0x301 || c == 0x303 || c == 0x309 || c == 0x323) {
		w->tones++;
		w->foreign |= memchr("aeiouyAWEOQU", *last, 12) == NULL;
		return;
	}
	for (size_t i = 0; i < COUNT(qualities); i++)
		if (qualities[i].mark == c && qualities[i].base == *last) {
			*last = qualities[i].joined;
			return;
		}
	w->foreign = true;
}

int
vietnamese_score(struct span text)
{
	struct word word = { .length = 0 };
	size_t length = 0, at = 0;
	uint8_t *apart;
	int score = 0;
	int32_t next;

	if (text.len == 0 || !text_is_utf8(text))
		return 0;
	apart = u8_normalize(UNINORM_NFD, text.ptr, text.len, NULL, &length);
	if (apart == NULL)
		return 0;
	while ((next = text_next(span_of(apart, length), &at)) >= 0) {
		uint32_t c = (uint32_t)next;

		if (uc_combining_class(c) != 0) {
			add_mark(&word, c);
			continue;
		}
		if (uc_is_property_alphabetic(c)) {
			add_letter(&word, c);
			continue;
		}
		score += word_score(&word);
		word = (struct word){ .length = 0 };
		if (c >= 0x80 && c != 0xa0 && !(c >= 0x2010 && c <= 0x2026))
			score += POINTS_SYMBOL;
	}
	score += word_score(&word);
	free(apart);
	return score;
}
