/* SPDX-License-Identifier: Apache-2.0 */
/* The transfer codecs: what is read, what is refused and why, and the way there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/codec.h"

struct vector {
	const char *in;
	bool lf;
	enum codec_result result;
	const char *out;
};

static const struct vector base64[] = {
	{ "", false, CODEC_OK, "" },
	{ "QUJD", false, CODEC_OK, "ABC" },
	{ "QUI=", false, CODEC_OK, "AB" },
	{ "QQ==", false, CODEC_OK, "A" },
	{ "QQ==\r\n\r\n", false, CODEC_OK, "A" },
	{ "QUJD\r\nREVG\r\n", false, CODEC_OK, "ABCDEF" },
	{ "QU\r\nJD", false, CODEC_OK, "ABC" },
	{ "QUJD  \t\r\nREVG ", false, CODEC_OK, "ABCDEF" },
	{ "QUJD\nREVG\n", true, CODEC_OK, "ABCDEF" },
	{ "QUJD\r\nREVG\n", true, CODEC_OK, "ABCDEF" },
	{ "QUJD\nREVG\n", false, CODEC_LINE, NULL },
	{ "QUJD\rREVG", false, CODEC_LINE, NULL },
	{ "QUJD\r", false, CODEC_LINE, NULL },
	{ "QUJD\r\r\n", false, CODEC_LINE, NULL },
	{ "QUJD REVG", false, CODEC_JUNK, NULL },
	{ "QU!JD", false, CODEC_JUNK, NULL },
	{ "QUJ-", false, CODEC_JUNK, NULL },
	{ "\xef\xbb\xbfQUJD", false, CODEC_JUNK, NULL },
	{ "QUJD=QUJD", false, CODEC_PADDING, NULL },
	{ "QQ==QUJD", false, CODEC_PADDING, NULL },
	{ "QQ==\r\nQQ==", false, CODEC_PADDING, NULL },
	{ "QQ===", false, CODEC_PADDING, NULL },
	{ "QQ=A", false, CODEC_PADDING, NULL },
	{ "Q===", false, CODEC_PADDING, NULL },
	{ "====", false, CODEC_PADDING, NULL },
	{ "QQ", false, CODEC_PADDING, NULL },
	{ "QUI", false, CODEC_PADDING, NULL },
	{ "QQ=", false, CODEC_PADDING, NULL },
	{ "QQ=\r\n=", false, CODEC_PADDING, NULL },
	{ "QQ= =", false, CODEC_PADDING, NULL },
	{ "QR==", false, CODEC_PADDING, NULL },
	{ "QUJ=", false, CODEC_PADDING, NULL },
	{ "QUJDR", false, CODEC_TRUNCATED, NULL },
};

static const struct vector qp[] = {
	{ "", false, CODEC_OK, "" },
	{ "plain text", false, CODEC_OK, "plain text" },
	{ "a=3Db", false, CODEC_OK, "a=b" },
	{ "=e1=bb=87", false, CODEC_OK, "\xe1\xbb\x87" },
	{ "soft=\r\nbreak", false, CODEC_OK, "softbreak" },
	{ "end=\r\n", false, CODEC_OK, "end" },
	{ "blanks \t \r\nnext", false, CODEC_OK, "blanks\r\nnext" },
	{ "blanks at the end  ", false, CODEC_OK, "blanks at the end" },
	{ "kept  =\r\nblanks", false, CODEC_OK, "kept  blanks" },
	{ "kept=20\r\n", false, CODEC_OK, "kept \r\n" },
	{ "two\nlines=\nhere", true, CODEC_OK, "two\nlineshere" },
	{ "two\nlines", false, CODEC_LINE, NULL },
	{ "soft=\nbreak", false, CODEC_LINE, NULL },
	{ "bare\rreturn", false, CODEC_LINE, NULL },
	{ "bare\r", false, CODEC_LINE, NULL },
	{ "soft=\rbreak", false, CODEC_LINE, NULL },
	{ "a=b", false, CODEC_TRUNCATED, NULL },
	{ "a=", false, CODEC_TRUNCATED, NULL },
	{ "a=\r", false, CODEC_TRUNCATED, NULL },
	{ "a=4", false, CODEC_TRUNCATED, NULL },
	{ "a=bx", false, CODEC_JUNK, NULL },
	{ "a=zz", false, CODEC_JUNK, NULL },
	{ "a== b", false, CODEC_JUNK, NULL },
	{ "a= \r\nb", false, CODEC_JUNK, NULL },
	{ "\xe1\xbb\x87", false, CODEC_JUNK, NULL },
	{ "a\x01" "b", false, CODEC_JUNK, NULL },
	{ "a\x7f" "b", false, CODEC_JUNK, NULL },
};

static void
check(enum codec_kind kind, const struct vector *v, size_t step)
{
	struct span in = span_str(v->in);
	struct codec_decoder d;
	struct buf out;
	enum codec_result r = CODEC_OK;

	buf_init(&out, 4096);
	codec_decoder_init(&d, kind, v->lf);
	for (size_t i = 0; i < in.len && r == CODEC_OK; i += step)
		r = codec_decoder_put(&d, span_sub(in, i, step), &out);
	if (r == CODEC_OK)
		r = codec_decoder_end(&d, &out);
	if (r != v->result)
		print_error("\"%s\" in steps of %zu: %s\n", v->in, step, codec_result_name(r));
	assert_int_equal(r, v->result);
	if (v->out != NULL)
		assert_string_equal(buf_str(&out), v->out);
	buf_free(&out);
}

static void
base64_reads_what_all_read_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(base64) / sizeof(base64[0]); i++)
		for (size_t step = 1; step <= 16; step++)
			check(CODEC_BASE64, &base64[i], step);
}

static void
qp_reads_what_all_read_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(qp) / sizeof(qp[0]); i++)
		for (size_t step = 1; step <= 16; step++)
			check(CODEC_QP, &qp[i], step);
}

static void
lines_and_output_are_bounded(void **state)
{
	static char line[2000];
	struct buf out;

	(void)state;
	memset(line, 'A', sizeof(line));
	buf_init(&out, 4096);
	assert_int_equal(codec_base64_decode(span_of(line, 996), false, &out), CODEC_OK);
	assert_int_equal(codec_base64_decode(span_of(line, 1000), false, &out), CODEC_LINE);
	assert_int_equal(codec_qp_decode(span_of(line, 998), false, &out), CODEC_OK);
	assert_int_equal(codec_qp_decode(span_of(line, 999), false, &out), CODEC_LINE);
	memset(line, ' ', sizeof(line));
	assert_int_equal(codec_qp_decode(span_of(line, 2000), false, &out), CODEC_LINE);
	buf_free(&out);
	buf_init(&out, 10);
	memset(line, 'A', sizeof(line));
	assert_int_equal(codec_base64_decode(span_of(line, 16), false, &out), CODEC_TOO_LONG);
	buf_reset(&out);
	assert_int_equal(codec_qp_decode(span_of(line, 16), false, &out), CODEC_TOO_LONG);
	buf_free(&out);
}

/* Encode, look at the form, decode. */
static void
what_is_encoded_comes_back(void **state)
{
	static const char *const texts[] = { "", "A", "AB", "ABC", "From a\r\n.b\r\n",
		"blank \r\ntab\t\r\nend ", "= \r\n\r\n", "Qu\xe1\xba\xadn Ba V\xc3\xac\r\n",
		("a long line without any end whatever it may be that is much longer than "
		 "seventy-six....................................................."),
		"\x01\x7f\x80\xff" };
	struct buf text, back;

	(void)state;
	buf_init(&text, 65536);
	buf_init(&back, 65536);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct span in = span_str(texts[i]);

		buf_reset(&text);
		buf_reset(&back);
		codec_qp_encode(in, &text);
		for (size_t at = 0, end; at < text.len; at = end + 2) {
			end = span_find_span(buf_span(&text), span_str("\r\n"), at);
			if (end == SPAN_NOT_FOUND)
				end = text.len;
			assert_true(end - at <= 76);
			assert_true(end == at || (text.data[at] != '.' &&
			    text.data[end - 1] != ' ' && text.data[end - 1] != '\t'));
			assert_false(span_is(span_sub(buf_span(&text), at, 5), "From "));
		}
		assert_int_equal(codec_qp_decode(buf_span(&text), false, &back), CODEC_OK);
		assert_true(span_equal(buf_span(&back), in));

		buf_reset(&text);
		buf_reset(&back);
		codec_base64_encode(in, &text);
		assert_int_equal(codec_base64_decode(buf_span(&text), false, &back), CODEC_OK);
		assert_true(span_equal(buf_span(&back), in));
	}
	buf_free(&text);
	buf_free(&back);
}

