/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The children of vanthud. There is no list of events to get wrong: each step compares the
 * workers that there are with those that there should be, and does the difference.
 *
 *      start            TRIAL_MS later           a newer number has proved itself,
 *   ────────► TRIAL ───────────────────► SERVING ─────────or stop──────► LEAVING
 *               │ died: alarm, back-off     │ died: alarm, at once         │ SIGTERM sent;
 *               ▼ before the next start     ▼                              ▼ SIGKILL if late
 *
 * A worker that ends with 0 has retired (so many messages) or was told to leave: neither is
 * an alarm. One that dies in its trial is what a bad configuration looks like from here: it
 * is tried again ever more slowly, and workers of the earlier number go on meanwhile.
 */
#include "gateway/programs/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/proc.h"

#define TRIAL_MS 1000
#define BACKOFF_FIRST_MS 500
#define BACKOFF_LAST_MS 30000
#define STOP_MS 8000 /* then SIGKILL; the whole stop stays below 10 s */
#define WORKERS_MAX 2048

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* In the order of stopping: a role needs those after it. */
enum role { ROLE_SESSION, ROLE_INSPECT, ROLE_KEYD, ROLE_LEDGER, ROLE_COUNT };

static const struct {
	const char *program;
	enum port_kind port;
	bool alone; /* never two at a time */
} roles[ROLE_COUNT] = {
	[ROLE_SESSION] = { "vanthu-session", PORT_MAIL, false },
	[ROLE_INSPECT] = { "vanthu-inspect", PORT_INSPECT, false },
	[ROLE_KEYD] = { "vanthu-keyd", PORT_KEYD, false },
	[ROLE_LEDGER] = { "vanthu-ledgerd", PORT_LEDGER, true },
};

enum worker_state { WORKER_TRIAL, WORKER_SERVING, WORKER_LEAVING };

struct worker {
	enum role role;
	enum worker_state state;
	pid_t pid;
	unsigned number; /* of its configuration */
	int64_t started_ms;
};

struct supervisor {
	unsigned number;
	const struct settings *settings;
	const struct ports *ports;
	const char *conf;
	unsigned worker_count;
	struct worker workers[WORKERS_MAX];
	struct {
		int64_t next_ms; /* no start before this */
		int64_t backoff_ms;
	} pace[ROLE_COUNT];
	bool stopping;
	int64_t kill_ms; /* when stopping: SIGKILL from here on */
};

struct supervisor *
supervisor_new(void)
{
	return calloc(1, sizeof(struct supervisor));
}

void
supervisor_free(struct supervisor **s)
{
	free(*s);
	*s = NULL;
}

static unsigned
wanted(const struct supervisor *s, enum role role)
{
	switch (role) {
	case ROLE_SESSION:
		return s->settings->sessions;
	case ROLE_INSPECT:
		return s->settings->inspectors;
	case ROLE_KEYD:
	case ROLE_LEDGER:
	case ROLE_COUNT:
		break;
	}
	return 1;
}

void
supervisor_set(struct supervisor *s, unsigned number, const struct settings *settings,
    const struct ports *ports, const char *conf, bool renew_ledger)
{
	s->number = number;
	s->settings = settings;
	s->ports = ports;
	s->conf = conf;
	memset(s->pace, 0, sizeof(s->pace));
	for (unsigned i = 0; i < s->worker_count; i++)
		if (s->workers[i].role == ROLE_LEDGER && !renew_ledger)
			s->workers[i].number = number;
}

/* --- starting ------------------------------------------------------------------------ */

#define ARGUMENT_MAX 48

/* The command line and the descriptors of a worker. */
struct start {
	struct proc_spec spec;
	char fds[PROC_FDS_MAX][ARGUMENT_MAX];
	const char *argv[3 + 2 * PROC_FDS_MAX + 1];
	unsigned argc;
};

