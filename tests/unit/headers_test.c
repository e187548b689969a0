/* SPDX-License-Identifier: Apache-2.0 */
/* The root header: what is taken from it, and which fields are found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "gateway/inspect/headers.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct scan *scan;
static struct decode *decode;
static struct facts *facts;
static enum reason from_problem;
static const char *const own_ids[] = { "gw.hanoi.example", "gw2.hanoi.example" };

static int
setup(void **state)
{
	struct error e = { .class = ERR_NONE };

	(void)state;
	scan = scan_new();
	return scan == NULL ? -1 : decode_open(&decode, &e);
}

static int
teardown(void **state)
{
	(void)state;
	scan_free(&scan);
	decode_close(&decode);
	facts_free(&facts);
	return 0;
}

static void
read_message(struct span message)
{
	struct error e = { .class = ERR_NONE };

	facts_free(&facts);
	facts = facts_new();
	assert_non_null(facts);
	scan_reset(scan);
	assert_int_equal(scan_message(scan, message, ORIGIN_MESSAGE, FACTS_NONE, facts, &e), 0);
	from_problem = headers_read(scan, decode, own_ids, COUNT(own_ids), facts);
}

static void
read_header(const char *fields)
{
	struct buf message;

	buf_init(&message, 1024 * 1024);
	for (const char *c = fields; *c != '\0'; c++) {
		if (*c == '\n')
			buf_put_byte(&message, '\r');
		buf_put_byte(&message, (uint8_t)*c);
	}
	buf_put_str(&message, "\r\nbody\r\n");
	read_message(buf_span(&message));
	buf_free(&message);
}

static void
expect(struct facts_text text, const char *value)
{
	struct span s = facts_span(facts, text);

	if (!span_is(s, value))
		print_error("%.*s\n", (int)s.len, (const char *)s.ptr);
	assert_true(span_is(s, value));
}

static void
what_the_header_says_is_taken(void **state)
{
	(void)state;
	read_header("Received: from x\nReceived: from y\nFrom: Van Thu "
	    "<vanthu@bavi.hanoi.example>\n"
	    "Subject: =?utf-8?Q?B=C3=A1o?=\n =?utf-8?Q?_c=C3=A1o?= 06/KH-VP\n"
	    "Message-ID: <1@bavi.hanoi.example>\nDate: Mon, 23 Nov 2026 21:05:44 +0000\n");
	assert_int_equal(from_problem, REASON_NONE);
	expect(facts->from, "vanthu@bavi.hanoi.example");
	expect(facts->subject, "B\xc3\xa1o c\xc3\xa1o 06/KH-VP");
	expect(facts->message_id, "1@bavi.hanoi.example");
	assert_int_equal(facts->date, 1795467944);
	assert_int_equal(facts->hops, 2);
	assert_int_equal(facts->auto_submitted, 0);
}

static void
a_bad_sender_is_told_apart(void **state)
{
	static const struct {
		const char *header;
		enum reason reason;
		enum reason problem;
	} list[] = {
		{ "To: a@b.example\n", REASON_FROM_MISSING, REASON_NONE },
		{ "From:\n", REASON_FROM_MISSING, REASON_NONE },
		{ "From: a@b.example\nFROM: c@d.example\n", REASON_FROM_SEVERAL, REASON_NONE },
		{ "From: a@b.example\nFrom: a@b.example\n", REASON_FROM_SEVERAL, REASON_NONE },
		{ "From: a@b.example, c@d.example\n", REASON_FROM_SEVERAL, REASON_NONE },
		{ "From: x:a@b.example;\n", REASON_FROM_AMBIGUOUS, REASON_FROM_AMBIGUOUS },
		/* C04: Sender does not stand in for From. */
		{ "Sender: a@b.example\n", REASON_FROM_MISSING, REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++) {
		read_header(list[i].header);
		assert_int_equal(from_problem, list[i].reason);
		assert_int_equal(scan_problem(scan)->reason, list[i].problem);
		expect(facts->from, "");
	}
}

static void
mail_that_waits_for_no_answer_is_known(void **state)
{
	static const struct {
		const char *header;
		int answer;
	} list[] = {
		{ "Auto-Submitted: auto-replied\n", 1 }, { "Auto-Submitted: no\n", 0 },
		{ "Auto-Submitted: (x) no (y)\n", 0 }, { "Auto-Submitted: NO; x=y\n", 0 },
		{ "Auto-Submitted: \n", 1 }, { "Precedence: bulk\n", 1 },
		{ "Precedence: List\n", 1 }, { "Precedence: first-class\n", 0 },
		{ "List-Id: <x.example>\n", 1 }, { "List-Unsubscribe: <x>\n", 1 },
		{ "Return-Path: <>\n", 1 }, { "Return-Path: <a@b.example>\n", 0 },
		{ "X-Auto-Response-Suppress: All\n", 1 },
		{ "Content-Type: multipart/report; boundary=x\n", 1 }, { "X-List: x\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++) {
		read_header(list[i].header);
		if (facts->auto_submitted != list[i].answer)
			print_error("%s", list[i].header);
		assert_int_equal(facts->auto_submitted, list[i].answer);
	}
}

static unsigned
count_kind(enum facts_field_kind kind)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < facts->field_count; i++)
		n += facts->fields[i].kind == kind;
	return n;
}

