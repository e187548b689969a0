/* SPDX-License-Identifier: Apache-2.0 */
/* Facts in memory: the pool of text, checks and notes. The wire form is in facts_wire.c. */
#include "gateway/model/facts.h"

#include <stdlib.h>
#include <string.h>

static const char *const check_names[CHECK_COUNT] = {
	[CHECK_STRUCTURE] = "structure",
	[CHECK_INTEGRITY] = "integrity",
	[CHECK_ALGORITHMS] = "algorithms",
	[CHECK_PATH] = "path",
	[CHECK_REVOCATION] = "revocation",
	[CHECK_USAGE] = "usage",
	[CHECK_IDENTITY] = "identity",
};

const char *
check_name(enum check_id c)
{
	return (unsigned)c < CHECK_COUNT ? check_names[c] : "?";
}

const char *
check_state_name(enum check_state s)
{
	switch (s) {
	case CHECK_OK:
		return "ok";
	case CHECK_FAIL:
		return "fail";
	case CHECK_UNKNOWN:
		return "unknown";
	case CHECK_SKIPPED:
		break;
	}
	return "skipped";
}

struct facts *
facts_new(void)
{
	struct facts *f = calloc(1, sizeof(*f));

	if (f != NULL) {
		f->signed_part = FACTS_NONE;
		f->signature_part = FACTS_NONE;
	}
	return f;
}

void
facts_free(struct facts **f)
{
	free(*f);
	*f = NULL;
}

struct span
facts_span(const struct facts *f, struct facts_text t)
{
	if (t.offset > f->pool_length || t.length > f->pool_length - t.offset)
		return span_of(f->pool, 0);
	return span_of(f->pool + t.offset, t.length);
}

struct facts_text
facts_add(struct facts *f, struct span s)
{
	struct facts_text t = { .offset = f->pool_length, .length = 0 };
	size_t room = FACTS_POOL_MAX - f->pool_length;

	if (s.len > room) {
		s.len = room;
		/* Never half a character: a cut in the middle would not be UTF-8. */
		while (s.len > 0 && (s.ptr[s.len] & 0xc0) == 0x80)
			s.len--;
	}
	if (s.len > 0)
		memcpy(f->pool + f->pool_length, s.ptr, s.len);
	t.length = (uint32_t)s.len;
	f->pool_length += t.length;
	return t;
}

void
facts_add_note(struct facts *f, enum reason r, struct span arg1, struct span arg2)
{
	struct facts_note *n;

	if (f->note_count == LIMIT_NOTES)
		return;
	n = &f->notes[f->note_count++];
	n->reason = (uint16_t)r;
	n->arg1 = facts_add(f, arg1);
	n->arg2 = facts_add(f, arg2);
}

void
facts_set_check(struct facts *f, enum check_id c, enum check_state s, enum reason r,
    struct span arg1, struct span arg2)
{
	struct facts_check *check = &f->checks[c];

	check->state = (uint8_t)s;
	check->reason = (uint16_t)r;
	check->arg1 = facts_add(f, arg1);
	check->arg2 = facts_add(f, arg2);
}
