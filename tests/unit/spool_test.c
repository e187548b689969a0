/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/model/spool.h"

static char folder[] = "/tmp/vanthu-spool-test.XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder); /* fails if a spool left a file behind */
}

static struct spool *
spool_with(size_t size)
{
	static uint8_t chunk[65536];
	struct spool *s;
	struct error e;

	for (size_t i = 0; i < sizeof(chunk); i++)
		chunk[i] = (uint8_t)(i * 7);
	assert_int_equal(spool_new(folder, 32u << 20, &s, &e), 0);
	for (size_t left = size; left > 0;) {
		size_t n = left < sizeof(chunk) ? left : sizeof(chunk);

		assert_int_equal(spool_append(s, span_of(chunk, n), &e), 0);
		left -= n;
	}
	assert_int_equal(spool_seal(s, &e), 0);
	return s;
}

static void
bytes_are_kept_at_every_size_around_the_memory_limit(void **state)
{
	static const size_t sizes[] = { 0, 1, 65535, SPOOL_MEMORY_MAX - 1, SPOOL_MEMORY_MAX,
		SPOOL_MEMORY_MAX + 1, 3 * SPOOL_MEMORY_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct spool *s = spool_with(sizes[i]);
		struct span bytes = spool_bytes(s);

		assert_int_equal(bytes.len, sizes[i]);
		for (size_t at = 0; at < bytes.len; at += 4093)
			assert_int_equal(bytes.ptr[at], (uint8_t)(at % 65536 * 7));
		spool_free(&s);
		assert_null(s);
	}
}

static void
sealed_bytes_cannot_be_changed_by_anybody(void **state)
{
	struct spool *small = spool_with(100), *large = spool_with(SPOOL_MEMORY_MAX + 100);
	struct error e;

	(void)state;
	assert_int_equal(pwrite(spool_descriptor(small), "x", 1, 0), -1);
	assert_int_equal(ftruncate(spool_descriptor(small), 1), -1);
	assert_int_equal(pwrite(spool_descriptor(large), "x", 1, 0), -1);
	assert_int_equal(ftruncate(spool_descriptor(large), 1), -1);
	assert_int_equal(spool_append(small, span_str("x"), &e), -1);
	assert_int_equal(e.class, ERR_BUG);
	spool_free(&small);
	spool_free(&large);
}

static void
the_maximum_is_an_error_that_names_it(void **state)
{
	struct spool *s;
	struct error e;

	(void)state;
	assert_int_equal(spool_new(NULL, 10, &s, &e), 0);
	assert_int_equal(spool_append(s, span_str("0123456789"), &e), 0);
	assert_int_equal(spool_append(s, span_str("0"), &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	assert_non_null(strstr(e.text, "10 bytes"));
	spool_free(&s);
}

static void
body_digest(const char *text, uint8_t out[DIGEST_SIZE])
{
	struct spool *s;
	struct error e;

	assert_int_equal(spool_new(NULL, 1000, &s, &e), 0);
	assert_int_equal(spool_append(s, span_str(text), &e), 0);
	assert_int_equal(spool_seal(s, &e), 0);
	memcpy(out, spool_body_digest(s), DIGEST_SIZE);
	spool_free(&s);
}

static void
the_body_digest_does_not_see_trace_fields(void **state)
{
	static const char *const same[] = {
		"From: a\r\nReceived: later\r\n\r\nx",
		"Received: by a\r\nFrom: a\r\nReceived: later\r\n\r\nx",
		("Return-Path: <>\r\nReceived: by b\r\n\tfolded\r\n blank\r\nDelivered-To: c\r\n"
		 "X-Original-To: d\r\nFrom: a\r\nReceived: later\r\n\r\nx"),
	};
	static const char *const other[] = {
		"From: a\r\n\r\nx",
		" Received: by a\r\nFrom: a\r\nReceived: later\r\n\r\nx",
		"X-Received: by a\r\nFrom: a\r\nReceived: later\r\n\r\nx",
	};
	uint8_t first[DIGEST_SIZE], digest[DIGEST_SIZE];

	(void)state;
	body_digest(same[0], first);
	for (size_t i = 1; i < sizeof(same) / sizeof(same[0]); i++) {
		body_digest(same[i], digest);
		assert_memory_equal(first, digest, DIGEST_SIZE);
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		body_digest(other[i], digest);
		assert_memory_not_equal(first, digest, DIGEST_SIZE);
	}
}

static void
a_descriptor_that_could_change_is_refused(void **state)
{
	char path[128];
	struct spool *s, *copy;
	struct error e;
	int fd;

	(void)state;
	fd = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(write(fd, "abc", 3), 3);
	assert_int_equal(spool_from_descriptor(dup(fd), 10, &s, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_int_equal(spool_adopt(fd, 10, &s, &e), 0);
	assert_int_equal(spool_size(s), 3);
	assert_int_equal(spool_from_descriptor(dup(spool_descriptor(s)), 10, &copy, &e), 0);
	assert_memory_equal(spool_bytes(copy).ptr, "abc", 3);
	assert_memory_equal(spool_digest(copy), spool_digest(s), DIGEST_SIZE);
	spool_free(&copy);
	spool_free(&s);

	snprintf(path, sizeof(path), "%s/named", folder);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_int_equal(spool_from_descriptor(dup(fd), 10, &s, &e), -1);
	unlink(path);
	assert_int_equal(spool_from_descriptor(fd, 10, &s, &e), 0);
	spool_free(&s);
}

static void
a_missing_folder_is_a_temporary_error(void **state)
{
	static uint8_t chunk[SPOOL_MEMORY_MAX];
	struct spool *s;
	struct error e;

	(void)state;
	assert_int_equal(spool_new("/nonexistent", 32u << 20, &s, &e), 0);
	assert_int_equal(spool_append(s, span_of(chunk, sizeof(chunk)), &e), 0);
	assert_int_equal(spool_append(s, span_of(chunk, 1), &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	spool_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_kept_at_every_size_around_the_memory_limit),
		cmocka_unit_test(sealed_bytes_cannot_be_changed_by_anybody),
		cmocka_unit_test(the_maximum_is_an_error_that_names_it),
		cmocka_unit_test(the_body_digest_does_not_see_trace_fields),
		cmocka_unit_test(a_descriptor_that_could_change_is_refused),
		cmocka_unit_test(a_missing_folder_is_a_temporary_error),
	};

	return cmocka_run_group_tests_name("spool", tests, make_folder, remove_folder);
}
