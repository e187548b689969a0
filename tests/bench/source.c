/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load generator: sends a message file many times over several connections and prints
 * one line of JSON. The file holds the word bench-000000000000 somewhere in its header (in
 * the Message-ID); each message gets its own number there, by which the sink counts it.
 * Latency is the time from the final dot to the answer.
 *
 * It sends with PIPELINING, as Postfix does, and by default opens a connection for each
 * message. With a rate, message n is sent at its time n/rate, whether or not earlier ones
 * were answered, as far as connections are free.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/wire.h"

#define MARK "bench-000000000000"

struct load {
	const char *target, *sender, *recipient;
	bool lmtp, keep, as_is;
	unsigned connections;
	long messages, first;
	double rate;
	char *message; /* dot-stuffed, with the final dot */
	size_t length, mark;
	/* shared */
	struct tally {
		atomic_long next, good, bad;
		atomic_int last_bad;
	} *tally;
	uint32_t *latency;
	uint64_t begin;
};

/* The file with CRLF kept, lines that begin with a dot stuffed, the final dot added. */
static void
load_message(struct load *l, const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t size, used = 0;
	char *raw, *found;

	if (f == NULL)
		die("%s: cannot open", path);
	fseek(f, 0, SEEK_END);
	size = (size_t)ftell(f);
	rewind(f);
	raw = malloc(size + 1);
	l->message = malloc(size * 2 + 8);
	if (raw == NULL || l->message == NULL || fread(raw, 1, size, f) != size)
		die("%s: cannot read", path);
	fclose(f);
	for (size_t i = 0; i < size; i++) {
		if (raw[i] == '.' && (i == 0 || raw[i - 1] == '\n'))
			l->message[used++] = '.';
		l->message[used++] = raw[i];
	}
	if (used < 2 || memcmp(l->message + used - 2, "\r\n", 2) != 0)
		die("%s: does not end in CRLF", path);
	memcpy(l->message + used, ".\r\n", 3);
	l->length = used + 3;
	found = memmem(l->message, l->length, MARK, strlen(MARK));
	if (l->as_is)
		found = l->message;
	if (found == NULL)
		die("%s: holds no %s", path, MARK);
	l->mark = (size_t)(found - l->message) + strlen("bench-");
	free(raw);
}

static void
open_session(const struct load *l, struct wire *w)
{
	wire_open(w, wire_connect(l->target));
	if (wire_reply(w) != 220)
		die("no greeting");
	wire_say(w->fd, l->lmtp ? "LHLO bench.example\r\n" : "EHLO bench.example\r\n");
	if (wire_reply(w) != 250)
		die("no EHLO");
}

/* The reply code that decided on the message; 0 when the connection broke. */
static int
send_message(const struct load *l, struct wire *w, char *message, uint32_t *latency)
{
	char commands[1024];
	int mail, rcpt, data, end;
	uint64_t dot;

	snprintf(commands, sizeof(commands), "MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n",
	    l->sender, l->recipient);
	wire_say(w->fd, commands);
	mail = wire_reply(w);
	rcpt = mail == 250 ? wire_reply(w) : mail;
	if (rcpt != 250)
		return rcpt;
	data = wire_reply(w);
	if (data != 354)
		return data;
	wire_send(w->fd, message, l->length);
	dot = now_us();
	end = wire_reply(w);
	*latency = (uint32_t)(now_us() - dot);
	return end;
}

static void
wait_turn(const struct load *l, long index)
{
	uint64_t due = l->begin + (uint64_t)((double)index * 1e6 / l->rate);
	uint64_t now = now_us();

	if (due > now) {
		struct timespec t = { (time_t)((due - now) / 1000000),
			(long)((due - now) % 1000000) * 1000 };

		nanosleep(&t, NULL);
	}
}

static void
work(void *context, unsigned index)
{
	struct load *l = context;
	struct wire *w = malloc(sizeof(*w));
	char *message = malloc(l->length);
	bool open = false;

	(void)index;
	if (w == NULL || message == NULL)
		die("no memory");
	memcpy(message, l->message, l->length);
	for (;;) {
		long i = atomic_fetch_add(&l->tally->next, 1);
		char mark[32];
		int code;

		if (i >= l->messages)
			break;
		if (l->rate > 0)
			wait_turn(l, i);
		snprintf(mark, sizeof(mark), "%012ld", l->first + i);
		if (!l->as_is)
			memcpy(message + l->mark, mark, 12);
		if (!open)
			open_session(l, w);
		open = true;
		code = send_message(l, w, message, &l->latency[i]);
		if (code / 100 == 2)
			atomic_fetch_add(&l->tally->good, 1);
		else {
			atomic_fetch_add(&l->tally->bad, 1);
			atomic_store(&l->tally->last_bad, code);
		}
		if (!l->keep || code / 100 != 2) {
			if (code != 0)
				wire_say(w->fd, "QUIT\r\n");
			close(w->fd);
			open = false;
		}
	}
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void
usage(void)
{
	die("usage: source -t TARGET -f FROM -r RCPT -m MESSAGES [-c CONNECTIONS] [-n FIRST]\n"
	    "              [-R MESSAGES_PER_SECOND] [-L (LMTP)] [-k (keep connections)]\n"
	    "              [-a (send the file as it is, without a number)] FILE");
}

int
main(int argc, char **argv)
{
	struct load l = { .connections = 1 };
	uint64_t took;
	long n;

	for (int c; (c = getopt(argc, argv, "t:f:r:m:c:n:R:Lka")) != -1;) {
		switch (c) {
		case 't': l.target = optarg; break;
		case 'f': l.sender = optarg; break;
		case 'r': l.recipient = optarg; break;
		case 'm': l.messages = number(optarg, 1, 10000000); break;
		case 'c': l.connections = (unsigned)number(optarg, 1, 256); break;
		case 'n': l.first = number(optarg, 0, 100000000); break;
		case 'R': l.rate = (double)number(optarg, 1, 1000000); break;
		case 'L': l.lmtp = true; break;
		case 'k': l.keep = true; break;
		case 'a': l.as_is = true; break;
		default: usage();
		}
	}
	if (optind != argc - 1 || !l.target || !l.sender || !l.recipient || !l.messages)
		usage();
	signal(SIGPIPE, SIG_IGN);
	load_message(&l, argv[optind]);
	l.tally = shared(sizeof(*l.tally));
	l.latency = shared((size_t)l.messages * sizeof(*l.latency));
	l.begin = now_us();
	crew(l.connections, work, &l);
	took = now_us() - l.begin;
	n = l.messages;
	qsort(l.latency, (size_t)n, sizeof(*l.latency), compare);
	printf("{\"good\": %ld, \"bad\": %ld, \"last_bad\": %d, \"seconds\": %.6f, "
	       "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
	    atomic_load(&l.tally->good), atomic_load(&l.tally->bad),
	    atomic_load(&l.tally->last_bad), (double)took / 1e6, l.latency[n / 2] / 1e3,
	    l.latency[n * 99 / 100] / 1e3, l.latency[n - 1] / 1e3);
	return atomic_load(&l.tally->good) == n ? 0 : 1;
}
