/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking vanthu-inspect. Whatever it answers is treated as hostile: it parses bytes from
 * anywhere and may be lost. A death is told from a busy pool by the BEGUN message, because
 * three deaths hold a message and a busy hour must not.
 */
#include "gateway/core/inspector.h"

#include <stdio.h>

#include "common/io.h"
#include "common/ipc.h"

static int
send_question(int fd, const struct inspection *q, const struct spool *message,
    int content_fd, struct deadline d, struct error *e)
{
	int fds[] = { spool_descriptor(message), content_fd };
	struct buf request;
	int result;

	buf_init(&request, 1024);
	inspection_encode(q, &request);
	result = request.failed ? error_set(e, ERR_TEMP, "no memory")
				: ipc_send(fd, buf_span(&request), fds, 2, d, e);
	buf_free(&request);
	return result;
}

/* The next message; its kind, and what follows in it (a view into `in`). */
static int
receive_answer(int fd, struct buf *in, enum inspection_answer *kind, struct span *rest,
    struct deadline d, struct error *e)
{
	int got = ipc_receive(fd, in, NULL, d, e);

	if (got < 0)
		return -1;
	if (got == 0)
		return error_set(e, ERR_TEMP, "it ended without an answer");
	return inspection_answer_kind(buf_span(in), kind, rest, e);
}

static int
take_facts(struct span wire, const struct spool *message, int content_fd,
    struct facts *facts, struct spool **content, struct error *e)
{
	uint64_t content_size = 0;

	/* Takes content_fd. Sealed before it is measured: what the ranges were checked
	 * against is what will be filed. */
	if (spool_adopt(content_fd, LIMIT_OPAQUE_BYTES, content, e) != 0)
		return -1;
	content_size = spool_size(*content);
	if (content_size == 0)
		spool_free(content);
	if (facts_decode(wire, spool_size(message), content_size, facts, e) == 0)
		return 0;
	spool_free(content);
	return -1;
}

enum inspector_end
inspector_ask(int fd, const struct inspection *q, const struct spool *message,
    struct facts *facts, struct spool **content, unsigned examine_ms, struct deadline d,
    struct error *e)
{
	enum inspector_end end = INSPECTOR_ABSENT;
	struct deadline answer;
	enum inspection_answer kind;
	struct span rest;
	struct buf in;
	int content_fd = -1;

	*content = NULL;
	buf_init(&in, IPC_MESSAGE_MAX);
	if (spool_new_content(LIMIT_OPAQUE_BYTES, &content_fd, e) != 0 ||
	    send_question(fd, q, message, content_fd, d, e) != 0 ||
	    receive_answer(fd, &in, &kind, &rest, d, e) != 0)
		goto out;
	if (kind != INSPECTION_BEGUN) {
		error_set(e, ERR_TEMP, "it did not say that it had begun");
		goto out;
	}
	end = INSPECTOR_DIED;
	answer = deadline_earlier(d, deadline_after_ms(examine_ms));
	if (receive_answer(fd, &in, &kind, &rest, answer, e) != 0) {
		if (deadline_passed(d)) /* our time was over, not its own */
			end = INSPECTOR_ABSENT;
		goto out;
	}
	if (kind != INSPECTION_FACTS) {
		end = INSPECTOR_ABSENT;
		error_set(e, ERR_TEMP, "%.*s", (int)(rest.len < 200 ? rest.len : 200),
		    (const char *)rest.ptr);
		goto out;
	}
	if (take_facts(rest, message, content_fd, facts, content, e) == 0)
		end = INSPECTOR_ANSWERED;
	content_fd = -1;
out:
	io_close(&content_fd);
	buf_free(&in);
	if (end != INSPECTOR_ANSWERED)
		error_prefix(e, "vanthu-inspect");
	return end;
}

enum inspector_end
inspector_ask_at(const char *socket, const struct inspection *q,
    const struct spool *message, struct facts *facts, struct spool **content,
    unsigned examine_ms, struct deadline d, struct error *e)
{
	enum inspector_end end;
	int fd = -1;

	*content = NULL;
	if (ipc_connect(socket, &fd, e) != 0) {
		error_prefix(e, "vanthu-inspect");
		return INSPECTOR_ABSENT;
	}
	end = inspector_ask(fd, q, message, facts, content, examine_ms, d, e);
	io_close(&fd);
	return end;
}
