/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/inspect/verdict.h"

#define STATES 4 /* SKIPPED, OK, FAIL, UNKNOWN */

/* A reason that fits each check. */
static const enum reason fitting[CHECK_COUNT] = {
	[CHECK_STRUCTURE] = REASON_SIGNER_COUNT,
	[CHECK_INTEGRITY] = REASON_CONTENT_CHANGED,
	[CHECK_ALGORITHMS] = REASON_WEAK_DIGEST,
	[CHECK_PATH] = REASON_ISSUER_UNKNOWN,
	[CHECK_REVOCATION] = REASON_REVOKED,
	[CHECK_USAGE] = REASON_KEY_USAGE,
	[CHECK_IDENTITY] = REASON_FROM_DIFFERS,
};

static void
set_combination(unsigned number, struct facts_check checks[CHECK_COUNT])
{
	memset(checks, 0, CHECK_COUNT * sizeof(checks[0]));
	for (unsigned c = 0; c < CHECK_COUNT; c++) {
		checks[c].state = (uint8_t)(number % STATES);
		checks[c].reason = (uint16_t)fitting[c];
		number /= STATES;
	}
}

/* Written anew, from the sentence in doc/VERDICTS.md, not from the code. */
static bool
must_be_verified(const struct facts_check *c)
{
	return c[CHECK_STRUCTURE].state == CHECK_OK && c[CHECK_INTEGRITY].state == CHECK_OK
	    && c[CHECK_ALGORITHMS].state == CHECK_OK && c[CHECK_PATH].state == CHECK_OK
	    && c[CHECK_USAGE].state == CHECK_OK && c[CHECK_IDENTITY].state == CHECK_OK
	    && (c[CHECK_REVOCATION].state == CHECK_OK
		|| c[CHECK_REVOCATION].state == CHECK_SKIPPED);
}

static bool
must_be_uncheckable(const struct facts_check *c)
{
	struct facts_check copy[CHECK_COUNT];

	memcpy(copy, c, sizeof(copy));
	copy[CHECK_REVOCATION].state = CHECK_OK;
	return c[CHECK_REVOCATION].state == CHECK_UNKNOWN && must_be_verified(copy);
}

static void
verified_needs_every_check_in_all_16384_combinations(void **state)
{
	unsigned verified = 0, uncheckable = 0;

	(void)state;
	for (unsigned n = 0; n < 16384; n++) {
		struct facts_check checks[CHECK_COUNT];
		set_combination(n, checks);
		enum verdict v = verdict_reach(checks).verdict;
		assert_int_equal(v == VERDICT_VERIFIED, must_be_verified(checks));
		assert_int_equal(v == VERDICT_UNCHECKABLE, must_be_uncheckable(checks));
		verified += v == VERDICT_VERIFIED;
		uncheckable += v == VERDICT_UNCHECKABLE;
	}
	assert_int_equal(verified, 2);
	assert_int_equal(uncheckable, 1);
}

static void
nothing_checked_is_invalid(void **state)
{
	struct facts_check checks[CHECK_COUNT];

	(void)state;
	memset(checks, 0, sizeof(checks));
	assert_int_equal(verdict_reach(checks).verdict, VERDICT_INVALID);
}

static void
a_state_that_does_not_exist_is_invalid(void **state)
{
	(void)state;
	for (unsigned c = 0; c < CHECK_COUNT; c++) {
		struct facts_check checks[CHECK_COUNT];
		memset(checks, 0, sizeof(checks));
		for (unsigned i = 0; i < CHECK_COUNT; i++)
			checks[i].state = CHECK_OK;
		checks[c].state = 77;
		assert_int_equal(verdict_reach(checks).verdict, VERDICT_INVALID);
	}
}

/* Whatever reason stands in a failed check, it never makes the message better. */
static void
no_reason_of_a_failed_check_gives_a_good_word(void **state)
{
	(void)state;
	for (unsigned c = 0; c < CHECK_COUNT; c++) {
		for (unsigned r = 0; r < REASON_COUNT; r++) {
			struct facts_check checks[CHECK_COUNT];
			memset(checks, 0, sizeof(checks));
			for (unsigned i = 0; i < CHECK_COUNT; i++)
				checks[i].state = CHECK_OK;
			checks[c].state = CHECK_FAIL;
			checks[c].reason = (uint16_t)r;
			struct verdict_reached got = verdict_reach(checks);
			assert_int_not_equal(got.verdict, VERDICT_VERIFIED);
			assert_int_not_equal(got.verdict, VERDICT_UNCHECKABLE);
			assert_int_equal(got.check, c);
			if (c != CHECK_STRUCTURE) {
				assert_int_not_equal(got.verdict, VERDICT_UNSIGNED);
				assert_int_not_equal(got.verdict, VERDICT_ENCRYPTED);
			}
		}
	}
}

