/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies (RFC 5321 4.2, enhanced codes RFC 3463). A refusal says the reason in the words
 * of the policy or of reason.list.h: English, and for clients that said SMTPUTF8 Vietnamese
 * with English behind it. What the next hop said is passed on escaped.
 */
#include "gateway/core/replies.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "gateway/model/say.h"

static void
set(struct transaction_reply *r, int code, const char *status, struct span text)
{
	struct buf line;
	size_t keep;

	buf_init(&line, 8 * sizeof(r->text));
	text_show(text, sizeof(r->text) - 1, &line);
	keep = line.len < sizeof(r->text) ? line.len : sizeof(r->text) - 1;
	while (keep > 0 && keep < line.len && (line.data[keep] & 0xc0) == 0x80)
		keep--; /* not into the middle of a character */
	r->code = code;
	snprintf(r->status, sizeof(r->status), "%s", status);
	snprintf(r->text, sizeof(r->text), "%.*s", (int)keep, buf_str(&line));
	buf_free(&line);
}

void
reply_later(struct transaction_reply *r, const char *text)
{
	set(r, 451, "4.3.0", span_str(text));
}

void
reply_error(struct transaction_reply *r, const struct error *e)
{
	if (e->class == ERR_PERM)
		set(r, 554, "5.3.0", span_str("The message cannot be processed"));
	else
		reply_later(r, "Temporary failure, try again later");
}

/* --- the end of one recipient ------------------------------------------------------- */

static const struct step_result *
find_step(const struct plan *plan, unsigned index, const struct step_result *steps,
    enum step_state state)
{
	for (unsigned i = 0; i < plan->step_count; i++) {
		if (plan->steps[i].recipient == index && steps[i].state == state)
			return &steps[i];
	}
	return NULL;
}

static bool
has_action(const struct plan *plan, unsigned index, enum plan_action action)
{
	for (unsigned i = 0; i < plan->step_count; i++) {
		if (plan->steps[i].recipient == index && plan->steps[i].action == action)
			return true;
	}
	return false;
}

static void
reply_open(const struct step_result *step, struct transaction_reply *r)
{
	if (step->code >= 400 && step->code <= 499 && step->status[0] == '4')
		set(r, (int)step->code, step->status, span_str(step->text));
	else
		reply_later(r, "Not yet done, try again later");
}

static void
reply_refused(const struct step_result *step, struct transaction_reply *r)
{
	bool whole = step->code >= 500 && step->code <= 599 && step->status[0] == '5';

	set(r, whole ? (int)step->code : 550, whole ? step->status : "5.0.0",
	    span_str(step->text));
}

/* A permanent refusal needs a permanent code, whatever the reason's own is. */
static const char *
refusal_status(const struct plan_recipient *recipient)
{
	const char *status = reason_info((enum reason)recipient->reason)->status;

	return status[0] == '5' ? status : "5.7.1";
}

static void
say(const struct plan *plan, unsigned index, const struct envelope *env,
    const struct facts *facts, struct buf *out)
{
	if (env->smtputf8) {
		say_reason(plan, index, env, facts, REASON_VI, out);
		buf_put_str(out, " | ");
	}
	say_reason(plan, index, env, facts, REASON_EN, out);
}

void
reply_held_again(struct transaction_reply *r, const struct plan *plan,
    const struct envelope *env, const struct facts *facts)
{
	struct buf text;

	buf_init(&text, 4096);
	say(plan, 0, env, facts, &text);
	set(r, 450, "4.7.1", buf_span(&text));
	buf_free(&text);
}

static void
reply_outcome(const struct plan *plan, unsigned index, const struct envelope *env,
    const struct facts *facts, struct transaction_reply *r)
{
	const struct plan_recipient *recipient = &plan->recipients[index];
	struct buf text;

	buf_init(&text, 4096);
	switch ((enum plan_outcome)recipient->outcome) {
	case OUTCOME_DELIVER:
		buf_printf(&text, "Delivered as %s", plan->tx);
		set(r, 250, "2.0.0", buf_span(&text));
		break;
	case OUTCOME_HOLD:
		buf_printf(&text, "Held as %s: ", plan->tx);
		say(plan, index, env, facts, &text);
		set(r, 250, "2.0.0", buf_span(&text));
		break;
	case OUTCOME_REFUSE:
		if (has_action(plan, index, ACTION_NOTIFY)) {
			buf_printf(&text, "Refused as %s, the sender is told: ", plan->tx);
			say(plan, index, env, facts, &text);
			set(r, 250, "2.0.0", buf_span(&text));
		} else {
			say(plan, index, env, facts, &text);
			set(r, 550, refusal_status(recipient), buf_span(&text));
		}
		break;
	}
	buf_free(&text);
}

bool
reply_decide(const struct plan *plan, unsigned index, const struct step_result *steps,
    const struct envelope *env, const struct facts *facts, struct transaction_reply *r)
{
	const struct step_result *open = find_step(plan, index, steps, STEP_OPEN);
	const struct step_result *refused = find_step(plan, index, steps, STEP_REFUSED);

	if (open != NULL)
		reply_open(open, r);
	else if (refused != NULL && plan->recipients[index].outcome == OUTCOME_DELIVER)
		reply_refused(refused, r);
	else
		reply_outcome(plan, index, env, facts, r);
	return open == NULL;
}

/* --- the ledger's form and the client's ---------------------------------------------- */

void
reply_format(const struct transaction_reply *r, char out[LEDGER_REPLY_MAX])
{
	snprintf(out, LEDGER_REPLY_MAX, "%d %s %s", r->code, r->status, r->text);
}

int
reply_parse(const char *stored, struct transaction_reply *r)
{
	int text_at = 0;

	memset(r, 0, sizeof(*r));
	if (sscanf(stored, "%3d %11[0-9.] %n", &r->code, r->status, &text_at) != 2 ||
	    text_at == 0 || stored[text_at] == '\0' || r->code < 200 || r->code > 599)
		return -1;
	snprintf(r->text, sizeof(r->text), "%s", stored + text_at);
	return 0;
}

void
reply_fit(struct transaction_reply *r, bool smtputf8)
{
	struct buf ascii;

	if (smtputf8)
		return;
	buf_init(&ascii, sizeof(r->text) - 1);
	text_ascii(span_str(r->text), &ascii);
	snprintf(r->text, sizeof(r->text), "%s", buf_str(&ascii));
	buf_free(&ascii);
}

void
reply_unify(struct transaction_reply *replies, unsigned count)
{
	unsigned worst = 0;

	for (unsigned i = 1; i < count; i++) {
		int now = replies[worst].code / 100, then = replies[i].code / 100;

		if (now != 4 && (then == 4 || (then == 5 && now == 2)))
			worst = i;
	}
	for (unsigned i = 0; i < count; i++)
		replies[i] = replies[worst];
}
