/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/receive/smtp_command.h"

/* Each verb in each phase of each protocol: what stands against it, if anything. */
static void
a_verb_is_allowed_where_the_table_says(void **state)
{
	enum { S = 0, R = 1, M = 2, D = 3 };
	static const struct {
		const char *line;
		enum smtp_reply smtp[4], lmtp[4]; /* START, READY, SENDER, RECIPIENT */
	} cases[] = {
		{ "HELO x", { 0, 0, 0, 0 },
		    { REPLY_UNKNOWN, REPLY_UNKNOWN, REPLY_UNKNOWN, REPLY_UNKNOWN } },
		{ "EHLO x", { 0, 0, 0, 0 },
		    { REPLY_UNKNOWN, REPLY_UNKNOWN, REPLY_UNKNOWN, REPLY_UNKNOWN } },
		{ "LHLO x", { REPLY_UNKNOWN, REPLY_UNKNOWN, REPLY_UNKNOWN, REPLY_UNKNOWN },
		    { 0, 0, 0, 0 } },
		{ "MAIL FROM:<a@b.example>",
		    { REPLY_NEED_HELLO, 0, REPLY_NESTED_MAIL, REPLY_NESTED_MAIL },
		    { REPLY_NEED_HELLO, 0, REPLY_NESTED_MAIL, REPLY_NESTED_MAIL } },
		{ "RCPT TO:<a@b.example>", { REPLY_NEED_HELLO, REPLY_NEED_MAIL, 0, 0 },
		    { REPLY_NEED_HELLO, REPLY_NEED_MAIL, 0, 0 } },
		{ "DATA", { REPLY_NEED_HELLO, REPLY_NEED_MAIL, REPLY_NEED_RECIPIENT, 0 },
		    { REPLY_NEED_HELLO, REPLY_NEED_MAIL, REPLY_NEED_RECIPIENT, 0 } },
		{ "XFORWARD HELO=x",
		    { REPLY_NEED_HELLO, 0, REPLY_NESTED_MAIL, REPLY_NESTED_MAIL },
		    { REPLY_NEED_HELLO, 0, REPLY_NESTED_MAIL, REPLY_NESTED_MAIL } },
		{ "RSET", { 0, 0, 0, 0 }, { 0, 0, 0, 0 } },
		{ "NOOP", { 0, 0, 0, 0 }, { 0, 0, 0, 0 } },
		{ "QUIT", { 0, 0, 0, 0 }, { 0, 0, 0, 0 } },
		{ "VRFY x", { 0, 0, 0, 0 }, { 0, 0, 0, 0 } },
		{ "HELP", { 0, 0, 0, 0 }, { 0, 0, 0, 0 } },
		{ "EXPN x",
		    { REPLY_NOT_IMPLEMENTED, REPLY_NOT_IMPLEMENTED, REPLY_NOT_IMPLEMENTED,
			REPLY_NOT_IMPLEMENTED },
		    { REPLY_NOT_IMPLEMENTED, REPLY_NOT_IMPLEMENTED, REPLY_NOT_IMPLEMENTED,
			REPLY_NOT_IMPLEMENTED } },
		{ "BDAT 1 LAST",
		    { REPLY_NOT_OURS, REPLY_NOT_OURS, REPLY_NOT_OURS, REPLY_NOT_OURS },
		    { REPLY_NOT_OURS, REPLY_NOT_OURS, REPLY_NOT_OURS, REPLY_NOT_OURS } },
	};
	static const enum smtp_phase phases[] = { [S] = PHASE_START, [R] = PHASE_READY,
		[M] = PHASE_SENDER, [D] = PHASE_RECIPIENT };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (unsigned p = 0; p < 8; p++) {
			struct smtp_state now = { .lmtp = p > 3, .phase = phases[p % 4] };
			struct smtp_command c;
			enum smtp_reply got = smtp_command_read(span_str(cases[i].line), &now, &c);
			enum smtp_reply wanted = p > 3 ? cases[i].lmtp[p % 4] : cases[i].smtp[p];

			if (got != wanted)
				fail_msg("%s, phase %u, %s: %d", cases[i].line, p % 4,
				    now.lmtp ? "lmtp" : "smtp", smtp_reply_code(got));
		}
	}
}

