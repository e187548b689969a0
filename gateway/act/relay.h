/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client of the MTA's return listener, SMTP or LMTP as settings say: what relaying a
 * message and sending a notice have in common.
 */
#ifndef VANTHU_ACT_RELAY_H
#define VANTHU_ACT_RELAY_H

#include <stdbool.h>

#include "common/clock.h"
#include "common/span.h"
#include "gateway/act/act.h"

struct relay_message {
	const char *sender;            /* "" = the null sender */
	const char *const *recipients; /* checked again before anything is sent */
	unsigned recipient_count;
	const struct span *parts; /* sent one after the other, bytes unchanged but dots */
	unsigned part_count;
	bool eight_bit; /* some part holds a byte above 0x7f: BODY=8BITMIME is needed */
	bool smtputf8;  /* SMTPUTF8 is needed */
};

/*
 * Send in one transaction. Fills results[0..recipient_count): status, digest of the bytes,
 * reply code and text for each recipient. Everything unclear is ACT_RETRY.
 */
void
relay_send(const struct act_settings *settings, const struct relay_message *m,
    struct deadline d, struct act_result *results);

#endif
