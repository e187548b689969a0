/* SPDX-License-Identifier: Apache-2.0 */
/* Vietnamese: does a text look like it? For telling charsets apart. Private to charset.c. */
#ifndef VANTHU_INSPECT_VIETNAMESE_H
#define VANTHU_INSPECT_VIETNAMESE_H

#include "common/span.h"

/*
 * How well UTF-8 text reads as Vietnamese: points for each word with Vietnamese letters
 * that is a possible syllable, minus points for words and symbols that cannot be. 0 when
 * nothing speaks for or against it.
 */
int
vietnamese_score(struct span text);

#endif
