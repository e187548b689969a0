/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "gateway/receive/smtp_data.h"

static void
gather(void *context, struct span run)
{
	buf_put_span(context, run);
}

/* Feed all, cut at `cut` and, when `bytes`, at every byte; how much was used. */
static size_t
feed(struct smtp_data *d, struct span in, size_t cut, bool bytes, struct buf *out)
{
	size_t used = 0;

	*d = smtp_data_start();
	buf_reset(out);
	while (used < in.len && d->state != DATA_END) {
		size_t len = bytes ? 1 : used < cut ? cut - used : in.len - used;
		size_t got = smtp_data_feed(d, span_sub(in, used, len), gather, out);

		assert_true(got == len || d->state == DATA_END);
		used += got;
	}
	return used;
}

struct data_case {
	struct span in;
	size_t used; /* up to the end of data; SIZE_MAX = all of it, and no end */
	bool bare;
	struct span out; /* not looked at when bare */
};

static const struct data_case cases[] = {
	{ SPAN_LIT(".\r\n"), 3, false, SPAN_LIT("") },
	{ SPAN_LIT("a\r\n.\r\nQUIT\r\n"), 6, false, SPAN_LIT("a\r\n") },
	{ SPAN_LIT("\r\n.\r\n"), 5, false, SPAN_LIT("\r\n") },
	{ SPAN_LIT("..\r\n.\r\n"), 7, false, SPAN_LIT(".\r\n") },
	{ SPAN_LIT("...\r\n.a\r\n. \r\n.\r\n"), 16, false, SPAN_LIT("..\r\na\r\n \r\n") },
	{ SPAN_LIT("a.\r\nb.c\r\n.\r\n"), 12, false, SPAN_LIT("a.\r\nb.c\r\n") },
	{ SPAN_LIT("no end\r\n."), SIZE_MAX, false, SPAN_LIT("no end\r\n") },
	{ SPAN_LIT("no end\r\n.\r"), SIZE_MAX, false, SPAN_LIT("no end\r\n") },
	{ SPAN_LIT("a\n.\nb\r\n.\r\n"), 10, true, SPAN_LIT("") },
	{ SPAN_LIT("a\n.\rb\r\n.\r\n"), 10, true, SPAN_LIT("") },
	{ SPAN_LIT("a\r.\nb\r\n.\r\n"), 10, true, SPAN_LIT("") },
	{ SPAN_LIT("a\r.\rb\r\n.\r\n"), 10, true, SPAN_LIT("") },
	{ SPAN_LIT("a\n.\r\nb\r\n.\r\n"), 11, true, SPAN_LIT("") },
	{ SPAN_LIT("a\r.\r\nb\r\n.\r\n"), 11, true, SPAN_LIT("") },
	{ SPAN_LIT("a\r\n.\r\r\nb\r\n.\r\n"), 13, true, SPAN_LIT("") },
	{ SPAN_LIT("a\r\r\n.\r\r\nb\r\n.\r\n"), 14, true, SPAN_LIT("") },
	{ SPAN_LIT("a\r\n\0.\r\nb\r\n.\r\n"), 13, true, SPAN_LIT("") },
	{ SPAN_LIT("a\r\n.\nb\r\n.\r\n"), 11, true, SPAN_LIT("") },
	{ SPAN_LIT("a\r\n.\0\r\n.\r\n"), 10, true, SPAN_LIT("") },
	{ SPAN_LIT("\n.\r\n"), SIZE_MAX, true, SPAN_LIT("") },
	{ SPAN_LIT("\r.\r\n"), SIZE_MAX, true, SPAN_LIT("") },
	{ SPAN_LIT("\n.\r\n.\r\n"), 7, true, SPAN_LIT("") },
	{ SPAN_LIT("a\0b\r\n.\r\n"), 8, true, SPAN_LIT("") },
};

static void
judge(const struct data_case *c, size_t i, size_t cut, bool bytes, struct buf *out)
{
	struct smtp_data d;
	size_t used = feed(&d, c->in, cut, bytes, out);
	bool end = c->used != SIZE_MAX;

	if ((d.state == DATA_END) != end || used != (end ? c->used : c->in.len) ||
	    d.bare != c->bare || (!c->bare && !span_equal(buf_span(out), c->out)))
		fail_msg("case %zu, cut at %zu", i, cut);
}

static void
the_end_and_the_bytes_are_the_same_however_they_come(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (size_t cut = 0; cut <= cases[i].in.len; cut++)
			judge(&cases[i], i, cut, false, &out);
		judge(&cases[i], i, 0, true, &out);
	}
	buf_free(&out);
}

/* The rules once more, as plainly as they can be written, over the whole input. */
static size_t
plain_reader(struct span in, struct buf *out, bool *bare)
{
	bool line_start = true;

	*bare = false;
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.ptr[i];
		bool crlf = i + 1 < in.len && c == '\r' && in.ptr[i + 1] == '\n';

		if (line_start && span_equal(span_sub(in, i, 3), span_of(".\r\n", 3)))
			return i + 3;
		if (crlf) {
			buf_put(out, "\r\n", 2);
			i++;
			line_start = true;
			continue;
		}
		if ((c == '\r' && i + 1 < in.len) || c == '\n' || c == '\0')
			*bare = true;
		if (!(line_start && c == '.'))
			buf_put_byte(out, c);
		line_start = false;
	}
	return in.len;
}

/* Every string of seven letters over CR, LF, ".", "a", against the plain reader. */
static void
every_short_input_is_read_as_the_plain_reader_does(void **state)
{
	static const uint8_t letters[4] = { '\r', '\n', '.', 'a' };
	struct buf out, plain;

	(void)state;
	buf_init(&out, 64);
	buf_init(&plain, 64);
	for (unsigned n = 0; n < 4 * 4 * 4 * 4 * 4 * 4 * 4; n++) {
		uint8_t bytes[10];
		struct smtp_data d;
		size_t used, wanted;
		bool bare;

		for (unsigned i = 0, rest = n; i < 7; i++, rest /= 4)
			bytes[i] = letters[rest % 4];
		memcpy(bytes + 7, "a\r\n", 3);
		buf_reset(&plain);
		wanted = plain_reader(span_of(bytes, 10), &plain, &bare);
		used = feed(&d, span_of(bytes, 10), n % 10, n % 3 == 0, &out);
		if (used != wanted || d.bare != bare ||
		    (!bare && !span_equal(buf_span(&out), buf_span(&plain))))
			fail_msg("input %u", n);
	}
	buf_free(&out);
	buf_free(&plain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_and_the_bytes_are_the_same_however_they_come),
		cmocka_unit_test(every_short_input_is_read_as_the_plain_reader_does),
	};

	return cmocka_run_group_tests_name("smtp_data", tests, NULL, NULL);
}
