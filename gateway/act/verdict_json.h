/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict as JSON: one form for the sidecar of a filed document, the record of a held
 * one and `vanthu verify --json`.
 *
 *   verdict   "VERIFIED", ...        reason   the code of reason.list.h
 *   text      {vi, en}               from     address or null
 *   signer    {address, subject, issuer, serial, sha256, agency, not_before, not_after,
 *              signing_time}; each null when not known
 *   checks    {structure, integrity, algorithms, path, revocation, usage, identity}: each
 *             "ok", "fail", "skipped" or "unknown"
 *   check_reasons  the same keys: {code, vi, en}
 *   notes     [{code, vi, en}]
 *   documents [{name, type, declared, size, sha256, flags}]
 *   number, number_certain, doc_type, urgency, secrecy, subject, message_id, date
 *
 * Text from mail is shown by text_show: on one line, control and bidi characters visible.
 */
#ifndef VANTHU_ACT_VERDICT_JSON_H
#define VANTHU_ACT_VERDICT_JSON_H

#include <jansson.h>

#include "common/span.h"
#include "gateway/model/facts.h"

/*
 * A new object, the caller's reference; NULL when there is no memory. `agency` is the id of
 * the agency that the signer's certificate speaks for; NULL or "" when it is not known.
 */
json_t *
verdict_json(const struct facts *f, const char *agency);

/* Text from outside as a JSON string; null when empty. */
json_t *
verdict_json_text(struct span s);

#endif
