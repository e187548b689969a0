/* SPDX-License-Identifier: Apache-2.0 */
/* The growing buffer: its maximum holds exactly, and a failure stays until the reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"

static void
the_maximum_holds_exactly(void **state)
{
	static const size_t maxima[] = { 0, 1, 255, 256, 257, 1000, 70000 };
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(maxima) / sizeof(maxima[0]); i++) {
		buf_init(&b, maxima[i]);
		for (size_t n = 0; n < maxima[i]; n++)
			buf_put_byte(&b, (uint8_t)n);
		assert_false(b.failed);
		assert_int_equal(b.len, maxima[i]);
		buf_put_byte(&b, 1);
		assert_true(b.failed);
		assert_int_equal(b.len, maxima[i]);
		assert_true(b.capacity <= maxima[i] + 1);
		for (size_t n = 0; n < b.len; n++)
			assert_int_equal(b.data[n], (uint8_t)n);
		buf_free(&b);
	}
}

static void
after_a_failure_nothing_is_put_until_the_reset(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	buf_put_str(&b, "abc");
	buf_put_str(&b, "de");
	buf_put_str(&b, "f");
	assert_true(b.failed);
	assert_true(span_is(buf_span(&b), "abc"));
	assert_string_equal(buf_str(&b), "");
	assert_null(buf_extend(&b, 0));
	buf_reset(&b);
	buf_put_str(&b, "defg");
	assert_false(b.failed);
	assert_string_equal(buf_str(&b), "defg");
	buf_free(&b);
}

static void
sizes_that_overflow_are_refused(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, SIZE_MAX);
	buf_put_str(&b, "x");
	assert_null(buf_extend(&b, SIZE_MAX));
	assert_true(b.failed);
	buf_reset(&b);
	assert_non_null(buf_extend(&b, 0));
	buf_free(&b);
	assert_null(b.data);
}

static void
printf_writes_what_fits_whole(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	buf_printf(&b, "%s-%d", "abc", 42);
	assert_string_equal(buf_str(&b), "abc-42");
	buf_printf(&b, "%s", "");
	buf_printf(&b, "%s", "1234");
	assert_int_equal(b.len, 10);
	buf_printf(&b, "%s", "5");
	assert_true(b.failed);
	assert_int_equal(b.len, 10);
	buf_free(&b);
}

static void
a_string_is_ended_without_being_longer(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	assert_string_equal(buf_str(&b), "");
	for (size_t n = 1; n < 3000; n++) {
		buf_put_byte(&b, 'x');
		assert_int_equal(strlen(buf_str(&b)), n);
		assert_int_equal(b.len, n);
	}
	buf_free_secret(&b);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_maximum_holds_exactly),
		cmocka_unit_test(after_a_failure_nothing_is_put_until_the_reset),
		cmocka_unit_test(sizes_that_overflow_are_refused),
		cmocka_unit_test(printf_writes_what_fits_whole),
		cmocka_unit_test(a_string_is_ended_without_being_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
