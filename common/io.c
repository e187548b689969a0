/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole reads and writes, and stream sockets. Sockets are used with MSG_DONTWAIT and
 * poll(2), so that a deadline holds whatever the socket's own mode is.
 */
#include "common/io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define READ_STEP (size_t)(64 * 1024)

int
io_write_all(int fd, struct span bytes, struct error *e)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, ERR_TEMP, errno, "write");
		bytes = span_from(bytes, (size_t)n);
	}
	return 0;
}

int
io_read_rest(int fd, size_t max, struct buf *out, struct error *e)
{
	size_t taken = 0;

	for (;;) {
		size_t left = max - taken, old = out->len;
		size_t step = left < READ_STEP ? left : READ_STEP;
		uint8_t one, *at = &one;
		ssize_t n;

		/* At the maximum one byte is asked for, to see whether there is more. */
		if (left == 0)
			step = 1;
		else if ((at = buf_extend(out, step)) == NULL)
			return error_set(e, ERR_TEMP, "no memory for what is read");
		n = read(fd, at, step);
		if (left > 0)
			out->len = old + (n > 0 ? (size_t)n : 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, ERR_TEMP, errno, "read");
		if (n == 0)
			return 0;
		if (left == 0)
			return error_set(e, ERR_PERM, "longer than %zu bytes", max);
		taken += (size_t)n;
	}
}

int
io_read_file(const char *path, size_t max, struct buf *out, struct error *e)
{
	struct stat st;
	int fd, result = -1;

	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_errno(e, ERR_PERM, errno, "%s", path);
	if (fstat(fd, &st) != 0)
		error_errno(e, ERR_TEMP, errno, "%s", path);
	else if (!S_ISREG(st.st_mode))
		error_set(e, ERR_PERM, "%s: not a regular file", path);
	else if (io_read_rest(fd, max, out, e) != 0)
		error_prefix(e, "%s", path);
	else
		result = 0;
	io_close(&fd);
	return result;
}

int
io_fsync(int fd, const char *name, struct error *e)
{
	int r;

	do
		r = fsync(fd);
	while (r != 0 && errno == EINTR);
	return r == 0 ? 0 : error_errno(e, ERR_TEMP, errno, "fsync %s", name);
}

void
io_close(int *fd)
{
	/* Linux has closed it even when it says EINTR: never a second time. */
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

int
io_wait(int fd, short events, struct deadline d, struct error *e)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int left = d.at_ms == INT64_MAX ? -1 : deadline_left_ms(d);
		int n = poll(&p, 1, left);

		if (n > 0 && (p.revents & POLLNVAL) != 0)
			return error_set(e, ERR_BUG, "poll: descriptor %d is not open", fd);
		if (n > 0)
			return 1; /* an error or hang-up is seen by the next read or write */
		if (n == 0 && deadline_passed(d))
			return 0;
		if (n < 0 && errno != EINTR)
			return error_errno(e, ERR_TEMP, errno, "poll");
	}
}

/* After EAGAIN: 0 to try again, -1 when the deadline passed or poll failed. */
static int
wait_or_fail(int fd, short events, struct deadline d, struct error *e)
{
	int ready = io_wait(fd, events, d, e);

	if (ready == 0)
		return error_set(e, ERR_TEMP, "the other end took too long");
	return ready > 0 ? 0 : -1;
}

int
io_send_all(int fd, struct span bytes, struct deadline d, struct error *e)
{
	while (bytes.len > 0) {
		ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			bytes = span_from(bytes, (size_t)n);
			continue;
		}
		if (errno == EAGAIN) {
			if (wait_or_fail(fd, POLLOUT, d, e) != 0)
				return -1;
		} else if (errno != EINTR) {
			return error_errno(e, ERR_TEMP, errno, "send");
		}
	}
	return 0;
}

