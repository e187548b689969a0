/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time: the wall clock in seconds, deadlines on the monotonic clock, and the date forms
 * that mail and our files use. Tests may fix the wall clock.
 */
#ifndef VANTHU_COMMON_CLOCK_H
#define VANTHU_COMMON_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"

/* Seconds since 1970-01-01T00:00:00Z. */
int64_t
clock_now(void);

/* Make clock_now() answer `seconds` from here on; for tests and for --at. */
void
clock_fix(int64_t seconds);

/* Milliseconds on a clock that is never set. */
int64_t
clock_monotonic_ms(void);

struct deadline {
	int64_t at_ms; /* on clock_monotonic_ms(); INT64_MAX = never */
};

struct deadline
deadline_after_ms(int64_t ms);

struct deadline
deadline_never(void);

/* The earlier of the two. */
struct deadline
deadline_earlier(struct deadline a, struct deadline b);

/* Milliseconds left, 0 when passed, cut to INT32_MAX: what poll(2) takes. */
int
deadline_left_ms(struct deadline d);

bool
deadline_passed(struct deadline d);

#define CLOCK_TEXT_MAX 48

/* "2026-11-23T21:05:44Z" (RFC 3339, UTC). Returns out. */
const char *
clock_rfc3339(int64_t seconds, char out[CLOCK_TEXT_MAX]);

/* "Mon, 23 Nov 2026 21:05:44 +0000" (RFC 5322 section 3.3). Returns out. */
const char *
clock_rfc5322(int64_t seconds, char out[CLOCK_TEXT_MAX]);

/* "24/11/2026 04:05" in Viet Nam's time, UTC+7 without summer time: what a clerk reads. */
const char *
clock_vietnam(int64_t seconds, char out[CLOCK_TEXT_MAX]);

/* Read RFC 3339 (with Z or an offset; a date alone means its first second in UTC). */
bool
clock_parse_rfc3339(struct span text, int64_t *seconds);

/* Read an RFC 5322 date-time, obsolete zones and two-digit years included. */
bool
clock_parse_rfc5322(struct span text, int64_t *seconds);

/* Seconds of a UTC calendar date; false when there is no such date. */
bool
clock_from_utc(int year, int month, int day, int hour, int minute, int second,
    int64_t *seconds);

#endif
