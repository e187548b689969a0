/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing for the relay client (RFC 5321 4.2, RFC 2034).
 *
 * A reply is lines "DDD-text" and a last "DDD text", each ended by CRLF, with the same code,
 * 200 to 599. A NUL, a missing CR, a longer line, more lines or another form is no reply,
 * and a next hop that does not speak SMTP is doubt, never an answer. Bytes above 0x7f are
 * let through to text_show.
 *
 * Output is gathered in one buffer of fixed size; long runs of a message are sent from where
 * they stand. Nothing here knows what the commands mean.
 */
#include "gateway/act/relay_link.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

#define LINK_OUT_BYTES (32 * 1024)
#define LINK_COMMAND_MAX 1000
#define LINK_WORDS_MAX 1024 /* of a reply's text before it is shown */

struct relay_link {
	int fd;
	struct deadline deadline;
	size_t out_len;
	size_t start, end; /* bytes [start, end) of in are unread */
	uint8_t in[4096];
	uint8_t out[LINK_OUT_BYTES];
};

_Static_assert(RELAY_REPLY_LINE_MAX < 4096, "a line fits the buffer");

int
relay_link_open(const struct endpoint *to, struct deadline d, struct relay_link **out,
    struct error *e)
{
	struct relay_link *l = malloc(sizeof *l);

	*out = NULL;
	if (l == NULL)
		return error_set(e, ERR_TEMP, "out of memory");
	l->deadline = d;
	l->out_len = l->start = l->end = 0;
	if (endpoint_connect(to, d, &l->fd, e) != 0) {
		free(l);
		return -1;
	}
	*out = l;
	return 0;
}

void
relay_link_close(struct relay_link **l)
{
	if (*l != NULL)
		io_close(&(*l)->fd);
	free(*l);
	*l = NULL;
}

void
relay_link_deadline(struct relay_link *l, struct deadline d)
{
	l->deadline = d;
}

int
relay_link_flush(struct relay_link *l, struct error *e)
{
	size_t len = l->out_len;

	l->out_len = 0;
	return len == 0 ? 0 : io_send_all(l->fd, span_of(l->out, len), l->deadline, e);
}

int
relay_link_put(struct relay_link *l, struct span bytes, struct error *e)
{
	if (bytes.len > LINK_OUT_BYTES - l->out_len && relay_link_flush(l, e) != 0)
		return -1;
	if (bytes.len > LINK_OUT_BYTES)
		return io_send_all(l->fd, bytes, l->deadline, e);
	memcpy(l->out + l->out_len, bytes.ptr, bytes.len);
	l->out_len += bytes.len;
	return 0;
}

int
relay_link_command(struct relay_link *l, struct error *e, const char *format, ...)
{
	char line[LINK_COMMAND_MAX + 3];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, LINK_COMMAND_MAX + 1, format, args);
	va_end(args);
	if (len < 0 || len > LINK_COMMAND_MAX)
		return error_set(e, ERR_BUG, "a command has more than %d bytes",
		    LINK_COMMAND_MAX);
	memcpy(line + len, "\r\n", 2);
	return relay_link_put(l, span_of(line, (size_t)len + 2), e);
}

/* One line without its CRLF, a view until the next call. */
static int
read_line(struct relay_link *l, struct span *line, struct error *e)
{
	uint8_t *lf;

	while ((lf = memchr(l->in + l->start, '\n', l->end - l->start)) == NULL) {
		ssize_t got;

		if (l->end - l->start >= RELAY_REPLY_LINE_MAX)
			return error_set(e, ERR_TEMP, "a reply line without end");
		memmove(l->in, l->in + l->start, l->end - l->start);
		l->end -= l->start;
		l->start = 0;
		got = io_receive(l->fd, l->in + l->end, sizeof l->in - l->end, l->deadline, e);
		if (got < 0)
			return -1;
		if (got == 0)
			return error_set(e, ERR_TEMP, "the connection was closed");
		l->end += (size_t)got;
	}
	*line = span_of(l->in + l->start, (size_t)(lf - (l->in + l->start)));
	l->start += line->len + 1;
	if (line->len == 0 || line->ptr[line->len - 1] != '\r' ||
	    line->len > RELAY_REPLY_LINE_MAX || span_find(*line, '\0', 0) != SPAN_NOT_FOUND)
		return error_set(e, ERR_TEMP, "a line that is no reply");
	line->len--;
	return 0;
}