ssize_t
io_receive(int fd, void *out, size_t size, struct deadline d, struct error *e)
{
	for (;;) {
		ssize_t n = recv(fd, out, size, MSG_DONTWAIT);

		if (n >= 0)
			return n;
		if (errno == EAGAIN) {
			if (wait_or_fail(fd, POLLIN, d, e) != 0)
				return -1;
		} else if (errno != EINTR) {
			return error_errno(e, ERR_TEMP, errno, "receive");
		}
	}
}

/* --- endpoints --------------------------------------------------------------------- */

/* "HOST:PORT" or "[HOST]:PORT", the host in figures. */
static bool
parse_inet(struct span s, struct endpoint *out)
{
	bool six = s.len > 0 && s.ptr[0] == '[';
	size_t end = span_find(s, six ? ']' : ':', 0);
	struct span host, port;
	struct in6_addr scratch;

	if (end == SPAN_NOT_FOUND)
		return false;
	host = six ? span_sub(s, 1, end - 1) : span_sub(s, 0, end);
	port = span_from(s, six ? end + 1 : end);
	if (host.len == 0 || host.len >= sizeof(out->host) || port.len < 2 ||
	    port.len > 6 || port.ptr[0] != ':')
		return false;
	memcpy(out->host, host.ptr, host.len);
	out->port = 0;
	for (size_t i = 1; i < port.len; i++) {
		if (port.ptr[i] < '0' || port.ptr[i] > '9')
			return false;
		out->port = out->port * 10 + (unsigned)(port.ptr[i] - '0');
	}
	return out->port > 0 && out->port <= 65535 &&
	    inet_pton(six ? AF_INET6 : AF_INET, out->host, &scratch) == 1;
}

int
endpoint_parse(const char *text, struct endpoint *out, struct error *e)
{
	struct span s = span_str(text), path = span_from(s, 5);

	memset(out, 0, sizeof(*out));
	if (span_is(span_sub(s, 0, 5), "unix:")) {
		out->is_unix = true;
		if (path.len == 0 || path.len >= sizeof(out->path))
			return error_set(e, ERR_PERM,
			    "\"%s\": the path of a socket has 1 to %zu bytes", text,
			    sizeof(out->path) - 1);
		memcpy(out->path, path.ptr, path.len);
		return 0;
	}
	if (span_is(span_sub(s, 0, 5), "inet:") && parse_inet(path, out))
		return 0;
	return error_set(e, ERR_PERM,
	    "\"%s\" is not an address; write unix:/PATH, inet:127.0.0.1:PORT or "
	    "inet:[::1]:PORT",
	    text);
}

union address {
	struct sockaddr any;
	struct sockaddr_un un;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t
fill_address(const struct endpoint *p, union address *a)
{
	memset(a, 0, sizeof(*a));
	if (p->is_unix) {
		a->un.sun_family = AF_UNIX;
		_Static_assert(sizeof(a->un.sun_path) >= sizeof(p->path), "a path fits");
		memcpy(a->un.sun_path, p->path, sizeof(p->path));
		return sizeof(a->un);
	}
	if (inet_pton(AF_INET, p->host, &a->in.sin_addr) == 1) {
		a->in.sin_family = AF_INET;
		a->in.sin_port = htons((uint16_t)p->port);
		return sizeof(a->in);
	}
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET6, p->host, &a->in6.sin6_addr) != 1)
		return 0;
	a->in6.sin6_family = AF_INET6;
	a->in6.sin6_port = htons((uint16_t)p->port);
	return sizeof(a->in6);
}

const char *
endpoint_text(const struct endpoint *at, char out[128])
{
	if (at->is_unix)
		snprintf(out, 128, "unix:%s", at->path);
	else if (strchr(at->host, ':') != NULL)
		snprintf(out, 128, "inet:[%s]:%u", at->host, at->port);
	else
		snprintf(out, 128, "inet:%s:%u", at->host, at->port);
	return out;
}

