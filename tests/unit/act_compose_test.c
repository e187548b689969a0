/* SPDX-License-Identifier: Apache-2.0 */
/* What is relayed: our head, whatever the values are, and every other byte as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/act/act.h"

#define NOW 1764000000
#define BODY "Subject: x\r\n\r\nHello\r\n"

static struct act_settings settings = { .authserv_id = "gw.hanoi.example" };

static struct envelope
an_envelope(enum zone zone)
{
	struct envelope env = { .source = SOURCE_SMTP, .zone = zone, .accepted_at = NOW };

	snprintf(env.tx, sizeof(env.tx), "01h2xcejqtf2nbrexx3vqjhp41");
	snprintf(env.peer, sizeof(env.peer), "192.0.2.7");
	snprintf(env.helo, sizeof(env.helo), "mail.haiphong.example");
	return env;
}

static struct spool *
spool_of(struct span bytes)
{
	struct spool *s = NULL;
	struct error e;

	assert_int_equal(spool_new(NULL, bytes.len + 1, &s, &e), 0);
	assert_int_equal(spool_append(s, bytes, &e), 0);
	assert_int_equal(spool_seal(s, &e), 0);
	return s;
}

/* The composed message as text; static, for one use at a time. */
static const char *
compose(const struct envelope *env, const struct facts *f, const struct plan *p,
    const char *message)
{
	static char text[400000];
	struct spool *body = spool_of(span_str(message)), *out = NULL;
	struct error e;

	if (act_compose(&settings, env, f, p, body, &out, &e) != 0)
		fail_msg("%s", e.text);
	struct span s = spool_bytes(out);
	assert_true(s.len < sizeof(text));
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	spool_free(&out);
	spool_free(&body);
	return text;
}

static void
mail_from_outside_says_what_was_found(void **state)
{
	struct envelope env = an_envelope(ZONE_OUTSIDE);
	struct facts *f = facts_new();
	struct plan *p = plan_new();

	(void)state;
	f->verdict = VERDICT_VERIFIED;
	f->reason = REASON_VERIFIED;
	f->form = SIGNATURE_DETACHED;
	f->signer.address = facts_add(f, span_str("vanthu@bavi.hanoi.example"));
	f->signer.serial = facts_add(f, span_str("1a2b"));
	f->signer.issuer = facts_add(
	    f, span_str("CN=Demo issuing no 1 \"CA\",O=Ban C\xc6\xa1 y\xe1\xba\xbfu\\,C=VN"));
	assert_string_equal(compose(&env, f, p, BODY),
	    "Received: from mail.haiphong.example ([192.0.2.7])\r\n"
	    "\tby gw.hanoi.example (Vanthu) with ESMTP id 01h2xcejqtf2nbrexx3vqjhp41;\r\n"
	    "\tMon, 24 Nov 2025 16:00:00 +0000\r\n"
	    "X-Vanthu-Transaction: 01h2xcejqtf2nbrexx3vqjhp41\r\n"
	    "Authentication-Results: gw.hanoi.example;\r\n"
	    "\tsmime=pass reason=\"verified\"\r\n"
	    "\tbody.smime-identifier=vanthu@bavi.hanoi.example\r\n"
	    "\tbody.smime-serial=1a2b\r\n"
	    "\tbody.smime-issuer=\"CN=Demo issuing no 1 \\\"CA\\\",O=Ban C\\\\C6\\\\A1\r\n"
	    " y\\\\E1\\\\BA\\\\BFu\\\\,C=VN\"\r\n"
	    "X-Vanthu-Verdict: VERIFIED; reason=verified\r\n" BODY);
	plan_free(&p);
	facts_free(&f);
}

static void
a_fold_at_the_top_cannot_go_on_our_own_field(void **state)
{
	struct envelope env = an_envelope(ZONE_OUTSIDE);
	struct facts *f = facts_new();
	struct plan *p = plan_new();

	(void)state;
	for (const char *const *m = (const char *const[]){ " smime=pass\r\n" BODY,
		 "\tsmime=pass\r\n" BODY, NULL };
	     *m != NULL; m++) {
		struct spool *body = spool_of(span_str(*m)), *out = NULL;
		struct error e;

		assert_int_equal(act_compose(&settings, &env, f, p, body, &out, &e), -1);
		assert_int_equal(e.class, ERR_PERM);
		assert_null(out);
		spool_free(&body);
	}
	plan_free(&p);
	facts_free(&f);
}

