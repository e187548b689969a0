/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyd's own log: one line for each use of a key and each refusal. Opened before the
 * sandbox, only ever appended to.
 */
#ifndef VANTHU_KEYS_KEYLOG_H
#define VANTHU_KEYS_KEYLOG_H

#include <stdbool.h>

#include "common/error.h"
#include "gateway/keys/seal.h"

#define KEYLOG_REFUSALS_PER_MINUTE 120

struct keylog;

/* Open or create (0600, O_APPEND). A link, or a file that others can write, is refused. */
int
keylog_open(const char *path, struct keylog **out, struct error *e);

void
keylog_close(struct keylog **l);

/*
 * A key was used. On error the signature must not be given out: what is not in the log did
 * not happen.
 */
int
keylog_signed(struct keylog *l, const struct seal_request *q, const char *serial,
    struct error *e);

/*
 * A request was refused; q is NULL when it could not be read. At most
 * KEYLOG_REFUSALS_PER_MINUTE lines a minute: a hostile client cannot fill the disk, and the
 * next line says how many were left out. True when a line was written.
 */
bool
keylog_refused(struct keylog *l, const struct seal_request *q, const struct error *why);

#endif
