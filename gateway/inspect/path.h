/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path: from the signer's certificate to a configured anchor (RFC 5280 section 6), at
 * the judged time. Revocation, purpose, strength of keys and identity are other checks.
 */
#ifndef VANTHU_INSPECT_PATH_H
#define VANTHU_INSPECT_PATH_H

#include <openssl/x509.h>

#include <stdbool.h>
#include <stdint.h>

#include "gateway/inspect/finding.h"
#include "gateway/inspect/trust_store.h"

#define PATH_LENIENT_MAX 4

struct path {
	STACK_OF(X509) *chain;   /* signer first, anchor last when it holds; own references */
	STACK_OF(X509) *anchors; /* those that were allowed; borrowed elements */
	STACK_OF(X509) *bag;     /* the message's certificates that were allowed; likewise */
	struct finding finding;  /* CHECK_OK or CHECK_FAIL */
	unsigned lenient_count;  /* harmless faults passed over, as notes */
	struct finding lenient[PATH_LENIENT_MAX];
};

/*
 * Build and judge. bag: what the message carries, borrowed, never trusted. Freed by
 * path_free in every case. Returns -1 only when there is no memory.
 */
int
path_build(const struct trust *t, X509 *signer, STACK_OF(X509) *bag, int64_t at,
    struct path *out, struct error *e);

void
path_free(struct path *p);

/*
 * A verification context over the same certificates at the same time, for the revocation
 * check; NULL when there is no memory.
 */
X509_STORE_CTX *
path_context(const struct trust *t, X509 *signer, const struct path *p, int64_t at);

/* Is this complaint of OpenSSL's one that validation passes over? NULL, or its words. */
const char *
path_harmless(int error);

#endif
