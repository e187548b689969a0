/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Character sets of mail. iconv knows most; VNI it does not know, and TCVN3 it knows only
 * as TCVN 5712, which differs in 0x80 to 0x9f. All converters are opened once, before the
 * sandbox, because iconv loads its modules from files.
 *
 * The declared charset is believed when the bytes fit it and nothing speaks against it. Old
 * mail programs declared us-ascii or iso-8859-1 and sent what their keyboard driver made of
 * Vietnamese; such bytes are read in every Vietnamese charset and the one whose words are
 * possible syllables wins, if it wins clearly.
 */
#include "gateway/inspect/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "gateway/inspect/vietnamese.h"

#define REPLACEMENT 0xfffdu
#define MARGIN 3 /* points by which a guess must lead: one syllable */

enum kind {
	KIND_UTF8,
	KIND_ICONV,
	KIND_LATIN1, /* cp1252 in truth, and often enough not even that */
	KIND_TCVN3,
	KIND_VNI,
	KIND_GUESS,
};

/* Names beside their own that a charset goes by; the first is iconv's. */
static const struct charset {
	enum kind kind;
	const char *names[7];
} table[] = {
	{ KIND_UTF8, { "UTF-8", "utf8", "unicode-1-1-utf-8", "utf-8-strict" } },
	{ KIND_LATIN1, { "CP1252", "us-ascii", "ascii", "iso-8859-1", "latin1",
	    "windows-1252", "ansi_x3.4-1968" } },
	{ KIND_ICONV, { "CP1258", "windows-1258", "x-cp1258" } },
	{ KIND_ICONV, { "VISCII", "x-viscii", "viscii1.1-1", "csviscii" } },
	{ KIND_TCVN3, { "TCVN5712-1", "tcvn", "tcvn5712", "x-viet-tcvn5712", "x-viet-tcvn",
	    "tcvn3", "x-viet-abc" } },
	{ KIND_VNI, { "x-viet-vni", "vni", "x-vni" } },
	{ KIND_GUESS, { "", "unknown-8bit", "x-user-defined", "default", "x-unknown",
	    "unknown", "8bit" } },
	{ KIND_ICONV, { "ISO-8859-2", "latin2" } }, { KIND_ICONV, { "ISO-8859-3" } },
	{ KIND_ICONV, { "ISO-8859-4" } }, { KIND_ICONV, { "ISO-8859-5" } },
	{ KIND_ICONV, { "ISO-8859-6" } }, { KIND_ICONV, { "ISO-8859-7", "greek" } },
	{ KIND_ICONV, { "ISO-8859-8", "iso-8859-8-i" } },
	{ KIND_ICONV, { "ISO-8859-9", "latin5" } }, { KIND_ICONV, { "ISO-8859-10" } },
	{ KIND_ICONV, { "ISO-8859-11", "tis-620", "windows-874" } },
	{ KIND_ICONV, { "ISO-8859-13" } }, { KIND_ICONV, { "ISO-8859-14" } },
	{ KIND_ICONV, { "ISO-8859-15", "latin-9" } }, { KIND_ICONV, { "ISO-8859-16" } },
	{ KIND_ICONV, { "CP1250", "windows-1250" } },
	{ KIND_ICONV, { "CP1251", "windows-1251" } },
	{ KIND_ICONV, { "CP1253", "windows-1253" } },
	{ KIND_ICONV, { "CP1254", "windows-1254" } },
	{ KIND_ICONV, { "CP1255", "windows-1255" } },
	{ KIND_ICONV, { "CP1256", "windows-1256" } },
	{ KIND_ICONV, { "CP1257", "windows-1257" } },
	{ KIND_ICONV, { "KOI8-R" } }, { KIND_ICONV, { "KOI8-U" } },
	{ KIND_ICONV, { "IBM437", "cp437" } }, { KIND_ICONV, { "IBM850", "cp850" } },
	{ KIND_ICONV, { "MACINTOSH", "x-mac-roman", "macroman" } },
	{ KIND_ICONV, { "GB18030", "gb2312", "gbk", "x-gbk", "cp936", "euc-cn" } },
	{ KIND_ICONV, { "BIG5-HKSCS", "big5", "cp950" } },
	{ KIND_ICONV, { "CP932", "shift_jis", "shift-jis", "x-sjis", "windows-31j" } },
	{ KIND_ICONV, { "EUC-JP", "x-euc-jp" } },
	{ KIND_ICONV, { "ISO-2022-JP-2", "iso-2022-jp" } },
	{ KIND_ICONV, { "CP949", "euc-kr", "ks_c_5601-1987", "ks_c_5601" } },
	{ KIND_ICONV, { "ISO-2022-KR" } },
	{ KIND_ICONV, { "UTF-7", "unicode-1-1-utf-7" } },
	{ KIND_ICONV, { "UTF-16" } }, { KIND_ICONV, { "UTF-16BE" } },
	{ KIND_ICONV, { "UTF-16LE" } },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CLOSED ((iconv_t)-1)

enum { UTF8_AT, LATIN1_AT, CP1258_AT, VISCII_AT, TCVN_AT, VNI_AT, GUESS_AT };

struct charsets {
	iconv_t open[COUNT(table)];
};

struct charsets *
charsets_open(void)
{
	struct charsets *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	for (size_t i = 0; i < COUNT(table); i++) {
		c->open[i] = CLOSED;
		if (table[i].kind == KIND_ICONV || table[i].kind == KIND_LATIN1 ||
		    table[i].kind == KIND_TCVN3)
			c->open[i] = iconv_open("UTF-8", table[i].names[0]);
	}
	return c;
}

void
charsets_close(struct charsets **c)
{
	if (*c == NULL)
		return;
	for (size_t i = 0; i < COUNT(table); i++)
		if ((*c)->open[i] != CLOSED)
			iconv_close((*c)->open[i]);
	free(*c);
	*c = NULL;
}

static size_t
find(struct span name)
{
	for (size_t i = 0; i < COUNT(table); i++)
		for (size_t k = 0; k < COUNT(table[i].names) && table[i].names[k] != NULL; k++)
			if (span_is_nocase(name, table[i].names[k]))
				return i;
	return GUESS_AT;
}

/* --- one charset --------------------------------------------------------------------- */

/* Convert; false when a byte did not fit (U+FFFD stands for it). */
static bool
by_iconv(iconv_t cd, struct span bytes, struct buf *out)
{
	char *in = (char *)(uintptr_t)bytes.ptr; /* iconv's prototype lacks a const */
	size_t left = bytes.len;
	bool good = true, done = false;
	char room[512];

	if (cd == CLOSED)
		return false;
	iconv(cd, NULL, NULL, NULL, NULL);
	while (!done) {
		char *to = room;
		size_t space = sizeof(room);
		bool flush = left == 0;
		size_t r = flush ? iconv(cd, NULL, NULL, &to, &space) :
		    iconv(cd, &in, &left, &to, &space);
		int why = r == (size_t)-1 ? errno : 0;

		buf_put(out, room, sizeof(room) - space);
		done = flush && why != E2BIG;
		if (why == EILSEQ || why == EINVAL) {
			text_put(out, REPLACEMENT);
			good = false;
			if (left > 0) {
				in++;
				left--;
			}
		}
	}
	return good;
}

static bool
by_utf8(struct span bytes, struct buf *out)
{
	bool good = true;
	size_t at = 0;
	int32_t c;

	while ((c = text_next(bytes, &at)) != -1) {
		good &= c >= 0;
		text_put(out, c < 0 ? REPLACEMENT : (uint32_t)c);
	}
	return good;
}

/* 0x80 to 0x9f, which CP1252 leaves partly empty, as the C1 controls of the same number. */
static const uint16_t cp1252_high[32] = { 0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020,
	0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f, 0x90, 0x2018, 0x2019,
	0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e,
	0x178 };

static uint32_t
cp1252_character(uint8_t b)
{
	return b >= 0x80 && b < 0xa0 ? cp1252_high[b - 0x80] : b;
}

static void
by_cp1252(struct span bytes, struct buf *out)
{
	for (size_t i = 0; i < bytes.len; i++)
		text_put(out, cp1252_character(bytes.ptr[i]));
}

/* TCVN 5712 for the letters, CP1252 for the symbols that Windows put among them. */
static bool
by_tcvn3(iconv_t cd, struct span bytes, struct buf *out)
{
	size_t start = 0;
	bool good = true;

	for (size_t i = 0; i <= bytes.len; i++) {
		bool symbol = i < bytes.len && bytes.ptr[i] >= 0x80 && bytes.ptr[i] < 0xa0;

		if (i < bytes.len && !symbol)
			continue;
		if (i > start)
			good &= by_iconv(cd, span_sub(bytes, start, i - start), out);
		if (symbol)
			text_put(out, cp1252_character(bytes.ptr[i]));
		start = i + 1;
	}
	return good;
}

/* --- VNI ------------------------------------------------------------------------------ */

enum { GRAVE = 0x300, ACUTE = 0x301, TILDE = 0x303, HOOK = 0x309, DOT = 0x323,
	CIRCUMFLEX = 0x302, BREVE = 0x306, HORN = 0x31b };

/* What a byte after a vowel does to it. */
static const struct {
	uint8_t byte; /* lower case; upper case is 0x20 less */
	const char *bases;
	uint32_t quality, tone;
} vni_marks[] = {
	{ 0xf9, "aeouyQU", 0, ACUTE }, { 0xf8, "aeouyQU", 0, GRAVE },
	{ 0xfb, "aeouyQU", 0, HOOK }, { 0xf5, "aeouyQU", 0, TILDE },
	{ 0xef, "aeouyQU", 0, DOT },
	{ 0xe2, "aeo", CIRCUMFLEX, 0 }, { 0xe1, "aeo", CIRCUMFLEX, ACUTE },
	{ 0xe0, "aeo", CIRCUMFLEX, GRAVE }, { 0xe5, "aeo", CIRCUMFLEX, HOOK },
	{ 0xe3, "aeo", CIRCUMFLEX, TILDE }, { 0xe4, "aeo", CIRCUMFLEX, DOT },
	{ 0xea, "a", BREVE, 0 }, { 0xe9, "a", BREVE, ACUTE }, { 0xe8, "a", BREVE, GRAVE },
	{ 0xfa, "a", BREVE, HOOK }, { 0xfc, "a", BREVE, TILDE }, { 0xeb, "a", BREVE, DOT },
};

/* Bytes that are letters by themselves: base letter and marks. */
static const struct {
	uint8_t byte;
	uint32_t letter, mark;
} vni_letters[] = {
	{ 0xf1, 0x111, 0 }, { 0xf4, 'o', HORN }, { 0xf6, 'u', HORN }, { 0xed, 'i', ACUTE },
	{ 0xec, 'i', GRAVE }, { 0xe6, 'i', HOOK }, { 0xf3, 'i', TILDE }, { 0xf2, 'i', DOT },
	{ 0xee, 'y', DOT },
};

static uint8_t
vni_lower(uint8_t b)
{
	if ((b >= 'A' && b <= 'Z') || (b >= 0xc0 && b <= 0xdf))
		return (uint8_t)(b + 0x20);
	return b;
}

/* Put the letter of byte b; returns the letter by which a mark may follow, or 0. */
static char
vni_letter(uint8_t b, struct buf *out)
{
	uint8_t lower = vni_lower(b);
	bool upper = lower != b;

	if (b < 0x80) {
		buf_put_byte(out, b);
		return memchr("aeouy", lower, 5) != NULL ? (char)lower : '\0';
	}
	for (size_t i = 0; i < COUNT(vni_letters); i++) {
		uint32_t letter = vni_letters[i].letter;

		if (vni_letters[i].byte != lower)
			continue;
		if (letter == 0x111)
			text_put(out, upper ? 0x110 : 0x111);
		else
			text_put(out, upper ? letter - 0x20 : letter);
		if (vni_letters[i].mark != 0)
			text_put(out, vni_letters[i].mark);
		if (vni_letters[i].mark == HORN)
			return letter == 'o' ? 'Q' : 'U';
		return '\0';
	}
	text_put(out, cp1252_character(b));
	return '\0';
}

static bool
vni_mark(uint8_t b, char base, struct buf *out)
{
	for (size_t i = 0; i < COUNT(vni_marks); i++) {
		if (vni_marks[i].byte != vni_lower(b) || strchr(vni_marks[i].bases, base) == NULL)
			continue;
		if (vni_marks[i].quality != 0)
			text_put(out, vni_marks[i].quality);
		if (vni_marks[i].tone != 0)
			text_put(out, vni_marks[i].tone);
		return true;
	}
	return false;
}

static void
by_vni(struct span bytes, struct buf *out)
{
	char base = '\0';

	for (size_t i = 0; i < bytes.len; i++) {
		if (base != '\0' && bytes.ptr[i] >= 0x80 && vni_mark(bytes.ptr[i], base, out))
			base = '\0';
		else
			base = vni_letter(bytes.ptr[i], out);
	}
}

/* --- guessing ------------------------------------------------------------------------- */

static bool
convert(struct charsets *c, size_t at, struct span bytes, struct buf *out)
{
	switch (table[at].kind) {
	case KIND_UTF8:
		return by_utf8(bytes, out);
	case KIND_ICONV:
		return by_iconv(c->open[at], bytes, out);
	case KIND_TCVN3:
		return by_tcvn3(c->open[at], bytes, out);
	case KIND_VNI:
		by_vni(bytes, out);
		return true;
	case KIND_LATIN1:
	case KIND_GUESS:
		break;
	}
	by_cp1252(bytes, out);
	return true;
}

static bool
is_ascii(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] >= 0x80)
			return false;
	return true;
}