static void
prepare(const struct supervisor *s, enum role role, const char *path, struct start *out)
{
	*out = (struct start){ .spec = { .path = path } };
	out->argv[out->argc++] = roles[role].program;
	out->argv[out->argc++] = "--config";
	out->argv[out->argc++] = s->conf;
	for (unsigned i = 0; i < s->ports->count; i++) {
		const struct port *p = &s->ports->list[i];
		unsigned n = out->spec.fd_count;

		if (p->kind != roles[role].port || n == PROC_FDS_MAX)
			continue;
		snprintf(out->fds[n], sizeof(out->fds[n]), "%s=%u", p->name, 3 + n);
		out->spec.fds[n] = p->fd;
		out->spec.fd_count++;
		out->argv[out->argc++] = "--fd";
		out->argv[out->argc++] = out->fds[n];
	}
	out->spec.argv = out->argv;
}

/* Slower from one failure to the next; workers that die together are one failure. */
static void
back_off(struct supervisor *s, enum role role)
{
	int64_t wait = s->pace[role].backoff_ms;

	if (clock_monotonic_ms() < s->pace[role].next_ms)
		return;
	wait = wait == 0 ? BACKOFF_FIRST_MS : wait * 2;
	if (wait > BACKOFF_LAST_MS)
		wait = BACKOFF_LAST_MS;
	s->pace[role].backoff_ms = wait;
	s->pace[role].next_ms = clock_monotonic_ms() + wait;
}

static int
start_worker(struct supervisor *s, enum role role)
{
	char path[SETTINGS_PATH_MAX];
	struct start how;
	struct error e;
	struct worker *w = &s->workers[s->worker_count];
	pid_t pid;

	if (s->worker_count == WORKERS_MAX)
		return -1; /* those that leave make room */
	if (proc_find_program(roles[role].program, path, sizeof(path), &e) == 0) {
		prepare(s, role, path, &how);
		if (proc_spawn(&how.spec, &pid, &e) == 0) {
			*w = (struct worker){ .role = role, .state = WORKER_TRIAL, .pid = pid,
				.number = s->number, .started_ms = clock_monotonic_ms() };
			s->worker_count++;
			return 0;
		}
	}
	log_error("ALARM: %s cannot be started: %s", roles[role].program, e.text);
	back_off(s, role);
	return -1;
}

/* --- endings ------------------------------------------------------------------------- */

static void
report_end(struct supervisor *s, const struct worker *w, int status)
{
	const char *program = roles[w->role].program;
	int64_t age = clock_monotonic_ms() - w->started_ms;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (w->state == WORKER_LEAVING && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM)
		return; /* told to leave before it had learned to listen */
	if (WIFSIGNALED(status))
		log_error("ALARM: %s[%ld] was killed by signal %d (%s) after %lld ms", program,
		    (long)w->pid, WTERMSIG(status), strsignal(WTERMSIG(status)), (long long)age);
	else
		log_error("ALARM: %s[%ld] ended with status %d after %lld ms", program,
		    (long)w->pid, WEXITSTATUS(status), (long long)age);
	if (w->state != WORKER_TRIAL)
		return;
	back_off(s, w->role);
	log_error("%s is started again in %lld ms", program,
	    (long long)s->pace[w->role].backoff_ms);
}

void
supervisor_reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned i = 0; i < s->worker_count; i++) {
			if (s->workers[i].pid != pid)
				continue;
			if (!s->stopping || s->workers[i].state != WORKER_LEAVING)
				report_end(s, &s->workers[i], status);
			s->workers[i] = s->workers[--s->worker_count];
			break;
		}
	}
}

static void
tell_to_leave(struct worker *w)
{
	/* The pid is ours until it is reaped, so it cannot be another process's. */
	if (w->state != WORKER_LEAVING)
		(void)kill(w->pid, SIGTERM);
	w->state = WORKER_LEAVING;
}

/* --- what there is, what there should be --------------------------------------------- */

struct tally {
	unsigned present; /* of this number, not leaving */
	unsigned serving; /* of those: trial over */
	unsigned older;   /* of earlier numbers, or leaving */
};

