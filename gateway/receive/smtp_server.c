/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One SMTP or LMTP session: commands in, effects, replies out, one message at a time
 * (RFC 5321, 2033, 1870, 6152, 2920, 2034, 6531; XFORWARD).
 *
 *   START --hello--> READY --MAIL--> SENDER --RCPT--> RECIPIENT --DATA--> READY
 *                      ^------- RSET, hello, the end of a message -------'
 *
 * Invariants:
 * - what a line says is judged in smtp_command.c; an effect here never refuses for syntax;
 * - a message reaches deliver() whole, sealed and free of bare CR, LF and NUL, or not at
 *   all: a connection that ends inside DATA leaves nothing behind;
 * - after the end of data there is one reply for SMTP, and for LMTP one for each RCPT that
 *   was answered with 250, in their order, whatever became of the message;
 * - a mailbox named twice is one recipient of the envelope with two replies;
 * - every wait ends: at command_seconds, data_seconds or session_seconds. Only deliver() has
 *   its own budget, for its answer must be said.
 *
 * The trusted time of a message is that of its end of data, when it is ours to judge; the
 * transaction id is made when MAIL is accepted, so that the log has it from then on.
 *
 * Not spoken: STARTTLS and AUTH (our client is the MTA on the same machine), CHUNKING, DSN.
 * Where bytes may follow that are not commands (BDAT, a web client, data before the 354)
 * the session ends, lest they be obeyed.
 */
#include "gateway/receive/smtp_server.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "gateway/receive/smtp_command.h"
#include "gateway/receive/smtp_data.h"
#include "gateway/receive/smtp_reply.h"
#include "gateway/receive/smtp_stream.h"

struct session {
	const struct smtp_session *how;
	const struct smtp_limits *limits;
	struct smtp_stream stream;
	struct smtp_state state;
	struct deadline until; /* of the whole session */
	char peer[64];
	char helo[SMTP_HELO_MAX + 1];
	struct smtp_xforward xforward;
	struct envelope *env;
	struct transaction_reply *replies;
	unsigned accepted; /* RCPT commands answered with 250 */
	unsigned recipient_of[LIMIT_RECIPIENTS]; /* the recipient that each of them named */
	unsigned commands, errors, messages;
	bool over;
	bool ours; /* it was we who ended it */
};

static void
say(struct session *s, enum smtp_reply r)
{
	if (smtp_reply_code(r) >= 500 && ++s->errors >= s->limits->errors) {
		r = REPLY_TOO_MANY_ERRORS;
		log_warning("smtp: too many errors, closing");
	}
	if (smtp_reply_code(r) == 421 || r == REPLY_NOT_OURS || r == REPLY_EARLY_DATA)
		s->over = s->ours = true;
	smtp_reply_put(&s->stream.out, r);
}

/* The wait ended without input. What can still be said is said. */
static void
end_session(struct session *s, enum stream_end end)
{
	switch (end) {
	case STREAM_TIMEOUT:
		say(s, deadline_passed(s->until) ? REPLY_SESSION_TIMEOUT : REPLY_TIMEOUT);
		break;
	case STREAM_STOPPED:
		say(s, REPLY_STOPPING);
		break;
	case STREAM_OK:
	case STREAM_CLOSED:
	case STREAM_LONG:
	case STREAM_BARE:
		break;
	}
	s->over = true;
}

/* The end of a transaction; XFORWARD holds for one, as Postfix has it. */
static void
reset(struct session *s)
{
	if (s->state.phase != PHASE_START)
		s->state.phase = PHASE_READY;
	s->state.smtputf8 = false;
	s->xforward = (struct smtp_xforward){ .has_addr = false };
	s->accepted = 0;
	log_transaction(NULL);
}

static void
copy_text(char *to, size_t size, struct span from)
{
	size_t len = from.len < size ? from.len : size - 1;

	memcpy(to, from.ptr, len);
	to[len] = '\0';
}

