/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger as its clients see it: every delivery, its plan, its steps, its end. All calls
 * go to vanthu-ledgerd, the only writer, and return after the answer is on disk. A broken
 * connection is doubt (ERR_TEMP): the caller must not assume that nothing was written (I2).
 */
#ifndef VANTHU_LEDGER_LEDGER_H
#define VANTHU_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/span.h"
#include "gateway/model/envelope.h"
#include "gateway/model/facts.h"
#include "gateway/model/plan.h"

#define LEDGER_REPLY_MAX 480

/* The states of one delivery; see the diagram in core/transaction.c. */
enum delivery_state {
	DELIVERY_NONE,    /* not in the ledger */
	DELIVERY_SEEN,    /* the inspector died on it; nothing is planned */
	DELIVERY_PLANNED, /* plan and intents are on disk, not all is done */
	DELIVERY_CLOSED,  /* all done; the reply is the answer for good */
};

struct delivery_record {
	enum delivery_state state;
	bool busy;             /* planned by a session that is still connected */
	unsigned deaths;       /* how often the inspector died on it */
	char tx[TX_ID_SIZE];   /* the transaction that planned it */
	uint16_t recipient;    /* its index in that plan */
	char reply[LEDGER_REPLY_MAX]; /* CLOSED: "250 2.0.0 ..." as it was answered */
};

/* One step's end, for the close. */
struct step_result {
	char name[PLAN_NAME_MAX + 1];
	bool done;             /* false: still to be done by a redelivery */
	uint8_t digest[32];    /* of the bytes filed, held or sent */
	char where[256];       /* folder, or the next hop's reply */
};

struct delivery_result {
	uint8_t key[DELIVERY_KEY_SIZE];
	bool closed;
	char reply[LEDGER_REPLY_MAX];
};

struct ledger_client;

struct ledger_client *
ledger_client_new(const char *socket);

void
ledger_client_free(struct ledger_client **c);

/* What is known of these deliveries. Reads only. */
int
ledger_lookup(struct ledger_client *c, const uint8_t (*keys)[DELIVERY_KEY_SIZE],
    unsigned count, struct delivery_record *out, struct deadline d, struct error *e);

/* The stored plan, facts and signature of a transaction (buffers initialised by caller). */
struct ledger_transaction {
	struct buf envelope;  /* as ledger_encode_envelope made it */
	struct buf facts;     /* wire form */
	struct buf plan;      /* wire form */
	struct buf signature; /* DER, empty when nothing was signed */
	struct buf outgoing_head; /* what compose put on top, so that a retry sends the same */
	int64_t accepted_at;
};
int
ledger_fetch(struct ledger_client *c, const char *tx, struct ledger_transaction *out,
    struct deadline d, struct error *e);

/* Record that the inspector died on these deliveries; the new count of the first. */
int
ledger_death(struct ledger_client *c, const struct envelope *env,
    const uint8_t (*keys)[DELIVERY_KEY_SIZE], unsigned count, unsigned *deaths,
    struct deadline d, struct error *e);

/*
 * The first commit: plan with all intents, facts, signature. ERR_TEMP "already planned"
 * when another attempt was first (*conflict true).
 */
int
ledger_plan(struct ledger_client *c, const struct envelope *env, struct span facts,
    const struct plan *plan, struct span signature,
    const uint8_t (*keys)[DELIVERY_KEY_SIZE], bool *conflict, struct deadline d,
    struct error *e);

/* The second commit: results of steps and deliveries. After it, and only then, answer. */
int
ledger_close(struct ledger_client *c, const char *tx, const struct step_result *steps,
    unsigned step_count, const struct delivery_result *deliveries, unsigned delivery_count,
    struct deadline d, struct error *e);

/* A line in the trace: a redelivery answered, a hold released or dropped, an alarm. */
int
ledger_note(struct ledger_client *c, const char *tx, const char *what, const char *text,
    struct deadline d, struct error *e);

/* One line of a trace or a list, called in order. */
struct ledger_event {
	char tx[TX_ID_SIZE];
	int64_t at;
	char what[64];   /* "planned", "file:0", "closed", "death", "redelivered", ... */
	char text[600];  /* reason or result */
	char subject[256], sender[256], recipient[256], number[64];
};
typedef void
ledger_event_fn(void *context, const struct ledger_event *event);

/* Everything about a transaction id, Message-ID or document number. */
int
ledger_trace(struct ledger_client *c, const char *what, ledger_event_fn *callback,
    void *context, struct deadline d, struct error *e);

#endif
