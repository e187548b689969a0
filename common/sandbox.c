/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walls around each role, in this order: what libraries open on first use is opened,
 * limits, no new privileges, Landlock (files), seccomp (calls). The order matters: each
 * step needs calls that a later one takes away.
 *
 * Landlock is spoken to by raw system calls and with constants of our own, because Debian
 * 12's header ends at ABI 2. The running kernel is asked what it knows and no more is asked
 * of it: ABI 1 knows no rename between folders (they fail there), ABI 2 no truncation, 5
 * device ioctls, 6 signals and abstract sockets. Connecting to a named socket is no right of
 * any ABI so far: file modes and seccomp hold that.
 */
#include "common/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/fault.h"
#include "common/io.h"
#include "common/log.h"
#include "common/sandbox_calls.h"

/* A sanitizer makes calls and maps memory of its own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                 \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* --- Landlock, as Documentation/userspace-api/landlock.rst has it --------------------- */

#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_add_rule 445
#define __NR_landlock_restrict_self 446
#endif

#define LL_VERSION 1u      /* flag of landlock_create_ruleset */
#define LL_PATH_BENEATH 1u /* type of landlock_add_rule */

enum {
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_REFER = 1 << 13,     /* ABI 2 */
	FS_TRUNCATE = 1 << 14,  /* ABI 3 */
	FS_IOCTL_DEV = 1 << 15, /* ABI 5 */

	FS_ABI_1 = (1 << 13) - 1,
	FS_OF_FILES = FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE,
};

#define SCOPE_ALL 3u /* ABI 6: abstract unix sockets, signals to other processes */

struct ll_ruleset {
	uint64_t handled_fs;
	uint64_t handled_net; /* ABI 4; seccomp already holds sockets */
	uint64_t scoped;      /* ABI 6 */
};

struct ll_path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

static const uint64_t rights[] = {
	[SANDBOX_READ] = FS_READ_FILE | FS_READ_DIR,
	[SANDBOX_WRITE] = FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE | FS_REMOVE_DIR |
	    FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_REFER | FS_TRUNCATE,
	[SANDBOX_CONNECT] = 0,
};

int
sandbox_landlock_abi(void)
{
	long abi = syscall(__NR_landlock_create_ruleset, NULL, 0, LL_VERSION);

	return abi > 0 ? (int)abi : 0;
}

bool
sandbox_filters_calls(void)
{
	return !SANITIZED;
}

static uint64_t
known_rights(int abi)
{
	return FS_ABI_1 | (abi >= 2 ? (uint64_t)FS_REFER : 0) |
	    (abi >= 3 ? (uint64_t)FS_TRUNCATE : 0) | (abi >= 5 ? (uint64_t)FS_IOCTL_DEV : 0);
}

static int
allow_path(int ruleset, const char *path, uint64_t allowed, struct error *e)
{
	struct ll_path_beneath rule = { .allowed = allowed };
	struct stat st;
	long r;
	int fd;

	if (allowed == 0)
		return 0;
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		error_errno(e, ERR_PERM, errno, "sandbox: %s", path);
		io_close(&fd);
		return -1;
	}
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= FS_OF_FILES;
	rule.parent = fd;
	r = syscall(__NR_landlock_add_rule, ruleset, LL_PATH_BENEATH, &rule, 0);
	if (r != 0)
		error_errno(e, ERR_PERM, errno, "landlock: %s", path);
	io_close(&fd);
	return r == 0 ? 0 : -1;
}

#ifdef VANTHU_FAULTS
/* The mark of a fault lies where the test put it. */
static int
allow_fault_file(int ruleset, struct error *e)
{
	char folder[512];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", fault_file());
	slash = strrchr(folder, '/');
	if (slash == NULL)
		return 0;
	*slash = '\0';
	return allow_path(ruleset, folder, FS_REMOVE_FILE, e);
}
#endif

static int
limit_files(int abi, const struct sandbox_path *paths, size_t path_count, struct error *e)
{
	struct ll_ruleset attr = { .handled_fs = known_rights(abi),
		.scoped = abi >= 6 ? SCOPE_ALL : 0 };
	size_t size = abi >= 6 ? sizeof(attr) : sizeof(attr.handled_fs);
	int ruleset = (int)syscall(__NR_landlock_create_ruleset, &attr, size, 0);
	int result = -1;

	if (ruleset < 0)
		return error_errno(e, ERR_PERM, errno, "landlock");
	for (size_t i = 0; i < path_count; i++)
		if (allow_path(ruleset, paths[i].path,
			rights[paths[i].access] & attr.handled_fs, e) != 0)
			goto out;
#ifdef VANTHU_FAULTS
	if (allow_fault_file(ruleset, e) != 0)
		goto out;
#endif
	if (syscall(__NR_landlock_restrict_self, ruleset, 0) != 0)
		error_errno(e, ERR_PERM, errno, "landlock");
	else
		result = 0;
out:
	io_close(&ruleset);
	return result;
}

/* --- limits -------------------------------------------------------------------------- */

static int
set_limit(int what, rlim_t value, const char *name, struct error *e)
{
	struct rlimit limit = { value, value };

	if (setrlimit((__rlimit_resource_t)what, &limit) != 0)
		return error_errno(e, ERR_PERM, errno, "%s", name);
	return 0;
}

static int
limit_resources(const struct sandbox_limits *l, struct error *e)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (l->address_space != 0 && !SANITIZED &&
	    set_limit(RLIMIT_AS, l->address_space, "RLIMIT_AS", e) != 0)
		return -1;
	if (l->cpu_seconds != 0 &&
	    set_limit(RLIMIT_CPU, l->cpu_seconds, "RLIMIT_CPU", e) != 0)
		return -1;
	if (l->open_files != 0 &&
	    set_limit(RLIMIT_NOFILE, l->open_files, "RLIMIT_NOFILE", e) != 0)
		return -1;
	if (l->file_size != 0) {
		/* Too large a file is an error of write(2), not the end of the process. */
		sigemptyset(&ignore.sa_mask);
		if (sigaction(SIGXFSZ, &ignore, NULL) != 0)
			return error_errno(e, ERR_PERM, errno, "SIGXFSZ");
		if (set_limit(RLIMIT_FSIZE, l->file_size, "RLIMIT_FSIZE", e) != 0)
			return -1;
	}
	return set_limit(RLIMIT_CORE, 0, "RLIMIT_CORE", e);
}

/* libc reads the time zone, libcrypto its configuration, at their first use. */
static void
warm_up(void)
{
	uint8_t digest[DIGEST_SIZE];

	tzset();
	digest_of(span_of(NULL, 0), digest);
}

int
sandbox_enter(enum sandbox_role role, const struct sandbox_path *paths, size_t path_count,
    const struct sandbox_limits *limits, bool without_landlock, struct error *e)
{
	int abi = sandbox_landlock_abi();

	warm_up();
	if (limit_resources(limits, e) != 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_errno(e, ERR_PERM, errno, "no_new_privs");
	if (abi == 0 && !without_landlock)
		return error_set(e, ERR_PERM,
		    "this kernel has no Landlock, so files cannot be walled off; boot with "
		    "lsm=landlock,... or set sandbox.landlock = \"optional\"");
	if (abi == 0)
		log_warning("sandbox: this kernel has no Landlock; files are not walled off");
	else if (limit_files(abi, paths, path_count, e) != 0)
		return -1;
	if (SANITIZED) {
		log_warning("sandbox: no seccomp filter in a build with a sanitizer");
		return 0;
	}
	return sandbox_limit_calls(role, e);
}
