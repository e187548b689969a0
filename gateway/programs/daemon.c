/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vanthud: reads and checks the configuration, holds the listening sockets, starts the
 * others and starts them again. It never reads a byte of mail or of a key, and it is the
 * only process of ours that keeps the right to start programs.
 *
 *   snapshot.c    check the configuration, keep a copy of the running one
 *   ports.c       the listening sockets
 *   supervisor.c  the children
 *   notify.c      what systemd wants to be told
 *
 * Signals are read as data (signalfd), so that everything happens in one loop, one thing
 * after another.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/io.h"
#include "common/log.h"
#include "common/proc.h"
#include "gateway/programs/notify.h"
#include "gateway/programs/ports.h"
#include "gateway/programs/settings.h"
#include "gateway/programs/snapshot.h"
#include "gateway/programs/supervisor.h"

#define EX_USAGE 64
#define EX_TEMPFAIL 75
#define EX_CONFIG 78
#define PORTS_WAIT_MS 3000

/* A configuration in use. */
struct running {
	struct settings *settings;
	struct ports ports;
	char conf[SETTINGS_PATH_MAX]; /* vanthu.conf of its copy */
};

struct daemon {
	const char *file; /* the vanthu.conf that people edit */
	unsigned number;  /* of the running configuration */
	struct running now;
	struct supervisor *children;
	int signals, lock;
	bool told_ready, stopping;
};

/* --- the command line ---------------------------------------------------------------- */

struct arguments {
	const char *file;
	bool check;
};

static _Noreturn void
usage(int status)
{
	fputs("vanthud: start the mail gateway's processes and keep them running\n"
	      "usage: vanthud [--config FILE] [--check] [--foreground]\n"
	      "       vanthud --help | --version\n"
	      "  --check       say what is wrong with the configuration, start nothing\n"
	      "  --foreground  stay in the foreground (it always does)\n",
	    status == 0 ? stdout : stderr);
	exit(status);
}

static struct arguments
read_arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	struct arguments a = { .file = SYSCONFDIR "/vanthu/vanthu.conf" };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			a.file = optarg;
			break;
		case 'k':
			a.check = true;
			break;
		case 'f':
			break;
		case 'h':
			usage(0);
		case 'v':
			puts("vanthud " PACKAGE_VERSION);
			exit(0);
		default:
			usage(EX_USAGE);
		}
	}
	if (optind != argc)
		usage(EX_USAGE);
	return a;
}

/* --- starting ------------------------------------------------------------------------ */

static int
make_run_folder(const char *path, struct error *e)
{
	if (mkdir(path, 0755) == 0)
		return chmod(path, 0755) == 0 ? 0 : error_errno(e, ERR_PERM, errno, "%s", path);
	return errno == EEXIST ? 0 : error_errno(e, ERR_PERM, errno, "directories.run: %s", path);
}

/* The pid file is also the lock that keeps a second vanthud out of the folder. */
static int
take_lock(struct daemon *d, const char *run_dir, struct error *e)
{
	char path[SETTINGS_PATH_MAX + 16], text[32];
	int n;

	snprintf(path, sizeof(path), "%s/vanthud.pid", run_dir);
	d->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (d->lock < 0)
		return error_errno(e, ERR_PERM, errno, "%s", path);
	if (flock(d->lock, LOCK_EX | LOCK_NB) != 0)
		return error_set(e, ERR_PERM, "%s: another vanthud is running there", path);
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (fchmod(d->lock, 0644) != 0 || ftruncate(d->lock, 0) != 0)
		return error_errno(e, ERR_TEMP, errno, "%s", path);
	return io_write_all(d->lock, span_of(text, (size_t)n), e);
}

static int
catch_signals(struct daemon *d, struct error *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return error_errno(e, ERR_TEMP, errno, "sigprocmask");
	d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return d->signals >= 0 ? 0 : error_errno(e, ERR_TEMP, errno, "signalfd");
}

/* Children of a vanthud that was killed die with it, but not in the same instant. */
static int
open_ports(struct daemon *d, struct error *e)
{
	struct deadline until = deadline_after_ms(PORTS_WAIT_MS);

	while (ports_open(d->now.settings, NULL, &d->now.ports, e) != 0) {
		if (e->class != ERR_TEMP || deadline_passed(until))
			return -1;
		(void)poll(NULL, 0, 50);
	}
	return 0;
}

static int
start(struct daemon *d, struct error *e)
{
	struct settings *s = d->now.settings;

	if (make_run_folder(s->run_dir, e) != 0 || take_lock(d, s->run_dir, e) != 0 ||
	    catch_signals(d, e) != 0)
		return -1;
	snapshot_remove(s->run_dir, SNAPSHOT_ALL);
	d->number = 1;
	if (snapshot_take(s, d->number, d->now.conf, e) != 0 ||
	    open_ports(d, e) != 0)
		return -1;
	d->children = supervisor_new();
	if (d->children == NULL)
		return error_set(e, ERR_TEMP, "no memory");
	supervisor_set(d->children, d->number, s, &d->now.ports, d->now.conf, true);
	log_info("started with %s", d->file);
	return 0;
}

