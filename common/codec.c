/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64, quoted-printable and hex, RFC 2045 sections 6.7 and 6.8, RFC 4648.
 *
 * One state machine for each decoder, fed byte by byte, with a fast way for whole base64
 * quanta; the functions that take all at once are the same machine fed once. A refusal is
 * final: nothing is repaired, skipped or guessed. Where RFC 2045 lets a decoder choose
 * (ignore characters outside the alphabet, go on after padding, keep a bare "="), we
 * refuse, because another reader may have chosen otherwise.
 *
 * Not here: RFC 2047 words (gateway/inspect/decode.c), whose bodies are lenient by custom.
 */
#include "common/codec.h"

#include <string.h>

static const char alphabet[64] = {
	'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P',
	'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f',
	'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v',
	'w', 'x', 'y', 'z', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '/',
};

#define NOT 0xff /* not a base64 character */

/* The value of each byte in base64. */
static const uint8_t values[256] = {
	[0 ... 42] = NOT, ['+'] = 62, [44 ... 46] = NOT, ['/'] = 63,
	['0'] = 52, ['1'] = 53, ['2'] = 54, ['3'] = 55, ['4'] = 56, ['5'] = 57,
	['6'] = 58, ['7'] = 59, ['8'] = 60, ['9'] = 61, [58 ... 64] = NOT,
	['A'] = 0, ['B'] = 1, ['C'] = 2, ['D'] = 3, ['E'] = 4, ['F'] = 5, ['G'] = 6,
	['H'] = 7, ['I'] = 8, ['J'] = 9, ['K'] = 10, ['L'] = 11, ['M'] = 12, ['N'] = 13,
	['O'] = 14, ['P'] = 15, ['Q'] = 16, ['R'] = 17, ['S'] = 18, ['T'] = 19, ['U'] = 20,
	['V'] = 21, ['W'] = 22, ['X'] = 23, ['Y'] = 24, ['Z'] = 25, [91 ... 96] = NOT,
	['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31, ['g'] = 32,
	['h'] = 33, ['i'] = 34, ['j'] = 35, ['k'] = 36, ['l'] = 37, ['m'] = 38, ['n'] = 39,
	['o'] = 40, ['p'] = 41, ['q'] = 42, ['r'] = 43, ['s'] = 44, ['t'] = 45, ['u'] = 46,
	['v'] = 47, ['w'] = 48, ['x'] = 49, ['y'] = 50, ['z'] = 51, [123 ... 255] = NOT,
};

/* Where the decoders stand. */
enum {
	BASE64_DATA,
	BASE64_PAD,  /* one "=" seen, the second is due */
	BASE64_DONE, /* padding complete: only line ends and blanks may follow */
	QP_TEXT,
	QP_EQUALS,    /* "=" seen */
	QP_HEX,       /* "=" and one hex digit seen */
	QP_SOFT_CR,   /* "=" CR seen */
};

const char *
codec_result_name(enum codec_result r)
{
	switch (r) {
	case CODEC_OK:
		return "ok";
	case CODEC_JUNK:
		return "junk";
	case CODEC_PADDING:
		return "padding";
	case CODEC_TRUNCATED:
		return "truncated";
	case CODEC_LINE:
		return "line";
	case CODEC_TOO_LONG:
		return "too long";
	}
	return "unknown";
}

void
codec_decoder_init(struct codec_decoder *d, enum codec_kind kind, bool lf)
{
	memset(d, 0, sizeof(*d));
	d->kind = kind;
	d->lf = lf;
	d->state = kind == CODEC_BASE64 ? BASE64_DATA : QP_TEXT;
}

/* --- base64 ------------------------------------------------------------------------ */

static enum codec_result
base64_pad(struct codec_decoder *d, struct buf *out)
{
	if (d->blanks > 0)
		return CODEC_JUNK;
	if (d->state == BASE64_PAD) {
		d->state = BASE64_DONE;
		return CODEC_OK;
	}
	if (d->state != BASE64_DATA || d->count < 2)
		return CODEC_PADDING;
	if (d->count == 2) {
		if ((d->quantum & 0x0f) != 0)
			return CODEC_PADDING;
		buf_put_byte(out, (uint8_t)(d->quantum >> 4));
		d->state = BASE64_PAD;
	} else {
		if ((d->quantum & 0x03) != 0)
			return CODEC_PADDING;
		buf_put_byte(out, (uint8_t)(d->quantum >> 10));
		buf_put_byte(out, (uint8_t)(d->quantum >> 2));
		d->state = BASE64_DONE;
	}
	d->count = 0;
	d->quantum = 0;
	return CODEC_OK;
}

/* A line end of either kind; anything but one inside a CR LF pair is for the caller. */
static enum codec_result
base64_line_end(struct codec_decoder *d, uint8_t c)
{
	if (c == '\r') {
		if (d->cr)
			return CODEC_LINE;
		d->cr = true;
		return CODEC_OK;
	}
	if (!d->cr && !d->lf)
		return CODEC_LINE;
	/* Padding cut in two by a line end is read by some and refused by others. */
	if (d->state == BASE64_PAD)
		return CODEC_PADDING;
	d->cr = false;
	d->line = 0;
	d->blanks = 0;
	return CODEC_OK;
}

static enum codec_result
base64_byte(struct codec_decoder *d, uint8_t c, struct buf *out)
{
	if (c == '\r' || c == '\n')
		return base64_line_end(d, c);
	if (d->cr || ++d->line > CODEC_LINE_MAX)
		return CODEC_LINE;
	if (c == ' ' || c == '\t') {
		if (d->state == BASE64_PAD)
			return CODEC_PADDING;
		d->blanks = 1;
		return CODEC_OK;
	}
	if (c == '=')
		return base64_pad(d, out);
	if (values[c] == NOT || d->blanks > 0)
		return CODEC_JUNK;
	if (d->state != BASE64_DATA)
		return CODEC_PADDING;
	d->quantum = d->quantum << 6 | values[c];
	if (++d->count == 4) {
		const uint8_t three[3] = { (uint8_t)(d->quantum >> 16),
			(uint8_t)(d->quantum >> 8), (uint8_t)d->quantum };
		buf_put(out, three, 3);
		d->count = 0;
		d->quantum = 0;
	}
	return CODEC_OK;
}

/* As many whole quanta as stand on this line: the fast way. Returns the bytes taken. */
static size_t
base64_quanta(struct codec_decoder *d, struct span in, struct buf *out)
{
	uint8_t three[3 * 256];
	size_t used = 0, made = 0;

	while (in.len - used >= 4 && made < sizeof(three) && d->line + 4 <= CODEC_LINE_MAX) {
		const uint8_t *p = in.ptr + used;
		uint8_t a = values[p[0]], b = values[p[1]], c = values[p[2]], e = values[p[3]];

		if (((a | b | c | e) & 0x80) != 0)
			break;
		three[made++] = (uint8_t)(a << 2 | b >> 4);
		three[made++] = (uint8_t)(b << 4 | c >> 2);
		three[made++] = (uint8_t)(c << 6 | e);
		used += 4;
		d->line += 4;
	}
	buf_put(out, three, made);
	return used;
}

static enum codec_result
base64_put(struct codec_decoder *d, struct span in, struct buf *out)
{
	for (size_t i = 0; i < in.len;) {
		if (d->state == BASE64_DATA && d->count == 0 && d->blanks == 0 && !d->cr) {
			size_t used = base64_quanta(d, span_from(in, i), out);
			if (used > 0) {
				i += used;
				continue;
			}
		}
		enum codec_result r = base64_byte(d, in.ptr[i++], out);
		if (r != CODEC_OK)
			return r;
	}
	return out->failed ? CODEC_TOO_LONG : CODEC_OK;
}

static enum codec_result
base64_end(const struct codec_decoder *d, const struct buf *out)
{
	if (d->cr)
		return CODEC_LINE;
	if (d->count == 1)
		return CODEC_TRUNCATED;
	if (d->count > 1 || d->state == BASE64_PAD)
		return CODEC_PADDING;
	return out->failed ? CODEC_TOO_LONG : CODEC_OK;
}

/* --- hex digits, of quoted-printable too ----------------------------------------- */

int
codec_hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* --- quoted-printable -------------------------------------------------------------- */

static void
qp_release_blanks(struct codec_decoder *d, struct buf *out)
{
	buf_put(out, d->held, d->blanks);
	d->blanks = 0;
}

static enum codec_result
qp_text(struct codec_decoder *d, uint8_t c, struct buf *out)
{
	if (d->cr && c != '\n')
		return CODEC_LINE;
	switch (c) {
	case '\r':
		d->cr = true;
		return CODEC_OK;
	case '\n':
		if (!d->cr && !d->lf)
			return CODEC_LINE;
		buf_put_str(out, d->cr ? "\r\n" : "\n");
		d->cr = false;
		d->blanks = 0; /* rule 3: what stands before a line end was added on the way */
		d->line = 0;
		return CODEC_OK;
	case ' ':
	case '\t':
		d->held[d->blanks++] = c; /* the line limit bounds this */
		return CODEC_OK;
	case '=':
		qp_release_blanks(d, out);
		d->state = QP_EQUALS;
		return CODEC_OK;
	default:
		if (c < 0x21 || c > 0x7e)
			return CODEC_JUNK;
		qp_release_blanks(d, out);
		buf_put_byte(out, c);
		return CODEC_OK;
	}
}

static enum codec_result
qp_byte(struct codec_decoder *d, uint8_t c, struct buf *out)
{
	int hex = codec_hex_digit(c);

	if (c != '\r' && c != '\n' && ++d->line > CODEC_LINE_MAX)
		return CODEC_LINE;
	switch (d->state) {
	case QP_EQUALS:
		if (c == '\r') {
			d->state = QP_SOFT_CR;
			return CODEC_OK;
		}
		if (c == '\n') {
			d->state = QP_TEXT;
			d->line = 0;
			return d->lf ? CODEC_OK : CODEC_LINE;
		}
		if (hex < 0)
			return CODEC_JUNK;
		d->nibble = (uint8_t)hex;
		d->state = QP_HEX;
		return CODEC_OK;
	case QP_HEX:
		if (hex < 0)
			return CODEC_JUNK;
		buf_put_byte(out, (uint8_t)(d->nibble << 4 | hex));
		d->state = QP_TEXT;
		return CODEC_OK;
	case QP_SOFT_CR:
		if (c != '\n')
			return CODEC_LINE;
		d->state = QP_TEXT;
		d->line = 0;
		return CODEC_OK;
	default:
		return qp_text(d, c, out);
	}
}

static enum codec_result
qp_put(struct codec_decoder *d, struct span in, struct buf *out)
{
	for (size_t i = 0; i < in.len; i++) {
		enum codec_result r = qp_byte(d, in.ptr[i], out);
		if (r != CODEC_OK)
			return r;
	}
	return out->failed ? CODEC_TOO_LONG : CODEC_OK;
}

static enum codec_result
qp_end(const struct codec_decoder *d, const struct buf *out)
{
	if (d->state != QP_TEXT)
		return CODEC_TRUNCATED;
	if (d->cr)
		return CODEC_LINE;
	return out->failed ? CODEC_TOO_LONG : CODEC_OK;
}

/* --- both -------------------------------------------------------------------------- */

enum codec_result
codec_decoder_put(struct codec_decoder *d, struct span in, struct buf *out)
{
	return d->kind == CODEC_BASE64 ? base64_put(d, in, out) : qp_put(d, in, out);
}

enum codec_result
codec_decoder_end(struct codec_decoder *d, struct buf *out)
{
	return d->kind == CODEC_BASE64 ? base64_end(d, out) : qp_end(d, out);
}

static enum codec_result
decode_all(enum codec_kind kind, struct span in, bool lf, struct buf *out)
{
	struct codec_decoder d;
	enum codec_result r;

	codec_decoder_init(&d, kind, lf);
	r = codec_decoder_put(&d, in, out);
	return r == CODEC_OK ? codec_decoder_end(&d, out) : r;
}

enum codec_result
codec_base64_decode(struct span in, bool lf, struct buf *out)
{
	return decode_all(CODEC_BASE64, in, lf, out);
}

enum codec_result
codec_qp_decode(struct span in, bool lf, struct buf *out)
{
	return decode_all(CODEC_QP, in, lf, out);
}

void
codec_base64_encode_flat(struct span in, struct buf *out)
{
	size_t i = 0;

	for (; in.len - i >= 3; i += 3) {
		const uint8_t *p = in.ptr + i;
		const char four[4] = { alphabet[p[0] >> 2],
			alphabet[(p[0] & 0x03) << 4 | p[1] >> 4],
			alphabet[(p[1] & 0x0f) << 2 | p[2] >> 6], alphabet[p[2] & 0x3f] };
		buf_put(out, four, 4);
	}
	if (in.len - i == 1) {
		const char four[4] = { alphabet[in.ptr[i] >> 2],
			alphabet[(in.ptr[i] & 0x03) << 4], '=', '=' };
		buf_put(out, four, 4);
	} else if (in.len - i == 2) {
		const uint8_t *p = in.ptr + i;
		const char four[4] = { alphabet[p[0] >> 2],
			alphabet[(p[0] & 0x03) << 4 | p[1] >> 4],
			alphabet[(p[1] & 0x0f) << 2], '=' };
		buf_put(out, four, 4);
	}
}

#define BASE64_LINE_BYTES 57 /* 76 characters */

void
codec_base64_encode(struct span in, struct buf *out)
{
	for (size_t i = 0; i < in.len; i += BASE64_LINE_BYTES) {
		codec_base64_encode_flat(span_sub(in, i, BASE64_LINE_BYTES), out);
		buf_put_str(out, "\r\n");
	}
}

#define QP_LINE_MAX 76

static bool
at_crlf(struct span in, size_t i)
{
	return i + 1 < in.len && in.ptr[i] == '\r' && in.ptr[i + 1] == '\n';
}

/* Must the byte at i be written as =XX? */
static bool
qp_must_encode(struct span in, size_t i, bool line_start)
{
	uint8_t c = in.ptr[i];

	if (c == ' ' || c == '\t')
		return i + 1 == in.len || at_crlf(in, i + 1);
	if (c < 0x21 || c > 0x7e || c == '=')
		return true;
	if (!line_start)
		return false;
	return c == '.' || span_is(span_sub(in, i, 5), "From ");
}

void
codec_qp_encode(struct span in, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t column = 0;

	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.ptr[i];

		if (at_crlf(in, i)) {
			buf_put_str(out, "\r\n");
			column = 0;
			i++;
			continue;
		}
		bool encode = qp_must_encode(in, i, column == 0);
		bool last = i + 1 == in.len || at_crlf(in, i + 1);
		size_t room = last ? QP_LINE_MAX : QP_LINE_MAX - 1; /* "=" of a soft break */
		if (column + (encode ? 3 : 1) > room) {
			buf_put_str(out, "=\r\n");
			column = 0;
			encode = qp_must_encode(in, i, true);
		}
		if (encode) {
			const char three[3] = { '=', digits[c >> 4], digits[c & 15] };
			buf_put(out, three, 3);
			column += 3;
		} else {
			buf_put_byte(out, c);
			column++;
		}
	}
}

void
codec_hex_encode(struct span in, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < in.len; i++) {
		const char two[2] = { digits[in.ptr[i] >> 4], digits[in.ptr[i] & 15] };
		buf_put(out, two, 2);
	}
}

bool
codec_hex_decode(struct span in, uint8_t *out, size_t size)
{
	if (in.len / 2 != size || in.len % 2 != 0)
		return false;
	for (size_t i = 0; i < size; i++) {
		int high = codec_hex_digit(in.ptr[2 * i]), low = codec_hex_digit(in.ptr[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
