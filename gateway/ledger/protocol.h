/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between a client and vanthu-ledgerd: requests and answers over SOCK_SEQPACKET, one
 * question at a time on a connection.
 *
 * A request is cut into fragments, each one message: a byte that says whether it is the
 * last, then at most LEDGER_FRAGMENT_MAX bytes. An answer is always one message; what could
 * be larger (a stored plan, a trace) is asked for piece by piece.
 */
#ifndef VANTHU_LEDGER_PROTOCOL_H
#define VANTHU_LEDGER_PROTOCOL_H

#include "common/buf.h"
#include "common/error.h"
#include "common/ipc.h"
#include "common/span.h"
#include "gateway/ledger/ledger.h"

#define LEDGER_FRAGMENT_MAX (128 * 1024)
#define LEDGER_REQUEST_MAX (1024 * 1024)
#define LEDGER_TEXT_MAX 1000 /* bytes of a subject, Message-ID, number or note */

enum ledger_fragment { FRAGMENT_MORE = 0, FRAGMENT_LAST = 1 };

enum ledger_op {
	OP_LOOKUP = 1,
	OP_CLAIM, /* take a planned transaction; its digests and steps */
	OP_BLOB,  /* one piece of it */
	OP_DEATH,
	OP_PLAN,
	OP_AMEND,
	OP_CLOSE,
	OP_NOTE,
	OP_TRACE,
	OP_END,
};

enum ledger_blob {
	BLOB_ENVELOPE,
	BLOB_HEAD,
	BLOB_FACTS,
	BLOB_SIGNED_FACTS,
	BLOB_SIGNATURE,
	BLOB_PLAN,
	BLOB_COUNT,
};

struct request_delivery {
	const uint8_t *key;   /* DELIVERY_KEY_SIZE bytes */
	struct span address;  /* death, plan */
	struct span rule;     /* plan */
	struct span decision; /* plan: "deliver", "hold inspector-died", ... */
	bool closed;          /* close */
	struct span reply;    /* close */
};

struct request_step {
	struct span name;
	uint8_t action;             /* plan: enum plan_action */
	uint16_t recipient;         /* plan */
	struct span target;         /* plan */
	uint8_t state;              /* close: enum step_state */
	const uint8_t *digest;      /* close */
	uint16_t code;              /* close */
	struct span status, text;   /* close */
};

/* A request as ledgerd reads it; spans and pointers lie in the bytes it was read from. */
struct ledger_request {
	enum ledger_op op;
	struct span tx;
	unsigned delivery_count;
	struct request_delivery deliveries[LIMIT_RECIPIENTS];
	unsigned step_count;
	struct request_step steps[PLAN_STEPS_MAX];

	/* plan and death */
	struct span source, zone, sender;
	int64_t accepted_at;
	/* plan */
	struct span subject, message_id, number, verdict;
	const uint8_t *received_digest, *outgoing_digest;
	struct span blobs[BLOB_COUNT]; /* amend: only the plan */
	/* blob */
	enum ledger_blob blob;
	/* note: what and text. trace: what, and the last event already seen */
	struct span what, text;
	uint64_t after;
};

/* True for what changes the ledger and so waits for a commit. */
bool
ledger_op_writes(enum ledger_op op);

void
request_put_lookup(struct buf *b, const uint8_t (*keys)[DELIVERY_KEY_SIZE], unsigned count);
void
request_put_claim(struct buf *b, const char *tx);
void
request_put_blob(struct buf *b, const char *tx, enum ledger_blob which);
void
request_put_death(struct buf *b, const struct envelope *env,
    const uint8_t (*keys)[DELIVERY_KEY_SIZE], unsigned count);
void
request_put_plan(struct buf *b, const struct ledger_intent *intent);
void
request_put_amend(struct buf *b, const struct plan *plan);
void
request_put_close(struct buf *b, const char *tx, const struct step_result *steps,
    unsigned step_count, const struct delivery_result *deliveries, unsigned delivery_count);
void
request_put_note(struct buf *b, const char *tx, const char *what, const char *text);
void
request_put_trace(struct buf *b, struct span what, uint64_t after);

/* Read a whole request from a client that may be broken or hostile. */
int
request_read(struct span wire, struct ledger_request *out, struct error *e);

/*
 * Answers. Each begins with a result: 0, or the class of an error and its text; a conflict
 * is an ERR_TEMP that says so.
 */
void
answer_put_done(struct buf *b);
void
answer_put_error(struct buf *b, const struct error *e, bool conflict);
void
answer_put_records(struct buf *b, const struct delivery_record *records, unsigned count);
void
answer_put_step(struct buf *b, const struct step_result *step);
void
answer_put_event(struct buf *b, const struct ledger_event *event);

/* The head: 0 and *in stands at the rest, or -1 with the error that was answered. */
int
answer_read_head(struct wire_in *in, bool *conflict, struct error *e);
void
answer_read_record(struct wire_in *in, struct delivery_record *out);
void
answer_read_step(struct wire_in *in, struct step_result *out);
void
answer_read_event(struct wire_in *in, struct ledger_event *out);

#endif
