/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One command line: what it says, and whether it may be said now. Pure; the effect is in
 * smtp_server.c.
 */
#ifndef VANTHU_RECEIVE_SMTP_COMMAND_H
#define VANTHU_RECEIVE_SMTP_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"
#include "gateway/receive/smtp_reply.h"
#include "gateway/receive/smtp_xforward.h"

#define SMTP_COMMAND_LINE_MAX 1000 /* bytes with CRLF; RFC 5321 4.5.3.1.4 asks for 512 */
#define SMTP_HELO_MAX 255

enum smtp_verb {
	VERB_UNKNOWN,
	VERB_HELO,
	VERB_EHLO,
	VERB_LHLO,
	VERB_MAIL,
	VERB_RCPT,
	VERB_DATA,
	VERB_RSET,
	VERB_NOOP,
	VERB_QUIT,
	VERB_VRFY,
	VERB_HELP,
	VERB_XFORWARD,
	VERB_NOT_IMPLEMENTED, /* known to SMTP, not to us */
	VERB_NOT_OURS, /* what follows it may not be commands at all: the session must end */
	VERB_COUNT,
};

enum smtp_phase {
	PHASE_START = 1 << 0,     /* no hello yet */
	PHASE_READY = 1 << 1,     /* no transaction */
	PHASE_SENDER = 1 << 2,    /* MAIL was accepted */
	PHASE_RECIPIENT = 1 << 3, /* and at least one RCPT */
};

/* What the check needs to know of the session. */
struct smtp_state {
	bool lmtp;
	enum smtp_phase phase;
	bool smtputf8; /* of the transaction */
	uint64_t message_bytes;
};

/* Spans are views into the line. */
struct smtp_command {
	enum smtp_verb verb;
	struct span name;    /* HELO, EHLO, LHLO */
	struct span address; /* MAIL, RCPT: without the brackets */
	bool eight_bit;      /* MAIL: BODY=8BITMIME */
	bool smtputf8;       /* MAIL: SMTPUTF8 */
	struct smtp_xforward xforward;
};

/*
 * Read a line (without its CRLF) and check it against the state. Fills out->verb always,
 * the rest when the answer is REPLY_NONE; any other answer is the refusal.
 */
enum smtp_reply
smtp_command_read(struct span line, const struct smtp_state *state,
    struct smtp_command *out);

#endif
