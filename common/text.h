/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from outside made safe to keep, to compare and to show. All results are UTF-8.
 */
#ifndef VANTHU_COMMON_TEXT_H
#define VANTHU_COMMON_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/span.h"

#define TEXT_NAME_MAX 255 /* bytes of a file name; a Vietnamese letter takes two or three */

/* Well-formed UTF-8 (RFC 3629): no overlong form, surrogate or value above U+10FFFF. */
bool
text_is_utf8(struct span s);

/*
 * The next character at *offset, which moves on; -1 at the end, -2 for a malformed byte
 * (of which one is skipped).
 */
int32_t
text_next(struct span s, size_t *offset);

/* Append one character as UTF-8. */
void
text_put(struct buf *out, uint32_t c);

/* A control, bidi control, zero-width or otherwise invisible character, or none at all. */
bool
text_is_hidden(uint32_t c);

/* Append s in Unicode Normalisation Form C; false (nothing appended) if s is not UTF-8. */
bool
text_nfc(struct span s, struct buf *out);

/*
 * Append s on one line for a person: NFC, controls (C0, C1, bidi, zero-width, line
 * separators) and malformed bytes as \xNN or \u{N}, at most max bytes of s's characters
 * kept whole, "..." at the end if it was cut.
 */
void
text_show(struct span s, size_t max, struct buf *out);

/*
 * Append s without what must not be in a name or a subject: controls, bidi and zero-width
 * characters dropped, runs of white space one blank, Eth (U+00D0, U+00F0, U+0189) read as
 * the Vietnamese D with stroke, NFC (documents.md section 6).
 */
void
text_clean(struct span s, struct buf *out);

/*
 * Append a file name that is safe on any file system: text_clean, no slash, backslash,
 * colon or wildcard, no leading dot or blank, no trailing dot or blank, no reserved DOS
 * name, at most TEXT_NAME_MAX *bytes* with the extension kept; "document" if nothing is
 * left (verdicts.md F01).
 */
void
text_file_name(struct span s, struct buf *out);

/* Append s folded for comparing: NFD, marks dropped, d with stroke as d, lower case. */
void
text_fold(struct span s, struct buf *out);

/*
 * A line of plain ASCII that is safe in a header, a reply and in JSON: letters lose their
 * marks ("Ba Vì" is "Ba Vi"), every other character is "_".
 */
void
text_ascii(struct span s, struct buf *out);

#endif
