/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of vanthu-keyd, and its answer: {agency, digest algorithm, digest, time,
 * transaction} in, one complete detached CMS signature (DER) out. keyd builds the signed
 * attributes itself, so it can never be made to sign other bytes.
 */
#ifndef VANTHU_KEYS_SEAL_H
#define VANTHU_KEYS_SEAL_H

#include <stdint.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/span.h"

#define SEAL_SIGNATURE_MAX (32 * 1024)

enum seal_digest { SEAL_SHA256, SEAL_SHA384, SEAL_SHA512 };

struct seal_request {
	char agency[64];
	enum seal_digest algorithm;
	uint8_t digest[64];
	unsigned digest_size;
	int64_t signing_time; /* seconds; keyd refuses what is far from its own clock */
	char tx[27];
};

struct seal_answer {
	char micalg[16];      /* "sha-256", ... (RFC 8551 3.5.3.2) */
	struct buf signature; /* DER; initialised by the caller */
};

/* Connected to keyd; one for each process, connects again when keyd was restarted. */
struct seal_client;

/* `socket` is copied. Nothing is connected yet. */
struct seal_client *
seal_client_new(const char *socket);

void
seal_client_free(struct seal_client **c);

/*
 * Ask for a signature. ERR_TEMP: keyd away, key missing, locked or failing (the message
 * stays with the MTA, never unsigned). ERR_PERM: keyd's permit table says no.
 */
int
seal_request(struct seal_client *c, const struct seal_request *q, struct deadline d,
    struct seal_answer *out, struct error *e);

#endif
