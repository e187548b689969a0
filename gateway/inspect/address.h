/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address: the From field read strictly. Exactly one mailbox, written so that every reader
 * sees the same one (verdicts.md C01-C08); comparing mailboxes.
 */
#ifndef VANTHU_INSPECT_ADDRESS_H
#define VANTHU_INSPECT_ADDRESS_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/span.h"
#include "gateway/model/reason.h"

/* What an address field holds, at best. */
struct address {
	enum reason problem; /* REASON_NONE: exactly one mailbox, plainly written */
	struct span mailbox; /* local@domain inside the field; empty on most problems */
	struct span name;    /* the display name as written (quotes included); may be empty */
	size_t count;        /* mailboxes seen, at most LIMIT_ADDRESSES + 1 */
};

/* Read the body of a From or Sender field. The spans point into it. */
struct address
address_read(struct span body);

/* Count the mailboxes of any address field, up to LIMIT_ADDRESSES + 1, by its commas. */
size_t
address_count(struct span body);

/*
 * The same mailbox? The local part byte for byte, since only its own host may say that case
 * does not matter (RFC 5321 2.4); the domain without case, an A-label equal to its U-label.
 */
bool
address_matches(struct span a, struct span b);

/* Append a domain in its A-label form (RFC 3492, 5890), lower case; false if it has none. */
bool
address_to_ascii(struct span domain, struct buf *out);

#endif
