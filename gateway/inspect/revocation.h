/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation by the configured lists: good, revoked, unknown and stale are four facts.
 */
#ifndef VANTHU_INSPECT_REVOCATION_H
#define VANTHU_INSPECT_REVOCATION_H

#include <openssl/x509.h>

#include <stdint.h>

#include "common/error.h"
#include "gateway/inspect/finding.h"
#include "gateway/inspect/path.h"
#include "gateway/inspect/trust_store.h"

#define REVOCATION_NOTES_MAX 8

struct revocation {
	/*
	 * CHECK_OK: a list that holds at the judged time clears every certificate below the
	 * anchor. CHECK_FAIL: one was revoked by then. CHECK_UNKNOWN: lists are missing, stale
	 * or unusable. CHECK_SKIPPED: no list is configured.
	 */
	struct finding finding;
	unsigned note_count;
	struct finding notes[REVOCATION_NOTES_MAX];
};

/*
 * Check the certificates of a path at the time `at`; `now` is our clock. Returns -1 only
 * when there is no memory.
 */
int
revocation_check(const struct trust *t, X509 *signer, const struct path *p, int64_t at,
    int64_t now, struct revocation *out, struct error *e);

#endif