static void
the_first_failed_check_in_the_documented_order_decides(void **state)
{
	static const struct {
		enum check_id check;
		enum reason reason;
		enum verdict verdict;
	} order[] = {
		{ CHECK_STRUCTURE, REASON_CMS_LIMIT, VERDICT_LIMIT },
		{ CHECK_STRUCTURE, REASON_SIGNATURE_ENCODING, VERDICT_AMBIGUOUS },
		{ CHECK_STRUCTURE, REASON_ENCRYPTED, VERDICT_ENCRYPTED },
		{ CHECK_STRUCTURE, REASON_UNSIGNED, VERDICT_UNSIGNED },
		{ CHECK_STRUCTURE, REASON_SIGNER_COUNT, VERDICT_INVALID },
		{ CHECK_INTEGRITY, REASON_CONTENT_CHANGED, VERDICT_INVALID },
		{ CHECK_ALGORITHMS, REASON_WEAK_DIGEST, VERDICT_UNTRUSTED },
		{ CHECK_ALGORITHMS, REASON_KEY_LIMIT, VERDICT_LIMIT },
		{ CHECK_PATH, REASON_ISSUER_UNKNOWN, VERDICT_UNTRUSTED },
		{ CHECK_USAGE, REASON_KEY_USAGE, VERDICT_UNTRUSTED },
		{ CHECK_REVOCATION, REASON_REVOKED, VERDICT_UNTRUSTED },
		{ CHECK_IDENTITY, REASON_FROM_DIFFERS, VERDICT_MISMATCH },
		{ CHECK_IDENTITY, REASON_FROM_AMBIGUOUS, VERDICT_AMBIGUOUS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct facts_check checks[CHECK_COUNT];
		memset(checks, 0, sizeof(checks));
		for (unsigned c = 0; c < CHECK_COUNT; c++)
			checks[c].state = CHECK_OK;
		/* Everything that comes later has failed as well. */
		for (size_t k = sizeof(order) / sizeof(order[0]); k-- > i;) {
			checks[order[k].check].state = CHECK_FAIL;
			checks[order[k].check].reason = (uint16_t)order[k].reason;
		}
		struct verdict_reached got = verdict_reach(checks);
		assert_int_equal(got.verdict, order[i].verdict);
		assert_int_equal(got.check, order[i].check);
	}
}

static void
an_unknown_algorithm_is_untrusted_not_invalid(void **state)
{
	struct facts_check checks[CHECK_COUNT];

	(void)state;
	memset(checks, 0, sizeof(checks));
	for (unsigned c = 0; c < CHECK_COUNT; c++)
		checks[c].state = CHECK_OK;
	checks[CHECK_INTEGRITY].state = CHECK_UNKNOWN;
	assert_int_equal(verdict_reach(checks).verdict, VERDICT_INVALID);
	checks[CHECK_ALGORITHMS].state = CHECK_FAIL;
	checks[CHECK_ALGORITHMS].reason = REASON_ALGORITHM_UNKNOWN;
	assert_int_equal(verdict_reach(checks).verdict, VERDICT_UNTRUSTED);
}

static void
the_facts_get_the_words_of_the_deciding_check(void **state)
{
	struct facts *f = facts_new();
	struct span from = SPAN_LIT("a@x.example"), signer = SPAN_LIT("b@y.example");

	(void)state;
	assert_non_null(f);
	for (unsigned c = 0; c < CHECK_COUNT; c++)
		facts_set_check(f, (enum check_id)c, CHECK_OK, REASON_NONE, span_of(NULL, 0),
		    span_of(NULL, 0));
	f->signer.address = facts_add(f, signer);
	verdict_file(f);
	assert_int_equal(f->verdict, VERDICT_VERIFIED);
	assert_int_equal(f->reason, REASON_VERIFIED);
	assert_true(span_equal(facts_span(f, f->arg1), signer));
	facts_set_check(f, CHECK_IDENTITY, CHECK_FAIL, REASON_FROM_DIFFERS, from, signer);
	verdict_file(f);
	assert_int_equal(f->verdict, VERDICT_MISMATCH);
	assert_int_equal(f->reason, REASON_FROM_DIFFERS);
	assert_true(span_equal(facts_span(f, f->arg1), from));
	assert_true(span_equal(facts_span(f, f->arg2), signer));
	facts_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verified_needs_every_check_in_all_16384_combinations),
		cmocka_unit_test(nothing_checked_is_invalid),
		cmocka_unit_test(a_state_that_does_not_exist_is_invalid),
		cmocka_unit_test(no_reason_of_a_failed_check_gives_a_good_word),
		cmocka_unit_test(the_first_failed_check_in_the_documented_order_decides),
		cmocka_unit_test(an_unknown_algorithm_is_untrusted_not_invalid),
		cmocka_unit_test(the_facts_get_the_words_of_the_deciding_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