static void
mail_is_read_with_its_parameters(void **state)
{
	static const struct {
		const char *line, *address;
		bool eight_bit, smtputf8;
	} cases[] = {
		{ "MAIL FROM:<>", "", false, false },
		{ "mail from:<vanthu@bavi.hanoi.example>", "vanthu@bavi.hanoi.example", false,
		    false },
		{ "MAIL FROM:<a@b.example> SIZE=1000", "a@b.example", false, false },
		{ "MAIL FROM:<a@b.example> SIZE=0 BODY=8BITMIME", "a@b.example", true, false },
		{ "MAIL FROM:<a@b.example> BODY=7bit SMTPUTF8", "a@b.example", false, true },
		{ "MAIL FROM:<\xc4\x91@b.example> SMTPUTF8", "\xc4\x91@b.example", false, true },
		{ "MAIL FROM:<a%b!c@b.example>\t ", "a%b!c@b.example", false, false },
	};
	struct smtp_state now = { .phase = PHASE_READY, .message_bytes = 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct smtp_command c;

		assert_int_equal(smtp_command_read(span_str(cases[i].line), &now, &c),
		    REPLY_NONE);
		assert_int_equal(c.verb, VERB_MAIL);
		assert_true(span_is(c.address, cases[i].address));
		assert_int_equal(c.eight_bit, cases[i].eight_bit);
		assert_int_equal(c.smtputf8, cases[i].smtputf8);
	}
}

static void
a_wrong_argument_is_refused_by_its_kind(void **state)
{
	static const struct {
		struct span line;
		enum smtp_reply wanted;
	} cases[] = {
		{ SPAN_LIT(""), REPLY_UNKNOWN },
		{ SPAN_LIT(" NOOP"), REPLY_UNKNOWN },
		{ SPAN_LIT("MAI"), REPLY_UNKNOWN },
		{ SPAN_LIT("MAILX FROM:<>"), REPLY_UNKNOWN },
		{ SPAN_LIT("MAIL\tFROM:<>"), REPLY_UNKNOWN },
		{ SPAN_LIT("MAIL"), REPLY_ARGUMENT },
		{ SPAN_LIT("MAIL FROM"), REPLY_ARGUMENT },
		{ SPAN_LIT("MAIL FROM:"), REPLY_ARGUMENT },
		{ SPAN_LIT("MAIL FROM:<"), REPLY_ARGUMENT },
		{ SPAN_LIT("MAIL FROM:>"), REPLY_ARGUMENT },
		{ SPAN_LIT("MAIL  FROM:<>"), REPLY_ARGUMENT },
		{ SPAN_LIT("MAIL FROM:<>>"), REPLY_ARGUMENT },
		{ SPAN_LIT("MAIL FROM:<> "), REPLY_NONE },
		{ SPAN_LIT("MAIL FROM:<<>>"), REPLY_ARGUMENT },
		{ SPAN_LIT("MAIL FROM:<<>"), REPLY_SENDER_SYNTAX },
		{ SPAN_LIT("MAIL FROM:<a\0@b.example>"), REPLY_SENDER_SYNTAX },
		{ SPAN_LIT("MAIL FROM:<\xe1@b.example>"), REPLY_SENDER_SYNTAX },
		{ SPAN_LIT("MAIL FROM:<\xc4\x91@b.example>"), REPLY_NEED_SMTPUTF8 },
		{ SPAN_LIT("MAIL FROM:<> SIZE=1001"), REPLY_MESSAGE_TOO_BIG },
		{ SPAN_LIT("MAIL FROM:<> SIZE=18446744073709551616"), REPLY_MESSAGE_TOO_BIG },
		{ SPAN_LIT("MAIL FROM:<> SIZE=000000000000000000001"), REPLY_ARGUMENT },
		{ SPAN_LIT("MAIL FROM:<> SIZE=1x"), REPLY_ARGUMENT },
		{ SPAN_LIT("MAIL FROM:<> =1"), REPLY_PARAMETER },
		{ SPAN_LIT("MAIL FROM:<> X"), REPLY_PARAMETER },
		{ SPAN_LIT("MAIL FROM:<> SMTPUTF8 SMTPUTF8"), REPLY_ARGUMENT },
	};
	struct smtp_state now = { .phase = PHASE_READY, .message_bytes = 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct smtp_command c;
		enum smtp_reply got = smtp_command_read(cases[i].line, &now, &c);

		if (got != cases[i].wanted)
			fail_msg("%.*s: %d", (int)cases[i].line.len,
			    (const char *)cases[i].line.ptr, smtp_reply_code(got));
	}
}

static void
a_long_address_is_refused_not_cut(void **state)
{
	struct smtp_state now = { .phase = PHASE_SENDER };
	char line[300] = "RCPT TO:<";
	struct smtp_command c;

	(void)state;
	memset(line + 9, 'a', 270);
	memcpy(line + 270, "@b.example>", 12);
	assert_int_equal(smtp_command_read(span_str(line), &now, &c), REPLY_RECIPIENT_SYNTAX);
}

