/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between our processes: whole or not at all, and a hostile sender gains nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/io.h"
#include "common/ipc.h"

static int pair[2];
static struct buf in;
static struct error e;

static int
set_up(void **state)
{
	(void)state;
	buf_init(&in, IPC_MESSAGE_MAX);
	return ipc_pair(pair, &e);
}

static int
tear_down(void **state)
{
	(void)state;
	buf_free(&in);
	io_close(&pair[0]);
	io_close(&pair[1]);
	return 0;
}

static void
a_message_arrives_whole(void **state)
{
	static uint8_t big[IPC_MESSAGE_MAX];
	struct deadline d = deadline_after_ms(2000);

	(void)state;
	memset(big, 'b', sizeof(big));
	assert_int_equal(ipc_send(pair[0], span_str("one"), NULL, 0, d, &e), 0);
	assert_int_equal(ipc_send(pair[0], span_str("two"), NULL, 0, d, &e), 0);
	assert_int_equal(ipc_receive(pair[1], &in, NULL, d, &e), 1);
	assert_true(span_is(buf_span(&in), "one"));
	assert_int_equal(ipc_receive(pair[1], &in, NULL, d, &e), 1);
	assert_true(span_is(buf_span(&in), "two"));
	assert_int_equal(ipc_send(pair[0], span_of(big, sizeof(big)), NULL, 0, d, &e), 0);
	assert_int_equal(ipc_receive(pair[1], &in, NULL, d, &e), 1);
	assert_int_equal(in.len, sizeof(big));
	io_close(&pair[0]);
	assert_int_equal(ipc_receive(pair[1], &in, NULL, d, &e), 0);
}

static void
what_we_may_not_send_is_our_bug(void **state)
{
	static uint8_t big[IPC_MESSAGE_MAX + 1];
	int fds[3] = { 0, 0, 0 };
	struct deadline d = deadline_after_ms(100);

	(void)state;
	assert_int_equal(ipc_send(pair[0], span_str(""), NULL, 0, d, &e), -1);
	assert_int_equal(e.class, ERR_BUG);
	assert_int_equal(ipc_send(pair[0], span_of(big, sizeof(big)), NULL, 0, d, &e), -1);
	assert_int_equal(e.class, ERR_BUG);
	assert_int_equal(ipc_send(pair[0], span_str("x"), fds, 3, d, &e), -1);
	assert_int_equal(e.class, ERR_BUG);
}

static void
a_message_over_the_readers_maximum_is_an_error(void **state)
{
	struct deadline d = deadline_after_ms(1000);
	struct buf small;

	(void)state;
	buf_init(&small, 4);
	assert_int_equal(ipc_send(pair[0], span_str("12345"), NULL, 0, d, &e), 0);
	assert_int_equal(ipc_receive(pair[1], &small, NULL, d, &e), -1);
	assert_int_equal(small.len, 0);
	buf_free(&small);
}

