/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, asking and ending a vanthu-inspect of one's own. */
#include "gateway/programs/examiner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "common/ipc.h"
#include "common/proc.h"
#include "gateway/programs/settings.h"

#define EXAMINER_WAIT_MS (30 * 1000)

struct examiner {
	pid_t pid;
	int fd;
};

int
examiner_start(const struct examiner_options *o, struct examiner **out, struct error *e)
{
	const char *argv[16 + 4 * EXAMINER_FILES_MAX];
	char path[SETTINGS_PATH_MAX];
	unsigned n = 0;
	int pair[2];
	struct examiner *x;

	*out = NULL;
	if (proc_find_program("vanthu-inspect", path, sizeof(path), e) != 0)
		return -1;
	argv[n++] = "vanthu-inspect";
	argv[n++] = "--fd";
	argv[n++] = "client=3";
	if (o->config != NULL) {
		argv[n++] = "--config";
		argv[n++] = o->config;
	}
	if (o->profile != NULL) {
		argv[n++] = "--profile";
		argv[n++] = o->profile;
	}
	for (unsigned i = 0; i < o->anchor_count; i++) {
		argv[n++] = "--anchor";
		argv[n++] = o->anchors[i];
	}
	for (unsigned i = 0; i < o->crl_count; i++) {
		argv[n++] = "--crl";
		argv[n++] = o->crls[i];
	}
	argv[n] = NULL;
	if ((x = calloc(1, sizeof(*x))) == NULL)
		return error_set(e, ERR_TEMP, "no memory");
	if (ipc_pair(pair, e) != 0) {
		free(x);
		return -1;
	}
	struct proc_spec spec = { .path = path, .argv = argv, .fds = { pair[1] }, .fd_count = 1 };
	if (proc_spawn(&spec, &x->pid, e) != 0) {
		io_close(&pair[0]);
		io_close(&pair[1]);
		free(x);
		return -1;
	}
	io_close(&pair[1]);
	x->fd = pair[0];
	*out = x;
	return 0;
}

enum inspector_end
examiner_ask(struct examiner *x, const struct inspection *q, const struct spool *message,
    struct facts *facts, struct spool **content, struct error *e)
{
	return inspector_ask(x->fd, q, message, facts, content,
	    EXAMINER_WAIT_MS, deadline_after_ms(EXAMINER_WAIT_MS), e);
}

int
examiner_stop(struct examiner **xp)
{
	struct examiner *x = *xp;
	int status = 0;
	pid_t got;

	if (x == NULL)
		return 0;
	io_close(&x->fd);
	do
		got = waitpid(x->pid, &status, 0);
	while (got < 0 && errno == EINTR);
	free(x);
	*xp = NULL;
	return got > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
