/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decode: encoded words (RFC 2047), parameter values (RFC 2231) and bytes in the charsets
 * that Vietnamese mail comes in, into UTF-8 in NFC. All converters are opened before the
 * sandbox, since iconv loads them from files.
 */
#ifndef VANTHU_INSPECT_DECODE_H
#define VANTHU_INSPECT_DECODE_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/error.h"
#include "common/span.h"
#include "gateway/inspect/scan.h"

struct decode;

/* Open the converters. One that iconv does not have is left out, not an error. */
int
decode_open(struct decode **out, struct error *e);

void
decode_close(struct decode **d);

/*
 * Append bytes in the named charset as UTF-8, NFC. An empty or unknown charset, or one that
 * the bytes do not fit, means a guess. False when it is a guess without a clear winner; then
 * bytes that could not be read stand as U+FFFD.
 */
bool
decode_charset(struct decode *d, struct span bytes, struct span charset, struct buf *out);

/*
 * Append the text of an unstructured field, or of a phrase: folds undone, encoded words
 * decoded (adjacent ones joined first), raw 8-bit guessed, cleaned by text_clean. Never
 * holds CR, LF or NUL. False when something in it was a guess.
 */
bool
decode_text(struct decode *d, struct span raw, struct buf *out);

/* Append a parameter's value as a person reads it: RFC 2231, encoded words inside it, raw
 * 8-bit; cleaned. False when it was a guess. */
bool
decode_parameter(struct decode *d, const struct scan_parameter *p, struct buf *out);

#endif
