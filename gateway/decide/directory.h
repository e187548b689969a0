/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of agencies (agencies.conf): which agency owns a mailbox, which agency a
 * certificate speaks for, each with the dates between which it holds. A period holds from
 * its first second up to, but not in, its last: [valid_from, valid_to).
 */
#ifndef VANTHU_DECIDE_DIRECTORY_H
#define VANTHU_DECIDE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/span.h"
#include "gateway/model/plan.h"

struct directory;
struct agency; /* inside the directory */

/*
 * Load agencies.conf. Errors begin FILE:LINE. Refused: unknown keys, duplicate agencies,
 * mailboxes or certificates with overlapping dates, parents that are missing or in a circle.
 */
int
directory_load(const char *path, struct directory **out, struct error *e);

void
directory_free(struct directory **d);

/* SHA-256 over the files that were read. */
const uint8_t *
directory_digest(const struct directory *d);

size_t
directory_count(const struct directory *d);
const struct agency *
directory_at(const struct directory *d, size_t index);

/* By id; NULL when there is none. */
const struct agency *
directory_find(const struct directory *d, struct span id);

/* Whose mailbox it is at that time (domain without case, local part exact); NULL = nobody. */
const struct agency *
directory_by_mailbox(const struct directory *d, struct span address, int64_t at);

/*
 * Which agency's certificate this is: by fingerprint, else the first agency whose pattern
 * takes it (a pattern of an issuer alone says nothing about the agency and is left out).
 */
const struct agency *
directory_by_certificate(const struct directory *d, const uint8_t sha256[32],
    struct span subject, struct span issuer, struct span serial, int64_t at);

/* Groups of agencies, named in routing.conf as "group:ID". */
size_t
directory_group_count(const struct directory *d);
const char *
directory_group_id(const struct directory *d, size_t group);
size_t
directory_group_size(const struct directory *d, size_t group);
const struct agency *
directory_group_member(const struct directory *d, size_t group, size_t index);

const char *
agency_id(const struct agency *a);
const char *
agency_name(const struct agency *a); /* Vietnamese, for people */
const char *
agency_code(const struct agency *a); /* identification code (mã định danh), or "" */
/* Its place in the directory: directory_at(d, agency_index(a)) == a. */
size_t
agency_index(const struct agency *a);
/* The agency above it, or NULL. */
const struct agency *
agency_parent(const struct agency *a);
/* `a` is below `above`, directly or further down. */
bool
agency_is_below(const struct agency *a, const struct agency *above);
size_t
agency_mailbox_count(const struct agency *a);
const char *
agency_mailbox(const struct agency *a, size_t index);
/*
 * May this certificate speak for the agency? When agencies.conf lists certificates for it
 * that hold at that time, only those may; when it lists none at all, any that the anchors
 * vouch for and whose address is the sender's may.
 */
bool
agency_takes_certificate(const struct agency *a, const uint8_t sha256[32],
    struct span subject, struct span issuer, struct span serial, int64_t at);

/* Anchors and bindings, for whoever builds the trust: called once for each. */
struct directory_anchor {
	const char *file; /* made absolute from the folder of agencies.conf */
	int64_t valid_from, valid_to;
};
size_t
directory_anchor_count(const struct directory *d);
struct directory_anchor
directory_anchor(const struct directory *d, size_t index);

struct directory_binding {
	uint8_t sha256[32];
	const char *address;
};
size_t
directory_binding_count(const struct directory *d);
struct directory_binding
directory_binding(const struct directory *d, size_t index);

#endif
