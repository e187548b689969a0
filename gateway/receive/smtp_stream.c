/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffered input and output of one SMTP connection.
 *
 * Invariants: no wait without a deadline; replies are sent before every wait, so that the
 * client never waits for us while we wait for it; a line that is refused is taken from the
 * input whole, so that the next one begins where a line begins.
 */
#include "gateway/receive/smtp_stream.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/error.h"
#include "common/io.h"
#include "gateway/model/limits.h"

#define STREAM_INPUT_BYTES (64 * 1024)
#define STREAM_OUTPUT_BYTES (128 * 1024)
#define STREAM_OUTPUT_FLUSH (32 * 1024) /* above it no more is gathered */
#define STREAM_STOP_MS 200 /* how soon a waiting session sees that it must stop */
#define STREAM_LINGER_MS 1000

/* One command adds at most a reply line for each recipient. */
_Static_assert(STREAM_OUTPUT_FLUSH + LIMIT_RECIPIENTS * 512 < STREAM_OUTPUT_BYTES,
    "replies always fit");

int
smtp_stream_open(struct smtp_stream *s, int fd, const volatile int *stop, unsigned send_ms)
{
	*s = (struct smtp_stream){ .fd = fd, .stop = stop, .send_ms = send_ms };
	buf_init(&s->out, STREAM_OUTPUT_BYTES);
	s->in = malloc(STREAM_INPUT_BYTES);
	return s->in == NULL ? -1 : 0;
}

void
smtp_stream_close(struct smtp_stream *s)
{
	free(s->in);
	s->in = NULL;
	buf_free(&s->out);
}

enum stream_end
smtp_stream_flush(struct smtp_stream *s)
{
	struct error e;
	int r;

	if (s->out.failed)
		return STREAM_CLOSED;
	if (s->out.len == 0)
		return STREAM_OK;
	r = io_send_all(s->fd, buf_span(&s->out), deadline_after_ms(s->send_ms), &e);
	buf_reset(&s->out);
	return r == 0 ? STREAM_OK : STREAM_CLOSED;
}

/* Wait for input, looking now and then whether we must stop. */
static enum stream_end
await(struct smtp_stream *s, struct deadline d, bool heed_stop)
{
	struct error e;

	for (;;) {
		struct deadline slice = d;
		int r;

		if (heed_stop && s->stop != NULL) {
			if (*s->stop)
				return STREAM_STOPPED;
			slice = deadline_earlier(d, deadline_after_ms(STREAM_STOP_MS));
		}
		r = io_wait(s->fd, POLLIN, slice, &e);
		if (r < 0)
			return STREAM_CLOSED;
		if (r > 0)
			return STREAM_OK;
		if (deadline_passed(d))
			return STREAM_TIMEOUT;
	}
}

/* Get more input behind what is there; there must be room. */
static enum stream_end
fill(struct smtp_stream *s, struct deadline d, bool heed_stop)
{
	enum stream_end end = smtp_stream_flush(s);
	struct error e;
	ssize_t got;

	if (end == STREAM_OK)
		end = await(s, d, heed_stop);
	if (end != STREAM_OK)
		return end;
	if (s->start == s->end)
		s->start = s->end = 0;
	got = io_receive(s->fd, s->in + s->end, STREAM_INPUT_BYTES - s->end, d, &e);
	if (got <= 0)
		return STREAM_CLOSED;
	s->end += (size_t)got;
	return STREAM_OK;
}

/* Skip up to and with the next LF: the rest of a line that was too long. */
static enum stream_end
skip_line(struct smtp_stream *s, struct deadline d)
{
	for (;;) {
		uint8_t *lf = memchr(s->in + s->start, '\n', s->end - s->start);
		enum stream_end end;

		if (lf != NULL) {
			s->start = (size_t)(lf - s->in) + 1;
			return STREAM_LONG;
		}
		s->start = s->end;
		end = fill(s, d, true);
		if (end != STREAM_OK)
			return end;
	}
}

/* Wait until a whole line stands at `start`; *lf is its end. */
static enum stream_end
await_line(struct smtp_stream *s, size_t max, struct deadline d, uint8_t **lf)
{
	size_t looked = s->start;

	while ((*lf = memchr(s->in + looked, '\n', s->end - looked)) == NULL) {
		enum stream_end end;

		if (s->end - s->start >= max)
			return skip_line(s, d);
		memmove(s->in, s->in + s->start, s->end - s->start);
		s->end -= s->start;
		s->start = 0;
		looked = s->end;
		end = fill(s, d, true);
		if (end != STREAM_OK)
			return end;
	}
	return STREAM_OK;
}

enum stream_end
smtp_stream_line(struct smtp_stream *s, size_t max, struct deadline d, struct span *line)
{
	enum stream_end end;
	uint8_t *lf;

	if (s->stop != NULL && *s->stop)
		return STREAM_STOPPED;
	if (s->out.len > STREAM_OUTPUT_FLUSH && smtp_stream_flush(s) != STREAM_OK)
		return STREAM_CLOSED;
	end = await_line(s, max, d, &lf);
	if (end != STREAM_OK)
		return end;
	*line = span_of(s->in + s->start, (size_t)(lf - s->in) - s->start);
	s->start += line->len + 1;
	if (line->len + 1 > max)
		return STREAM_LONG;
	if (line->len == 0 || line->ptr[line->len - 1] != '\r')
		return STREAM_BARE;
	line->len--;
	if (span_find(*line, '\r', 0) != SPAN_NOT_FOUND ||
	    span_find(*line, '\0', 0) != SPAN_NOT_FOUND)
		return STREAM_BARE;
	return STREAM_OK;
}

enum stream_end
smtp_stream_data(struct smtp_stream *s, struct deadline d, struct span *data)
{
	if (s->start == s->end) {
		enum stream_end end = fill(s, d, false);

		if (end != STREAM_OK)
			return end;
	}
	*data = span_of(s->in + s->start, s->end - s->start);
	return STREAM_OK;
}

void
smtp_stream_used(struct smtp_stream *s, size_t count)
{
	s->start += count;
}

bool
smtp_stream_pending(const struct smtp_stream *s)
{
	return s->end > s->start;
}

void
smtp_stream_linger(struct smtp_stream *s)
{
	struct deadline d = deadline_after_ms(STREAM_LINGER_MS);
	struct error e;

	(void)shutdown(s->fd, SHUT_WR);
	while (!deadline_passed(d) && io_receive(s->fd, s->in, STREAM_INPUT_BYTES, d, &e) > 0)
		continue;
}
