/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of struct trust, for the path, revocation and identity checks.
 */
#ifndef VANTHU_INSPECT_TRUST_STORE_H
#define VANTHU_INSPECT_TRUST_STORE_H

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <stdint.h>

#include "common/span.h"
#include "gateway/inspect/profile.h"
#include "gateway/inspect/trust.h"
#include "gateway/model/limits.h"

struct anchor {
	X509 *certificate;
	int64_t valid_from, valid_to; /* judged times for which it may be used */
};

struct binding {
	uint8_t sha256[32];
	char address[LIMIT_ADDRESS_BYTES + 1];
};

struct trust {
	struct anchor *all;
	size_t anchor_count, anchor_room;
	struct binding *bindings;
	size_t binding_count, binding_room;
	STACK_OF(X509_CRL) *crls;
	struct profile profile;

	/* What trust_choose() chose: the same for all times in [chosen_from, chosen_to). */
	int64_t chosen_from, chosen_to;
	X509_STORE *store;       /* the chosen anchors: what a list's own signer must lead to */
	STACK_OF(X509) *anchors; /* the chosen anchors; borrowed elements */
};

/* Choose the anchors that may be used at that time. Cheap when they are the same as before. */
int
trust_choose(struct trust *t, int64_t at, struct error *e);

/* Does configuration bind this certificate to this address? */
bool
trust_is_bound(const struct trust *t, const uint8_t sha256[32], struct span address);

#endif
