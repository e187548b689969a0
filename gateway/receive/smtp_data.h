/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of DATA: where the message ends, and its bytes without the dots that the
 * client stuffed. Pure: chunks in, runs of bytes out.
 */
#ifndef VANTHU_RECEIVE_SMTP_DATA_H
#define VANTHU_RECEIVE_SMTP_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include "common/span.h"

enum smtp_data_state {
	DATA_LINE_START,
	DATA_DOT,    /* a dot at the start of a line */
	DATA_DOT_CR, /* the same and a CR */
	DATA_TEXT,
	DATA_CR,
	DATA_END,
};

struct smtp_data {
	enum smtp_data_state state;
	bool bare; /* a bare CR, a bare LF or a NUL was seen: the message must be refused */
};

static inline struct smtp_data
smtp_data_start(void)
{
	return (struct smtp_data){ .state = DATA_LINE_START, .bare = false };
}

/* Takes a run of message bytes. */
typedef void
smtp_data_sink(void *context, struct span run);

/*
 * Read a chunk; the number of bytes used: all of them, or up to the last of the end of
 * data, after which state is DATA_END. Once `bare` is set nothing more goes to the sink,
 * but the true end is still looked for.
 */
size_t
smtp_data_feed(struct smtp_data *d, struct span chunk, smtp_data_sink *sink,
    void *context);

#endif