/*
 * Remove the socket that a process which is gone left behind. One that answers is not
 * ours to remove; what is no socket is left where it is, and bind will say so.
 */
static int
remove_stale(const union address *a, socklen_t size, struct error *e)
{
	struct stat st;
	int fd, r;

	if (lstat(a->un.sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return 0;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_errno(e, ERR_TEMP, errno, "socket");
	r = connect(fd, &a->any, size) == 0 ? 0 : errno;
	io_close(&fd);
	if (r == 0 || r == EAGAIN)
		return error_set(e, ERR_TEMP, "another process listens there");
	if (r == ECONNREFUSED && unlink(a->un.sun_path) != 0)
		return error_errno(e, ERR_PERM, errno, "unlink");
	return 0;
}

static int
bind_and_listen(int fd, const union address *a, socklen_t size, unsigned mode,
    struct error *e)
{
	int on = 1, r, why;
	mode_t old;

	if (a->any.sa_family != AF_UNIX &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		return error_errno(e, ERR_TEMP, errno, "setsockopt");
	if (a->any.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
		return error_errno(e, ERR_TEMP, errno, "setsockopt");
	old = umask(0777); /* nobody connects before the mode is what it should be */
	r = bind(fd, &a->any, size);
	why = errno;
	(void)umask(old);
	if (r != 0)
		return error_errno(e, why == EADDRINUSE ? ERR_TEMP : ERR_PERM, why, "bind");
	if (a->any.sa_family == AF_UNIX && chmod(a->un.sun_path, (mode_t)mode) != 0)
		return error_errno(e, ERR_PERM, errno, "chmod");
	if (listen(fd, SOMAXCONN) != 0)
		return error_errno(e, ERR_PERM, errno, "listen");
	return 0;
}

int
endpoint_listen(const struct endpoint *at, unsigned mode, int *fd, struct error *e)
{
	char text[128];
	union address a;
	socklen_t size = fill_address(at, &a);

	*fd = -1;
	if (size == 0) {
		error_set(e, ERR_PERM, "not an address");
		goto failed;
	}
	if (at->is_unix && remove_stale(&a, size, e) != 0)
		goto failed;
	*fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0) {
		error_errno(e, ERR_TEMP, errno, "socket");
		goto failed;
	}
	if (bind_and_listen(*fd, &a, size, mode, e) == 0)
		return 0;
failed:
	io_close(fd);
	return error_prefix(e, "listen on %s", endpoint_text(at, text));
}

static int
finish_connect(int fd, struct deadline d, struct error *e)
{
	int why = 0;
	socklen_t size = sizeof(why);

	if (wait_or_fail(fd, POLLOUT, d, e) != 0)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &size) != 0)
		return error_errno(e, ERR_TEMP, errno, "getsockopt");
	return why == 0 ? 0 : error_errno(e, ERR_TEMP, why, "connect");
}

int
endpoint_connect(const struct endpoint *to, struct deadline d, int *fd, struct error *e)
{
	char text[128];
	union address a;
	socklen_t size = fill_address(to, &a);
	int on = 1;

	*fd = -1;
	if (size == 0) {
		error_set(e, ERR_PERM, "not an address");
		goto failed;
	}
	*fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0) {
		error_errno(e, ERR_TEMP, errno, "socket");
		goto failed;
	}
	if (connect(*fd, &a.any, size) != 0) {
		/* EINTR too: the connection goes on being made (POSIX). */
		if (errno != EINPROGRESS && errno != EINTR) {
			error_errno(e, ERR_TEMP, errno, "connect");
			goto failed;
		}
		if (finish_connect(*fd, d, e) != 0)
			goto failed;
	}
	/* Commands and replies are small and answered at once; Nagle only adds 40 ms. */
	if (!to->is_unix)
		(void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return 0;
failed:
	io_close(fd);
	return error_prefix(e, "%s", endpoint_text(to, text));
}
