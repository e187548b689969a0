/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge of one signature: which certificate made it, and what each check says of it.
 */
#ifndef VANTHU_INSPECT_JUDGE_H
#define VANTHU_INSPECT_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/span.h"
#include "gateway/inspect/cms.h"
#include "gateway/inspect/decode.h"
#include "gateway/inspect/profile.h"
#include "gateway/inspect/scan.h"
#include "gateway/inspect/trust_store.h"
#include "gateway/model/facts.h"

struct judge_question {
	const struct trust *trust;
	const struct profile *profile;
	const struct scan *scan;
	struct decode *decode;
	const struct cms *cms;
	struct span content; /* the bytes that are covered */
	bool lf;             /* their lines end in LF alone */
	struct span micalg;  /* what multipart/signed announced; empty for none */
	enum reason from_problem;
	int64_t at;
};

/*
 * Make every check but the structure's, and set signer and notes. -1 only when there is no
 * memory. The structure may already have failed: what can be said is said all the same.
 */
int
judge_signature(const struct judge_question *q, struct facts *f, struct error *e);

#endif
