/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables inside a directory: filled by directory_load.c, read by directory.c, known to
 * nobody else. All memory is of one arena; all text is NUL-terminated and was checked.
 */
#ifndef VANTHU_DECIDE_DIRECTORY_PRIVATE_H
#define VANTHU_DECIDE_DIRECTORY_PRIVATE_H

#include "common/arena.h"
#include "gateway/decide/directory.h"

struct period {
	int64_t from, to; /* [from, to) */
};

struct agency {
	const char *id, *name, *code, *where;
	const struct agency *parent;
	size_t index;
	struct period period;
	const char *const *mailboxes; /* addresses, as in the file */
	size_t mailbox_count;
	const struct certificate *certificates;
	size_t certificate_count;
};

struct mailbox {
	const char *address, *where;
	const struct agency *agency;
	struct period period; /* within the agency's own */
};

struct certificate {
	const struct agency *agency;
	const char *where;
	bool by_digest;
	uint8_t sha256[32];
	const char *subject, *issuer, *serial; /* patterns; NULL = any */
	struct period period;
};

struct group {
	const char *id;
	const struct agency **members;
	size_t member_count;
};

struct directory {
	struct arena *arena;
	uint8_t digest[32];
	struct agency *agencies; /* in the order of the file */
	size_t agency_count;
	const struct agency **by_id; /* sorted by id */
	struct mailbox *mailboxes;   /* sorted by domain, local part, first second */
	size_t mailbox_count;
	struct certificate *certificates; /* by agency, in the order of the file */
	size_t certificate_count;
	const struct certificate **by_digest; /* sorted by fingerprint */
	size_t by_digest_count;
	struct group *groups;
	size_t group_count;
	struct directory_anchor *anchors;
	size_t anchor_count;
	struct directory_binding *bindings;
	size_t binding_count;
};

/* Order of mailboxes as the table has it, dates left out. */
int
directory_compare_address(struct span a, struct span b);

static inline bool
period_holds(struct period p, int64_t at)
{
	return p.from <= at && at < p.to;
}

static inline bool
period_overlaps(struct period a, struct period b)
{
	return a.from < b.to && b.from < a.to;
}

#endif
