/* SPDX-License-Identifier: Apache-2.0 */
/* Header fields of mail that we write ourselves. */
#ifndef VANTHU_ACT_HEADER_TEXT_H
#define VANTHU_ACT_HEADER_TEXT_H

#include "common/buf.h"
#include "common/span.h"

/*
 * RFC 2047 section 2: a line with encoded words has at most 76 characters, a word 75. So
 * long a word fits behind any field name of ours.
 */
#define HEADER_WORD_MAX 60

/*
 * Append "NAME: TEXT" CRLF for unstructured text in UTF-8: as encoded words, folded, when
 * it holds anything but printable ASCII; controls never get through (verdicts.md G01).
 */
void
header_put_text(struct buf *out, const char *name, struct span text);

/* Append TEXT as encoded words for a phrase, without a line end. */
void
header_put_words(struct buf *out, struct span text);

#endif
