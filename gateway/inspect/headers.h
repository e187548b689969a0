/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers: what the root header says: sender, subject, identifiers, date, hops, whether it
 * may be answered; and where the fields stand that signing and relaying must find again.
 */
#ifndef VANTHU_INSPECT_HEADERS_H
#define VANTHU_INSPECT_HEADERS_H

#include <stddef.h>

#include "common/span.h"
#include "gateway/inspect/decode.h"
#include "gateway/inspect/scan.h"
#include "gateway/model/facts.h"

/*
 * Fill facts: from, subject, message_id, date, auto_submitted, hops, fields. Returns what
 * is wrong with From: REASON_NONE, or a reason with verdict MISMATCH (none, several) or
 * AMBIGUOUS; the latter is added to the scan's problems too, and so is a field with too
 * many addresses (LIMIT). own_ids: see inspector_new().
 */
enum reason
headers_read(struct scan *s, struct decode *d, const char *const *own_ids,
    size_t own_id_count, struct facts *f);

/*
 * The same for the From of another header block (header protection, RFC 9788): its address
 * is a view into the block, empty when the result is not REASON_NONE. count: From fields
 * seen.
 */
enum reason
headers_from(struct span header, struct span *address, size_t *count);

#endif
