/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each role may not do, and what it must still be able to do. For each line a child
 * enters the role and tries it: being killed by SIGSYS, EACCES or EPERM is a wall, anything
 * else is a hole. Speaks TAP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"
#include "common/sandbox.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char folder[] = "/tmp/vanthu-walls-XXXXXX";
static char inside[64], outside[64], socket_path[64];
static int listener = -1, memory = -1;

/* --- attempts: 0 done, else errno ----------------------------------------------------- */

static int
result_of(long r)
{
	return r < 0 ? errno : 0;
}

static int
read_outside(void)
{
	return result_of(open("/etc/passwd", O_RDONLY));
}

static int
list_outside(void)
{
	return result_of(open("/etc", O_RDONLY | O_DIRECTORY));
}

static int
write_outside(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/new", outside);
	return result_of(open(path, O_WRONLY | O_CREAT, 0600));
}

static int
truncate_outside(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/old", outside);
	return result_of(open(path, O_WRONLY | O_TRUNC));
}

static int
remove_outside(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/old", outside);
	return result_of(unlink(path));
}

static int
move_out(void)
{
	char from[128], to[128];

	snprintf(from, sizeof(from), "%s/old", inside);
	snprintf(to, sizeof(to), "%s/moved", outside);
	return result_of(rename(from, to));
}

static int
make_link_to_outside(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/link", inside);
	return result_of(symlink("/etc/passwd", path));
}

static int
open_in_its_folder(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/old", inside);
	return result_of(open(path, O_RDONLY));
}

static int
start_a_process(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return result_of(pid);
}

static int
run_a_program(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };

	return result_of(execv("/bin/true", argv));
}

