/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two directions of one connection: input with a buffer, from which command lines and
 * runs of data are taken, and replies that wait until the input is drained (RFC 2920 3.2).
 */
#ifndef VANTHU_RECEIVE_SMTP_STREAM_H
#define VANTHU_RECEIVE_SMTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/span.h"

enum stream_end {
	STREAM_OK,
	STREAM_CLOSED,  /* the other end closed or the connection broke */
	STREAM_TIMEOUT, /* the deadline passed */
	STREAM_STOPPED, /* *stop became true while waiting */
	STREAM_LONG,    /* a line above the maximum; it was skipped to its end */
	STREAM_BARE,    /* a line with a bare CR or LF, or a NUL; it was skipped */
};

struct smtp_stream {
	int fd;                    /* borrowed */
	const volatile int *stop;  /* may be NULL */
	unsigned send_ms;          /* how long the other end may take to read our replies */
	struct buf out;            /* replies not yet sent */
	uint8_t *in;               /* private */
	size_t start, end;         /* bytes [start, end) of it are unread */
};

/* -1 when there is no memory. */
int
smtp_stream_open(struct smtp_stream *s, int fd, const volatile int *stop, unsigned send_ms);

void
smtp_stream_close(struct smtp_stream *s);

/*
 * The next command line without its CRLF, a view until the next call. Sends the waiting
 * replies before it waits. A line ends at a LF even where the CR is missing, so that a
 * client without CRLF is told so instead of being waited for; it is not obeyed.
 */
enum stream_end
smtp_stream_line(struct smtp_stream *s, size_t max, struct deadline d, struct span *line);

/*
 * Whatever input there is, at least one byte; smtp_stream_used() says how much was taken.
 * Sends the waiting replies before it waits. *stop does not end this wait.
 */
enum stream_end
smtp_stream_data(struct smtp_stream *s, struct deadline d, struct span *data);

void
smtp_stream_used(struct smtp_stream *s, size_t count);

/* Is there input that was received but not yet taken? */
bool
smtp_stream_pending(const struct smtp_stream *s);

enum stream_end
smtp_stream_flush(struct smtp_stream *s);

/*
 * After the last reply, when it was we who ended the session: wait a moment for the other
 * end to close. Closing with input unread would reset the connection, and the reply would
 * be lost with it.
 */
void
smtp_stream_linger(struct smtp_stream *s);

#endif