static void
bytes_of_every_length_come_back(void **state)
{
	uint8_t bytes[300];
	struct buf text, back;

	(void)state;
	buf_init(&text, 65536);
	buf_init(&back, 65536);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)(i * 167 + n * 13);
		for (int kind = 0; kind < 3; kind++) {
			enum codec_result r = CODEC_OK;

			buf_reset(&text);
			buf_reset(&back);
			if (kind == 0) {
				codec_base64_encode(span_of(bytes, n), &text);
				r = codec_base64_decode(buf_span(&text), false, &back);
			} else if (kind == 1) {
				codec_base64_encode_flat(span_of(bytes, n), &text);
				r = codec_base64_decode(buf_span(&text), false, &back);
			} else {
				codec_qp_encode(span_of(bytes, n), &text);
				r = codec_qp_decode(buf_span(&text), false, &back);
			}
			assert_int_equal(r, CODEC_OK);
			assert_true(span_equal(buf_span(&back), span_of(bytes, n)));
		}
	}
	buf_free(&text);
	buf_free(&back);
}

static void
hex_is_exact(void **state)
{
	uint8_t bytes[3];
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	codec_hex_encode(span_of("\x00\xaf\x10", 3), &out);
	assert_string_equal(buf_str(&out), "00af10");
	assert_true(codec_hex_decode(span_str("00AF1f"), bytes, 3));
	assert_memory_equal(bytes, "\x00\xaf\x1f", 3);
	assert_false(codec_hex_decode(span_str("00AF1"), bytes, 3));
	assert_false(codec_hex_decode(span_str("00AF1f00"), bytes, 3));
	assert_false(codec_hex_decode(span_str("00AF1f0"), bytes, 3));
	assert_false(codec_hex_decode(span_str("00 F1f"), bytes, 3));
	buf_free(&out);
}

