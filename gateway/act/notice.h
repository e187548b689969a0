/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notice of a hold or a refusal: one mail to the sender inside for all recipients that
 * it concerns, in Vietnamese and English (RFC 3464, RFC 3834). The same job and steps give
 * the same bytes, always.
 */
#ifndef VANTHU_ACT_NOTICE_H
#define VANTHU_ACT_NOTICE_H

#include <stdbool.h>

#include "gateway/act/act.h"

/* NULL, or why no notice may be written about this message (verdicts.md G02, G03). */
const char *
notice_forbidden(const struct act_job *job);

/* Append the whole message, CRLF line ends, ASCII but for addresses of SMTPUTF8. */
int
notice_make(const struct act_job *job, const struct plan_step *const *steps,
    unsigned count, struct buf *out, struct error *e);

#endif