static void
xforward_keeps_three_attributes_made_printable(void **state)
{
	static const struct {
		const char *arguments;
		bool good;
		const char *addr, *helo, *ident;
	} cases[] = {
		{ "ADDR=192.0.2.7 HELO=x IDENT=4Yx", true, "192.0.2.7", "x", "4Yx" },
		{ "addr=ipv6:2001:db8::7", true, "2001:db8::7", "", "" },
		{ "ADDR=[UNAVAILABLE] HELO=[TEMPUNAVAIL]", true, "", "", "" },
		{ "HELO=a+0D+0AQUIT+00+2B+20b", true, "", "a??QUIT?+?b", "" },
		{ "NAME=x PORT=0 PROTO=ESMTP SOURCE=LOCAL", true, "", "", "" },
		{ "ADDR=192.0.2.256", false, "", "", "" },
		{ "ADDR=::1", false, "", "", "" },
		{ "PORT=65536", false, "", "", "" },
		{ "PORT=1x", false, "", "", "" },
		{ "HELO=", false, "", "", "" },
		{ "HELO=x ", false, "", "", "" },
		{ "HELO=x HELO=x", false, "", "", "" },
		{ "HELO=+0d", false, "", "", "" },
		{ "HELO=+0", false, "", "", "" },
		{ "HELO=\xc4\x91", false, "", "", "" },
		{ "LOGIN=x", false, "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct smtp_xforward x;
		bool good = smtp_xforward_read(span_str(cases[i].arguments), &x);

		if (good != cases[i].good)
			fail_msg("%s", cases[i].arguments);
		if (!good)
			continue;
		assert_string_equal(x.addr, cases[i].addr);
		assert_string_equal(x.helo, cases[i].helo);
		assert_string_equal(x.ident, cases[i].ident);
	}
}

static void
a_line_of_others_words_is_one_bounded_reply(void **state)
{
	static const struct {
		int code;
		const char *status, *text;
		bool utf8;
		const char *wanted;
	} cases[] = {
		{ 250, "2.0.0", "Stored", false, "250 2.0.0 Stored\r\n" },
		{ 550, "5.7.1", "a\r\n250 ok\x7f\t", false, "550 5.7.1 a??250 ok??\r\n" },
		{ 550, "5.7.1", "v\xc4\x83n", true, "550 5.7.1 v\xc4\x83n\r\n" },
		{ 550, "5.7.1", "v\xc4\x83n", false, "550 5.7.1 v?n\r\n" },
		{ 550, "5.7.1", "v\xc4n \xc2\x85", true, "550 5.7.1 v?n ?\r\n" },
		{ 550, "4.7.1", "x", false, "451 4.3.0 Local error, try again later\r\n" },
		{ 354, "3.0.0", "x", false, "451 4.3.0 Local error, try again later\r\n" },
		{ 0, "", "x", false, "451 4.3.0 Local error, try again later\r\n" },
		{ 250, "2.0", "x", false, "451 4.3.0 Local error, try again later\r\n" },
		{ 250, "2.0.1000", "x", false, "451 4.3.0 Local error, try again later\r\n" },
		{ 250, "2.0.0 x", "x", false, "451 4.3.0 Local error, try again later\r\n" },
	};
	char text[400];
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_reset(&out);
		smtp_reply_put_line(&out, cases[i].code, cases[i].status, cases[i].text,
		    cases[i].utf8);
		assert_string_equal(buf_str(&out), cases[i].wanted);
	}
	for (size_t i = 0; i + 2 < sizeof text; i += 2)
		memcpy(text + i, "\xc4\x83", 3);
	buf_reset(&out);
	smtp_reply_put_line(&out, 550, "5.100.100", text, true);
	assert_true(out.len <= 512);
	for (int r = 1; r < REPLY_COUNT; r++) {
		buf_reset(&out);
		smtp_reply_put(&out, (enum smtp_reply)r);
		assert_true(out.len > 6 && out.len <= 512);
		assert_int_equal(atoi(buf_str(&out)), smtp_reply_code((enum smtp_reply)r));
		if (smtp_reply_code((enum smtp_reply)r) != 354)
			assert_int_equal(out.data[0], out.data[4]);
	}
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_verb_is_allowed_where_the_table_says),
		cmocka_unit_test(mail_is_read_with_its_parameters),
		cmocka_unit_test(a_wrong_argument_is_refused_by_its_kind),
		cmocka_unit_test(a_long_address_is_refused_not_cut),
		cmocka_unit_test(xforward_keeps_three_attributes_made_printable),
		cmocka_unit_test(a_line_of_others_words_is_one_bounded_reply),
	};

	return cmocka_run_group_tests_name("smtp_command", tests, NULL, NULL);
}
