/* SPDX-License-Identifier: Apache-2.0 */
/* Encoded words, parameters and charsets: what a person reads in the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/text.h"
#include "gateway/inspect/decode.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define VE_VIEC_HOP "V\xe1\xbb\x81 vi\xe1\xbb\x87" "c h\xe1\xbb\x8dp"

static struct decode *decode;

static int
setup(void **state)
{
	struct error e = { .class = ERR_NONE };

	(void)state;
	return decode_open(&decode, &e);
}

static int
teardown(void **state)
{
	(void)state;
	decode_close(&decode);
	return 0;
}

struct line {
	const char *in, *out;
	bool certain;
};

static void
check_texts(const struct line *list, size_t count)
{
	struct buf out;

	buf_init(&out, 65536);
	for (size_t i = 0; i < count; i++) {
		bool certain;

		buf_reset(&out);
		certain = decode_text(decode, span_str(list[i].in), &out);
		if (strcmp(buf_str(&out), list[i].out) != 0 || certain != list[i].certain)
			print_error("\"%s\": \"%s\" %d\n", list[i].in, buf_str(&out), certain);
		assert_string_equal(buf_str(&out), list[i].out);
		assert_int_equal(certain, list[i].certain);
	}
	buf_free(&out);
}

static void
encoded_words_are_read(void **state)
{
	static const struct line list[] = {
		{ " plain text", "plain text", true },
		{ "=?utf-8?B?VuG7gSB2aeG7h2MgaOG7jXA=?=", VE_VIEC_HOP, true },
		{ "=?utf-8?B?VuG7gSB2aeG7h2MgaOG7jXA?=", VE_VIEC_HOP, true },
		{ "=?UTF-8*vi?q?V=e1=bb=81_vi=E1=BB=87c_h=E1=BB=8Dp?=", VE_VIEC_HOP, true },
		{ "=?windows-1258?Q?V=EA=CC_vi=EA=F2c_ho=F2p?=", VE_VIEC_HOP, true },
		{ "=?viscii?q?V=AB_vi=AEc_h=F7p?=", VE_VIEC_HOP, true },
		{ "=?x-viet-tcvn5712?q?V=D2_vi=D6c_h=E4p?=", VE_VIEC_HOP, true },
		{ "=?x-viet-vni?q?Ve=E0_vie=E4c_ho=EFp?=", VE_VIEC_HOP, true },
		/* a letter cut in two, one byte a word, two encodings of one charset */
		{ "=?utf-8?Q?V=E1=BB?= =?utf-8?Q?=81_vi=E1?=\r\n =?UTF-8?B?u4djIGjhu41w?=",
		    VE_VIEC_HOP, true },
		{ "=?utf-8?Q?=E1?= =?utf-8?Q?=BB?= =?utf-8?Q?=87?=", "\xe1\xbb\x87", true },
		/* blanks: dropped between words only */
		{ "=?utf-8?Q?a?=  =?utf-8?Q?b?=", "ab", true },
		{ "=?utf-8?Q?a?= =?us-ascii?Q?b?=", "ab", true },
		{ "a =?utf-8?Q?b?= c =?utf-8?Q?d?=", "a b c d", true },
		{ "=?utf-8?Q?a b?=", "a b", true },
		{ "\"=?utf-8?Q?a?=\"", "\"a\"", true },
		{ "folded\r\n  text\n\tmore", "folded text more", true },
		/* never a line end, a NUL or another control in the result */
		{ "=?utf-8?Q?a=0D=0ABcc:_x=00y=1B?=", "a Bcc: xy", true },
		{ "=?utf-8?Q?a=E2=80=AE=E2=80=8Bb?=", "ab", true },
		{ "=?utf-8?Q?a=E2=80=A8b?=", "a b", true },
		/* what is no encoded word stays */
		{ "=?utf-8?X?a?=", "=?utf-8?X?a?=", true },
		{ "=?utf-8?Q?a", "=?utf-8?Q?a", true },
		{ "=??Q?a?=", "=??Q?a?=", true },
		{ "x =? y ?= z", "x =? y ?= z", true },
		{ "=?utf-8?Q?a=ZZ=4?=", "a=ZZ=4", true },
		{ "=?utf-8?B?YQ==?= =?utf-8?B?Yg==?=", "ab", true },
		/* an unknown charset is guessed, and said to be */
		{ "=?x-nothing?Q?V=E1=BB=81?=", "V\xe1\xbb\x81", true },
		{ "=?unknown-8bit?Q?V=D2_vi=D6c_h=E4p?=", VE_VIEC_HOP, true },
		{ "=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac", true },
		{ "=?koi8-r?B?8NLJ18XU?=", "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82",
		    true },
		{ "=?utf-8?Q?=FF=FE?=", "\xef\xbf\xbd\xef\xbf\xbd", false },
	};

	(void)state;
	check_texts(list, COUNT(list));
}

