/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One message through the gateway: inspect, decide, act, record, answer. The order of the
 * durable steps lives in transaction.c and nowhere else.
 */
#ifndef VANTHU_CORE_TRANSACTION_H
#define VANTHU_CORE_TRANSACTION_H

#include <stdbool.h>

#include "common/clock.h"
#include "gateway/act/act.h"
#include "gateway/decide/policy.h"
#include "gateway/keys/seal.h"
#include "gateway/ledger/ledger.h"
#include "gateway/model/envelope.h"
#include "gateway/model/spool.h"

#define TRANSACTION_BUDGET_MS (300 * 1000) /* all steps; Postfix gives up at 600 s */
#define TRANSACTION_CLOSE_MS (15 * 1000)   /* of it: kept for the second commit */
#define TRANSACTION_DEATHS_MAX 3           /* then the message is held unparsed (I8) */

/* What a worker holds from start to end; all borrowed by the transaction. */
struct gateway {
	const struct act_settings *act;
	const struct policy *policy;
	const struct directory *directory;
	struct ledger_client *ledger;
	struct seal_client *keys;
	const char *inspect_socket;
	unsigned inspect_timeout_ms;
	bool force_release; /* SOURCE_RELEASE: deliver what the policy would hold again */
	bool broken; /* set by a transaction that met a fault of ours: answer, then exit */
	/* SOURCE_SMTP: one reply for all recipients, so a mixed outcome refuses none (it
	 * holds what was refused, with a notice), and any doubt is a 4xx for all. */
};

struct transaction_reply {
	int code;              /* 250, 4xx, 5xx */
	char status[12];       /* "2.0.0" */
	char text[400];        /* one line; UTF-8 only when the client said SMTPUTF8 */
};

/*
 * Run one message. Fills replies[0..env->recipient_count) in every case; nothing is said
 * with 2xx before it is durable and recorded. `received` is sealed and stays the caller's.
 */
void
transaction_run(struct gateway *g, const struct envelope *env,
    const struct spool *received, struct transaction_reply *replies, struct deadline d);

#endif
