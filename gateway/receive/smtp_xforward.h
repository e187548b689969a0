/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XFORWARD, by which Postfix tells a filter who its own client was. Only Postfix stands at
 * our listeners, so that what it says here is believed; it is a record, never a permission.
 */
#ifndef VANTHU_RECEIVE_SMTP_XFORWARD_H
#define VANTHU_RECEIVE_SMTP_XFORWARD_H

#include <stdbool.h>

#include "common/span.h"

/* As announced after EHLO and LHLO. */
#define SMTP_XFORWARD_KEYWORD "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"

/* What is kept; "" = the MTA does not know. The sizes are those of struct envelope. */
struct smtp_xforward {
	bool has_addr, has_helo, has_ident; /* said, if only to say that it is unknown */
	char addr[64];
	char helo[256];
	char ident[64];
};

/*
 * Read the arguments of one XFORWARD command. Several commands add up: only what is named
 * is changed. False when anything is wrong; then out is not to be used.
 */
bool
smtp_xforward_read(struct span arguments, struct smtp_xforward *out);

/* Take over what `more` says. */
void
smtp_xforward_add(struct smtp_xforward *to, const struct smtp_xforward *more);

#endif
