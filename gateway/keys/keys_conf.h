/* SPDX-License-Identifier: Apache-2.0 */
/* keys.conf as it stands; between keys_conf.c, which fills it, and keyring.c. */
#ifndef VANTHU_KEYS_KEYS_CONF_H
#define VANTHU_KEYS_KEYS_CONF_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct keys_conf_entry {
	const char *agency;
	const char *where;           /* "FILE:LINE" */
	const char *certificate;     /* paths are absolute, or relative to where we started */
	const char *key;
	const char *passphrase_file; /* NULL: none */
	const char *passphrase_fd;   /* name of a passed descriptor; NULL: none */
	bool pss;
	unsigned digests; /* bits 1 << enum seal_digest */
	unsigned rate;    /* signatures per minute */
};

struct keys_conf {
	struct arena *arena; /* holds all that follows */
	const char *log;
	size_t count;
	struct keys_conf_entry *entries;
};

#endif