static void
raw_bytes_are_told_apart_by_their_syllables(void **state)
{
	static const struct line list[] = {
		{ VE_VIEC_HOP, VE_VIEC_HOP, true },
		{ "V\x65\xcc\x82\xcc\x80 vie\xcc\xa3\xcc\x82" "c ho\xcc\xa3p", VE_VIEC_HOP,
		    true },
		{ "V\xea\xcc vi\xea\xf2" "c ho\xf2p", VE_VIEC_HOP, true },
		          /* windows-1258 */
		{ "V\xd2 vi\xd6" "c h\xe4p", VE_VIEC_HOP, true },                 /* TCVN3 */
		{ "V\xab vi\xae" "c h\xf7p", VE_VIEC_HOP, true },                 /* VISCII */
		{ "V\x65\xe0 vi\x65\xe4" "c ho\xefp", VE_VIEC_HOP, true },        /* VNI */
		{ "=?iso-8859-1?Q?V=D2_vi=D6c_h=E4p?=", VE_VIEC_HOP, true },
		/* not Vietnamese: the declared charset stays */
		{ "=?iso-8859-1?Q?r=E9sum=E9_fran=E7ais?=",
		    "r\xc3\xa9sum\xc3\xa9 fran\xc3\xa7" "ais",
		    true },
		{ "=?windows-1252?Q?=93Gr=FC=DFe=94?=",
		    "\xe2\x80\x9cGr\xc3\xbc\xc3\x9f" "e\xe2\x80\x9d", true },
		/* nothing to go by */
		{ "\xe4\xf6\xfc\xdf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", false },
		/* UTF-8 that was taken for CP1252 once */
		{ "V\xc3\xa1\xc2\xbb\xc2\x81 vi\xc3\xa1\xc2\xbb\xe2\x80\xa1" "c "
		    "h\xc3\xa1\xc2\xbb\xc2\x8d"
		  "p", VE_VIEC_HOP, false },
		/* Eth for the D with stroke */
		{ "\xc3\x90\xe1\xbb\x81 \xc3\xa1n", "\xc4\x90\xe1\xbb\x81 \xc3\xa1n", true },
	};

	(void)state;
	check_texts(list, COUNT(list));
}

/* Every letter of the alphabet in every charset, from the corpus: there and in a word. */
static void
every_letter_is_read_in_every_charset(void **state)
{
	static const struct {
		int column;
		const char *charset;
	} charsets[] = { { 3, "utf-8" }, { 4, "viscii" }, { 5, "tcvn" }, { 6, "windows-1258" } };
	const char *shared = getenv("VANTHU_SHARED");
	char path[4096], line[1024];
	int checked = 0;
	struct buf out;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/corpora/vietnamese/charsets/vietnamese-letters.tsv",
	    shared == NULL ? "../shared" : shared);
	f = fopen(path, "r");
	if (f == NULL)
		skip();
	buf_init(&out, 256);
	while (fgets(line, sizeof(line), f) != NULL) {
		char *columns[9] = { NULL }, *rest = line;

		for (int i = 0; i < 9; i++)
			columns[i] = strsep(&rest, "\t\n");
		if (columns[7] == NULL || strcmp(columns[0], "letter") == 0)
			continue;
		for (size_t i = 0; i < COUNT(charsets); i++) {
			const char *hex = columns[charsets[i].column];
			char word[128] = "";

			if (hex[0] == '\0' || strlen(hex) > 8)
				continue;
			snprintf(word, sizeof(word), "=?%s?Q?", charsets[i].charset);
			for (const char *c = hex; c[0] != '\0' && c[1] != '\0'; c += 2)
				snprintf(word + strlen(word), 8, "=%c%c", c[0], c[1]);
			/* TCVN3 has no accented capitals; CP1252 symbols are in their place. */
			if (i == 2 && (hex[0] == '8' || hex[0] == '9' || strlen(hex) != 2 ||
			    strtol(hex, NULL, 16) < 0x20))
				continue;
			strcat(word, "?=");
			buf_reset(&out);
			decode_text(decode, span_str(word), &out);
			if (strcmp(buf_str(&out), columns[0]) != 0)
				print_error("%s: %s, not %s\n", word, buf_str(&out), columns[0]);
			assert_string_equal(buf_str(&out), columns[0]);
			checked++;
		}
	}
	fclose(f);
	buf_free(&out);
	assert_true(checked > 400);
}

