/* SPDX-License-Identifier: Apache-2.0 */
/* The sender: what is one plain address, what is none, several, or ambiguous; comparing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "gateway/inspect/address.h"
#include "gateway/model/limits.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct field {
	const char *body;
	const char *mailbox; /* when the reason is NONE */
};

static void
check(const char *body, enum reason reason, const char *mailbox)
{
	struct address a = address_read(span_str(body));

	if (a.problem != reason || !span_is(a.mailbox, mailbox))
		print_error("\"%s\": %s, \"%.*s\"\n", body, reason_info(a.problem)->code,
		    (int)a.mailbox.len, (const char *)a.mailbox.ptr);
	assert_int_equal(a.problem, reason);
	assert_true(span_is(a.mailbox, mailbox));
}

static void
plain_addresses_are_read(void **state)
{
	static const struct field list[] = {
		{ " vanthu@bavi.hanoi.example", "vanthu@bavi.hanoi.example" },
		{ "<vanthu@bavi.hanoi.example>", "vanthu@bavi.hanoi.example" },
		{ " Van Thu <vanthu@bavi.hanoi.example> ", "vanthu@bavi.hanoi.example" },
		{ "\"UBND huy\xe1\xbb\x87n Ba V\xc3\xac\" <vanthu@bavi.hanoi.example>",
		    "vanthu@bavi.hanoi.example" },
		{ "V\xc4\x83n th\xc6\xb0 <vanthu@bavi.hanoi.example>",
		    "vanthu@bavi.hanoi.example" },
		{ "=?utf-8?Q?V=C4=83n_th=C6=B0?= <vanthu@bavi.hanoi.example>",
		    "vanthu@bavi.hanoi.example" },
		{ "\"=?utf-8?B?VsSDbiB0aMaw?=\" <vanthu@bavi.hanoi.example>",
		    "vanthu@bavi.hanoi.example" },
		{ "=?utf-8?Q?V=C4=83n?=\r\n =?utf-8?Q?th=C6=B0?=\r\n <vanthu@bavi.hanoi.example>",
		    "vanthu@bavi.hanoi.example" },
		{ "Van Thu\r\n\t<vanthu@bavi.hanoi.example>", "vanthu@bavi.hanoi.example" },
		{ "\"Office, Ba Vi\" <vanthu@bavi.hanoi.example>", "vanthu@bavi.hanoi.example" },
		{ "\"vanthu@bavi.hanoi.example\" <vanthu@bavi.hanoi.example>",
		    "vanthu@bavi.hanoi.example" },
		/* C02: shows one address and is another; identity says MISMATCH. */
		{ "\"vanthu@bavi.hanoi.example\" <forger@evil.example>", "forger@evil.example" },
		{ "\"Say \\\"hello\\\"\" <a@b.example>", "a@b.example" },
		{ "Mr. A. <a@b.example>", "a@b.example" },
		{ "a@b.example (Van Thu)", "a@b.example" },
		{ "Office (Ba Vi) <a@b.example>", "a@b.example" },
		{ "=?utf-8?Q?A=2C_B?= <c@d.example>", "c@d.example" },
		{ "\tVan Thu <a@b.example>", "a@b.example" },
		{ "a@b.example \t", "a@b.example" },
		{ "a+b_c=d!#$%&'*/?^`{|}~-x.y@b-1.example",
		    "a+b_c=d!#$%&'*/?^`{|}~-x.y@b-1.example" },
		{ "Nguy\xe1\xbb\x85n <nguy\xe1\xbb\x85n@v\xc3\xad-d\xe1\xbb\xa5.vn>",
		    "nguy\xe1\xbb\x85n@v\xc3\xad-d\xe1\xbb\xa5.vn" },
		{ "V\xec <a@b.example>", "a@b.example" }, /* a name in another charset */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++)
		check(list[i].body, REASON_NONE, list[i].mailbox);
}

static void
no_address_is_missing(void **state)
{
	static const char *const list[] = { "", "  ", "Van Thu", "<>", "Van Thu <>",
		"\"vanthu@bavi.hanoi.example\"" };

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++)
		check(list[i], REASON_FROM_MISSING, "");
}

static void
several_addresses_are_several(void **state)
{
	static const char *const list[] = { "a@b.example, c@d.example",
		"A <a@b.example>, C <c@d.example>", "A <a@b.example>,\r\n a@b.example" };

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++)
		check(list[i], REASON_FROM_SEVERAL, "");
}

