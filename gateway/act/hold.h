/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Held messages: a folder each, TRANSACTION-RECIPIENT, in the hold folder, with original.eml
 * (the bytes as they came) and hold.json (envelope, rule, reason, verdict, dates). A hold is
 * a delivery (I9): durable, in the ledger, until an operator releases or drops it.
 */
#ifndef VANTHU_ACT_HOLD_H
#define VANTHU_ACT_HOLD_H

#include <stdint.h>

#include <jansson.h>

#include "common/error.h"
#include "gateway/model/envelope.h"
#include "gateway/model/spool.h"

#define HOLD_NAME_MAX 63
#define HOLD_RECORD_MAX (1024 * 1024) /* bytes of hold.json */

/* "TX-RECIPIENT", what a held message is called. */
void
hold_name(const char *tx, unsigned recipient, char out[HOLD_NAME_MAX + 1]);

/* Is this the form of such a name? Everything else is refused before it becomes a path. */
bool
hold_name_ok(const char *name);

typedef void
hold_list_fn(void *context, const char *name, const json_t *record);

/*
 * Call back for every held message in the order of their names, which is that of time. A
 * record that cannot be read is passed as NULL: it must be seen, not skipped.
 */
int
hold_list(const char *hold_dir, hold_list_fn *callback, void *context, struct error *e);

/* The record of one (new reference). ERR_PERM when there is no such message. */
int
hold_read(const char *hold_dir, const char *name, json_t **record, struct error *e);

/*
 * The message of one, and the envelope under which it came: source SOURCE_RELEASE, a new
 * transaction id, `slot` the name, the one recipient. accepted_at stays the time of the
 * first acceptance: validity is judged at it.
 */
int
hold_open(const char *hold_dir, const char *name, const char *spool_dir,
    struct envelope *env, struct spool **message, struct error *e);

/* Remove one, durably; nothing happens to the ledger. */
int
hold_remove(const char *hold_dir, const char *name, struct error *e);

#endif
