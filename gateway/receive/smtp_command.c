/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines (RFC 5321 4.1, 2033, 1870, 6152, 6531). One table says for each verb where
 * it may stand, what answers it elsewhere and who reads its argument. The order of the
 * checks is fixed: verb, protocol, phase, argument.
 *
 * Strict where two readers could differ: no blank after "FROM:" and "TO:", an address only
 * in angle brackets and only as envelope_check_address takes it (no source route, no quoted
 * local part). "%" and "!" in a local part are plain characters: nothing is relayed on
 * their account. Blanks at the end of a line are ignored (RFC 5321 4.1.1).
 *
 * A parameter that was not announced is refused, never ignored (RFC 5321 4.1.1.11).
 */
#include "gateway/receive/smtp_command.h"

#include "gateway/model/envelope.h"

#define ANY (PHASE_START | PHASE_READY | PHASE_SENDER | PHASE_RECIPIENT)
#define IN_TRANSACTION (PHASE_SENDER | PHASE_RECIPIENT)

#define SIZE_DIGITS_MAX 20 /* RFC 1870 section 3 */

enum { OVER_SMTP = 1 << 0, OVER_LMTP = 1 << 1, OVER_BOTH = OVER_SMTP | OVER_LMTP };

typedef enum smtp_reply
read_fn(struct span argument, const struct smtp_state *state, struct smtp_command *out);

static enum smtp_reply
read_anything(struct span argument, const struct smtp_state *state,
    struct smtp_command *out)
{
	(void)argument, (void)state, (void)out;
	return REPLY_NONE;
}

static enum smtp_reply
read_nothing(struct span argument, const struct smtp_state *state, struct smtp_command *out)
{
	(void)state, (void)out;
	return argument.len == 0 ? REPLY_NONE : REPLY_ARGUMENT;
}

/* A name or an address literal: not judged, but it must be one printable word. */
static enum smtp_reply
read_hello(struct span argument, const struct smtp_state *state, struct smtp_command *out)
{
	(void)state;
	if (argument.len == 0 || argument.len > SMTP_HELO_MAX)
		return REPLY_ARGUMENT;
	for (size_t i = 0; i < argument.len; i++) {
		if (argument.ptr[i] <= ' ' || argument.ptr[i] > '~')
			return REPLY_ARGUMENT;
	}
	out->name = argument;
	return REPLY_NONE;
}

/* "FROM:<...>" or "TO:<...>"; *rest is what follows the bracket. */
static enum smtp_reply
read_path(struct span argument, const char *keyword, struct smtp_command *out,
    struct span *rest)
{
	struct span word = span_str(keyword);
	size_t end;

	if (!span_starts_nocase(argument, word))
		return REPLY_ARGUMENT;
	argument = span_from(argument, word.len);
	end = span_find(argument, '>', 0);
	if (argument.len == 0 || argument.ptr[0] != '<' || end == SPAN_NOT_FOUND)
		return REPLY_ARGUMENT;
	out->address = span_sub(argument, 1, end - 1);
	*rest = span_from(argument, end + 1);
	return REPLY_NONE;
}

static enum smtp_reply
check_address(const struct smtp_command *c, bool smtputf8, bool null_ok, enum smtp_reply no)
{
	struct error ignored;

	if (envelope_check_address(c->address, smtputf8, null_ok, &ignored) == 0)
		return REPLY_NONE;
	if (!smtputf8 && envelope_check_address(c->address, true, null_ok, &ignored) == 0)
		return REPLY_NEED_SMTPUTF8;
	return no;
}

static enum smtp_reply
read_size(struct span value, uint64_t maximum)
{
	uint64_t size = 0;

	if (value.len == 0 || value.len > SIZE_DIGITS_MAX)
		return REPLY_ARGUMENT;
	for (size_t i = 0; i < value.len; i++) {
		uint8_t digit = (uint8_t)(value.ptr[i] - '0');

		if (digit > 9)
			return REPLY_ARGUMENT;
		size = size > (UINT64_MAX - digit) / 10 ? UINT64_MAX : size * 10 + digit;
	}
	return size > maximum ? REPLY_MESSAGE_TOO_BIG : REPLY_NONE;
}

