/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client of vanthu-keyd. One connection is kept; when it broke since the last question
 * (keyd was restarted) it is made again and the question asked once more. Asking twice is
 * harmless: a signature that nobody received binds nobody, and keyd logs both.
 */
#include "gateway/keys/seal.h"

#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "common/ipc.h"
#include "gateway/keys/protocol.h"

struct seal_client {
	int fd; /* -1: not connected */
	char *socket;
	struct buf wire;
};

struct seal_client *
seal_client_new(const char *socket)
{
	struct seal_client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->fd = -1;
	c->socket = strdup(socket);
	if (c->socket == NULL) {
		free(c);
		return NULL;
	}
	buf_init(&c->wire, SEAL_ANSWER_MAX);
	return c;
}

void
seal_client_free(struct seal_client **c)
{
	if (*c == NULL)
		return;
	io_close(&(*c)->fd);
	buf_free(&(*c)->wire);
	free((*c)->socket);
	free(*c);
	*c = NULL;
}

/* One question over the open connection: 1 answered into c->wire, 0 keyd went away, -1. */
static int
ask(struct seal_client *c, const struct seal_request *q, struct deadline d, struct error *e)
{
	buf_reset(&c->wire);
	seal_request_encode(q, &c->wire);
	if (c->wire.failed)
		return error_set(e, ERR_TEMP, "keyd: no memory for the request");
	if (ipc_send(c->fd, buf_span(&c->wire), NULL, 0, d, e) < 0)
		return deadline_passed(d) ? -1 : 0;
	int r = ipc_receive(c->fd, &c->wire, NULL, d, e);
	if (r == 0)
		error_set(e, ERR_TEMP, "keyd: closed the connection");
	if (r < 0 && !deadline_passed(d))
		return 0;
	return r;
}

int
seal_request(struct seal_client *c, const struct seal_request *q, struct deadline d,
    struct seal_answer *out, struct error *e)
{
	for (int attempt = 0;; attempt++) {
		bool fresh = c->fd < 0;
		if (fresh && ipc_connect(c->socket, &c->fd, e) < 0)
			return error_prefix(e, "keyd");
		int r = ask(c, q, d, e);
		if (r > 0)
			break;
		/* A late answer must not be taken for that of the next question. */
		io_close(&c->fd);
		if (r < 0 || fresh || attempt > 0) {
			e->class = ERR_TEMP;
			return -1;
		}
	}
	return seal_answer_decode(buf_span(&c->wire), q, out, e);
}
