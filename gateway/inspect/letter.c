/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vietnamese letters are in four blocks of Unicode; inside each block case is a fixed step.
 */
#include "gateway/inspect/letter.h"

#include "common/buf.h"
#include "common/text.h"

/* Dashes that word processors put for a hyphen, and slashes that they put for a slash. */
static uint32_t
fold_sign(uint32_t c)
{
	if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212)
		return '-';
	if (c == 0x2044 || c == 0x2215)
		return '/';
	return c == 0xa0 ? ' ' : c;
}

void
letter_read(struct span text, struct letter_line *out)
{
	struct buf clean;
	size_t at = 0;

	out->n = 0;
	buf_init(&clean, 64 * LETTER_LINE_MAX);
	text_clean(span_sub(text, 0, 16 * LETTER_LINE_MAX), &clean);
	while (!clean.failed && out->n < LETTER_LINE_MAX) {
		int32_t c = text_next(buf_span(&clean), &at);

		if (c == -1)
			break;
		out->c[out->n++] = c < 0 ? '?' : fold_sign((uint32_t)c);
	}
	buf_free(&clean);
}

static bool
is_pair_letter(uint32_t c)
{
	return c == 0x102 || c == 0x103 || c == 0x110 || c == 0x111 || c == 0x128 ||
	    c == 0x129 || c == 0x168 || c == 0x169 || c == 0x1a0 || c == 0x1a1 ||
	    (c >= 0x1ea0 && c <= 0x1ef9);
}

bool
letter_is_upper(uint32_t c)
{
	if (is_pair_letter(c))
		return c % 2 == 0;
	return (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xdd && c != 0xd7) || c == 0x1af;
}

bool
letter_is_lower(uint32_t c)
{
	if (is_pair_letter(c))
		return c % 2 == 1;
	return (c >= 'a' && c <= 'z') || (c >= 0xe0 && c <= 0xfd && c != 0xf7) || c == 0x1b0;
}

bool
letter_is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

bool
letter_is_word(uint32_t c)
{
	return letter_is_upper(c) || letter_is_lower(c) || letter_is_digit(c);
}

uint32_t
letter_lower(uint32_t c)
{
	if (!letter_is_upper(c))
		return c;
	return is_pair_letter(c) || c == 0x1af ? c + 1 : c + 0x20;
}

struct plain_range {
	uint32_t first, last;
	char plain;
};

uint32_t
letter_plain(uint32_t c)
{
	static const struct plain_range ranges[] = {
		{ 0xe0, 0xe3, 'a' }, { 0xe8, 0xea, 'e' }, { 0xec, 0xed, 'i' },
		{ 0xf2, 0xf5, 'o' }, { 0xf9, 0xfa, 'u' }, { 0xfd, 0xfd, 'y' },
		{ 0x103, 0x103, 'a' }, { 0x111, 0x111, 'd' }, { 0x129, 0x129, 'i' },
		{ 0x169, 0x169, 'u' }, { 0x1a1, 0x1a1, 'o' }, { 0x1b0, 0x1b0, 'u' },
		{ 0x1ea0, 0x1eb7, 'a' }, { 0x1eb8, 0x1ec7, 'e' }, { 0x1ec8, 0x1ecb, 'i' },
		{ 0x1ecc, 0x1ee3, 'o' }, { 0x1ee4, 0x1ef1, 'u' }, { 0x1ef2, 0x1ef9, 'y' },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (c >= ranges[i].first && c <= ranges[i].last)
			return (uint32_t)ranges[i].plain;
	}
	return c;
}