static void
silence_ends_at_the_deadline(void **state)
{
	(void)state;
	assert_int_equal(ipc_receive(pair[1], &in, NULL, deadline_after_ms(5), &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
}

static unsigned
open_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
descriptors_arrive_close_on_exec_and_never_leak(void **state)
{
	struct deadline d = deadline_after_ms(1000);
	int sent[2] = { pair[0], pair[1] }, got[IPC_FDS_MAX];
	unsigned before = open_descriptors();

	(void)state;
	assert_int_equal(ipc_send(pair[0], span_str("x"), sent, 2, d, &e), 0);
	assert_int_equal(ipc_receive(pair[1], &in, got, d, &e), 1);
	for (int i = 0; i < IPC_FDS_MAX; i++) {
		assert_true(got[i] >= 0);
		assert_true((fcntl(got[i], F_GETFD) & FD_CLOEXEC) != 0);
		io_close(&got[i]);
	}
	/* Not wanted: closed at once. */
	assert_int_equal(ipc_send(pair[0], span_str("x"), sent, 2, d, &e), 0);
	assert_int_equal(ipc_receive(pair[1], &in, NULL, d, &e), 1);
	assert_int_equal(open_descriptors(), before);
	/* Fewer than there is room for. */
	assert_int_equal(ipc_send(pair[0], span_str("x"), sent, 1, d, &e), 0);
	assert_int_equal(ipc_receive(pair[1], &in, got, d, &e), 1);
	assert_true(got[0] >= 0);
	assert_int_equal(got[1], -1);
	io_close(&got[0]);
}

static void
more_descriptors_than_allowed_are_refused(void **state)
{
	int many[5] = { 0, 0, 0, 0, 0 }, got[IPC_FDS_MAX];
	char control[CMSG_SPACE(sizeof(many))] __attribute__((aligned(8))) = { 0 };
	struct iovec iov = { .iov_base = many, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	unsigned before = open_descriptors();

	(void)state;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(many));
	memcpy(CMSG_DATA(c), many, sizeof(many));
	assert_int_equal(sendmsg(pair[0], &m, 0), 1);
	assert_int_equal(ipc_receive(pair[1], &in, got, deadline_after_ms(500), &e), -1);
	assert_int_equal(got[0], -1);
	assert_int_equal(got[1], -1);
	assert_int_equal(open_descriptors(), before);
}

static void
the_peer_is_known(void **state)
{
	uid_t uid;
	gid_t gid;
	pid_t pid;

	(void)state;
	assert_int_equal(ipc_peer(pair[0], &uid, &gid, &pid, &e), 0);
	assert_int_equal(uid, geteuid());
	assert_int_equal(pid, getpid());
}

static void
fields_come_back_as_they_were_written(void **state)
{
	struct wire_in w;
	char text[6];
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	wire_put_u8(&b, 0xfe);
	wire_put_u16(&b, 0xfedc);
	wire_put_u32(&b, 0xfedcba98);
	wire_put_u64(&b, 0xfedcba9876543210);
	wire_put_span(&b, span_of("a\0b", 3));
	wire_put_str(&b, "hello");
	wire_put_u32(&b, 7);
	w = wire_in(buf_span(&b));
	assert_int_equal(w.rest.ptr[1], 0xdc); /* little-endian */
	assert_int_equal(wire_u8(&w), 0xfe);
	assert_int_equal(wire_u16(&w), 0xfedc);
	assert_int_equal(wire_u32(&w), 0xfedcba98);
	assert_true(wire_u64(&w) == 0xfedcba9876543210);
	assert_int_equal(wire_span(&w, 3).len, 3);
	wire_str(&w, text, sizeof(text));
	assert_string_equal(text, "hello");
	assert_false(wire_done(&w));
	assert_int_equal(wire_bounded(&w, 7), 7);
	assert_true(wire_done(&w));
	buf_free(&b);
}

static void
a_lying_message_is_bad_and_gives_zeros(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} lies[] = {
		{ "", 0 }, { "\1\0\0", 3 }, { "\5\0\0\0hell", 8 }, /* shorter than it says */
		{ "\377\377\377\377hello", 9 },                     /* longer than all */
		{ "\6\0\0\0hello!", 10 },                           /* longer than we take */
		{ "\3\0\0\0a\0b", 7 },                              /* a NUL in a string */
	};
	char text[6];

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct wire_in w = wire_in(span_of(lies[i].bytes, lies[i].len));

		wire_str(&w, text, sizeof(text));
		assert_true(w.bad);
		assert_string_equal(text, "");
		assert_int_equal(wire_u64(&w), 0);
		assert_int_equal(wire_u8(&w), 0);
		assert_int_equal(wire_span(&w, 100).len, 0);
		assert_false(wire_done(&w));
	}
	struct wire_in w = wire_in(span_of("\10\0\0\0", 4));

	assert_int_equal(wire_bounded(&w, 7), 0);
	assert_true(w.bad);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_arrives_whole),
		TEST(what_we_may_not_send_is_our_bug),
		TEST(a_message_over_the_readers_maximum_is_an_error),
		TEST(silence_ends_at_the_deadline),
		TEST(descriptors_arrive_close_on_exec_and_never_leak),
		TEST(more_descriptors_than_allowed_are_refused),
		TEST(the_peer_is_known),
		TEST(fields_come_back_as_they_were_written),
		TEST(a_lying_message_is_bad_and_gives_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
