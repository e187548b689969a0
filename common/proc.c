/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes. A child gets its descriptors as 3, 4, ... and nothing else; a failure between
 * fork and exec is told to the parent through a pipe that exec closes, so that proc_spawn
 * returns an error instead of a child that dies at once.
 *
 * Becoming another user clears the parent-death signal, so proc_become sets it again.
 */
#include "common/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

/* Die with the parent by this signal, 0 = not; a parent that is already gone is an error. */
static int
die_with_parent(int signal, pid_t parent, struct error *e)
{
	if (signal == 0)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, signal) != 0)
		return error_errno(e, ERR_TEMP, errno, "PR_SET_PDEATHSIG");
	return getppid() == parent ? 0 : error_set(e, ERR_TEMP, "the parent is gone");
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
	return die_with_parent(SIGKILL, parent, e);
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

int
proc_become(const char *user, struct error *e)
{
	const struct passwd *who;
	pid_t parent = getppid();
	uid_t r, ef, s;
	int signal = 0;

	if (user == NULL || *user == '\0')
		return 0;
	errno = 0;
	who = getpwnam(user);
	if (who == NULL && errno != 0)
		return error_errno(e, ERR_TEMP, errno, "user %s", user);
	if (who == NULL)
		return error_set(e, ERR_PERM, "there is no user %s", user);
	/* A program that its parent has already made this user has no right to do it again. */
	if (getresuid(&r, &ef, &s) == 0 && r != 0 && r == who->pw_uid && ef == r && s == r)
		return 0;
	if (prctl(PR_GET_PDEATHSIG, &signal) != 0)
		return error_errno(e, ERR_TEMP, errno, "PR_GET_PDEATHSIG");
	if (initgroups(user, who->pw_gid) != 0 ||
	    setresgid(who->pw_gid, who->pw_gid, who->pw_gid) != 0 ||
	    setresuid(who->pw_uid, who->pw_uid, who->pw_uid) != 0)
		return error_errno(e, ERR_PERM, errno, "become user %s", user);
	/* It must not be possible to go back. */
	if (who->pw_uid != 0 && (setuid(0) == 0 || seteuid(0) == 0))
		return error_set(e, ERR_BUG, "user %s could become root again", user);
	return die_with_parent(signal, parent, e);
}

int
proc_harden(bool secret, int first_unused, struct error *e)
{
	struct rlimit none = { 0, 0 };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	(void)umask(0077);
	sigemptyset(&ignore.sa_mask);
	if (sigaction(SIGPIPE, &ignore, NULL) != 0)
		return error_errno(e, ERR_TEMP, errno, "SIGPIPE");
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return error_errno(e, ERR_TEMP, errno, "RLIMIT_CORE");
	if (secret && prctl(PR_SET_DUMPABLE, 0) != 0)
		return error_errno(e, ERR_TEMP, errno, "PR_SET_DUMPABLE");
	if (first_unused >= 0 && close_range((unsigned)first_unused, UINT_MAX, 0) != 0)
		return error_errno(e, ERR_TEMP, errno, "close_range");
	return 0;
}

int
proc_self_dir(char *out, size_t size, struct error *e)
{
	ssize_t n = readlink("/proc/self/exe", out, size);
	char *slash;

	if (n < 0)
		return error_errno(e, ERR_TEMP, errno, "/proc/self/exe");
	if ((size_t)n >= size)
		return error_set(e, ERR_PERM, "the path of the executable is too long");
	out[n] = '\0';
	slash = strrchr(out, '/');
	if (slash == NULL)
		return error_set(e, ERR_TEMP, "the executable has no path");
	*slash = '\0';
	return 0;
}

int
proc_find_program(const char *name, char *out, size_t size, struct error *e)
{
	char beside[PATH_MAX];
	const char *const dirs[] = { beside, LIBEXECDIR };

	if (proc_self_dir(beside, sizeof(beside), e) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		int n = snprintf(out, size, "%s/%s", dirs[i], name);

		if (n > 0 && (size_t)n < size && access(out, X_OK) == 0)
			return 0;
	}
	return error_set(e, ERR_PERM, "%s is neither in %s nor in %s", name, beside,
	    LIBEXECDIR);
}
