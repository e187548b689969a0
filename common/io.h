/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole reads and writes, durable ones, and the ends of sockets. Everything retries EINTR;
 * nothing raises SIGPIPE (programs ignore it, sockets use MSG_NOSIGNAL).
 */
#ifndef VANTHU_COMMON_IO_H
#define VANTHU_COMMON_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/span.h"

/* Write all bytes to a file or pipe. */
int
io_write_all(int fd, struct span bytes, struct error *e);

/* Read a regular file whole (O_NOFOLLOW), at most max bytes; a longer one is an error. */
int
io_read_file(const char *path, size_t max, struct buf *out, struct error *e);

/* Read what is left of fd, at most max bytes; more is an error. */
int
io_read_rest(int fd, size_t max, struct buf *out, struct error *e);

/* fsync; a failure is final for that descriptor and never retried (verdicts.md D2). */
int
io_fsync(int fd, const char *name, struct error *e);

/* Close and set to -1; accepts -1. An error of close is not reported: fsync came first. */
void
io_close(int *fd);

/* Wait until fd has `events` (POLLIN, POLLOUT). 1 ready, 0 the deadline passed, -1 error. */
int
io_wait(int fd, short events, struct deadline d, struct error *e);

/*
 * Send all bytes on a socket before the deadline. The socket should be non-blocking.
 */
int
io_send_all(int fd, struct span bytes, struct deadline d, struct error *e);

/* Receive some bytes: >0 bytes read, 0 end of file, -1 error or deadline (ERR_TEMP). */
ssize_t
io_receive(int fd, void *out, size_t size, struct deadline d, struct error *e);

/*
 * An address to listen on or connect to: "unix:/path", "inet:127.0.0.1:10025",
 * "inet:[::1]:10025". Names are not resolved here.
 */
struct endpoint {
	bool is_unix;
	char path[108]; /* unix: the path */
	char host[64];  /* inet: a numeric address */
	unsigned port;
};

int
endpoint_parse(const char *text, struct endpoint *out, struct error *e);

/*
 * A listening stream socket, close-on-exec; a stale unix socket is replaced. Non-blocking:
 * several processes wait for it with poll(2), one wins, accept gives the others EAGAIN.
 * ERR_TEMP when somebody listens there already.
 */
int
endpoint_listen(const struct endpoint *at, unsigned mode, int *fd, struct error *e);

/* A connected non-blocking stream socket. A refusal is ERR_TEMP. */
int
endpoint_connect(const struct endpoint *to, struct deadline d, int *fd, struct error *e);

/* "unix:/path" or "inet:host:port" again; returns out. */
const char *
endpoint_text(const struct endpoint *at, char out[128]);

#endif
