/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay client against a server that follows a script: one reply for the connection,
 * one for each command line, one for the end of data. The script may break off, hang or say
 * what no server should. What the client sent is kept and compared byte by byte.
 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/io.h"
#include "gateway/act/relay.h"

#define REPLIES_MAX 12
#define HANG "hang" /* as a reply: say nothing until the client has gone */
#define DROP "drop" /* close at once, whatever the client is sending */

static char folder[] = "/tmp/vanthu-relay-XXXXXX";
static struct act_settings settings = { .authserv_id = "gateway.example" };

struct script {
	const char *replies[REPLIES_MAX]; /* a NULL closes the connection */
	int listener;
	struct buf got;
};

/* Does the input so far end what the client says now: a line, or data with its dot? */
static bool
is_whole(struct span s, bool data)
{
	if (!data)
		return s.len >= 2 && memcmp(s.ptr + s.len - 2, "\r\n", 2) == 0;
	return (s.len == 3 && memcmp(s.ptr, ".\r\n", 3) == 0) ||
	    (s.len >= 5 && memcmp(s.ptr + s.len - 5, "\r\n.\r\n", 5) == 0);
}

/* Read byte by byte, so that what is pipelined stays for the next reply. */
static bool
read_turn(struct script *s, int fd, bool data)
{
	size_t start = s->got.len;
	struct error e;
	uint8_t c;

	while (!is_whole(span_from(buf_span(&s->got), start), data)) {
		if (io_receive(fd, &c, 1, deadline_after_ms(5000), &e) != 1)
			return false;
		buf_put_byte(&s->got, c);
	}
	return true;
}

static void *
serve(void *context)
{
	struct script *s = context;
	bool data = false;
	struct error e;
	int fd = -1;

	if (io_wait(s->listener, POLLIN, deadline_after_ms(5000), &e) == 1)
		fd = accept(s->listener, NULL, NULL);
	for (unsigned i = 0; fd >= 0 && i < REPLIES_MAX && s->replies[i] != NULL; i++) {
		const char *reply = s->replies[i];

		if (strcmp(reply, DROP) == 0)
			break;
		if (i > 0 && !read_turn(s, fd, data))
			break;
		if (strcmp(reply, HANG) == 0) {
			(void)read_turn(s, fd, false);
			break;
		}
		(void)io_send_all(fd, span_str(reply), deadline_after_ms(5000), &e);
		data = strncmp(reply, "354", 3) == 0;
	}
	io_close(&fd);
	return NULL;
}