static void
do_hello(struct session *s, const struct smtp_command *c)
{
	struct buf *out = &s->stream.out;

	reset(s);
	copy_text(s->helo, sizeof s->helo, c->name);
	s->state.phase = PHASE_READY;
	if (c->verb == VERB_HELO) {
		buf_printf(out, "250 %s\r\n", s->how->hostname);
		return;
	}
	buf_printf(out,
	    "250-%s\r\n"
	    "250-PIPELINING\r\n"
	    "250-SIZE %zu\r\n"
	    "250-8BITMIME\r\n"
	    "250-SMTPUTF8\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n"
	    "250 " SMTP_XFORWARD_KEYWORD "\r\n",
	    s->how->hostname, s->limits->message_bytes);
}

static void
do_xforward(struct session *s, const struct smtp_command *c)
{
	smtp_xforward_add(&s->xforward, &c->xforward);
	say(s, REPLY_OK);
}

static void
do_mail(struct session *s, const struct smtp_command *c)
{
	struct envelope *env = s->env;
	const struct smtp_xforward *x = &s->xforward;

	if (s->messages >= s->limits->messages) {
		say(s, REPLY_TOO_MANY_MESSAGES);
		return;
	}
	*env = (struct envelope){
		.source = s->how->lmtp ? SOURCE_LMTP : SOURCE_SMTP,
		.zone = s->how->zone,
		.eight_bit = c->eight_bit,
		.smtputf8 = c->smtputf8,
	};
	envelope_new_tx(env->tx, clock_now());
	log_transaction(env->tx);
	copy_text(env->peer, sizeof env->peer, span_str(x->has_addr ? x->addr : s->peer));
	copy_text(env->helo, sizeof env->helo, span_str(x->has_helo ? x->helo : s->helo));
	copy_text(env->queue_id, sizeof env->queue_id, span_str(x->ident));
	copy_text(env->sender, sizeof env->sender, c->address);
	s->state.smtputf8 = c->smtputf8;
	s->state.phase = PHASE_SENDER;
	s->accepted = 0;
	say(s, REPLY_SENDER_OK);
}

/* The index of a recipient, added if it is new. */
static unsigned
recipient_index(struct envelope *env, struct span address)
{
	unsigned i;

	for (i = 0; i < env->recipient_count; i++) {
		if (envelope_same_mailbox(span_str(env->recipients[i]), address))
			return i;
	}
	copy_text(env->recipients[i], sizeof env->recipients[i], address);
	env->recipient_count++;
	return i;
}

static void
do_rcpt(struct session *s, const struct smtp_command *c)
{
	if (s->accepted >= s->limits->recipients || s->accepted >= LIMIT_RECIPIENTS) {
		say(s, REPLY_TOO_MANY_RECIPIENTS);
		return;
	}
	s->recipient_of[s->accepted++] = recipient_index(s->env, c->address);
	s->state.phase = PHASE_RECIPIENT;
	say(s, REPLY_RECIPIENT_OK);
}

/* A message on its way into the spool. Short runs are gathered, for each one that the spool
 * gets is a system call. */
struct intake {
	struct spool *spool;
	size_t max, size;
	enum smtp_reply refusal; /* REPLY_NONE as long as it can be taken */
	size_t gathered_len;
	uint8_t gathered[8 * 1024];
};

static void
append(struct intake *in, struct span bytes)
{
	struct error e;

	if (in->refusal != REPLY_NONE || spool_append(in->spool, bytes, &e) == 0)
		return;
	log_error("smtp: %s", e.text);
	in->refusal = REPLY_STORAGE;
}

static void
append_gathered(struct intake *in)
{
	append(in, span_of(in->gathered, in->gathered_len));
	in->gathered_len = 0;
}

