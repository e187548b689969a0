/* SPDX-License-Identifier: Apache-2.0 */
/* See finding.h. */
#include "gateway/inspect/finding.h"

#include <string.h>

static uint16_t
copy(uint8_t out[FINDING_ARGUMENT_MAX], struct span s)
{
	size_t n = s.len < FINDING_ARGUMENT_MAX ? s.len : FINDING_ARGUMENT_MAX;

	if (n > 0)
		memcpy(out, s.ptr, n);
	return (uint16_t)n;
}

void
finding_set(struct finding *f, enum check_state state, enum reason r, struct span arg1,
    struct span arg2)
{
	f->state = state;
	f->reason = r;
	f->arg1_length = copy(f->arg1, arg1);
	f->arg2_length = copy(f->arg2, arg2);
}

void
finding_say(struct finding *f, enum check_state state, enum reason r, const char *arg1,
    const char *arg2)
{
	finding_set(f, state, r, span_str(arg1), span_str(arg2));
}

void
finding_file(const struct finding *f, enum check_id check, struct facts *facts)
{
	facts_set_check(facts, check, f->state, f->reason, span_of(f->arg1, f->arg1_length),
	    span_of(f->arg2, f->arg2_length));
}

void
finding_note(const struct finding *f, struct facts *facts)
{
	facts_add_note(facts, f->reason, span_of(f->arg1, f->arg1_length),
	    span_of(f->arg2, f->arg2_length));
}
