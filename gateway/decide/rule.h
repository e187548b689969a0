/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One rule of routing.conf, compiled: what it asks of a message and one recipient, and what
 * it says. Known to the files of this folder only.
 */
#ifndef VANTHU_DECIDE_RULE_H
#define VANTHU_DECIDE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/conf.h"
#include "common/error.h"
#include "gateway/decide/directory.h"
#include "gateway/model/envelope.h"

/* In the order in which they are tried; rule_condition_key() gives their keys. */
enum condition {
	CONDITION_ZONE,
	CONDITION_SENDER,
	CONDITION_RECIPIENT,
	CONDITION_RELATION,
	CONDITION_VERDICT,
	CONDITION_KIND,
	CONDITION_URGENCY,
	CONDITION_SECRECY,
	CONDITION_FLAGS,
	CONDITION_TYPE,
	CONDITION_ONLY_TYPE,
	CONDITION_LARGER,
	CONDITION_SMALLER,
	CONDITION_COUNT,
};

/* How the recipient's agency stands to the sender's. */
enum relation {
	RELATION_NONE,  /* one of them is no agency */
	RELATION_SAME,
	RELATION_ABOVE, /* the recipient is above the sender */
	RELATION_BELOW,
	RELATION_OTHER,
	RELATION_COUNT,
};

enum rule_action {
	RULE_SIGN = 1 << 0,
	RULE_FILE = 1 << 1,
	RULE_RELAY = 1 << 2,
	RULE_HOLD = 1 << 3,
	RULE_REFUSE = 1 << 4,
	RULE_NOTIFY = 1 << 5,
};
#define RULE_ACTION_COUNT 6
#define RULE_DELIVERS (RULE_SIGN | RULE_FILE | RULE_RELAY)

struct agency_set {
	bool none;      /* takes what is no agency's mailbox */
	uint64_t *bits; /* one for each agency of the directory */
};

struct words {
	const char *const *items;
	size_t count;
};

struct rule {
	const char *name;
	const char *where;                     /* "FILE:LINE" */
	const char *written[CONDITION_COUNT]; /* as the file has it; NULL = not asked */
	unsigned zones;                        /* masks of 1 << value */
	unsigned relations, verdicts, urgencies, secrecies, flags;
	struct agency_set sender, recipient;
	struct words kinds, types, only_types;
	uint64_t larger, smaller;
	unsigned actions; /* enum rule_action */
	char text[PLAN_TEXT_MAX + 1]; /* joined by say_join */
};

/* Read one rule. Errors begin FILE:LINE and name the rule. */
int
rule_read(const struct conf_node *node, const struct directory *d, struct arena *arena,
    struct rule *out, struct error *e);

const char *
rule_condition_key(enum condition c);
const char *
rule_relation_name(unsigned relation);

static inline bool
agency_set_takes(const struct agency_set *s, const struct agency *a)
{
	size_t i;

	if (a == NULL)
		return s->none;
	i = agency_index(a);
	return (s->bits[i / 64] >> i % 64 & 1) != 0;
}

#endif
