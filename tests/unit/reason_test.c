/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/i18n.h"
#include "gateway/model/reason.h"

static void
every_reason_has_a_code_of_its_own_and_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const struct reason_info *info = reason_info((enum reason)i);
		enum reason back;
		assert_true(info->code[0] != '\0');
		assert_int_equal(strspn(info->code, "abcdefghijklmnopqrstuvwxyz0123456789-"),
		    strlen(info->code));
		assert_true(info->verdict < VERDICT_COUNT);
		assert_true(strlen(info->english) > 10);
		assert_true(reason_parse(span_str(info->code), &back));
		assert_int_equal(back, i);
	}
}

/* 4.x.x exactly for what may be better later, 5.x.x for what will not. */
static void
the_enhanced_status_fits_the_verdict(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const struct reason_info *info = reason_info((enum reason)i);
		assert_int_equal(info->status[1], '.');
		switch (info->verdict) {
		case VERDICT_UNCHECKABLE:
			assert_int_equal(info->status[0], '4');
			break;
		case VERDICT_VERIFIED:
			assert_int_equal(info->status[0], '2');
			break;
		case VERDICT_UNTRUSTED:
		case VERDICT_MISMATCH:
		case VERDICT_AMBIGUOUS:
		case VERDICT_LIMIT:
		case VERDICT_ENCRYPTED:
		case VERDICT_UNSIGNED:
			assert_int_equal(info->status[0], '5');
			break;
		case VERDICT_INVALID:
		case VERDICT_COUNT:
			break;
		}
	}
}

static void
every_verdict_has_a_name_that_parses_back(void **state)
{
	enum verdict v;

	(void)state;
	for (unsigned i = 0; i < VERDICT_COUNT; i++) {
		assert_true(verdict_parse(span_str(verdict_name((enum verdict)i)), &v));
		assert_int_equal(v, i);
	}
	assert_false(verdict_parse(span_str("verified"), &v));
	assert_false(verdict_parse(span_str("VERIFIED "), &v));
	assert_string_equal(verdict_name((enum verdict)99), "INVALID");
	assert_false(reason_parse(span_str("no such code"), &(enum reason){ REASON_NONE }));
	assert_string_equal(reason_info((enum reason)9999)->code, "none");
}

static const char *
text(enum reason r, struct span a, struct span b, bool advice, struct buf *out)
{
	buf_reset(out);
	reason_text(r, REASON_EN, a, b, advice, out);
	return buf_str(out);
}

static void
placeholders_are_filled_and_arguments_shown_safely(void **state)
{
	struct span evil = SPAN_LIT("a\r\nX-Evil: 1\x1b[31m\xe2\x80\xae");
	struct span none = { 0 };
	struct buf out;
	char big[4000];

	(void)state;
	buf_init(&out, 8192);
	assert_string_equal(text(REASON_FROM_DIFFERS, span_str("a@x.example"),
	    span_str("b@y.example"), false, &out),
	    "The message says it is from a@x.example, but b@y.example signed it.");
	assert_non_null(strstr(text(REASON_FROM_DIFFERS, none, none, true, &out), "telephone"));
	assert_null(strpbrk(text(REASON_FROM_DIFFERS, evil, evil, false, &out), "\r\n\x1b"));
	assert_null(strstr(buf_str(&out), "\xe2\x80\xae"));
	memset(big, 'x', sizeof(big));
	assert_true(strlen(text(REASON_FROM_DIFFERS, span_of(big, sizeof(big)),
	    span_of(big, sizeof(big)), false, &out)) < 400);
	/* An argument with a placeholder in it is not filled again. */
	assert_non_null(strstr(text(REASON_FROM_DIFFERS, span_str("{2}"), span_str("zzz"),
	    false, &out), "from {2}, but zzz"));
	buf_free(&out);
}

/* Both languages: {1} and {2} of the English stand in the Vietnamese as well. */
static void
the_vietnamese_keeps_the_placeholders(void **state)
{
	(void)state;
	i18n_open();
	if (!i18n_loaded())
		skip();
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const char *english[] = { reason_info((enum reason)i)->english,
			reason_info((enum reason)i)->advice };
		for (unsigned k = 0; k < 2; k++) {
			if (english[k][0] == '\0')
				continue;
			const char *vi = i18n_vi(english[k]);
			if (strcmp(vi, english[k]) == 0)
				fail_msg("not translated: %s", english[k]);
			assert_int_equal(strstr(english[k], "{1}") != NULL,
			    strstr(vi, "{1}") != NULL);
			assert_int_equal(strstr(english[k], "{2}") != NULL,
			    strstr(vi, "{2}") != NULL);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_has_a_code_of_its_own_and_words),
		cmocka_unit_test(the_enhanced_status_fits_the_verdict),
		cmocka_unit_test(every_verdict_has_a_name_that_parses_back),
		cmocka_unit_test(placeholders_are_filled_and_arguments_shown_safely),
		cmocka_unit_test(the_vietnamese_keeps_the_placeholders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
