/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp: one list of allowed system calls for each role; anything else kills the process.
 *
 * A few calls answer EACCES instead: libraries make them on their own account (iconv looks
 * for a converter, syslog connects again, libc asks for the time zone), and such a question
 * must not cost a message. The wall is as high: nothing is opened.
 *
 * No role may run a program, fork, make a thread, map memory that can be executed, trace,
 * mount, load, or change who it is: those calls are simply in no list. Arguments that are
 * pointers cannot be judged here; which files may be opened is Landlock's part.
 */
#include "common/sandbox_calls.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <seccomp.h>

#include "common/fault.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Memory, time, signals and descriptors that are already open. */
static const int everybody[] = {
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(brk),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(close),
	SCMP_SYS(dup),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(fcntl),
	SCMP_SYS(fstat),
	SCMP_SYS(futex),
	SCMP_SYS(getegid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getpeername),
	SCMP_SYS(getpid),
	SCMP_SYS(getppid),
	SCMP_SYS(getrandom),
	SCMP_SYS(getrusage),
	SCMP_SYS(getsockname),
	SCMP_SYS(getsockopt),
	SCMP_SYS(gettid),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getuid),
	SCMP_SYS(lseek),
	SCMP_SYS(madvise),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(nanosleep),
	SCMP_SYS(newfstatat),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigpending),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigsuspend),
	SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(setsockopt),
	SCMP_SYS(shutdown),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(statx),
	SCMP_SYS(sysinfo),
	SCMP_SYS(time),
	SCMP_SYS(uname),
	SCMP_SYS(write),
	SCMP_SYS(writev),
};

/*
 * The process with the keys gets a list of its own, not everybody's: waiting, its clients,
 * its log (syslog too), memory, the end. With the calls that are allowed by argument they
 * are 25.
 */
static const int keyd[] = {
	SCMP_SYS(accept4),
	SCMP_SYS(brk),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(close),
	SCMP_SYS(exit_group),
	SCMP_SYS(futex),
	SCMP_SYS(getpid),
	SCMP_SYS(getrandom),
	SCMP_SYS(getsockopt),
	SCMP_SYS(gettid),
	SCMP_SYS(madvise),
	SCMP_SYS(munmap),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(recvmsg),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(write),
};

/* A memfd that it was given, for the content of an opaque signature. */
static const int inspect[] = {
	SCMP_SYS(fallocate),
	SCMP_SYS(ftruncate),
	SCMP_SYS(setitimer), /* the time of one examination */
};

/* Files below the folders that Landlock leaves open. */
static const int files[] = {
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(fadvise64),
	SCMP_SYS(fallocate),
	SCMP_SYS(fchmod),
	SCMP_SYS(fchown),
	SCMP_SYS(fdatasync),
	SCMP_SYS(flock),
	SCMP_SYS(fstatfs),
	SCMP_SYS(fsync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(getcwd),
	SCMP_SYS(getdents64),
	SCMP_SYS(lstat),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(openat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(rmdir),
	SCMP_SYS(stat),
	SCMP_SYS(statfs),
	SCMP_SYS(sync_file_range),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(utimensat),
};

/* A message in hand: spool, filing, talk with our own processes. */
static const int mail[] = {
	SCMP_SYS(connect),
	SCMP_SYS(copy_file_range),
	SCMP_SYS(link),
	SCMP_SYS(linkat),
	SCMP_SYS(memfd_create),
	SCMP_SYS(sendfile),
	SCMP_SYS(socketpair),
};

/* What libraries try by themselves; the answer is EACCES. */
static const int asked_in_vain[] = {
	SCMP_SYS(access),
	SCMP_SYS(connect),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(ioctl),
	SCMP_SYS(lstat),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(openat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(socket),
	SCMP_SYS(stat),
};

struct list {
	const int *calls;
	size_t count;
};

#define LIST(a) { (a), COUNT(a) }
#define LISTS_MAX 4

static const struct {
	struct list allowed[LISTS_MAX];
	int families[3]; /* of socket(2), 0 at the end */
} roles[] = {
	[SANDBOX_KEYD] = { { LIST(keyd) }, { 0 } },
	[SANDBOX_INSPECT] = { { LIST(everybody), LIST(inspect) }, { 0 } },
	[SANDBOX_LEDGERD] = { { LIST(everybody), LIST(files) }, { 0 } },
	[SANDBOX_SESSION] = { { LIST(everybody), LIST(files), LIST(mail) },
	    { AF_UNIX, AF_INET, AF_INET6 } },
	[SANDBOX_COMMAND] = { { LIST(everybody), LIST(files), LIST(mail) }, { AF_UNIX } },
};

static int
allow_list(scmp_filter_ctx filter, struct list list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < list.count; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, list.calls[i], 0);
	return r;
}

/* Calls that are allowed with certain arguments only. */
static int
allow_by_argument(scmp_filter_ctx filter, const int *families)
{
	const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp ourselves =
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0); /* abort(3) */
	int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable);

	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
		    not_executable);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, ourselves);
	if (r == 0) /* reading a limit, not setting one */
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
		    SCMP_A2(SCMP_CMP_EQ, 0, 0));
	for (size_t i = 0; r == 0 && i < 3 && families[i] != 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0));
	return r;
}

static bool
is_allowed(enum sandbox_role role, int call)
{
	for (size_t l = 0; l < LISTS_MAX; l++)
		for (size_t i = 0; i < roles[role].allowed[l].count; i++)
			if (roles[role].allowed[l].calls[i] == call)
				return true;
	return call == SCMP_SYS(socket) && roles[role].families[0] != 0;
}

static int
refuse_politely(scmp_filter_ctx filter, enum sandbox_role role)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT(asked_in_vain); i++)
		if (!is_allowed(role, asked_in_vain[i]))
			r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), asked_in_vain[i], 0);
	return r;
}

#ifdef VANTHU_FAULTS
/* A fault kills the process itself and unlinks its mark, whatever the role. */
static int
allow_faults(scmp_filter_ctx filter, enum sandbox_role role)
{
	int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1,
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));

	if (r == 0 && fault_file()[0] != '\0' && !is_allowed(role, SCMP_SYS(unlink)))
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(unlink), 0);
	return r;
}
#endif

int
sandbox_limit_calls(enum sandbox_role role, struct error *e)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r;

	if (filter == NULL)
		return error_set(e, ERR_TEMP, "seccomp: no memory");
	r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	for (size_t l = 0; r == 0 && l < LISTS_MAX; l++)
		r = allow_list(filter, roles[role].allowed[l]);
	if (r == 0)
		r = allow_by_argument(filter, roles[role].families);
	if (r == 0)
		r = refuse_politely(filter, role);
#ifdef VANTHU_FAULTS
	if (r == 0)
		r = allow_faults(filter, role);
#endif
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r == 0 ? 0 : error_errno(e, ERR_PERM, -r, "seccomp");
}
