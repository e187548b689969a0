/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of trust profiles. Each relaxation is one flag; composites are sets of them.
 * There is none that permits what cryptography or structure forbid.
 */
#include "gateway/inspect/profile.h"

#include "common/clock.h"

#define SHA1_UNTIL "sha1-until="

static void
set_rfc8550(struct profile *p)
{
	p->dn_address = true;
	p->no_eku = true;
}

static void
set_legacy(struct profile *p)
{
	set_rfc8550(p);
	p->weak_rsa = true;
	p->old_certificate = true;
	p->address_case = true;
	p->sha1_until = INT64_MAX;
}

static bool
set_one(struct span name, struct profile *p)
{
	struct span sha1 = SPAN_LIT(SHA1_UNTIL);

	if (span_is(name, "strict"))
		return true;
	if (span_is(name, "dn-address"))
		p->dn_address = true;
	else if (span_is(name, "no-eku"))
		p->no_eku = true;
	else if (span_is(name, "rfc8550"))
		set_rfc8550(p);
	else if (span_is(name, "legacy"))
		set_legacy(p);
	else if (span_starts_nocase(name, sha1))
		return clock_parse_rfc3339(span_from(name, sha1.len), &p->sha1_until);
	else
		return false;
	return true;
}

int
profile_parse(struct span text, struct profile *out, struct error *e)
{
	*out = (struct profile){ .sha1_until = INT64_MIN };
	while (text.len > 0) {
		size_t comma = span_find(text, ',', 0);
		struct span name = span_sub(text, 0, comma == SPAN_NOT_FOUND ? text.len : comma);

		if (!set_one(name, out))
			return error_set(e, ERR_PERM, "trust profile: unknown name \"%.*s\"",
			    (int)(name.len < 60 ? name.len : 60), (const char *)name.ptr);
		text = comma == SPAN_NOT_FOUND ? span_of(NULL, 0) : span_from(text, comma + 1);
	}
	return 0;
}
