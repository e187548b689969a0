/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 over bytes in memory or in a descriptor. */
#ifndef VANTHU_COMMON_DIGEST_H
#define VANTHU_COMMON_DIGEST_H

#include <stdint.h>

#include "common/error.h"
#include "common/span.h"

#define DIGEST_SIZE 32
#define DIGEST_HEX_SIZE (2 * DIGEST_SIZE + 1)

struct digest; /* a running SHA-256 */

struct digest *
digest_new(void);

void
digest_update(struct digest *d, struct span bytes);

/* Write the digest and start again. */
void
digest_final(struct digest *d, uint8_t out[DIGEST_SIZE]);

void
digest_free(struct digest **d);

/* All at once. */
void
digest_of(struct span bytes, uint8_t out[DIGEST_SIZE]);

/* Lower-case hex, NUL-terminated; returns out. */
const char *
digest_hex(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_HEX_SIZE]);

#endif
