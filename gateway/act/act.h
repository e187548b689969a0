/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Act: performing the steps of a plan. One small file and one table row for each action.
 * A step done twice leaves the same world (I5).
 */
#ifndef VANTHU_ACT_ACT_H
#define VANTHU_ACT_ACT_H

#include <stdint.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/io.h"
#include "gateway/keys/seal.h"
#include "gateway/model/envelope.h"
#include "gateway/model/facts.h"
#include "gateway/model/plan.h"
#include "gateway/model/spool.h"

/* What actions need from configuration; strings are borrowed. */
struct act_settings {
	char authserv_id[254];     /* our name in Authentication-Results and Received */
	char intake_dir[512];
	char hold_dir[512];
	unsigned hold_days;        /* a held message is kept so long */
	char spool_dir[512];
	struct endpoint relay;     /* the MTA's return listener */
	bool relay_lmtp;           /* speak LMTP to it instead of SMTP */
	char postmaster[LIMIT_ADDRESS_BYTES + 1]; /* From of our own notices */
};

/* One message in the hands of act. All borrowed. */
struct act_job {
	const struct act_settings *settings;
	const struct envelope *envelope;
	const struct facts *facts;    /* of `received` */
	const struct plan *plan;
	const struct spool *received; /* as it came in; for filing what we signed, if we did */
	const struct spool *content;  /* the content of an opaque signature; NULL if none */
	const struct spool *outgoing; /* what is relayed, from act_compose */
	struct deadline deadline;
};

enum act_status {
	ACT_DONE,
	ACT_RETRY,   /* doubt or a passing failure: 4xx, the step stays open */
	ACT_REFUSED, /* the next hop said no for good */
};

struct act_result {
	enum act_status status;
	uint8_t digest[32];  /* of what was filed, held or sent */
	int code;            /* SMTP reply code of the next hop, 0 if there was none */
	char status_code[12]; /* enhanced, "5.1.1" */
	char text[256];      /* one line: folder, next hop's words, or what failed */
};

/*
 * Perform `count` steps of one action (relay takes all its recipients in one transaction,
 * notify all of whom it tells in one notice, the others go one by one). Fills
 * results[0..count).
 */
typedef void
act_fn(const struct act_job *job, const struct plan_step *const *steps, unsigned count,
    struct act_result *results);

void
act_file(const struct act_job *job, const struct plan_step *const *steps, unsigned count,
    struct act_result *results);
void
act_hold(const struct act_job *job, const struct plan_step *const *steps, unsigned count,
    struct act_result *results);
void
act_relay(const struct act_job *job, const struct plan_step *const *steps, unsigned count,
    struct act_result *results);
void
act_notify(const struct act_job *job, const struct plan_step *const *steps,
    unsigned count, struct act_result *results);

/* The function of an action. */
act_fn *
act_of(enum plan_action action);

/*
 * Sign (sign.c): from the received message, make the multipart/signed one. The signed part
 * is made safe for 7-bit relays first. `signature` is filled with the DER from keyd, or,
 * when it already holds one (a redelivery), that one is used and keyd is not asked.
 */
int
act_sign(const struct act_settings *settings, struct seal_client *keys,
    const struct envelope *env, const struct facts *facts, const struct spool *received,
    const char *agency, struct buf *signature, struct spool **signed_message,
    struct deadline d, struct error *e);

/*
 * Compose (compose.c): what is relayed. Our Received and (for mail from outside)
 * Authentication-Results on top, forged copies of our own headers removed, every other
 * byte as it is in `body` (the received message, or the signed one). The same input gives
 * the same bytes, always.
 */
int
act_compose(const struct act_settings *settings, const struct envelope *env,
    const struct facts *facts, const struct plan *plan, const struct spool *body,
    struct spool **outgoing, struct error *e);

#endif
