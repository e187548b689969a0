/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/inspect/der.h"

struct check_case {
	const char *what;
	struct span in;
	const char *wrong; /* NULL: well formed */
};

static void
only_one_plain_reading_is_well_formed(void **state)
{
	static const struct check_case cases[] = {
		{ "integer", SPAN_LIT("\x02\x01\x05"), NULL },
		{ "empty sequence", SPAN_LIT("\x30\x00"), NULL },
		{ "nested", SPAN_LIT("\x30\x05\x30\x03\x02\x01\x05"), NULL },
		{ "indefinite", SPAN_LIT("\x30\x80\x02\x01\x05\x00\x00"), NULL },
		{ "indefinite in indefinite", SPAN_LIT("\x30\x80\x30\x80\x00\x00\x00\x00"), NULL },
		{ "definite in indefinite", SPAN_LIT("\x30\x80\x30\x00\x00\x00"), NULL },
		{ "indefinite in definite", SPAN_LIT("\x30\x04\x30\x80\x00\x00"), NULL },
		{ "pieces", SPAN_LIT("\x24\x80\x04\x01\x61\x04\x01\x62\x00\x00"), NULL },
		{ "nothing", SPAN_LIT(""), "truncated" },
		{ "one octet", SPAN_LIT("\x30"), "truncated" },
		{ "content cut", SPAN_LIT("\x02\x02\x05"), "truncated" },
		{ "length cut", SPAN_LIT("\x30\x82\x01"), "truncated" },
		{ "end of contents missing", SPAN_LIT("\x30\x80\x02\x01\x05"), "truncated" },
		{ "inner runs over outer", SPAN_LIT("\x30\x03\x02\x02\x05\x05"), "truncated" },
		{ "indefinite runs over definite",
		    SPAN_LIT("\x30\x80\x30\x02\x30\x80\x00\x00\x00\x00"), "truncated" },
		{ "trailing", SPAN_LIT("\x02\x01\x05\x00"), DER_TRAILING },
		{ "two items", SPAN_LIT("\x30\x00\x30\x00"), DER_TRAILING },
		{ "long form for short", SPAN_LIT("\x02\x81\x01\x05"), "length not minimal" },
		{ "leading zero", SPAN_LIT("\x30\x82\x00\x80"), "length not minimal" },
		{ "length of five octets", SPAN_LIT("\x30\x85\x01\x00\x00\x00\x00"),
		    "length too large" },
		{ "primitive without length", SPAN_LIT("\x04\x80\x00\x00"),
		    "primitive without length" },
		{ "high tag", SPAN_LIT("\x1f\x81\x00\x00"), "high tag number" },
		{ "end of contents alone", SPAN_LIT("\x00\x00"), "stray end of contents" },
		{ "end of contents in definite", SPAN_LIT("\x30\x02\x00\x00"),
		    "stray end of contents" },
		{ "bit string in pieces", SPAN_LIT("\x23\x80\x03\x01\x00\x00\x00"),
		    "string in pieces" },
		{ "other string in pieces", SPAN_LIT("\x24\x80\x0c\x01\x61\x00\x00"),
		    "string in pieces" },
		{ "pieces in pieces", SPAN_LIT("\x24\x80\x24\x80\x00\x00\x00\x00"),
		    "string in pieces" },
		{ "primitive sequence", SPAN_LIT("\x10\x00"), "primitive sequence" },
		{ "constructed integer", SPAN_LIT("\x22\x80\x00\x00"), "string in pieces" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *wrong = der_check(cases[i].in);
		if ((wrong == NULL) != (cases[i].wrong == NULL)
		    || (wrong != NULL && strcmp(wrong, cases[i].wrong) != 0))
			fail_msg("%s: %s", cases[i].what, wrong != NULL ? wrong : "good");
	}
}

static void
nesting_ends_at_its_limit(void **state)
{
	uint8_t deep[4 * (DER_DEPTH_MAX + 1)];

	(void)state;
	for (unsigned depth = DER_DEPTH_MAX - 1; depth <= DER_DEPTH_MAX + 1; depth++) {
		for (unsigned i = 0; i < depth; i++) {
			deep[2 * i] = DER_SEQUENCE;
			deep[2 * i + 1] = (uint8_t)(2 * (depth - i - 1));
		}
		const char *wrong = der_check(span_of(deep, 2 * depth));
		assert_int_equal(wrong == NULL, depth <= DER_DEPTH_MAX);
		memset(deep, 0, sizeof(deep));
		for (unsigned i = 0; i < depth; i++) {
			deep[2 * i] = DER_SEQUENCE;
			deep[2 * i + 1] = 0x80;
		}
		wrong = der_check(span_of(deep, 4 * depth));
		assert_int_equal(wrong == NULL, depth <= DER_DEPTH_MAX);
	}
}

static void
a_million_open_sequences_end_quickly(void **state)
{
	static uint8_t open[2000000];

	(void)state;
	for (size_t i = 0; i < sizeof(open); i += 2) {
		open[i] = DER_SEQUENCE;
		open[i + 1] = 0x80;
	}
	assert_string_equal(der_check(span_of(open, sizeof(open))), "nested too deep");
}

static void
items_are_taken_in_order(void **state)
{
	struct span in = SPAN_LIT("\x30\x80\x02\x01\x05\x00\x00\x04\x01\x61");
	struct der_item item;

	(void)state;
	assert_false(der_take(&in, DER_OCTET_STRING, &item));
	assert_int_equal(in.len, 10);
	assert_true(der_take(&in, DER_SEQUENCE, &item));
	assert_true(item.indefinite);
	assert_int_equal(item.content.len, 3);
	assert_int_equal(item.whole.len, 7);
	assert_true(der_next(&in, &item));
	assert_int_equal(item.tag, DER_OCTET_STRING);
	assert_false(der_next(&in, &item));
}

static void
small_integers_have_one_form(void **state)
{
	static const struct {
		struct span content;
		bool good;
		uint32_t value;
	} cases[] = {
		{ SPAN_LIT("\x00"), true, 0 }, { SPAN_LIT("\x7f"), true, 127 },
		{ SPAN_LIT("\x00\x80"), true, 128 }, { SPAN_LIT("\x01\x00"), true, 256 },
		{ SPAN_LIT(""), false, 0 }, { SPAN_LIT("\x80"), false, 0 },
		{ SPAN_LIT("\x00\x01"), false, 0 }, { SPAN_LIT("\x01\x00\x00\x00\x00"), false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct der_item item = { .tag = DER_INTEGER, .content = cases[i].content };
		uint32_t value = 0;
		assert_int_equal(der_small_integer(item, &value), cases[i].good);
		if (cases[i].good)
			assert_int_equal(value, cases[i].value);
	}
}

static void
times_are_read_only_in_their_der_form(void **state)
{
	static const struct {
		uint8_t tag;
		struct span content;
		bool good;
		int64_t value;
	} cases[] = {
		{ DER_UTC_TIME, SPAN_LIT("700101000000Z"), true, 0 },
		{ DER_UTC_TIME, SPAN_LIT("491231235959Z"), true, 2524607999 },
		{ DER_UTC_TIME, SPAN_LIT("500101000000Z"), true, -631152000 },
		{ DER_GENERALIZED_TIME, SPAN_LIT("20500101000000Z"), true, 2524608000 },
		{ DER_UTC_TIME, SPAN_LIT("7001010000Z"), false, 0 },
		{ DER_UTC_TIME, SPAN_LIT("700101000000+0700"), false, 0 },
		{ DER_UTC_TIME, SPAN_LIT("701301000000Z"), false, 0 },
		{ DER_UTC_TIME, SPAN_LIT("70010100000:Z"), false, 0 },
		{ DER_GENERALIZED_TIME, SPAN_LIT("20500101000000.5Z"), false, 0 },
		{ DER_GENERALIZED_TIME, SPAN_LIT("700101000000Z"), false, 0 },
		{ DER_OCTET_STRING, SPAN_LIT("700101000000Z"), false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct der_item item = { .tag = cases[i].tag, .content = cases[i].content };
		int64_t value = 0;
		assert_int_equal(der_time(item, &value), cases[i].good);
		if (cases[i].good)
			assert_true(value == cases[i].value);
	}
}

static void
headers_and_names_are_written_as_der_wants(void **state)
{
	struct span oid = SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02");
	char text[64], tiny[6];
	struct buf b;

	(void)state;
	buf_init(&b, 64);
	der_put_header(DER_SET, 127, &b);
	der_put_header(DER_SET, 128, &b);
	der_put_header(DER_SET, 65536, &b);
	assert_int_equal(b.len, 2 + 3 + 5);
	assert_memory_equal(b.data, "\x31\x7f\x31\x81\x80\x31\x83\x01\x00\x00", 10);
	buf_free(&b);
	assert_string_equal(der_oid_text(oid, text, sizeof(text)), "1.2.840.113549.1.7.2");
	assert_true(strlen(der_oid_text(oid, tiny, sizeof(tiny))) < sizeof(tiny));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_one_plain_reading_is_well_formed),
		cmocka_unit_test(nesting_ends_at_its_limit),
		cmocka_unit_test(a_million_open_sequences_end_quickly),
		cmocka_unit_test(items_are_taken_in_order),
		cmocka_unit_test(small_integers_have_one_form),
		cmocka_unit_test(times_are_read_only_in_their_der_form),
		cmocka_unit_test(headers_and_names_are_written_as_der_wants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
