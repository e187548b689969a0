/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inspect: bytes in, facts out. This is the whole of it: scan the structure, read the
 * headers, find the signature, judge it, look at the documents, find the number, and reach
 * the verdict. Runs only inside vanthu-inspect.
 */
#ifndef VANTHU_INSPECT_INSPECT_H
#define VANTHU_INSPECT_INSPECT_H

#include "common/error.h"
#include "common/span.h"
#include "gateway/inspect/trust.h"
#include "gateway/model/facts.h"
#include "gateway/model/inspection.h"

struct inspector; /* trust, libmagic's database: all that is opened before the sandbox */

/* Takes trust. own_ids: names under which we write Authentication-Results (C13). */
int
inspector_new(struct trust *trust, const char *const *own_ids, size_t own_id_count,
    struct inspector **out, struct error *e);

void
inspector_free(struct inspector **i);

/*
 * Examine a message. content_fd: an empty memfd for the content of an opaque signature, or
 * -1. Always fills facts when it returns 0; an error means that we could not work.
 */
int
inspector_examine(struct inspector *i, const struct inspection *q, struct span message,
    int content_fd, struct facts *out, struct error *e);

#endif
