/* SPDX-License-Identifier: Apache-2.0 */
/* The signature itself: a digest and a key in, one detached CMS SignedData (DER) out. */
#ifndef VANTHU_KEYS_COMPOSE_H
#define VANTHU_KEYS_COMPOSE_H

#include "common/buf.h"
#include "common/error.h"
#include "gateway/keys/key.h"
#include "gateway/keys/seal.h"

/*
 * Append the DER to out. ERR_TEMP when the key or OpenSSL fails: a key that worked at start
 * is expected to work again.
 */
int
seal_compose(const struct key *k, const struct seal_request *q, struct buf *out,
    struct error *e);

#endif
