/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said to people about one recipient of a plan: the rule's own words where it has
 * some, else the reason's sentence with its arguments. The SMTP reply, the notice, the
 * record of a held message and the trace say the same.
 */
#ifndef VANTHU_MODEL_SAY_H
#define VANTHU_MODEL_SAY_H

#include "common/buf.h"
#include "gateway/model/envelope.h"
#include "gateway/model/facts.h"
#include "gateway/model/plan.h"
#include "gateway/model/reason.h"

/* Join the two texts of a rule into plan_recipient.text; what is too long is cut. */
void
say_join(const char *vi, const char *en, char out[PLAN_TEXT_MAX + 1]);

/* Append why this recipient is held or refused, one line of UTF-8. */
void
say_reason(const struct plan *p, unsigned recipient, const struct envelope *env,
    const struct facts *f, enum reason_language language, struct buf *out);

#endif
