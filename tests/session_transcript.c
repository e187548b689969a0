/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Play the client's side of a transcript against the server and print what comes back.
 *
 *   transcript [--bytes] FILE.in
 *
 * The two talk over a SOCK_SEQPACKET pair, so that the server reads exactly the packets
 * that the file names: what stands in one packet and what in the next is no matter of
 * chance. With --bytes every byte is a packet of its own; the answers must be the same.
 *
 * Lines of FILE.in:
 *   protocol lmtp | smtp          zone inside | outside
 *   limit NAME NUMBER             a field of struct smtp_limits
 *   reply N CODE STATUS TEXT      what becomes of the message for recipient N
 *   count                         print how many lines the server said, not the lines
 *   deaf                          print nothing that it said: it is not even read
 *   spool PATH                    where a message above SPOOL_MEMORY_MAX goes
 *   groups                        print "--" after each packet of the server
 *   whole                         for the runner: not to be repeated with --bytes
 *   C: TEXT                       a line with CRLF, sent together with those before it
 *   C+ TEXT                       a line with CRLF, kept for the next C: or P:
 *   P: TEXT                       TEXT alone, with \r \n \0 \\ \xHH
 *   R: COUNT TEXT                 the same COUNT times, in packets of up to 16 KiB
 *   sleep MILLISECONDS            stop                hangup
 *
 * Printed: "S: " for what the server says, "D: " for what it delivers (short messages with
 * their bytes), "E: " for how many messages it took. deliver() runs in the server's thread
 * and prints first what the server has said by then, so that the order is the true one.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/digest.h"
#include "gateway/receive/smtp_server.h"

#define STEPS_MAX 400
#define PACKET_MAX (16 * 1024)
#define SHOWN_MAX 600

enum what { SEND, SLEEP, STOP, HANGUP };

static struct step {
	enum what what;
	unsigned count; /* SEND: times; SLEEP: milliseconds */
	uint8_t *bytes;
	size_t len;
} steps[STEPS_MAX];
static unsigned step_count;

static struct transaction_reply answers[LIMIT_RECIPIENTS];
static struct smtp_limits limits = {
	.message_bytes = 50 * 1024 * 1024,
	.recipients = LIMIT_RECIPIENTS,
	.commands = 1000,
	.errors = 20,
	.messages = 100,
	.command_seconds = 10,
	.data_seconds = 10,
	.session_seconds = 15,
};
static struct smtp_session session = { .limits = &limits, .hostname = "gateway.example" };
static bool bytewise, groups, counted, deaf;
static unsigned line_count;
static volatile int stop;
static int client = -1;

static void
die(const char *why)
{
	fprintf(stderr, "transcript: %s\n", why);
	exit(64);
}

/* --- printing ---------------------------------------------------------------------- */

static void
show(const char *mark, struct span s)
{
	printf("%s", mark);
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];

		if (c == '\r')
			printf("\\r");
		else if (c == '\n')
			printf("\\n");
		else if (c >= ' ' && c != 0x7f && c != '\\')
			putchar(c);
		else
			printf("\\x%02x", c);
	}
	putchar('\n');
}

static void
show_lines(const char *mark, struct span s, bool crlf_shown)
{
	while (s.len > 0) {
		size_t lf = span_find(s, '\n', 0);
		size_t len = lf == SPAN_NOT_FOUND ? s.len : lf + 1;
		struct span line = span_sub(s, 0, len);

		if (!crlf_shown && len >= 2 && line.ptr[len - 2] == '\r')
			line.len -= 2;
		show(mark, line);
		s = span_from(s, len);
	}
}

