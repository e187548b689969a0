/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/model/plan.h"

static struct plan *
full_plan(void)
{
	struct plan *p = plan_new();
	struct error e;

	strcpy(p->tx, "abc");
	strcpy(p->sender_agency, "vpub");
	strcpy(p->sender_name, "Văn phòng UBND Thành phố");
	p->policy_digest[31] = 7;
	p->sign = true;
	p->recipient_count = 2;
	strcpy(p->recipients[0].address, "vanthu@bavi.hanoi.example");
	strcpy(p->recipients[0].rule, "directives");
	strcpy(p->recipients[1].address, "vanthu@soctay.hanoi.example");
	p->recipients[1].outcome = OUTCOME_HOLD;
	p->recipients[1].reason = REASON_UNSIGNED;
	assert_int_equal(plan_add_step(p, ACTION_FILE, 0, "bavi", &e), 0);
	assert_int_equal(plan_add_step(p, ACTION_RELAY, 0, "", &e), 0);
	assert_int_equal(plan_add_step(p, ACTION_HOLD, 1, "", &e), 0);
	return p;
}

static void
a_stored_plan_is_the_plan_that_was_made(void **state)
{
	struct plan *p = full_plan(), *q = plan_new();
	struct buf b;
	struct error e;

	(void)state;
	buf_init(&b, PLAN_ENCODED_MAX);
	plan_encode(p, &b);
	assert_int_equal(plan_decode(buf_span(&b), q, &e), 0);
	assert_memory_equal(p, q, sizeof(*p));
	assert_string_equal(q->steps[1].name, "relay:0");
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(plan_decode(span_of(b.data, n), q, &e), -1);
	assert_int_equal(q->recipient_count, 0);
	buf_free(&b);
	plan_free(&p);
	plan_free(&q);
}

static void
a_plan_that_does_not_hold_is_refused(void **state)
{
	struct plan *p = full_plan(), *q = plan_new();
	struct buf b;
	struct error e;

	(void)state;
	buf_init(&b, PLAN_ENCODED_MAX);
	p->steps[0].recipient = 2;
	plan_encode(p, &b);
	assert_int_equal(plan_decode(buf_span(&b), q, &e), -1);
	p->steps[0].recipient = 0;
	p->recipients[0].reason = REASON_COUNT;
	buf_reset(&b);
	plan_encode(p, &b);
	assert_int_equal(plan_decode(buf_span(&b), q, &e), -1);
	assert_int_equal(e.class, ERR_BUG);
	buf_free(&b);
	plan_free(&p);
	plan_free(&q);
}

static void
the_largest_plan_fits_its_limit(void **state)
{
	struct plan *p = plan_new(), *q = plan_new();
	struct buf b;
	struct error e;

	(void)state;
	p->recipient_count = LIMIT_RECIPIENTS;
	for (unsigned i = 0; i < LIMIT_RECIPIENTS; i++) {
		memset(p->recipients[i].address, 'a', LIMIT_ADDRESS_BYTES);
		memset(p->recipients[i].agency, 'a', PLAN_NAME_MAX);
		memset(p->recipients[i].rule, 'a', PLAN_NAME_MAX);
		memset(p->recipients[i].text, 'a', PLAN_TEXT_MAX);
	}
	for (unsigned i = 0; i < PLAN_STEPS_MAX; i++)
		assert_int_equal(
		    plan_add_step(p, (enum plan_action)(i % 4), i / 4, "agency", &e), 0);
	assert_int_equal(plan_add_step(p, ACTION_FILE, 0, "agency", &e), -1);
	buf_init(&b, PLAN_ENCODED_MAX);
	plan_encode(p, &b);
	assert_false(b.failed);
	assert_int_equal(plan_decode(buf_span(&b), q, &e), 0);
	buf_free(&b);
	plan_free(&p);
	plan_free(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stored_plan_is_the_plan_that_was_made),
		cmocka_unit_test(a_plan_that_does_not_hold_is_refused),
		cmocka_unit_test(the_largest_plan_fits_its_limit),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
