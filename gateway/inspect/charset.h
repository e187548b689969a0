/* SPDX-License-Identifier: Apache-2.0 */
/* Charset: bytes in a named, or guessed, character set into UTF-8. Private to decode.c. */
#ifndef VANTHU_INSPECT_CHARSET_H
#define VANTHU_INSPECT_CHARSET_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/span.h"

struct charsets; /* the open converters */

/* NULL when there is no memory. */
struct charsets *
charsets_open(void);

void
charsets_close(struct charsets **c);

/* Append bytes as UTF-8; see decode_charset(). */
bool
charset_convert(struct charsets *c, struct span bytes, struct span name, struct buf *out);

#endif
