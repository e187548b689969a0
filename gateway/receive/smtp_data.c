/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DATA (RFC 5321 4.1.1.4, 4.5.2). Only CR LF "." CR LF ends it, the line end of the DATA
 * command counting as the first CR LF. Every other form that some server takes for an end
 * ("SMTP smuggling") holds a bare CR, a bare LF or a NUL: it does not end the data, and it
 * makes the message one that must be refused, since the next reader could see two.
 *
 * Invariant: however the bytes are cut into chunks, the runs joined together, `bare` and
 * the place of the end are the same (tests/unit/smtp_data_test.c cuts at every byte). What
 * a state holds back is only a dot that must be dropped anyway, so nothing is ever put
 * back.
 *
 * Line length is no business of this file: inspect judges it.
 */
#include "gateway/receive/smtp_data.h"

#include <string.h>

/* The fast path looks ahead so far and no further: without it "x CR x CR ..." would make it
 * look through the rest of the chunk for every byte. */
#define LOOK_AHEAD 1024

/* One byte by the table of states, where the fast path cannot go. True: give it out. */
static bool
step(struct smtp_data *d, uint8_t c)
{
	switch (d->state) {
	case DATA_LINE_START:
		if (c == '.') {
			d->state = DATA_DOT;
			return false;
		}
		break;
	case DATA_DOT:
		if (c == '\r') {
			d->state = DATA_DOT_CR;
			return false;
		}
		break;
	case DATA_DOT_CR:
		if (c == '\n') {
			d->state = DATA_END;
			return false;
		}
		d->bare = true;
		break;
	case DATA_CR:
		if (c == '\n') {
			d->state = DATA_LINE_START;
			return true;
		}
		d->bare = true;
		break;
	case DATA_TEXT:
	case DATA_END:
		break;
	}
	if (c == '\n' || c == '\0')
		d->bare = true;
	d->state = c == '\r' ? DATA_CR : DATA_TEXT;
	return true;
}

/* How many bytes from p on are plain text of a line, up to and without a CR, LF or NUL. */
static size_t
plain_text(const uint8_t *p, size_t len)
{
	size_t run = len < LOOK_AHEAD ? len : LOOK_AHEAD;
	const uint8_t *end = memchr(p, '\n', run);

	if (end != NULL)
		run = (size_t)(end - p);
	end = memchr(p, '\r', run);
	if (end != NULL)
		run = (size_t)(end - p);
	end = memchr(p, '\0', run);
	return end == NULL ? run : (size_t)(end - p);
}

size_t
smtp_data_feed(struct smtp_data *d, struct span chunk, smtp_data_sink *sink, void *context)
{
	size_t at = 0, run = 0; /* bytes [run, at) belong to the message */

	while (at < chunk.len && d->state != DATA_END) {
		if (d->state == DATA_TEXT) {
			size_t plain = plain_text(chunk.ptr + at, chunk.len - at);

			at += plain;
			if (plain > 0)
				continue;
		}
		if (step(d, chunk.ptr[at])) {
			at++;
			continue;
		}
		if (at > run && !d->bare)
			sink(context, span_sub(chunk, run, at - run));
		at++;
		run = at;
	}
	if (at > run && !d->bare)
		sink(context, span_sub(chunk, run, at - run));
	return at;
}
