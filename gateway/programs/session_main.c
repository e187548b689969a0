/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vanthu-session: takes mail on the listeners that vanthud holds and brings each message to
 * its end before it answers. Several processes share the listeners; each serves one
 * connection at a time. It parses no MIME, holds no key and opens no ledger: for these it
 * asks its neighbours.
 *
 * It ends by itself after session_messages, and on SIGTERM: a message whose data has begun
 * is finished and answered, then the client hears 421. A fault of our own ends it, too; the
 * message in hand has had its 4xx by then. vanthud starts another.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "common/fault.h"
#include "common/i18n.h"
#include "common/io.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/sandbox.h"
#include "gateway/core/transaction.h"
#include "gateway/programs/settings.h"
#include "gateway/receive/smtp_server.h"

#define EXIT_USAGE 64
#define EXIT_SYSTEM 71
#define EXIT_TEMPORARY 75
#define EXIT_CONFIG 78

#define OPEN_FILES_MAX 128

static volatile int stop;

static void
on_stop(int signal)
{
	(void)signal;
	stop = 1;
}

struct doors {
	unsigned count;
	struct pollfd fds[SETTINGS_LISTENERS_MAX];
	const struct settings_listener *listeners[SETTINGS_LISTENERS_MAX];
};

/* While a session is served SIGTERM may come at any time and sets the flag that the session
 * looks at. Between two it is blocked but for the wait, or it could come just before it. */
static void
take_signals(sigset_t *blocked, sigset_t *during_wait)
{
	struct sigaction stops = { .sa_handler = on_stop };
	struct sigaction ignored = { .sa_handler = SIG_IGN };

	sigemptyset(blocked);
	sigaddset(blocked, SIGTERM);
	sigaddset(blocked, SIGINT);
	sigprocmask(SIG_BLOCK, blocked, during_wait);
	sigdelset(during_wait, SIGTERM);
	sigdelset(during_wait, SIGINT);
	sigaction(SIGTERM, &stops, NULL);
	sigaction(SIGINT, &stops, NULL);
	sigaction(SIGHUP, &ignored, NULL); /* vanthud replaces us to reload */
}

/* Every listener of the configuration must have been passed, and nothing else. */
static int
find_doors(const struct settings *s, const struct settings_arguments *a, struct doors *out,
    struct error *e)
{
	out->count = 0;
	for (unsigned i = 0; i < s->listener_count; i++) {
		int fd = settings_fd(a, s->listeners[i].name);

		if (fd < 0)
			return error_set(e, ERR_PERM, "no socket was passed for listener %s",
			    s->listeners[i].name);
		out->fds[out->count] = (struct pollfd){ .fd = fd, .events = POLLIN };
		out->listeners[out->count++] = &s->listeners[i];
	}
	if (a->fd_count != out->count)
		return error_set(e, ERR_PERM, "a socket was passed for an unknown listener");
	return 0;
}

static int
first_unused(const struct settings_arguments *a)
{
	int last = 2;

	for (unsigned i = 0; i < a->fd_count; i++) {
		if (a->fds[i].fd > last)
			last = a->fds[i].fd;
	}
	return last + 1;
}

static void
deliver(void *context, const struct envelope *env, const struct spool *received,
    struct transaction_reply *replies, struct deadline d)
{
	struct gateway *g = context;

	transaction_run(g, env, received, replies, d);
	if (g->broken)
		stop = 1; /* what is in our memory is not to be trusted with another message */
}

static unsigned
serve_connection(const struct settings *s, const struct settings_listener *at, int fd,
    struct gateway *g)
{
	struct smtp_session session = {
		.fd = fd,
		.lmtp = at->lmtp,
		.zone = at->zone,
		.hostname = s->hostname,
		.spool_dir = s->spool_dir,
		.limits = &s->limits,
		.deliver = deliver,
		.context = g,
		.stop = &stop,
	};
	int on = 1;

	/* Replies are small and waited for; Nagle only adds 40 ms. */
	if (!at->at.is_unix)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return smtp_serve(&session);
}

