/* SPDX-License-Identifier: Apache-2.0 */
/* The permit table: which digest, how often, how far from keyd's clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "gateway/keys/permit.h"

#define NOW 1764000000
#define SHA256_ONLY (1u << SEAL_SHA256)

static struct seal_request
ask(const char *agency, enum seal_digest d, int64_t at)
{
	struct seal_request q = { .algorithm = d, .signing_time = at };

	snprintf(q.agency, sizeof(q.agency), "%s", agency);
	return q;
}

static void
only_what_the_table_says_is_permitted(void **state)
{
	static const struct {
		const char *agency;
		enum seal_digest digest;
		int64_t at;
		enum error_class want;
	} cases[] = {
		{ "a", SEAL_SHA256, NOW, ERR_NONE },
		{ "a", SEAL_SHA256, NOW - PERMIT_SKEW_SECONDS, ERR_NONE },
		{ "a", SEAL_SHA256, NOW + PERMIT_SKEW_SECONDS, ERR_NONE },
		{ "a", SEAL_SHA256, NOW - PERMIT_SKEW_SECONDS - 1, ERR_TEMP },
		{ "a", SEAL_SHA256, NOW + PERMIT_SKEW_SECONDS + 1, ERR_TEMP },
		{ "a", SEAL_SHA256, 0, ERR_TEMP },
		{ "a", SEAL_SHA256, INT64_MAX, ERR_TEMP },
		{ "a", SEAL_SHA384, NOW, ERR_PERM },
		{ "a", SEAL_SHA512, NOW, ERR_PERM },
		{ "b", SEAL_SHA512, NOW, ERR_NONE },
		{ "b", SEAL_SHA256, NOW, ERR_PERM },
		{ "c", SEAL_SHA256, NOW, ERR_TEMP },
		{ "A", SEAL_SHA256, NOW, ERR_TEMP },
		{ "", SEAL_SHA256, NOW, ERR_TEMP },
	};
	struct permits *p = permits_new();
	struct error e;

	(void)state;
	assert_int_equal(permits_add(p, "a", SHA256_ONLY, 1000, &e), 0);
	assert_int_equal(permits_add(p, "b", 1u << SEAL_SHA512, 1000, &e), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seal_request q = ask(cases[i].agency, cases[i].digest, cases[i].at);
		e.class = ERR_NONE;
		int r = permits_take(p, &q, NOW, 1, &e);
		if (e.class != cases[i].want || (r == 0) != (cases[i].want == ERR_NONE))
			fail_msg("case %zu: class %d", i, e.class);
	}
	permits_free(&p);
}

static void
the_rate_is_a_minutes_worth_and_refills_evenly(void **state)
{
	struct permits *p = permits_new();
	struct seal_request a = ask("a", SEAL_SHA256, NOW), b = ask("b", SEAL_SHA256, NOW);
	struct error e;
	int64_t ms = 5000;

	(void)state;
	assert_int_equal(permits_add(p, "a", SHA256_ONLY, 60, &e), 0);
	assert_int_equal(permits_add(p, "b", SHA256_ONLY, 1, &e), 0);
	for (int i = 0; i < 60; i++)
		assert_int_equal(permits_take(p, &a, NOW, ms, &e), 0);
	assert_int_equal(permits_take(p, &a, NOW, ms, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_int_equal(permits_take(p, &a, NOW, ms + 999, &e), -1);
	assert_int_equal(permits_take(p, &a, NOW, ms + 1000, &e), 0);
	assert_int_equal(permits_take(p, &a, NOW, ms + 1000, &e), -1);
	/* Another agency has its own bucket. */
	assert_int_equal(permits_take(p, &b, NOW, ms, &e), 0);
	assert_int_equal(permits_take(p, &b, NOW, ms + 59999, &e), -1);
	assert_int_equal(permits_take(p, &b, NOW, ms + 60000, &e), 0);
	/* A long silence saves up one minute's worth and no more. */
	ms += INT64_C(1000) * 3600 * 24 * 365;
	for (int i = 0; i < 60; i++)
		assert_int_equal(permits_take(p, &a, NOW, ms, &e), 0);
	assert_int_equal(permits_take(p, &a, NOW, ms, &e), -1);
	permits_free(&p);
}

static void
a_refused_request_costs_nothing(void **state)
{
	struct permits *p = permits_new();
	struct seal_request wrong = ask("a", SEAL_SHA512, NOW), right = ask("a", SEAL_SHA256, NOW);
	struct error e;

	(void)state;
	assert_int_equal(permits_add(p, "a", SHA256_ONLY, 1, &e), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(permits_take(p, &wrong, NOW, 1, &e), -1);
	assert_int_equal(permits_take(p, &right, NOW, 1, &e), 0);
	permits_free(&p);
}

static void
two_rows_of_one_agency_must_agree(void **state)
{
	struct permits *p = permits_new();
	struct error e;

	(void)state;
	assert_int_equal(permits_add(p, "a", SHA256_ONLY, 60, &e), 0);
	assert_int_equal(permits_add(p, "a", SHA256_ONLY, 60, &e), 0);
	assert_int_equal(permits_add(p, "a", SHA256_ONLY, 61, &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	assert_int_equal(permits_add(p, "a", 1u << SEAL_SHA384, 60, &e), -1);
	permits_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_the_table_says_is_permitted),
		cmocka_unit_test(the_rate_is_a_minutes_worth_and_refills_evenly),
		cmocka_unit_test(a_refused_request_costs_nothing),
		cmocka_unit_test(two_rows_of_one_agency_must_agree),
	};

	return cmocka_run_group_tests_name("permit", tests, NULL, NULL);
}
