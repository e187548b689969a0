/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/model/envelope.h"

struct address_case {
	struct span address;
	bool smtputf8, null_ok, accepted;
};

static void
addresses_are_mailboxes_and_nothing_else(void **state)
{
	static const struct address_case cases[] = {
		{ SPAN_LIT("vanthu@bavi.hanoi.example"), false, false, true },
		{ SPAN_LIT("van.thu+2012@bavi.hanoi.example"), false, false, true },
		{ SPAN_LIT("v\xc4\x83nth\xc6\xb0@bavi.hanoi.example"), true, false, true },
		{ SPAN_LIT("v\xc4\x83nth\xc6\xb0@bavi.hanoi.example"), false, false, false },
		{ SPAN_LIT("v\xc4@bavi.hanoi.example"), true, false, false },
		{ SPAN_LIT(""), false, true, true },
		{ SPAN_LIT(""), false, false, false },
		{ SPAN_LIT("vanthu"), false, false, false },
		{ SPAN_LIT("@bavi.hanoi.example"), false, false, false },
		{ SPAN_LIT("vanthu@"), false, false, false },
		{ SPAN_LIT("a@b@bavi.hanoi.example"), false, false, false },
		{ SPAN_LIT(".vanthu@bavi.hanoi.example"), false, false, false },
		{ SPAN_LIT("van..thu@bavi.hanoi.example"), false, false, false },
		{ SPAN_LIT("vanthu.@bavi.hanoi.example"), false, false, false },
		{ SPAN_LIT("\"van thu\"@bavi.hanoi.example"), false, false, false },
		{ SPAN_LIT("vanthu@[192.0.2.1]"), false, false, false },
		{ SPAN_LIT("vanthu@-bavi.example"), false, false, false },
		{ SPAN_LIT("vanthu@bavi-.example"), false, false, false },
		{ SPAN_LIT("vanthu@bavi..example"), false, false, false },
		{ SPAN_LIT("vanthu@bavi.example."), false, false, false },
		{ SPAN_LIT("van\0thu@bavi.example"), false, false, false },
		{ SPAN_LIT("vanthu@bavi.example\r\nRCPT TO:<x@y.example>"), false, false, false },
		{ SPAN_LIT("vanthu@bavi.example>"), false, false, false },
		{ SPAN_LIT("<vanthu@bavi.example"), false, false, false },
		{ SPAN_LIT("@a.example,@b.example:c@d.example"), false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error e;
		int got = envelope_check_address(cases[i].address, cases[i].smtputf8,
		    cases[i].null_ok, &e);

		if ((got == 0) != cases[i].accepted)
			fail_msg("case %zu: %.*s", i, (int)cases[i].address.len,
			    (const char *)cases[i].address.ptr);
	}
}

static void
addresses_end_at_their_limit(void **state)
{
	char address[LIMIT_ADDRESS_BYTES + 2];
	struct error e;
	size_t n = LIMIT_ADDRESS_BYTES;

	(void)state;
	memset(address, 'a', sizeof(address));
	memcpy(address, "v@", 2);
	for (size_t i = 62; i < sizeof(address); i += 60)
		address[i] = '.';
	assert_int_equal(envelope_check_address(span_of(address, n), false, false, &e), 0);
	assert_int_equal(envelope_check_address(span_of(address, n + 1), false, false, &e), -1);
	assert_int_equal(e.class, ERR_PERM);
}

static void
mailboxes_compare_without_case_of_the_domain_only(void **state)
{
	struct span a = SPAN_LIT("vanthu@bavi.hanoi.example");
	struct span b = SPAN_LIT("vanthu@BaVi.Hanoi.EXAMPLE");
	struct span c = SPAN_LIT("Vanthu@bavi.hanoi.example");

	(void)state;
	assert_true(envelope_same_mailbox(a, b));
	assert_false(envelope_same_mailbox(a, c));
}

static void
transaction_ids_sort_by_time_and_never_repeat(void **state)
{
	char a[TX_ID_SIZE], b[TX_ID_SIZE], c[TX_ID_SIZE];

	(void)state;
	envelope_new_tx(a, 1336096500);
	envelope_new_tx(b, 1336096500);
	envelope_new_tx(c, 1795555544);
	assert_string_not_equal(a, b);
	assert_true(strcmp(a, c) < 0);
	assert_int_equal(strlen(a), TX_ID_SIZE - 1);
}

static void
the_key_names_source_zone_slot_sender_recipient_and_bytes(void **state)
{
	struct envelope env = { .source = SOURCE_LMTP,
		.zone = ZONE_INSIDE,
		.sender = "vanthu@vpub.hanoi.example",
		.recipient_count = 2,
		.recipients = { "vanthu@bavi.hanoi.example", "vanthu@soctay.hanoi.example" } };
	uint8_t body[32] = { 1 }, first[DELIVERY_KEY_SIZE], other[DELIVERY_KEY_SIZE];

	(void)state;
	envelope_delivery_key(&env, 0, body, first);
	env.source = SOURCE_SMTP; /* the same MTA's other door */
	envelope_delivery_key(&env, 0, body, other);
	assert_memory_equal(first, other, sizeof(first));
	envelope_delivery_key(&env, 1, body, other);
	assert_memory_not_equal(first, other, sizeof(first));
	env.zone = ZONE_OUTSIDE;
	envelope_delivery_key(&env, 0, body, other);
	assert_memory_not_equal(first, other, sizeof(first));
	env.zone = ZONE_INSIDE;
	body[0] = 2;
	envelope_delivery_key(&env, 0, body, other);
	assert_memory_not_equal(first, other, sizeof(first));
	body[0] = 1;
	memcpy(env.sender, "vanthu@vpub.hanoi.exampl", 25);
	envelope_delivery_key(&env, 0, body, other);
	assert_memory_not_equal(first, other, sizeof(first));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_mailboxes_and_nothing_else),
		cmocka_unit_test(addresses_end_at_their_limit),
		cmocka_unit_test(mailboxes_compare_without_case_of_the_domain_only),
		cmocka_unit_test(transaction_ids_sort_by_time_and_never_repeat),
		cmocka_unit_test(the_key_names_source_zone_slot_sender_recipient_and_bytes),
	};

	return cmocka_run_group_tests_name("envelope", tests, NULL, NULL);
}
