/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between our own processes. SOCK_SEQPACKET keeps the borders of messages, so
 * there is no framing that could go wrong; an empty message is never sent, because its
 * reader could not tell it from the end.
 */
#include "common/ipc.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/io.h"

static int
fill_address(const char *path, struct sockaddr_un *a, struct error *e)
{
	struct span s = span_str(path);

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	if (s.len == 0 || s.len >= sizeof(a->sun_path))
		return error_set(e, ERR_PERM, "%s: the path of a socket has 1 to %zu bytes",
		    path, sizeof(a->sun_path) - 1);
	memcpy(a->sun_path, s.ptr, s.len);
	return 0;
}

static int
new_socket(int *fd, struct error *e)
{
	*fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return *fd >= 0 ? 0 : error_errno(e, ERR_TEMP, errno, "socket");
}

int
ipc_connect(const char *path, int *fd, struct error *e)
{
	struct sockaddr_un a;

	*fd = -1;
	if (fill_address(path, &a, e) != 0 || new_socket(fd, e) != 0)
		return -1;
	/* A unix socket connects at once or not at all: no EINPROGRESS. */
	if (connect(*fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return 0;
	error_errno(e, ERR_TEMP, errno, "connect to %s", path);
	io_close(fd);
	return -1;
}

/* Remove the socket of a process that is gone; see endpoint_listen. */
static int
remove_stale(const char *path, struct error *e)
{
	struct error refused;
	struct stat st;
	int fd;

	if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return 0;
	if (ipc_connect(path, &fd, &refused) == 0) {
		io_close(&fd);
		return error_set(e, ERR_TEMP, "%s: another process listens there", path);
	}
	return unlink(path) == 0 ? 0 : error_errno(e, ERR_PERM, errno, "unlink %s", path);
}

int
ipc_listen(const char *path, unsigned mode, int *fd, struct error *e)
{
	struct sockaddr_un a;
	mode_t old;
	int r, why;

	*fd = -1;
	if (fill_address(path, &a, e) != 0 || remove_stale(path, e) != 0 ||
	    new_socket(fd, e) != 0)
		return -1;
	old = umask(0777); /* nobody connects before the mode is what it should be */
	r = bind(*fd, (struct sockaddr *)&a, sizeof(a));
	why = errno;
	(void)umask(old);
	if (r == 0 && (chmod(path, (mode_t)mode) != 0 || listen(*fd, SOMAXCONN) != 0)) {
		why = errno;
		r = -1;
	}
	if (r == 0)
		return 0;
	io_close(fd);
	return error_errno(e, ERR_PERM, why, "listen on %s", path);
}

int
ipc_pair(int fds[2], struct error *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0)
		return 0;
	fds[0] = fds[1] = -1;
	return error_errno(e, ERR_TEMP, errno, "socketpair");
}

int
ipc_peer(int fd, uid_t *uid, gid_t *gid, pid_t *pid, struct error *e)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
		return error_errno(e, ERR_TEMP, errno, "SO_PEERCRED");
	*uid = who.uid;
	*gid = who.gid;
	*pid = who.pid;
	return 0;
}

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(IPC_FDS_MAX * sizeof(int))];
};

int
ipc_send(int fd, struct span message, const int *fds, unsigned fd_count,
    struct deadline d, struct error *e)
{
	union control control;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)message.ptr,
		.iov_len = message.len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (message.len == 0 || message.len > IPC_MESSAGE_MAX || fd_count > IPC_FDS_MAX)
		return error_set(e, ERR_BUG, "a message of %zu bytes with %u descriptors",
		    message.len, fd_count);
	if (fd_count > 0) {
		memset(&control, 0, sizeof(control));
		m.msg_control = control.bytes;
		m.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
	}
	while (sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		int ready;

		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return error_errno(e, ERR_TEMP, errno, "send to our own process");
		ready = io_wait(fd, POLLOUT, d, e);
		if (ready < 0)
			return -1;
		if (ready == 0)
			return error_set(e, ERR_TEMP, "our own process took too long");
	}
	return 0;
}

/* Collect the descriptors that came; the kernel has closed those beyond the maximum. */
static unsigned
take_descriptors(struct msghdr *m, int fds[IPC_FDS_MAX])
{
	unsigned count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (count < IPC_FDS_MAX)
				fds[count++] = fd;
			else
				io_close(&fd);
		}
	}
	return count;
}

static void
close_all(int fds[IPC_FDS_MAX])
{
	for (unsigned i = 0; i < IPC_FDS_MAX; i++)
		io_close(&fds[i]);
}

