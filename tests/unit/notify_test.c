/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices: to whom, and of what. With the argument `print NAME` one notice is written to
 * stdout, for notice.py to read with another implementation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/i18n.h"
#include "gateway/act/act.h"
#include "gateway/act/header_text.h"
#include "gateway/act/notice.h"
#include "gateway/act/relay.h"
#include "gateway/model/say.h"

#define TX "0123456789abcdefghjkmnpqrs"

/* In place of the client of the MTA: what would have been sent, and what it would say. */
static struct {
	unsigned count;
	struct buf bytes;
	char sender[300], recipient[300];
	enum act_status answer;
} sent;

void
relay_send(const struct act_settings *settings, const struct relay_message *m,
    struct deadline d, struct act_result *results)
{
	(void)settings;
	(void)d;
	sent.count++;
	buf_free(&sent.bytes);
	buf_init(&sent.bytes, 1 << 22);
	for (unsigned i = 0; i < m->part_count; i++)
		buf_put_span(&sent.bytes, m->parts[i]);
	snprintf(sent.sender, sizeof(sent.sender), "%s", m->sender);
	snprintf(sent.recipient, sizeof(sent.recipient), "%s", m->recipients[0]);
	memset(results, 0, sizeof(*results));
	results[0].status = sent.answer;
	snprintf(results[0].text, sizeof(results[0].text), "said so");
}

struct scene {
	struct act_settings settings;
	struct envelope *env;
	struct facts *f;
	struct plan *plan;
	struct spool *message;
	struct act_job job;
};

static const char original[] =
    "Return-Path: <x@y.example>\r\n"
    "From: vanthu@bavi.hanoi.example\r\n"
    "Subject: =?utf-8?Q?B=C3=A1o_c=C3=A1o?=\r\n"
    "X-Odd: --=_" TX "--\r\n"
    "\r\n"
    "noi dung khong duoc nhac lai\r\n";

static struct scene *
scene_new(const char *subject, const char *message_id, const char *header)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct error e;

	s->env = calloc(1, sizeof(*s->env));
	s->f = facts_new();
	s->plan = plan_new();
	strcpy(s->settings.authserv_id, "vanthu.hanoi.example");
	strcpy(s->settings.postmaster, "postmaster@hanoi.example");
	memcpy(s->env->tx, TX, sizeof(TX));
	s->env->zone = ZONE_INSIDE;
	s->env->accepted_at = 1338512400;
	strcpy(s->env->sender, "vanthu@bavi.hanoi.example");
	s->f->subject = facts_add(s->f, span_str(subject));
	s->f->message_id = facts_add(s->f, span_str(message_id));
	s->f->from = facts_add(s->f, span_str("nobody@elsewhere.example"));
	s->plan->recipient_count = 2;
	strcpy(s->plan->recipients[0].address, "vanthu@vpub.hanoi.example");
	s->plan->recipients[0].outcome = OUTCOME_REFUSE;
	s->plan->recipients[0].reason = REASON_FROM_NOT_SENDER;
	strcpy(s->plan->recipients[1].address, "văn.thư@vpub.hanoi.example");
	s->plan->recipients[1].outcome = OUTCOME_HOLD;
	s->plan->recipients[1].reason = REASON_HELD_BY_RULE;
	say_join("Tệp có mật khẩu.", "The file is locked.", s->plan->recipients[1].text);
	assert_int_equal(plan_add_step(s->plan, ACTION_NOTIFY, 0, "", &e), 0);
	assert_int_equal(plan_add_step(s->plan, ACTION_NOTIFY, 1, "", &e), 0);
	assert_int_equal(spool_new(NULL, 1 << 21, &s->message, &e), 0);
	assert_int_equal(spool_append(s->message, span_str(header), &e), 0);
	assert_int_equal(spool_seal(s->message, &e), 0);
	s->f->part_count = 1;
	s->f->parts[0].header.end =
	    span_find_span(span_str(header), span_str("\r\n\r\n"), 0) + 2;
	s->job = (struct act_job){ .settings = &s->settings,
		.envelope = s->env,
		.facts = s->f,
		.plan = s->plan,
		.received = s->message,
		.deadline = deadline_never() };
	return s;
}

static void
scene_free(struct scene *s)
{
	spool_free(&s->message);
	plan_free(&s->plan);
	facts_free(&s->f);
	free(s->env);
	free(s);
}

static void
notify(struct scene *s, struct act_result results[2])
{
	const struct plan_step *steps[] = { &s->plan->steps[0], &s->plan->steps[1] };

	sent.count = 0;
	act_notify(&s->job, steps, 2, results);
}

static struct scene *
plain_scene(void)
{
	return scene_new("Báo cáo tháng 9", "1@bavi.hanoi.example", original);
}

