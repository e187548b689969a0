/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between our own processes, over unix SOCK_SEQPACKET: one send, one whole
 * message, and at most IPC_FDS_MAX descriptors with it. A message is read with a `struct
 * wire_in`, which treats the sender as hostile: a read past the end or over a maximum makes
 * it `bad`, gives zeros from then on, and is checked once at the end.
 */
#ifndef VANTHU_COMMON_IPC_H
#define VANTHU_COMMON_IPC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/span.h"

#define IPC_MESSAGE_MAX (192 * 1024)
#define IPC_FDS_MAX 2

/*
 * Listen on a unix path with the given mode; a stale socket is replaced. Non-blocking, as
 * in endpoint_listen: wait with poll(2), and take EAGAIN of accept as "another was first".
 */
int
ipc_listen(const char *path, unsigned mode, int *fd, struct error *e);

/* Connect to a unix path. ERR_TEMP when nobody listens. */
int
ipc_connect(const char *path, int *fd, struct error *e);

/* A connected pair, close-on-exec. */
int
ipc_pair(int fds[2], struct error *e);

/* The user at the other end of a unix socket (SO_PEERCRED). */
int
ipc_peer(int fd, uid_t *uid, gid_t *gid, pid_t *pid, struct error *e);

/* Send one message of at most IPC_MESSAGE_MAX bytes with fd_count descriptors (borrowed). */
int
ipc_send(int fd, struct span message, const int *fds, unsigned fd_count,
    struct deadline d, struct error *e);

/*
 * Receive one message into `in` (reset first). fds[0..IPC_FDS_MAX) is filled with the
 * descriptors that came, -1 for none; they are the caller's, close-on-exec. With fds NULL
 * any descriptor is closed at once. Returns 1, 0 when the other end closed, -1 on error, on
 * the deadline (ERR_TEMP) or when the message was too long.
 */
int
ipc_receive(int fd, struct buf *in, int fds[IPC_FDS_MAX], struct deadline d,
    struct error *e);

/* Writing: little-endian, appended to a buf. */
void
wire_put_u8(struct buf *b, uint8_t v);
void
wire_put_u16(struct buf *b, uint16_t v);
void
wire_put_u32(struct buf *b, uint32_t v);
void
wire_put_u64(struct buf *b, uint64_t v);
/* u32 length, then the bytes. */
void
wire_put_span(struct buf *b, struct span s);
void
wire_put_str(struct buf *b, const char *s);

struct wire_in {
	struct span rest;
	bool bad;
};

static inline struct wire_in
wire_in(struct span s)
{
	return (struct wire_in){ .rest = s, .bad = false };
}

uint8_t
wire_u8(struct wire_in *in);
uint16_t
wire_u16(struct wire_in *in);
uint32_t
wire_u32(struct wire_in *in);
uint64_t
wire_u64(struct wire_in *in);
/* A length-prefixed field of at most max bytes; a view into the message. */
struct span
wire_span(struct wire_in *in, size_t max);
/* The same copied into out[size] with a NUL; a NUL byte inside the field is bad. */
void
wire_str(struct wire_in *in, char *out, size_t size);
/* A u32 that must be <= max. */
uint32_t
wire_bounded(struct wire_in *in, uint32_t max);
/* True when nothing was bad and nothing is left over. */
bool
wire_done(const struct wire_in *in);

#endif
