/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SMTP and LMTP server against any client. The first byte chooses the protocol, a byte
 * 0xff ends a packet, so that a fuzzer reaches what stands behind the 354.
 *
 * Whatever comes in: every line that goes out is a reply line, and every message that is
 * delivered is free of bare CR, LF and NUL, has checked addresses and printable labels.
 * The log is replaced, and a line that says "bug" is one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "gateway/receive/smtp_server.h"

#define PACKETS_MAX 100 /* so many always fit the socket's buffer */
#define PACKET_MAX 1000

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void
log_transaction(const char *id)
{
	(void)id;
}

void
log_info(const char *format, ...)
{
	(void)format;
}

void
log_warning(const char *format, ...)
{
	(void)format;
}

void
log_error(const char *format, ...)
{
	(void)format;
}

void
log_bug(const char *format, ...)
{
	(void)format;
	abort();
}

static void
must(bool truth)
{
	if (!truth)
		abort();
}

static void
check_label(const char *label)
{
	for (const char *p = label; *p != '\0'; p++)
		must(*p > ' ' && *p <= '~');
}

static void
check_bytes(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		must(s.ptr[i] != '\0');
		if (s.ptr[i] == '\n')
			must(i > 0 && s.ptr[i - 1] == '\r');
		if (s.ptr[i] == '\r')
			must(i + 1 < s.len && s.ptr[i + 1] == '\n');
	}
	must(s.len == 0 || s.ptr[s.len - 1] == '\n');
}

static void
deliver(void *context, const struct envelope *env, const struct spool *received,
    struct transaction_reply *replies, struct deadline d)
{
	struct error e;

	(void)context, (void)d;
	check_label(env->helo);
	check_label(env->peer);
	check_label(env->queue_id);
	must(envelope_check_address(span_str(env->sender), env->smtputf8, true, &e) == 0);
	must(env->recipient_count > 0 && env->recipient_count <= LIMIT_RECIPIENTS);
	check_bytes(spool_bytes(received));
	for (unsigned i = 0; i < env->recipient_count; i++) {
		must(envelope_check_address(span_str(env->recipients[i]), env->smtputf8, false,
			 &e) == 0);
		for (unsigned k = 0; k < i; k++)
			must(!envelope_same_mailbox(span_str(env->recipients[i]),
			    span_str(env->recipients[k])));
		replies[i] = (struct transaction_reply){ 250, "2.0.0", "Ok" };
	}
}

static void
check_replies(int client)
{
	static uint8_t said[256 * 1024];
	struct span s;
	ssize_t n;

	while ((n = recv(client, said, sizeof said, MSG_DONTWAIT)) > 0) {
		s = span_of(said, (size_t)n);
		while (s.len > 0) {
			size_t lf = span_find(s, '\n', 0);

			must(lf != SPAN_NOT_FOUND && lf >= 5 && lf < 512 && s.ptr[lf - 1] == '\r');
			must(s.ptr[0] >= '2' && s.ptr[0] <= '5');
			must(s.ptr[3] == ' ' || s.ptr[3] == '-');
			for (size_t i = 0; i < lf - 1; i++)
				must(s.ptr[i] >= ' ' && s.ptr[i] <= '~');
			s = span_from(s, lf + 1);
		}
	}
}

static void
send_packets(int client, struct span s)
{
	for (unsigned i = 0; i < PACKETS_MAX && s.len > 0; i++) {
		size_t end = span_find(s, 0xff, 0);
		size_t len = end == SPAN_NOT_FOUND ? s.len : end;

		if (len > PACKET_MAX)
			len = PACKET_MAX;
		if (len > 0)
			must(send(client, s.ptr, len, MSG_DONTWAIT) == (ssize_t)len);
		s = span_from(s, len == end ? len + 1 : len);
	}
	(void)shutdown(client, SHUT_WR);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct smtp_limits limits = {
		.message_bytes = 2000,
		.recipients = 10,
		.commands = 90,
		.errors = 50,
		.messages = 20,
		.command_seconds = 1,
		.data_seconds = 1,
		.session_seconds = 2,
	};
	struct smtp_session session = { .hostname = "gateway.example", .limits = &limits,
		.deliver = deliver };
	int pair[2];

	if (size == 0)
		return 0;
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	send_packets(pair[0], span_of(data + 1, size - 1));
	session.fd = pair[1];
	session.lmtp = (data[0] & 1) != 0;
	(void)smtp_serve(&session);
	(void)shutdown(pair[1], SHUT_WR);
	check_replies(pair[0]);
	(void)close(pair[0]);
	(void)close(pair[1]);
	return 0;
}
