/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 2047 encoded words, "B" encoding in UTF-8. Text is first made one line by text_clean,
 * so no byte of it can end a field; a word never ends inside a character.
 */
#include "gateway/act/header_text.h"

#include "common/codec.h"
#include "common/text.h"

#define WORD_OPEN "=?utf-8?B?"
#define WORD_CLOSE "?="
/* Bytes that fit: (60 - 12) / 4 quanta of 3. */
#define WORD_BYTES ((HEADER_WORD_MAX - sizeof(WORD_OPEN WORD_CLOSE) + 1) / 4 * 3)
#define PLAIN_MAX 200 /* plain text above is encoded too, for it must be folded */
#define CLEAN_MAX (16 * 1024)

static bool
is_plain(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		/* "=?" would be read as the start of a word. */
		if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e ||
		    (s.ptr[i] == '=' && i + 1 < s.len && s.ptr[i + 1] == '?'))
			return false;
	}
	return s.len <= PLAIN_MAX;
}

static void
put_words(struct buf *out, struct span clean)
{
	size_t at = 0;

	while (at < clean.len) {
		size_t end = at, next = at;

		while (next < clean.len && next - at <= WORD_BYTES) {
			end = next;
			text_next(clean, &next);
		}
		if (next - at <= WORD_BYTES)
			end = next;
		buf_put_str(out, at == 0 ? WORD_OPEN : "\r\n " WORD_OPEN);
		codec_base64_encode_flat(span_sub(clean, at, end - at), out);
		buf_put_str(out, WORD_CLOSE);
		at = end;
	}
}

void
header_put_words(struct buf *out, struct span text)
{
	struct buf clean;

	buf_init(&clean, CLEAN_MAX);
	text_clean(text, &clean);
	put_words(out, buf_span(&clean));
	buf_free(&clean);
}

void
header_put_text(struct buf *out, const char *name, struct span text)
{
	struct buf clean;

	buf_init(&clean, CLEAN_MAX);
	text_clean(text, &clean);
	buf_put_str(out, name);
	buf_put_str(out, ": ");
	if (is_plain(buf_span(&clean)))
		buf_put_span(out, buf_span(&clean));
	else
		put_words(out, buf_span(&clean));
	buf_put_str(out, "\r\n");
	buf_free(&clean);
}
