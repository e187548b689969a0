/* SPDX-License-Identifier: Apache-2.0 */
/* Does a rule take this message for this recipient? Pure; the files of this folder only. */
#ifndef VANTHU_DECIDE_MATCH_H
#define VANTHU_DECIDE_MATCH_H

#include "common/buf.h"
#include "gateway/decide/rule.h"
#include "gateway/model/envelope.h"
#include "gateway/model/facts.h"

/* What the conditions look at, worked out once. */
struct subject {
	const struct envelope *env;
	const struct facts *f;
	const struct agency *sender; /* inside: of the envelope; outside: of From */
	const struct agency *from;   /* of the one address of From */
	const struct agency *recipient;
	enum relation relation;
	uint64_t size; /* of the whole message */
	unsigned flags; /* of all documents together */
};

/* The message; then each recipient in turn. */
void
match_message(struct subject *s, const struct directory *d, const struct envelope *env,
    const struct facts *f);
void
match_recipient(struct subject *s, const struct directory *d, unsigned recipient);

/* Every condition holds; else *failed is the first that does not. */
bool
match_rule(const struct rule *r, const struct subject *s, enum condition *failed);

/* Append what the message has where the condition looks. */
void
match_found(enum condition c, const struct subject *s, struct buf *out);

#endif