/*
 * Read the bytes in every candidate. `fallback` is the charset that was declared, GUESS_AT
 * when none was. Returns whether there is a clear winner, and its place.
 */
static bool
guess(struct charsets *c, struct span bytes, size_t fallback, size_t *winner)
{
	static const size_t candidates[] = { CP1258_AT, TCVN_AT, VISCII_AT, VNI_AT, LATIN1_AT };
	int best = 0, second = 0;
	struct buf text;

	*winner = fallback;
	buf_init(&text, SIZE_MAX);
	for (size_t i = 0; i < COUNT(candidates); i++) {
		int score;

		buf_reset(&text);
		if (!convert(c, candidates[i], bytes, &text))
			continue;
		score = vietnamese_score(buf_span(&text));
		if (score > best) {
			second = best;
			best = score;
			*winner = candidates[i];
		} else if (score > second) {
			second = score;
		}
	}
	buf_free(&text);
	if (best >= second + MARGIN)
		return true;
	*winner = fallback;
	return fallback != GUESS_AT;
}

/* --- UTF-8 that was taken for CP1252 once ------------------------------------------------ */

static bool
looks_doubled(struct span text)
{
	static const char *const signs[] = { "\xc3\xa1\xc2\xba", "\xc3\xa1\xc2\xbb",
		"\xc3\x83", "\xc3\x84\xe2\x80\x98", "\xc3\x84\xc2\x90", "\xc3\x86\xc2\xb0",
		"\xc3\x86\xc2\xa1" };

	for (size_t i = 0; i < COUNT(signs); i++)
		if (span_find_span(text, span_str(signs[i]), 0) != SPAN_NOT_FOUND)
			return true;
	return false;
}

