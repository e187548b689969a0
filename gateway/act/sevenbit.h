/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes made safe for any relay, before they are signed (RFC 8551 3.1.3): what a relay
 * could rewrite is found and written in a form that none touches. All writers stream; lines
 * that end in LF alone come out with CRLF.
 */
#ifndef VANTHU_ACT_SEVENBIT_H
#define VANTHU_ACT_SEVENBIT_H

#include <stdbool.h>

#include "common/span.h"
#include "gateway/act/sink.h"

/* What a relay could rewrite or refuse. */
enum hazard {
	HAZARD_8BIT = 1 << 0,    /* a byte above 0x7f */
	HAZARD_LONG = 1 << 1,    /* a line above SEVENBIT_LINE_MAX */
	HAZARD_BLANK = 1 << 2,   /* a blank or tab before a line end */
	HAZARD_FROM = 1 << 3,    /* a line that begins "From " */
	HAZARD_CONTROL = 1 << 4, /* NUL, or CR without LF */
	HAZARD_LF = 1 << 5,      /* LF without CR */
};

#define SEVENBIT_LINE_MAX 998 /* RFC 5321 4.5.3.1.6 less CRLF */

/* The set of hazards in these bytes, which begin at the start of a line. */
unsigned
sevenbit_hazards(struct span bytes);

/* As they are, but for lone LF. */
void
sevenbit_put_lines(struct sink *to, struct span bytes);

/* Header lines: blanks at line ends dropped, with the whole line if nothing is left. */
void
sevenbit_put_header(struct sink *to, struct span bytes);

/*
 * What stands between the parts of a multipart: delimiters stay, text that a relay could
 * rewrite is dropped (readers are told to ignore all of it, RFC 2046 5.1.1).
 */
void
sevenbit_put_between(struct sink *to, struct span bytes);

/* Encoded anew; `lines`: lone LF becomes CRLF first (not for binary bodies). */
void
sevenbit_put_base64(struct sink *to, struct span bytes, bool lines);
void
sevenbit_put_qp(struct sink *to, struct span bytes, bool lines);

/* Encoded already, but in a way that a relay could rewrite: the same content, safe. The
 * sink fails (ERR_PERM) when the encoding itself is broken. */
void
sevenbit_mend_base64(struct sink *to, struct span bytes);
void
sevenbit_mend_qp(struct sink *to, struct span bytes);

#endif