/* The code at the start of a line; 0 when there is none. *more: "-" follows. */
static int
line_code(struct span line, bool *more)
{
	int code = 0;

	if (line.len < 3 || line.ptr[0] < '2' || line.ptr[0] > '5')
		return 0;
	for (unsigned i = 0; i < 3; i++) {
		if (line.ptr[i] < '0' || line.ptr[i] > '9')
			return 0;
		code = code * 10 + (line.ptr[i] - '0');
	}
	*more = line.len > 3 && line.ptr[3] == '-';
	return line.len == 3 || *more || line.ptr[3] == ' ' ? code : 0;
}

/* The length of an enhanced status code of that class at the start of text; 0: none. */
static size_t
status_length(struct span text, int code)
{
	size_t i = 1, digits = 0;

	if (text.len < 5 || text.ptr[0] != '0' + code / 100)
		return 0;
	for (unsigned part = 0; part < 2; part++) {
		if (i >= text.len || text.ptr[i++] != '.')
			return 0;
		for (digits = 0; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
			digits++;
		if (digits == 0 || digits > 3)
			return 0;
	}
	return i == text.len || text.ptr[i] == ' ' ? i : 0;
}

/* Add one line's words; the first status code seen is the reply's. */
static void
add_words(struct relay_reply *r, struct span text, struct buf *words)
{
	size_t len = status_length(text, r->code);

	if (len > 0 && r->status[0] == '\0')
		memcpy(r->status, text.ptr, len);
	text = span_trim(span_from(text, len));
	if (words->len > 0 && words->len < words->max)
		buf_put_byte(words, ' ');
	buf_put_span(words, span_sub(text, 0, words->max - words->len));
}

/* Escaped and cut to what a result holds, never within a character. */
static void
show_words(struct span words, struct relay_reply *r)
{
	struct buf shown;
	size_t len;

	buf_init(&shown, 16 * LINK_WORDS_MAX);
	text_show(words, RELAY_TEXT_MAX, &shown);
	len = shown.len < RELAY_TEXT_MAX ? shown.len : RELAY_TEXT_MAX;
	while (len > 0 && len < shown.len && (shown.data[len] & 0xc0) == 0x80)
		len--;
	if (len > 0)
		memcpy(r->text, shown.data, len);
	r->text[len] = '\0';
	buf_free(&shown);
}

int
relay_link_reply(struct relay_link *l, relay_line_fn *each_line, void *context,
    struct relay_reply *out, struct error *e)
{
	struct buf words;
	bool more = true;
	int r = -1;

	*out = (struct relay_reply){ .code = 0 };
	buf_init(&words, LINK_WORDS_MAX);
	for (unsigned lines = 0; more; lines++) {
		struct span line, text;
		int code;

		if (lines == RELAY_REPLY_LINES_MAX) {
			error_set(e, ERR_TEMP, "a reply of too many lines");
			goto out;
		}
		if (read_line(l, &line, e) != 0)
			goto out;
		code = line_code(line, &more);
		if (code == 0 || (lines > 0 && code != out->code)) {
			error_set(e, ERR_TEMP, "a line that is no reply");
			goto out;
		}
		out->code = code;
		text = span_from(line, 4);
		if (each_line != NULL)
			each_line(context, text);
		add_words(out, text, &words);
	}
	if (out->status[0] == '\0') {
		memcpy(out->status, "0.0.0", 6);
		out->status[0] = (char)('0' + out->code / 100);
	}
	show_words(buf_span(&words), out);
	r = 0;
out:
	buf_free(&words);
	return r;
}
