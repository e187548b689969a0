/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.conf and the keys it names: which agency seals with which key, from when. Read once,
 * before vanthu-keyd gives up its files; see keys.conf(5).
 */
#ifndef VANTHU_KEYS_KEYRING_H
#define VANTHU_KEYS_KEYRING_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "gateway/keys/key.h"
#include "gateway/keys/permit.h"

#define KEYRING_KEYS_MAX 512
#define KEYRING_RATE_DEFAULT 600 /* signatures per minute */
#define KEYRING_EXPIRY_WARNING_DAYS 30

/* keys.conf as it stands, no key opened yet. */
struct keys_conf;

int
keys_conf_load(const char *path, struct keys_conf **out, struct error *e);

void
keys_conf_free(struct keys_conf **c);

size_t
keys_conf_count(const struct keys_conf *c);

/* Path of the log of keys. */
const char *
keys_conf_log(const struct keys_conf *c);

/* A descriptor that was passed to the program under a name (passphrase_fd). */
struct keys_fd {
	const char *name;
	int fd;
};

struct keyring;

/*
 * Open every key and fill the permit table. A fault of any key refuses the whole (ERR_PERM
 * begins with its file), but for its dates: a restart must not fail because a key that was
 * replaced has expired. No valid key at all is ERR_PERM.
 */
int
keyring_open(const struct keys_conf *c, const struct keys_fd *fds, size_t fd_count,
    int64_t now, struct permits *permits, struct keyring **out, struct error *e);

void
keyring_free(struct keyring **r);

/*
 * The key that signs for an agency: of those whose certificate is valid now and at the time
 * to be signed, the one that began last. ERR_TEMP when there is none.
 */
int
keyring_pick(const struct keyring *r, const char *agency, int64_t now, int64_t signing_time,
    const struct key **out, struct error *e);

/* Log what an operator must know: agencies without a valid key (error), or whose last key
 * expires within KEYRING_EXPIRY_WARNING_DAYS (warning). */
void
keyring_report(const struct keyring *r, int64_t now);

#endif
