/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See wire.h. Blocking sockets, one process for each connection.
 */
#include "tests/bench/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

void
die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	_exit(1);
}

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_un un;
};

static socklen_t
address_of(const char *where, union address *out)
{
	char host[64];
	const char *colon = strrchr(where, ':');

	memset(out, 0, sizeof(*out));
	if (strncmp(where, "unix:", 5) == 0) {
		out->un.sun_family = AF_UNIX;
		if (strlen(where + 5) >= sizeof(out->un.sun_path))
			die("%s: path too long", where);
		memcpy(out->un.sun_path, where + 5, strlen(where + 5) + 1);
		return sizeof(out->un);
	}
	if (colon == NULL || (size_t)(colon - where) >= sizeof(host))
		die("%s: want HOST:PORT or unix:PATH", where);
	memcpy(host, where, (size_t)(colon - where));
	host[colon - where] = '\0';
	out->in.sin_family = AF_INET;
	out->in.sin_port = htons((uint16_t)number(colon + 1, 1, 65535));
	if (inet_pton(AF_INET, host, &out->in.sin_addr) != 1)
		die("%s: not an IPv4 address", host);
	return sizeof(out->in);
}

int
wire_listen(const char *where)
{
	union address a;
	socklen_t len = address_of(where, &a);
	int on = 1, fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a.any.sa_family == AF_UNIX)
		(void)unlink(a.un.sun_path);
	if (bind(fd, &a.any, len) != 0 || listen(fd, 512) != 0)
		die("%s: %s", where, strerror(errno));
	if (a.any.sa_family == AF_UNIX && chmod(a.un.sun_path, 0666) != 0)
		die("%s: %s", where, strerror(errno));
	return fd;
}

int
wire_connect(const char *where)
{
	union address a;
	socklen_t len = address_of(where, &a);
	int on = 1, fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (connect(fd, &a.any, len) != 0)
		die("%s: %s", where, strerror(errno));
	if (a.any.sa_family == AF_INET)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

int
wire_accept(int listener)
{
	int on = 1, fd;

	do {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	} while (fd < 0);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

void
wire_open(struct wire *w, int fd)
{
	w->fd = fd;
	w->start = w->end = 0;
}

bool
wire_fill(struct wire *w)
{
	ssize_t n;

	if (w->start > 0) {
		memmove(w->data, w->data + w->start, w->end - w->start);
		w->end -= w->start;
		w->start = 0;
	}
	if (w->end == sizeof(w->data))
		die("a line is too long");
	do {
		n = read(w->fd, w->data + w->end, sizeof(w->data) - w->end);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	w->end += (size_t)n;
	return true;
}

char *
wire_line(struct wire *w)
{
	for (;;) {
		char *line = w->data + w->start;
		char *end = memchr(line, '\n', w->end - w->start);

		if (end != NULL) {
			w->start = (size_t)(end - w->data) + 1;
			if (end > line && end[-1] == '\r')
				end--;
			*end = '\0';
			return line;
		}
		if (!wire_fill(w))
			return NULL;
	}
}

int
wire_reply(struct wire *w)
{
	for (;;) {
		char *line = wire_line(w);

		if (line == NULL || strlen(line) < 3)
			return 0;
		if (line[3] != '-') {
			line[3] = '\0';
			return (int)number(line, 100, 599);
		}
	}
}

void
wire_send(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return; /* the next read tells */
		if (n < 0)
			die("write: %s", strerror(errno));
		p += n;
		len -= (size_t)n;
	}
}

void
wire_say(int fd, const char *text)
{
	wire_send(fd, text, strlen(text));
}

static void
body_append(struct body *b, const char *data, size_t len)
{
	if (b->len + len > b->capacity) {
		b->capacity = (b->len + len) * 2;
		b->data = realloc(b->data, b->capacity);
		if (b->data == NULL)
			die("no memory");
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

/* Where "\r\n.\r\n" (or ".\r\n" at the very start) begins in b, looking from `from` on. */
static char *
final_dot(const struct body *b, size_t from)
{
	if (b->len >= 3 && memcmp(b->data, ".\r\n", 3) == 0)
		return b->data;
	char *found = memmem(b->data + from, b->len - from, "\r\n.\r\n", 5);

	return found == NULL ? NULL : found + 2;
}

int
wire_body(struct wire *w, struct body *out)
{
	out->len = 0;
	for (;;) {
		size_t from = out->len > 4 ? out->len - 4 : 0;
		char *dot;

		body_append(out, w->data + w->start, w->end - w->start);
		w->start = w->end = 0;
		dot = final_dot(out, from);
		if (dot != NULL) {
			size_t rest = out->len - (size_t)(dot - out->data) - 3;

			memcpy(w->data, dot + 3, rest);
			w->end = rest;
			out->len = (size_t)(dot - out->data);
			return 0;
		}
		if (!wire_fill(w))
			return -1;
	}
}

uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

long
number(const char *text, long min, long max)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < min || value > max)
		die("%s: want a number between %ld and %ld", text, min, max);
	return value;
}

void *
shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	return p;
}

void
crew(unsigned count, void (*work)(void *context, unsigned index), void *context)
{
	for (unsigned i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork: %s", strerror(errno));
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			work(context, i);
			_exit(0);
		}
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
}
