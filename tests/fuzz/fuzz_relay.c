/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay client against any next hop. The first byte chooses protocol and needs; the rest
 * is all that the next hop says, at once, before it closes.
 *
 * Whatever it says: each recipient has a result that fits its code, whose words are one
 * printable line, and what was sent to it is nothing but our commands and the message.
 */
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/io.h"
#include "gateway/act/relay.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct span message = SPAN_LIT("Subject: 06/KH-VP\r\n\r\n.dot\r\n");
static const char *const recipients[] = { "one@dongnai.example", "two@dongnai.example",
	"three@dongnai.example" };

static struct {
	int listener;
	struct span says;
	struct buf hears;
	pthread_mutex_t lock;
	pthread_cond_t served;
	bool done;
} hop = { .lock = PTHREAD_MUTEX_INITIALIZER, .served = PTHREAD_COND_INITIALIZER };

static void
must(bool truth)
{
	if (!truth)
		abort();
}

static void *
serve(void *unused)
{
	struct deadline never = deadline_never();
	uint8_t bytes[4096];
	struct error e;
	ssize_t n;

	for (;;) {
		int fd;

		must(io_wait(hop.listener, POLLIN, never, &e) == 1);
		fd = accept(hop.listener, NULL, NULL);
		must(fd >= 0);
		(void)io_send_all(fd, hop.says, deadline_after_ms(1000), &e);
		(void)shutdown(fd, SHUT_WR);
		while ((n = io_receive(fd, bytes, sizeof bytes, deadline_after_ms(1000), &e)) > 0)
			buf_put(&hop.hears, bytes, (size_t)n);
		io_close(&fd);
		pthread_mutex_lock(&hop.lock);
		hop.done = true;
		pthread_cond_signal(&hop.served);
		pthread_mutex_unlock(&hop.lock);
	}
	return unused;
}

static struct act_settings settings = { .authserv_id = "gateway.example" };
static char folder[] = "/tmp/vanthu-fuzz-XXXXXX";

static void
clean_up(void)
{
	(void)unlink(settings.relay.path);
	(void)rmdir(folder);
}

static void
start(void)
{
	pthread_t thread;
	struct error e;

	must(mkdtemp(folder) != NULL);
	settings.relay.is_unix = true;
	(void)snprintf(settings.relay.path, sizeof settings.relay.path, "%s/hop", folder);
	must(endpoint_listen(&settings.relay, 0600, &hop.listener, &e) == 0);
	buf_init(&hop.hears, 64 * 1024);
	must(pthread_create(&thread, NULL, serve, NULL) == 0);
	must(atexit(clean_up) == 0);
}

static void
check_result(const struct act_result *r)
{
	size_t len = strnlen(r->text, sizeof r->text);

	must(len < sizeof r->text && strnlen(r->status_code, sizeof r->status_code) >= 5);
	for (size_t i = 0; i < len; i++)
		must((uint8_t)r->text[i] >= ' ' && r->text[i] != 0x7f);
	switch (r->status) {
	case ACT_DONE:
		must(r->code / 100 == 2 && r->status_code[0] == '2');
		break;
	case ACT_REFUSED:
		must((r->code == 0 || r->code / 100 == 5) && r->status_code[0] == '5');
		break;
	case ACT_RETRY:
		must((r->code == 0 || r->code / 100 == 4) && r->status_code[0] == '4');
		break;
	}
}

/* Nothing is heard but lines that we can have said. */
static void
check_heard(struct span s)
{
	static const char *const starts[] = { "EHLO gateway.example\r\n",
		"LHLO gateway.example\r\n", "MAIL FROM:<vanthu@bavi.hanoi.example>",
		"RCPT TO:<one@dongnai.example>\r\n", "RCPT TO:<two@dongnai.example>\r\n",
		"RCPT TO:<three@dongnai.example>\r\n", "DATA\r\n", "Subject: 06/KH-VP\r\n",
		"\r\n", "..dot\r\n", ".\r\n", "QUIT\r\n" };

	while (s.len > 0) {
		size_t lf = span_find(s, '\n', 0), i = 0;

		if (lf == SPAN_NOT_FOUND)
			return; /* cut off where the next hop closed */
		while (i < sizeof starts / sizeof starts[0] &&
		    !span_starts_nocase(s, span_str(starts[i])))
			i++;
		must(i < sizeof starts / sizeof starts[0]);
		s = span_from(s, lf + 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct relay_message m = { .sender = "vanthu@bavi.hanoi.example",
		.recipients = recipients, .recipient_count = 3, .parts = &message,
		.part_count = 1 };
	struct act_result results[3];

	if (size == 0)
		return 0;
	if (!settings.relay.is_unix)
		start();
	settings.relay_lmtp = (data[0] & 1) != 0;
	m.eight_bit = (data[0] & 2) != 0;
	m.smtputf8 = (data[0] & 4) != 0;
	hop.says = span_of(data + 1, size - 1);
	hop.done = false;
	buf_reset(&hop.hears);
	relay_send(&settings, &m, deadline_after_ms(2000), results);
	pthread_mutex_lock(&hop.lock);
	while (!hop.done)
		pthread_cond_wait(&hop.served, &hop.lock);
	pthread_mutex_unlock(&hop.lock);
	for (unsigned i = 0; i < 3; i++)
		check_result(&results[i]);
	check_heard(buf_span(&hop.hears));
	return 0;
}
