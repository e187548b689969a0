/* SPDX-License-Identifier: Apache-2.0 */
/* Files with a maximum, sockets with a deadline, addresses read strictly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/io.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char folder[] = "/tmp/vanthu-io-XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_DFL); /* a write that raises it ends the test */
	return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return chdir("/") != 0 || rmdir(folder) != 0;
}

static void
a_file_is_read_whole_or_refused(void **state)
{
	static const struct {
		size_t size, max;
		bool ok;
	} files[] = { { 0, 0, true }, { 1, 0, false }, { 10, 10, true }, { 11, 10, false },
		{ 65536, 65536, true }, { 65537, 65536, false }, { 200000, 300000, true } };
	static uint8_t bytes[200000];
	struct error e;
	struct buf b;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 0; i < COUNT(files); i++) {
		int fd = open("f", O_WRONLY | O_CREAT | O_TRUNC, 0600), r;

		assert_int_equal(io_write_all(fd, span_of(bytes, files[i].size), &e), 0);
		assert_int_equal(io_fsync(fd, "f", &e), 0);
		io_close(&fd);
		assert_int_equal(fd, -1);
		io_close(&fd);
		buf_init(&b, 1 << 20);
		buf_put_str(&b, "kept");
		r = io_read_file("f", files[i].max, &b, &e);
		assert_int_equal(r, files[i].ok ? 0 : -1);
		if (files[i].ok)
			assert_int_equal(b.len, 4 + files[i].size);
		buf_free(&b);
	}
	assert_int_equal(unlink("f"), 0);
}

static void
what_is_no_plain_file_is_refused(void **state)
{
	struct error e;
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(symlink("f", "link"), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(io_read_file("link", 10, &b, &e), -1);
	assert_int_equal(io_read_file("fifo", 10, &b, &e), -1); /* and does not wait */
	assert_int_equal(io_read_file(".", 10, &b, &e), -1);
	assert_int_equal(io_read_file("none", 10, &b, &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	assert_int_equal(unlink("link"), 0);
	assert_int_equal(unlink("fifo"), 0);
}

static void
an_address_has_one_of_three_forms(void **state)
{
	static const struct {
		const char *text, *again; /* NULL: refused */
	} texts[] = {
		{ "unix:/run/vanthu/in.sock", "unix:/run/vanthu/in.sock" },
		{ "inet:127.0.0.1:25", "inet:127.0.0.1:25" },
		{ "inet:[::1]:65535", "inet:[::1]:65535" },
		{ "unix:", NULL }, { "inet:127.0.0.1", NULL }, { "inet:127.0.0.1:", NULL },
		{ "inet:127.0.0.1:0", NULL }, { "inet:127.0.0.1:65536", NULL },
		{ "inet:127.0.0.1:25x", NULL }, { "inet:localhost:25", NULL },
		{ "inet:::1:25", NULL },
		{ "inet:[::1]25", NULL }, { "inet:[::1:25", NULL }, { "inet::25", NULL },
		{ "127.0.0.1:25", NULL }, { "", NULL }, { "inet:[127.0.0.1]:25", NULL },
		{ "inet:127.0.0.1:-1", NULL }, { "inet:1.2.3:25", NULL },
		{ "unix:/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    NULL },
	};
	struct endpoint p;
	struct error e;
	char out[128];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		int r = endpoint_parse(texts[i].text, &p, &e);

		if (r != (texts[i].again == NULL ? -1 : 0))
			fail_msg("%s", texts[i].text);
		if (r == 0)
			assert_string_equal(endpoint_text(&p, out), texts[i].again);
	}
}

static void
a_deadline_holds_on_a_silent_socket(void **state)
{
	static uint8_t big[4 << 20];
	int pair[2];
	struct error e;
	char c;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0); /* blocking ones */
	assert_int_equal(io_wait(pair[0], POLLIN, deadline_after_ms(5), &e), 0);
	assert_int_equal(io_receive(pair[0], &c, 1, deadline_after_ms(5), &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_int_equal(
	    io_send_all(pair[0], span_of(big, sizeof(big)), deadline_after_ms(5), &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	io_close(&pair[1]);
	error_clear(&e);
	assert_int_equal(io_send_all(pair[0], span_str("x"), deadline_never(), &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	io_close(&pair[0]);
}

static void
a_stale_socket_is_replaced_and_a_living_one_is_not(void **state)
{
	struct endpoint p;
	struct stat st;
	struct error e;
	int one, two, to;

	(void)state;
	assert_int_equal(endpoint_parse("unix:s", &p, &e), 0);
	assert_int_equal(endpoint_listen(&p, 0640, &one, &e), 0);
	assert_int_equal(stat("s", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(endpoint_listen(&p, 0640, &two, &e), -1);
	assert_int_equal(two, -1);
	assert_int_equal(endpoint_connect(&p, deadline_after_ms(1000), &to, &e), 0);
	io_close(&to);
	io_close(&one);
	assert_int_equal(endpoint_connect(&p, deadline_after_ms(1000), &to, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_int_equal(endpoint_listen(&p, 0640, &two, &e), 0);
	io_close(&two);
	assert_int_equal(unlink("s"), 0);
	/* What is not a socket is nothing of ours. */
	one = open("s", O_CREAT | O_WRONLY, 0600);
	assert_int_equal(endpoint_listen(&p, 0640, &two, &e), -1);
	io_close(&one);
	assert_int_equal(unlink("s"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_whole_or_refused),
		cmocka_unit_test(what_is_no_plain_file_is_refused),
		cmocka_unit_test(an_address_has_one_of_three_forms),
		cmocka_unit_test(a_deadline_holds_on_a_silent_socket),
		cmocka_unit_test(a_stale_socket_is_replaced_and_a_living_one_is_not),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