static void
take_run(void *context, struct span run)
{
	struct intake *in = context;

	if (in->refusal != REPLY_NONE)
		return;
	if (run.len > in->max - in->size) {
		in->refusal = REPLY_MESSAGE_TOO_BIG;
		return;
	}
	in->size += run.len;
	if (run.len > sizeof in->gathered - in->gathered_len)
		append_gathered(in);
	if (run.len > sizeof in->gathered) {
		append(in, run);
		return;
	}
	memcpy(in->gathered + in->gathered_len, run.ptr, run.len);
	in->gathered_len += run.len;
}

/* Read to the end of data, whatever becomes of the message. */
static enum stream_end
receive(struct session *s, struct intake *in)
{
	struct smtp_data reader = smtp_data_start();

	while (reader.state != DATA_END) {
		struct deadline d = deadline_after_ms(s->limits->data_seconds * 1000LL);
		struct span chunk;
		enum stream_end end =
		    smtp_stream_data(&s->stream, deadline_earlier(d, s->until), &chunk);

		if (end != STREAM_OK)
			return end;
		smtp_stream_used(&s->stream, smtp_data_feed(&reader, chunk, take_run, in));
	}
	if (reader.bare)
		in->refusal = REPLY_DATA_BARE;
	return STREAM_OK;
}

static void
answer_message(struct session *s, enum smtp_reply refusal)
{
	unsigned count = s->how->lmtp ? s->accepted : 1;

	for (unsigned i = 0; i < count; i++) {
		const struct transaction_reply *r = &s->replies[s->recipient_of[i]];

		if (refusal != REPLY_NONE)
			smtp_reply_put(&s->stream.out, refusal);
		else
			smtp_reply_put_line(&s->stream.out, r->code, r->status, r->text,
			    s->state.smtputf8);
	}
}

static void
finish_message(struct session *s, struct intake *in)
{
	struct error e;

	append_gathered(in);
	if (in->refusal == REPLY_NONE && spool_seal(in->spool, &e) != 0) {
		log_error("smtp: %s", e.text);
		in->refusal = REPLY_FAILURE;
	}
	if (in->refusal == REPLY_NONE) {
		memset(s->replies, 0, LIMIT_RECIPIENTS * sizeof *s->replies);
		s->env->accepted_at = clock_now();
		s->how->deliver(s->how->context, s->env, in->spool, s->replies,
		    deadline_after_ms(TRANSACTION_BUDGET_MS));
	} else {
		log_warning("smtp: message of <%s> not taken: %d", s->env->sender,
		    smtp_reply_code(in->refusal));
	}
	s->messages++;
	answer_message(s, in->refusal);
}

static void
do_data(struct session *s, const struct smtp_command *c)
{
	struct intake in = { .max = s->limits->message_bytes, .refusal = REPLY_NONE };
	enum stream_end end;
	struct error e;

	(void)c;
	if (smtp_stream_pending(&s->stream)) {
		log_warning("smtp: data before the answer to DATA, closing");
		say(s, REPLY_EARLY_DATA);
		return;
	}
	if (spool_new(s->how->spool_dir, in.max, &in.spool, &e) != 0) {
		log_error("smtp: %s", e.text);
		say(s, REPLY_STORAGE);
		return;
	}
	say(s, REPLY_SEND_DATA);
	end = receive(s, &in);
	if (end == STREAM_OK) {
		finish_message(s, &in);
	} else {
		log_warning("smtp: message of <%s> broken off after %zu bytes", s->env->sender,
		    in.size);
		end_session(s, end);
	}
	spool_free(&in.spool);
	reset(s);
}

static void
do_rset(struct session *s, const struct smtp_command *c)
{
	(void)c;
	reset(s);
	say(s, REPLY_OK);
}

static void
do_noop(struct session *s, const struct smtp_command *c)
{
	(void)c;
	say(s, REPLY_OK);
}

static void
do_quit(struct session *s, const struct smtp_command *c)
{
	(void)c;
	say(s, REPLY_QUIT);
	s->over = true;
}

static void
do_vrfy(struct session *s, const struct smtp_command *c)
{
	(void)c;
	say(s, REPLY_CANNOT_VERIFY);
}

