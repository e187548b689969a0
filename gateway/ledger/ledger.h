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
#include "common/digest.h"
#include "common/error.h"
#include "common/span.h"
#include "gateway/model/envelope.h"
#include "gateway/model/facts.h"
#include "gateway/model/plan.h"

#define LEDGER_REPLY_MAX 480

/* The states of one delivery; see the diagram in core/transaction.c. */
enum delivery_state {
	DELIVERY_NONE,    /* not in the ledger, or closed longer ago than the window */
	DELIVERY_SEEN,    /* the inspector died on it; nothing is planned */
	DELIVERY_PLANNED, /* plan and intents are on disk, not all is done */
	DELIVERY_CLOSED,  /* all done; the reply is the answer for good */
};

struct delivery_record {
	enum delivery_state state;
	bool busy;             /* a session that is still connected works on its transaction */
	unsigned deaths;       /* how often the inspector died on it */
	char tx[TX_ID_SIZE];   /* the transaction that planned it */
	uint16_t recipient;    /* its index in that plan */
	char reply[LEDGER_REPLY_MAX]; /* CLOSED: "250 2.0.0 ..." as it was answered */
};

enum step_state {
	STEP_OPEN,    /* an intent: may have been tried, must be performed (again) */
	STEP_DONE,
	STEP_REFUSED, /* the next hop said no for good */
	STEP_STATE_COUNT,
};

/* One step and how it ended. */
struct step_result {
	char name[PLAN_NAME_MAX + 1];
	enum step_state state;
	uint8_t digest[DIGEST_SIZE]; /* of the bytes filed, held or sent */
	unsigned code;               /* of the next hop's reply, 0 if there was none */
	char status[12];
	char text[256];              /* folder, or the next hop's words, or what failed */
};

struct delivery_result {
	uint8_t key[DELIVERY_KEY_SIZE];
	bool closed;
	char reply[LEDGER_REPLY_MAX]; /* what is answered; kept when closed, else for the trace */
};

struct ledger_client;

/* `socket` is copied. Nothing is connected yet; a lost connection is made anew. */
struct ledger_client *
ledger_client_new(const char *socket);

void
ledger_client_free(struct ledger_client **c);

/* What is known of these deliveries. Reads only. */
int
ledger_lookup(struct ledger_client *c, const uint8_t (*keys)[DELIVERY_KEY_SIZE],
    unsigned count, struct delivery_record *out, struct deadline d, struct error *e);

/* What the first commit writes. Everything is borrowed. */
struct ledger_intent {
	const struct envelope *envelope;
	const struct plan *plan;   /* its recipients are the envelope's, in order */
	const struct facts *facts; /* of the message as received */
	const struct facts *signed_facts; /* of the message that we signed; NULL if we did not */
	struct span signature;     /* DER; empty if we did not sign */
	struct span head;          /* the trace fields on top, see spool_body_offset */
	const uint8_t *received_digest; /* SHA-256 of the message as received */
	const uint8_t *outgoing_digest; /* and of what is relayed; NULL if nothing is */
	const uint8_t (*keys)[DELIVERY_KEY_SIZE]; /* one for each recipient */
};

/*
 * The first commit: plan with all intents, facts, signature. *conflict is true (and the
 * result -1, ERR_TEMP) when another attempt was first with one of the deliveries: nothing
 * is written then. After success the transaction is this connection's until it is closed.
 */
int
ledger_plan(struct ledger_client *c, const struct ledger_intent *intent, bool *conflict,
    struct deadline d, struct error *e);

/*
 * More steps for a transaction that this connection holds: `plan` is the whole plan with
 * the new steps at its end. For what a next hop's refusal makes necessary.
 */
int
ledger_amend(struct ledger_client *c, const struct plan *plan, struct deadline d,
    struct error *e);

/* A stored transaction, to be taken up again. Buffers are made by ledger_fetch. */
struct ledger_transaction {
	struct buf envelope;     /* see ledger_decode_envelope */
	struct buf head;
	struct buf facts;        /* wire form */
	struct buf signed_facts; /* wire form; empty when nothing was signed */
	struct buf signature;    /* DER; empty when nothing was signed */
	struct buf plan;         /* wire form */
	uint8_t received_digest[DIGEST_SIZE];
	uint8_t outgoing_digest[DIGEST_SIZE]; /* zeros when nothing is relayed */
	unsigned step_count;     /* as in the plan */
	struct step_result steps[PLAN_STEPS_MAX];
};

/*
 * Fetch and make it this connection's. *busy is true (and the result -1, ERR_TEMP) when
 * another session has it. Free with ledger_transaction_free.
 */
int
ledger_fetch(struct ledger_client *c, const char *tx, struct ledger_transaction **out,
    bool *busy, struct deadline d, struct error *e);

void
ledger_transaction_free(struct ledger_transaction **t);

/* Record that the inspector died on these deliveries; *deaths is the highest new count. */
int
ledger_death(struct ledger_client *c, const struct envelope *env,
    const uint8_t (*keys)[DELIVERY_KEY_SIZE], unsigned count, unsigned *deaths,
    struct deadline d, struct error *e);

/*
 * The second commit: results of steps and deliveries. After it, and only then, answer. A
 * step that is done and a delivery that is closed stay so. The transaction is nobody's
 * afterwards; what is left open is for a redelivery.
 */
int
ledger_close(struct ledger_client *c, const char *tx, const struct step_result *steps,
    unsigned step_count, const struct delivery_result *deliveries, unsigned delivery_count,
    struct deadline d, struct error *e);

/* A line in the trace: a redelivery answered, a hold released or dropped, an alarm. */
int
ledger_note(struct ledger_client *c, const char *tx, const char *what, const char *text,
    struct deadline d, struct error *e);

/* One line of a trace, called in order. */
struct ledger_event {
	char tx[TX_ID_SIZE];
	int64_t at;
	char what[64];   /* "received", "decided", "file:0", "closed", "death", ... */
	char text[600];  /* reason or result */
	char subject[256], sender[256], recipient[256], number[64];
};
typedef void
ledger_event_fn(void *context, const struct ledger_event *event);

/* Everything about a transaction id, Message-ID or document number. */
int
ledger_trace(struct ledger_client *c, const char *what, ledger_event_fn *callback,
    void *context, struct deadline d, struct error *e);

/* The stored form of an envelope. */
void
ledger_encode_envelope(const struct envelope *env, struct buf *out);

/* ERR_BUG when it does not hold. */
int
ledger_decode_envelope(struct span wire, struct envelope *out, struct error *e);

#endif
