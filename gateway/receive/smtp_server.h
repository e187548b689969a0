/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server side of SMTP and LMTP for one connection (RFC 5321, 2033, 1870, 6152, 2920,
 * 2034, 6531; XFORWARD as Postfix speaks it). Straight-line, blocking, one message at a
 * time, every wait with a deadline.
 */
#ifndef VANTHU_RECEIVE_SMTP_SERVER_H
#define VANTHU_RECEIVE_SMTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/transaction.h"
#include "gateway/model/envelope.h"

/* From configuration: the limits group of vanthu.conf. */
struct smtp_limits {
	size_t message_bytes;     /* announced by SIZE */
	unsigned recipients;
	unsigned commands;        /* of one session, before 421 */
	unsigned errors;          /* of one session, before 421 */
	unsigned messages;        /* of one session, before 421 */
	unsigned command_seconds; /* wait for one command */
	unsigned data_seconds;    /* wait for more data inside DATA */
	unsigned session_seconds; /* from accept to QUIT, in all */
};

struct smtp_session {
	int fd;                /* connected, borrowed */
	bool lmtp;
	enum zone zone;
	const char *hostname;  /* in the greeting */
	const char *spool_dir;
	const struct smtp_limits *limits;
	/* What happens to a message; transcripts pass their own. */
	void (*deliver)(void *context, const struct envelope *env,
	    const struct spool *received, struct transaction_reply *replies,
	    struct deadline d);
	void *context;
	const volatile int *stop; /* becomes true on SIGTERM: 421 between two messages */
};

/*
 * Serve until QUIT, the other end closes, or a limit; the number of messages that came
 * whole, whatever became of them.
 */
unsigned
smtp_serve(struct smtp_session *s);

#endif