static bool
to_cp1252(uint32_t c, uint8_t *b)
{
	for (unsigned i = 0; i < 32; i++)
		if (cp1252_high[i] == c) {
			*b = (uint8_t)(0x80 + i);
			return true;
		}
	*b = (uint8_t)c;
	return c < 0x80 || (c >= 0xa0 && c <= 0xff);
}

/* Undo it in `text`; false when it was not so. */
static bool
undo_doubling(struct buf *text)
{
	struct buf once;
	size_t at = 0;
	int32_t c;
	bool good = true;

	if (!looks_doubled(buf_span(text)))
		return false;
	buf_init(&once, SIZE_MAX);
	while (good && (c = text_next(buf_span(text), &at)) != -1) {
		uint8_t b = 0;

		good = c >= 0 && to_cp1252((uint32_t)c, &b);
		buf_put_byte(&once, b);
	}
	good = good && !once.failed && text_is_utf8(buf_span(&once)) &&
	    vietnamese_score(buf_span(&once)) > vietnamese_score(buf_span(text));
	if (good) {
		buf_reset(text);
		buf_put_span(text, buf_span(&once));
	}
	buf_free(&once);
	return good;
}

bool
charset_convert(struct charsets *c, struct span bytes, struct span name, struct buf *out)
{
	size_t at = find(name);
	bool certain = true;
	struct buf text;

	buf_init(&text, SIZE_MAX);
	if (table[at].kind == KIND_GUESS || table[at].kind == KIND_LATIN1) {
		if (is_ascii(bytes) || text_is_utf8(bytes))
			at = UTF8_AT;
		else
			certain = guess(c, bytes, at, &at);
	}
	if (at == GUESS_AT) {
		by_utf8(bytes, &text); /* nothing fits: what is readable, and U+FFFD */
	} else if (!convert(c, at, bytes, &text)) {
		certain = false;
		if (guess(c, bytes, GUESS_AT, &at) && at != GUESS_AT) {
			buf_reset(&text);
			convert(c, at, bytes, &text);
		}
	}
	if (undo_doubling(&text))
		certain = false;
	if (text.failed || !text_nfc(buf_span(&text), out))
		out->failed = true;
	buf_free(&text);
	return certain;
}
