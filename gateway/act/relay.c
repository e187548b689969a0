/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relaying: one SMTP or LMTP transaction with the MTA's return listener (RFC 5321, 2033,
 * 2920, 1870, 6152, 6531), one connection for each message.
 *
 *   greeting, EHLO | LHLO          anything but 2yz: all are to be retried
 *   MAIL, RCPT, RCPT, ...          in one go with PIPELINING, else one by one
 *   DATA, when some RCPT was taken
 *   the message, dot               from here on a lost connection is doubt
 *   one reply (SMTP) or one for each accepted recipient (LMTP)
 *   QUIT
 *
 * What an answer means: 2yz done, 4yz retry, 5yz refused, anything else (a lost connection,
 * a passed deadline, a line that is no reply, a code out of place) retry (I2). A greeting or
 * hello of 5yz speaks of the server, not of the message: retry, too.
 *
 * Bytes go out as they are, with dots stuffed. A CRLF is added at the end only if the
 * message has none there, since the end of data needs it. A message with a bare CR, a bare
 * LF or a NUL is refused, for the next hop could read two messages in it. Addresses are
 * checked again: nothing that reaches a command line can hold a CR, a LF or a bracket.
 *
 * Nothing is converted, for that would break signatures: where the message needs 8BITMIME or
 * SMTPUTF8 and the next hop does not offer it, it is refused with that reason (RFC 6152
 * section 3, RFC 6531 3.2).
 *
 * With PIPELINING up to LIMIT_RECIPIENTS commands are sent before the first reply is read;
 * they and their replies fit the buffers of any socket (RFC 2920 3.1), and if not, the
 * deadline ends it.
 */
#include "gateway/act/relay.h"

#include <stdio.h>
#include <string.h>

#include "common/digest.h"
#include "common/error.h"
#include "common/fault.h"
#include "gateway/act/relay_link.h"
#include "gateway/model/envelope.h"
#include "gateway/model/limits.h"

#define QUIT_MS 1000 /* how long the answer to QUIT is waited for */

enum progress {
	OPEN,     /* nothing is known */
	ACCEPTED, /* RCPT was answered 2yz */
	SETTLED,  /* its result is final */
};

struct relay {
	const struct act_settings *settings;
	const struct relay_message *m;
	struct relay_link *link;
	struct act_result *results;
	enum progress progress[LIMIT_RECIPIENTS];
	uint64_t size;
	bool ends_in_crlf;
	bool lost; /* the connection is of no more use */
	bool offers_pipelining, offers_size, offers_8bitmime, offers_smtputf8;
};

static void
settle(struct relay *r, unsigned i, enum act_status status, int code,
    const char *status_code, const char *text)
{
	struct act_result *result = &r->results[i];

	if (r->progress[i] == SETTLED)
		return;
	r->progress[i] = SETTLED;
	result->status = status;
	result->code = code;
	(void)snprintf(result->status_code, sizeof result->status_code, "%.*s",
	    (int)sizeof result->status_code - 1, status_code);
	(void)snprintf(result->text, sizeof result->text, "%.*s",
	    (int)sizeof result->text - 1, text);
}

/* For every recipient that has no result yet. */
static void
settle_rest(struct relay *r, enum act_status status, int code, const char *status_code,
    const char *text)
{
	for (unsigned i = 0; i < r->m->recipient_count; i++)
		settle(r, i, status, code, status_code, text);
}

static void
settle_doubt(struct relay *r, const struct error *e)
{
	char text[ERROR_TEXT_MAX + 16];

	(void)snprintf(text, sizeof text, "next hop: %s", e->text);
	settle_rest(r, ACT_RETRY, 0, "4.4.2", text);
	r->lost = true;
}

static void
settle_reply(struct relay *r, unsigned i, const struct relay_reply *reply)
{
	switch (reply->code / 100) {
	case 2:
		settle(r, i, ACT_DONE, reply->code, reply->status, reply->text);
		break;
	case 5:
		settle(r, i, ACT_REFUSED, reply->code, reply->status, reply->text);
		break;
	case 4:
		settle(r, i, ACT_RETRY, reply->code, reply->status, reply->text);
		break;
	default:
		settle(r, i, ACT_RETRY, 0, "4.5.0", "the next hop answered out of place");
		break;
	}
}

