/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting a child, in a file of its own, so that no worker even imports fork and exec: only
 * vanthud and the operator's command link it (tests/check-links.py reads that).
 *
 * A child gets its descriptors as 3, 4, ... and nothing else; a failure between fork and
 * exec is told to the parent through a pipe that exec closes, so that proc_spawn returns an
 * error instead of a child that dies at once.
 */
#include "common/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"

#define FIRST_FD 3

/* In the child: put descriptors where they belong; everything else closes on exec. */
static int
arrange_descriptors(const struct proc_spec *spec, int report, struct error *e)
{
	int above = FIRST_FD + PROC_FDS_MAX, moved[PROC_FDS_MAX];

	/* First all out of the way, or one could overwrite another that is still needed. */
	for (unsigned i = 0; i < spec->fd_count; i++) {
		moved[i] = fcntl(spec->fds[i], F_DUPFD_CLOEXEC, above);
		if (moved[i] < 0)
			return error_errno(e, ERR_TEMP, errno, "descriptor %d", spec->fds[i]);
	}
	if (close_range(FIRST_FD, UINT_MAX, CLOSE_RANGE_CLOEXEC) != 0)
		return error_errno(e, ERR_TEMP, errno, "close_range");
	for (unsigned i = 0; i < spec->fd_count; i++) {
		int target = FIRST_FD + (int)i;

		if (target == report)
			return error_set(e, ERR_BUG, "the report pipe is in the way");
		if (dup2(moved[i], target) < 0)
			return error_errno(e, ERR_TEMP, errno, "dup2");
	}
	return 0;
}

static int
prepare_child(const struct proc_spec *spec, pid_t parent, int report, struct error *e)
{
	sigset_t none;

	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) != 0)
		return error_errno(e, ERR_TEMP, errno, "sigprocmask");
	if (arrange_descriptors(spec, report, e) != 0 || proc_become(spec->user, e) != 0)
		return -1;
	return proc_die_with_parent(SIGKILL, parent, e);
}

static _Noreturn void
run_child(const struct proc_spec *spec, pid_t parent, int report)
{
	struct error e;

	error_clear(&e);
	if (prepare_child(spec, parent, report, &e) == 0) {
		/* execv takes char *const *, for history; it writes to none of them. */
		execv(spec->path, (char *const *)(uintptr_t)spec->argv);
		error_errno(&e, ERR_PERM, errno, "%s", spec->path);
	}
	if (write(report, &e, sizeof(e)) != (ssize_t)sizeof(e))
		_exit(71);
	_exit(70);
}

/* What the child says before exec; nothing means that exec went well. */
static int
hear_child(int report, pid_t pid, struct error *e)
{
	struct error said;
	ssize_t n;

	do
		n = read(report, &said, sizeof(said));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof(said))
		return error_set(e, ERR_TEMP, "the child died before it ran");
	*e = said;
	return -1;
}

int
proc_spawn(const struct proc_spec *spec, pid_t *pid, struct error *e)
{
	pid_t parent = getpid();
	int report[2], high, result;

	*pid = -1;
	if (spec->fd_count > PROC_FDS_MAX)
		return error_set(e, ERR_BUG, "%u descriptors", spec->fd_count);
	if (pipe2(report, O_CLOEXEC) != 0)
		return error_errno(e, ERR_TEMP, errno, "pipe");
	/* Out of the way of 3, 4, ... */
	high = fcntl(report[1], F_DUPFD_CLOEXEC, FIRST_FD + PROC_FDS_MAX);
	io_close(&report[1]);
	if (high < 0) {
		error_errno(e, ERR_TEMP, errno, "pipe");
		io_close(&report[0]);
		return -1;
	}
	*pid = fork();
	if (*pid == 0)
		run_child(spec, parent, high);
	io_close(&high);
	result = *pid > 0 ? hear_child(report[0], *pid, e)
	                  : error_errno(e, ERR_TEMP, errno, "fork");
	io_close(&report[0]);
	if (result != 0)
		*pid = -1;
	return result;
}