enum mail_parameter { PARAMETER_SIZE = 1, PARAMETER_BODY = 2, PARAMETER_SMTPUTF8 = 4 };

static enum smtp_reply
read_parameter(struct span word, const struct smtp_state *state, struct smtp_command *out,
    unsigned *seen)
{
	size_t equals = span_find(word, '=', 0);
	struct span key = equals == SPAN_NOT_FOUND ? word : span_sub(word, 0, equals);
	struct span value = equals == SPAN_NOT_FOUND ? span_str("") : span_from(word, equals + 1);
	enum smtp_reply r = REPLY_NONE;
	unsigned parameter;

	if (span_is_nocase(key, "SIZE")) {
		parameter = PARAMETER_SIZE;
		r = read_size(value, state->message_bytes);
	} else if (span_is_nocase(key, "BODY")) {
		parameter = PARAMETER_BODY;
		out->eight_bit = span_is_nocase(value, "8BITMIME");
		if (!out->eight_bit && !span_is_nocase(value, "7BIT"))
			r = REPLY_ARGUMENT;
	} else if (span_is_nocase(key, "SMTPUTF8")) {
		parameter = PARAMETER_SMTPUTF8;
		out->smtputf8 = true;
		if (equals != SPAN_NOT_FOUND)
			r = REPLY_ARGUMENT;
	} else {
		return REPLY_PARAMETER;
	}
	if (*seen & parameter)
		return REPLY_ARGUMENT;
	*seen |= parameter;
	return r;
}

static enum smtp_reply
read_mail(struct span argument, const struct smtp_state *state, struct smtp_command *out)
{
	struct span rest;
	unsigned seen = 0;
	enum smtp_reply r = read_path(argument, "FROM:", out, &rest);

	while (r == REPLY_NONE && rest.len > 0) {
		size_t end;

		if (rest.ptr[0] != ' ')
			return REPLY_ARGUMENT;
		end = span_find(rest, ' ', 1);
		if (end == SPAN_NOT_FOUND)
			end = rest.len;
		r = read_parameter(span_sub(rest, 1, end - 1), state, out, &seen);
		rest = span_from(rest, end);
	}
	if (r != REPLY_NONE)
		return r;
	return check_address(out, out->smtputf8, true, REPLY_SENDER_SYNTAX);
}

static enum smtp_reply
read_rcpt(struct span argument, const struct smtp_state *state, struct smtp_command *out)
{
	struct span rest;
	enum smtp_reply r = read_path(argument, "TO:", out, &rest);

	if (r != REPLY_NONE)
		return r;
	if (rest.len > 0)
		return rest.ptr[0] == ' ' ? REPLY_PARAMETER : REPLY_ARGUMENT;
	return check_address(out, state->smtputf8, false, REPLY_RECIPIENT_SYNTAX);
}

static enum smtp_reply
read_xforward(struct span argument, const struct smtp_state *state, struct smtp_command *out)
{
	(void)state;
	return smtp_xforward_read(argument, &out->xforward) ? REPLY_NONE : REPLY_ARGUMENT;
}

static enum smtp_reply
refuse_unimplemented(struct span argument, const struct smtp_state *state,
    struct smtp_command *out)
{
	(void)argument, (void)state, (void)out;
	return REPLY_NOT_IMPLEMENTED;
}

static enum smtp_reply
refuse_foreign(struct span argument, const struct smtp_state *state,
    struct smtp_command *out)
{
	(void)argument, (void)state, (void)out;
	return REPLY_NOT_OURS;
}

