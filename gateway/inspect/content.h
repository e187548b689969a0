/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content: the documents of a message. Each is decoded piece by piece, measured, hashed and
 * looked at; nothing is unpacked, run or written.
 */
#ifndef VANTHU_INSPECT_CONTENT_H
#define VANTHU_INSPECT_CONTENT_H

#include "common/buf.h"
#include "common/codec.h"
#include "common/error.h"
#include "common/span.h"
#include "gateway/inspect/decode.h"
#include "gateway/inspect/scan.h"
#include "gateway/model/facts.h"

struct content; /* libmagic's database */

/* Load the database, before the sandbox. */
int
content_open(struct content **out, struct error *e);

void
content_close(struct content **c);

/*
 * Fill facts->documents from the parts of `origin`. The signature part (signature_part, or
 * FACTS_NONE) is no document. A transfer encoding that the strict decoders refuse is added
 * to the scan's problems (verdicts.md D11), and so is a document too many.
 */
int
content_examine(struct content *c, struct decode *d, struct scan *s,
    enum facts_origin origin, uint32_t signature_part, struct facts *f, struct error *e);

/*
 * Append the body of a part, transfer decoded strictly; CODEC_TOO_LONG above out's maximum.
 * For the signature and the opaque content.
 */
enum codec_result
content_decode(const struct scan *s, const struct facts *f, uint32_t part,
    struct buf *out);

#endif
