/* SPDX-License-Identifier: Apache-2.0 */
/* Dates: the forms that we write, what we read, what we refuse, deadlines that saturate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/clock.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
dates_are_written_in_three_forms(void **state)
{
	static const struct {
		int64_t seconds;
		const char *rfc3339, *rfc5322, *vietnam;
	} dates[] = {
		{ 0, "1970-01-01T00:00:00Z", "Thu, 1 Jan 1970 00:00:00 +0000",
		    "01/01/1970 07:00" },
		{ 1795467944, "2026-11-23T21:05:44Z", "Mon, 23 Nov 2026 21:05:44 +0000",
		    "24/11/2026 04:05" },
		{ 951782400, "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 +0000",
		    "29/02/2000 07:00" },
		{ -1, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 +0000",
		    "01/01/1970 06:59" },
		{ INT64_MIN, "0001-01-01T00:00:00Z", "Mon, 1 Jan 0001 00:00:00 +0000",
		    "01/01/0001 00:00" },
		{ INT64_MAX, "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 +0000",
		    "31/12/9999 23:59" },
	};
	char out[CLOCK_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(dates); i++) {
		assert_string_equal(clock_rfc3339(dates[i].seconds, out), dates[i].rfc3339);
		assert_string_equal(clock_rfc5322(dates[i].seconds, out), dates[i].rfc5322);
		assert_string_equal(clock_vietnam(dates[i].seconds, out), dates[i].vietnam);
	}
}

static void
the_calendar_agrees_with_libc(void **state)
{
	(void)state;
	/* A step that is prime to a day, over about 900 years. */
	for (int64_t t = -14000000000; t < 14000000000; t += 8640007) {
		time_t then = t;
		struct tm tm;
		int64_t back;
		char ours[CLOCK_TEXT_MAX], theirs[CLOCK_TEXT_MAX];

		assert_non_null(gmtime_r(&then, &tm));
		strftime(theirs, sizeof(theirs), "%a, %-d %b %Y %H:%M:%S +0000", &tm);
		assert_string_equal(clock_rfc5322(t, ours), theirs);
		assert_true(clock_from_utc(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		    tm.tm_hour, tm.tm_min, tm.tm_sec, &back));
		assert_int_equal(back, t);
		assert_true(clock_parse_rfc5322(span_str(ours), &back));
		assert_int_equal(back, t);
		assert_true(clock_parse_rfc3339(span_str(clock_rfc3339(t, ours)), &back));
		assert_int_equal(back, t);
	}
}

static void
days_that_are_not_are_refused(void **state)
{
	static const int dates[][6] = {
		{ 0, 1, 1, 0, 0, 0 }, { 10000, 1, 1, 0, 0, 0 }, { 2026, 0, 1, 0, 0, 0 },
		{ 2026, 13, 1, 0, 0, 0 }, { 2026, 2, 29, 0, 0, 0 }, { 1900, 2, 29, 0, 0, 0 },
		{ 2026, 4, 31, 0, 0, 0 }, { 2026, 1, 0, 0, 0, 0 }, { 2026, 1, 1, 24, 0, 0 },
		{ 2026, 1, 1, 0, 60, 0 }, { 2026, 1, 1, 0, 0, 60 }, { 2026, 1, 1, -1, 0, 0 },
	};
	int64_t t;

	(void)state;
	for (size_t i = 0; i < COUNT(dates); i++)
		assert_false(clock_from_utc(dates[i][0], dates[i][1], dates[i][2],
		    dates[i][3], dates[i][4], dates[i][5], &t));
}

