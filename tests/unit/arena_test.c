/* SPDX-License-Identifier: Apache-2.0 */
/* The arena: zeroed, aligned, apart, and never more than its maximum. */
#include <stdalign.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/arena.h"

static void
objects_are_zeroed_aligned_and_apart(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 16, 17, 4096, 32768, 32769, 200000, 3 };
	struct arena *a = arena_new(1 << 20);
	uint8_t *given[10];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < 10; i++) {
			given[i] = arena_alloc(a, sizes[i]);
			assert_non_null(given[i]);
			assert_int_equal((uintptr_t)given[i] % alignof(max_align_t), 0);
			for (size_t n = 0; n < sizes[i]; n++)
				assert_int_equal(given[i][n], 0);
			memset(given[i], (int)i + 1, sizes[i]);
		}
		for (size_t i = 0; i < 10; i++)
			for (size_t n = 0; n < sizes[i]; n++)
				assert_int_equal(given[i][n], i + 1);
		arena_reset(a);
	}
	arena_free(&a);
	assert_null(a);
	arena_free(&a);
}

static void
the_maximum_holds(void **state)
{
	struct arena *a = arena_new(1024);

	(void)state;
	assert_null(arena_alloc(a, 1025));
	for (int i = 0; i < 64; i++)
		assert_non_null(arena_alloc(a, 16));
	assert_null(arena_alloc(a, 1));
	assert_null(arena_alloc(a, 0));
	arena_reset(a);
	assert_non_null(arena_alloc(a, 1024));
	arena_free(&a);
}

static void
sizes_that_overflow_are_refused(void **state)
{
	static const struct {
		size_t n, size;
	} arrays[] = { { SIZE_MAX, 2 }, { SIZE_MAX / 2 + 1, 2 }, { SIZE_MAX, SIZE_MAX },
		{ 1, SIZE_MAX }, { 1, SIZE_MAX - 15 }, { 1, SIZE_MAX - 64 } };
	struct arena *a = arena_new(SIZE_MAX);

	(void)state;
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		assert_null(arena_array(a, arrays[i].n, arrays[i].size));
	assert_null(arena_string(a, span_of("", SIZE_MAX)));
	assert_non_null(arena_array(a, 0, 5));
	arena_free(&a);
}

static void
strings_are_copied_with_their_nul(void **state)
{
	struct arena *a = arena_new(100);
	char *s = arena_string(a, span_of("a\0b", 3));

	(void)state;
	assert_memory_equal(s, "a\0b", 4);
	assert_string_equal(arena_string(a, span_str(NULL)), "");
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_zeroed_aligned_and_apart),
		cmocka_unit_test(the_maximum_holds),
		cmocka_unit_test(sizes_that_overflow_are_refused),
		cmocka_unit_test(strings_are_copied_with_their_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
