/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of a question to vanthu-keyd and of its answer, one SOCK_SEQPACKET message each.
 * Both readers treat the writer as hostile: keyd holds the keys, and the session must not
 * fall to a keyd that was taken over.
 */
#ifndef VANTHU_KEYS_PROTOCOL_H
#define VANTHU_KEYS_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/error.h"
#include "common/span.h"
#include "gateway/keys/seal.h"

#define SEAL_REQUEST_MAX 256
#define SEAL_ANSWER_MAX (SEAL_SIGNATURE_MAX + 512)

/* Bytes of a digest: 32, 48, 64. */
unsigned
seal_digest_size(enum seal_digest d);

/* "sha-256", ...: the micalg of RFC 8551 3.5.3.2, also the name in keys.conf. */
const char *
seal_digest_name(enum seal_digest d);

bool
seal_digest_parse(struct span name, enum seal_digest *out);

/* Letters, digits, "-", "_" and ".": what an agency id and a transaction id are made of. */
bool
seal_is_name(const char *s);

void
seal_request_encode(const struct seal_request *q, struct buf *out);

/* ERR_PERM when a field does not hold: such a request was not made by our client. */
int
seal_request_decode(struct span wire, struct seal_request *out, struct error *e);

/* The answer that carries a signature, or the reason why there is none. */
void
seal_answer_encode(const struct seal_answer *a, struct buf *out);
void
seal_refusal_encode(const struct error *why, struct buf *out);

/*
 * Read the answer to q. 0: the signature was appended to out. -1: e holds keyd's refusal in
 * its class, or ERR_TEMP "keyd: ..." when the answer itself does not hold.
 */
int
seal_answer_decode(struct span wire, const struct seal_request *q, struct seal_answer *out,
    struct error *e);

#endif
