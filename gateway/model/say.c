/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a rule travel in the plan as "VIETNAMESE\nENGLISH"; either may be empty.
 * A reason of the inspector takes its arguments from the facts; a reason of the policy
 * takes them from envelope and facts as the table below says, so that the plan need not
 * carry them.
 */
#include "gateway/model/say.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

void
say_join(const char *vi, const char *en, char out[PLAN_TEXT_MAX + 1])
{
	size_t room = PLAN_TEXT_MAX / 2 - 1;

	snprintf(out, PLAN_TEXT_MAX + 1, "%.*s\n%.*s", (int)room, vi, (int)room, en);
	if (out[0] == '\n' && out[1] == '\0')
		out[0] = '\0';
}

static struct span
rule_words(const struct plan_recipient *r, enum reason_language language)
{
	struct span text = span_str(r->text);
	size_t cut = span_find(text, '\n', 0);
	struct span vi, en;

	if (cut == SPAN_NOT_FOUND)
		return text;
	vi = span_sub(text, 0, cut);
	en = span_from(text, cut + 1);
	if (language == REASON_VI)
		return vi.len > 0 ? vi : en;
	return en.len > 0 ? en : vi;
}

struct arguments {
	struct span first, second;
};

static struct arguments
arguments(const struct plan_recipient *r, const struct envelope *env,
    const struct facts *f, char number[8])
{
	struct arguments a = { facts_span(f, f->arg1), facts_span(f, f->arg2) };

	if (r->reason == REASON_NO_RULE || r->reason == REASON_RECIPIENT_NOT_AGENCY) {
		a.first = span_str(r->address);
	} else if (r->reason == REASON_HELD_BY_RULE || r->reason == REASON_REFUSED_BY_RULE) {
		a.first = span_str(r->rule);
	} else if (r->reason == REASON_SENDER_NOT_INSIDE ||
	    r->reason == REASON_SENDER_NOT_AGENCY) {
		a.first = span_str(env->sender);
	} else if (r->reason == REASON_FROM_NOT_SENDER) {
		a.first = facts_span(f, f->from);
		a.second = span_str(env->sender);
	} else if (r->reason == REASON_LOGIN_NOT_SENDER) {
		a.first = span_str(env->login);
		a.second = span_str(env->sender);
	} else if (r->reason == REASON_MAIL_LOOP) {
		snprintf(number, 8, "%u", f->hops);
		a.first = span_str(number);
	} else if (r->reason == REASON_CERTIFICATE_NOT_AGENCY) {
		a.first = facts_span(f, f->signer.subject);
		a.second = facts_span(f, f->from);
	}
	return a;
}

void
say_reason(const struct plan *p, unsigned recipient, const struct envelope *env,
    const struct facts *f, enum reason_language language, struct buf *out)
{
	const struct plan_recipient *r = &p->recipients[recipient];
	char number[8];
	struct arguments a;

	if (r->text[0] != '\0') {
		text_show(rule_words(r, language), PLAN_TEXT_MAX, out);
		return;
	}
	a = arguments(r, env, f, number);
	reason_text((enum reason)r->reason, language, a.first, a.second, true, out);
}