static struct tally
count(const struct supervisor *s, enum role role)
{
	struct tally t = { 0 };

	for (unsigned i = 0; i < s->worker_count; i++) {
		const struct worker *w = &s->workers[i];

		if (w->role != role)
			continue;
		if (w->number != s->number || w->state == WORKER_LEAVING) {
			t.older++;
			continue;
		}
		t.present++;
		t.serving += w->state == WORKER_SERVING;
	}
	return t;
}

static int
earlier(int a, int b)
{
	return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

static int
until(int64_t then)
{
	int64_t left = then - clock_monotonic_ms();

	return left <= 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* Trials that are over; the time until the next one is. */
static int
promote(struct supervisor *s)
{
	int next = -1;

	for (unsigned i = 0; i < s->worker_count; i++) {
		struct worker *w = &s->workers[i];

		if (w->state != WORKER_TRIAL)
			continue;
		if (until(w->started_ms + TRIAL_MS) > 0) {
			next = earlier(next, until(w->started_ms + TRIAL_MS));
			continue;
		}
		w->state = WORKER_SERVING;
		s->pace[w->role].backoff_ms = 0;
	}
	return next;
}

/* Those that are of an earlier number, or more than are wanted. */
static void
dismiss(struct supervisor *s, enum role role, unsigned surplus, bool old)
{
	for (unsigned i = 0; i < s->worker_count; i++) {
		struct worker *w = &s->workers[i];

		if (w->role != role || w->state == WORKER_LEAVING)
			continue;
		if (w->number != s->number ? old : surplus > 0) {
			surplus -= w->number == s->number;
			tell_to_leave(w);
		}
	}
}

static int
maintain(struct supervisor *s, enum role role)
{
	struct tally t = count(s, role);
	unsigned n = wanted(s, role);
	bool proved = t.serving >= n || roles[role].alone;

	dismiss(s, role, t.present > n ? t.present - n : 0, proved);
	if (t.present >= n || (roles[role].alone && t.older > 0))
		return -1; /* an ending will call us */
	if (clock_monotonic_ms() < s->pace[role].next_ms)
		return until(s->pace[role].next_ms);
	for (unsigned i = t.present; i < n; i++)
		if (start_worker(s, role) != 0)
			return until(s->pace[role].next_ms);
	return TRIAL_MS;
}

/* One role at a time, so that a session that finishes still finds whom it needs. */
static int
wind_down(struct supervisor *s)
{
	bool late = until(s->kill_ms) == 0;

	for (enum role role = 0; role < ROLE_COUNT; role++) {
		unsigned left = 0;

		for (unsigned i = 0; i < s->worker_count; i++) {
			struct worker *w = &s->workers[i];

			if (!late && w->role != role)
				continue;
			left++;
			tell_to_leave(w);
			if (late)
				(void)kill(w->pid, SIGKILL);
		}
		if (left > 0)
			break;
	}
	return late ? 100 : until(s->kill_ms);
}

int
supervisor_step(struct supervisor *s)
{
	int next = -1;

	if (s->stopping)
		return wind_down(s);
	next = promote(s);
	for (unsigned role = ROLE_COUNT; role-- > 0;) /* the ledger first, sessions last */
		next = earlier(next, maintain(s, role));
	return next;
}

void
supervisor_stop(struct supervisor *s)
{
	if (s->stopping)
		return;
	s->stopping = true;
	s->kill_ms = clock_monotonic_ms() + STOP_MS;
}

bool
supervisor_ready(const struct supervisor *s)
{
	for (enum role role = 0; role < ROLE_COUNT; role++)
		if (count(s, role).serving < wanted(s, role))
			return false;
	return true;
}

bool
supervisor_stopped(const struct supervisor *s)
{
	return s->stopping && s->worker_count == 0;
}

bool
supervisor_uses(const struct supervisor *s, unsigned number)
{
	for (unsigned i = 0; i < s->worker_count; i++)
		if (s->workers[i].number == number)
			return true;
	return false;
}