static void
do_help(struct session *s, const struct smtp_command *c)
{
	(void)c;
	say(s, REPLY_HELP);
}

/* The verbs that the check never lets through have no effect. */
static void (*const effects[VERB_COUNT])(struct session *, const struct smtp_command *) = {
	[VERB_HELO] = do_hello,
	[VERB_EHLO] = do_hello,
	[VERB_LHLO] = do_hello,
	[VERB_MAIL] = do_mail,
	[VERB_RCPT] = do_rcpt,
	[VERB_DATA] = do_data,
	[VERB_RSET] = do_rset,
	[VERB_NOOP] = do_noop,
	[VERB_QUIT] = do_quit,
	[VERB_VRFY] = do_vrfy,
	[VERB_HELP] = do_help,
	[VERB_XFORWARD] = do_xforward,
};

static void
serve_line(struct session *s, struct span line)
{
	struct smtp_command c;
	enum smtp_reply r;

	r = smtp_command_read(line, &s->state, &c);
	if (r != REPLY_NONE)
		say(s, r);
	else
		effects[c.verb](s, &c);
}

static void
serve_next(struct session *s)
{
	struct deadline d = deadline_after_ms(s->limits->command_seconds * 1000LL);
	struct span line;
	enum stream_end end = smtp_stream_line(&s->stream, SMTP_COMMAND_LINE_MAX,
	    deadline_earlier(d, s->until), &line);

	switch (end) {
	case STREAM_CLOSED:
	case STREAM_TIMEOUT:
	case STREAM_STOPPED:
		end_session(s, end);
		return;
	case STREAM_OK:
	case STREAM_LONG:
	case STREAM_BARE:
		break;
	}
	if (s->commands++ >= s->limits->commands)
		say(s, REPLY_TOO_MANY_COMMANDS);
	else if (end == STREAM_LONG)
		say(s, REPLY_LINE_TOO_LONG);
	else if (end == STREAM_BARE)
		say(s, REPLY_LINE_BARE);
	else
		serve_line(s, line);
}

/* The client's address as text; "" for a unix socket. */
static void
peer_address(int fd, char *out, size_t size)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	} at;
	socklen_t len = sizeof at, room = (socklen_t)size;

	out[0] = '\0';
	if (getpeername(fd, &at.any, &len) != 0)
		return;
	if (at.any.sa_family == AF_INET)
		(void)inet_ntop(AF_INET, &at.v4.sin_addr, out, room);
	else if (at.any.sa_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &at.v6.sin6_addr, out, room);
}

static void
serve_all(struct session *s)
{
	buf_printf(&s->stream.out, "220 %s %s Vanthu\r\n", s->how->hostname,
	    s->how->lmtp ? "LMTP" : "ESMTP");
	while (!s->over)
		serve_next(s);
	if (smtp_stream_flush(&s->stream) == STREAM_OK && s->ours)
		smtp_stream_linger(&s->stream);
}

unsigned
smtp_serve(struct smtp_session *how)
{
	struct session s = { .how = how, .limits = how->limits };

	s.state = (struct smtp_state){
		.lmtp = how->lmtp,
		.phase = PHASE_START,
		.message_bytes = how->limits->message_bytes,
	};
	s.until = deadline_after_ms(how->limits->session_seconds * 1000LL);
	s.env = malloc(sizeof *s.env);
	s.replies = calloc(LIMIT_RECIPIENTS, sizeof *s.replies);
	peer_address(how->fd, s.peer, sizeof s.peer);
	if (smtp_stream_open(&s.stream, how->fd, how->stop,
		how->limits->command_seconds * 1000) == 0 &&
	    s.env != NULL && s.replies != NULL)
		serve_all(&s);
	else
		log_error("smtp: out of memory");
	smtp_stream_close(&s.stream);
	free(s.env);
	free(s.replies);
	log_transaction(NULL);
	return s.messages;
}
