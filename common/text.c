/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from outside made safe. UTF-8 by RFC 3629, read one character at a time without
 * believing a length; normalisation and lower case by libunistring, whose tables are
 * compiled in, so that nothing here opens a file.
 *
 * Which characters are dangerous is decided in text_is_hidden() alone: whatever a person cannot
 * see, or what changes how the rest is seen (Unicode TR 36, TR 39).
 *
 * Not here: charsets other than UTF-8 (gateway/inspect/charset.c).
 */
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#define REPLACEMENT 0xfffdu

/* --- UTF-8 ------------------------------------------------------------------------- */

int32_t
text_next(struct span s, size_t *offset)
{
	size_t i = *offset, more;
	uint32_t c, least;

	if (i >= s.len)
		return -1;
	c = s.ptr[i];
	*offset = i + 1;
	if (c < 0x80)
		return (int32_t)c;
	if (c >= 0xc2 && c <= 0xdf) {
		more = 1, least = 0x80, c &= 0x1f;
	} else if ((c & 0xf0) == 0xe0) {
		more = 2, least = 0x800, c &= 0x0f;
	} else if (c >= 0xf0 && c <= 0xf4) {
		more = 3, least = 0x10000, c &= 0x07;
	} else {
		return -2;
	}
	if (more > s.len - i - 1)
		return -2;
	for (size_t k = 1; k <= more; k++) {
		uint8_t b = s.ptr[i + k];
		if ((b & 0xc0) != 0x80)
			return -2;
		c = c << 6 | (b & 0x3f);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return -2;
	*offset = i + 1 + more;
	return (int32_t)c;
}

bool
text_is_utf8(struct span s)
{
	size_t i = 0;
	int32_t c;

	while ((c = text_next(s, &i)) >= 0)
		continue;
	return c == -1;
}

void
text_put(struct buf *out, uint32_t c)
{
	uint8_t b[4];
	size_t n;

	if (c < 0x80) {
		b[0] = (uint8_t)c;
		n = 1;
	} else if (c < 0x800) {
		b[0] = (uint8_t)(0xc0 | c >> 6);
		b[1] = (uint8_t)(0x80 | (c & 0x3f));
		n = 2;
	} else if (c < 0x10000) {
		b[0] = (uint8_t)(0xe0 | c >> 12);
		b[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		b[2] = (uint8_t)(0x80 | (c & 0x3f));
		n = 3;
	} else {
		b[0] = (uint8_t)(0xf0 | c >> 18);
		b[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
		b[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		b[3] = (uint8_t)(0x80 | (c & 0x3f));
		n = 4;
	}
	buf_put(out, b, n);
}

/* s is well formed. */
static void
put_normalised(uninorm_t form, struct span s, struct buf *out)
{
	size_t length = 0;
	uint8_t *result;

	if (s.len == 0)
		return;
	result = u8_normalize(form, s.ptr, s.len, NULL, &length);
	if (result == NULL) {
		out->failed = true;
		return;
	}
	buf_put(out, result, length);
	free(result);
}

bool
text_nfc(struct span s, struct buf *out)
{
	if (!text_is_utf8(s))
		return false;
	put_normalised(UNINORM_NFC, s, out);
	return true;
}

/* --- what a person cannot see ------------------------------------------------------- */

static bool
is_space(uint32_t c)
{
	return (c >= 0x09 && c <= 0x0d) || c == ' ' || c == 0x85 || c == 0xa0 ||
	    c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
	    c == 0x202f || c == 0x205f || c == 0x3000;
}

bool
text_is_hidden(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x00ad, 0x00ad },
		{ 0x034f, 0x034f }, { 0x061c, 0x061c }, { 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 },
		{ 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 },
		{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
	};

	if ((c & 0xfffe) == 0xfffe)
		return true;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

void
text_show(struct span s, size_t max, struct buf *out)
{
	struct buf line;
	size_t i = 0, before;
	int32_t c;

	buf_init(&line, SIZE_MAX);
	while (before = i, (c = text_next(s, &i)) != -1) {
		if (i > max) {
			buf_put_str(&line, "...");
			break;
		}
		if (c == -2)
			buf_printf(&line, "\\x%02x", (unsigned)s.ptr[before]);
		else if (c < 0x80 && text_is_hidden((uint32_t)c))
			buf_printf(&line, "\\x%02x", (unsigned)c);
		else if (text_is_hidden((uint32_t)c))
			buf_printf(&line, "\\u{%x}", (unsigned)c);
		else
			text_put(&line, (uint32_t)c);
	}
	if (line.failed)
		out->failed = true;
	else
		put_normalised(UNINORM_NFC, buf_span(&line), out);
	buf_free(&line);
}

void
text_clean(struct span s, struct buf *out)
{
	struct buf line;
	bool gap = false;
	size_t i = 0;
	int32_t next;

	buf_init(&line, SIZE_MAX);
	while ((next = text_next(s, &i)) != -1) {
		uint32_t c = next == -2 ? REPLACEMENT : (uint32_t)next;

		if (is_space(c)) {
			gap = true;
			continue;
		}
		if (text_is_hidden(c))
			continue;
		if (gap && line.len > 0)
			buf_put_byte(&line, ' ');
		gap = false;
		if (c == 0xd0 || c == 0x189) /* Eth, African D: old converters wrote them */
			c = 0x110;
		else if (c == 0xf0)
			c = 0x111;
		text_put(&line, c);
	}
	if (line.failed)
		out->failed = true;
	else
		put_normalised(UNINORM_NFC, buf_span(&line), out);
	buf_free(&line);
}

/* --- file names --------------------------------------------------------------------- */

static struct span
trim_dots(struct span s)
{
	while (s.len > 0 && (s.ptr[0] == '.' || s.ptr[0] == ' '))
		s = span_from(s, 1);
	while (s.len > 0 && (s.ptr[s.len - 1] == '.' || s.ptr[s.len - 1] == ' '))
		s.len--;
	return s;
}

/* A device of DOS and Windows, whatever its extension. */
static bool
is_device(struct span name)
{
	static const char *const devices[] = { "con", "prn", "aux", "nul", "conin$",
		"conout$", "clock$" };
	struct span stem = name;
	size_t dot = span_find(name, '.', 0);

	if (dot != SPAN_NOT_FOUND)
		stem = span_trim(span_sub(name, 0, dot));
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (span_is_nocase(stem, devices[i]))
			return true;
	if (stem.len < 4)
		return false;
	struct span head = span_sub(stem, 0, 3), digit = span_from(stem, 3);
	if (!span_is_nocase(head, "com") && !span_is_nocase(head, "lpt"))
		return false;
	return (digit.len == 1 && digit.ptr[0] >= '0' && digit.ptr[0] <= '9') ||
	    span_is(digit, "\xc2\xb9") || span_is(digit, "\xc2\xb2") ||
	    span_is(digit, "\xc2\xb3");
}

/* The last extension with its dot; empty when there is none worth keeping. */
static struct span
extension(struct span name)
{
	size_t i = name.len;

	while (i > 0 && name.ptr[i - 1] != '.')
		i--;
	if (i <= 1 || name.len - i == 0 || name.len - i > 16)
		return span_of(NULL, 0);
	return span_from(name, i - 1);
}

/* At most max bytes of s, cut before a character that does not fit. */
static struct span
cut(struct span s, size_t max)
{
	size_t i = 0, end = 0;

	while (text_next(s, &i) != -1 && i <= max)
		end = i;
	return span_sub(s, 0, end);
}

void
text_file_name(struct span s, struct buf *out)
{
	struct buf name;
	struct span all, tail;

	buf_init(&name, SIZE_MAX);
	text_clean(s, &name);
	for (size_t i = 0; i < name.len; i++)
		if (memchr("/\\:*?\"<>|", name.data[i], 9) != NULL)
			name.data[i] = '_';
	if (name.failed) {
		out->failed = true;
		buf_free(&name);
		return;
	}
	all = trim_dots(buf_span(&name));
	if (is_device(all)) {
		struct buf safe;

		buf_init(&safe, SIZE_MAX);
		buf_put_byte(&safe, '_');
		buf_put_span(&safe, all);
		buf_free(&name);
		name = safe;
		all = buf_span(&name);
	}
	if (all.len == 0) {
		buf_put_str(out, "document");
	} else if (all.len <= TEXT_NAME_MAX) {
		buf_put_span(out, all);
	} else {
		tail = extension(all);
		buf_put_span(out, trim_dots(cut(all, TEXT_NAME_MAX - tail.len)));
		buf_put_span(out, tail);
	}
	buf_free(&name);
}

/* --- comparing ----------------------------------------------------------------------- */

/* s in NFD; what is no UTF-8 becomes the replacement character. False without memory. */
static bool
take_apart(struct span s, struct buf *apart)
{
	struct buf whole;
	size_t i = 0;
	int32_t next;
	bool good;

	buf_init(&whole, SIZE_MAX);
	buf_init(apart, SIZE_MAX);
	while ((next = text_next(s, &i)) != -1)
		text_put(&whole, next == -2 ? REPLACEMENT : (uint32_t)next);
	put_normalised(UNINORM_NFD, buf_span(&whole), apart);
	good = !whole.failed && !apart->failed;
	buf_free(&whole);
	return good;
}

void
text_fold(struct span s, struct buf *out)
{
	struct buf apart;
	size_t i = 0;
	int32_t next;

	if (!take_apart(s, &apart))
		out->failed = true;
	while ((next = text_next(buf_span(&apart), &i)) >= 0) {
		uint32_t c = (uint32_t)next;

		if (uc_combining_class(c) != 0)
			continue;
		c = uc_tolower(c);
		text_put(out, c == 0x111 ? 'd' : c);
	}
	buf_free(&apart);
}

void
text_ascii(struct span s, struct buf *out)
{
	struct buf apart;
	size_t i = 0;
	int32_t next;

	if (!take_apart(s, &apart))
		out->failed = true;
	while ((next = text_next(buf_span(&apart), &i)) >= 0) {
		uint32_t c = (uint32_t)next;

		if (uc_combining_class(c) != 0)
			continue;
		if (c == 0x110 || c == 0x111)
			c = c == 0x110 ? 'D' : 'd';
		buf_put_byte(out,
		    c >= 0x20 && c <= 0x7e && c != '"' && c != '\\' ? (uint8_t)c : '_');
	}
	buf_free(&apart);
}
