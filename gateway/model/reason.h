/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words: one table of every reason that a message can be judged, held or refused for.
 * The same text stands in the SMTP reply, the header, the sidecar, the notice, the log and
 * the command. English is here, the Vietnamese in the message catalogue.
 */
#ifndef VANTHU_MODEL_REASON_H
#define VANTHU_MODEL_REASON_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/span.h"

enum verdict {
	VERDICT_INVALID = 0, /* the starting value: cryptography or structure is wrong */
	VERDICT_VERIFIED,
	VERDICT_UNSIGNED,
	VERDICT_UNTRUSTED,  /* chain, revocation, usage or algorithm policy */
	VERDICT_MISMATCH,   /* good signature, but not the sender's */
	VERDICT_AMBIGUOUS,  /* two readers could see two messages */
	VERDICT_LIMIT,      /* larger, deeper or more than we accept */
	VERDICT_ENCRYPTED,  /* enveloped: no claim is made */
	VERDICT_UNCHECKABLE, /* our own resource is missing: try later */
	VERDICT_COUNT,
};

/* "VERIFIED", ... */
const char *
verdict_name(enum verdict v);

bool
verdict_parse(struct span name, enum verdict *out);

/*
 * Reasons. The list is reason.list.h, one line each:
 *   REASON(IDENTIFIER, "code", VERDICT, "enhanced status", "english", "what to do next")
 * `code` is stable: scripts and policies use it. Texts hold up to two placeholders, {1} and
 * {2}, for the certificate, issuer, part, address or date concerned.
 */
enum reason {
#define REASON(identifier, code, verdict, status, english, advice) REASON_##identifier,
#include "gateway/model/reason.list.h"
#undef REASON
	REASON_COUNT,
};

struct reason_info {
	const char *code;
	enum verdict verdict; /* the verdict it leads to when a check fails with it */
	const char *status;   /* enhanced status code, RFC 3463 */
	const char *english;
	const char *advice; /* what to do next, English */
};

const struct reason_info *
reason_info(enum reason r);

bool
reason_parse(struct span code, enum reason *out);

enum reason_language { REASON_EN, REASON_VI };

/*
 * Append the sentence with its placeholders filled (arguments are shown escaped, at most
 * 120 bytes each), and with `advice` a blank and the sentence that says what to do.
 */
void
reason_text(enum reason r, enum reason_language language, struct span arg1,
    struct span arg2, bool advice, struct buf *out);

#endif
