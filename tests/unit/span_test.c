/* SPDX-License-Identifier: Apache-2.0 */
/* Spans: cutting never leaves the bytes, comparing asks no locale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/span.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
a_cut_never_leaves_the_bytes(void **state)
{
	static const struct {
		size_t offset, len;
		const char *out;
	} cuts[] = {
		{ 0, 5, "hello" }, { 0, 99, "hello" }, { 1, 3, "ell" }, { 4, 1, "o" },
		{ 5, 1, "" }, { 6, 1, "" }, { SIZE_MAX, SIZE_MAX, "" }, { 1, SIZE_MAX, "ello" },
		{ 0, 0, "" },
	};
	struct span s = span_str("hello");

	(void)state;
	for (size_t i = 0; i < COUNT(cuts); i++) {
		struct span cut = span_sub(s, cuts[i].offset, cuts[i].len);

		assert_true(span_is(cut, cuts[i].out));
		assert_true(cut.ptr >= s.ptr && cut.ptr + cut.len <= s.ptr + s.len);
	}
	assert_int_equal(span_sub(span_str(NULL), 3, 3).len, 0);
	assert_int_equal(span_from(span_str(NULL), 3).len, 0);
}

static void
letters_compare_without_case_and_without_locale(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal, nocase;
	} pairs[] = {
		{ "", "", true, true }, { "a", "A", false, true }, { "az", "AZ", false, true },
		{ "@", "`", false, false }, { "[", "{", false, false },
		{ "\xc3\x84", "\xc3\xa4", false, false }, { "ab", "abc", false, false },
		{ "bavi.Hanoi.example", "BAVI.hanoi.EXAMPLE", false, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct span a = span_str(pairs[i].a), b = span_str(pairs[i].b);

		assert_int_equal(span_equal(a, b), pairs[i].equal);
		assert_int_equal(span_equal_nocase(a, b), pairs[i].nocase);
		assert_int_equal(span_is(a, pairs[i].b), pairs[i].equal);
		assert_int_equal(span_is_nocase(b, pairs[i].a), pairs[i].nocase);
	}
	assert_true(span_starts_nocase(span_str("X-Vanthu"), span_str("x-")));
	assert_false(span_starts_nocase(span_str("x"), span_str("x-")));
	assert_false(span_equal(span_of("a\0b", 3), span_str("a")));
}

static void
finding_stays_inside(void **state)
{
	struct span s = span_str("one, two, two");

	(void)state;
	assert_int_equal(span_find(s, ',', 0), 3);
	assert_int_equal(span_find(s, ',', 4), 8);
	assert_int_equal(span_find(s, ',', 9), SPAN_NOT_FOUND);
	assert_int_equal(span_find(s, 'o', SIZE_MAX), SPAN_NOT_FOUND);
	assert_int_equal(span_find(span_str(NULL), 0, 0), SPAN_NOT_FOUND);
	assert_int_equal(span_find_span(s, span_str("two"), 0), 5);
	assert_int_equal(span_find_span(s, span_str("two"), 6), 10);
	assert_int_equal(span_find_span(s, span_str("two"), 11), SPAN_NOT_FOUND);
	assert_int_equal(span_find_span(s, span_str(""), 13), 13);
	assert_int_equal(span_find_span(s, span_str(""), 14), SPAN_NOT_FOUND);
	assert_int_equal(span_find_span(span_sub(s, 0, 7), span_str("two"), 0), SPAN_NOT_FOUND);
}

static void
trimming_takes_blanks_at_both_ends(void **state)
{
	(void)state;
	assert_true(span_is(span_trim(span_str(" \t a b \r\n")), "a b"));
	assert_int_equal(span_trim(span_str(" \r\n\t")).len, 0);
	assert_int_equal(span_trim(span_str(NULL)).len, 0);
	assert_int_equal(span_trim(span_str("\v")).len, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cut_never_leaves_the_bytes),
		cmocka_unit_test(letters_compare_without_case_and_without_locale),
		cmocka_unit_test(finding_stays_inside),
		cmocka_unit_test(trimming_takes_blanks_at_both_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
