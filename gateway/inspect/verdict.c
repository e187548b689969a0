/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From seven checks to one verdict. The checks are asked in a fixed order and the first that
 * is not as good as it must be decides:
 *
 *   structure    must be OK. FAIL: LIMIT, AMBIGUOUS, ENCRYPTED, UNSIGNED or INVALID, as its
 *                reason says.
 *   integrity    must be OK. FAIL: INVALID, LIMIT or AMBIGUOUS. UNKNOWN passes the question
 *                on to the algorithms, which then must have failed.
 *   algorithms   must be OK. FAIL: UNTRUSTED, LIMIT or INVALID.
 *   path, usage  must be OK. FAIL: UNTRUSTED.
 *   revocation   FAIL: UNTRUSTED.
 *   identity     must be OK. FAIL: MISMATCH or AMBIGUOUS.
 *   revocation   again: UNKNOWN: UNCHECKABLE. OK and SKIPPED (no list is configured) pass.
 *
 * Whatever is not in this list is INVALID: a check that was not made, an unknown state, a
 * reason that does not belong to the check. Nothing is read but the checks.
 */
#include "gateway/inspect/verdict.h"

#define BIT(v) (1u << (v))

/* The verdicts that a failed check may lead to. */
static const unsigned allowed[CHECK_COUNT] = {
	[CHECK_STRUCTURE] = BIT(VERDICT_LIMIT) | BIT(VERDICT_AMBIGUOUS) | BIT(VERDICT_ENCRYPTED)
	    | BIT(VERDICT_UNSIGNED),
	[CHECK_INTEGRITY] = BIT(VERDICT_LIMIT) | BIT(VERDICT_AMBIGUOUS),
	[CHECK_ALGORITHMS] = BIT(VERDICT_UNTRUSTED) | BIT(VERDICT_LIMIT),
	[CHECK_PATH] = BIT(VERDICT_UNTRUSTED),
	[CHECK_REVOCATION] = BIT(VERDICT_UNTRUSTED),
	[CHECK_USAGE] = BIT(VERDICT_UNTRUSTED),
	[CHECK_IDENTITY] = BIT(VERDICT_MISMATCH) | BIT(VERDICT_AMBIGUOUS),
};

static struct verdict_reached
failed(const struct facts_check *check, enum check_id id)
{
	enum verdict v = reason_info((enum reason)check->reason)->verdict;

	if ((allowed[id] & BIT(v)) == 0)
		v = VERDICT_INVALID;
	return (struct verdict_reached){ v, id };
}

struct verdict_reached
verdict_reach(const struct facts_check checks[CHECK_COUNT])
{
	static const enum check_id order[] = { CHECK_STRUCTURE, CHECK_INTEGRITY,
		CHECK_ALGORITHMS, CHECK_PATH, CHECK_USAGE };
	const struct facts_check *revocation = &checks[CHECK_REVOCATION];

	for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct facts_check *c = &checks[order[i]];
		if (c->state == CHECK_FAIL)
			return failed(c, order[i]);
		if (order[i] == CHECK_INTEGRITY && c->state == CHECK_UNKNOWN
		    && checks[CHECK_ALGORITHMS].state == CHECK_FAIL)
			continue;
		if (c->state != CHECK_OK)
			return (struct verdict_reached){ VERDICT_INVALID, order[i] };
	}
	if (revocation->state == CHECK_FAIL)
		return failed(revocation, CHECK_REVOCATION);
	if (checks[CHECK_IDENTITY].state == CHECK_FAIL)
		return failed(&checks[CHECK_IDENTITY], CHECK_IDENTITY);
	if (checks[CHECK_IDENTITY].state != CHECK_OK)
		return (struct verdict_reached){ VERDICT_INVALID, CHECK_IDENTITY };
	if (revocation->state == CHECK_UNKNOWN)
		return (struct verdict_reached){ VERDICT_UNCHECKABLE, CHECK_REVOCATION };
	if (revocation->state != CHECK_OK && revocation->state != CHECK_SKIPPED)
		return (struct verdict_reached){ VERDICT_INVALID, CHECK_REVOCATION };
	return (struct verdict_reached){ VERDICT_VERIFIED, CHECK_COUNT };
}

void
verdict_file(struct facts *f)
{
	struct verdict_reached r = verdict_reach(f->checks);

	f->verdict = (uint8_t)r.verdict;
	if (r.verdict == VERDICT_VERIFIED) {
		f->reason = REASON_VERIFIED;
		f->arg1 = f->signer.address;
		f->arg2 = (struct facts_text){ 0 };
	} else {
		f->reason = f->checks[r.check].reason;
		f->arg1 = f->checks[r.check].arg1;
		f->arg2 = f->checks[r.check].arg2;
	}
}
