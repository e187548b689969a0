/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making bytes safe for any relay: RFC 8551 3.1.3, RFC 2045 6.7 and 6.8, RFC 5321 4.5.3.1.
 * One pass finds the hazards; writers work on pieces of a fixed size, so that memory does
 * not grow with the attachment. It does not decide which writer is right: sign.c does.
 */
#include "gateway/act/sevenbit.h"

#include <string.h>

#include "common/buf.h"
#include "common/codec.h"
#include "gateway/model/limits.h"

#define BASE64_LINE_BYTES 57 /* make 76 characters */
#define PIECE_BYTES (BASE64_LINE_BYTES * 512)
#define ENCODED_MAX (4 * PIECE_BYTES) /* QP: three for one, and soft breaks */
#define ENCODED_LINE_MAX 76

static const uint8_t crlf[] = { '\r', '\n' };

static bool
has_8bit(struct span s)
{
	uint64_t word, all = 0;
	size_t i = 0;

	for (; i + sizeof(word) <= s.len; i += sizeof(word)) {
		memcpy(&word, s.ptr + i, sizeof(word));
		all |= word;
	}
	for (; i < s.len; i++)
		all |= s.ptr[i];
	return (all & UINT64_C(0x8080808080808080)) != 0;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* A line without its line end. */
static unsigned
line_hazards(struct span line)
{
	unsigned found = 0;

	if (line.len == 0)
		return 0;
	if (line.len > SEVENBIT_LINE_MAX)
		found |= HAZARD_LONG;
	if (is_blank(line.ptr[line.len - 1]))
		found |= HAZARD_BLANK;
	if (line.len >= 5 && memcmp(line.ptr, "From ", 5) == 0)
		found |= HAZARD_FROM;
	if (memchr(line.ptr, '\r', line.len) != NULL)
		found |= HAZARD_CONTROL;
	return found;
}

struct line {
	struct span text; /* without its end */
	size_t end_size;  /* 2 for CRLF, 1 for LF, 0 at the end of all */
};

/* Cut the first line off *rest; false at the end. */
static bool
next_line(struct span *rest, struct line *out)
{
	const uint8_t *lf;

	if (rest->len == 0)
		return false;
	lf = memchr(rest->ptr, '\n', rest->len);
	size_t length = lf == NULL ? rest->len : (size_t)(lf - rest->ptr);
	out->end_size = lf == NULL ? 0 : 1;
	if (lf != NULL && length > 0 && rest->ptr[length - 1] == '\r') {
		length--;
		out->end_size = 2;
	}
	out->text = span_of(rest->ptr, length);
	*rest = span_from(*rest, length + out->end_size);
	return true;
}

unsigned
sevenbit_hazards(struct span bytes)
{
	unsigned found = has_8bit(bytes) ? HAZARD_8BIT : 0;
	struct line line;

	if (bytes.len > 0 && memchr(bytes.ptr, 0, bytes.len) != NULL)
		found |= HAZARD_CONTROL;
	while (next_line(&bytes, &line)) {
		found |= line_hazards(line.text);
		if (line.end_size == 1)
			found |= HAZARD_LF;
	}
	return found;
}

void
sevenbit_put_lines(struct sink *to, struct span bytes)
{
	const uint8_t *begin = bytes.ptr;
	struct line line;

	/* Whole runs of proper lines go out in one piece. */
	while (next_line(&bytes, &line)) {
		if (line.end_size != 1)
			continue;
		const uint8_t *end = line.text.ptr + line.text.len;
		sink_put(to, span_of(begin, (size_t)(end - begin)));
		sink_put(to, span_of(crlf, sizeof(crlf)));
		begin = end + 1;
	}
	sink_put(to, span_of(begin, (size_t)(bytes.ptr - begin)));
}

static void
put_line(struct sink *to, const struct line *line)
{
	sink_put(to, line->text);
	if (line->end_size > 0)
		sink_put(to, span_of(crlf, sizeof(crlf)));
}

static void
drop_blanks(struct line *line)
{
	while (line->text.len > 0 && is_blank(line->text.ptr[line->text.len - 1]))
		line->text.len--;
}

void
sevenbit_put_header(struct sink *to, struct span bytes)
{
	struct line line;

	while (next_line(&bytes, &line)) {
		drop_blanks(&line);
		/* A line of blanks would become the empty line that ends the header. */
		if (line.text.len > 0)
			put_line(to, &line);
	}
}

void
sevenbit_put_between(struct sink *to, struct span bytes)
{
	struct line line;

	while (next_line(&bytes, &line)) {
		bool delimiter =
		    line.text.len >= 2 && line.text.ptr[0] == '-' && line.text.ptr[1] == '-';
		drop_blanks(&line);
		if (delimiter || sevenbit_hazards(line.text) == 0)
			put_line(to, &line);
	}
}

/* A body read in pieces. */
struct source {
	struct span rest;
	bool lines;    /* lone LF becomes CRLF */
	bool after_cr; /* the last byte given out was CR */
};

/* Fill out with as much as fits; the number of bytes, 0 at the end. */
static size_t
fill(struct source *s, uint8_t *out, size_t room)
{
	size_t n = 0, i = 0;

	if (!s->lines) {
		n = i = s->rest.len < room ? s->rest.len : room;
		memcpy(out, s->rest.ptr, n);
	}
	for (; s->lines && i < s->rest.len && n < room; i++) {
		uint8_t c = s->rest.ptr[i];
		if (c == '\n' && !s->after_cr) {
			out[n++] = '\r';
			s->after_cr = true;
			if (n == room)
				break;
		}
		out[n++] = c;
		s->after_cr = c == '\r';
	}
	s->rest = span_from(s->rest, i);
	return n;
}

static void
flush(struct sink *to, struct buf *encoded)
{
	sink_put(to, buf_span(encoded));
	if (encoded->failed)
		sink_fail(to, ERR_TEMP, "out of memory");
	buf_reset(encoded);
}

void
sevenbit_put_base64(struct sink *to, struct span bytes, bool lines)
{
	struct source from = { .rest = bytes, .lines = lines };
	uint8_t piece[PIECE_BYTES];
	struct buf encoded;
	size_t n;

	buf_init(&encoded, ENCODED_MAX);
	while ((n = fill(&from, piece, sizeof(piece))) > 0) {
		codec_base64_encode(span_of(piece, n), &encoded);
		flush(to, &encoded);
	}
	buf_free(&encoded);
}

void
sevenbit_put_qp(struct sink *to, struct span bytes, bool lines)
{
	struct source from = { .rest = bytes, .lines = lines };
	uint8_t piece[PIECE_BYTES + 1];
	struct buf encoded;
	size_t n;

	buf_init(&encoded, ENCODED_MAX);
	while ((n = fill(&from, piece, PIECE_BYTES)) > 0) {
		/* CR and LF stay together, or the encoder would take each for itself. */
		if (piece[n - 1] == '\r')
			n += fill(&from, piece + n, 1);
		codec_qp_encode(span_of(piece, n), &encoded);
		bool ended = n >= 2 && piece[n - 2] == '\r' && piece[n - 1] == '\n';
		if (from.rest.len > 0 && !ended)
			buf_put_str(&encoded, "=\r\n");
		flush(to, &encoded);
	}
	buf_free(&encoded);
}

static bool
is_base64(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '+' || c == '/';
}

void
sevenbit_mend_base64(struct sink *to, struct span bytes)
{
	uint8_t line[ENCODED_LINE_MAX + 2];
	size_t n = 0;
	bool padded = false;

	for (size_t i = 0; i < bytes.len && !to->failed; i++) {
		uint8_t c = bytes.ptr[i];
		if (c == '\r' || c == '\n' || is_blank(c))
			continue;
		if (c == '=' ? false : padded || !is_base64(c)) {
			sink_fail(to, ERR_PERM, "a part is not the base64 that it claims to be");
			return;
		}
		padded = c == '=';
		line[n++] = c;
		if (n == ENCODED_LINE_MAX) {
			memcpy(line + n, crlf, sizeof(crlf));
			sink_put(to, span_of(line, n + 2));
			n = 0;
		}
	}
	memcpy(line + n, crlf, sizeof(crlf));
	if (n > 0)
		sink_put(to, span_of(line, n + 2));
}

/* At "=": the length of a whole escape, 1 for the line's own soft break, 0 for neither. */
static size_t
qp_escape(struct span at)
{
	if (at.len >= 3 && codec_hex_digit(at.ptr[1]) >= 0 && codec_hex_digit(at.ptr[2]) >= 0)
		return 3;
	return at.len == 1 ? 1 : 0;
}

/* One line of quoted-printable; an escape is never cut by a soft break. */
static bool
mend_qp_line(const struct line *line, struct buf *out)
{
	size_t column = 0;

	for (size_t i = 0; i < line->text.len;) {
		uint8_t c = line->text.ptr[i];
		bool from = column == 0 && i + 5 <= line->text.len &&
		    memcmp(line->text.ptr + i, "From ", 5) == 0;
		bool escape = from || c > 0x7e || (c < ' ' && c != '\t');
		size_t taken = c == '=' ? qp_escape(span_from(line->text, i)) : 1;
		size_t given = escape ? 3 : taken;
		if (taken == 0)
			return false;
		bool last = i + taken == line->text.len;
		if (column + given > ENCODED_LINE_MAX - (last ? 0 : 1)) {
			buf_put_str(out, "=\r\n");
			column = 0;
			continue;
		}
		if (escape)
			buf_printf(out, "=%02X", c);
		else
			buf_put(out, line->text.ptr + i, taken);
		column += given;
		i += taken;
	}
	if (line->end_size > 0)
		buf_put_str(out, "\r\n");
	return true;
}

void
sevenbit_mend_qp(struct sink *to, struct span bytes)
{
	struct buf out;
	struct line line;

	while (next_line(&bytes, &line)) {
		/* Blanks there were added on the way (RFC 2045 6.7 rule 3). */
		drop_blanks(&line);
		if (sevenbit_hazards(line.text) == 0) {
			put_line(to, &line);
			continue;
		}
		if (line.text.len > LIMIT_LINE_BYTES) {
			sink_fail(to, ERR_PERM, "a quoted-printable line is too long");
			return;
		}
		buf_init(&out, 4 * LIMIT_LINE_BYTES);
		if (!mend_qp_line(&line, &out))
			sink_fail(to, ERR_PERM,
			    "a part is not the quoted-printable that it claims to be");
		flush(to, &out);
		buf_free(&out);
	}
}
