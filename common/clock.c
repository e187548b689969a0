/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time. The calendar is computed here (proleptic Gregorian, days counted in eras of 400
 * years), because timegm and strptime ask the locale and the time zone of the process and
 * accept more than RFC 3339 and RFC 5322 do. Dates are those of years 1 to 9999; what lies
 * outside is shown as the nearest end.
 */
#include "common/clock.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>

#define DAY INT64_C(86400)
#define FIRST_SECOND INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define LAST_SECOND INT64_C(253402300799)  /* 9999-12-31T23:59:59Z */
#define VIETNAM_OFFSET (7 * 3600)

static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
	"Aug", "Sep", "Oct", "Nov", "Dec" };
static const char day_names[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

/* The process's clock: the other global that style.md 4.1 allows. */
static struct {
	bool fixed;
	int64_t seconds;
} the_clock;

static struct timespec
read_clock(clockid_t id)
{
	struct timespec t = { 0 };

	/* With a valid id and address clock_gettime has no way to fail. */
	(void)clock_gettime(id, &t);
	return t;
}

int64_t
clock_now(void)
{
	return the_clock.fixed ? the_clock.seconds : read_clock(CLOCK_REALTIME).tv_sec;
}

void
clock_fix(int64_t seconds)
{
	the_clock.fixed = true;
	the_clock.seconds = seconds;
}

int64_t
clock_monotonic_ms(void)
{
	struct timespec t = read_clock(CLOCK_MONOTONIC);

	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct deadline
deadline_after_ms(int64_t ms)
{
	struct deadline d;

	if (__builtin_add_overflow(clock_monotonic_ms(), ms, &d.at_ms))
		return deadline_never();
	return d;
}

struct deadline
deadline_never(void)
{
	return (struct deadline){ .at_ms = INT64_MAX };
}

struct deadline
deadline_earlier(struct deadline a, struct deadline b)
{
	return a.at_ms <= b.at_ms ? a : b;
}

int
deadline_left_ms(struct deadline d)
{
	int64_t now = clock_monotonic_ms();

	if (d.at_ms <= now)
		return 0;
	return d.at_ms - now > INT32_MAX ? INT32_MAX : (int)(d.at_ms - now);
}

bool
deadline_passed(struct deadline d)
{
	return d.at_ms <= clock_monotonic_ms();
}

/* --- calendar ---------------------------------------------------------------------- */

struct civil {
	int year, month, day, hour, minute, second, weekday;
};

static struct civil
civil_of(int64_t seconds)
{
	struct civil c;
	int64_t days, rest, era, of_era, year_of_era, day_of_year, shifted;

	if (seconds < FIRST_SECOND)
		seconds = FIRST_SECOND;
	if (seconds > LAST_SECOND)
		seconds = LAST_SECOND;
	days = seconds / DAY;
	rest = seconds % DAY;
	if (rest < 0) {
		rest += DAY;
		days--;
	}
	c.hour = (int)(rest / 3600);
	c.minute = (int)(rest / 60 % 60);
	c.second = (int)(rest % 60);
	c.weekday = (int)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
	days += 719468; /* days from 0000-03-01 to 1970-01-01; never negative here */
	era = days / 146097;
	of_era = days % 146097;
	year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	shifted = (5 * day_of_year + 2) / 153; /* months counted from March */
	c.day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
	c.month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
	c.year = (int)(era * 400 + year_of_era + (c.month <= 2));
	return c;
}

static int
days_in_month(int year, int month)
{
	static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

bool
clock_from_utc(int year, int month, int day, int hour, int minute, int second,
    int64_t *seconds)
{
	int64_t y = year, era, year_of_era, day_of_year, days;

	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
	    day > days_in_month(year, month) || hour < 0 || hour > 23 || minute < 0 ||
	    minute > 59 || second < 0 || second > 59)
		return false;
	y -= month <= 2;
	era = y / 400;
	year_of_era = y % 400;
	day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	    day_of_year - 719468;
	*seconds = days * DAY + hour * 3600 + minute * 60 + second;
	return true;
}

const char *
clock_rfc3339(int64_t seconds, char out[CLOCK_TEXT_MAX])
{
	struct civil c = civil_of(seconds);

	snprintf(out, CLOCK_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month,
	    c.day, c.hour, c.minute, c.second);
	return out;
}

const char *
clock_rfc5322(int64_t seconds, char out[CLOCK_TEXT_MAX])
{
	struct civil c = civil_of(seconds);

	snprintf(out, CLOCK_TEXT_MAX, "%s, %d %s %04d %02d:%02d:%02d +0000",
	    day_names[c.weekday], c.day, month_names[c.month - 1], c.year, c.hour,
	    c.minute, c.second);
	return out;
}

const char *
clock_vietnam(int64_t seconds, char out[CLOCK_TEXT_MAX])
{
	int64_t there;
	struct civil c;

	if (__builtin_add_overflow(seconds, VIETNAM_OFFSET, &there))
		there = INT64_MAX;
	c = civil_of(there);
	snprintf(out, CLOCK_TEXT_MAX, "%02d/%02d/%04d %02d:%02d", c.day, c.month, c.year,
	    c.hour, c.minute);
	return out;
}

/* --- reading ----------------------------------------------------------------------- */

struct reader {
	struct span s;
	size_t at;
	bool bad;
};

static uint8_t
peek(const struct reader *r)
{
	return r->at < r->s.len ? r->s.ptr[r->at] : 0;
}

static bool
take(struct reader *r, uint8_t c)
{
	if (r->at >= r->s.len || r->s.ptr[r->at] != c)
		return false;
	r->at++;
	return true;
}

static void
expect(struct reader *r, uint8_t c)
{
	if (!take(r, c))
		r->bad = true;
}

/* A number of min to max digits (max <= 9, so it fits). */
static int
digits(struct reader *r, unsigned min, unsigned max)
{
	int value = 0;
	unsigned n = 0;

	while (n < max && peek(r) >= '0' && peek(r) <= '9') {
		value = value * 10 + (r->s.ptr[r->at++] - '0');
		n++;
	}
	if (n < min)
		r->bad = true;
	return value;
}

/* Date and time with an offset in minutes east of UTC; second 60 is a leap second. */
static bool
finish(const struct civil *c, int offset, int64_t *seconds)
{
	bool leap = c->second == 60;

	if (!clock_from_utc(c->year, c->month, c->day, c->hour, c->minute,
		leap ? 59 : c->second, seconds))
		return false;
	*seconds += (leap ? 1 : 0) - (int64_t)offset * 60;
	return true;
}

static int
numeric_zone(struct reader *r, bool colon)
{
	int sign = peek(r) == '-' ? -1 : 1, hours, minutes;

	if (!take(r, '-'))
		expect(r, '+');
	hours = digits(r, 2, 2);
	if (colon)
		expect(r, ':');
	minutes = digits(r, 2, 2);
	if (hours > 23 || minutes > 59)
		r->bad = true;
	return sign * (hours * 60 + minutes);
}

bool
clock_parse_rfc3339(struct span text, int64_t *seconds)
{
	struct reader r = { .s = text };
	struct civil c = { 0 };
	int offset = 0;

	c.year = digits(&r, 4, 4);
	expect(&r, '-');
	c.month = digits(&r, 2, 2);
	expect(&r, '-');
	c.day = digits(&r, 2, 2);
	if (!r.bad && r.at == text.len)
		return finish(&c, 0, seconds);
	if (!take(&r, 'T') && !take(&r, 't'))
		expect(&r, ' ');
	c.hour = digits(&r, 2, 2);
	expect(&r, ':');
	c.minute = digits(&r, 2, 2);
	expect(&r, ':');
	c.second = digits(&r, 2, 2);
	if (take(&r, '.'))
		(void)digits(&r, 1, 9);
	if (!take(&r, 'Z') && !take(&r, 'z'))
		offset = numeric_zone(&r, true);
	return !r.bad && r.at == text.len && finish(&c, offset, seconds);
}

/* Blanks, folds and (nested) comments between the tokens of RFC 5322. */
static void
skip_cfws(struct reader *r)
{
	size_t depth = 0;

	for (; r->at < r->s.len; r->at++) {
		uint8_t c = peek(r);

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (c == '\\' && depth > 0)
			r->at++;
		else if (depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n')
			break;
	}
	if (depth > 0 || r->at > r->s.len) {
		r->at = r->s.len;
		r->bad = true;
	}
}

static struct span
letters(struct reader *r)
{
	size_t start = r->at;

	while ((peek(r) | 0x20) >= 'a' && (peek(r) | 0x20) <= 'z')
		r->at++;
	if (r->at == start)
		r->bad = true;
	return span_sub(r->s, start, r->at - start);
}

static int
month_of(struct span name)
{
	for (int i = 0; i < 12; i++)
		if (span_is_nocase(name, month_names[i]))
			return i + 1;
	return 0;
}

/* RFC 5322 4.3: what is not one of the eight North American names says nothing: -0000. */
static int
named_zone(struct span name)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = { { "EDT", -4 }, { "EST", -5 }, { "CDT", -5 }, { "CST", -6 },
		{ "MDT", -6 }, { "MST", -7 }, { "PDT", -7 }, { "PST", -8 } };

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (span_is_nocase(name, zones[i].name))
			return zones[i].hours * 60;
	return 0;
}

static int
year_of(struct reader *r)
{
	size_t start = r->at;
	int year = digits(r, 2, 4);

	switch (r->at - start) {
	case 2:
		return year + (year < 50 ? 2000 : 1900);
	case 3:
		return year + 1900;
	default:
		return year;
	}
}

bool
clock_parse_rfc5322(struct span text, int64_t *seconds)
{
	struct reader r = { .s = text };
	struct civil c = { 0 };
	int offset;

	skip_cfws(&r);
	if (peek(&r) > '9') { /* the name of the day, which nobody checks */
		(void)letters(&r);
		skip_cfws(&r);
		expect(&r, ',');
		skip_cfws(&r);
	}
	c.day = digits(&r, 1, 2);
	skip_cfws(&r);
	c.month = month_of(letters(&r));
	skip_cfws(&r);
	c.year = year_of(&r);
	skip_cfws(&r);
	c.hour = digits(&r, 2, 2);
	skip_cfws(&r);
	expect(&r, ':');
	skip_cfws(&r);
	c.minute = digits(&r, 2, 2);
	skip_cfws(&r);
	if (take(&r, ':')) {
		skip_cfws(&r);
		c.second = digits(&r, 2, 2);
		skip_cfws(&r);
	}
	if (peek(&r) == '+' || peek(&r) == '-')
		offset = numeric_zone(&r, false);
	else
		offset = named_zone(letters(&r));
	skip_cfws(&r);
	return !r.bad && r.at == text.len && finish(&c, offset, seconds);
}