/* The reply, which is not the one that leads on, stands for all that have no result. */
static void
settle_all_by(struct relay *r, const struct relay_reply *reply)
{
	struct relay_reply out_of_place = { .code = 300 };

	for (unsigned i = 0; i < r->m->recipient_count; i++)
		settle_reply(r, i, reply->code < 400 ? &out_of_place : reply);
}

/* Look through all bytes once: size, line ends, what must never be passed on. */
static bool
examine(struct relay *r)
{
	uint8_t last = '\n', before = '\r';
	bool clean = true;

	for (unsigned p = 0; p < r->m->part_count; p++) {
		struct span part = r->m->parts[p];

		r->size += part.len;
		for (size_t i = 0; i < part.len; i++) {
			uint8_t c = part.ptr[i];

			clean = clean && c != '\0' && (c == '\n') == (last == '\r');
			before = last;
			last = c;
		}
	}
	r->ends_in_crlf = before == '\r' && last == '\n';
	if (clean && last != '\r')
		return true;
	settle_rest(r, ACT_REFUSED, 0, "5.6.0",
	    "the message holds a bare CR, a bare LF or a NUL and cannot be relayed");
	return false;
}

/* Nothing but checked addresses goes on; false when nobody is left. */
static bool
check_addresses(struct relay *r)
{
	const struct relay_message *m = r->m;
	bool any = false;
	struct error e;

	if (envelope_check_address(span_str(m->sender), m->smtputf8, true, &e) != 0) {
		settle_rest(r, ACT_REFUSED, 0, "5.1.7", e.text);
		return false;
	}
	for (unsigned i = 0; i < m->recipient_count; i++) {
		if (envelope_check_address(span_str(m->recipients[i]), m->smtputf8, false,
			&e) != 0)
			settle(r, i, ACT_REFUSED, 0, "5.1.3", e.text);
		else
			any = true;
	}
	return any;
}

static void
note_extension(void *context, struct span line)
{
	struct relay *r = context;
	struct span keyword = span_sub(line, 0, span_find(line, ' ', 0));

	if (span_is_nocase(keyword, "PIPELINING"))
		r->offers_pipelining = true;
	else if (span_is_nocase(keyword, "SIZE"))
		r->offers_size = true;
	else if (span_is_nocase(keyword, "8BITMIME"))
		r->offers_8bitmime = true;
	else if (span_is_nocase(keyword, "SMTPUTF8"))
		r->offers_smtputf8 = true;
}

/* Send what waits and read the reply to the one command that has none yet. */
static int
exchange(struct relay *r, relay_line_fn *each_line, struct relay_reply *reply)
{
	struct error e;

	if (relay_link_flush(r->link, &e) == 0 &&
	    relay_link_reply(r->link, each_line, r, reply, &e) == 0)
		return 0;
	settle_doubt(r, &e);
	return -1;
}

static bool
say_hello(struct relay *r)
{
	const char *verb = r->settings->relay_lmtp ? "LHLO" : "EHLO";
	struct relay_reply reply;
	struct error e;

	if (exchange(r, NULL, &reply) != 0)
		return false;
	if (reply.code / 100 == 2) {
		if (relay_link_command(r->link, &e, "%s %s", verb, r->settings->authserv_id) !=
		    0) {
			settle_doubt(r, &e);
			return false;
		}
		if (exchange(r, note_extension, &reply) != 0)
			return false;
		if (reply.code / 100 == 2)
			return true;
	}
	settle_rest(r, ACT_RETRY, reply.code / 100 == 4 ? reply.code : 0, "4.3.0", reply.text);
	return false;
}

