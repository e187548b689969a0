/* SPDX-License-Identifier: Apache-2.0 */
/* Encoded_word: one word of RFC 2047 and the bytes in it. */
#ifndef VANTHU_INSPECT_ENCODED_WORD_H
#define VANTHU_INSPECT_ENCODED_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/span.h"

struct encoded_word {
	struct span charset; /* without the language of RFC 2231 section 5 */
	bool base64;         /* else the Q encoding */
	struct span text;    /* still encoded */
	size_t end;          /* offset behind it */
};

/* Is there one at this offset? */
bool
encoded_word_at(struct span s, size_t offset, struct encoded_word *out);

/* Append its bytes, in its charset; lenient. */
void
encoded_word_bytes(const struct encoded_word *w, struct buf *out);

#endif
