/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of reasons and how a sentence is made of one. The table itself is
 * reason.list.h; this file only reads it. Arguments come from mail, so they are shown
 * through text_show: one line, no control or bidi character, cut.
 */
#include "gateway/model/reason.h"

#include <stddef.h>

#include "common/i18n.h"
#include "common/text.h"

#define ARGUMENT_MAX 120 /* bytes of one argument in a sentence */

static const char *const verdict_names[VERDICT_COUNT] = {
	[VERDICT_INVALID] = "INVALID",
	[VERDICT_VERIFIED] = "VERIFIED",
	[VERDICT_UNSIGNED] = "UNSIGNED",
	[VERDICT_UNTRUSTED] = "UNTRUSTED",
	[VERDICT_MISMATCH] = "MISMATCH",
	[VERDICT_AMBIGUOUS] = "AMBIGUOUS",
	[VERDICT_LIMIT] = "LIMIT",
	[VERDICT_ENCRYPTED] = "ENCRYPTED",
	[VERDICT_UNCHECKABLE] = "UNCHECKABLE",
};

static const struct reason_info reasons[REASON_COUNT] = {
#define REASON(identifier, code, verdict, status, english, advice) \
	[REASON_##identifier] = { code, verdict, status, english, advice },
#include "gateway/model/reason.list.h"
#undef REASON
};

const char *
verdict_name(enum verdict v)
{
	if ((unsigned)v >= VERDICT_COUNT)
		return verdict_names[VERDICT_INVALID];
	return verdict_names[v];
}

bool
verdict_parse(struct span name, enum verdict *out)
{
	for (unsigned i = 0; i < VERDICT_COUNT; i++) {
		if (span_is(name, verdict_names[i])) {
			*out = (enum verdict)i;
			return true;
		}
	}
	return false;
}

const struct reason_info *
reason_info(enum reason r)
{
	if ((unsigned)r >= REASON_COUNT)
		return &reasons[REASON_NONE];
	return &reasons[r];
}

bool
reason_parse(struct span code, enum reason *out)
{
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		if (span_is(code, reasons[i].code)) {
			*out = (enum reason)i;
			return true;
		}
	}
	return false;
}

/* Append the template with {1} and {2} filled. */
static void
fill(const char *template, struct span arg1, struct span arg2, struct buf *out)
{
	struct span t = span_str(template);

	for (size_t i = 0; i < t.len; i++) {
		if (t.ptr[i] == '{' && i + 2 < t.len && t.ptr[i + 2] == '}'
		    && (t.ptr[i + 1] == '1' || t.ptr[i + 1] == '2')) {
			text_show(t.ptr[i + 1] == '1' ? arg1 : arg2, ARGUMENT_MAX, out);
			i += 2;
		} else {
			buf_put_byte(out, t.ptr[i]);
		}
	}
}

void
reason_text(enum reason r, enum reason_language language, struct span arg1,
    struct span arg2, bool advice, struct buf *out)
{
	const struct reason_info *info = reason_info(r);

	fill(language == REASON_VI ? i18n_vi(info->english) : info->english, arg1, arg2, out);
	if (advice && info->advice[0] != '\0') {
		buf_put_byte(out, ' ');
		fill(language == REASON_VI ? i18n_vi(info->advice) : info->advice, arg1, arg2,
		    out);
	}
}
