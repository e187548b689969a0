/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of cases: a message in words, the decision that must come out. Kept beside the
 * policy, so that an administrator changes both together.
 *
 *   case An executable from outside is refused
 *     source smtp                      smtp lmtp imap pop3 maildir release file (lmtp)
 *     zone outside                     inside outside (inside)
 *     at 2012-06-01T08:00:00+07:00     when it was accepted (2012-06-01T08:00:00+07:00)
 *     sender vanthu@vpub.hanoi.example of the envelope; "<>" for none
 *     login vanthu@vpub.hanoi.example  of the submission
 *     from vanthu@vpub.hanoi.example   the From field; as the sender when left out
 *     to vanthu@bavi.hanoi.example     once for each recipient
 *     verdict VERIFIED                 (UNSIGNED)
 *     reason expired                   code of the verdict's reason
 *     signer-subject, signer-issuer, signer-serial, signer-sha256
 *     kind KH     urgency khan     secrecy mat     size 12345     hops 3     auto-submitted
 *     document application/pdf declared application/pdf flags macros executable
 *     -> vanthu@bavi.hanoi.example: refuse by executables because refused-by-rule
 *
 * A decision reads "ADDRESS: OUTCOME by RULE because REASON then STEPS"; "by no rule" when
 * none matched, "because" only for hold and refuse, "then" only when there are steps; sign
 * stands first among them.
 */
#ifndef VANTHU_DECIDE_CASES_H
#define VANTHU_DECIDE_CASES_H

#include <stdbool.h>

#include "common/error.h"
#include "gateway/decide/policy.h"

/* One case: `text` is empty when it passed, else what was expected and what came out. */
typedef void
cases_fn(void *context, const char *where, const char *name, bool passed, const char *text);

/*
 * Run the cases of a file. touched[policy_rule_count(p)] becomes true for each rule that
 * won in some case. An error is a file that cannot be read, "FILE:LINE: what".
 */
int
cases_run(const char *file, const struct policy *p, bool *touched, cases_fn *callback,
    void *context, struct error *e);

/* Append one recipient's decision as a case writes it. */
void
cases_decision(const struct plan *plan, unsigned recipient, struct buf *out);

#endif