/* recvmsg before the deadline: the number of bytes, 0 at the end, -1. */
static ssize_t
receive(int fd, struct msghdr *m, struct deadline d, struct error *e)
{
	for (;;) {
		size_t control_size = m->msg_controllen;
		ssize_t n = recvmsg(fd, m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		int ready;

		if (n >= 0)
			return n;
		m->msg_controllen = control_size;
		if (errno == EINTR)
			continue;
		if (errno == ECONNRESET)
			return 0; /* it closed before it had read what we sent */
		if (errno != EAGAIN)
			return error_errno(e, ERR_TEMP, errno, "receive");
		ready = io_wait(fd, POLLIN, d, e);
		if (ready < 0)
			return -1;
		if (ready == 0)
			return error_set(e, ERR_TEMP, "our own process took too long");
	}
}

int
ipc_receive(int fd, struct buf *in, int fds[IPC_FDS_MAX], struct deadline d,
    struct error *e)
{
	union control control;
	int got[IPC_FDS_MAX] = { -1, -1 };
	size_t room = in->max < IPC_MESSAGE_MAX ? in->max : IPC_MESSAGE_MAX;
	struct iovec iov = { .iov_len = room };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof(control.bytes) };
	ssize_t n;

	if (fds != NULL)
		memcpy(fds, got, sizeof(got));
	buf_reset(in);
	iov.iov_base = buf_extend(in, room);
	if (iov.iov_base == NULL)
		return error_set(e, ERR_TEMP, "no memory for a message");
	n = receive(fd, &m, d, e);
	in->len = n > 0 ? (size_t)n : 0;
	if (n <= 0)
		return (int)n;
	(void)take_descriptors(&m, got);
	if ((m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		close_all(got);
		buf_reset(in);
		return error_set(e, ERR_TEMP, "a message that is too long");
	}
	if (fds != NULL)
		memcpy(fds, got, sizeof(got));
	else
		close_all(got);
	return 1;
}

/* --- wire -------------------------------------------------------------------------- */

static void
put_number(struct buf *b, uint64_t v, unsigned bytes)
{
	uint8_t out[8];

	for (unsigned i = 0; i < bytes; i++)
		out[i] = (uint8_t)(v >> (8 * i));
	buf_put(b, out, bytes);
}

void
wire_put_u8(struct buf *b, uint8_t v)
{
	put_number(b, v, 1);
}

void
wire_put_u16(struct buf *b, uint16_t v)
{
	put_number(b, v, 2);
}

void
wire_put_u32(struct buf *b, uint32_t v)
{
	put_number(b, v, 4);
}

void
wire_put_u64(struct buf *b, uint64_t v)
{
	put_number(b, v, 8);
}

void
wire_put_span(struct buf *b, struct span s)
{
	if (s.len > UINT32_MAX) {
		b->failed = true;
		return;
	}
	wire_put_u32(b, (uint32_t)s.len);
	buf_put_span(b, s);
}

void
wire_put_str(struct buf *b, const char *s)
{
	wire_put_span(b, span_str(s));
}

static uint64_t
take_number(struct wire_in *in, unsigned bytes)
{
	uint64_t v = 0;

	if (in->bad || in->rest.len < bytes) {
		in->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)in->rest.ptr[i] << (8 * i);
	in->rest = span_from(in->rest, bytes);
	return v;
}

uint8_t
wire_u8(struct wire_in *in)
{
	return (uint8_t)take_number(in, 1);
}

uint16_t
wire_u16(struct wire_in *in)
{
	return (uint16_t)take_number(in, 2);
}

uint32_t
wire_u32(struct wire_in *in)
{
	return (uint32_t)take_number(in, 4);
}

uint64_t
wire_u64(struct wire_in *in)
{
	return take_number(in, 8);
}

struct span
wire_span(struct wire_in *in, size_t max)
{
	size_t len = wire_u32(in);
	struct span field;

	if (in->bad || len > max || len > in->rest.len) {
		in->bad = true;
		return span_of(NULL, 0);
	}
	field = span_sub(in->rest, 0, len);
	in->rest = span_from(in->rest, len);
	return field;
}

void
wire_str(struct wire_in *in, char *out, size_t size)
{
	struct span field = wire_span(in, size - 1);

	if (span_find(field, '\0', 0) != SPAN_NOT_FOUND) {
		in->bad = true;
		field.len = 0;
	}
	if (field.len > 0)
		memcpy(out, field.ptr, field.len);
	out[field.len] = '\0';
}

uint32_t
wire_bounded(struct wire_in *in, uint32_t max)
{
	uint32_t v = wire_u32(in);

	if (v <= max)
		return v;
	in->bad = true;
	return 0;
}

bool
wire_done(const struct wire_in *in)
{
	return !in->bad && in->rest.len == 0;
}
