/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Marks of urgency and secrecy in one line of text (Decree 30/2020, annex I; article 4).
 *
 * The words are words of everyday language too: a secret ballot, information security, a
 * density are no marks. A mark stands in capitals, or between signs ("[Khẩn]"), or where
 * only a mark can stand. For secrecy doubt counts as a mark: to hold a message for nothing
 * costs a clerk a minute. Both placements of the tone (hỏa, hoả) are the same word.
 */
#include "gateway/inspect/docref.h"

#include <string.h>

#include "gateway/inspect/letter.h"

#define WORDS_MAX 256
#define WORD_LETTERS 12 /* longer words are no marks; they keep their place */

struct word {
	char text[4 * WORD_LETTERS + 1]; /* lower case, UTF-8; "" when longer */
	char plain[WORD_LETTERS + 1];    /* the same without diacritics */
	bool capitals;
	bool sign_before, sign_after; /* a sign, or the line's end, beside it */
};

struct words {
	struct word w[WORDS_MAX];
	size_t n;
};

static void
put_utf8(char *out, uint32_t c)
{
	size_t n = strlen(out);

	if (c < 0x80) {
		out[n++] = (char)c;
	} else if (c < 0x800) {
		out[n++] = (char)(0xc0 | (c >> 6));
		out[n++] = (char)(0x80 | (c & 63));
	} else {
		out[n++] = (char)(0xe0 | (c >> 12));
		out[n++] = (char)(0x80 | ((c >> 6) & 63));
		out[n++] = (char)(0x80 | (c & 63));
	}
	out[n] = '\0';
}

/* The nearest character that is not a blank, going by `step`; 0 at the line's end. */
static uint32_t
nearest(const struct letter_line *line, size_t at, int step)
{
	while (at < line->n && line->c[at] == ' ')
		at += (size_t)step;
	return at < line->n ? line->c[at] : 0;
}

static void
take_word(const struct letter_line *line, size_t start, size_t end, struct word *w)
{
	memset(w, 0, sizeof(*w));
	w->capitals = true;
	for (size_t i = start; i < end; i++)
		w->capitals = w->capitals && letter_is_upper(line->c[i]);
	w->sign_before = !letter_is_word(nearest(line, start - 1, -1));
	w->sign_after = !letter_is_word(nearest(line, end, 1));
	if (end - start > WORD_LETTERS)
		return;
	for (size_t i = start; i < end; i++) {
		uint32_t c = letter_lower(line->c[i]);

		put_utf8(w->text, c);
		w->plain[i - start] = (char)letter_plain(c);
	}
}

static void
split(const struct letter_line *line, struct words *out)
{
	size_t at = 0;

	out->n = 0;
	while (at < line->n && out->n < WORDS_MAX) {
		size_t start = at;

		while (at < line->n && letter_is_word(line->c[at]))
			at++;
		if (at > start)
			take_word(line, start, at, &out->w[out->n++]);
		else
			at++;
	}
}

static bool
is_one_of(const char *text, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strcmp(text, *list) == 0)
			return true;
	}
	return false;
}

static const char *
text_at(const struct words *words, size_t index)
{
	return index < words->n ? words->w[index].text : "";
}

/* Two words that make a mark: as written, or without diacritics in capitals or signs. */
static bool
is_pair(const struct words *words, size_t i, const char *const *first, const char *second,
    const char *plain_first, const char *plain_second)
{
	const struct word *a = &words->w[i], *b = &words->w[i + 1];

	if (is_one_of(a->text, first) && strcmp(b->text, second) == 0)
		return true;
	return strcmp(a->text, plain_first) == 0 && strcmp(b->text, plain_second) == 0 &&
	    ((a->capitals && b->capitals) || (a->sign_before && b->sign_after));
}

static bool
is_urgent(const struct words *words, size_t i)
{
	static const char *const not_after[] = { "cấp", "trương", "thiết", "cầu", NULL };
	const struct word *w = &words->w[i];

	if (strcmp(w->text, "khan") == 0)
		return w->capitals && w->sign_before && w->sign_after;
	if (strcmp(w->text, "khẩn") != 0 || is_one_of(text_at(words, i + 1), not_after))
		return false;
	return w->capitals || (w->sign_before && w->sign_after);
}

enum facts_urgency
docref_urgency(struct span text)
{
	static const char *const hoa[] = { "hỏa", "hoả", NULL };
	static const char *const thuong[] = { "thượng", NULL };
	enum facts_urgency found = URGENCY_NONE;
	struct letter_line line;
	struct words words;

	letter_read(text, &line);
	split(&line, &words);
	for (size_t i = 0; i < words.n; i++) {
		enum facts_urgency u = URGENCY_NONE;

		if (i + 1 < words.n && is_pair(&words, i, hoa, "tốc", "hoa", "toc"))
			u = URGENCY_HOA_TOC;
		else if (i + 1 < words.n &&
		    is_pair(&words, i, thuong, "khẩn", "thuong", "khan"))
			u = URGENCY_THUONG_KHAN;
		else if (is_urgent(&words, i))
			u = URGENCY_KHAN;
		if (u > found)
			found = u;
	}
	return found;
}

static bool
is_secret(const struct words *words, size_t i)
{
	static const char *const before[] = { "bảo", "bí", "thân", "cơ", "bỏ", NULL };
	static const char *const after[] = { "độ", "khẩu", "mã", "ong", "thiết", "vụ", "thám",
		"danh", "ngữ", "nghị", NULL };
	static const char *const noun[] = { "bản", "liệu", "văn", "kiện", NULL };
	const struct word *w = &words->w[i];
	const char *previous = i > 0 ? words->w[i - 1].text : "";

	if (strcmp(w->text, "mat") == 0)
		return w->capitals && w->sign_before && w->sign_after;
	if (strcmp(w->text, "mật") != 0 || is_one_of(text_at(words, i + 1), after))
		return false;
	if (is_one_of(previous, before) && !w->sign_before)
		return false;
	return w->capitals || (w->sign_before && w->sign_after) || is_one_of(previous, noun);
}

unsigned
docref_secrecy(struct span text)
{
	static const char *const toi[] = { "tối", NULL };
	static const char *const tuyet[] = { "tuyệt", NULL };
	unsigned found = 0;
	struct letter_line line;
	struct words words;

	letter_read(text, &line);
	split(&line, &words);
	for (size_t i = 0; i < words.n; i++) {
		unsigned s = 0;

		if (i + 1 < words.n && is_pair(&words, i, tuyet, "mật", "tuyet", "mat"))
			s = 3;
		else if (i + 1 < words.n && is_pair(&words, i, toi, "mật", "toi", "mat"))
			s = 2;
		else if (is_secret(&words, i))
			s = 1;
		if (s > found)
			found = s;
	}
	return found;
}
