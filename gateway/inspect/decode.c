/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoded words (RFC 2047) and parameter values (RFC 2231) for people to read.
 *
 * Here leniency is right: nothing is decided by these texts, and what real programs wrote
 * is read as it was meant. Words of one charset are joined before the charset is applied,
 * because programs cut in the middle of a letter; words inside quotes and in parameters,
 * missing padding, blanks in Q words and language tags are understood. Whatever comes out
 * is cleaned: one line, no control character.
 *
 * Not here: what an encoded word may hide in an address (address.c).
 */
#include "gateway/inspect/decode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "gateway/inspect/charset.h"
#include "gateway/inspect/encoded_word.h"

struct decode {
	struct charsets *charsets;
};

int
decode_open(struct decode **out, struct error *e)
{
	struct decode *d = calloc(1, sizeof(*d));

	if (d != NULL)
		d->charsets = charsets_open();
	if (d == NULL || d->charsets == NULL) {
		free(d);
		return error_set(e, ERR_TEMP, "decode: no memory");
	}
	*out = d;
	return 0;
}

void
decode_close(struct decode **d)
{
	if (*d == NULL)
		return;
	charsets_close(&(*d)->charsets);
	free(*d);
	*d = NULL;
}

bool
decode_charset(struct decode *d, struct span bytes, struct span charset, struct buf *out)
{
	return charset_convert(d->charsets, bytes, charset, out);
}

/* Text being put together: `bytes` of one charset wait for more of it. */
struct gather {
	struct decode *d;
	struct buf text, bytes;
	struct span charset;
	bool waiting, certain;
};

static void
flush(struct gather *g)
{
	if (g->waiting)
		g->certain &= decode_charset(g->d, buf_span(&g->bytes), g->charset, &g->text);
	buf_reset(&g->bytes);
	g->waiting = false;
}

static void
put_plain(struct gather *g, struct span plain)
{
	if (plain.len == 0)
		return;
	flush(g);
	g->certain &= decode_charset(g->d, plain, span_of("", 0), &g->text);
}

static bool
is_space(struct span s)
{
	return span_trim(s).len == 0;
}

static void
gather_words(struct gather *g, struct span raw)
{
	size_t plain = 0, at = 0;
	bool after_word = false;

	while ((at = span_find_span(raw, span_str("=?"), at)) != SPAN_NOT_FOUND) {
		struct encoded_word w;
		struct span between = span_sub(raw, plain, at - plain);

		if (!encoded_word_at(raw, at, &w)) {
			at += 2;
			continue;
		}
		if (!after_word || !is_space(between))
			put_plain(g, between);
		if (g->waiting && !span_equal_nocase(g->charset, w.charset))
			flush(g);
		g->charset = w.charset;
		g->waiting = after_word = true;
		encoded_word_bytes(&w, &g->bytes);
		at = plain = w.end;
	}
	put_plain(g, span_from(raw, plain));
	flush(g);
}

bool
decode_text(struct decode *d, struct span raw, struct buf *out)
{
	struct gather g = { .d = d, .certain = true };

	buf_init(&g.text, SIZE_MAX);
	buf_init(&g.bytes, SIZE_MAX);
	gather_words(&g, span_trim(raw));
	if (g.text.failed || g.bytes.failed)
		out->failed = true;
	else
		text_clean(buf_span(&g.text), out);
	buf_free(&g.text);
	buf_free(&g.bytes);
	return g.certain;
}

bool
decode_parameter(struct decode *d, const struct scan_parameter *p, struct buf *out)
{
	struct buf text;
	bool certain;

	if (!p->extended ||
	    (p->charset.len == 0 &&
	        span_find_span(p->value, span_str("=?"), 0) != SPAN_NOT_FOUND))
		return decode_text(d, p->value, out);
	buf_init(&text, SIZE_MAX);
	certain = decode_charset(d, p->value, p->charset, &text);
	if (text.failed)
		out->failed = true;
	else
		text_clean(buf_span(&text), out);
	buf_free(&text);
	return certain;
}
