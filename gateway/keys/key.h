/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One key that can seal, whatever store it came from. Private to gateway/keys: OpenSSL's
 * objects do not leave this folder.
 */
#ifndef VANTHU_KEYS_KEY_H
#define VANTHU_KEYS_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "common/error.h"

#define KEY_CHAIN_MAX 10    /* certificates of one file, leaf included */
#define KEY_RSA_BITS_MIN 2048
#define KEY_RSA_BITS_MAX 4096

struct key {
	X509 *leaf;
	STACK_OF(X509) *chain; /* intermediates, in order, without a self-signed root */
	EVP_PKEY *private_key;
	int64_t not_before, not_after; /* of the leaf, seconds; both still valid */
	char serial[72];               /* of the leaf, hex, for the log */
	bool pss;                      /* RSASSA-PSS instead of PKCS#1 v1.5 */
};

/* Free what is set, cleansing the private key; accepts NULL, sets NULL. */
void
key_free(struct key **k);

/* The certificate is valid at that time. */
bool
key_valid_at(const struct key *k, int64_t at);

/*
 * May this certificate seal for an agency, and is the private key its own? Fills dates,
 * serial and pss. ERR_PERM says why not; `pss` asks for RSASSA-PSS with a plain RSA key.
 * Dates are not judged here: they change while we run.
 */
int
key_check(struct key *k, bool pss, struct error *e);

#endif
