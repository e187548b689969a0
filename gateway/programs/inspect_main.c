/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vanthu-inspect: the only program that parses mail. It opens trust, magic and converters,
 * enters its walls, and answers questions until its connection ends.
 *
 * Two ways to be started: by vanthud with a listening socket of the pool (`--fd listen=N`:
 * one connection at a time, retired after so many messages), and by the operator's command
 * with its end of a pair (`--fd client=N`), then also without a configuration file. It holds
 * nothing worth stealing, has no network and opens no file; each message has its own CPU
 * limit, and the kernel ends the process that goes over it.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/fault.h"
#include "common/i18n.h"
#include "common/io.h"
#include "common/ipc.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/sandbox.h"
#include "gateway/decide/directory.h"
#include "gateway/inspect/inspect.h"
#include "gateway/inspect/trust.h"
#include "gateway/model/inspection.h"
#include "gateway/model/spool.h"
#include "gateway/programs/settings.h"

#define FILES_MAX 64
#define MEMORY_MAX ((size_t)1536 * 1024 * 1024) /* of address space: CRLs, magic, one message */
#define CPU_SECONDS 10                          /* for one message (issue: 10 s in all) */
#define QUESTION_MS (60 * 1000) /* how long a connection may be silent */
#define ANSWER_MS (10 * 1000)
#define LIST_FOREVER INT64_MAX

struct options {
	const char *config, *profile;
	const char *anchors[FILES_MAX], *crls[FILES_MAX];
	unsigned anchor_count, crl_count;
	int listen, client;
};

static volatile sig_atomic_t stopping;

static void
on_stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static _Noreturn void
usage(int status)
{
	fprintf(status == 0 ? stdout : stderr,
	    "vanthu-inspect: examines signed mail; started by vanthud and vanthu\n"
	    "usage: vanthu-inspect --fd listen=N|client=N [--config FILE] [--anchor FILE]...\n"
	    "           [--crl FILE]... [--profile NAME]\n"
	    "       vanthu-inspect --help | --version\n");
	exit(status);
}

static void
read_fd(const char *text, struct options *o)
{
	int fd, used = 0;

	if (sscanf(text, "listen=%d%n", &fd, &used) == 1 && text[used] == '\0' && fd > 2)
		o->listen = fd;
	else if (sscanf(text, "client=%d%n", &fd, &used) == 1 && text[used] == '\0' && fd > 2)
		o->client = fd;
	else
		usage(64);
}

static void
add_file(const char **list, unsigned *count, const char *file)
{
	if (*count == FILES_MAX)
		usage(64);
	list[(*count)++] = file;
}

static void
read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "fd", required_argument, NULL, 'f' },
		{ "anchor", required_argument, NULL, 'a' },
		{ "crl", required_argument, NULL, 'r' },
		{ "profile", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*o = (struct options){ .listen = -1, .client = -1 };
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->config = optarg;
			break;
		case 'f':
			read_fd(optarg, o);
			break;
		case 'a':
			add_file(o->anchors, &o->anchor_count, optarg);
			break;
		case 'r':
			add_file(o->crls, &o->crl_count, optarg);
			break;
		case 'p':
			o->profile = optarg;
			break;
		case 'h':
			usage(0);
		case 'v':
			printf("vanthu-inspect %s\n", PACKAGE_VERSION);
			exit(0);
		default:
			usage(64);
		}
	}
	if (optind != argc || (o->listen < 0) == (o->client < 0)
	    || (o->listen >= 0 && o->config == NULL))
		usage(64);
}

