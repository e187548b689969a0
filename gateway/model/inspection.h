/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of vanthu-inspect, and the form of its answer. A connection carries one
 * question after another; each is the request with the message's descriptor and, for
 * opaque content, an empty memfd that the inspector fills.
 *
 * The answer comes in two messages: BEGUN as soon as the question was read, then FACTS, or
 * ERROR when the inspector itself could not work. A connection that ends (or stalls) after
 * BEGUN means that this message killed the inspector; one that ends before means that
 * nobody was there or all were busy. Both are temporary failures, but only the first counts
 * against the message (I8).
 */
#ifndef VANTHU_MODEL_INSPECTION_H
#define VANTHU_MODEL_INSPECTION_H

#include <stdint.h>

#include "common/buf.h"
#include "common/error.h"
#include "common/span.h"
#include "gateway/model/facts.h"

struct inspection {
	int64_t at;       /* judge validity at this time, seconds */
	bool inside;      /* zone, for what may differ on the submission side */
	char tx[27];      /* for the log */
	char profile[64]; /* trust profile; "" = the configured default */
};

void
inspection_encode(const struct inspection *q, struct buf *out);

int
inspection_decode(struct span wire, struct inspection *out, struct error *e);

enum inspection_answer {
	INSPECTION_BEGUN = 1,
	INSPECTION_FACTS = 2, /* the encoded facts follow */
	INSPECTION_ERROR = 3, /* one line of text follows */
};

/* Begin a message of that kind in `out` (reset first); facts or text are appended to it. */
void
inspection_answer(enum inspection_answer kind, struct buf *out);

/* The kind of a message and what follows in it. ERR_TEMP when it is none of the three. */
int
inspection_answer_kind(struct span wire, enum inspection_answer *kind, struct span *rest,
    struct error *e);

#endif
