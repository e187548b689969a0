/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs of the benchmark share: sockets by name, lines, whole writes. They end
 * the process when something fails: a benchmark that limps measures nothing.
 */
#ifndef VANTHU_BENCH_WIRE_H
#define VANTHU_BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
	int fd;
	size_t start, end;
	char data[65536];
};

/* Print and exit 1. */
void
die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* "127.0.0.1:25" or "unix:/path". */
int
wire_listen(const char *where);
int
wire_connect(const char *where);
int
wire_accept(int listener);

/* Take a descriptor; nothing is buffered. */
void
wire_open(struct wire *w, int fd);

/* More bytes into the buffer; false when the other end closed. */
bool
wire_fill(struct wire *w);

/* One line without its CRLF, NUL-terminated, valid until the next call; NULL at the end. */
char *
wire_line(struct wire *w);

/* A reply with all its lines: the code, or 0 when the other end closed. */
int
wire_reply(struct wire *w);

void
wire_send(int fd, const void *data, size_t len);
void
wire_say(int fd, const char *text);

/*
 * The body of a message as it stands on the wire, up to and without the final dot line, in
 * a buffer that grows; -1 when the other end closed before.
 */
struct body {
	char *data;
	size_t len, capacity;
};
int
wire_body(struct wire *w, struct body *out);

uint64_t
now_us(void);

/* A decimal argument in [min, max]. */
long
number(const char *text, long min, long max);

/* Zeroed memory that forked processes share. */
void *
shared(size_t size);

/* Start `count` processes that run work(context), restart none, wait for all. */
void
crew(unsigned count, void (*work)(void *context, unsigned index), void *context);

#endif
