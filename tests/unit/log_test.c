/* SPDX-License-Identifier: Apache-2.0 */
/* A log line is one line, whatever the bytes in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/error.h"
#include "common/io.h"
#include "common/log.h"
#include "common/text.h"

/* What a call of log_warning writes to stderr. */
static const char *
logged(const char *text)
{
	static char out[8192];
	int ends[2], kept = dup(2);
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], 2);
	log_warning("%s", text);
	dup2(kept, 2);
	close(kept);
	close(ends[1]);
	n = read(ends[0], out, sizeof(out) - 1);
	close(ends[0]);
	assert_true(n > 0);
	out[n] = '\0';
	return out;
}

static void
bytes_from_mail_cannot_forge_or_hide_a_line(void **state)
{
	static const struct {
		const char *in, *out;
	} lines[] = {
		{ "plain", "plain" }, { "Văn bản số 12", "Văn bản số 12" },
		{ "a\nb", "a\\u{a}b" }, { "a\r\nfake[1]: ok", "a\\u{d}\\u{a}fake[1]: ok" },
		{ "\x1b[2Jx", "\\u{1b}[2Jx" }, { "\x7f", "\\u{7f}" },
		{ "\xc2\x9b", "\\u{9b}" }, { "\xff\xfe", "\\xff\\xfe" },
		{ "\xe2\x80\xae" "cod.exe", "\\u{202e}cod.exe" },
		{ "\xe2\x81\xa6", "\\u{2066}" }, { "\xe2\x80\xa8", "\\u{2028}" },
		{ "\xe2\x80\x8b", "\\u{200b}" }, { "\xf3\xa0\x81\x81", "\\u{e0041}" },
		{ "a\\xffb", "a\\\\xffb" }, { "\xc0\xaf", "\\xc0\\xaf" },
	};
	char wanted[256];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(wanted, sizeof(wanted), "vanthu-test[%d]: TX: warning: %s\n",
		    (int)getpid(), lines[i].out);
		assert_string_equal(logged(lines[i].in), wanted);
	}
}

static void
a_long_line_is_cut_between_characters(void **state)
{
	static char text[4001];
	const char *line;
	size_t len;

	(void)state;
	for (size_t offset = 0; offset < 3; offset++) {
		memset(text, 'a', offset);
		for (size_t i = 0; i < 1000; i++)
			memcpy(text + offset + 3 * i, "\xe1\xba\xa1", 4);
		line = strstr(logged(text), "warning: ") + strlen("warning: ");
		len = strlen(line);
		assert_true(len <= LOG_LINE_MAX + 1 && len > LOG_LINE_MAX - 5);
		assert_string_equal(line + len - 4, "...\n");
		assert_true(text_is_utf8(span_str(line)));
	}
}

static void
an_error_is_one_line_and_keeps_its_class(void **state)
{
	char big[1000];
	struct error e;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(error_set(&e, ERR_PERM, "a\nb %d", 5), -1);
	assert_string_equal(e.text, "a b 5");
	assert_int_equal(error_prefix(&e, "in %s", "file"), -1);
	assert_string_equal(e.text, "in file: a b 5");
	assert_int_equal(e.class, ERR_PERM);
	error_set(&e, ERR_TEMP, "again: %s", e.text); /* its own text as argument */
	assert_string_equal(e.text, "again: in file: a b 5");
	error_errno(&e, ERR_TEMP, 2, "open %s", "x");
	assert_string_equal(e.text, "open x: No such file or directory");
	error_set(&e, ERR_BUG, "%s", big);
	assert_int_equal(strlen(e.text), ERROR_TEXT_MAX - 1);
	error_prefix(&e, "%s", big);
	assert_int_equal(strlen(e.text), ERROR_TEXT_MAX - 1);
	error_clear(&e);
	assert_int_equal(e.class, ERR_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_from_mail_cannot_forge_or_hide_a_line),
		cmocka_unit_test(a_long_line_is_cut_between_characters),
		cmocka_unit_test(an_error_is_one_line_and_keeps_its_class),
	};

	log_open("vanthu-test", LOG_TO_STDERR);
	log_transaction("TX");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
