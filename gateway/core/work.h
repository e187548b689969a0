/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one transaction of the ledger needs in memory, whether it is new or taken up again:
 * the envelope, facts and plan, and the messages made from them. Nothing here is durable;
 * the order of what is stands in transaction.c.
 */
#ifndef VANTHU_CORE_WORK_H
#define VANTHU_CORE_WORK_H

#include <stdbool.h>

#include "gateway/core/transaction.h"

struct work {
	struct envelope env;      /* its recipients are those of the plan, in order */
	const struct spool *message; /* as it first came in */
	struct spool *rebuilt;    /* the same, when it had to be put together again */
	struct facts *facts;      /* of message */
	struct spool *content;    /* of an opaque signature, else NULL */
	struct plan *plan;
	struct buf signature;     /* DER, empty unless we signed */
	struct spool *signed_message;
	struct facts *signed_facts;
	struct spool *outgoing;   /* NULL when nothing is relayed */
	struct step_result steps[PLAN_STEPS_MAX]; /* as in the plan */
	bool tried[PLAN_STEPS_MAX];               /* in this attempt */
	/* The recipients of the plan against those of this attempt. */
	uint8_t keys[LIMIT_RECIPIENTS][DELIVERY_KEY_SIZE];
	bool present[LIMIT_RECIPIENTS];
	unsigned place[LIMIT_RECIPIENTS]; /* index in the envelope of this attempt */
};

struct work *
work_new(void);

void
work_free(struct work **w);

/* One more recipient of a new transaction: number `place` of the attempt's envelope. */
void
work_add_recipient(struct work *w, const struct envelope *env, unsigned place,
    const uint8_t key[DELIVERY_KEY_SIZE]);

/* The steps of the plan as open ones. */
void
work_open_steps(struct work *w);

/*
 * Put a stored transaction together again from the ledger's record and the message as it
 * came now. The message is the one that came first, byte for byte: the stored trace fields
 * over the body, which the delivery key says is the same.
 */
int
work_restore(struct work *w, const struct ledger_transaction *t,
    const struct spool *received, const char *spool_dir, struct error *e);

/*
 * The plan for a message that killed its inspector too often: held for everybody, with
 * facts that claim nothing (I8).
 */
int
work_plan_unparsed(struct work *w, const uint8_t policy_digest[32], struct error *e);

/* The job for steps of an action: filing and relaying see the signed message if we signed,
 * holding and notices the one that came in. */
struct act_job
work_job(const struct work *w, const struct gateway *g, enum plan_action action,
    struct deadline d);

bool
work_has_action(const struct work *w, enum plan_action action);

#endif
