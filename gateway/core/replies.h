/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is answered for each recipient: pure functions from a plan and the ends of its steps
 * to an SMTP reply, and its form in the ledger.
 */
#ifndef VANTHU_CORE_REPLIES_H
#define VANTHU_CORE_REPLIES_H

#include <stdbool.h>

#include "common/error.h"
#include "gateway/core/transaction.h"

/* "Try again": 451 4.3.0. The text is English, ASCII, without a secret in it. */
void
reply_later(struct transaction_reply *r, const char *text);

/* By the class of an error; what failed goes to the log, not to the client. */
void
reply_error(struct transaction_reply *r, const struct error *e);

/*
 * The answer for recipient `index` of a plan whose steps ended as `steps` says. True when
 * it is the answer for good: no step of that recipient is open.
 */
bool
reply_decide(const struct plan *plan, unsigned index, const struct step_result *steps,
    const struct envelope *env, const struct facts *facts, struct transaction_reply *r);

/* A release that the policy would hold or refuse again: 450 4.7.1 with the reason. */
void
reply_held_again(struct transaction_reply *r, const struct plan *plan,
    const struct envelope *env, const struct facts *facts);

/* The form kept in the ledger: "250 2.0.0 text". */
void
reply_format(const struct transaction_reply *r, char out[LEDGER_REPLY_MAX]);

/* Back again. -1 when it is not one: the caller answers 4xx. */
int
reply_parse(const char *stored, struct transaction_reply *r);

/* Make it fit for the client: ASCII unless it said SMTPUTF8. */
void
reply_fit(struct transaction_reply *r, bool smtputf8);

/*
 * One reply for all (SOURCE_SMTP): any doubt is doubt for all; else any refusal is one for
 * all, since 2xx would lose it; else the first.
 */
void
reply_unify(struct transaction_reply *replies, unsigned count);

#endif
