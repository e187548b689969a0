/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of the way: takes mail by SMTP or LMTP, counts each message by its number (see
 * source.c) in a file of one byte per number, and keeps every n-th as a sample. Not one
 * byte is kept otherwise: what is measured stands before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/bench/wire.h"

struct sink {
	int listener;
	const char *samples; /* folder, NULL for none */
	long every;
	long numbers;
	unsigned char *counts;
};

static void
keep_sample(const struct sink *s, const struct body *b, long number_of)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%ld.eml", s->samples, number_of);
	f = fopen(path, "wb");
	if (f == NULL || fwrite(b->data, 1, b->len, f) != b->len || fclose(f) != 0)
		die("%s: %s", path, strerror(errno));
}

static void
count_message(const struct sink *s, const struct body *b)
{
	char *mark = memmem(b->data, b->len, "bench-", 6);
	char digits[13] = "";
	long n;

	if (mark == NULL || (size_t)(b->data + b->len - mark) < 18)
		die("sink: a message without its number");
	memcpy(digits, mark + 6, 12);
	n = number(digits, 0, s->numbers - 1);
	__atomic_add_fetch(&s->counts[n], 1, __ATOMIC_RELAXED);
	if (s->samples != NULL && n % s->every == 0)
		keep_sample(s, b, n);
}

static void
serve(const struct sink *s, struct wire *w, struct body *b)
{
	unsigned recipients = 0;
	bool lmtp = false;
	char *line;

	wire_say(w->fd, "220 sink ESMTP\r\n");
	while ((line = wire_line(w)) != NULL) {
		if (strncasecmp(line, "LHLO", 4) == 0 || strncasecmp(line, "EHLO", 4) == 0) {
			lmtp = line[0] == 'L' || line[0] == 'l';
			wire_say(w->fd, "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
					"250-SMTPUTF8\r\n250 SIZE 0\r\n");
		} else if (strncasecmp(line, "RCPT", 4) == 0) {
			recipients++;
			wire_say(w->fd, "250 ok\r\n");
		} else if (strncasecmp(line, "DATA", 4) == 0) {
			wire_say(w->fd, "354 go on\r\n");
			if (wire_body(w, b) != 0)
				return;
			count_message(s, b);
			for (unsigned i = 0; i < (lmtp ? recipients : 1); i++)
				wire_say(w->fd, "250 2.0.0 taken\r\n");
			recipients = 0;
		} else if (strncasecmp(line, "QUIT", 4) == 0) {
			wire_say(w->fd, "221 bye\r\n");
			return;
		} else {
			wire_say(w->fd, "250 ok\r\n");
		}
	}
}

static void
work(void *context, unsigned index)
{
	struct sink *s = context;
	struct wire *w = malloc(sizeof(*w));
	struct body b = { 0 };

	(void)index;
	if (w == NULL)
		die("no memory");
	for (;;) {
		int fd = wire_accept(s->listener);

		wire_open(w, fd);
		serve(s, w, &b);
		close(fd);
	}
}

int
main(int argc, char **argv)
{
	struct sink s = { .every = 1000, .numbers = 10000000 };
	const char *where = NULL, *counts = NULL;
	int fd;

	for (int c; (c = getopt(argc, argv, "l:o:d:e:")) != -1;) {
		switch (c) {
		case 'l': where = optarg; break;
		case 'o': counts = optarg; break;
		case 'd': s.samples = optarg; break;
		case 'e': s.every = number(optarg, 1, 1000000); break;
		default: where = NULL;
		}
	}
	if (where == NULL || counts == NULL)
		die("usage: sink -l LISTEN -o COUNTS [-d SAMPLES -e EVERY]");
	fd = open(counts, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, s.numbers) != 0)
		die("%s: %s", counts, strerror(errno));
	s.counts = mmap(NULL, (size_t)s.numbers, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s.counts == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	signal(SIGPIPE, SIG_IGN);
	s.listener = wire_listen(where);
	crew(48, work, &s);
	return 0;
}