static const struct verb_row {
	const char *name;
	enum smtp_verb verb;
	unsigned protocols; /* elsewhere the verb is unknown (RFC 2033 4.1) */
	unsigned phases;
	read_fn *read;
} table[] = {
	{ "HELO", VERB_HELO, OVER_SMTP, ANY, read_hello },
	{ "EHLO", VERB_EHLO, OVER_SMTP, ANY, read_hello },
	{ "LHLO", VERB_LHLO, OVER_LMTP, ANY, read_hello },
	{ "MAIL", VERB_MAIL, OVER_BOTH, PHASE_READY, read_mail },
	{ "RCPT", VERB_RCPT, OVER_BOTH, IN_TRANSACTION, read_rcpt },
	{ "DATA", VERB_DATA, OVER_BOTH, PHASE_RECIPIENT, read_nothing },
	{ "RSET", VERB_RSET, OVER_BOTH, ANY, read_nothing },
	{ "NOOP", VERB_NOOP, OVER_BOTH, ANY, read_anything },
	{ "QUIT", VERB_QUIT, OVER_BOTH, ANY, read_nothing },
	{ "VRFY", VERB_VRFY, OVER_BOTH, ANY, read_anything },
	{ "HELP", VERB_HELP, OVER_BOTH, ANY, read_anything },
	{ "XFORWARD", VERB_XFORWARD, OVER_BOTH, PHASE_READY, read_xforward },
	{ "EXPN", VERB_NOT_IMPLEMENTED, OVER_BOTH, ANY, refuse_unimplemented },
	{ "STARTTLS", VERB_NOT_IMPLEMENTED, OVER_BOTH, ANY, refuse_unimplemented },
	{ "AUTH", VERB_NOT_IMPLEMENTED, OVER_BOTH, ANY, refuse_unimplemented },
	{ "ETRN", VERB_NOT_IMPLEMENTED, OVER_BOTH, ANY, refuse_unimplemented },
	{ "TURN", VERB_NOT_IMPLEMENTED, OVER_BOTH, ANY, refuse_unimplemented },
	/* A chunk of data follows at once, which must not be read as commands. */
	{ "BDAT", VERB_NOT_OURS, OVER_BOTH, ANY, refuse_foreign },
	/* A web client was led to our port; its body must not be read as commands. */
	{ "GET", VERB_NOT_OURS, OVER_BOTH, ANY, refuse_foreign },
	{ "POST", VERB_NOT_OURS, OVER_BOTH, ANY, refuse_foreign },
	{ "PUT", VERB_NOT_OURS, OVER_BOTH, ANY, refuse_foreign },
	{ "CONNECT", VERB_NOT_OURS, OVER_BOTH, ANY, refuse_foreign },
};

static enum smtp_reply
out_of_phase(enum smtp_phase phase, enum smtp_verb verb)
{
	if (phase == PHASE_START)
		return REPLY_NEED_HELLO;
	if (phase == PHASE_READY)
		return REPLY_NEED_MAIL;
	return verb == VERB_DATA ? REPLY_NEED_RECIPIENT : REPLY_NESTED_MAIL;
}

enum smtp_reply
smtp_command_read(struct span line, const struct smtp_state *state, struct smtp_command *out)
{
	size_t blank;
	struct span verb, argument;

	*out = (struct smtp_command){ .verb = VERB_UNKNOWN };
	while (line.len > 0 &&
	    (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '\t'))
		line.len--;
	blank = span_find(line, ' ', 0);
	verb = blank == SPAN_NOT_FOUND ? line : span_sub(line, 0, blank);
	argument = blank == SPAN_NOT_FOUND ? span_str("") : span_from(line, blank + 1);

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const struct verb_row *row = &table[i];

		if (!span_is_nocase(verb, row->name))
			continue;
		if ((row->protocols & (state->lmtp ? OVER_LMTP : OVER_SMTP)) == 0)
			return REPLY_UNKNOWN;
		out->verb = row->verb;
		if ((row->phases & (unsigned)state->phase) == 0)
			return out_of_phase(state->phase, row->verb);
		return row->read(argument, state, out);
	}
	return REPLY_UNKNOWN;
}
