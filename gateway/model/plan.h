/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: the frozen decision on one message. For each recipient the rule that won and
 * what becomes of the message; and the ordered steps, each with a stable name, that bring
 * it about. Made once by decide, stored in the ledger, performed by act, never decided
 * again (I4).
 */
#ifndef VANTHU_MODEL_PLAN_H
#define VANTHU_MODEL_PLAN_H

#include <stdint.h>

#include "common/buf.h"
#include "common/error.h"
#include "common/span.h"
#include "gateway/model/envelope.h"
#include "gateway/model/limits.h"
#include "gateway/model/reason.h"

#define PLAN_NAME_MAX 63 /* of a rule, an agency, a step */
#define PLAN_TEXT_MAX 400
#define PLAN_LABEL_MAX 200 /* bytes of an agency's name for people */
#define PLAN_STEPS_MAX (4 * LIMIT_RECIPIENTS)
#define PLAN_ENCODED_MAX (176 * 1024)

enum plan_outcome {
	OUTCOME_DELIVER, /* relayed (and filed where the rule says so) */
	OUTCOME_HOLD,    /* kept for a person to look at */
	OUTCOME_REFUSE,  /* said no, with the reason */
};

enum plan_action {
	ACTION_FILE,   /* into the intake folder of `target` (an agency id) */
	ACTION_HOLD,   /* into the hold folder */
	ACTION_RELAY,  /* to the MTA's return listener */
	ACTION_NOTIFY, /* a notice of refusal or hold to an inside sender */
	ACTION_COUNT,
};

const char *
plan_action_name(enum plan_action a);

struct plan_step {
	uint8_t action;        /* enum plan_action */
	uint16_t recipient;    /* index into the plan's recipients */
	char name[PLAN_NAME_MAX + 1];   /* stable and unique in the plan: "file:3", "relay:0" */
	char target[PLAN_NAME_MAX + 1]; /* agency id for filing, else "" */
};

struct plan_recipient {
	char address[LIMIT_ADDRESS_BYTES + 1];
	char agency[PLAN_NAME_MAX + 1]; /* whose mailbox it is; "" when no agency's */
	char rule[PLAN_NAME_MAX + 1];   /* the rule that won */
	uint8_t outcome;                /* enum plan_outcome */
	uint16_t reason;                /* enum reason, for hold and refuse */
	char text[PLAN_TEXT_MAX + 1];   /* the rule's own words; "" = the reason's */
};

struct plan {
	char tx[TX_ID_SIZE];
	char sender_agency[PLAN_NAME_MAX + 1]; /* "" when no agency's */
	char sender_name[PLAN_LABEL_MAX + 1];  /* of that agency, for people */
	uint8_t policy_digest[32];             /* of the files that decided */
	bool sign; /* what is relayed and filed is signed for sender_agency */
	unsigned recipient_count;
	struct plan_recipient recipients[LIMIT_RECIPIENTS];
	unsigned step_count;
	struct plan_step steps[PLAN_STEPS_MAX];
};

struct plan *
plan_new(void);

void
plan_free(struct plan **p);

/* Add a step, its name made from action and recipient. ERR_BUG when there is no room. */
int
plan_add_step(struct plan *p, enum plan_action action, unsigned recipient,
    const char *target, struct error *e);

void
plan_encode(const struct plan *p, struct buf *out);

/* ERR_BUG when the stored form does not hold. */
int
plan_decode(struct span wire, struct plan *out, struct error *e);

#endif
