/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes: starting a role with exactly the descriptors it may have, and becoming its
 * user for good.
 */
#ifndef VANTHU_COMMON_PROC_H
#define VANTHU_COMMON_PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"

#define PROC_FDS_MAX 16

struct proc_spec {
	const char *path;         /* the executable */
	const char *const *argv;  /* NULL-terminated */
	const char *user;         /* NULL: stay who we are */
	int fds[PROC_FDS_MAX];    /* descriptors it gets as 3, 4, ...; 0-2 stay */
	unsigned fd_count;
};

/* Start it. Everything else is closed on exec; it dies when its parent dies. */
int
proc_spawn(const struct proc_spec *spec, pid_t *pid, struct error *e);

/* Die of this signal with `parent`, 0 = do not; a parent that is gone already is an error. */
int
proc_die_with_parent(int signal, pid_t parent, struct error *e);

/* Become `user` with its own groups, irrevocably. No-op when user is NULL. */
int
proc_become(const char *user, struct error *e);

/*
 * What every program of ours does first: umask 0077, SIGPIPE ignored, no core dumps,
 * not dumpable (secret true: keyd), descriptors from first_unused on closed.
 */
int
proc_harden(bool secret, int first_unused, struct error *e);

/* Directory of the running executable, no trailing slash; returns 0 or -1. */
int
proc_self_dir(char *out, size_t size, struct error *e);

/*
 * Where the program `name` of ours is: beside the running executable (build tree), else in
 * the installed libexec folder. Returns 0 or -1.
 */
int
proc_find_program(const char *name, char *out, size_t size, struct error *e);

#endif
