/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question in, one answer out: what vanthu-keyd does, without its sockets. All that it
 * needs is open before the first question.
 */
#ifndef VANTHU_KEYS_SEALER_H
#define VANTHU_KEYS_SEALER_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/error.h"
#include "common/span.h"
#include "gateway/keys/keyring.h"

struct sealer;

/* Open the keys and the log of keys.conf, the secure heap of OpenSSL before them. */
int
sealer_open(const char *keys_conf, const struct keys_fd *fds, size_t fd_count,
    struct sealer **out, struct error *e);

void
sealer_free(struct sealer **s);

/* Append the answer (signature or refusal). Fails only for want of memory (buf failed). */
void
sealer_answer(struct sealer *s, struct span request, struct buf *answer);

/* Say in the log what an operator must know of the keys; at start and once a day. */
void
sealer_report(const struct sealer *s);

#endif
