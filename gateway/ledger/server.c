/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One round: wait, take one request from every connection that has one, answer the reads at
 * once, then put all writes into one transaction of the store, each inside its own
 * savepoint; commit; answer. So a commit carries all that had come meanwhile, and one fsync
 * serves many sessions.
 *
 * Invariants: nothing is answered with success before the commit has returned. A commit
 * that fails is doubt for everybody in it. A request that fails by itself (a conflict)
 * leaves the others untouched. Who works on a transaction is known only here, in memory: it
 * is the connection that planned or claimed it, until it closes it or goes away.
 */
#include "gateway/ledger/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fault.h"
#include "common/io.h"
#include "common/ipc.h"
#include "common/log.h"
#include "gateway/ledger/protocol.h"

#define ANSWER_WAIT_MS 200 /* an answer fits the socket; who does not read is dropped */
#define TRACE_ANSWER_MAX (IPC_MESSAGE_MAX - 8 * 1024)

struct connection {
	int fd;
	char holds[TX_ID_SIZE]; /* the transaction that it works on; "" for none */
	struct buf request;     /* fragments so far */
	bool waiting;           /* a write of it is in this round's batch */
	bool conflict;          /* how the write went, until it is answered */
	struct error failure;   /* class ERR_NONE: it went well */
	unsigned deaths;
};

struct ledger_server {
	struct store *store;
	int listen_fd;
	uid_t users[LEDGER_USERS_MAX];
	unsigned user_count;
	unsigned count;
	struct connection *connections[LEDGER_CLIENTS_MAX];
	struct ledger_request request; /* the one being looked at */
	struct buf message, answer;
};

struct ledger_server *
ledger_server_new(struct store *store, int listen_fd, const uid_t *users,
    unsigned user_count)
{
	struct ledger_server *s = calloc(1, sizeof(*s));

	if (s == NULL || user_count > LEDGER_USERS_MAX) {
		free(s);
		return NULL;
	}
	s->store = store;
	s->listen_fd = listen_fd;
	s->user_count = user_count;
	for (unsigned i = 0; i < user_count; i++)
		s->users[i] = users[i];
	buf_init(&s->message, IPC_MESSAGE_MAX);
	buf_init(&s->answer, IPC_MESSAGE_MAX);
	return s;
}

static void
connection_free(struct connection **cp)
{
	struct connection *c = *cp;

	io_close(&c->fd);
	buf_free(&c->request);
	free(c);
	*cp = NULL;
}

void
ledger_server_free(struct ledger_server **sp)
{
	struct ledger_server *s = *sp;

	if (s == NULL)
		return;
	for (unsigned i = 0; i < s->count; i++)
		connection_free(&s->connections[i]);
	buf_free(&s->message);
	buf_free(&s->answer);
	free(s);
	*sp = NULL;
}

/* --- connections ---------------------------------------------------------------- */

static bool
is_welcome(const struct ledger_server *s, int fd)
{
	struct error e;
	uid_t uid;
	gid_t gid;
	pid_t pid;

	if (ipc_peer(fd, &uid, &gid, &pid, &e) != 0)
		return false;
	if (uid == 0 || uid == geteuid())
		return true;
	for (unsigned i = 0; i < s->user_count; i++) {
		if (s->users[i] == uid)
			return true;
	}
	log_warning("user %ld (process %ld) is not allowed to use the ledger", (long)uid,
	    (long)pid);
	return false;
}

static void
accept_client(struct ledger_server *s)
{
	struct connection *c;
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return; /* gone again, or no descriptor left: the next round tries again */
	c = is_welcome(s, fd) ? calloc(1, sizeof(*c)) : NULL;
	if (c == NULL) {
		io_close(&fd);
		return;
	}
	c->fd = fd;
	buf_init(&c->request, LEDGER_REQUEST_MAX);
	s->connections[s->count++] = c;
}

/* To be freed at the end of the round; what it held is free at once. */
static void
drop(struct connection *c)
{
	io_close(&c->fd);
	c->holds[0] = '\0';
	c->waiting = false;
}

static void
sweep(struct ledger_server *s)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->count; i++) {
		if (s->connections[i]->fd < 0)
			connection_free(&s->connections[i]);
		else
			s->connections[kept++] = s->connections[i];
	}
	s->count = kept;
}

static bool
held_by_other(const struct ledger_server *s, const struct connection *c, struct span tx)
{
	for (unsigned i = 0; i < s->count; i++) {
		if (s->connections[i] != c && tx.len > 0 &&
		    span_is(tx, s->connections[i]->holds))
			return true;
	}
	return false;
}

static void
hold(struct connection *c, struct span tx)
{
	memcpy(c->holds, tx.ptr, TX_ID_SIZE - 1); /* request_read checked the length */
	c->holds[TX_ID_SIZE - 1] = '\0';
}