/* Print what the server has said so far. */
static void
print_said(void)
{
	static uint8_t packet[128 * 1024];
	ssize_t n;

	while (!deaf && (n = recv(client, packet, sizeof packet, MSG_DONTWAIT)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			line_count += packet[i] == '\n';
		if (!counted)
			show_lines("S: ", span_of(packet, (size_t)n), false);
		if (groups)
			printf("--\n");
	}
}

static void
deliver(void *context, const struct envelope *env, const struct spool *received,
    struct transaction_reply *replies, struct deadline d)
{
	char hex[DIGEST_HEX_SIZE];

	(void)context;
	print_said();
	printf("D: %s %s peer=%s helo=%s id=%s%s%s\n", envelope_source_name(env->source),
	    zone_name(env->zone), env->peer, env->helo, env->queue_id,
	    env->eight_bit ? " 8bitmime" : "", env->smtputf8 ? " smtputf8" : "");
	printf("D: from <%s>\n", env->sender);
	for (unsigned i = 0; i < env->recipient_count; i++) {
		printf("D: to <%s>\n", env->recipients[i]);
		replies[i] = answers[i];
	}
	printf("D: %zu bytes, sha256 %s\n", spool_size(received),
	    digest_hex(spool_digest(received), hex));
	if (spool_size(received) <= SHOWN_MAX)
		show_lines("D| ", spool_bytes(received), true);
	if (strlen(env->tx) != TX_ID_SIZE - 1 || env->accepted_at <= 0 || deadline_passed(d))
		printf("D: bad id, time or deadline\n");
}

/* --- the script -------------------------------------------------------------------- */

static void
add_step(enum what what, unsigned count, const uint8_t *bytes, size_t len)
{
	struct step *s = &steps[step_count++];

	if (step_count == STEPS_MAX || (s->bytes = malloc(len + 1)) == NULL)
		die("too many lines");
	if (len > 0)
		memcpy(s->bytes, bytes, len);
	s->what = what;
	s->count = count;
	s->len = len;
}

/* Undo the escapes of TEXT; the length. */
static size_t
unescape(const char *text, uint8_t *out)
{
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		char hex[3] = { 0 };

		if (*p != '\\') {
			out[n++] = (uint8_t)*p;
			continue;
		}
		switch (*++p) {
		case 'r':
			out[n++] = '\r';
			break;
		case 'n':
			out[n++] = '\n';
			break;
		case '0':
			out[n++] = '\0';
			break;
		case '\\':
			out[n++] = '\\';
			break;
		case 'x':
			if (p[1] == '\0' || p[2] == '\0')
				die("\\x without two digits");
			memcpy(hex, p + 1, 2);
			out[n++] = (uint8_t)strtoul(hex, NULL, 16);
			p += 2;
			break;
		default:
			die("unknown escape");
		}
	}
	return n;
}

static void
set_limit(const char *name, unsigned value)
{
	const struct {
		const char *name;
		unsigned *at;
	} table[] = {
		{ "recipients", &limits.recipients },
		{ "commands", &limits.commands },
		{ "errors", &limits.errors },
		{ "messages", &limits.messages },
		{ "command_seconds", &limits.command_seconds },
		{ "data_seconds", &limits.data_seconds },
		{ "session_seconds", &limits.session_seconds },
	};

	if (strcmp(name, "message_bytes") == 0) {
		limits.message_bytes = value;
		return;
	}
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (strcmp(name, table[i].name) == 0) {
			*table[i].at = value;
			return;
		}
	}
	die("unknown limit");
}

/* Settings; false when the line is none. */
static bool
read_setting(const char *line)
{
	char word[64];
	unsigned number, code;
	int at = 0;

	if (strcmp(line, "protocol lmtp") == 0)
		session.lmtp = true;
	else if (strcmp(line, "zone inside") == 0)
		session.zone = ZONE_INSIDE;
	else if (strcmp(line, "groups") == 0)
		groups = true;
	else if (strcmp(line, "count") == 0)
		counted = true;
	else if (strcmp(line, "deaf") == 0)
		deaf = true;
	else if (strcmp(line, "whole") == 0 || line[0] == '#' || line[0] == '\0')
		return true;
	else if (strncmp(line, "spool ", 6) == 0)
		session.spool_dir = strdup(line + 6);
	else if (sscanf(line, "limit %63s %u", word, &number) == 2)
		set_limit(word, number);
	else if (sscanf(line, "reply %u %u %11s %n", &number, &code, word, &at) == 3 &&
	    at > 0 && number < LIMIT_RECIPIENTS) {
		answers[number].code = (int)code;
		(void)snprintf(answers[number].status, sizeof answers[number].status, "%.11s",
		    word);
		(void)snprintf(answers[number].text, sizeof answers[number].text, "%.399s",
		    line + at);
	} else
		return false;
	return true;
}

