/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending a notice: with the null sender, to the sender inside, by way of the MTA's return
 * listener, before the original is acknowledged (I7). One notice for all the steps that are
 * performed together. Done twice it is the same mail under the same Message-ID (I5).
 */
#include <stdio.h>
#include <string.h>

#include "common/fault.h"
#include "gateway/act/act.h"
#include "gateway/act/notice.h"
#include "gateway/act/relay.h"

#define NOTICE_MAX (2 * 1024 * 1024)

static bool
has_8bit(const char *s)
{
	while (*s != '\0' && ((unsigned char)*s & 0x80) == 0)
		s++;
	return *s != '\0';
}

static void
send_notice(const struct act_job *job, struct span text, struct act_result *result)
{
	const char *recipients[] = { job->envelope->sender };
	bool beyond_ascii = has_8bit(job->envelope->sender);
	struct relay_message m = {
		.sender = "",
		.recipients = recipients,
		.recipient_count = 1,
		.parts = &text,
		.part_count = 1,
		.eight_bit = beyond_ascii,
		.smtputf8 = beyond_ascii,
	};

	FAULT_POINT("notify-send");
	relay_send(job->settings, &m, job->deadline, result);
	FAULT_POINT("notify-sent");
}

/*
 * A notice that nobody takes: what is held is safe without it, but a refusal must not
 * vanish, so the message stays with our MTA, which will say so to whoever it finds.
 */
static void
settle(const struct act_job *job, const struct plan_step *step, struct act_result *result)
{
	char said[sizeof(result->text)];

	if (result->status != ACT_REFUSED)
		return;
	memcpy(said, result->text, sizeof(said));
	snprintf(result->text, sizeof(result->text), "no notice: %.240s", said);
	result->code = 0;
	result->status_code[0] = '\0';
	result->status = job->plan->recipients[step->recipient].outcome == OUTCOME_HOLD ?
	    ACT_DONE :
	    ACT_RETRY;
}

void
act_notify(const struct act_job *job, const struct plan_step *const *steps,
    unsigned count, struct act_result *results)
{
	const char *forbidden = notice_forbidden(job);
	struct act_result one = { .status = ACT_RETRY };
	struct error e;
	struct buf text;

	if (count == 0)
		return;
	buf_init(&text, NOTICE_MAX);
	if (forbidden != NULL) {
		one.status = ACT_REFUSED;
		snprintf(one.text, sizeof(one.text), "%s", forbidden);
	} else if (notice_make(job, steps, count, &text, &e) != 0) {
		snprintf(one.text, sizeof(one.text), "%s", e.text);
	} else {
		send_notice(job, buf_span(&text), &one);
	}
	buf_free(&text);
	for (unsigned i = 0; i < count; i++) {
		results[i] = one;
		settle(job, steps[i], &results[i]);
	}
}
