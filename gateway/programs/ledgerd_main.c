/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vanthu-ledgerd: the only process that has the ledger open. It sees no mail and no key:
 * plans, facts and signatures pass through it as bytes. Started by vanthud with the socket
 * it answers on; ends on SIGTERM after all it had read is committed and answered, and ends
 * itself when a commit failed, for then only a fresh opening knows what is on disk.
 */
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fault.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/sandbox.h"
#include "gateway/ledger/server.h"
#include "gateway/programs/settings.h"

#define EXIT_TEMPORARY 75

_Static_assert(2 * SETTINGS_SESSIONS_MAX <= LEDGER_CLIENTS_MAX,
    "every session, of the old configuration and of the new, has its place");

static volatile sig_atomic_t stop;

static void
on_stop(int signal)
{
	(void)signal;
	stop = 1;
}

/* Signals reach us only while we wait: no request is ever left half done. */
static void
block_signals(sigset_t *during_wait)
{
	struct sigaction stops = { .sa_handler = on_stop };
	struct sigaction ignored = { .sa_handler = SIG_IGN };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, during_wait);
	sigdelset(during_wait, SIGTERM);
	sigdelset(during_wait, SIGINT);
	sigaction(SIGTERM, &stops, NULL);
	sigaction(SIGINT, &stops, NULL);
	sigaction(SIGHUP, &ignored, NULL); /* nothing in here is reloaded */
}

/* Looked up before the walls close: afterwards there is no /etc/passwd. */
static unsigned
find_users(const struct settings *s, uid_t out[LEDGER_USERS_MAX])
{
	const struct passwd *p = s->users.session[0] == '\0' ? NULL :
	    getpwnam(s->users.session);

	if (p == NULL)
		return 0;
	out[0] = p->pw_uid;
	return 1;
}

static int
enter_walls(const struct settings *s, struct error *e)
{
	const struct sandbox_path paths[] = { { s->ledger_dir, SANDBOX_WRITE } };
	const struct sandbox_limits limits = { .open_files = LEDGER_CLIENTS_MAX + 32 };

	return sandbox_enter(SANDBOX_LEDGERD, paths, 1, &limits, s->without_landlock, e);
}

static int
serve(const struct settings *s, int listen_fd, const sigset_t *during_wait,
    struct error *e)
{
	struct ledger_server *server = NULL;
	struct store *store = NULL;
	uid_t users[LEDGER_USERS_MAX];
	unsigned user_count = find_users(s, users);
	int r = -1;

	if (s->users.ledger[0] != '\0' && proc_become(s->users.ledger, e) != 0)
		return -1;
	if (store_open(s->ledger_dir, (int64_t)s->retry_days * 86400, &store, e) != 0 ||
	    enter_walls(s, e) != 0)
		goto out;
	server = ledger_server_new(store, listen_fd, users, user_count);
	if (server == NULL) {
		error_set(e, ERR_TEMP, "no memory");
		goto out;
	}
	log_info("ready, ledger in %s", s->ledger_dir);
	r = ledger_server_run(server, &stop, during_wait, e);
out:
	ledger_server_free(&server);
	store_free(&store);
	return r;
}

int
main(int argc, char **argv)
{
	struct settings_arguments arguments;
	struct settings *s = NULL;
	sigset_t during_wait;
	struct error e;
	int fd, r;

	log_open("vanthu-ledgerd", LOG_TO_STDERR);
	settings_arguments(argc, argv, "Keep the ledger of the gateway.", &arguments);
	fd = settings_fd(&arguments, "listen");
	if (fd < 0) {
		log_error("no socket was passed: --fd listen=N is missing");
		return 64;
	}
	block_signals(&during_wait);
	if (proc_harden(false, fd + 1, &e) != 0) {
		log_error("%s", e.text);
		return 71;
	}
	FAULT_OPEN();
	if (settings_load(arguments.config, &s, &e) != 0) {
		log_error("%s", e.text);
		return 78;
	}
	if (s->syslog)
		log_open("vanthu-ledgerd", LOG_TO_SYSLOG);
	r = serve(s, fd, &during_wait, &e);
	if (r != 0)
		log_error("%s", e.text);
	settings_free(&s);
	return r == 0 ? 0 : EXIT_TEMPORARY;
}