static void
what_two_readers_read_in_two_ways_is_ambiguous(void **state)
{
	static const char *const list[] = {
		/* groups, routes, comments, quoted local parts, literals */
		"Group: a@b.example;",
		"undisclosed-recipients:;",
		"<@c.example,@d.example:a@b.example>",
		"<@c.example:a@b.example>",
		"a(x)@b.example",
		"a@(x)b.example",
		"<a@b.example(x)>",
		"(x) a@b.example",
		"Name (x@c.example) <a@b.example>",
		"Name (x, y) <a@b.example>",
		"(x) Name <a@b.example>",
		"Name (x <a@b.example>",
		"Name (x (y)) <a@b.example>",
		"Name (=?utf-8?Q?a=40b?=) <c@d.example>",
		"<a@b.example> (x)",
		"a@b.example (x (y))",
		"a@b.example (c@d.example)",
		"a@b.example (<c@d.example>)",
		"\"a b\"@b.example",
		"\"a\"@b.example",
		"<\"a@c.example\"@b.example>",
		"a@[127.0.0.1]",
		"<a@[b.example]>",
		/* unbalanced, repeated, stray */
		"\"Van Thu <a@b.example>",
		"Van Thu\" <a@b.example>",
		"<a@b.example",
		"a@b.example>",
		"<<a@b.example>>",
		"<a@b.example> <c@d.example>",
		"<a@b.example> c@d.example",
		"a@b.example <c@d.example>",
		"a@b.example c@d.example",
		"Van Thu a@b.example",
		"<a@b.example>x",
		"<a@b.example>;",
		"a@b.example;",
		"Office, Ba Vi <a@b.example>",
		"a@b.example,",
		",a@b.example",
		"a@b.example,,c@d.example",
		",",
		"Name, Name",
		"a@b.example, Name",
		/* wrong addr-spec */
		"<a>",
		"a@",
		"@b.example",
		"<@b.example>",
		"a@b@c.example",
		"<a@b@c.example>",
		".a@b.example",
		"a.@b.example",
		"a..b@c.example",
		"a@.b.example",
		"a@b..example",
		"a@b.example.",
		"a @b.example",
		"< a@b.example>",
		"<a@b.example >",
		"<a@b.example\r\n >",
		"a\\b@c.example",
		"<a@b_c!.example>",
		"<a@b c.example>",
		"<a@b.example,c@d.example>",
		"=?utf-8?Q?a?=@b.example",
		"<=?utf-8?Q?a=40b.example?=>",
		"<a@=?utf-8?Q?b?=.example>",
		/* hidden in encoded words: C06 */
		"=?utf-8?Q?a=40b.example?= <c@d.example>",
		"=?utf-8?Q?=3Ca=40b.example=3E?= <c@d.example>",
		"=?utf-8?Q?A=2C_a=40b?= <c@d.example>",
		"=?utf-8?B?PGFAYi5leGFtcGxlPg==?= <c@d.example>",
		"=?utf-8?Q?a?= =?utf-8?Q?=40b?= <c@d.example>",
		"=?utf-8?Q?a=00b?= <c@d.example>",
		"=?utf-8?Q?a=0D=0AFrom:_x?= <c@d.example>",
		"\"=?utf-8?Q?=3Ca?=\" <c@d.example>",
		"=?utf-7?Q?+ADw-a+AEA-b?= <c@d.example>",
		"=?utf-8?Q?x=E2=80=AEy?= <c@d.example>",
		"c@d.example (=?utf-8?Q?a=40b?=)",
		/* controls and what nobody sees */
		"a@b.example\tx",
		"Van\tThu <a@b.example>",
		"Van\x01Thu <a@b.example>",
		"a@b.exam\x7fple",
		"Van Thu\r <a@b.example>",
		"a@b.example\nX: y",
		"a@b.example\r\nX",
		"a@b\xe2\x80\x8b.example",
		"\xe2\x80\xaeVan <a@b.example>",
		"a@b\xef\xbb\xbf.example",
		"a@b\xec.example",
		/* what a quoted name hides */
		"\"<a@b.example>\" <c@d.example>",
		"\"x\\\" a@b.example, \\\"\" <c@d.example>",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++)
		check(list[i], REASON_FROM_AMBIGUOUS, "");
	struct address a = address_read(span_of("a@b.example\0", 12));
	assert_int_equal(a.problem, REASON_FROM_AMBIGUOUS);
	a = address_read(span_of("A\0 <a@b.example>", 16));
	assert_int_equal(a.problem, REASON_FROM_AMBIGUOUS);
}

static void
addresses_are_counted_to_the_limit(void **state)
{
	struct buf list;

	(void)state;
	assert_int_equal(address_count(span_str("")), 0);
	assert_int_equal(address_count(span_str(" a@b")), 1);
	assert_int_equal(address_count(span_str("\"a, b\" <a@b>, (c, d) e@f")), 2);
	buf_init(&list, 1024 * 1024);
	for (int i = 0; i < LIMIT_ADDRESSES - 1; i++)
		buf_put_str(&list, "a@b.example, ");
	buf_put_str(&list, "a@b.example");
	assert_int_equal(address_count(buf_span(&list)), LIMIT_ADDRESSES);
	for (int i = 0; i < 10000; i++)
		buf_put_str(&list, ", a@b.example");
	assert_int_equal(address_count(buf_span(&list)), LIMIT_ADDRESSES + 1);
	assert_int_equal(address_read(buf_span(&list)).problem, REASON_FROM_SEVERAL);
	buf_free(&list);
}

