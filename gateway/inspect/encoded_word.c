/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One encoded word, RFC 2047 section 2: "=?charset*language?B or Q?text?=". Longer than the
 * 75 characters that the RFC allows, blanks in the text, missing padding and characters
 * outside the base64 alphabet are taken as most readers take them.
 */
#include "gateway/inspect/encoded_word.h"

#include "common/codec.h"

#define WORD_MAX 4096 /* bytes of text: what begins many words and ends none stays cheap */

static bool
is_charset_byte(uint8_t c)
{
	return c > 0x20 && c < 0x7f && c != '?' && c != '=' && c != '"' && c != '<' && c != '>' &&
	    c != '(' && c != ')' && c != ',' && c != ';' && c != '@';
}

bool
encoded_word_at(struct span s, size_t offset, struct encoded_word *out)
{
	size_t at = offset + 2, text, star;

	if (offset > s.len || s.len - offset < 8 || s.ptr[offset] != '=' ||
	    s.ptr[offset + 1] != '?')
		return false;
	while (at < s.len && is_charset_byte(s.ptr[at]))
		at++;
	out->charset = span_sub(s, offset + 2, at - offset - 2);
	star = span_find(out->charset, '*', 0);
	if (star != SPAN_NOT_FOUND)
		out->charset.len = star;
	if (out->charset.len == 0 || s.len - at < 5 || s.ptr[at] != '?' || s.ptr[at + 2] != '?')
		return false;
	if ((s.ptr[at + 1] | 0x20) == 'b')
		out->base64 = true;
	else if ((s.ptr[at + 1] | 0x20) == 'q')
		out->base64 = false;
	else
		return false;
	text = at + 3;
	for (at = text; at + 1 < s.len && at - text < WORD_MAX; at++) {
		if (s.ptr[at] == '?' && s.ptr[at + 1] == '=') {
			out->text = span_sub(s, text, at - text);
			out->end = at + 2;
			return true;
		}
		if (s.ptr[at] == '?' && out->base64)
			return false;
	}
	return false;
}

static int
base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

static void
put_base64(struct span text, struct buf *out)
{
	uint32_t quantum = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < text.len; i++) {
		int v = base64_value(text.ptr[i]);

		if (text.ptr[i] == '=')
			bits = 0;
		if (v < 0)
			continue;
		quantum = quantum << 6 | (uint32_t)v;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_put_byte(out, (uint8_t)(quantum >> bits));
		}
	}
}

static void
put_q(struct span text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		bool whole = text.ptr[i] == '=' && text.len - i >= 3;
		int high = whole ? codec_hex_digit(text.ptr[i + 1]) : -1;
		int low = whole ? codec_hex_digit(text.ptr[i + 2]) : -1;
		uint8_t c = text.ptr[i];

		if (high >= 0 && low >= 0) {
			buf_put_byte(out, (uint8_t)(high << 4 | low));
			i += 2;
		} else if (c == '_') {
			buf_put_byte(out, ' ');
		} else if (c != '\r' && c != '\n') {
			buf_put_byte(out, c);
		}
	}
}

void
encoded_word_bytes(const struct encoded_word *w, struct buf *out)
{
	if (w->base64)
		put_base64(w->text, out);
	else
		put_q(w->text, out);
}
