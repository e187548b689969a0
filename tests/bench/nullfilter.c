/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The empty filter: takes a message by SMTP or LMTP and hands the same bytes to the next
 * hop before it answers, with no custody, no wall and no thought. What the gateway costs
 * behind Postfix is measured against it.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tests/bench/wire.h"

struct filter {
	int listener;
	const char *target;
};

struct transaction {
	char sender[512];
	char recipients[128][512];
	unsigned count;
	struct body body;
};

/* Hand it on; true when the next hop took it. */
static bool
relay(const struct filter *f, const struct transaction *t, struct wire *out)
{
	bool good = true;
	int fd = wire_connect(f->target);

	wire_open(out, fd);
	good = wire_reply(out) == 220;
	wire_say(fd, "EHLO nullfilter.example\r\n");
	good = good && wire_reply(out) == 250;
	wire_say(fd, t->sender);
	wire_say(fd, "\r\n");
	for (unsigned i = 0; i < t->count; i++) {
		wire_say(fd, t->recipients[i]);
		wire_say(fd, "\r\n");
	}
	wire_say(fd, "DATA\r\n");
	for (unsigned i = 0; i < t->count + 1; i++)
		good = wire_reply(out) == 250 && good;
	good = wire_reply(out) == 354 && good;
	wire_send(fd, t->body.data, t->body.len);
	wire_say(fd, ".\r\n");
	good = wire_reply(out) == 250 && good;
	wire_say(fd, "QUIT\r\n");
	close(fd);
	return good;
}

static void
serve(const struct filter *f, struct wire *w, struct wire *out, struct transaction *t)
{
	bool lmtp = false;
	char *line;

	wire_say(w->fd, "220 nullfilter ESMTP\r\n");
	while ((line = wire_line(w)) != NULL) {
		if (strncasecmp(line, "LHLO", 4) == 0 || strncasecmp(line, "EHLO", 4) == 0) {
			lmtp = line[0] == 'L' || line[0] == 'l';
			wire_say(w->fd, "250-nullfilter\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
		} else if (strncasecmp(line, "MAIL", 4) == 0) {
			snprintf(t->sender, sizeof(t->sender), "%s", line);
			t->count = 0;
			wire_say(w->fd, "250 ok\r\n");
		} else if (strncasecmp(line, "RCPT", 4) == 0 && t->count < 128) {
			snprintf(t->recipients[t->count++], sizeof(t->recipients[0]), "%s", line);
			wire_say(w->fd, "250 ok\r\n");
		} else if (strncasecmp(line, "DATA", 4) == 0) {
			bool good;

			wire_say(w->fd, "354 go on\r\n");
			if (wire_body(w, &t->body) != 0)
				return;
			good = relay(f, t, out);
			for (unsigned i = 0; i < (lmtp ? t->count : 1); i++)
				wire_say(w->fd,
				    good ? "250 2.0.0 passed\r\n" : "451 4.3.0 next hop\r\n");
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
	const struct filter *f = context;
	struct wire *w = malloc(sizeof(*w)), *out = malloc(sizeof(*out));
	struct transaction *t = calloc(1, sizeof(*t));

	(void)index;
	if (w == NULL || out == NULL || t == NULL)
		die("no memory");
	for (;;) {
		int fd = wire_accept(f->listener);

		wire_open(w, fd);
		serve(f, w, out, t);
		close(fd);
	}
}

int
main(int argc, char **argv)
{
	struct filter f = { 0 };
	const char *where = NULL;
	unsigned processes = 8;

	for (int c; (c = getopt(argc, argv, "l:t:p:")) != -1;) {
		switch (c) {
		case 'l': where = optarg; break;
		case 't': f.target = optarg; break;
		case 'p': processes = (unsigned)number(optarg, 1, 256); break;
		default: where = NULL;
		}
	}
	if (where == NULL || f.target == NULL)
		die("usage: nullfilter -l LISTEN -t TARGET [-p PROCESSES]");
	signal(SIGPIPE, SIG_IGN);
	f.listener = wire_listen(where);
	crew(processes, work, &f);
	return 0;
}