static void
parameters_are_read_as_people_wrote_them(void **state)
{
	static const struct {
		struct scan_parameter p;
		const char *out;
	} list[] = {
		{ { .name = SPAN_LIT("name"), .value = SPAN_LIT("a.pdf") }, "a.pdf" },
		{ { .name = SPAN_LIT("name"),
		      .value = SPAN_LIT("=?utf-8?Q?B=C3=A1o?= =?utf-8?Q?c=C3=A1o.pdf?=") },
		    "B\xc3\xa1" "oc\xc3\xa1o.pdf" },
		{ { .name = SPAN_LIT("name"), .value = SPAN_LIT("B\xc3\xa1o.pdf") },
		    "B\xc3\xa1o.pdf" },
		{ { .name = SPAN_LIT("name"),
		    .value = SPAN_LIT("V\xea\xcc vi\xea\xf2" "c ho\xf2p"),
		      .charset = SPAN_LIT("windows-1258"), .extended = true }, VE_VIEC_HOP },
		{ { .name = SPAN_LIT("name"), .value = SPAN_LIT("B\xc3\xa1o c\xc3\xa1o.pdf"),
		      .charset = SPAN_LIT("utf-8"), .extended = true },
		    "B\xc3\xa1o c\xc3\xa1o.pdf" },
		{ { .name = SPAN_LIT("name"), .value = SPAN_LIT("=?utf-8?Q?B=C3=A1o?="),
		      .extended = true }, "B\xc3\xa1o" },
		{ { .name = SPAN_LIT("name"), .value = SPAN_LIT("a\r\nb\0c.pdf"),
		      .charset = SPAN_LIT("utf-8"), .extended = true }, "a bc.pdf" },
	};
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < COUNT(list); i++) {
		buf_reset(&out);
		assert_true(decode_parameter(decode, &list[i].p, &out));
		assert_string_equal(buf_str(&out), list[i].out);
	}
	buf_free(&out);
}

/* Whatever comes in, one line of well-formed UTF-8 without controls comes out. */
static void
results_are_always_clean(void **state)
{
	static const char *const charsets[] = { "utf-8", "utf-7", "utf-16", "iso-2022-jp",
		"iso-2022-kr", "gb2312", "big5", "shift_jis", "euc-kr", "viscii", "tcvn", "vni",
		"windows-1258", "iso-8859-1", "x", "macintosh" };
	uint8_t bytes[64];
	uint32_t seed = 1;
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	for (int round = 0; round < 20000; round++) {
		size_t n = (size_t)round % sizeof(bytes), at = 0;
		struct scan_parameter p = { .name = SPAN_LIT("name"),
		    .extended = round % 2 == 0 };

		for (size_t i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = (uint8_t)(seed >> 24);
		}
		p.value = span_of(bytes, n);
		p.charset = span_str(charsets[(size_t)round / 7 % COUNT(charsets)]);
		buf_reset(&out);
		decode_parameter(decode, &p, &out);
		assert_false(out.failed);
		for (int32_t c; (c = text_next(buf_span(&out), &at)) != -1;)
			assert_false(c < 0 || text_is_hidden((uint32_t)c));
	}
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoded_words_are_read),
		cmocka_unit_test(raw_bytes_are_told_apart_by_their_syllables),
		cmocka_unit_test(every_letter_is_read_in_every_charset),
		cmocka_unit_test(parameters_are_read_as_people_wrote_them),
		cmocka_unit_test(results_are_always_clean),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
