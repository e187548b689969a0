/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vanthu-keyd: the only process that ever holds a private key. It reads its configuration,
 * its keys and its log as the user that started it, then becomes users.keyd for good, shuts
 * itself in and answers questions of the session user: a digest in, a signature out
 * (keys/sealer). It parses no mail, opens no file after start and has no network.
 *
 * One loop over all connections. A question and its answer are one message each, so a
 * client can be slow only between them; one that does not take its answer is dropped.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fault.h"
#include "common/io.h"
#include "common/ipc.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/sandbox.h"
#include "gateway/keys/protocol.h"
#include "gateway/keys/sealer.h"
#include "gateway/programs/settings.h"

#define CLIENTS_MAX (SETTINGS_SESSIONS_MAX + 160) /* the others are the operator's */
#define ACCEPT_AT_ONCE 32 /* before those who are here are asked again */
#define REPORT_INTERVAL_MS (24 * 3600 * INT64_C(1000))
#define OPEN_FILES_MAX (CLIENTS_MAX + 32)

struct keyd {
	struct sealer *sealer;
	uid_t session_user, own_user;
	struct pollfd polls[1 + CLIENTS_MAX]; /* the listener first */
	nfds_t poll_count;
	struct buf request, answer;
};

static volatile sig_atomic_t stopping;

static void
on_term(int signal_number)
{
	(void)signal_number;
	stopping = 1;
}

/* Who may ask: the session user, ourselves and root. */
static bool
may_ask(const struct keyd *k, int fd)
{
	uid_t uid;
	gid_t gid;
	pid_t pid;
	struct error e;

	if (ipc_peer(fd, &uid, &gid, &pid, &e) < 0) {
		log_warning("%s", e.text);
		return false;
	}
	if (uid == k->session_user || uid == k->own_user || uid == 0)
		return true;
	log_error("process %d of user %u asked for a signature: refused", (int)pid,
	    (unsigned)uid);
	return false;
}

