/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy (routing.conf): ordered rules, the first that matches a recipient wins, what no
 * rule allows is held. Deciding is pure: facts, envelope and directory in, plan out.
 */
#ifndef VANTHU_DECIDE_POLICY_H
#define VANTHU_DECIDE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/error.h"
#include "gateway/decide/directory.h"
#include "gateway/model/envelope.h"
#include "gateway/model/facts.h"
#include "gateway/model/plan.h"

struct policy;

/*
 * Load routing.conf against a directory (borrowed, must outlive the policy). Errors begin
 * FILE:LINE and name the rule.
 */
int
policy_load(const char *path, const struct directory *d, struct policy **out,
    struct error *e);

void
policy_free(struct policy **p);

/* SHA-256 over routing.conf and the directory's digest: what the ledger records. */
const uint8_t *
policy_digest(const struct policy *p);

/* The rules, in order: for lists and for the coverage of test cases. */
size_t
policy_rule_count(const struct policy *p);
const char *
policy_rule_name(const struct policy *p, size_t rule);

/*
 * Decide on every recipient of the envelope. A sender is signed for only when zone,
 * envelope sender and From all are that agency's mailbox (verdicts.md H01). Fills plan.
 *
 * The plan is already fit for how the message came in; nothing is left to unify:
 *  - over SMTP (one reply for all) no plan has recipients that are refused beside others
 *    that are not: what was refused becomes a hold, with a notice where one is allowed;
 *  - from outside a refusal stands only over SMTP, where it is said in the dialogue; else
 *    it becomes a hold, for a 5xx would make our MTA bounce to a forged sender (G03);
 *  - a refused recipient with a notify step is answered 2xx once the notice is handed over
 *    (the notice is the answer, in both languages); one without is answered 5xx;
 *  - a held recipient is answered 2xx;
 *  - steps are in the order file, hold, relay, notify; `sign` speaks for all recipients,
 *    for all get the same bytes: one rule that says sign is enough.
 */
int
policy_decide(const struct policy *p, const struct envelope *env, const struct facts *f,
    struct plan *out, struct error *e);

/*
 * For one recipient: the rule that won, and for each earlier rule the first condition that
 * did not hold, with both values. Calls back in order; the strings live until it returns.
 */
struct policy_step {
	const char *rule;
	const char *where;     /* "FILE:LINE" */
	bool matched;
	const char *condition; /* the key that failed; NULL when matched */
	const char *wanted;
	const char *found;
};
typedef void
policy_explain_fn(void *context, const struct policy_step *step);

int
policy_explain(const struct policy *p, const struct envelope *env, const struct facts *f,
    unsigned recipient, policy_explain_fn *callback, void *context, struct error *e);

/* Findings of `vanthu policy check` beyond what refuses to load; dates at clock_now(). */
typedef void
policy_finding_fn(void *context, bool is_error, const char *where, const char *text);

void
policy_check(const struct policy *p, policy_finding_fn *callback, void *context);

#endif
