/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Usage: may this certificate sign mail? And strength: are the keys and digests of the
 * chain and the signature strong enough?
 */
#ifndef VANTHU_INSPECT_USAGE_H
#define VANTHU_INSPECT_USAGE_H

#include <openssl/x509.h>

#include "gateway/inspect/cms.h"
#include "gateway/inspect/finding.h"
#include "gateway/inspect/path.h"
#include "gateway/inspect/profile.h"

#define USAGE_NOTES_MAX 8

struct usage {
	struct finding finding;
	unsigned note_count; /* relaxations that were used */
	struct finding notes[USAGE_NOTES_MAX];
};

/* Judge the certificates of the chain: form, key usage, extended key usage, addresses. */
void
usage_check(X509 *signer, const struct path *p, const struct profile *profile,
    struct usage *out);

/*
 * Judge the algorithms of the signature, of the signer's key and of the chain at the time
 * `at`. The finding's reason may have the verdict INVALID or LIMIT (a key that is no key).
 */
void
usage_check_strength(const struct cms *c, X509 *signer, const struct path *p,
    const struct profile *profile, int64_t at, struct usage *out);

#endif
