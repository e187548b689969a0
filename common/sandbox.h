/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walls around each role: Landlock for files and connections, seccomp for system calls
 * (kill the process), rlimits, no new privileges. Entered once, after start, never left.
 */
#ifndef VANTHU_COMMON_SANDBOX_H
#define VANTHU_COMMON_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum sandbox_role {
	SANDBOX_KEYD,    /* its socket; no file is opened after start, no network */
	SANDBOX_INSPECT, /* descriptors it is given; no file, no network */
	SANDBOX_LEDGERD, /* the ledger's directory, its socket */
	SANDBOX_SESSION, /* spool, intake and hold folders; connects to relay and our sockets */
	SANDBOX_COMMAND, /* what the operator's command does with a message in its hands */
};

enum sandbox_access {
	SANDBOX_READ,    /* read files below */
	SANDBOX_WRITE,   /* read, create, write, link, rename, unlink below */
	SANDBOX_CONNECT, /* a directory of sockets of ours */
};

struct sandbox_path {
	const char *path;
	enum sandbox_access access;
};

struct sandbox_limits {
	size_t address_space; /* RLIMIT_AS in bytes; 0 = leave */
	unsigned cpu_seconds; /* RLIMIT_CPU; 0 = leave */
	size_t file_size;     /* RLIMIT_FSIZE; 0 = leave */
	unsigned open_files;  /* RLIMIT_NOFILE; 0 = leave */
};

/*
 * Enter. When the kernel has no Landlock: ERR_PERM that says so, unless `without_landlock`
 * (configuration: sandbox.landlock = "optional"), then a warning is logged. Builds with a
 * sanitizer have no seccomp filter, and say so in the log: the sanitizer's own calls would
 * be killed.
 */
int
sandbox_enter(enum sandbox_role role, const struct sandbox_path *paths, size_t path_count,
    const struct sandbox_limits *limits, bool without_landlock, struct error *e);

/* The Landlock ABI of the running kernel, 0 when there is none. */
int
sandbox_landlock_abi(void);

/* False in a build with a sanitizer, which has no seccomp filter. */
bool
sandbox_filters_calls(void);

#endif