static void
read_line(const char *line)
{
	static uint8_t packet[PACKET_MAX];
	static size_t kept;
	unsigned number;
	int at = 0;

	if (read_setting(line))
		return;
	if (strlen(line) + kept + 2 > sizeof packet)
		die("line too long");
	if (strncmp(line, "C: ", 3) == 0 || strncmp(line, "C+ ", 3) == 0) {
		kept += unescape(line + 3, packet + kept);
		memcpy(packet + kept, "\r\n", 2);
		kept += 2;
		if (line[1] == '+')
			return;
		add_step(SEND, 1, packet, kept);
	} else if (strncmp(line, "P: ", 3) == 0) {
		kept += unescape(line + 3, packet + kept);
		add_step(SEND, 1, packet, kept);
	} else if (sscanf(line, "R: %u %n", &number, &at) == 1 && at > 0) {
		add_step(SEND, number, packet, unescape(line + at, packet));
	} else if (sscanf(line, "sleep %u", &number) == 1) {
		add_step(SLEEP, number, NULL, 0);
	} else if (strcmp(line, "stop") == 0) {
		add_step(STOP, 0, NULL, 0);
	} else if (strcmp(line, "hangup") == 0) {
		add_step(HANGUP, 0, NULL, 0);
	} else {
		fprintf(stderr, "%s\n", line);
		die("cannot read this line");
	}
	kept = 0;
}

static void
read_script(const char *path)
{
	static char line[PACKET_MAX];
	FILE *f = fopen(path, "r");

	if (f == NULL)
		die("cannot open the transcript");
	while (fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		read_line(line);
	}
	(void)fclose(f);
}

/* --- the client -------------------------------------------------------------------- */

static void
send_packet(const uint8_t *bytes, size_t len)
{
	size_t step = bytewise ? 1 : len;

	for (size_t at = 0; at < len; at += step) {
		if (send(client, bytes + at, step, MSG_NOSIGNAL) < 0)
			return; /* the server is gone; what it said is printed */
	}
}

static void
send_step(const struct step *s)
{
	uint8_t packet[PACKET_MAX];
	size_t len = 0;

	for (unsigned i = 0; i < s->count; i++) {
		if (len + s->len > sizeof packet) {
			send_packet(packet, len);
			len = 0;
		}
		memcpy(packet + len, s->bytes, s->len);
		len += s->len;
	}
	send_packet(packet, len);
}

static void *
play(void *unused)
{
	for (unsigned i = 0; i < step_count; i++) {
		const struct step *s = &steps[i];
		struct timespec pause = { s->count / 1000, (long)(s->count % 1000) * 1000000L };

		switch (s->what) {
		case SEND:
			send_step(s);
			break;
		case SLEEP:
			(void)nanosleep(&pause, NULL);
			break;
		case STOP:
			stop = 1;
			break;
		case HANGUP:
			(void)shutdown(client, SHUT_WR);
			break;
		}
	}
	(void)shutdown(client, SHUT_WR);
	return unused;
}

int
main(int argc, char **argv)
{
	pthread_t player;
	unsigned messages;
	int pair[2];

	if (argc == 3 && strcmp(argv[1], "--bytes") == 0)
		bytewise = true;
	else if (argc != 2)
		die("usage: transcript [--bytes] FILE.in");
	for (unsigned i = 0; i < LIMIT_RECIPIENTS; i++)
		answers[i] = (struct transaction_reply){ 250, "2.0.0", "Stored" };
	read_script(argv[argc - 1]);

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		die("socketpair");
	client = pair[0];
	session.fd = pair[1];
	session.deliver = deliver;
	session.stop = &stop;
	if (pthread_create(&player, NULL, play, NULL) != 0)
		die("pthread_create");
	messages = smtp_serve(&session);
	(void)close(pair[1]);
	print_said();
	if (counted)
		printf("S: %u lines\n", line_count);
	printf("E: %u messages\n", messages);
	return 0; /* the player may still sleep: nobody waits for it */
}
