/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict: one pure function over the seven checks. It starts at INVALID, and VERIFIED
 * needs every check that it lists (verdicts.md V1).
 */
#ifndef VANTHU_INSPECT_VERDICT_H
#define VANTHU_INSPECT_VERDICT_H

#include "gateway/model/facts.h"

struct verdict_reached {
	enum verdict verdict;
	enum check_id check; /* the one that decided; CHECK_COUNT when VERIFIED */
};

struct verdict_reached
verdict_reach(const struct facts_check checks[CHECK_COUNT]);

/* Reach the verdict and set it in the facts, with the deciding check's words. */
void
verdict_file(struct facts *f);

#endif