static int
trace_its_parent(void)
{
	return result_of(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int
read_its_parents_memory(void)
{
	char c;
	struct iovec here = { &c, 1 }, there = { &c, 1 };

	return result_of(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}

static int
signal_its_parent(void)
{
	return result_of(kill(getppid(), SIGCONT));
}

static int
use_kernel_keys(void)
{
	return result_of(syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3, 1));
}

static int
mount_something(void)
{
	return result_of(mount("none", inside, "tmpfs", 0, NULL));
}

static int
leave_its_namespace(void)
{
	return result_of(unshare(CLONE_NEWUSER));
}

static int
change_its_user(void)
{
	return result_of(setuid(getuid()));
}

static int
map_executable_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

static int
make_memory_executable(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? ENOMEM : result_of(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int
load_bpf(void)
{
	return result_of(syscall(SYS_bpf, 0, NULL, 0));
}

static int
set_up_io_uring(void)
{
	return result_of(syscall(SYS_io_uring_setup, 1, NULL));
}

static int
raise_its_limits(void)
{
	struct rlimit l = { 1000, 1000 };

	return result_of(setrlimit(RLIMIT_NOFILE, &l));
}

static int
listen_somewhere(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? errno : result_of(bind(fd, (struct sockaddr *)&a, sizeof(a)));
}

static int
open_a_raw_socket(void)
{
	return result_of(socket(AF_PACKET, SOCK_RAW, 0));
}

static int
open_a_netlink_socket(void)
{
	return result_of(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int
connect_to_the_network(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), r;

	if (fd < 0)
		return errno;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r = result_of(connect(fd, (struct sockaddr *)&a, sizeof(a)));
	return r == ECONNREFUSED ? 0 : r; /* it could have */
}

static int
connect_to_a_socket(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", socket_path);
	return fd < 0 ? errno : result_of(connect(fd, (struct sockaddr *)&a, sizeof(a)));
}

/* --- what must go on working ---------------------------------------------------------- */

static int
fill_a_memfd(void)
{
	if (ftruncate(memory, 8192) != 0 || write(memory, "content", 7) != 7 ||
	    pwrite(memory, "x", 1, 8191) != 1 || fallocate(memory, 0, 0, 16384) != 0)
		return errno;
	return mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, memory, 0) == MAP_FAILED ? errno : 0;
}

static int
allocate_and_ask_the_time(void)
{
	void *p = malloc(64 << 20);
	time_t now = time(NULL);
	struct tm tm;

	if (p == NULL || localtime_r(&now, &tm) == NULL)
		return ENOMEM;
	memset(p, 1, 64 << 20);
	free(p);
	return 0;
}

static int
write_durably_in_its_folder(void)
{
	char from[128], to[128];
	int fd;

	snprintf(from, sizeof(from), "%s/tmp", inside);
	snprintf(to, sizeof(to), "%s/sub", inside);
	if (mkdir(to, 0700) != 0 && errno != EEXIST)
		return errno;
	snprintf(to, sizeof(to), "%s/sub/final", inside);
	fd = open(from, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) != 0 || ftruncate(fd, 0) != 0 ||
	    rename(from, to) != 0 || unlink(to) != 0)
		return errno;
	return 0;
}

static int
link_a_nameless_file(void)
{
	char from[64], to[128];
	int fd = open(inside, O_TMPFILE | O_RDWR, 0600);

	if (fd < 0)
		return errno;
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	snprintf(to, sizeof(to), "%s/linked", inside);
	if (linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) != 0)
		return errno;
	return result_of(unlink(to));
}

/* --- the table ------------------------------------------------------------------------ */

enum {
	K = 1 << SANDBOX_KEYD,
	I = 1 << SANDBOX_INSPECT,
	L = 1 << SANDBOX_LEDGERD,
	S = 1 << SANDBOX_SESSION,
	C = 1 << SANDBOX_COMMAND,
	ALL = K | I | L | S | C,
};

static const char *const role_names[] = { "keyd", "inspect", "ledgerd", "session",
	"command" };

enum wall { BY_LANDLOCK, BY_SECCOMP };

static const struct {
	const char *what;
	int (*attempt)(void);
	unsigned may, may_not;
	enum wall wall;
} rows[] = {
	{ "read a file elsewhere", read_outside, 0, ALL, BY_LANDLOCK },
	{ "list a folder elsewhere", list_outside, 0, ALL, BY_LANDLOCK },
	{ "write a file elsewhere", write_outside, 0, ALL, BY_LANDLOCK },
	{ "truncate a file elsewhere", truncate_outside, 0, ALL, BY_LANDLOCK },
	{ "remove a file elsewhere", remove_outside, 0, ALL, BY_LANDLOCK },
	{ "move a file out of its folder", move_out, 0, ALL, BY_LANDLOCK },
	{ "make a symbolic link", make_link_to_outside, 0, ALL, BY_LANDLOCK },
	{ "open a file in its folder", open_in_its_folder, L | S | C, K | I, BY_SECCOMP },
	{ "start a process", start_a_process, 0, ALL, BY_SECCOMP },
	{ "run a program", run_a_program, 0, ALL, BY_SECCOMP },
	{ "trace a process", trace_its_parent, 0, ALL, BY_SECCOMP },
	{ "read another process's memory", read_its_parents_memory, 0, ALL, BY_SECCOMP },
	{ "signal another process", signal_its_parent, 0, ALL, BY_SECCOMP },
	{ "use kernel keys", use_kernel_keys, 0, ALL, BY_SECCOMP },
	{ "mount", mount_something, 0, ALL, BY_SECCOMP },
	{ "make a namespace", leave_its_namespace, 0, ALL, BY_SECCOMP },
	{ "change its user", change_its_user, 0, ALL, BY_SECCOMP },
	{ "map executable memory", map_executable_memory, 0, ALL, BY_SECCOMP },
	{ "make memory executable", make_memory_executable, 0, ALL, BY_SECCOMP },
	{ "load a BPF program", load_bpf, 0, ALL, BY_SECCOMP },
	{ "set up an io_uring", set_up_io_uring, 0, ALL, BY_SECCOMP },
	{ "change its limits", raise_its_limits, 0, ALL, BY_SECCOMP },
	{ "listen on a port", listen_somewhere, 0, ALL, BY_SECCOMP },
	{ "open a raw socket", open_a_raw_socket, 0, ALL, BY_SECCOMP },
	{ "open a netlink socket", open_a_netlink_socket, 0, ALL, BY_SECCOMP },
	{ "connect to the network", connect_to_the_network, S, K | I | L | C, BY_SECCOMP },
	{ "connect to a unix socket", connect_to_a_socket, S | C, K | I | L, BY_SECCOMP },
	{ "fill a memfd it was given", fill_a_memfd, I | S | C, 0, BY_SECCOMP },
	{ "allocate and ask the time", allocate_and_ask_the_time, ALL, 0, BY_SECCOMP },
	{ "write durably in its folder", write_durably_in_its_folder, L | S | C, 0, BY_SECCOMP },
	{ "link a nameless file", link_a_nameless_file, S | C, 0, BY_SECCOMP },
};

#define WALL 42  /* exit statuses of the child */
#define DONE 43
#define ODD 44
#define NO_ENTRY 45

static void
try_in_child(enum sandbox_role role, int (*attempt)(void))
{
	const struct sandbox_path paths[] = { { inside, SANDBOX_WRITE } };
	const struct sandbox_limits limits = { 0 };
	struct error e;
	int r;

	if (sandbox_enter(role, paths, COUNT(paths), &limits, true, &e) != 0) {
		printf("# %s\n", e.text);
		fflush(stdout);
		_exit(NO_ENTRY);
	}
	r = attempt();
	if (r != 0 && r != EACCES && r != EPERM && r != EXDEV) {
		dprintf(1, "# errno %d\n", r);
		_exit(ODD);
	}
	_exit(r == 0 ? DONE : WALL);
}

/* How the child ended: one of the statuses above, WALL for SIGSYS too. */
static int
outcome(enum sandbox_role role, int (*attempt)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		try_in_child(role, attempt);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return ODD;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? WALL : ODD;
	return WEXITSTATUS(status);
}

static void
set_up(void)
{
	struct endpoint at;
	struct error e;
	char path[128];
	int fd;

	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(inside, sizeof(inside), "%s/in", folder);
	snprintf(outside, sizeof(outside), "%s/out", folder);
	snprintf(socket_path, sizeof(socket_path), "%s/s", folder);
	for (int i = 0; i < 2; i++) {
		const char *dir = i == 0 ? inside : outside;

		snprintf(path, sizeof(path), "%s/old", dir);
		if (mkdir(dir, 0700) != 0)
			abort();
		fd = open(path, O_CREAT | O_WRONLY, 0600);
		io_close(&fd);
	}
	snprintf(path, sizeof(path), "unix:%s", socket_path);
	memory = memfd_create("content", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memory < 0 || endpoint_parse(path, &at, &e) != 0 ||
	    endpoint_listen(&at, 0600, &listener, &e) != 0)
		abort();
}

static void
tear_down(void)
{
	static const char *const names[] = { "in/old", "in/linked", "in/tmp", "in/sub/final",
		"in/link", "out/old", "out/new", "out/moved", "s" };
	static const char *const dirs[] = { "in/sub", "in", "out", "" };
	char path[128];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	for (size_t i = 0; i < COUNT(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, dirs[i]);
		(void)rmdir(path);
	}
}

int
main(void)
{
	bool landlock = sandbox_landlock_abi() > 0, seccomp = sandbox_filters_calls();
	int n = 0, failed = 0;

	set_up();
	printf("# Landlock ABI %d\n", sandbox_landlock_abi());
	for (size_t i = 0; i < COUNT(rows); i++)
		for (unsigned role = 0; role < COUNT(role_names); role++) {
			bool may = (rows[i].may & 1u << role) != 0;
			bool skip = !may && (rows[i].wall == BY_LANDLOCK ? !landlock : !seccomp);
			int wanted = may ? DONE : WALL, got;

			if (!may && (rows[i].may_not & 1u << role) == 0)
				continue;
			got = skip ? wanted : outcome(role, rows[i].attempt);
			failed += got != wanted;
			printf("%sok %d - %s %s %s%s\n", got == wanted ? "" : "not ", ++n,
			    role_names[role], may ? "may" : "may not", rows[i].what,
			    !skip                              ? ""
			        : rows[i].wall == BY_LANDLOCK ? " # SKIP no Landlock here"
			                                      : " # SKIP sanitizer, no seccomp");
			if (got != wanted)
				printf("# ended with %d\n", got);
		}
	printf("1..%d\n", n);
	tear_down();
	return failed == 0 ? 0 : 1;
}
