/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside: well-formedness, what is shown, cleaned, folded and used as a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "common/text.h"

struct pair {
	const char *in, *out;
};

static void
check_pairs(void (*f)(struct span, struct buf *), const struct pair *pairs, size_t n)
{
	struct buf out;

	buf_init(&out, 4096);
	for (size_t i = 0; i < n; i++) {
		buf_reset(&out);
		f(span_str(pairs[i].in), &out);
		assert_string_equal(buf_str(&out), pairs[i].out);
	}
	buf_free(&out);
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
only_well_formed_utf8_is_utf8(void **state)
{
	static const struct {
		const char *in;
		bool good;
	} cases[] = {
		{ "", true }, { "abc", true }, { "Ba V\xc3\xac", true },
		{ "\xe1\xbb\x87", true }, { "\xf0\x9f\x98\x80", true },
		{ "\xf4\x8f\xbf\xbf", true }, { "\xc3", false }, { "\xe1\xbb", false },
		{ "\x80", false }, { "\xc0\xaf", false }, { "\xc1\xbf", false },
		{ "\xe0\x80\xaf", false }, { "\xf0\x80\x80\xaf", false },
		{ "\xed\xa0\x80", false }, { "\xf4\x90\x80\x80", false },
		{ "\xf8\x88\x80\x80\x80", false }, { "\xff", false }, { "V\xc3\x28", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(text_is_utf8(span_str(cases[i].in)), cases[i].good);
}

static void
characters_written_are_read_back(void **state)
{
	static const uint32_t cs[] = { 0, 0x7f, 0x80, 0x7ff, 0x800, 0x1ec7, 0xffff, 0x10000,
		0x10ffff };
	struct buf out;
	size_t i = 0;

	(void)state;
	buf_init(&out, 100);
	for (size_t k = 0; k < COUNT(cs); k++)
		text_put(&out, cs[k]);
	for (size_t k = 0; k < COUNT(cs); k++)
		assert_int_equal(text_next(buf_span(&out), &i), cs[k]);
	assert_int_equal(text_next(buf_span(&out), &i), -1);
	buf_free(&out);
}

static void
nfc_joins_marks_and_refuses_malformed(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_true(text_nfc(span_str("ho\xcc\xa3p vie\xcc\xa3\xcc\x82" "c"), &out));
	assert_string_equal(buf_str(&out), "h\xe1\xbb\x8dp vi\xe1\xbb\x87" "c");
	buf_reset(&out);
	assert_false(text_nfc(span_str("a\xff"), &out));
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

static void
shown_text_stays_on_one_line(void **state)
{
	static const struct {
		const char *in;
		size_t max;
		const char *out;
	} cases[] = {
		{ "plain", 100, "plain" },
		{ "a\r\nb\tc\x1b[31m", 100, "a\\x0d\\x0ab\\x09c\\x1b[31m" },
		{ "exe\xe2\x80\xae" "fdp", 100, "exe\\u{202e}fdp" },
		{ "a\xe2\x80\xa8" "b\xc2\x85", 100, "a\\u{2028}b\\u{85}" },
		{ "V\xec", 100, "V\\xec" },
		{ "Vi\xe1\xbb\x87t", 4, "Vi..." },
		{ "Vi\xe1\xbb\x87t", 5, "Vi\xe1\xbb\x87..." },
		{ "Vi\xe1\xbb\x87t", 6, "Vi\xe1\xbb\x87t" },
		{ "ho\xcc\xa3p", 100, "h\xe1\xbb\x8dp" },
	};
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_reset(&out);
		text_show(span_str(cases[i].in), cases[i].max, &out);
		assert_string_equal(buf_str(&out), cases[i].out);
	}
	buf_free(&out);
}

static void
cleaned_text_has_nothing_hidden(void **state)
{
	static const struct pair pairs[] = {
		{ "", "" },
		{ "  V/v  h\xe1\xbb\x8dp\t\r\n giao ban ", "V/v h\xe1\xbb\x8dp giao ban" },
		{ "a\xe2\x80\x8b" "b\xe2\x80\xae" "c\xef\xbb\xbf" "d\xc2\xad" "e", "abcde" },
		{ "a\xc2\xa0" "b\xe3\x80\x80" "c", "a b c" },
		{ "\xc3\x90\xc3\xb4ng \xc3\xb0\xc6\x89", "\xc4\x90\xc3\xb4ng \xc4\x91\xc4\x90" },
		{ "a\x01\x02" "b\x7f", "ab" },
		{ "V\xec", "V\xef\xbf\xbd" },
		{ "ho\xcc\xa3p", "h\xe1\xbb\x8dp" },
	};

	(void)state;
	check_pairs(text_clean, pairs, COUNT(pairs));
}

static void
file_names_are_safe(void **state)
{
	static const struct pair pairs[] = {
		{ "06_KH-VP.signed.pdf", "06_KH-VP.signed.pdf" },
		{ "", "document" }, { ".", "document" }, { "..", "document" },
		{ " . . ", "document" }, { "\xe2\x80\xae", "document" },
		{ "../x", "_x" }, { "/etc/x", "_etc_x" }, { "..\\x", "_x" },
		{ "C:\\x", "C__x" }, { "x/../../y", "x_.._.._y" }, { "a:b", "a_b" },
		{ "%2e%2e/", "%2e%2e_" }, { "\xc0\xae\xc0\xae/x",
		    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd_x" },
		{ "CON", "_CON" }, { "nul.txt", "_nul.txt" }, { "com1", "_com1" },
		{ "LPT9.pdf", "_LPT9.pdf" }, { "COM\xc2\xb9", "_COM\xc2\xb9" },
		{ "console", "console" }, { "com10", "com10" }, { "aux .c", "_aux .c" },
		{ ".bashrc", "bashrc" }, { "name. . .", "name" }, { "a?b*c<d>e|f\"",
		    "a_b_c_d_e_f_" },
		{ "line\r\nbreak.pdf", "line break.pdf" },
		{ "exe\xe2\x80\xae" "fdp.doc", "exefdp.doc" },
	};

	(void)state;
	check_pairs(text_file_name, pairs, COUNT(pairs));
}

static void
long_file_names_keep_their_extension(void **state)
{
	struct buf in, out;

	(void)state;
	buf_init(&in, 100000);
	buf_init(&out, 1000);
	for (int i = 0; i < 200; i++)
		buf_put_str(&in, "\xe1\xbb\x87");
	buf_put_str(&in, ".pdf");
	text_file_name(buf_span(&in), &out);
	assert_int_equal(out.len, 83 * 3 + 4);
	assert_string_equal(buf_str(&out) + out.len - 4, ".pdf");
	assert_true(text_is_utf8(buf_span(&out)));

	buf_reset(&in);
	buf_reset(&out);
	for (int i = 0; i < 10000; i++)
		buf_put_str(&in, "x.");
	text_file_name(buf_span(&in), &out);
	assert_true(out.len <= TEXT_NAME_MAX);
	assert_true(out.len > 200);
	buf_free(&in);
	buf_free(&out);
}

static void
folded_text_compares_as_people_do(void **state)
{
	static const struct pair pairs[] = {
		{ "H\xe1\xbb\x8e" "A T\xe1\xbb\x90" "C", "hoa toc" },
		{ "Ho\xe1\xba\xa3 t\xe1\xbb\x91" "c", "hoa toc" },
		{ "\xc4\x90\xc3\xb4ng \xc4\x91\xc3\xb4", "dong do" },
		{ "vie\xcc\xa3\xcc\x82" "c", "viec" },
		{ "ABC \xff", "abc \xef\xbf\xbd" },
	};

	(void)state;
	check_pairs(text_fold, pairs, COUNT(pairs));
}

static void
ascii_lines_are_ascii(void **state)
{
	static const struct pair pairs[] = {
		{ "plain text", "plain text" },
		{ "a\"b\\c\r\nd", "a_b_c__d" },
		{ "V\xc3\xac", "Vi" },
		{ "\xc4\x90\xe1\xbb\x91ng \xc4\x91\xe1\xba\xa7u", "Dong dau" },
		{ "\xe2\x82\xac\xff", "__" },
		{ "\xe2\x80\xae", "_" },
	};

	(void)state;
	check_pairs(text_ascii, pairs, COUNT(pairs));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_well_formed_utf8_is_utf8),
		cmocka_unit_test(characters_written_are_read_back),
		cmocka_unit_test(nfc_joins_marks_and_refuses_malformed),
		cmocka_unit_test(shown_text_stays_on_one_line),
		cmocka_unit_test(cleaned_text_has_nothing_hidden),
		cmocka_unit_test(file_names_are_safe),
		cmocka_unit_test(long_file_names_keep_their_extension),
		cmocka_unit_test(folded_text_compares_as_people_do),
		cmocka_unit_test(ascii_lines_are_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
