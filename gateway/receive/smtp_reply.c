/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies as lines. Invariants: every line ends in CRLF and holds no other control
 * character, is at most SMTP_REPLY_LINE_MAX bytes, and carries an enhanced status code of
 * the same class as its reply code (RFC 2034 section 4; 3yz replies have none).
 *
 * Multi-line replies exist only for EHLO and LHLO, which smtp_server.c writes.
 */
#include "gateway/receive/smtp_reply.h"

#include <string.h>

#include "common/log.h"
#include "common/span.h"
#include "common/text.h"

#define SMTP_REPLY_LINE_MAX 512 /* RFC 5321 4.5.3.1.5, with CRLF */

struct reply_row {
	int code;
	const char *status;
	const char *text;
};

static const struct reply_row rows[REPLY_COUNT] = {
	[REPLY_NONE] = { 451, "4.3.0", "Local error, try again later" },
	[REPLY_HELP] = { 214, "2.0.0", "See RFC 5321 and RFC 2033" },
	[REPLY_QUIT] = { 221, "2.0.0", "Goodbye" },
	[REPLY_OK] = { 250, "2.0.0", "Ok" },
	[REPLY_SENDER_OK] = { 250, "2.1.0", "Sender ok" },
	[REPLY_RECIPIENT_OK] = { 250, "2.1.5", "Recipient ok" },
	[REPLY_CANNOT_VERIFY] = { 252, "2.0.0", "Cannot verify, but send it and see" },
	[REPLY_SEND_DATA] = { 354, NULL, "End data with <CR><LF>.<CR><LF>" },
	[REPLY_STOPPING] = { 421, "4.3.2", "The service is stopping, try again" },
	[REPLY_TIMEOUT] = { 421, "4.4.2", "Waited too long for the client" },
	[REPLY_SESSION_TIMEOUT] = { 421, "4.4.2", "The session lasted too long" },
	[REPLY_TOO_MANY_COMMANDS] = { 421, "4.7.0", "Too many commands in one session" },
	[REPLY_TOO_MANY_ERRORS] = { 421, "4.7.0", "Too many errors in one session" },
	[REPLY_TOO_MANY_MESSAGES] = { 421, "4.7.0", "Too many messages in one session" },
	[REPLY_FAILURE] = { 451, "4.3.0", "Local error, try again later" },
	[REPLY_STORAGE] = { 452, "4.3.1", "No room for the message, try again later" },
	[REPLY_TOO_MANY_RECIPIENTS] = { 452, "4.5.3", "Too many recipients" },
	[REPLY_LINE_TOO_LONG] = { 500, "5.5.2", "Command line too long" },
	[REPLY_LINE_BARE] = { 500, "5.5.2",
	    "A command ends with CR LF and holds no other CR, LF or NUL" },
	[REPLY_UNKNOWN] = { 500, "5.5.1", "Unknown command" },
	[REPLY_ARGUMENT] = { 501, "5.5.4", "Wrong or missing argument" },
	[REPLY_SENDER_SYNTAX] = { 501, "5.1.7", "Bad sender address" },
	[REPLY_RECIPIENT_SYNTAX] = { 501, "5.1.3", "Bad recipient address" },
	[REPLY_NOT_IMPLEMENTED] = { 502, "5.5.1", "Command not implemented" },
	[REPLY_NOT_OURS] = { 502, "5.5.1", "Command not implemented, closing" },
	[REPLY_NEED_HELLO] = { 503, "5.5.1", "Say hello first" },
	[REPLY_NEED_MAIL] = { 503, "5.5.1", "Need MAIL first" },
	[REPLY_NEED_RECIPIENT] = { 503, "5.5.1", "No recipient was accepted" },
	[REPLY_NESTED_MAIL] = { 503, "5.5.1", "Not inside a mail transaction" },
	[REPLY_EARLY_DATA] = { 503, "5.5.0", "Data sent before the answer to DATA, closing" },
	[REPLY_DATA_BARE] = { 550, "5.5.2",
	    "The message holds a bare CR, a bare LF or a NUL; lines must end with CR LF" },
	[REPLY_MESSAGE_TOO_BIG] = { 552, "5.3.4", "The message is larger than we accept" },
	[REPLY_NEED_SMTPUTF8] = { 553, "5.6.7", "An address beyond ASCII needs SMTPUTF8" },
	[REPLY_PARAMETER] = { 555, "5.5.4", "Unknown parameter" },
};

int
smtp_reply_code(enum smtp_reply r)
{
	return rows[r].code;
}

void
smtp_reply_put(struct buf *out, enum smtp_reply r)
{
	const struct reply_row *row = &rows[r];

	if (row->status == NULL)
		buf_printf(out, "%d %s\r\n", row->code, row->text);
	else
		buf_printf(out, "%d %s %s\r\n", row->code, row->status, row->text);
}

/* d.ddd.ddd, of the class of the code. */
static bool
status_fits(int code, const char *status)
{
	size_t len = strnlen(status, 12), i = 2;

	if (len > 9 || status[0] != '0' + code / 100 || status[1] != '.')
		return false;
	for (unsigned part = 0; part < 2; part++) {
		size_t digits = 0;

		while (i < len && status[i] >= '0' && status[i] <= '9' && digits < 3) {
			i++;
			digits++;
		}
		if (digits == 0)
			return false;
		if (part == 0 && (i >= len || status[i++] != '.'))
			return false;
	}
	return i == len;
}

static bool
code_fits(int code)
{
	return (code >= 200 && code <= 299) || (code >= 400 && code <= 599);
}

void
smtp_reply_put_line(struct buf *out, int code, const char *status, const char *text,
    bool utf8)
{
	struct span s = span_str(text);
	size_t room = SMTP_REPLY_LINE_MAX - sizeof "250 5.100.100 \r\n";
	size_t offset = 0;

	if (!code_fits(code) || !status_fits(code, status)) {
		log_bug("a reply \"%d %.12s\" does not exist", code, status);
		smtp_reply_put(out, REPLY_FAILURE);
		return;
	}
	buf_printf(out, "%d %s ", code, status);
	while (offset < s.len) {
		size_t start = offset;
		int32_t c = text_next(s, &offset);
		bool plain = c >= 0x20 && c <= 0x7e;

		if (offset > room)
			break;
		if (plain || (utf8 && c >= 0xa0))
			buf_put_span(out, span_sub(s, start, offset - start));
		else
			buf_put_byte(out, '?');
	}
	buf_put_str(out, "\r\n");
}
