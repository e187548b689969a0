/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the directory. Mailboxes, agencies and fingerprints are found in sorted
 * tables by halving; there is no hash table that a sender could fill on purpose. Patterns of
 * certificates are tried one after the other, each in linear time. Loading is in
 * directory_load.c.
 */
#include "gateway/decide/directory.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/decide/directory_private.h"
#include "gateway/decide/glob.h"
#include "gateway/model/envelope.h"

void
directory_free(struct directory **d)
{
	if (*d != NULL)
		arena_free(&(*d)->arena);
	free(*d);
	*d = NULL;
}

const uint8_t *
directory_digest(const struct directory *d)
{
	return d->digest;
}

size_t
directory_count(const struct directory *d)
{
	return d->agency_count;
}

const struct agency *
directory_at(const struct directory *d, size_t index)
{
	return index < d->agency_count ? &d->agencies[index] : NULL;
}

static int
compare_spans(struct span a, struct span b)
{
	size_t least = a.len < b.len ? a.len : b.len;
	int c = least == 0 ? 0 : memcmp(a.ptr, b.ptr, least);

	if (c != 0)
		return c;
	return a.len < b.len ? -1 : a.len > b.len;
}

static int
compare_nocase(struct span a, struct span b)
{
	size_t least = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < least; i++) {
		int x = a.ptr[i], y = b.ptr[i];

		x += x >= 'A' && x <= 'Z' ? 'a' - 'A' : 0;
		y += y >= 'A' && y <= 'Z' ? 'a' - 'A' : 0;
		if (x != y)
			return x - y;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

int
directory_compare_address(struct span a, struct span b)
{
	struct span da = envelope_domain(a), db = envelope_domain(b);
	int c = compare_nocase(da, db);

	if (c != 0)
		return c;
	return compare_spans(span_sub(a, 0, a.len - da.len),
	    span_sub(b, 0, b.len - db.len));
}

const struct agency *
directory_find(const struct directory *d, struct span id)
{
	size_t low = 0, high = d->agency_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = compare_spans(span_str(d->by_id[middle]->id), id);

		if (c == 0)
			return d->by_id[middle];
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* The first row whose address is not before this one. */
static size_t
mailbox_lower(const struct directory *d, struct span address)
{
	size_t low = 0, high = d->mailbox_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (directory_compare_address(
			span_str(d->mailboxes[middle].address), address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct agency *
directory_by_mailbox(const struct directory *d, struct span address, int64_t at)
{
	if (address.len == 0)
		return NULL;
	for (size_t i = mailbox_lower(d, address); i < d->mailbox_count; i++) {
		const struct mailbox *m = &d->mailboxes[i];

		if (directory_compare_address(span_str(m->address), address) != 0)
			break;
		if (period_holds(m->period, at))
			return m->agency;
	}
	return NULL;
}

static size_t
digest_lower(const struct directory *d, const uint8_t sha256[32])
{
	size_t low = 0, high = d->by_digest_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(d->by_digest[middle]->sha256, sha256, 32) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Serial numbers are compared as numbers: hex without leading zeros. */
static struct span
without_zeros(struct span hex)
{
	size_t i = 0;

	while (i + 1 < hex.len && hex.ptr[i] == '0')
		i++;
	return span_from(hex, i);
}

static bool
pattern_takes(const struct certificate *c, struct span subject, struct span issuer,
    struct span serial)
{
	return (c->subject == NULL || glob_match(span_str(c->subject), subject)) &&
	    (c->issuer == NULL || glob_match(span_str(c->issuer), issuer)) &&
	    (c->serial == NULL ||
		span_equal_nocase(without_zeros(span_str(c->serial)), without_zeros(serial)));
}

const struct agency *
directory_by_certificate(const struct directory *d, const uint8_t sha256[32],
    struct span subject, struct span issuer, struct span serial, int64_t at)
{
	for (size_t i = digest_lower(d, sha256); i < d->by_digest_count; i++) {
		const struct certificate *c = d->by_digest[i];

		if (memcmp(c->sha256, sha256, 32) != 0)
			break;
		if (period_holds(c->period, at))
			return c->agency;
	}
	for (size_t i = 0; i < d->certificate_count; i++) {
		const struct certificate *c = &d->certificates[i];

		if (!c->by_digest && (c->subject != NULL || c->serial != NULL) &&
		    period_holds(c->period, at) && pattern_takes(c, subject, issuer, serial))
			return c->agency;
	}
	return NULL;
}

bool
agency_takes_certificate(const struct agency *a, const uint8_t sha256[32],
    struct span subject, struct span issuer, struct span serial, int64_t at)
{
	for (size_t i = 0; i < a->certificate_count; i++) {
		const struct certificate *c = &a->certificates[i];

		if (!period_holds(c->period, at))
			continue;
		if (c->by_digest ? memcmp(c->sha256, sha256, 32) == 0 :
				   pattern_takes(c, subject, issuer, serial))
			return true;
	}
	return a->certificate_count == 0;
}

size_t
directory_group_count(const struct directory *d)
{
	return d->group_count;
}

const char *
directory_group_id(const struct directory *d, size_t group)
{
	return d->groups[group].id;
}

size_t
directory_group_size(const struct directory *d, size_t group)
{
	return d->groups[group].member_count;
}

const struct agency *
directory_group_member(const struct directory *d, size_t group, size_t index)
{
	return d->groups[group].members[index];
}

const char *
agency_id(const struct agency *a)
{
	return a->id;
}

const char *
agency_name(const struct agency *a)
{
	return a->name;
}

const char *
agency_code(const struct agency *a)
{
	return a->code;
}

size_t
agency_index(const struct agency *a)
{
	return a->index;
}

const struct agency *
agency_parent(const struct agency *a)
{
	return a->parent;
}

bool
agency_is_below(const struct agency *a, const struct agency *above)
{
	for (a = a->parent; a != NULL; a = a->parent) {
		if (a == above)
			return true;
	}
	return false;
}

size_t
agency_mailbox_count(const struct agency *a)
{
	return a->mailbox_count;
}

const char *
agency_mailbox(const struct agency *a, size_t index)
{
	return index < a->mailbox_count ? a->mailboxes[index] : NULL;
}

size_t
directory_anchor_count(const struct directory *d)
{
	return d->anchor_count;
}

struct directory_anchor
directory_anchor(const struct directory *d, size_t index)
{
	return d->anchors[index];
}

size_t
directory_binding_count(const struct directory *d)
{
	return d->binding_count;
}

struct directory_binding
directory_binding(const struct directory *d, size_t index)
{
	return d->bindings[index];
}