/* --- vectors of another implementation, where strictness agrees ---------------------- */

static bool
read_vector(const char *name, uint8_t *bytes, size_t size, size_t *length)
{
	char path[4096];
	const char *shared = getenv("VANTHU_SHARED");
	FILE *f;

	snprintf(path, sizeof(path), "%s/corpora/mime-kmime/%s",
	    shared == NULL ? "../shared" : shared, name);
	f = fopen(path, "rb");
	if (f == NULL)
		return false;
	*length = fread(bytes, 1, size, f);
	fclose(f);
	return true;
}

static void
decodes_as_kmime_or_refuses(void **state)
{
	static const struct {
		const char *name;
		enum codec_kind kind;
		enum codec_result result;
	} vectors[] = {
		{ "codec_b/basic-decode.b", CODEC_BASE64, CODEC_OK },
		{ "codec_b/null-decode.b", CODEC_BASE64, CODEC_OK },
		{ "codec_base64/basic-decode.base64", CODEC_BASE64, CODEC_OK },
		{ "codec_base64/corrupt.base64", CODEC_BASE64, CODEC_JUNK },
		{ "codec_quoted-printable/basic-decode.quoted-printable", CODEC_QP, CODEC_OK },
		{ "codec_quoted-printable/corrupt.quoted-printable", CODEC_QP, CODEC_JUNK },
		{ "codec_quoted-printable/corrupt2.quoted-printable", CODEC_QP,
		    CODEC_TRUNCATED },
		{ "codec_quoted-printable/corrupt3.quoted-printable", CODEC_QP, CODEC_JUNK },
		{ "codec_quoted-printable/corrupt4.quoted-printable", CODEC_QP, CODEC_JUNK },
	};
	static uint8_t in[8192], expected[8192];
	size_t in_length, expected_length;
	struct buf out;
	char name[128];

	(void)state;
	buf_init(&out, 65536);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		enum codec_result r;

		snprintf(name, sizeof(name), "%s.expected", vectors[i].name);
		if (!read_vector(vectors[i].name, in, sizeof(in), &in_length) ||
		    !read_vector(name, expected, sizeof(expected), &expected_length))
			skip();
		buf_reset(&out);
		r = vectors[i].kind == CODEC_BASE64 ?
		    codec_base64_decode(span_of(in, in_length), true, &out) :
		    codec_qp_decode(span_of(in, in_length), true, &out);
		if (r != vectors[i].result)
			print_error("%s: %s\n", vectors[i].name, codec_result_name(r));
		assert_int_equal(r, vectors[i].result);
		if (r == CODEC_OK)
			assert_true(span_equal(buf_span(&out),
			    span_of(expected, expected_length)));
	}
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_reads_what_all_read_alike),
		cmocka_unit_test(qp_reads_what_all_read_alike),
		cmocka_unit_test(lines_and_output_are_bounded),
		cmocka_unit_test(what_is_encoded_comes_back),
		cmocka_unit_test(bytes_of_every_length_come_back),
		cmocka_unit_test(hex_is_exact),
		cmocka_unit_test(decodes_as_kmime_or_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