static void
one_notice_tells_of_all_and_goes_to_the_sender_from_nobody(void **state)
{
	struct scene *s = plain_scene();
	struct act_result results[2];

	(void)state;
	sent.answer = ACT_DONE;
	notify(s, results);
	assert_int_equal(sent.count, 1);
	assert_string_equal(sent.sender, "");
	assert_string_equal(sent.recipient, "vanthu@bavi.hanoi.example");
	assert_int_equal(results[0].status, ACT_DONE);
	assert_int_equal(results[1].status, ACT_DONE);
	scene_free(s);
}

static void
the_same_notice_has_the_same_bytes(void **state)
{
	struct scene *s = plain_scene();
	struct act_result results[2];
	struct buf first;

	(void)state;
	buf_init(&first, 1 << 20);
	notify(s, results);
	buf_put_span(&first, buf_span(&sent.bytes));
	notify(s, results);
	assert_true(span_equal(buf_span(&first), buf_span(&sent.bytes)));
	buf_free(&first);
	scene_free(s);
}

static void
nobody_is_told_who_did_not_write_himself(void **state)
{
	struct scene *s = plain_scene();
	struct act_result results[2];

	(void)state;
	s->env->zone = ZONE_OUTSIDE;
	notify(s, results);
	assert_int_equal(sent.count, 0);
	s->env->zone = ZONE_INSIDE;
	s->f->auto_submitted = 1;
	notify(s, results);
	assert_int_equal(sent.count, 0);
	s->f->auto_submitted = 0;
	s->env->sender[0] = '\0';
	notify(s, results);
	assert_int_equal(sent.count, 0);
	scene_free(s);
}

static void
a_refusal_does_not_vanish_with_its_notice(void **state)
{
	struct scene *s = plain_scene();
	struct act_result results[2];

	(void)state;
	sent.answer = ACT_REFUSED;
	notify(s, results);
	assert_int_equal(results[0].status, ACT_RETRY); /* refused: stays with our MTA */
	assert_int_equal(results[1].status, ACT_DONE);  /* held: is safe */
	sent.answer = ACT_RETRY;
	notify(s, results);
	assert_int_equal(results[0].status, ACT_RETRY);
	assert_int_equal(results[1].status, ACT_RETRY);
	sent.answer = ACT_DONE;
	scene_free(s);
}

static void
encoded_words_are_short_and_whole(void **state)
{
	struct buf text, out;
	struct span rest;

	(void)state;
	buf_init(&text, 4096);
	buf_init(&out, 8192);
	for (int i = 0; i < 100; i++)
		buf_put_str(&text, i % 3 == 0 ? "ộ" : "ab");
	header_put_text(&out, "Subject", buf_span(&text));
	for (rest = buf_span(&out); rest.len > 0;) {
		size_t end = span_find_span(rest, span_str("\r\n"), 0);

		assert_true(end != SPAN_NOT_FOUND && end <= 76);
		rest = span_from(rest, end + 2);
	}
	buf_reset(&out);
	header_put_text(&out, "Subject", span_str("plain"));
	assert_string_equal(buf_str(&out), "Subject: plain\r\n");
	buf_reset(&out);
	header_put_text(&out, "Subject", span_str("=?utf-8?Q?a?="));
	assert_null(strstr(buf_str(&out), "=?utf-8?Q?a?="));
	buf_free(&text);
	buf_free(&out);
}

/* --- for notice.py ------------------------------------------------------------------------- */

static int
print_notice(const char *name)
{
	static char large[60000];
	struct act_result results[2];
	struct scene *s;

	i18n_open();
	if (strcmp(name, "hostile") == 0) {
		s = scene_new("a\r\nBcc: x@evil.example\r\n\r\nbody \xe2\x80\xa8 \xe2\x80\xae",
		    "1@x>\r\nBcc: y@evil.example", original);
		strcpy(s->plan->recipients[0].rule, "r");
	} else if (strcmp(name, "large") == 0) {
		size_t at = 0;

		while (at + 100 < sizeof(large))
			at += (size_t)snprintf(large + at, sizeof(large) - at, "X-A%zu: %050d\r\n",
			    at, 0);
		snprintf(large + at, sizeof(large) - at, "\r\nbody");
		s = scene_new("s", "1@x.example", large);
	} else {
		s = plain_scene();
		s->f->secrecy = strcmp(name, "secret") == 0;
	}
	notify(s, results);
	fwrite(sent.bytes.data, 1, sent.bytes.len, stdout);
	scene_free(s);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_notice_tells_of_all_and_goes_to_the_sender_from_nobody),
		cmocka_unit_test(the_same_notice_has_the_same_bytes),
		cmocka_unit_test(nobody_is_told_who_did_not_write_himself),
		cmocka_unit_test(a_refusal_does_not_vanish_with_its_notice),
		cmocka_unit_test(encoded_words_are_short_and_whole),
	};

	if (argc == 3 && strcmp(argv[1], "print") == 0)
		return print_notice(argv[2]);
	return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