/* Take one client; false when nobody is left at the door. */
static bool
take_client(struct keyd *k)
{
	int fd = accept4(k->polls[0].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			log_error("accept: %s", error_describe(errno));
		return false;
	}
	if (!may_ask(k, fd)) {
		io_close(&fd);
	} else if (k->poll_count > CLIENTS_MAX) {
		log_warning("more than %d clients: one is turned away", CLIENTS_MAX);
		io_close(&fd);
	} else {
		k->polls[k->poll_count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	return true;
}

/* Answer one question; false when the client is to be dropped. */
static bool
serve(struct keyd *k, int fd)
{
	struct error e;

	if (ipc_receive(fd, &k->request, NULL, deadline_after_ms(0), &e) <= 0)
		return false;
	FAULT_POINT("key-asked");
	buf_reset(&k->answer);
	sealer_answer(k->sealer, buf_span(&k->request), &k->answer);
	if (k->answer.failed)
		return false;
	FAULT_POINT("key-sealed");
	if (ipc_send(fd, buf_span(&k->answer), NULL, 0, deadline_after_ms(0), &e) < 0) {
		log_warning("a client did not take its answer: %s", e.text);
		return false;
	}
	return true;
}

/* One question of each client that has one, so that none waits for another's second. */
static void
serve_ready(struct keyd *k)
{
	for (nfds_t i = 1; i < k->poll_count;) {
		if (k->polls[i].revents == 0 || serve(k, k->polls[i].fd)) {
			i++;
			continue;
		}
		io_close(&k->polls[i].fd);
		k->polls[i] = k->polls[--k->poll_count];
	}
}

static void
serve_until_stopped(struct keyd *k, const sigset_t *while_waiting)
{
	struct deadline report = deadline_after_ms(REPORT_INTERVAL_MS);

	while (!stopping) {
		int left = deadline_left_ms(report);
		struct timespec wait = { left / 1000, left % 1000 * 1000000L };
		int n = ppoll(k->polls, k->poll_count, &wait, while_waiting);
		if (n < 0 && errno != EINTR) {
			log_bug("poll: %s", error_describe(errno));
			return;
		}
		if (n == 0) {
			sealer_report(k->sealer);
			report = deadline_after_ms(REPORT_INTERVAL_MS);
		}
		if (n <= 0)
			continue;
		bool knocks = k->polls[0].revents != 0;
		serve_ready(k);
		for (int i = 0; knocks && i < ACCEPT_AT_ONCE; i++)
			knocks = take_client(k);
	}
}

/*
 * Keep keys out of the swap. Later allocations can be locked too only when the limit cannot
 * be reached: otherwise they would fail, and with them the signatures.
 */
static void
lock_memory(void)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int flags = setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0 ? MCL_CURRENT | MCL_FUTURE
	                                                        : MCL_CURRENT;

	if (mlockall(flags) != 0)
		log_warning("memory cannot be locked (%s): raise RLIMIT_MEMLOCK or turn "
		            "swap off",
		    error_describe(errno));
}

static int
find_user(const char *name, uid_t *out, struct error *e)
{
	*out = geteuid();
	if (name[0] == '\0')
		return 0;
	const struct passwd *pw = getpwnam(name);
	if (pw == NULL)
		return error_set(e, ERR_PERM, "users.session: no user \"%s\"", name);
	*out = pw->pw_uid;
	return 0;
}

/* SIGTERM is blocked but while we wait: it never cuts an answer in two. */
static int
catch_signals(sigset_t *while_waiting, struct error *e)
{
	struct sigaction action = { .sa_handler = on_term };
	sigset_t blocked;

	sigemptyset(&action.sa_mask);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	if (sigprocmask(SIG_BLOCK, &blocked, while_waiting) < 0 ||
	    sigaction(SIGTERM, &action, NULL) < 0 || sigaction(SIGINT, &action, NULL) < 0)
		return error_errno(e, ERR_BUG, errno, "signals");
	sigdelset(while_waiting, SIGTERM);
	sigdelset(while_waiting, SIGINT);
	return 0;
}

/* Read everything that a file holds; the descriptors of passphrases are used up here. */
static int
open_sealer(struct keyd *k, const struct settings *s, struct settings_arguments *arguments,
    struct error *e)
{
	struct keys_fd fds[SETTINGS_FDS_MAX];

	for (unsigned i = 0; i < arguments->fd_count; i++)
		fds[i] = (struct keys_fd){ arguments->fds[i].name, arguments->fds[i].fd };
	int r = sealer_open(s->keys, fds, arguments->fd_count, &k->sealer, e);
	for (unsigned i = 0; i < arguments->fd_count; i++)
		if (arguments->fds[i].fd != k->polls[0].fd)
			io_close(&arguments->fds[i].fd);
	return r;
}

static int
start(struct keyd *k, struct settings_arguments *arguments, struct error *e)
{
	static const struct sandbox_limits limits = { .open_files = OPEN_FILES_MAX };
	struct settings *s = NULL;
	int listener = settings_fd(arguments, "listen");
	int result = -1;

	if (listener < 0)
		return error_set(e, ERR_PERM, "--fd listen=N is missing");
	if (fcntl(listener, F_SETFL, O_NONBLOCK) < 0)
		return error_errno(e, ERR_PERM, errno, "--fd listen=%d", listener);
	k->polls[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	k->poll_count = 1;
	if (settings_load(arguments->config, &s, e) < 0)
		return -1;
	log_open("vanthu-keyd", s->syslog ? LOG_TO_SYSLOG : LOG_TO_STDERR);
	if (find_user(s->users.session, &k->session_user, e) < 0)
		goto out;
	lock_memory();
	if (open_sealer(k, s, arguments, e) < 0 || proc_become(s->users.keyd, e) < 0)
		goto out;
	if (prctl(PR_SET_DUMPABLE, 0) < 0) { /* becoming another user may have set it */
		error_errno(e, ERR_BUG, errno, "not dumpable");
		goto out;
	}
	k->own_user = geteuid();
	result = sandbox_enter(SANDBOX_KEYD, NULL, 0, &limits, s->without_landlock, e);
out:
	settings_free(&s);
	return result;
}

int
main(int argc, char **argv)
{
	static struct keyd k;
	struct settings_arguments arguments;
	sigset_t while_waiting;
	struct error e;

	settings_arguments(
	    argc, argv, "Hold the agencies' keys and seal digests with them.", &arguments);
	log_open("vanthu-keyd", LOG_TO_STDERR);
	buf_init(&k.request, SEAL_REQUEST_MAX);
	buf_init(&k.answer, SEAL_ANSWER_MAX);
	FAULT_OPEN();
	if (proc_harden(true, -1, &e) < 0 || catch_signals(&while_waiting, &e) < 0 ||
	    start(&k, &arguments, &e) < 0) {
		log_error("%s", e.text);
		return 1;
	}
	sealer_report(k.sealer);
	log_info("ready");
	serve_until_stopped(&k, &while_waiting);
	for (nfds_t i = 0; i < k.poll_count; i++)
		io_close(&k.polls[i].fd);
	sealer_free(&k.sealer);
	buf_free(&k.request);
	buf_free(&k.answer);
	log_info("stopped");
	return 0;
}