static bool
extensions_suffice(struct relay *r)
{
	if (r->m->eight_bit && !r->offers_8bitmime) {
		settle_rest(r, ACT_REFUSED, 0, "5.6.3",
		    "the message holds 8-bit text, the next hop does not take it, and "
		    "converting would break its signature");
		return false;
	}
	if (r->m->smtputf8 && !r->offers_smtputf8) {
		settle_rest(r, ACT_REFUSED, 0, "5.6.7",
		    "the message has addresses or a header beyond ASCII, and the next hop "
		    "does not take them");
		return false;
	}
	return true;
}

static int
put_mail(struct relay *r, struct error *e)
{
	char size[32] = "";

	if (r->offers_size)
		(void)snprintf(size, sizeof size, " SIZE=%llu",
		    (unsigned long long)r->size + (r->ends_in_crlf ? 0 : 2));
	return relay_link_command(r->link, e, "MAIL FROM:<%s>%s%s%s", r->m->sender, size,
	    r->m->eight_bit ? " BODY=8BITMIME" : "", r->m->smtputf8 ? " SMTPUTF8" : "");
}

static int
put_rcpt(struct relay *r, unsigned i, struct error *e)
{
	return relay_link_command(r->link, e, "RCPT TO:<%s>", r->m->recipients[i]);
}

static bool
send_mail(struct relay *r)
{
	struct relay_reply reply;
	struct error e;

	if (put_mail(r, &e) != 0) {
		settle_doubt(r, &e);
		return false;
	}
	for (unsigned i = 0; r->offers_pipelining && i < r->m->recipient_count; i++) {
		if (r->progress[i] == OPEN && put_rcpt(r, i, &e) != 0) {
			settle_doubt(r, &e);
			return false;
		}
	}
	if (exchange(r, NULL, &reply) != 0)
		return false;
	FAULT_POINT("relay-mail");
	if (reply.code / 100 == 2)
		return true;
	settle_all_by(r, &reply);
	return false;
}

/* One reply for each RCPT; true when somebody was accepted. */
static bool
send_recipients(struct relay *r)
{
	struct relay_reply reply;
	bool any = false;
	struct error e;

	for (unsigned i = 0; i < r->m->recipient_count; i++) {
		if (r->progress[i] != OPEN)
			continue;
		if (!r->offers_pipelining && put_rcpt(r, i, &e) != 0) {
			settle_doubt(r, &e);
			return false;
		}
		if (exchange(r, NULL, &reply) != 0)
			return false;
		if (reply.code / 100 == 2) {
			r->progress[i] = ACCEPTED;
			any = true;
		} else {
			settle_reply(r, i, &reply);
		}
	}
	FAULT_POINT("relay-rcpt");
	return any;
}

static bool
send_data(struct relay *r)
{
	struct relay_reply reply;
	struct error e;

	if (relay_link_command(r->link, &e, "DATA") != 0) {
		settle_doubt(r, &e);
		return false;
	}
	if (exchange(r, NULL, &reply) != 0)
		return false;
	FAULT_POINT("relay-data");
	if (reply.code == 354)
		return true;
	settle_all_by(r, &reply);
	return false;
}

/* A part with its dots stuffed; *line_start goes on from one part to the next. */
static int
put_part(struct relay_link *link, struct span part, bool *line_start, struct error *e)
{
	size_t sent = 0, at = 0;

	while (at < part.len) {
		size_t lf;

		if (*line_start && part.ptr[at] == '.') {
			if (relay_link_put(link, span_sub(part, sent, at - sent), e) != 0 ||
			    relay_link_put(link, span_str("."), e) != 0)
				return -1;
			sent = at;
		}
		lf = span_find(part, '\n', at);
		*line_start = lf != SPAN_NOT_FOUND;
		at = *line_start ? lf + 1 : part.len;
	}
	return relay_link_put(link, span_from(part, sent), e);
}

static bool
send_message(struct relay *r)
{
	bool line_start = true;
	struct error e;

	for (unsigned p = 0; p < r->m->part_count; p++) {
		if (put_part(r->link, r->m->parts[p], &line_start, &e) != 0)
			goto doubt;
	}
	if (relay_link_put(r->link, span_str(r->ends_in_crlf ? ".\r\n" : "\r\n.\r\n"), &e) !=
		0 ||
	    relay_link_flush(r->link, &e) != 0)
		goto doubt;
	FAULT_POINT("relay-dot-sent");
	return true;
doubt:
	settle_doubt(r, &e);
	return false;
}