static void
forged_results_are_found(void **state)
{
	static const struct {
		const char *header;
		unsigned own;
	} list[] = {
		{ "Authentication-Results: gw.hanoi.example; smime=pass\n", 1 },
		{ "authentication-results: GW2.Hanoi.Example 1; smime=pass\n", 1 },
		{ "Authentication-Results:\n (x (y)) gw.hanoi.example\n ; smime=pass\n", 1 },
		{ "Authentication-Results: \"gw.hanoi.example\"; smime=pass\n", 1 },
		{ "Authentication-Results: gw.hanoi.example(x); smime=pass\n", 1 },
		{ "ARC-Authentication-Results: gw.hanoi.example; smime=pass\n", 1 },
		{ "Authentication-Results: mx.other.example; smtp.mailfrom=gw.hanoi.example\n",
		    0 },
		{ "Authentication-Results: xgw.hanoi.example; smime=pass\n", 0 },
		{ "X-Vanthu-Verdict: VERIFIED\n", 1 }, { "x-vanthu-anything: x\n", 1 },
		{ "X-Vanthu: x\n", 0 },
		{ "X-Vanthu-A: x\nX-Vanthu-B: y\nX-Vanthu-A: z\n", 3 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++) {
		read_header(list[i].header);
		if (count_kind(FIELD_OWN) != list[i].own)
			print_error("%s", list[i].header);
		assert_int_equal(count_kind(FIELD_OWN), list[i].own);
	}
}

static void
fields_are_found_again(void **state)
{
	static const struct {
		const char *text;
		enum facts_field_kind kind;
	} expected[] = {
		{ "Return-Path: <a@b.example>\r\n", FIELD_TRACE },
		{ "Received: from x\r\n by y\r\n", FIELD_TRACE },
		{ "From: a@b.example\r\n", FIELD_FROM }, { "Subject: s\r\n", FIELD_SUBJECT },
		{ "To: c@d.example\r\n", FIELD_TO }, { "MIME-Version: 1.0\r\n",
		    FIELD_MIME_VERSION },
		{ "Content-Type: text/plain\r\n", FIELD_CONTENT },
		{ "Content-Language: vi\r\n", FIELD_CONTENT },
	};
	struct span m = span_str("Return-Path: <a@b.example>\r\nReceived: from x\r\n by y\r\n"
	    "From: a@b.example\r\nReceived: from old\r\nSubject: s\r\nTo: c@d.example\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nX: y\r\n"
	    "Content-Language: vi\r\n\r\nbody\r\n");

	(void)state;
	read_message(m);
	assert_int_equal(facts->field_count, COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++) {
		struct facts_range r = facts->fields[i].range;

		assert_true(span_is(span_sub(m, r.start, r.end - r.start), expected[i].text));
		assert_int_equal(facts->fields[i].kind, expected[i].kind);
	}
}

static void
too_much_is_a_limit(void **state)
{
	struct buf m;

	(void)state;
	buf_init(&m, 1024 * 1024);
	for (int i = 0; i <= FACTS_FIELDS_MAX; i++)
		buf_put_str(&m, "X-Vanthu-A: x\r\n");
	buf_put_str(&m, "\r\n");
	read_message(buf_span(&m));
	assert_int_equal(scan_problem(scan)->reason, REASON_LIMIT_FIELDS);

	buf_reset(&m);
	buf_put_str(&m, "From: a@b.example\r\nTo: a@b.example");
	for (int i = 0; i < LIMIT_ADDRESSES; i++)
		buf_put_str(&m, ",\r\n a@b.example");
	buf_put_str(&m, "\r\n\r\n");
	read_message(buf_span(&m));
	assert_int_equal(scan_problem(scan)->reason, REASON_LIMIT_ADDRESSES);
	buf_free(&m);
}

static void
the_sender_of_another_header_is_read(void **state)
{
	struct span address;
	size_t count;

	(void)state;
	assert_int_equal(headers_from(span_str("Content-Type: text/plain\r\nFrom: A "
	    "<a@b.example>\r\n"),
	    &address, &count), REASON_NONE);
	assert_true(span_is(address, "a@b.example"));
	assert_int_equal(count, 1);
	assert_int_equal(headers_from(span_str("Subject: x\r\n"), &address, &count),
	    REASON_FROM_MISSING);
	assert_int_equal(count, 0);
	assert_int_equal(headers_from(span_str("From: a@b.example\r\nFrom: a@b.example\r\n"),
	    &address, &count), REASON_FROM_SEVERAL);
	assert_int_equal(count, 2);
	assert_int_equal(address.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_header_says_is_taken),
		cmocka_unit_test(a_bad_sender_is_told_apart),
		cmocka_unit_test(mail_that_waits_for_no_answer_is_known),
		cmocka_unit_test(forged_results_are_found),
		cmocka_unit_test(fields_are_found_again),
		cmocka_unit_test(too_much_is_a_limit),
		cmocka_unit_test(the_sender_of_another_header_is_read),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
