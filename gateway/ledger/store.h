/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the ledger is kept: the one header behind which a database stands. Whoever calls
 * (server.c) knows batches, connections and who holds what; the store knows rows.
 *
 * Writes happen between store_begin and store_commit. Each request lies between store_mark
 * and store_keep or store_undo, so that the failure of one leaves the others of its batch
 * untouched. Times are given, never read.
 */
#ifndef VANTHU_LEDGER_STORE_H
#define VANTHU_LEDGER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/error.h"
#include "gateway/ledger/ledger.h"
#include "gateway/ledger/protocol.h"

struct store;

/*
 * Open or make the ledger in a directory. window_seconds: how long a closed delivery is
 * remembered as the same one. ERR_PERM when another process has it or when it is of a later
 * version.
 */
int
store_open(const char *directory, int64_t window_seconds, struct store **out,
    struct error *e);

void
store_free(struct store **s);

int
store_begin(struct store *s, struct error *e);
/* On disk when it returns 0. After -1 the state is unclear: the process must end. */
int
store_commit(struct store *s, struct error *e);
void
store_rollback(struct store *s);

int
store_mark(struct store *s, struct error *e);
int
store_keep(struct store *s, struct error *e);
void
store_undo(struct store *s);

/* Reads. They see what is committed. */
int
store_lookup(struct store *s, const uint8_t key[DELIVERY_KEY_SIZE], int64_t now,
    struct delivery_record *out, struct error *e);
/* Appends both digests, the count of steps and the steps, as answered to OP_CLAIM. */
int
store_steps(struct store *s, struct span tx, struct buf *out, struct error *e);
/* Appends one stored piece. */
int
store_blob(struct store *s, struct span tx, enum ledger_blob which, struct buf *out,
    struct error *e);

/* Called for each event in order; false stops. */
typedef bool
store_event_fn(void *context, uint64_t id, const struct ledger_event *event);
int
store_trace(struct store *s, struct span what, uint64_t after, store_event_fn *callback,
    void *context, struct error *e);

/* Writes. */
int
store_plan(struct store *s, const struct ledger_request *q, int64_t now, bool *conflict,
    struct error *e);
int
store_amend(struct store *s, const struct ledger_request *q, int64_t now, struct error *e);
int
store_close(struct store *s, const struct ledger_request *q, int64_t now, struct error *e);
int
store_death(struct store *s, const struct ledger_request *q, int64_t now, unsigned *deaths,
    struct error *e);
int
store_note(struct store *s, const struct ledger_request *q, int64_t now, struct error *e);

#endif
