/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Letters of the Vietnamese alphabet in Normalisation Form C, and one line of text as an
 * array of characters: what reading marks and numbers needs of Unicode.
 */
#ifndef VANTHU_INSPECT_LETTER_H
#define VANTHU_INSPECT_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/span.h"

#define LETTER_LINE_MAX 1024 /* characters looked at; subjects have at most 500 */

struct letter_line {
	uint32_t c[LETTER_LINE_MAX];
	size_t n;
};

/*
 * Read a line: NFC, cleaned as text_clean does, dashes of every kind as "-", slashes as "/",
 * no-break blanks as blanks. What is longer is cut.
 */
void
letter_read(struct span text, struct letter_line *out);

bool
letter_is_upper(uint32_t c);
bool
letter_is_lower(uint32_t c);
bool
letter_is_digit(uint32_t c);
/* A letter or a digit. */
bool
letter_is_word(uint32_t c);

/* Lower case of a Vietnamese or ASCII letter; any other character as it is. */
uint32_t
letter_lower(uint32_t c);

/* Without diacritics: d with stroke is d. Of a lower-case letter; others as they are. */
uint32_t
letter_plain(uint32_t c);

#endif
