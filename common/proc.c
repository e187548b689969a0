/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process makes of itself: a user, a hardened process, a place among our programs.
 * Starting another one is in proc_spawn.c. Becoming another user clears the parent-death
 * signal, so proc_become sets it again.
 */
#include "common/proc.h"

#include <errno.h>
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
#include <unistd.h>

int
proc_die_with_parent(int signal, pid_t parent, struct error *e)
{
	if (signal == 0)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, signal) != 0)
		return error_errno(e, ERR_TEMP, errno, "PR_SET_PDEATHSIG");
	return getppid() == parent ? 0 : error_set(e, ERR_TEMP, "the parent is gone");
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
	return proc_die_with_parent(signal, parent, e);
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