/* --- reloading ----------------------------------------------------------------------- */

/* Does the new configuration change what the ledger's process was started with? */
static bool
ledger_differs(const struct settings *a, const struct settings *b)
{
	return strcmp(a->ledger_dir, b->ledger_dir) != 0 ||
	    memcmp(&a->users, &b->users, sizeof(a->users)) != 0 ||
	    a->without_landlock != b->without_landlock || a->syslog != b->syslog;
}

static int
prepare(struct daemon *d, struct running *next, struct error *e)
{
	if (snapshot_check(d->file, &next->settings, e) != 0)
		return -1;
	if (strcmp(next->settings->run_dir, d->now.settings->run_dir) != 0)
		return error_set(e, ERR_PERM, "%s: directories.run: can change only by a restart",
		    d->file);
	if (snapshot_take(next->settings, d->number + 1, next->conf, e) != 0)
		return -1;
	if (ports_open(next->settings, &d->now.ports, &next->ports, e) != 0) {
		snapshot_remove(next->settings->run_dir, d->number + 1);
		return -1;
	}
	return 0;
}

static void
reload(struct daemon *d)
{
	struct running next = { 0 };
	struct error e;
	bool renew;

	if (prepare(d, &next, &e) != 0) {
		log_error("not reloaded, the running configuration stays: %s", e.text);
		settings_free(&next.settings);
		return;
	}
	renew = ledger_differs(d->now.settings, next.settings);
	ports_close(&d->now.ports); /* what is not listened on any more */
	settings_free(&d->now.settings);
	d->now = next;
	d->number++;
	/* d->now has moved nowhere: what the children borrow is inside d. */
	supervisor_set(d->children, d->number, d->now.settings, &d->now.ports, d->now.conf,
	    renew);
	log_open("vanthud", d->now.settings->syslog ? LOG_TO_SYSLOG : LOG_TO_STDERR);
	log_info("reloaded %s", d->file);
}

/* Copies that no child reads any more. */
static void
forget_old_copies(struct daemon *d)
{
	for (unsigned n = d->number > 8 ? d->number - 8 : 1; n < d->number; n++)
		if (!supervisor_uses(d->children, n))
			snapshot_remove(d->now.settings->run_dir, n);
}

/* --- the loop ------------------------------------------------------------------------ */

static void
read_signals(struct daemon *d)
{
	struct signalfd_siginfo info;

	while (read(d->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			supervisor_reap(d->children);
			forget_old_copies(d);
			break;
		case SIGHUP:
			if (!d->stopping)
				reload(d);
			break;
		default:
			log_info("stopping");
			notify_send("STOPPING=1");
			d->stopping = true;
			supervisor_stop(d->children);
			break;
		}
	}
}

static void
run(struct daemon *d)
{
	struct pollfd p = { .fd = d->signals, .events = POLLIN };

	do {
		int next = supervisor_step(d->children);

		if (!d->told_ready && !d->stopping && supervisor_ready(d->children)) {
			log_info("ready");
			notify_send("READY=1");
			d->told_ready = true;
		}
		if (poll(&p, 1, next) > 0)
			read_signals(d);
	} while (!supervisor_stopped(d->children));
}

static void
clean_up(struct daemon *d)
{
	char path[SETTINGS_PATH_MAX + 16];

	ports_close(&d->now.ports);
	if (d->number > 0) { /* the lock is ours */
		snapshot_remove(d->now.settings->run_dir, SNAPSHOT_ALL);
		snprintf(path, sizeof(path), "%s/vanthud.pid", d->now.settings->run_dir);
		(void)unlink(path);
	}
	io_close(&d->lock);
	io_close(&d->signals);
	supervisor_free(&d->children);
	settings_free(&d->now.settings);
}

int
main(int argc, char **argv)
{
	static struct daemon d = { .signals = -1, .lock = -1 };
	struct arguments arguments = read_arguments(argc, argv);
	struct error e;
	int status = 0;

	log_open("vanthud", LOG_TO_STDERR);
	notify_open();
	d.file = arguments.file;
	if (proc_harden(false, 3, &e) != 0) {
		log_error("%s", e.text);
		return EX_TEMPFAIL;
	}
	if (snapshot_check(d.file, &d.now.settings, &e) != 0) {
		log_error("%s", e.text);
		return e.class == ERR_PERM ? EX_CONFIG : EX_TEMPFAIL;
	}
	if (arguments.check) {
		settings_free(&d.now.settings);
		return 0;
	}
	if (d.now.settings->syslog)
		log_open("vanthud", LOG_TO_SYSLOG);
	if (start(&d, &e) == 0) {
		run(&d);
		log_info("stopped");
	} else {
		log_error("%s", e.text);
		status = e.class == ERR_PERM ? EX_CONFIG : EX_TEMPFAIL;
	}
	clean_up(&d);
	return status;
}
