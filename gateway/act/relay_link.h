/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to the next hop: commands and message bytes out, replies in, all before
 * one deadline. The next hop is treated as hostile: its replies are bounded and escaped.
 */
#ifndef VANTHU_ACT_RELAY_LINK_H
#define VANTHU_ACT_RELAY_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/io.h"
#include "common/span.h"

#define RELAY_REPLY_LINE_MAX 2048 /* bytes; RFC 5321 4.5.3.1.5 says 512 */
#define RELAY_REPLY_LINES_MAX 128 /* of one reply */
#define RELAY_TEXT_MAX 255

struct relay_reply {
	int code;             /* 200-599 */
	char status[12];      /* enhanced; made from the code where there is none */
	char text[RELAY_TEXT_MAX + 1]; /* the words of all lines on one line, escaped */
};

struct relay_link; /* an open connection */

/* Connect; nothing is read yet. */
int
relay_link_open(const struct endpoint *to, struct deadline d, struct relay_link **out,
    struct error *e);

void
relay_link_close(struct relay_link **l);

/* From here on another deadline holds. */
void
relay_link_deadline(struct relay_link *l, struct deadline d);

/* Add to what is to be sent; sent at the latest by relay_link_flush. */
int
relay_link_put(struct relay_link *l, struct span bytes, struct error *e);

/* One command line, printf form, without CRLF. */
int
relay_link_command(struct relay_link *l, struct error *e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

int
relay_link_flush(struct relay_link *l, struct error *e);

/* Takes each line's text (without code) of a reply as it comes. */
typedef void
relay_line_fn(void *context, struct span text);

/*
 * Read one whole reply; each_line may be NULL. ERR_TEMP when the connection ends, the
 * deadline passes, or what comes is not a reply.
 */
int
relay_link_reply(struct relay_link *l, relay_line_fn *each_line, void *context,
    struct relay_reply *out, struct error *e);

#endif