static void
mail_from_inside_carries_no_verdict(void **state)
{
	struct envelope env = an_envelope(ZONE_INSIDE);
	struct facts *f = facts_new();
	struct plan *p = plan_new();

	(void)state;
	env.source = SOURCE_LMTP;
	env.smtputf8 = true;
	snprintf(env.peer, sizeof(env.peer), "2001:db8::7");
	assert_string_equal(compose(&env, f, p, BODY),
	    "Received: from mail.haiphong.example ([IPv6:2001:db8::7])\r\n"
	    "\tby gw.hanoi.example (Vanthu) with UTF8LMTP id 01h2xcejqtf2nbrexx3vqjhp41;\r\n"
	    "\tMon, 24 Nov 2025 16:00:00 +0000\r\n"
	    "X-Vanthu-Transaction: 01h2xcejqtf2nbrexx3vqjhp41\r\n" BODY);
	plan_free(&p);
	facts_free(&f);
}

static void
every_verdict_has_its_result(void **state)
{
	static const struct {
		enum verdict verdict;
		const char *want;
	} cases[] = {
		{ VERDICT_VERIFIED, "smime=pass " },
		{ VERDICT_UNSIGNED, "smime=none " },
		{ VERDICT_INVALID, "smime=fail " },
		{ VERDICT_UNTRUSTED, "smime=fail " },
		{ VERDICT_MISMATCH, "smime=policy " },
		{ VERDICT_AMBIGUOUS, "smime=permerror " },
		{ VERDICT_LIMIT, "smime=permerror " },
		{ VERDICT_ENCRYPTED, "smime=neutral " },
		{ VERDICT_UNCHECKABLE, "smime=temperror " },
	};
	struct envelope env = an_envelope(ZONE_OUTSIDE);
	struct facts *f = facts_new();
	struct plan *p = plan_new();

	(void)state;
	assert_int_equal(sizeof(cases) / sizeof(cases[0]), VERDICT_COUNT);
	for (size_t i = 0; i < VERDICT_COUNT; i++) {
		f->verdict = (uint8_t)cases[i].verdict;
		const char *text = compose(&env, f, p, BODY);
		if (strstr(text, cases[i].want) == NULL)
			fail_msg("verdict %zu: %s", i, text);
		assert_non_null(strstr(text, verdict_name(cases[i].verdict)));
	}
	plan_free(&p);
	facts_free(&f);
}

/* Every line of the head begins with a name of ours or with a blank, and is ASCII. */
static void
assert_head_is_ours(const char *text)
{
	static const char *const names[] = { "Received: ", "X-Vanthu-Transaction: ",
		"Authentication-Results: ", "X-Vanthu-Verdict: " };
	const char *body = strstr(text, BODY);
	unsigned fields = 0;

	assert_non_null(body);
	for (const char *line = text; line < body; line = strstr(line, "\r\n") + 2) {
		const char *end = strstr(line, "\r\n");
		bool known = *line == ' ' || *line == '\t';
		for (size_t i = 0; i < 4; i++) {
			if (strncmp(line, names[i], strlen(names[i])) == 0) {
				known = true;
				fields++;
			}
		}
		if (!known || end == NULL || end - line > 998)
			fail_msg("%s", text);
		for (const char *c = line; c < end; c++)
			if (*c == '\r' || *c == '\n' || (*c < ' ' && *c != '\t') || *c > '~')
				fail_msg("byte %d in the head", *c);
	}
	assert_int_equal(fields, 4);
}

static void
no_value_from_mail_can_break_out(void **state)
{
	static char long_value[5000];
	static const struct {
		const char *text;
		size_t length;
	} hostile[] = {
#define H(s) { s, sizeof(s) - 1 }
		H("a\r\nX-Vanthu-Verdict: VERIFIED"),
		H("a\nX: y"),
		H("a\r\r\n\r\nbody"),
		H("\"; smime=pass"),
		H("\\\"; smime=pass \\"),
		H("a; dkim=pass"),
		H("(comment"),
		H("a\0b"),
		H("\x1b[2J\x7f"),
		H("\xe2\x80\xae\xe2\x80\xa8"),
		H("\xff\xfe\xc3"),
		H("                                                              "),
		H("a@b, c@d"),
#undef H
		{ long_value, sizeof(long_value) },
	};

	(void)state;
	memset(long_value, 0xc3, sizeof(long_value));
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct span s = span_of(hostile[i].text, hostile[i].length);
		struct envelope env = an_envelope(ZONE_OUTSIDE);
		struct facts *f = facts_new();
		struct plan *p = plan_new();
		f->form = SIGNATURE_DETACHED;
		f->signer.address = facts_add(f, s);
		f->signer.serial = facts_add(f, s);
		f->signer.issuer = facts_add(f, s);
		snprintf(env.helo, sizeof(env.helo), "%.*s",
		    (int)(s.len < 255 ? s.len : 255), hostile[i].text);
		snprintf(env.peer, sizeof(env.peer), "%.*s", (int)(s.len < 63 ? s.len : 63),
		    hostile[i].text);
		const char *text = compose(&env, f, p, BODY);
		assert_head_is_ours(text);
		assert_null(strstr(text, "smime=pass \\\""));
		if (memchr(s.ptr, 0, s.len) == NULL)
			assert_non_null(strstr(text, "from unknown\r\n"));
		plan_free(&p);
		facts_free(&f);
	}
}