/* A connection that one of the others took, or that is gone again, is none; -1 is an error. */
static int
accept_one(int listener, int *fd, struct error *e)
{
	*fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (*fd >= 0 || errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return 0;
	return error_errno(e, ERR_TEMP, errno, "accept");
}

static int
serve(const struct settings *s, struct doors *doors, struct gateway *g,
    const sigset_t *blocked, const sigset_t *during_wait, struct error *e)
{
	unsigned messages = 0;

	while (!stop && messages < s->session_messages) {
		if (ppoll(doors->fds, doors->count, NULL, during_wait) < 0) {
			if (errno == EINTR)
				continue;
			return error_errno(e, ERR_TEMP, errno, "poll");
		}
		for (unsigned i = 0; i < doors->count && !stop; i++) {
			int fd = -1;

			if (doors->fds[i].revents == 0)
				continue;
			if (accept_one(doors->fds[i].fd, &fd, e) != 0)
				return -1;
			if (fd < 0)
				continue;
			sigprocmask(SIG_UNBLOCK, blocked, NULL);
			messages += serve_connection(s, doors->listeners[i], fd, g);
			sigprocmask(SIG_BLOCK, blocked, NULL);
			io_close(&fd);
		}
	}
	return 0;
}

static int
enter_walls(const struct settings *s, struct error *e)
{
	const struct sandbox_path paths[] = {
		{ s->spool_dir, SANDBOX_WRITE },
		{ s->intake_dir, SANDBOX_WRITE },
		{ s->hold_dir, SANDBOX_WRITE },
		{ s->run_dir, SANDBOX_CONNECT },
	};
	const struct sandbox_limits limits = { .open_files = OPEN_FILES_MAX };

	if (s->users.session[0] != '\0' && proc_become(s->users.session, e) != 0)
		return -1;
	return sandbox_enter(SANDBOX_SESSION, paths, sizeof paths / sizeof paths[0], &limits,
	    s->without_landlock, e);
}

/* Read the policy, close the walls, open the doors. */
static int
run(const struct settings *s, struct doors *doors, struct error *e)
{
	char ledger_socket[SETTINGS_PATH_MAX], keyd_socket[SETTINGS_PATH_MAX];
	char inspect_socket[SETTINGS_PATH_MAX];
	struct directory *directory = NULL;
	struct policy *policy = NULL;
	struct gateway g = { .act = &s->act };
	sigset_t blocked, during_wait;
	int r = -1;

	take_signals(&blocked, &during_wait);
	i18n_open();
	if (directory_load(s->agencies, &directory, e) != 0 ||
	    policy_load(s->routing, directory, &policy, e) != 0)
		goto out;
	g.directory = directory;
	g.policy = policy;
	g.ledger = ledger_client_new(settings_socket(s, "ledger", ledger_socket));
	g.keys = seal_client_new(settings_socket(s, "keyd", keyd_socket));
	g.inspect_socket = settings_socket(s, "inspect", inspect_socket);
	g.inspect_timeout_ms = s->inspect_timeout_seconds * 1000;
	if (g.ledger == NULL || g.keys == NULL) {
		error_set(e, ERR_TEMP, "no memory");
		goto out;
	}
	if (enter_walls(s, e) != 0)
		goto out;
	r = serve(s, doors, &g, &blocked, &during_wait, e);
	if (r == 0 && g.broken)
		r = error_set(e, ERR_BUG, "ended after a fault of our own");
out:
	ledger_client_free(&g.ledger);
	seal_client_free(&g.keys);
	policy_free(&policy);
	directory_free(&directory);
	return r;
}

int
main(int argc, char **argv)
{
	struct settings_arguments arguments;
	struct settings *s = NULL;
	struct doors doors;
	struct error e;
	int status;

	log_open("vanthu-session", LOG_TO_STDERR);
	settings_arguments(argc, argv, "Take mail and bring it to its end.", &arguments);
	if (proc_harden(false, first_unused(&arguments), &e) != 0) {
		log_error("%s", e.text);
		return EXIT_SYSTEM;
	}
	FAULT_OPEN();
	if (settings_load(arguments.config, &s, &e) != 0) {
		log_error("%s", e.text);
		return EXIT_CONFIG;
	}
	if (s->syslog)
		log_open("vanthu-session", LOG_TO_SYSLOG);
	if (find_doors(s, &arguments, &doors, &e) != 0) {
		log_error("%s", e.text);
		status = EXIT_USAGE;
	} else if (run(s, &doors, &e) != 0) {
		log_error("%s", e.text);
		status = e.class == ERR_PERM ? EXIT_CONFIG : EXIT_TEMPORARY;
	} else {
		status = 0;
	}
	settings_free(&s);
	return status;
}