/* Anchors and bindings of the agencies, lists and profile of the settings. */
static int
trust_from_settings(struct trust *t, const struct settings *s, struct error *e)
{
	struct directory *d = NULL;
	int result = -1;

	if (directory_load(s->agencies, &d, e) != 0)
		return -1;
	for (size_t i = 0; i < directory_anchor_count(d); i++) {
		struct directory_anchor a = directory_anchor(d, i);
		if (trust_add_anchors(t, a.file, a.valid_from, a.valid_to, e) != 0)
			goto out;
	}
	for (size_t i = 0; i < directory_binding_count(d); i++) {
		struct directory_binding b = directory_binding(d, i);
		if (trust_bind(t, b.sha256, b.address, e) != 0)
			goto out;
	}
	if (s->crl_dir[0] != '\0' && trust_add_crl_directory(t, s->crl_dir, e) != 0)
		goto out;
	result = trust_set_profile(t, s->profile, e);
out:
	directory_free(&d);
	return result;
}

static int
trust_from_options(struct trust *t, const struct options *o, struct error *e)
{
	for (unsigned i = 0; i < o->anchor_count; i++) {
		if (trust_add_anchors(t, o->anchors[i], 0, LIST_FOREVER, e) != 0)
			return -1;
	}
	for (unsigned i = 0; i < o->crl_count; i++) {
		if (trust_add_crls(t, o->crls[i], e) != 0)
			return -1;
	}
	return o->profile != NULL ? trust_set_profile(t, o->profile, e) : 0;
}

/* Everything that needs a file, before the walls. */
static int
open_all(const struct options *o, const struct settings *s, const char *const *own_id,
    struct inspector **out, struct error *e)
{
	struct trust *t = trust_new();

	if (t == NULL)
		return error_set(e, ERR_TEMP, "no memory");
	if ((s != NULL && trust_from_settings(t, s, e) != 0)
	    || trust_from_options(t, o, e) != 0) {
		trust_free(&t);
		return -1;
	}
	return inspector_new(t, own_id, s != NULL ? 1 : 0, out, e);
}

static int
enter_walls(const struct settings *s, struct error *e)
{
	struct sandbox_limits limits = {
		.address_space = MEMORY_MAX, .file_size = LIMIT_OPAQUE_BYTES, .open_files = 64,
	};

	/* Started by an operator's `vanthu verify` it is that operator, who is not root. */
	if (s != NULL && geteuid() == 0 && proc_become(s->users.inspect, e) != 0)
		return -1;
	/* The command may be tried on a kernel of any kind; it has only its own mail. */
	return sandbox_enter(SANDBOX_INSPECT, NULL, 0, &limits,
	    s == NULL || s->without_landlock, e);
}

/* Let the kernel end us when one message takes too much; 0 ends the watch. */
static void
limit_cpu(unsigned seconds)
{
	struct itimerval t = { .it_value = { .tv_sec = (time_t)seconds } };

	if (setitimer(ITIMER_PROF, &t, NULL) != 0)
		log_error("setitimer: %s", error_describe(errno));
}

/* Examine one message and append the answer, facts or error. */
static void
answer(struct inspector *i, const struct inspection *q, const struct spool *message,
    int content_fd, struct facts *f, struct buf *out)
{
	struct error e = { .class = ERR_NONE };

	limit_cpu(CPU_SECONDS);
	if (inspector_examine(i, q, spool_bytes(message), content_fd, f, &e) == 0) {
		inspection_answer(INSPECTION_FACTS, out);
		facts_encode(f, out);
	} else {
		log_error("%s", e.text);
		inspection_answer(INSPECTION_ERROR, out);
		buf_put_str(out, e.text);
	}
	limit_cpu(0);
}

/* One question; takes both descriptors. -1 when the connection is of no more use. */
static int
serve_question(struct inspector *i, int fd, struct span wire, int fds[IPC_FDS_MAX],
    struct error *e)
{
	struct spool *message = NULL;
	struct facts *f = facts_new();
	struct inspection q;
	struct buf out;
	int result = -1, message_fd = fds[0];

