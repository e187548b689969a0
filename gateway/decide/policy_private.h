/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a policy, for policy.c and check.c only. */
#ifndef VANTHU_DECIDE_POLICY_PRIVATE_H
#define VANTHU_DECIDE_POLICY_PRIVATE_H

#include "common/arena.h"
#include "gateway/decide/policy.h"
#include "gateway/decide/rule.h"

struct policy {
	struct arena *arena;
	const struct directory *directory;
	uint8_t digest[32];
	struct rule *rules; /* in the order of the file */
	size_t rule_count;
	const char *file; /* routing.conf */
};

#endif
