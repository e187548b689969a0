/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of what the server can answer by itself: reply code, enhanced status code
 * (RFC 3463, 2034) and words. What becomes of a message is answered by core, and passes
 * through smtp_reply_put_line like everything else.
 */
#ifndef VANTHU_RECEIVE_SMTP_REPLY_H
#define VANTHU_RECEIVE_SMTP_REPLY_H

#include <stdbool.h>

#include "common/buf.h"

enum smtp_reply {
	REPLY_NONE = 0, /* nothing stands against the command */
	REPLY_HELP,
	REPLY_QUIT,
	REPLY_OK,
	REPLY_SENDER_OK,
	REPLY_RECIPIENT_OK,
	REPLY_CANNOT_VERIFY,
	REPLY_SEND_DATA,
	REPLY_STOPPING,
	REPLY_TIMEOUT,
	REPLY_SESSION_TIMEOUT,
	REPLY_TOO_MANY_COMMANDS,
	REPLY_TOO_MANY_ERRORS,
	REPLY_TOO_MANY_MESSAGES,
	REPLY_FAILURE,
	REPLY_STORAGE,
	REPLY_TOO_MANY_RECIPIENTS,
	REPLY_LINE_TOO_LONG,
	REPLY_LINE_BARE,
	REPLY_UNKNOWN,
	REPLY_ARGUMENT,
	REPLY_SENDER_SYNTAX,
	REPLY_RECIPIENT_SYNTAX,
	REPLY_NOT_IMPLEMENTED,
	REPLY_NOT_OURS,
	REPLY_NEED_HELLO,
	REPLY_NEED_MAIL,
	REPLY_NEED_RECIPIENT,
	REPLY_NESTED_MAIL,
	REPLY_EARLY_DATA,
	REPLY_DATA_BARE,
	REPLY_MESSAGE_TOO_BIG,
	REPLY_NEED_SMTPUTF8,
	REPLY_PARAMETER,
	REPLY_COUNT,
};

/* The reply code, for counting errors. */
int
smtp_reply_code(enum smtp_reply r);

/* Append the reply as one line with CRLF. */
void
smtp_reply_put(struct buf *out, enum smtp_reply r);

/*
 * Append "CODE STATUS text" CRLF. The text comes from elsewhere: controls become "?", bytes
 * above 0x7e too unless utf8, and it is cut to what one reply line may hold (RFC 5321
 * 4.5.3.1.5), never within a character. A code outside 200-299, 400-599 or a status of
 * another class is our own fault: it is logged and answered as REPLY_FAILURE.
 */
void
smtp_reply_put_line(struct buf *out, int code, const char *status, const char *text,
    bool utf8);

#endif