static void
send_answer(struct ledger_server *s, struct connection *c)
{
	struct error e;

	if (s->answer.failed) {
		log_bug("an answer of the ledger is too large");
		drop(c);
	} else if (ipc_send(c->fd, buf_span(&s->answer), NULL, 0,
		       deadline_after_ms(ANSWER_WAIT_MS), &e) != 0) {
		drop(c);
	}
	buf_reset(&s->answer);
}

static void
send_error(struct ledger_server *s, struct connection *c, const struct error *e,
    bool conflict)
{
	if (e->class == ERR_BUG)
		log_bug("%s", e->text);
	buf_reset(&s->answer);
	answer_put_error(&s->answer, e, conflict);
	send_answer(s, c);
}

/* --- reads ---------------------------------------------------------------------- */

static int
read_lookup(struct ledger_server *s, struct connection *c, struct error *e)
{
	struct delivery_record record;

	answer_put_done(&s->answer);
	for (unsigned i = 0; i < s->request.delivery_count; i++) {
		if (store_lookup(s->store, s->request.deliveries[i].key, clock_now(),
			&record, e) != 0)
			return -1;
		record.busy = held_by_other(s, c, span_str(record.tx));
		answer_put_records(&s->answer, &record, 1);
	}
	return 0;
}

struct trace_page {
	struct buf events;
	uint64_t last;
	unsigned count;
	bool more;
};

static bool
add_to_page(void *context, uint64_t id, const struct ledger_event *event)
{
	struct trace_page *page = context;

	if (page->events.len > TRACE_ANSWER_MAX - sizeof(*event)) {
		page->more = true;
		return false;
	}
	answer_put_event(&page->events, event);
	page->last = id;
	page->count++;
	return true;
}

static int
read_trace(struct ledger_server *s, struct error *e)
{
	struct trace_page page = { .last = s->request.after };
	int r;

	buf_init(&page.events, TRACE_ANSWER_MAX);
	r = store_trace(s->store, s->request.what, s->request.after, add_to_page, &page, e);
	answer_put_done(&s->answer);
	/* The store gives pages too: a trace ends with an empty one. */
	wire_put_u8(&s->answer, page.more || page.count > 0 ? 1 : 0);
	wire_put_u64(&s->answer, page.last);
	wire_put_u32(&s->answer, page.count);
	buf_put_span(&s->answer, buf_span(&page.events));
	buf_free(&page.events);
	return r;
}

static int
read_claim(struct ledger_server *s, struct connection *c, bool *conflict, struct error *e)
{
	if (held_by_other(s, c, s->request.tx)) {
		*conflict = true;
		return error_set(e, ERR_TEMP, "ledger: another session works on it");
	}
	answer_put_done(&s->answer);
	if (store_steps(s->store, s->request.tx, &s->answer, e) != 0)
		return -1;
	hold(c, s->request.tx);
	return 0;
}

static void
answer_read(struct ledger_server *s, struct connection *c)
{
	struct error e;
	bool conflict = false;
	int r = -1;

	switch (s->request.op) {
	case OP_LOOKUP:
		r = read_lookup(s, c, &e);
		break;
	case OP_CLAIM:
		r = read_claim(s, c, &conflict, &e);
		break;
	case OP_BLOB:
		answer_put_done(&s->answer);
		r = store_blob(s->store, s->request.tx, s->request.blob, &s->answer, &e);
		break;
	case OP_TRACE:
		r = read_trace(s, &e);
		break;
	case OP_DEATH:
	case OP_PLAN:
	case OP_AMEND:
	case OP_CLOSE:
	case OP_NOTE:
	case OP_END:
		error_set(&e, ERR_BUG, "ledger: a write among the reads");
		break;
	}
	if (r == 0)
		send_answer(s, c);
	else
		send_error(s, c, &e, conflict);
}

/* --- writes --------------------------------------------------------------------- */

static int
perform_write(struct ledger_server *s, struct connection *c, struct error *e)
{
	int64_t now = clock_now();

	switch (s->request.op) {
	case OP_PLAN:
		return store_plan(s->store, &s->request, now, &c->conflict, e);
	case OP_AMEND:
		return store_amend(s->store, &s->request, now, e);
	case OP_CLOSE:
		return store_close(s->store, &s->request, now, e);
	case OP_DEATH:
		return store_death(s->store, &s->request, now, &c->deaths, e);
	case OP_NOTE:
		return store_note(s->store, &s->request, now, e);
	case OP_LOOKUP:
	case OP_CLAIM:
	case OP_BLOB:
	case OP_TRACE:
	case OP_END:
		break;
	}
	return error_set(e, ERR_BUG, "ledger: a read among the writes");
}

/* One request of the batch, inside its savepoint. -1 only when the whole batch is lost. */
static int
batch_one(struct ledger_server *s, struct connection *c, struct error *e)
{
	error_clear(&c->failure);
	c->conflict = false;
	if (request_read(buf_span(&c->request), &s->request, e) != 0 ||
	    store_mark(s->store, e) != 0)
		return -1;
	if (perform_write(s, c, &c->failure) == 0)
		return store_keep(s->store, e);
	store_undo(s->store);
	return 0;
}

