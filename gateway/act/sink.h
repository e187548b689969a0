/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a message piece by piece into a spool: small pieces are gathered, large ones go
 * straight through, and a digest may run along. The first failure stays; later puts do
 * nothing, so that a chain of puts needs one check at its end.
 */
#ifndef VANTHU_ACT_SINK_H
#define VANTHU_ACT_SINK_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/span.h"
#include "gateway/model/spool.h"

struct sink {
	struct spool *to;      /* borrowed */
	struct digest *digest; /* borrowed; NULL while none runs along */
	struct buf gathered;
	bool failed;
	struct error error; /* when failed */
};

void
sink_init(struct sink *s, struct spool *to);

/* Free the memory; what was not flushed is lost. */
void
sink_free(struct sink *s);

void
sink_put(struct sink *s, struct span bytes);

void
sink_put_str(struct sink *s, const char *text);

/* From here on every byte goes into digest too; NULL ends that. */
void
sink_set_digest(struct sink *s, struct digest *digest);

/* Record a failure of the one who writes. */
void
sink_fail(struct sink *s, enum error_class class, const char *text);

/* Hand over what is gathered; the first failure of all puts. */
int
sink_flush(struct sink *s, struct error *e);

#endif
