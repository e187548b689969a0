/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one check found, before it is set in the facts: its state, and the reason with the
 * words for its sentence.
 */
#ifndef VANTHU_INSPECT_FINDING_H
#define VANTHU_INSPECT_FINDING_H

#include "common/span.h"
#include "gateway/model/facts.h"

#define FINDING_ARGUMENT_MAX 254

struct finding {
	enum check_state state;
	enum reason reason;
	uint16_t arg1_length, arg2_length;
	uint8_t arg1[FINDING_ARGUMENT_MAX], arg2[FINDING_ARGUMENT_MAX];
};

/* Set all; arguments are cut. */
void
finding_set(struct finding *f, enum check_state state, enum reason r, struct span arg1,
    struct span arg2);

/* The same with words of ours; NULL for none. */
void
finding_say(struct finding *f, enum check_state state, enum reason r, const char *arg1,
    const char *arg2);

/* Put it into the facts as the result of a check. */
void
finding_file(const struct finding *f, enum check_id check, struct facts *facts);

/* Put its reason into the facts as a note. */
void
finding_note(const struct finding *f, struct facts *facts);

#endif
