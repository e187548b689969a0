/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pattern is cut at its stars. The first piece must stand at the start, the last one at
 * the end, each other one is taken where it first occurs: a later place could never help
 * the pieces that follow. So no choice is ever taken back. memmem(3) is linear in glibc.
 */
#include "gateway/decide/glob.h"

#include <string.h>

static bool
piece_at_start(struct span piece, struct span text)
{
	return piece.len <= text.len && span_equal(piece, span_sub(text, 0, piece.len));
}

bool
glob_match(struct span pattern, struct span text)
{
	size_t star = span_find(pattern, '*', 0);
	struct span piece;

	if (star == SPAN_NOT_FOUND)
		return span_equal(pattern, text);
	piece = span_sub(pattern, 0, star);
	if (!piece_at_start(piece, text))
		return false;
	text = span_from(text, piece.len);
	for (;;) {
		pattern = span_from(pattern, star + 1);
		star = span_find(pattern, '*', 0);
		if (star == SPAN_NOT_FOUND)
			return pattern.len <= text.len &&
			    span_equal(pattern, span_from(text, text.len - pattern.len));
		piece = span_sub(pattern, 0, star);
		if (piece.len > 0) {
			const uint8_t *at = text.len == 0 ?
			    NULL :
			    memmem(text.ptr, text.len, piece.ptr, piece.len);

			if (at == NULL)
				return false;
			text = span_from(text, (size_t)(at - text.ptr) + piece.len);
		}
	}
}
