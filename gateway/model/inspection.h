/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of vanthu-inspect, and the form of its answer. One connection carries one
 * question: the request with the message's descriptor and, for opaque content, an empty
 * memfd that the inspector fills. As soon as it has the question, and before it looks at the
 * message, the inspector sends one message of the one byte INSPECTION_BEGUN; then comes the
 * answer, the encoded facts. A connection that closes between the two means that the message
 * killed its inspector; one that closes (or stays silent) before the first means only that
 * the pool was busy or gone.
 */
#ifndef VANTHU_MODEL_INSPECTION_H
#define VANTHU_MODEL_INSPECTION_H

#include <stdint.h>

#include "common/buf.h"
#include "common/error.h"
#include "common/span.h"
#include "gateway/model/facts.h"

#define INSPECTION_BEGUN 0x42

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

#endif