/* After the dot: the answer is for all who were accepted, or one for each of them. */
static void
read_answers(struct relay *r)
{
	struct relay_reply reply;
	bool have = false;

	for (unsigned i = 0; i < r->m->recipient_count; i++) {
		if (r->progress[i] != ACCEPTED)
			continue;
		if ((!have || r->settings->relay_lmtp) && exchange(r, NULL, &reply) != 0)
			return;
		have = true;
		settle_reply(r, i, &reply);
	}
	FAULT_POINT("relay-answered");
}

/* All results are known: what happens to QUIT is of no importance. */
static void
quit(struct relay *r)
{
	struct relay_reply reply;
	struct error e;

	relay_link_deadline(r->link, deadline_after_ms(QUIT_MS));
	if (relay_link_command(r->link, &e, "QUIT") == 0 && relay_link_flush(r->link, &e) == 0)
		(void)relay_link_reply(r->link, NULL, NULL, &reply, &e);
}

static void
transact(struct relay *r)
{
	if (say_hello(r) && extensions_suffice(r) && send_mail(r) && send_recipients(r) &&
	    send_data(r) && send_message(r))
		read_answers(r);
	if (!r->lost)
		quit(r);
}

static void
run(const struct act_settings *settings, const struct relay_message *m,
    const uint8_t digest[DIGEST_SIZE], struct deadline d, struct act_result *results)
{
	struct relay r = { .settings = settings, .m = m, .results = results };
	struct error e;

	for (unsigned i = 0; i < m->recipient_count; i++)
		memcpy(results[i].digest, digest, DIGEST_SIZE);
	if (m->recipient_count > LIMIT_RECIPIENTS) {
		settle_rest(&r, ACT_RETRY, 0, "4.5.3", "too many recipients at once");
		return;
	}
	if (!examine(&r) || !check_addresses(&r))
		return;
	if (relay_link_open(&settings->relay, d, &r.link, &e) == 0) {
		FAULT_POINT("relay-connected");
		transact(&r);
	} else {
		settle_doubt(&r, &e);
	}
	relay_link_close(&r.link);
}

void
relay_send(const struct act_settings *settings, const struct relay_message *m,
    struct deadline d, struct act_result *results)
{
	struct digest *digest = digest_new();
	uint8_t sum[DIGEST_SIZE] = { 0 };

	if (digest != NULL) {
		for (unsigned p = 0; p < m->part_count; p++)
			digest_update(digest, m->parts[p]);
		digest_final(digest, sum);
	}
	digest_free(&digest);
	run(settings, m, sum, d, results);
}

static bool
beyond_ascii(struct span s)
{
	uint8_t all = 0;

	for (size_t i = 0; i < s.len; i++)
		all |= s.ptr[i];
	return all > 0x7f;
}

void
act_relay(const struct act_job *job, const struct plan_step *const *steps, unsigned count,
    struct act_result *results)
{
	const char *recipients[LIMIT_RECIPIENTS];
	struct span bytes = spool_bytes(job->outgoing);
	struct relay_message m = {
		.sender = job->envelope->sender,
		.recipients = recipients,
		.recipient_count = count < LIMIT_RECIPIENTS ? count : LIMIT_RECIPIENTS,
		.parts = &bytes,
		.part_count = 1,
		.eight_bit = beyond_ascii(bytes),
	};
	bool utf8 = m.eight_bit || beyond_ascii(span_str(m.sender));

	for (unsigned i = 0; i < m.recipient_count; i++) {
		recipients[i] = job->plan->recipients[steps[i]->recipient].address;
		utf8 = utf8 || beyond_ascii(span_str(recipients[i]));
	}
	/* Raw 8-bit text of a client that never spoke of SMTPUTF8 goes on as 8BITMIME. */
	m.smtputf8 = job->envelope->smtputf8 && utf8;
	run(job->settings, &m, spool_digest(job->outgoing), job->deadline, results);
}
