/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that are open, and the choice among those of one agency. Two certificates may
 * overlap: the newer one signs from its first day, the older one need not be taken out on
 * that day. Dates are looked at with every request, never only at start.
 */
#include "gateway/keys/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "gateway/keys/keys_conf.h"
#include "gateway/keys/seal.h"
#include "gateway/keys/store_pem.h"

#define DAY_SECONDS 86400

struct keyring_entry {
	char agency[sizeof(((struct seal_request *)0)->agency)];
	struct key *key;
};

struct keyring {
	size_t count;
	struct keyring_entry entries[];
};

static int
find_fd(const struct keys_conf_entry *entry, const struct keys_fd *fds, size_t fd_count,
    int *out, struct error *e)
{
	*out = -1;
	if (entry->passphrase_fd == NULL)
		return 0;
	for (size_t i = 0; i < fd_count; i++) {
		if (strcmp(fds[i].name, entry->passphrase_fd) == 0) {
			*out = fds[i].fd;
			return 0;
		}
	}
	return error_set(e, ERR_PERM, "passphrase_fd: no descriptor \"%s\" was passed",
	    entry->passphrase_fd);
}

static int
open_entry(const struct keys_conf_entry *entry, const struct keys_fd *fds, size_t fd_count,
    struct permits *permits, struct keyring_entry *out, struct error *e)
{
	struct store_pem from = {
		.certificate = entry->certificate,
		.key = entry->key,
		.passphrase_file = entry->passphrase_file,
		.pss = entry->pss,
	};

	if (find_fd(entry, fds, fd_count, &from.passphrase_fd, e) < 0 ||
	    permits_add(permits, entry->agency, entry->digests, entry->rate, e) < 0 ||
	    store_pem_load(&from, &out->key, e) < 0)
		return error_prefix(e, "%s: agency %s", entry->where, entry->agency);
	snprintf(out->agency, sizeof(out->agency), "%s", entry->agency);
	return 0;
}

int
keyring_open(const struct keys_conf *c, const struct keys_fd *fds, size_t fd_count,
    int64_t now, struct permits *permits, struct keyring **out, struct error *e)
{
	struct keyring *r = calloc(1, sizeof(*r) + c->count * sizeof(r->entries[0]));
	bool any = false;

	*out = NULL;
	if (r == NULL)
		return error_set(e, ERR_TEMP, "out of memory");
	for (r->count = 0; r->count < c->count; r->count++) {
		struct keyring_entry *entry = &r->entries[r->count];
		if (open_entry(&c->entries[r->count], fds, fd_count, permits, entry, e) < 0)
			goto fail;
		any = any || key_valid_at(entry->key, now);
	}
	if (!any) {
		char date[CLOCK_TEXT_MAX];
		error_set(e, ERR_PERM, "no certificate of keys.conf is valid now; %s: %s %s",
		    c->entries[0].certificate,
		    r->entries[0].key->not_after < now ? "expired at" : "valid from",
		    clock_rfc3339(r->entries[0].key->not_after < now
		            ? r->entries[0].key->not_after
		            : r->entries[0].key->not_before,
		        date));
		goto fail;
	}
	*out = r;
	return 0;
fail:
	keyring_free(&r);
	return -1;
}

void
keyring_free(struct keyring **r)
{
	if (*r == NULL)
		return;
	for (size_t i = 0; i < (*r)->count; i++)
		key_free(&(*r)->entries[i].key);
	free(*r);
	*r = NULL;
}

static const struct key *
newest(const struct keyring *r, const char *agency, int64_t now, int64_t signing_time)
{
	const struct key *best = NULL;

	for (size_t i = 0; i < r->count; i++) {
		const struct key *k = r->entries[i].key;
		if (strcmp(r->entries[i].agency, agency) == 0 && key_valid_at(k, now) &&
		    key_valid_at(k, signing_time) &&
		    (best == NULL || k->not_before > best->not_before))
			best = k;
	}
	return best;
}

int
keyring_pick(const struct keyring *r, const char *agency, int64_t now, int64_t signing_time,
    const struct key **out, struct error *e)
{
	*out = newest(r, agency, now, signing_time);
	if (*out == NULL)
		return error_set(
		    e, ERR_TEMP, "agency %s has no certificate that is valid now", agency);
	return 0;
}

/* The last second at which the agency can sign without a gap from now on. */
static int64_t
last_second(const struct keyring *r, const char *agency, int64_t now)
{
	int64_t end = now - 1;

	for (;;) {
		int64_t next = end;
		for (size_t i = 0; i < r->count; i++) {
			const struct key *k = r->entries[i].key;
			if (strcmp(r->entries[i].agency, agency) == 0 &&
			    key_valid_at(k, end + 1) && k->not_after > next)
				next = k->not_after;
		}
		if (next == end)
			return end;
		end = next;
	}
}

void
keyring_report(const struct keyring *r, int64_t now)
{
	char date[CLOCK_TEXT_MAX];

	for (size_t i = 0; i < r->count; i++) {
		const char *agency = r->entries[i].agency;
		bool first = true;
		for (size_t j = 0; j < i; j++)
			first = first && strcmp(r->entries[j].agency, agency) != 0;
		if (!first)
			continue;
		int64_t end = last_second(r, agency, now);
		if (end < now)
			log_error("agency %s has no certificate that is valid now: its "
			          "mail stays with the MTA",
			    agency);
		else if (end - now < KEYRING_EXPIRY_WARNING_DAYS * DAY_SECONDS)
			log_warning("agency %s can sign until %s: add its next key to keys.conf",
			    agency, clock_rfc3339(end, date));
	}
}