/* Send m to a server that follows the script; results and s->got are filled. */
static void
run(struct script *s, const struct relay_message *m, struct act_result *results,
    unsigned deadline_ms)
{
	struct error e;
	pthread_t thread;

	buf_init(&s->got, 4 * 1024 * 1024);
	if (endpoint_listen(&settings.relay, 0600, &s->listener, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(pthread_create(&thread, NULL, serve, s), 0);
	relay_send(&settings, m, deadline_after_ms(deadline_ms), results);
	/* A test that never connects lets the server go. */
	(void)shutdown(s->listener, SHUT_RDWR);
	(void)pthread_join(thread, NULL);
	io_close(&s->listener);
	(void)unlink(settings.relay.path);
}

static const char *const three[] = { "one@dongnai.example", "two@dongnai.example",
	"three@dongnai.example" };

#define GREETING "220 mx.example ESMTP\r\n"
#define HELLO "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n" \
	      "250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"
#define PLAIN_HELLO "250 mx.example\r\n"
#define OK "250 2.0.0 Ok\r\n"
#define GO "354 Go\r\n"
#define BYE "221 2.0.0 Bye\r\n"

#define DONE ACT_DONE
#define RETRY ACT_RETRY
#define REFUSED ACT_REFUSED

struct relay_case {
	const char *name;
	bool lmtp, eight_bit, smtputf8;
	unsigned deadline_ms; /* 0 = 5 s */
	const char *replies[REPLIES_MAX];
	enum act_status status[3];
	const char *codes[3]; /* enhanced status of each result; NULL = not looked at */
};

static char endless[5000], many_lines[200 * 12 + 1];

static const struct relay_case cases[] = {
	{ .name = "all is well", .replies = { GREETING, HELLO, OK, OK, OK, OK, GO,
		"250 2.6.0 Queued\r\n", BYE },
	    .status = { DONE, DONE, DONE }, .codes = { "2.6.0", "2.6.0", "2.6.0" } },
	{ .name = "without extensions", .replies = { GREETING, PLAIN_HELLO, "250\r\n", OK, OK,
		OK, GO, "250 fine\r\n", BYE },
	    .status = { DONE, DONE, DONE }, .codes = { "2.0.0", "2.0.0", "2.0.0" } },
	{ .name = "QUIT is not answered", .replies = { GREETING, HELLO, OK, OK, OK, OK, GO, OK },
	    .status = { DONE, DONE, DONE } },
	{ .name = "LMTP, mixed", .lmtp = true, .replies = { GREETING, HELLO, OK, OK, OK, OK, GO,
		"250 2.0.0 Ok\r\n550 5.2.2 Full\r\n451 4.2.0 Later\r\n", BYE },
	    .status = { DONE, REFUSED, RETRY }, .codes = { "2.0.0", "5.2.2", "4.2.0" } },
	{ .name = "LMTP, lost after the first answer", .lmtp = true, .replies = { GREETING,
		HELLO, OK, OK, OK, OK, GO, OK },
	    .status = { DONE, RETRY, RETRY }, .codes = { "2.0.0", "4.4.2", "4.4.2" } },
	{ .name = "recipients, mixed", .replies = { GREETING, HELLO, OK, "550 5.1.1 Who\r\n",
		"450 4.2.1 Later\r\n", "251 2.1.5 Forwarding\r\n", GO, OK, BYE },
	    .status = { REFUSED, RETRY, DONE }, .codes = { "5.1.1", "4.2.1", "2.0.0" } },
	{ .name = "LMTP, answers go to the accepted", .lmtp = true, .replies = { GREETING,
		HELLO, OK, "550 5.1.1 Who\r\n", OK, OK, GO,
		"452 4.3.1 Full\r\n250 2.0.0 Ok\r\n", BYE },
	    .status = { REFUSED, RETRY, DONE }, .codes = { "5.1.1", "4.3.1", "2.0.0" } },
	{ .name = "no recipient accepted", .replies = { GREETING, HELLO, OK,
		"550 5.1.1 Who\r\n", "550 5.1.1 Who\r\n", "450 4.2.1 Later\r\n", BYE },
	    .status = { REFUSED, REFUSED, RETRY } },
	{ .name = "sender refused", .replies = { GREETING, HELLO, "552 5.3.4 Big\r\n",
		"503 5.5.1 No\r\n", "503 5.5.1 No\r\n", "503 5.5.1 No\r\n", BYE },
	    .status = { REFUSED, REFUSED, REFUSED }, .codes = { "5.3.4", "5.3.4", "5.3.4" } },
	{ .name = "sender later", .replies = { GREETING, HELLO, "452 4.3.1 Full\r\n" },
	    .status = { RETRY, RETRY, RETRY }, .codes = { "4.3.1", NULL, NULL } },
	{ .name = "DATA refused", .replies = { GREETING, HELLO, OK, OK, OK, "550 5.1.1 Who\r\n",
		"554 5.5.1 No\r\n", BYE },
	    .status = { REFUSED, REFUSED, REFUSED }, .codes = { "5.5.1", "5.5.1", "5.1.1" } },
	{ .name = "DATA later", .replies = { GREETING, HELLO, OK, OK, OK, OK,
		"421 4.3.2 Down\r\n" },
	    .status = { RETRY, RETRY, RETRY } },
	{ .name = "refused after the dot", .replies = { GREETING, HELLO, OK, OK, OK, OK, GO,
		"550-5.7.1 A policy\r\n550 5.7.1 says no\r\n", BYE },
	    .status = { REFUSED, REFUSED, REFUSED }, .codes = { "5.7.1", "5.7.1", "5.7.1" } },
	{ .name = "doubt after the dot", .replies = { GREETING, HELLO, OK, OK, OK, OK, GO },
	    .status = { RETRY, RETRY, RETRY }, .codes = { "4.4.2", "4.4.2", "4.4.2" } },
	{ .name = "silence after the dot", .deadline_ms = 200, .replies = { GREETING, HELLO, OK,
		OK, OK, OK, GO, HANG },
	    .status = { RETRY, RETRY, RETRY } },
	{ .name = "silence at once", .deadline_ms = 200, .replies = { HANG },
	    .status = { RETRY, RETRY, RETRY } },
	{ .name = "closed at once", .status = { RETRY, RETRY, RETRY } },
	{ .name = "greeting says no", .replies = { "554 5.3.2 No\r\n", BYE },
	    .status = { RETRY, RETRY, RETRY } },
	{ .name = "hello says no", .replies = { GREETING, "502 5.5.1 What\r\n", BYE },
	    .status = { RETRY, RETRY, RETRY } },
	{ .name = "8BITMIME not offered", .eight_bit = true, .replies = { GREETING, PLAIN_HELLO,
		BYE },
	    .status = { REFUSED, REFUSED, REFUSED }, .codes = { "5.6.3", "5.6.3", "5.6.3" } },
	{ .name = "SMTPUTF8 not offered", .smtputf8 = true, .replies = { GREETING,
		"250-mx.example\r\n250 8BITMIME\r\n", BYE },
	    .status = { REFUSED, REFUSED, REFUSED }, .codes = { "5.6.7", "5.6.7", "5.6.7" } },
	{ .name = "an extension whose name only begins so", .eight_bit = true, .replies = {
		GREETING, "250-mx.example\r\n250 8BITMIMEX\r\n", BYE },
	    .status = { REFUSED, REFUSED, REFUSED } },
	{ .name = "334 out of place", .replies = { GREETING, HELLO, OK, OK,
		"334 Go on\r\n", OK, GO, OK, BYE },
	    .status = { DONE, RETRY, DONE }, .codes = { "2.0.0", "4.5.0", "2.0.0" } },
	{ .name = "250 where 354 is due", .replies = { GREETING, HELLO, OK, OK, OK, OK, OK, BYE },
	    .status = { RETRY, RETRY, RETRY } },
	{ .name = "354 after the dot", .replies = { GREETING, HELLO, OK, OK, OK, OK, GO,
		"354 More\r\n" },
	    .status = { RETRY, RETRY, RETRY } },
	{ .name = "a line without end", .replies = { endless }, .status = { RETRY, RETRY, RETRY } },
	{ .name = "lines without end", .replies = { GREETING, many_lines },
	    .status = { RETRY, RETRY, RETRY } },
	{ .name = "a line without CR", .replies = { "220 mx.example\n" },
	    .status = { RETRY, RETRY, RETRY } },
	{ .name = "a code below 200", .replies = { "199 x\r\n" },
	    .status = { RETRY, RETRY, RETRY } },
	{ .name = "a code above 599", .replies = { GREETING, HELLO, OK, OK, OK, OK, GO,
		"650 x\r\n" },
	    .status = { RETRY, RETRY, RETRY } },
	{ .name = "no code", .replies = { "hello\r\n" }, .status = { RETRY, RETRY, RETRY } },
	{ .name = "an empty line", .replies = { GREETING, HELLO, "\r\n" },
	    .status = { RETRY, RETRY, RETRY } },
	{ .name = "a code of four digits", .replies = { "2200 x\r\n" },
	    .status = { RETRY, RETRY, RETRY } },
	{ .name = "two codes in one reply", .replies = { GREETING, HELLO, OK, OK, OK, OK, GO,
		"250-2.0.0 a\r\n550 5.0.0 b\r\n" },
	    .status = { RETRY, RETRY, RETRY } },
	{ .name = "a status of another class", .replies = { GREETING, HELLO, OK, OK, OK, OK, GO,
		"550 2.0.0 no\r\n", BYE },
	    .status = { REFUSED, REFUSED, REFUSED }, .codes = { "5.0.0", NULL, NULL } },
};

static void
each_answer_of_the_next_hop_has_its_meaning(void **state)
{
	static const struct span text = SPAN_LIT("Subject: 06/KH-VP\r\n\r\ntext\r\n");

	(void)state;
	memset(endless, '2', sizeof endless - 1);
	for (unsigned i = 0; i < 200; i++)
		memcpy(many_lines + 12 * i, "250-mx.ex.\r\n", 13);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct relay_case *c = &cases[i];
		struct relay_message m = { .sender = "vanthu@bavi.hanoi.example",
			.recipients = three, .recipient_count = 3, .parts = &text,
			.part_count = 1, .eight_bit = c->eight_bit, .smtputf8 = c->smtputf8 };
		struct act_result results[3];
		struct script s = { .listener = -1 };

		memcpy(s.replies, c->replies, sizeof s.replies);
		settings.relay_lmtp = c->lmtp;
		run(&s, &m, results, c->deadline_ms == 0 ? 5000 : c->deadline_ms);
		for (unsigned r = 0; r < 3; r++) {
			if (results[r].status != c->status[r] ||
			    (c->codes[r] != NULL &&
				strcmp(results[r].status_code, c->codes[r]) != 0))
				fail_msg("%s, recipient %u: %d %d %s %s", c->name, r,
				    (int)results[r].status, results[r].code,
				    results[r].status_code, results[r].text);
			assert_true(results[r].text[0] != '\0');
		}
		buf_free(&s.got);
	}
	settings.relay_lmtp = false;
}

/* Everything as it stands on the wire. */
static void
the_dialogue_is_exactly_this(void **state)
{
	static const struct span parts[] = { SPAN_LIT("Received: x\r\n"),
		SPAN_LIT(".Subject: a\r\n..\r"), SPAN_LIT("\n.\r\nv\xc4\x83n.\r\n") };
	static const char *const to[] = { "\xc4\x91@dongnai.example", "two@dongnai.example" };
	static const char wanted[] =
	    "EHLO gateway.example\r\n"
	    "MAIL FROM:<vanthu@bavi.hanoi.example> SIZE=40 BODY=8BITMIME SMTPUTF8\r\n"
	    "RCPT TO:<\xc4\x91@dongnai.example>\r\nRCPT TO:<two@dongnai.example>\r\nDATA\r\n"
	    "Received: x\r\n..Subject: a\r\n...\r\n..\r\nv\xc4\x83n.\r\n.\r\nQUIT\r\n";
	struct relay_message m = { .sender = "vanthu@bavi.hanoi.example", .recipients = to,
		.recipient_count = 2, .parts = parts, .part_count = 3, .eight_bit = true,
		.smtputf8 = true };
	struct script s = { .replies = { GREETING, HELLO, OK, OK, OK, GO, OK, BYE } };
	struct act_result results[2];
	uint8_t sum[DIGEST_SIZE];
	static const struct span all =
	    SPAN_LIT("Received: x\r\n.Subject: a\r\n..\r\n.\r\nv\xc4\x83n.\r\n");

	(void)state;
	run(&s, &m, results, 5000);
	assert_int_equal(results[1].status, ACT_DONE);
	assert_int_equal(results[1].code, 250);
	assert_string_equal(results[1].text, "Ok");
	assert_string_equal(buf_str(&s.got), wanted);
	assert_int_equal(s.got.len, sizeof wanted - 1);
	digest_of(all, sum);
	assert_memory_equal(results[0].digest, sum, DIGEST_SIZE);
	buf_free(&s.got);
}

static void
only_the_end_of_data_is_added(void **state)
{
	static const struct {
		const char *text, *size, *wire;
	} texts[] = {
		{ "", " SIZE=0", ".\r\n" },
		{ "a", " SIZE=3", "a\r\n.\r\n" },
		{ ".", " SIZE=3", "..\r\n.\r\n" },
		{ "a\r\n", " SIZE=3", "a\r\n.\r\n" },
		{ "\r\n", " SIZE=2", "\r\n.\r\n" },
		{ "a\r\n\r\n", " SIZE=5", "a\r\n\r\n.\r\n" },
		{ ".\r\n", " SIZE=3", "..\r\n.\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct span text = span_str(texts[i].text);
		struct relay_message m = { .sender = "", .recipients = three,
			.recipient_count = 1, .parts = &text, .part_count = 1 };
		struct script s = { .replies = { GREETING, HELLO, OK, OK, GO, OK, BYE } };
		struct act_result result;
		char wanted[256];

		run(&s, &m, &result, 5000);
		(void)snprintf(wanted, sizeof wanted,
		    "EHLO gateway.example\r\nMAIL FROM:<>%s\r\nRCPT TO:<%s>\r\nDATA\r\n%sQUIT\r\n",
		    texts[i].size, three[0], texts[i].wire);
		assert_string_equal(buf_str(&s.got), wanted);
		assert_int_equal(result.status, ACT_DONE);
		buf_free(&s.got);
	}
}

/* Larger than any buffer, with a dot before each line end and each line start. */
static void
a_large_message_goes_through_unchanged(void **state)
{
	enum { LINES = 40000 };
	static const char line[] = ".23456789 123456789 123456789 .\r\n";
	struct script s = { .replies = { GREETING, HELLO, OK, OK, GO, OK, BYE } };
	struct relay_message m = { .sender = "", .recipients = three, .recipient_count = 1,
		.part_count = 2 };
	struct span parts[2], wire;
	struct act_result result;
	struct buf text;
	size_t at;

	(void)state;
	buf_init(&text, 4 * 1024 * 1024);
	for (unsigned i = 0; i < LINES; i++)
		buf_put_str(&text, line);
	parts[0] = span_sub(buf_span(&text), 0, 700001);
	parts[1] = span_from(buf_span(&text), 700001);
	m.parts = parts;
	run(&s, &m, &result, 20000);
	assert_int_equal(result.status, ACT_DONE);
	wire = buf_span(&s.got);
	at = span_find_span(wire, span_str("DATA\r\n"), 0) + 6;
	for (unsigned i = 0; i < LINES; i++, at += sizeof line) {
		assert_int_equal(wire.ptr[at], '.');
		assert_memory_equal(wire.ptr + at + 1, line, sizeof line - 1);
	}
	assert_true(span_is(span_from(wire, at), ".\r\nQUIT\r\n"));
	buf_free(&text);
	buf_free(&s.got);
}

/* One line of a megabyte, sent from where it stands; then the same to a hop that drops. */
static void
a_long_line_goes_through_or_is_doubt(void **state)
{
	struct script s = { .replies = { GREETING, HELLO, OK, OK, GO, OK, BYE } };
	struct script drops = { .replies = { GREETING, HELLO, OK, OK, GO, DROP } };
	struct relay_message m = { .sender = "", .recipients = three, .recipient_count = 1,
		.part_count = 1 };
	struct act_result result;
	struct span text, wire;
	struct buf b;

	(void)state;
	buf_init(&b, 2 * 1024 * 1024);
	for (unsigned i = 0; i < 100000; i++)
		buf_put_str(&b, "0123456789");
	buf_put_str(&b, "\r\n");
	text = buf_span(&b);
	m.parts = &text;
	run(&s, &m, &result, 20000);
	assert_int_equal(result.status, ACT_DONE);
	wire = buf_span(&s.got);
	wire = span_from(wire, span_find_span(wire, span_str("DATA\r\n"), 0) + 6);
	assert_true(span_equal(span_sub(wire, 0, text.len), text));
	assert_true(span_is(span_from(wire, text.len), ".\r\nQUIT\r\n"));
	run(&drops, &m, &result, 20000);
	assert_int_equal(result.status, ACT_RETRY);
	buf_free(&b);
	buf_free(&s.got);
	buf_free(&drops.got);
}

static void
what_could_smuggle_is_never_sent(void **state)
{
	static const struct span bad[] = { SPAN_LIT("a\nb\r\n"), SPAN_LIT("a\rb\r\n"),
		SPAN_LIT("a\0b\r\n"), SPAN_LIT("a\r\n.\r\r\n"), SPAN_LIT("\n"), SPAN_LIT("a\r"),
		SPAN_LIT("a\r\n\n") };
	static const char *const addresses[] = { "a@b.example>\r\nRCPT TO:<x@y.example",
		"two@dongnai.example", "a b@c.example" };
	static const struct span good = SPAN_LIT("text\r\n");
	struct script s = { .replies = { GREETING, HELLO, OK, OK, GO, OK, BYE } };
	struct relay_message m = { .sender = "", .recipients = addresses, .part_count = 1 };
	struct act_result results[3];

	(void)state;
	m.recipient_count = 2;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		m.parts = &bad[i];
		run(&s, &m, results, 1000);
		assert_int_equal(results[1].status, ACT_REFUSED);
		assert_string_equal(results[1].status_code, "5.6.0");
		assert_int_equal(s.got.len, 0);
		buf_free(&s.got);
	}
	m.parts = &good;
	m.recipient_count = 3;
	run(&s, &m, results, 5000);
	assert_int_equal(results[0].status, ACT_REFUSED);
	assert_int_equal(results[1].status, ACT_DONE);
	assert_int_equal(results[2].status, ACT_REFUSED);
	assert_string_equal(buf_str(&s.got),
	    "EHLO gateway.example\r\nMAIL FROM:<> SIZE=6\r\nRCPT TO:<two@dongnai.example>\r\n"
	    "DATA\r\ntext\r\n.\r\nQUIT\r\n");
	buf_free(&s.got);
	m.sender = "a@b.example> BODY=8BITMIME";
	run(&s, &m, results, 1000);
	assert_int_equal(results[1].status, ACT_REFUSED);
	assert_int_equal(s.got.len, 0);
	buf_free(&s.got);
}

static void
the_next_hops_words_are_made_safe(void **state)
{
	static const struct span text = SPAN_LIT("text\r\n");
	struct relay_message m = { .sender = "", .recipients = three, .recipient_count = 1,
		.parts = &text, .part_count = 1 };
	struct script s = { .replies = { GREETING, HELLO, OK, OK, GO, NULL } };
	struct act_result result;
	char reply[2000];

	(void)state;
	s.replies[5] = "550-5.7.1 a\x1b[2Jb\r\n550-5.7.1  v\xc4\x83n\xff\r\n550 5.7.1 c\r\n";
	run(&s, &m, &result, 5000);
	assert_string_equal(result.text, "a\\x1b[2Jb v\xc4\x83n\\xff c");
	buf_free(&s.got);

	memcpy(reply, "550 ", 4);
	for (size_t i = 4; i < 1500; i += 2)
		memcpy(reply + i, "\xc4\x83", 3);
	memcpy(reply + 1500, "\r\n", 3);
	s.replies[5] = reply;
	run(&s, &m, &result, 5000);
	assert_int_equal(result.status, ACT_REFUSED);
	assert_true(strlen(result.text) > 200 && strlen(result.text) < sizeof result.text);
	buf_free(&s.got);
}

static void
nobody_at_the_next_hop_is_a_retry(void **state)
{
	static const struct span text = SPAN_LIT("text\r\n");
	struct relay_message m = { .sender = "", .recipients = three, .recipient_count = 3,
		.parts = &text, .part_count = 1 };
	struct act_result results[3];

	(void)state;
	relay_send(&settings, &m, deadline_after_ms(1000), results);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(results[i].status, ACT_RETRY);
}

/* The steps of a plan: their recipients, in their order, and the spool's bytes. */
static void
steps_of_a_plan_are_relayed_together(void **state)
{
	struct script s = { .replies = { GREETING, HELLO, OK, OK, OK, GO, OK, BYE } };
	const struct plan_step *steps[2];
	struct envelope *env = calloc(1, sizeof *env);
	struct plan *plan = plan_new();
	struct act_result results[2];
	struct act_job job = { .settings = &settings, .envelope = env, .plan = plan };
	struct spool *outgoing;
	pthread_t thread;
	struct error e;

	(void)state;
	assert_non_null(env);
	assert_non_null(plan);
	strcpy(env->sender, "vanthu@bavi.hanoi.example");
	plan->recipient_count = 3;
	for (unsigned i = 0; i < 3; i++)
		strcpy(plan->recipients[i].address, three[i]);
	assert_int_equal(plan_add_step(plan, ACTION_RELAY, 2, "", &e), 0);
	assert_int_equal(plan_add_step(plan, ACTION_RELAY, 0, "", &e), 0);
	steps[0] = &plan->steps[0];
	steps[1] = &plan->steps[1];
	assert_int_equal(spool_new(NULL, 1000, &outgoing, &e), 0);
	assert_int_equal(spool_append(outgoing, span_str("v\xc4\x83n\r\n"), &e), 0);
	assert_int_equal(spool_seal(outgoing, &e), 0);
	job.outgoing = outgoing;
	job.deadline = deadline_after_ms(5000);

	buf_init(&s.got, 4096);
	assert_int_equal(endpoint_listen(&settings.relay, 0600, &s.listener, &e), 0);
	assert_int_equal(pthread_create(&thread, NULL, serve, &s), 0);
	act_relay(&job, steps, 2, results);
	(void)pthread_join(thread, NULL);
	io_close(&s.listener);
	assert_string_equal(buf_str(&s.got),
	    "EHLO gateway.example\r\n"
	    "MAIL FROM:<vanthu@bavi.hanoi.example> SIZE=6 BODY=8BITMIME\r\n"
	    "RCPT TO:<three@dongnai.example>\r\nRCPT TO:<one@dongnai.example>\r\nDATA\r\n"
	    "v\xc4\x83n\r\n.\r\nQUIT\r\n");
	assert_int_equal(results[0].status, ACT_DONE);
	assert_memory_equal(results[1].digest, spool_digest(outgoing), DIGEST_SIZE);
	buf_free(&s.got);
	spool_free(&outgoing);
	plan_free(&plan);
	free(env);
}

static int
open_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	settings.relay.is_unix = true;
	(void)snprintf(settings.relay.path, sizeof settings.relay.path, "%s/next-hop", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)unlink(settings.relay.path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_answer_of_the_next_hop_has_its_meaning),
		cmocka_unit_test(the_dialogue_is_exactly_this),
		cmocka_unit_test(only_the_end_of_data_is_added),
		cmocka_unit_test(a_large_message_goes_through_unchanged),
		cmocka_unit_test(a_long_line_goes_through_or_is_doubt),
		cmocka_unit_test(what_could_smuggle_is_never_sent),
		cmocka_unit_test(the_next_hops_words_are_made_safe),
		cmocka_unit_test(nobody_at_the_next_hop_is_a_retry),
		cmocka_unit_test(steps_of_a_plan_are_relayed_together),
	};

	return cmocka_run_group_tests_name("relay", tests, open_folder, remove_folder);
}
