/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The permit table: for each agency which digests may be signed and how often. What is not
 * in the table is refused.
 */
#ifndef VANTHU_KEYS_PERMIT_H
#define VANTHU_KEYS_PERMIT_H

#include <stdint.h>

#include "common/error.h"
#include "gateway/keys/seal.h"

/*
 * How far the time to be signed may be from keyd's clock. An hour covers the budget of one
 * message (300 s) and the retries of a busy MTA many times, and it is the difference above
 * which clients call a signature invalid against the Date of the mail.
 */
#define PERMIT_SKEW_SECONDS 3600
#define PERMIT_RATE_MAX 1000000 /* signatures per minute */

struct permits;

struct permits *
permits_new(void);

void
permits_free(struct permits **p);

/*
 * A row: digests is a set of bits 1 << enum seal_digest, rate is signatures per minute. A
 * second row of the same agency must say the same (ERR_PERM).
 */
int
permits_add(struct permits *p, const char *agency, unsigned digests, unsigned rate,
    struct error *e);

/*
 * May this be signed now? Counts it when it may. ERR_PERM: never (digest not allowed).
 * ERR_TEMP: not now (no row yet, rate, clocks apart).
 */
int
permits_take(struct permits *p, const struct seal_request *q, int64_t now, int64_t now_ms,
    struct error *e);

#endif
