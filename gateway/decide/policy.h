/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy (routing.conf): ordered rules, the first that matches a recipient wins, what no
 * rule allows is held. Deciding is pure: facts, envelope and directory in, plan out.
 */
#ifndef VANTHU_DECIDE_POLICY_H
#define VANTHU_DECIDE_POLICY_H

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

/*
 * Decide on every recipient of the envelope. A sender is signed for only when zone,
 * envelope sender and From all are that agency's mailbox (verdicts.md H01). Fills plan.
 */
int
policy_decide(const struct policy *p, const struct envelope *env, const struct facts *f,
    struct plan *out, struct error *e);

/*
 * For one recipient: the rule that won, and for each earlier rule the first condition that
 * did not hold, with both values. Appends JSON-ready lines through the callback, in order.
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

/* Findings of `vanthu policy check` beyond what refuses to load. */
typedef void
policy_finding_fn(void *context, bool is_error, const char *where, const char *text);

void
policy_check(const struct policy *p, policy_finding_fn *callback, void *context);

#endif