static int
run_batch(struct ledger_server *s, struct error *e)
{
	int fault;

	if (store_begin(s->store, e) != 0)
		return -1;
	for (unsigned i = 0; i < s->count; i++) {
		if (s->connections[i]->waiting && batch_one(s, s->connections[i], e) != 0)
			return -1;
	}
	FAULT_POINT("ledger-before-commit");
	fault = FAULT_ERRNO("ledger-commit");
	if (fault != 0)
		return error_errno(e, ERR_TEMP, fault, "ledger: commit");
	if (store_commit(s->store, e) != 0)
		return -1;
	FAULT_POINT("ledger-after-commit");
	/* The worst of all: it is on disk, and we say that we do not know. */
	fault = FAULT_ERRNO("ledger-doubt");
	if (fault != 0)
		return error_errno(e, ERR_TEMP, fault, "ledger: commit");
	return 0;
}

/* Committed: who holds what now, and the answer. */
static void
answer_write(struct ledger_server *s, struct connection *c)
{
	struct error e;

	if (c->failure.class != ERR_NONE) {
		send_error(s, c, &c->failure, c->conflict);
		return;
	}
	/* It was read before, so it is read again without a fault. */
	if (request_read(buf_span(&c->request), &s->request, &e) != 0)
		return;
	if (s->request.op == OP_PLAN)
		hold(c, s->request.tx);
	if (s->request.op == OP_CLOSE && span_is(s->request.tx, c->holds))
		c->holds[0] = '\0';
	answer_put_done(&s->answer);
	if (s->request.op == OP_DEATH)
		wire_put_u32(&s->answer, c->deaths);
	send_answer(s, c);
}

static int
commit_round(struct ledger_server *s, struct error *e)
{
	unsigned waiting = 0;
	int r;

	for (unsigned i = 0; i < s->count; i++)
		waiting += s->connections[i]->waiting ? 1 : 0;
	if (waiting == 0)
		return 0;
	r = run_batch(s, e);
	if (r != 0)
		store_rollback(s->store);
	for (unsigned i = 0; i < s->count; i++) {
		struct connection *c = s->connections[i];

		if (!c->waiting)
			continue;
		if (r == 0)
			answer_write(s, c);
		else
			send_error(s, c, e, false);
		c->waiting = false;
		buf_reset(&c->request);
	}
	return r;
}

/* --- the loop ------------------------------------------------------------------- */

/* A whole request is in c->request: answer a read, let a write wait for the batch. */
static void
take_request(struct ledger_server *s, struct connection *c)
{
	struct error e;

	if (request_read(buf_span(&c->request), &s->request, &e) != 0) {
		log_error("%s; the client is dropped", e.text);
		drop(c);
	} else if (ledger_op_writes(s->request.op)) {
		c->waiting = true;
	} else {
		answer_read(s, c);
	}
}

static void
receive(struct ledger_server *s, struct connection *c)
{
	struct span fragment;
	struct error e;
	int r = ipc_receive(c->fd, &s->message, NULL, deadline_after_ms(0), &e);

	fragment = buf_span(&s->message);
	if (r <= 0 || fragment.len == 0 || fragment.ptr[0] > FRAGMENT_LAST) {
		drop(c);
		return;
	}
	buf_put_span(&c->request, span_from(fragment, 1));
	if (c->request.failed) {
		log_error("a request to the ledger is too large; the client is dropped");
		drop(c);
	} else if (fragment.ptr[0] == FRAGMENT_LAST) {
		take_request(s, c);
		if (!c->waiting)
			buf_reset(&c->request);
	}
}

static int
wait_and_receive(struct ledger_server *s, const sigset_t *during_wait, struct error *e)
{
	struct pollfd polls[LEDGER_CLIENTS_MAX + 1];
	unsigned count = s->count;
	bool full = count == LEDGER_CLIENTS_MAX;

	for (unsigned i = 0; i < count; i++)
		polls[i] = (struct pollfd){ .fd = s->connections[i]->fd, .events = POLLIN };
	polls[count] = (struct pollfd){ .fd = full ? -1 : s->listen_fd, .events = POLLIN };
	if (ppoll(polls, count + 1, NULL, during_wait) < 0)
		return errno == EINTR ? 0 : error_errno(e, ERR_TEMP, errno, "ledger: poll");
	for (unsigned i = 0; i < count; i++) {
		if (polls[i].revents != 0)
			receive(s, s->connections[i]);
	}
	if (polls[count].revents != 0)
		accept_client(s);
	return 0;
}

int
ledger_server_run(struct ledger_server *s, const volatile sig_atomic_t *stop,
    const sigset_t *during_wait, struct error *e)
{
	while (!*stop) {
		if (wait_and_receive(s, during_wait, e) != 0)
			return -1;
		if (commit_round(s, e) != 0)
			return -1;
		sweep(s);
	}
	return 0;
}
