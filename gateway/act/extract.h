/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One part of a message, decoded piece by piece from the spool: memory stays flat however
 * large the document is.
 */
#ifndef VANTHU_ACT_EXTRACT_H
#define VANTHU_ACT_EXTRACT_H

#include <stdint.h>

#include "common/digest.h"
#include "common/error.h"
#include "common/span.h"
#include "gateway/model/facts.h"
#include "gateway/model/spool.h"

/*
 * Write the decoded body of facts->parts[part] to fd.
 * `content` is the content of an opaque signature, or NULL. digest receives the SHA-256 of
 * what was written. ERR_BUG when the range does not lie in the message or the encoding
 * does not hold: the inspector said otherwise.
 */
int
extract_part(const struct facts *f, uint32_t part, const struct spool *message,
    const struct spool *content, int fd, uint8_t digest[DIGEST_SIZE], struct error *e);

#endif