static void
mailboxes_match_by_the_rules(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} list[] = {
		{ "a@b.example", "a@b.example", true }, { "a@B.Example", "a@b.eXAMPLE", true },
		{ "A@b.example", "a@b.example", false }, { "a@b.example", "a@c.example", false },
		{ "a@b.example", "ab.example", false }, { "a", "a", false }, { "", "", false },
		{ "@b.example", "@b.example", false }, { "a@", "a@", false },
		{ "a@b.example", "a@b.example.", false },
		{ "a@v\xc3\xad-d\xe1\xbb\xa5.vn", "a@xn--v-d-rma6749a.vn", true },
		{ "a@V\xc3\x8d-D\xe1\xbb\xa4.vn", "a@XN--V-D-RMA6749A.vn", true },
		{ "a@vi\xcc\x81-du\xcc\xa3.vn", "a@v\xc3\xad-d\xe1\xbb\xa5.vn", true },
		{ "a@v\xc3\xad.vn", "a@vi\xcc\x81.vn", true },
		{ "a@b\xd0\xb0vi.example", "a@bavi.example", false }, /* Cyrillic a */
		{ "a@b\xe2\x80\x8b.example", "a@b.example", false },
		{ "a@b\xe3\x80\x82" "example", "a@b.example", false },
		{ "a@b@c.example", "a@b@c.example", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++) {
		bool same = address_matches(span_str(list[i].a), span_str(list[i].b));

		if (same != list[i].same)
			print_error("%s, %s\n", list[i].a, list[i].b);
		assert_int_equal(same, list[i].same);
	}
}

static void
domains_become_a_labels(void **state)
{
	static const struct {
		const char *in, *out;
	} list[] = {
		{ "Example.ORG", "example.org" },
		/* RFC 3492 section 7.1 */
		{ "\xd9\x84\xd9\x8a\xd9\x87\xd9\x85\xd8\xa7\xd8\xa8\xd8\xaa\xd9\x83\xd9\x84\xd9\x85"
		  "\xd9\x88\xd8\xb4\xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a\xd8\x9f",
		    "xn--egbpdaj6bu4bxfgehfvwxn" },
		{ "\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9\x88\xe4\xb8\x8d\xe8\xaf"
		  "\xb4\xe4\xb8\xad\xe6\x96\x87", "xn--ihqwcrb4cv8a8dqg056pqjye" },
		{ "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
	};
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < COUNT(list); i++) {
		buf_reset(&out);
		assert_true(address_to_ascii(span_str(list[i].in), &out));
		assert_string_equal(buf_str(&out), list[i].out);
	}
	assert_false(address_to_ascii(span_str("a..b"), &out));
	assert_false(address_to_ascii(span_str(""), &out));
	assert_false(address_to_ascii(span_str("a\xff"), &out));
	buf_free(&out);
}

/* corpora/vietnamese/idn.tsv: unicode, punycode, source */
static void
vietnamese_labels_become_a_labels(void **state)
{
	const char *shared = getenv("VANTHU_SHARED");
	char path[4096], line[1024];
	struct buf out;
	int checked = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/corpora/vietnamese/idn.tsv",
	    shared == NULL ? "../shared" : shared);
	f = fopen(path, "r");
	if (f == NULL)
		skip();
	buf_init(&out, 4096);
	while (fgets(line, sizeof(line), f) != NULL) {
		char *tab = strchr(line, '\t');
		struct buf lower;

		if (tab == NULL || strncmp(line, "unicode", 7) == 0)
			continue;
		buf_reset(&out);
		buf_init(&lower, 1024);
		buf_put_str(&lower, "xn--");
		for (const char *c = tab + 1; *c != '\t' && *c != '\0' && *c != '\n'; c++)
			buf_put_byte(&lower, (uint8_t)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c));
		assert_true(address_to_ascii(span_of(line, (size_t)(tab - line)), &out));
		assert_string_equal(buf_str(&out), buf_str(&lower));
		buf_free(&lower);
		checked++;
	}
	fclose(f);
	assert_true(checked > 0);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_addresses_are_read),
		cmocka_unit_test(no_address_is_missing),
		cmocka_unit_test(several_addresses_are_several),
		cmocka_unit_test(what_two_readers_read_in_two_ways_is_ambiguous),
		cmocka_unit_test(addresses_are_counted_to_the_limit),
		cmocka_unit_test(mailboxes_match_by_the_rules),
		cmocka_unit_test(domains_become_a_labels),
		cmocka_unit_test(vietnamese_labels_become_a_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
