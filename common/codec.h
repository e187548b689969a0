/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict transfer codecs: base64 (RFC 2045 6.8), quoted-printable (RFC 2045 6.7), hex.
 *
 * The decoders accept exactly what every decoder reads alike, and say what they refused:
 * what one decoder drops and another keeps is how two readers see two documents
 * (verdicts.md D11).
 */
#ifndef VANTHU_COMMON_CODEC_H
#define VANTHU_COMMON_CODEC_H

#include "common/buf.h"
#include "common/span.h"

enum codec_result {
	CODEC_OK,
	CODEC_JUNK,      /* a byte outside the alphabet; QP: a bare "=" or wrong hex digits */
	CODEC_PADDING,   /* "=" missing, early, or data after it; non-zero unused bits */
	CODEC_TRUNCATED, /* the input ends in the middle of a quantum or an escape */
	CODEC_LINE,      /* a line above CODEC_LINE_MAX, a bare CR or LF (where CRLF is due) */
	CODEC_TOO_LONG,  /* the output buffer's maximum is reached */
};

#define CODEC_LINE_MAX 998 /* RFC 5322 2.1.1; RFC 2045 says 76, real mail goes over */

/* "junk", "padding", ...: for a log or the argument of a reason. */
const char *
codec_result_name(enum codec_result r);

enum codec_kind { CODEC_BASE64, CODEC_QP };

/* Decoding piece by piece, so that a large part never stands in memory. */
struct codec_decoder {
	enum codec_kind kind;
	bool lf;               /* LF alone ends a line too */
	uint8_t state;         /* private to codec.c from here on */
	bool cr;
	uint8_t count, nibble;
	uint32_t quantum;
	size_t line;
	size_t blanks;
	uint8_t held[CODEC_LINE_MAX];
};

void
codec_decoder_init(struct codec_decoder *d, enum codec_kind kind, bool lf);

/* Decode the next piece; appends to out, which may be emptied between the calls. */
enum codec_result
codec_decoder_put(struct codec_decoder *d, struct span in, struct buf *out);

/* Say that the input ended. */
enum codec_result
codec_decoder_end(struct codec_decoder *d, struct buf *out);

/* Line breaks (CRLF, or LF alone when `lf` is true) are allowed between characters; blanks
 * and tabs only at the end of a line. Appends to out. */
enum codec_result
codec_base64_decode(struct span in, bool lf, struct buf *out);

/* Appends lines of 76 characters, each ended by CRLF. */
void
codec_base64_encode(struct span in, struct buf *out);

/* Appends without any line break (headers, JSON). */
void
codec_base64_encode_flat(struct span in, struct buf *out);

/* Trailing blanks of a line are dropped as RFC 2045 rule 3 says; a literal byte above 0x7e,
 * or a control character but TAB, CR, LF is CODEC_JUNK. Appends to out. */
enum codec_result
codec_qp_decode(struct span in, bool lf, struct buf *out);

/* Encode text whose line ends are CRLF; lines of at most 76, no blank before a line end,
 * "From " and "." at the start of a line are encoded so that no relay touches them. */
void
codec_qp_encode(struct span in, struct buf *out);

/* The value of a hex digit of either case, -1 for any other byte. */
int
codec_hex_digit(uint8_t c);

/* Lower-case hex. */
void
codec_hex_encode(struct span in, struct buf *out);

/* Hex of either case, nothing else, into out[size]; false unless exactly size bytes. */
bool
codec_hex_decode(struct span in, uint8_t *out, size_t size);

#endif
