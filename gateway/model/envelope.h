/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope: where a message came from and whom it is for, made by receive, read by all.
 * What stands here was said in the protocol, never read from the message.
 */
#ifndef VANTHU_MODEL_ENVELOPE_H
#define VANTHU_MODEL_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/span.h"
#include "gateway/model/limits.h"

enum envelope_source {
	SOURCE_SMTP,    /* the proxy before the queue: one reply for all recipients */
	SOURCE_LMTP,    /* the filter after the queue: one reply for each */
	SOURCE_IMAP,
	SOURCE_POP3,
	SOURCE_MAILDIR,
	SOURCE_RELEASE, /* an operator releases a held message */
	SOURCE_FILE,    /* a file on the command line: nothing is delivered */
	SOURCE_COUNT,
};

/* Inside: our own agencies submit. Outside: everybody else. */
enum zone { ZONE_OUTSIDE = 0, ZONE_INSIDE = 1 };

const char *
envelope_source_name(enum envelope_source s);
const char *
zone_name(enum zone z);
bool
zone_parse(struct span name, enum zone *out);

#define TX_ID_SIZE 27 /* 26 characters and a NUL */

struct envelope {
	char tx[TX_ID_SIZE];
	enum envelope_source source;
	enum zone zone;
	int64_t accepted_at;  /* seconds; the trusted time at which validity is judged */
	char peer[64];        /* address of the client, of XFORWARD ADDR where the MTA says it */
	char helo[256];
	char login[256];      /* SASL login where the MTA passes it, else "" */
	char queue_id[64];    /* the MTA's own id where it passes it (XFORWARD IDENT) */
	char slot[256];       /* IMAP: account, mailbox, UIDVALIDITY, UID; POP3: UIDL; else "" */
	bool eight_bit;       /* BODY=8BITMIME was said */
	bool smtputf8;        /* SMTPUTF8 was said */
	char sender[LIMIT_ADDRESS_BYTES + 1]; /* "" for the null sender */
	unsigned recipient_count;
	char recipients[LIMIT_RECIPIENTS][LIMIT_ADDRESS_BYTES + 1];
};

/* A new transaction id: sorts by time, never repeats; characters 0-9 and a-z. */
void
envelope_new_tx(char out[TX_ID_SIZE], int64_t now);

/*
 * The address that an SMTP path carries, checked strictly by RFC 5321 4.1.2 and RFC 6531
 * (UTF-8 only when smtputf8): no control, blank, angle bracket, source route or address
 * literal trick gets through (verdicts.md E11, E12, libraries.md 8.16). Quoted local parts
 * are refused. The null path "" is accepted when null_ok.
 */
int
envelope_check_address(struct span address, bool smtputf8, bool null_ok, struct error *e);

/* The part after the last "@"; empty when there is none. */
struct span
envelope_domain(struct span address);

/* Equal as mailboxes: local part byte for byte, domain without case. */
bool
envelope_same_mailbox(struct span a, struct span b);

#define DELIVERY_KEY_SIZE 32

/*
 * The key of one delivery: SHA-256 over source kind (SMTP and LMTP count as one), zone,
 * slot, sender, recipient and the digest of the message below its leading trace fields.
 */
void
envelope_delivery_key(const struct envelope *env, unsigned recipient,
    const uint8_t body_digest[32], uint8_t out[DELIVERY_KEY_SIZE]);

#endif