static void
rfc3339_is_read_strictly(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} texts[] = {
		{ "2026-11-23T21:05:44Z", 1795467944 }, { "2026-11-24T04:05:44+07:00", 1795467944 },
		{ "2026-11-23t21:05:44.999z", 1795467944 }, { "2026-11-23 21:05:44Z", 1795467944 },
		{ "2026-11-23", 1795392000 }, { "2016-12-31T23:59:60Z", 1483228800 },
		{ "2026-11-23T21:05:44", -1 }, { "2026-11-23T21:05Z", -1 }, { "", -1 },
		{ "2026-11-23T21:05:44+0700", -1 }, { "2026-11-23T21:05:44+24:00", -1 },
		{ "2026-02-30", -1 }, { "2026-11-23T21:05:44Z ", -1 }, { "26-11-23", -1 },
		{ "2026-11-23T21:05:44.Z", -1 }, { "+026-11-23", -1 }, { "2026-11-23T", -1 },
	};
	int64_t t;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		bool ok = clock_parse_rfc3339(span_str(texts[i].text), &t);

		if (ok != (texts[i].seconds != -1) || (ok && t != texts[i].seconds))
			fail_msg("%s", texts[i].text);
	}
}

static void
rfc5322_is_read_with_its_old_forms(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} texts[] = {
		{ "Mon, 23 Nov 2026 21:05:44 +0000", 1795467944 },
		{ "24 Nov 2026 04:05:44 +0700", 1795467944 },
		{ "Mon, 23 Nov 2026 16:05:44 -0500 (EST)", 1795467944 },
		{ " mon ,\r\n 23 nOV 26 21 : 05:44 GMT", 1795467944 },
		{ "Mon, 23 Nov 126 21:05:44 EST", 1795485944 },
		{ "(a (nested \\) one)) 23 Nov 2026 21:05:44 Z", 1795467944 },
		{ "23 Nov 2026 21:05 PDT", 1795493100 }, { "1 Jan 70 00:00:00 UT", 0 },
		{ "31 Dec 2016 23:59:60 +0000", 1483228800 },
		{ "23 Nov 2026 21:05:44 XYZZY", 1795467944 },
		{ "23 Nov 2026 21:05:44", -1 }, { "23 Nov 2026", -1 }, { "", -1 },
		{ "32 Nov 2026 21:05:44 +0000", -1 }, { "23 Nox 2026 21:05:44 +0000", -1 },
		{ "23 Nov 2026 21:05:44 +000", -1 }, { "23 Nov 2026 21:05:44 +0000 x", -1 },
		{ "23 Nov 2026 21:05:44 +0000 (", -1 }, { "23 Nov 2026 21:05:44 +0000 (\\", -1 },
		{ "Mon 23 Nov 2026 21:05:44 +0000", -1 }, { "23 Nov 20260 21:05:44 +0000", -1 },
	};
	int64_t t;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		bool ok = clock_parse_rfc5322(span_str(texts[i].text), &t);

		if (ok != (texts[i].seconds != -1) || (ok && t != texts[i].seconds))
			fail_msg("%s: %lld", texts[i].text, (long long)t);
	}
}

static void
deadlines_saturate(void **state)
{
	struct deadline soon = deadline_after_ms(0), never = deadline_never();

	(void)state;
	assert_true(deadline_passed(soon));
	assert_int_equal(deadline_left_ms(soon), 0);
	assert_false(deadline_passed(never));
	assert_int_equal(deadline_left_ms(never), INT32_MAX);
	assert_int_equal(deadline_after_ms(INT64_MAX).at_ms, INT64_MAX);
	assert_int_equal(deadline_earlier(never, soon).at_ms, soon.at_ms);
	assert_true(deadline_left_ms(deadline_after_ms(60000)) > 59000);
}

static void
the_wall_clock_can_be_fixed(void **state)
{
	(void)state;
	assert_true(clock_now() > 1600000000);
	clock_fix(12345);
	assert_int_equal(clock_now(), 12345);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_written_in_three_forms),
		cmocka_unit_test(the_calendar_agrees_with_libc),
		cmocka_unit_test(days_that_are_not_are_refused),
		cmocka_unit_test(rfc3339_is_read_strictly),
		cmocka_unit_test(rfc5322_is_read_with_its_old_forms),
		cmocka_unit_test(deadlines_saturate),
		cmocka_unit_test(the_wall_clock_can_be_fixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