	buf_init(&out, IPC_MESSAGE_MAX);
	fds[0] = -1;
	if (f == NULL) {
		io_close(&message_fd);
		error_set(e, ERR_TEMP, "no memory");
		goto out;
	}
	if (inspection_decode(wire, &q, e) != 0
	    || spool_from_descriptor(message_fd, LIMIT_MESSAGE_BYTES, &message, e) != 0)
		goto out;
	log_transaction(q.tx);
	inspection_answer(INSPECTION_BEGUN, &out);
	if (ipc_send(fd, buf_span(&out), NULL, 0, deadline_after_ms(ANSWER_MS), e) != 0)
		goto out;
	FAULT_POINT("inspect.begun");
	answer(i, &q, message, fds[1], f, &out);
	FAULT_POINT("inspect.answer");
	result = ipc_send(fd, buf_span(&out), NULL, 0, deadline_after_ms(ANSWER_MS), e);
out:
	log_transaction(NULL);
	buf_free(&out);
	spool_free(&message);
	facts_free(&f);
	io_close(&fds[1]);
	return result;
}

/* Questions of one connection until it ends; the number answered. */
static unsigned
serve_connection(struct inspector *i, int fd)
{
	unsigned answered = 0;
	struct buf in;

	buf_init(&in, IPC_MESSAGE_MAX);
	while (!stopping) {
		struct error e = { .class = ERR_NONE };
		int fds[IPC_FDS_MAX] = { -1, -1 };
		int got = ipc_receive(fd, &in, fds, deadline_after_ms(QUESTION_MS), &e);
		if (got == 1 && fds[0] >= 0
		    && serve_question(i, fd, buf_span(&in), fds, &e) == 0) {
			answered++;
			continue;
		}
		for (unsigned k = 0; k < IPC_FDS_MAX; k++)
			io_close(&fds[k]);
		if (got != 0 && !stopping)
			log_warning("connection given up: %s", e.text);
		break;
	}
	buf_free(&in);
	return answered;
}

/* Connections of the pool's socket, until so many messages were answered. */
static int
serve_pool(struct inspector *i, int listener, unsigned messages, struct error *e)
{
	for (unsigned answered = 0; answered < messages && !stopping;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			/* Interrupted or shared with others: ask again. */
			if (io_wait(listener, POLLIN, deadline_after_ms(1000), e) < 0 && !stopping)
				return -1;
			continue;
		}
		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			return error_errno(e, ERR_TEMP, errno, "accept");
		answered += serve_connection(i, fd);
		io_close(&fd);
	}
	return 0;
}

static int
start(const struct options *o, struct settings **s, const char **own_id,
    struct inspector **i, struct error *e)
{
	struct sigaction stop = { .sa_handler = on_stop };

	if (proc_harden(false, (o->listen > o->client ? o->listen : o->client) + 1, e) != 0)
		return -1;
	/* Without SA_RESTART, so that waiting for a connection ends. */
	sigemptyset(&stop.sa_mask);
	if (sigaction(SIGTERM, &stop, NULL) != 0)
		return error_errno(e, ERR_BUG, errno, "sigaction");
	if (o->config != NULL && settings_load(o->config, s, e) != 0)
		return -1;
	log_open("vanthu-inspect",
	    *s != NULL && (*s)->syslog ? LOG_TO_SYSLOG : LOG_TO_STDERR);
	FAULT_OPEN();
	i18n_open();
	*own_id = *s != NULL ? (*s)->act.authserv_id : NULL;
	if (open_all(o, *s, own_id, i, e) != 0)
		return -1;
	return enter_walls(*s, e);
}

int
main(int argc, char **argv)
{
	struct error e = { .class = ERR_NONE };
	struct settings *s = NULL;
	struct inspector *i = NULL;
	struct options o;
	const char *own_id = NULL; /* the inspector keeps its address */
	int status = 0;

	read_options(argc, argv, &o);
	log_open("vanthu-inspect", LOG_TO_STDERR);
	if (start(&o, &s, &own_id, &i, &e) != 0)
		status = e.class == ERR_PERM ? 78 : 71;
	else if (o.client >= 0)
		(void)serve_connection(i, o.client);
	else if (serve_pool(i, o.listen, s->inspect_messages, &e) != 0)
		status = 71;
	if (status != 0)
		log_error("%s", e.text);
	inspector_free(&i);
	settings_free(&s);
	return status;
}