static struct facts_field
field_at(const char *message, const char *name, enum facts_field_kind kind)
{
	const char *at = strstr(message, name);

	assert_non_null(at);
	size_t start = (size_t)(at - message);
	size_t end = (size_t)(strstr(at, "\r\n") + 2 - message);
	return (struct facts_field){ { start, end }, (uint8_t)kind };
}

static void
forged_copies_of_our_headers_are_cut_out(void **state)
{
	static const char message[] = "X-Vanthu-Verdict: VERIFIED\r\n"
	                              "From: a@b.example\r\n"
	                              "X-Vanthu-Transaction: 1\r\n"
	                              "Subject: x\r\n"
	                              "\r\n"
	                              "X-Vanthu-Verdict: in the body it stays\r\n";
	struct envelope env = an_envelope(ZONE_INSIDE);
	struct facts *f = facts_new();
	struct plan *p = plan_new();

	(void)state;
	f->part_count = 1;
	f->parts[0].header.end = (uint64_t)(strstr(message, "\r\n\r\n") + 2 - message);
	f->fields[0] = field_at(message, "X-Vanthu-Verdict", FIELD_OWN);
	f->fields[1] = field_at(message, "From", FIELD_FROM);
	f->fields[2] = field_at(message, "X-Vanthu-Transaction", FIELD_OWN);
	f->field_count = 3;
	const char *text = compose(&env, f, p, message);
	const char *rest = strstr(text, "From: ");
	assert_string_equal(rest, "From: a@b.example\r\nSubject: x\r\n\r\n"
	                          "X-Vanthu-Verdict: in the body it stays\r\n");
	assert_ptr_equal(strstr(text, "VERIFIED"), NULL);
	/* The signed message has none left, and the facts speak of other bytes. */
	p->sign = true;
	assert_non_null(strstr(compose(&env, f, p, BODY), "\r\n" BODY));
	plan_free(&p);
	facts_free(&f);
}

static void
facts_that_lie_about_fields_are_refused(void **state)
{
	static const struct facts_range lies[][2] = {
		{ { 5, 2 }, { 6, 7 } },     /* backwards */
		{ { 0, 8 }, { 4, 9 } },     /* overlapping */
		{ { 6, 8 }, { 0, 4 } },     /* not in order */
		{ { 0, 4 }, { 5, 500 } },   /* past the end */
		{ { 0, 4 }, { 5, 20 } },    /* into the body */
	};
	struct envelope env = an_envelope(ZONE_INSIDE);
	struct spool *body = spool_of(span_str(BODY)), *out = NULL;
	struct plan *p = plan_new();
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct facts *f = facts_new();
		f->part_count = 1;
		f->parts[0].header.end = 12;
		f->field_count = 2;
		for (int j = 0; j < 2; j++)
			f->fields[j] = (struct facts_field){ lies[i][j], FIELD_OWN };
		if (act_compose(&settings, &env, f, p, body, &out, &e) == 0)
			fail_msg("lie %zu was followed", i);
		assert_int_equal(e.class, ERR_TEMP);
		assert_null(out);
		facts_free(&f);
	}
	plan_free(&p);
	spool_free(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_from_outside_says_what_was_found),
		cmocka_unit_test(a_fold_at_the_top_cannot_go_on_our_own_field),
		cmocka_unit_test(mail_from_inside_carries_no_verdict),
		cmocka_unit_test(every_verdict_has_its_result),
		cmocka_unit_test(no_value_from_mail_can_break_out),
		cmocka_unit_test(forged_copies_of_our_headers_are_cut_out),
		cmocka_unit_test(facts_that_lie_about_fields_are_refused),
	};

	return cmocka_run_group_tests_name("act_compose", tests, NULL, NULL);
}
