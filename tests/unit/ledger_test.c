/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger: its states as a client sees them through a real server in another process,
 * what the store keeps, and what the reader of requests refuses.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/fault.h"
#include "common/io.h"
#include "common/ipc.h"
#include "common/log.h"
#include "gateway/ledger/ledger.h"
#include "gateway/ledger/protocol.h"
#include "gateway/ledger/server.h"
#include "gateway/ledger/store.h"

/* --- a server of our own ----------------------------------------------------------- */

struct world {
	char directory[64];
	char socket[96];
	int listen_fd;
	pid_t server;
};

static volatile sig_atomic_t stop;

static void
on_term(int signal)
{
	(void)signal;
	stop = 1;
}

static void
serve(struct world *w)
{
	struct ledger_server *server;
	struct store *store;
	struct sigaction sa = { .sa_handler = on_term };
	sigset_t open;
	struct error e;
	int r;

	sigemptyset(&open);
	sigaction(SIGTERM, &sa, NULL);
	if (store_open(w->directory, 5 * 86400, &store, &e) != 0) {
		fprintf(stderr, "# %s\n", e.text);
		_exit(1);
	}
	server = ledger_server_new(store, w->listen_fd, NULL, 0);
	r = ledger_server_run(server, &stop, &open, &e);
	ledger_server_free(&server);
	store_free(&store);
	_exit(r == 0 ? 0 : 75);
}

static void
start_server(struct world *w)
{
	sigset_t term;

	/* Blocked before it is born: a signal that comes early must not be lost. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	w->server = fork();
	assert_true(w->server >= 0);
	if (w->server == 0)
		serve(w);
	sigprocmask(SIG_UNBLOCK, &term, NULL);
}

static int
stop_server(struct world *w, int signal)
{
	int status = 0;

	kill(w->server, signal);
	assert_int_equal(waitpid(w->server, &status, 0), w->server);
	w->server = 0;
	return status;
}

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct error e;

	log_open("ledger_test", LOG_TO_STDERR);
	snprintf(w->directory, sizeof(w->directory), "/tmp/vanthu-ledger.XXXXXX");
	if (mkdtemp(w->directory) == NULL)
		return -1;
	snprintf(w->socket, sizeof(w->socket), "%s/ledger.sock", w->directory);
	if (ipc_listen(w->socket, 0600, &w->listen_fd, &e) != 0)
		return -1;
	start_server(w);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	if (w->server > 0)
		stop_server(w, SIGTERM);
	io_close(&w->listen_fd);
	snprintf(command, sizeof(command), "rm -r '%s'", w->directory);
	if (system(command) != 0)
		return -1;
	free(w);
	return 0;
}

static struct deadline
soon(void)
{
	return deadline_after_ms(5000);
}

/* --- something to record ------------------------------------------------------------ */

struct sample {
	struct envelope env;
	struct plan *plan;
	struct facts *facts;
	uint8_t digest[DIGEST_SIZE];
	uint8_t keys[LIMIT_RECIPIENTS][DELIVERY_KEY_SIZE];
	struct ledger_intent intent;
};

/* `seed` makes the keys: the same seed is the same message. Two recipients: the first is
 * filed and relayed, the second held. */
static struct sample *
sample_new(const char *tx, uint8_t seed)
{
	struct sample *s = calloc(1, sizeof(*s));
	struct error e;

	snprintf(s->env.tx, sizeof(s->env.tx), "%s", tx);
	s->env.source = SOURCE_LMTP;
	s->env.zone = ZONE_OUTSIDE;
	s->env.accepted_at = 1795000000;
	strcpy(s->env.sender, "vanthu@soctay.hanoi.example");
	s->env.recipient_count = 2;
	strcpy(s->env.recipients[0], "vanthu@bavi.hanoi.example");
	strcpy(s->env.recipients[1], "nobody@bavi.hanoi.example");
	s->facts = facts_new();
	s->facts->verdict = VERDICT_UNSIGNED;
	s->facts->reason = REASON_UNSIGNED;
	s->facts->message_id = facts_add(s->facts, span_str("1@soctay.hanoi.example"));
	s->facts->number = facts_add(s->facts, span_str("06/KH-VP"));
	s->facts->subject = facts_add(s->facts, span_str("Kế hoạch"));
	s->plan = plan_new();
	strcpy(s->plan->tx, tx);
	s->plan->recipient_count = 2;
	for (unsigned i = 0; i < 2; i++) {
		strcpy(s->plan->recipients[i].address, s->env.recipients[i]);
		strcpy(s->plan->recipients[i].rule, "directives");
		memset(s->keys[i], seed + (int)i, DELIVERY_KEY_SIZE);
	}
	s->plan->recipients[1].outcome = OUTCOME_HOLD;
	s->plan->recipients[1].reason = REASON_UNSIGNED;
	assert_int_equal(plan_add_step(s->plan, ACTION_FILE, 0, "bavi", &e), 0);
	assert_int_equal(plan_add_step(s->plan, ACTION_HOLD, 1, "", &e), 0);
	assert_int_equal(plan_add_step(s->plan, ACTION_RELAY, 0, "", &e), 0);
	memset(s->digest, 7, sizeof(s->digest));
	s->intent = (struct ledger_intent){ .envelope = &s->env, .plan = s->plan,
		.facts = s->facts, .signature = span_str("DER"), .head = span_str("Received: x"),
		.received_digest = s->digest, .keys = (const uint8_t (*)[32])s->keys };
	return s;
}

static void
sample_free(struct sample **s)
{
	facts_free(&(*s)->facts);
	plan_free(&(*s)->plan);
	free(*s);
	*s = NULL;
}

#define TX_A "01aaaaaaaaaaaaaaaaaaaaaaaa"
#define TX_B "01bbbbbbbbbbbbbbbbbbbbbbbb"

static const uint8_t (*
keys_of(const struct sample *s))[DELIVERY_KEY_SIZE]
{
	return (const uint8_t (*)[DELIVERY_KEY_SIZE])s->keys;
}

static enum delivery_state
state_of(struct ledger_client *c, const struct sample *s, unsigned i, bool *busy)
{
	struct delivery_record r[2];
	struct error e;

	assert_int_equal(ledger_lookup(c, keys_of(s), 2, r, soon(), &e), 0);
	*busy = r[i].busy;
	return r[i].state;
}

static void
plan(struct ledger_client *c, const struct sample *s)
{
	struct error e;
	bool conflict;

	assert_int_equal(ledger_plan(c, &s->intent, &conflict, soon(), &e), 0);
}

/* End the steps named and close the deliveries whose bit is set. */
static int
close_with(struct ledger_client *c, const struct sample *s, const char *const *done,
    unsigned closed, struct error *e)
{
	struct step_result steps[3];
	struct delivery_result deliveries[2];
	unsigned count = 0;

	memset(steps, 0, sizeof(steps));
	memset(deliveries, 0, sizeof(deliveries));
	for (; done[count] != NULL; count++) {
		snprintf(steps[count].name, sizeof(steps[count].name), "%s", done[count]);
		steps[count].state = STEP_DONE;
		memset(steps[count].digest, 9, DIGEST_SIZE);
		strcpy(steps[count].text, "bavi/2026/06");
	}
	for (unsigned i = 0; i < 2; i++) {
		memcpy(deliveries[i].key, s->keys[i], DELIVERY_KEY_SIZE);
		deliveries[i].closed = (closed & 1u << i) != 0;
		strcpy(deliveries[i].reply, "250 2.0.0 filed");
	}
	return ledger_close(c, s->env.tx, steps, count, deliveries, 2, soon(), e);
}

static const char *const all_steps[] = { "file:0", "hold:1", "relay:0", NULL };
static const char *const some_steps[] = { "file:0", "hold:1", NULL };

/* --- states ------------------------------------------------------------------------- */

static void
a_delivery_goes_from_none_to_planned_to_closed(void **state)
{
	struct world *w = *state;
	struct ledger_client *c = ledger_client_new(w->socket);
	struct ledger_client *other = ledger_client_new(w->socket);
	struct sample *s = sample_new(TX_A, 1);
	struct delivery_record r[2];
	struct error e;
	bool busy;

	assert_int_equal(state_of(c, s, 0, &busy), DELIVERY_NONE);
	plan(c, s);
	assert_int_equal(state_of(other, s, 0, &busy), DELIVERY_PLANNED);
	assert_true(busy);
	assert_int_equal(state_of(c, s, 0, &busy), DELIVERY_PLANNED);
	assert_false(busy); /* it is ours */
	assert_int_equal(close_with(c, s, all_steps, 3, &e), 0);
	assert_int_equal(ledger_lookup(other, keys_of(s), 2, r, soon(), &e), 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(r[i].state, DELIVERY_CLOSED);
		assert_false(r[i].busy);
		assert_int_equal(r[i].recipient, i);
		assert_string_equal(r[i].tx, TX_A);
		assert_string_equal(r[i].reply, "250 2.0.0 filed");
	}
	sample_free(&s);
	ledger_client_free(&other);
	ledger_client_free(&c);
}

static void
the_second_of_two_attempts_is_told_of_the_first(void **state)
{
	struct world *w = *state;
	struct ledger_client *c = ledger_client_new(w->socket);
	struct ledger_client *other = ledger_client_new(w->socket);
	struct sample *a = sample_new(TX_A, 1), *b = sample_new(TX_B, 1);
	struct delivery_record r[2];
	struct error e;
	bool conflict;

	memset(b->keys[0], 99, DELIVERY_KEY_SIZE); /* only the second recipient is the same */
	plan(c, a);
	assert_int_equal(ledger_plan(other, &b->intent, &conflict, soon(), &e), -1);
	assert_true(conflict);
	assert_int_equal(e.class, ERR_TEMP);
	assert_int_equal(ledger_lookup(other, keys_of(b), 2, r, soon(), &e), 0);
	assert_int_equal(r[0].state, DELIVERY_NONE); /* nothing of the loser is kept */
	assert_string_equal(r[1].tx, TX_A);
	/* The same after it was closed: a plan is never made twice within the window. */
	assert_int_equal(close_with(c, a, all_steps, 3, &e), 0);
	assert_int_equal(ledger_plan(other, &b->intent, &conflict, soon(), &e), -1);
	assert_true(conflict);
	sample_free(&a);
	sample_free(&b);
	ledger_client_free(&other);
	ledger_client_free(&c);
}

static void
what_a_dead_session_left_is_taken_up_by_one_other(void **state)
{
	struct world *w = *state;
	struct ledger_client *dead = ledger_client_new(w->socket);
	struct ledger_client *c = ledger_client_new(w->socket);
	struct ledger_client *late = ledger_client_new(w->socket);
	struct sample *s = sample_new(TX_A, 1);
	struct ledger_transaction *t = NULL;
	struct facts *facts = facts_new();
	struct envelope env;
	struct error e;
	bool busy;

	plan(dead, s);
	assert_int_equal(ledger_fetch(c, TX_A, &t, &busy, soon(), &e), -1);
	assert_true(busy);
	ledger_client_free(&dead);
	for (int i = 0; i < 100 && ledger_fetch(c, TX_A, &t, &busy, soon(), &e) != 0; i++)
		usleep(10000);
	assert_non_null(t);
	ledger_transaction_free(&t);
	assert_int_equal(ledger_fetch(late, TX_A, &t, &busy, soon(), &e), -1);
	assert_true(busy);
	assert_null(t);
	assert_int_equal(ledger_fetch(c, TX_A, &t, &busy, soon(), &e), 0);
	assert_int_equal(ledger_decode_envelope(buf_span(&t->envelope), &env, &e), 0);
	assert_memory_equal(&env, &s->env, sizeof(env));
	if (facts_decode(buf_span(&t->facts), 0, 0, facts, &e) != 0)
		fail_msg("%s", e.text);
	assert_true(span_is(buf_span(&t->signature), "DER"));
	assert_true(span_is(buf_span(&t->head), "Received: x"));
	assert_int_equal(t->signed_facts.len, 0);
	assert_memory_equal(t->received_digest, s->digest, DIGEST_SIZE);
	assert_int_equal(t->step_count, 3);
	assert_string_equal(t->steps[1].name, "hold:1"); /* the order of the plan */
	assert_int_equal(t->steps[1].state, STEP_OPEN);
	ledger_transaction_free(&t);
	facts_free(&facts);
	sample_free(&s);
	ledger_client_free(&late);
	ledger_client_free(&c);
}

static void
what_was_done_stays_done_and_the_rest_stays_open(void **state)
{
	struct world *w = *state;
	struct ledger_client *c = ledger_client_new(w->socket);
	struct sample *s = sample_new(TX_A, 1);
	struct ledger_transaction *t = NULL;
	struct step_result open_again = { .name = "file:0", .state = STEP_OPEN };
	struct delivery_record r[2];
	struct error e;
	bool busy;

	plan(c, s);
	assert_int_equal(close_with(c, s, some_steps, 2, &e), 0);
	assert_int_equal(ledger_lookup(c, keys_of(s), 2, r, soon(), &e), 0);
	assert_int_equal(r[0].state, DELIVERY_PLANNED);
	assert_int_equal(r[1].state, DELIVERY_CLOSED);
	assert_int_equal(
	    ledger_close(c, TX_A, &open_again, 1, NULL, 0, soon(), &e), 0);
	assert_int_equal(ledger_fetch(c, TX_A, &t, &busy, soon(), &e), 0);
	assert_int_equal(t->steps[0].state, STEP_DONE);
	assert_int_equal(t->steps[0].digest[5], 9);
	assert_string_equal(t->steps[0].text, "bavi/2026/06");
	assert_int_equal(t->steps[2].state, STEP_OPEN);
	ledger_transaction_free(&t);
	sample_free(&s);
	ledger_client_free(&c);
}

static void
nothing_closes_over_an_open_step(void **state)
{
	struct world *w = *state;
	struct ledger_client *c = ledger_client_new(w->socket);
	struct sample *s = sample_new(TX_A, 1);
	struct delivery_record r[2];
	struct error e;

	plan(c, s);
	assert_int_equal(close_with(c, s, some_steps, 3, &e), -1); /* relay:0 is open */
	assert_int_equal(e.class, ERR_BUG);
	assert_int_equal(ledger_lookup(c, keys_of(s), 2, r, soon(), &e), 0);
	assert_int_equal(r[0].state, DELIVERY_PLANNED);
	assert_int_equal(r[1].state, DELIVERY_PLANNED); /* undone whole */
	sample_free(&s);
	ledger_client_free(&c);
}

static void
a_step_that_was_not_planned_cannot_end(void **state)
{
	struct world *w = *state;
	struct ledger_client *c = ledger_client_new(w->socket);
	struct sample *s = sample_new(TX_A, 1);
	struct step_result stranger = { .name = "file:7", .state = STEP_DONE };
	struct error e;

	plan(c, s);
	assert_int_equal(ledger_close(c, TX_A, &stranger, 1, NULL, 0, soon(), &e), -1);
	assert_int_equal(e.class, ERR_BUG);
	sample_free(&s);
	ledger_client_free(&c);
}

static void
steps_are_added_only_to_a_transaction_that_is_there(void **state)
{
	struct world *w = *state;
	struct ledger_client *c = ledger_client_new(w->socket);
	struct sample *s = sample_new(TX_A, 1), *never = sample_new(TX_B, 50);
	struct ledger_transaction *t = NULL;
	struct plan *stored = plan_new();
	struct error e;
	bool busy;

	plan(c, s);
	assert_int_equal(plan_add_step(s->plan, ACTION_HOLD, 0, "", &e), 0);
	assert_int_equal(ledger_amend(c, s->plan, soon(), &e), 0);
	assert_int_equal(ledger_fetch(c, TX_A, &t, &busy, soon(), &e), 0);
	assert_int_equal(t->step_count, 4);
	assert_string_equal(t->steps[3].name, "hold:0");
	assert_int_equal(plan_decode(buf_span(&t->plan), stored, &e), 0);
	assert_int_equal(stored->step_count, 4);
	assert_int_equal(ledger_amend(c, never->plan, soon(), &e), -1);
	assert_int_equal(e.class, ERR_BUG);
	plan_free(&stored);
	ledger_transaction_free(&t);
	sample_free(&s);
	sample_free(&never);
	ledger_client_free(&c);
}

static void
deaths_are_counted_until_a_plan_is_made(void **state)
{
	struct world *w = *state;
	struct ledger_client *c = ledger_client_new(w->socket);
	struct sample *s = sample_new(TX_A, 1);
	struct delivery_record r[2];
	struct error e;
	unsigned deaths;

	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(
		    ledger_death(c, &s->env, keys_of(s), 1, &deaths, soon(), &e), 0);
		assert_int_equal(deaths, i);
	}
	assert_int_equal(ledger_death(c, &s->env, keys_of(s), 2, &deaths, soon(), &e), 0);
	assert_int_equal(deaths, 4);
	assert_int_equal(ledger_lookup(c, keys_of(s), 2, r, soon(), &e), 0);
	assert_int_equal(r[0].state, DELIVERY_SEEN);
	assert_int_equal(r[0].deaths, 4);
	assert_int_equal(r[1].deaths, 1);
	plan(c, s);
	assert_int_equal(ledger_lookup(c, keys_of(s), 2, r, soon(), &e), 0);
	assert_int_equal(r[0].state, DELIVERY_PLANNED);
	/* A death that is told late does not take the plan away. */
	assert_int_equal(ledger_death(c, &s->env, keys_of(s), 2, &deaths, soon(), &e), 0);
	assert_int_equal(ledger_lookup(c, keys_of(s), 2, r, soon(), &e), 0);
	assert_int_equal(r[0].state, DELIVERY_PLANNED);
	sample_free(&s);
	ledger_client_free(&c);
}

static void
what_was_answered_survives_a_kill(void **state)
{
	struct world *w = *state;
	struct ledger_client *c = ledger_client_new(w->socket);
	struct sample *s = sample_new(TX_A, 1);
	struct delivery_record r[2];
	struct error e;
	bool busy;

	plan(c, s);
	assert_int_equal(stop_server(w, SIGKILL), SIGKILL);
	start_server(w);
	assert_int_equal(state_of(c, s, 0, &busy), DELIVERY_PLANNED);
	assert_false(busy); /* nobody remembers who held it */
	assert_int_equal(close_with(c, s, all_steps, 3, &e), 0);
	assert_int_equal(stop_server(w, SIGKILL), SIGKILL);
	start_server(w);
	assert_int_equal(ledger_lookup(c, keys_of(s), 2, r, soon(), &e), 0);
	assert_int_equal(r[0].state, DELIVERY_CLOSED);
	assert_int_equal(stop_server(w, SIGTERM), 0);
	sample_free(&s);
	ledger_client_free(&c);
}

static void
a_server_that_dies_on_a_question_is_doubt(void **state)
{
	struct world *w = *state;
	struct ledger_client *c = ledger_client_new(w->socket);
	struct sample *s = sample_new(TX_A, 1);
	struct error e;
	bool conflict;

	kill(w->server, SIGSTOP);
	assert_int_equal(
	    ledger_plan(c, &s->intent, &conflict, deadline_after_ms(50), &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_false(conflict);
	kill(w->server, SIGCONT);
	sample_free(&s);
	ledger_client_free(&c);
}

/* --- traces ------------------------------------------------------------------------- */

struct trace {
	char all[8192];
	unsigned count;
	struct ledger_event last;
};

static void
collect(void *context, const struct ledger_event *event)
{
	struct trace *t = context;
	size_t at = strlen(t->all);

	snprintf(t->all + at, sizeof(t->all) - at, "%s[%s] ", event->what, event->text);
	t->count++;
	t->last = *event;
}

static void
a_trace_is_found_by_transaction_message_id_and_number(void **state)
{
	static const char *const wanted[] = { TX_A, "1@soctay.hanoi.example",
		" <1@soctay.hanoi.example> ", "06/KH-VP", "06/kh-vp" };
	struct world *w = *state;
	struct ledger_client *c = ledger_client_new(w->socket);
	struct sample *s = sample_new(TX_A, 1), *other = sample_new(TX_B, 50);
	struct trace t;
	struct error e;

	other->facts->message_id = other->facts->number = (struct facts_text){ 0, 0 };
	plan(c, s);
	plan(c, other);
	assert_int_equal(close_with(c, s, all_steps, 3, &e), 0);
	assert_int_equal(ledger_note(c, TX_A, "redelivered", "answered", soon(), &e), 0);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		memset(&t, 0, sizeof(t));
		assert_int_equal(ledger_trace(c, wanted[i], collect, &t, soon(), &e), 0);
		assert_string_equal(t.all,
		    "received[by lmtp from outside] inspected[UNSIGNED: unsigned] "
		    "decided[rule directives: deliver] decided[rule directives: hold: unsigned] "
		    "signed[signature of 3 bytes] planned[3 steps] file:0[done: bavi/2026/06] "
		    "hold:1[done: bavi/2026/06] relay:0[done: bavi/2026/06] "
		    "closed[250 2.0.0 filed] closed[250 2.0.0 filed] redelivered[answered] ");
		assert_string_equal(t.last.number, "06/KH-VP");
		assert_string_equal(t.last.subject, "Kế hoạch");
		assert_string_equal(t.last.tx, TX_A);
	}
	memset(&t, 0, sizeof(t));
	assert_int_equal(ledger_trace(c, "", collect, &t, soon(), &e), 0);
	assert_int_equal(t.count, 0);
	sample_free(&s);
	sample_free(&other);
	ledger_client_free(&c);
}

static void
a_long_trace_comes_whole(void **state)
{
	struct world *w = *state;
	struct ledger_client *c = ledger_client_new(w->socket);
	struct trace *t = calloc(1, sizeof(*t));
	struct error e;
	char text[601];

	memset(text, 'x', 600);
	text[600] = '\0';
	for (unsigned i = 0; i < 450; i++)
		assert_int_equal(ledger_note(c, TX_A, "note", text, soon(), &e), 0);
	assert_int_equal(ledger_trace(c, TX_A, collect, t, soon(), &e), 0);
	assert_int_equal(t->count, 450);
	free(t);
	ledger_client_free(&c);
}

/* --- the store ---------------------------------------------------------------------- */

static void
write_plan(struct store *store, const struct ledger_request *q, int64_t now, int wanted)
{
	struct error e = { .text = "" };
	bool conflict;
	int r;

	assert_int_equal(store_begin(store, &e), 0);
	assert_int_equal(store_mark(store, &e), 0);
	r = store_plan(store, q, now, &conflict, &e);
	if (r != wanted)
		fail_msg("%s", e.text);
	if (r == 0)
		assert_int_equal(store_keep(store, &e), 0);
	else
		store_undo(store);
	assert_int_equal(store_commit(store, &e), 0);
}

static bool
keep_event(void *context, uint64_t id, const struct ledger_event *event)
{
	(void)id;
	*(struct ledger_event *)context = *event;
	return true;
}

/* verdicts.md G07: quotes, NUL and a megabyte in every field that takes text. */
static void
hostile_values_are_only_values(void **state)
{
	struct world *w = *state;
	static const char nasty[] = "'); DROP TABLE events; --\0\xff\xe2\x80\xae\r\n";
	size_t size = 1024 * 1024;
	char *megabyte = malloc(size);
	struct ledger_request *q = calloc(1, sizeof(*q));
	struct span values[2];
	struct ledger_event event;
	struct delivery_record record;
	struct store *store;
	struct error e;
	uint8_t key[DELIVERY_KEY_SIZE] = { 1 }, digest[DIGEST_SIZE] = { 2 };

	assert_int_equal(stop_server(w, SIGTERM), 0);
	memset(megabyte, '\'', size);
	values[0] = span_of(nasty, sizeof(nasty) - 1);
	values[1] = span_of(megabyte, size);
	assert_int_equal(store_open(w->directory, 10, &store, &e), 0);
	for (unsigned i = 0; i < 2; i++) {
		struct span v = values[i];
		struct buf back;

		key[0]++;
		q->op = OP_PLAN;
		q->tx = span_str(i == 0 ? TX_A : TX_B);
		q->source = q->zone = q->sender = q->subject = q->message_id = q->number = v;
		q->verdict = v;
		q->received_digest = q->outgoing_digest = digest;
		for (unsigned b = 0; b < BLOB_COUNT; b++)
			q->blobs[b] = v;
		q->delivery_count = q->step_count = 1;
		q->deliveries[0] = (struct request_delivery){ .key = key, .address = v,
			.rule = span_sub(v, 0, 30), .decision = span_sub(v, 0, 30) };
		q->steps[0] = (struct request_step){ .name = v, .target = v };
		write_plan(store, q, 100, 0);
		assert_int_equal(store_lookup(store, key, 100, &record, &e), 0);
		assert_int_equal(record.state, DELIVERY_PLANNED);
		buf_init(&back, 2 * size);
		assert_int_equal(store_blob(store, q->tx, BLOB_HEAD, &back, &e), 0);
		assert_true(span_equal(buf_span(&back), v)); /* byte for byte */
		buf_free(&back);
		memset(&event, 0, sizeof(event));
		assert_int_equal(
		    store_trace(store, q->tx, 0, keep_event, &event, &e), 0);
		assert_string_equal(event.what, "planned");
		assert_int_equal(strcspn(event.subject, "\r\n"), strlen(event.subject));
		if (i == 0)
			assert_non_null(strstr(event.subject, "DROP TABLE events; --\\x00"));
	}
	store_free(&store);
	free(q);
	free(megabyte);
}

static void
after_the_window_the_same_key_is_a_new_delivery(void **state)
{
	struct world *w = *state;
	struct sample *a = sample_new(TX_A, 1), *b = sample_new(TX_B, 1);
	struct ledger_request *q = calloc(1, sizeof(*q));
	struct ledger_event event;
	struct delivery_record record;
	struct step_result done[3] = { { .name = "file:0", .state = STEP_DONE },
		{ .name = "hold:1", .state = STEP_DONE },
		{ .name = "relay:0", .state = STEP_REFUSED, .code = 550 } };
	struct delivery_result closed[2] = { { .closed = true, .reply = "250 2.0.0 ok" },
		{ .closed = true, .reply = "250 2.0.0 ok" } };
	struct store *store;
	struct buf wire;
	struct error e;

	assert_int_equal(stop_server(w, SIGTERM), 0);
	assert_int_equal(store_open(w->directory, 1000, &store, &e), 0);
	buf_init(&wire, LEDGER_REQUEST_MAX);
	request_put_plan(&wire, &a->intent);
	assert_int_equal(request_read(buf_span(&wire), q, &e), 0);
	write_plan(store, q, 5000, 0);
	buf_reset(&wire);
	for (unsigned i = 0; i < 2; i++)
		memcpy(closed[i].key, a->keys[i], DELIVERY_KEY_SIZE);
	request_put_close(&wire, TX_A, done, 3, closed, 2);
	assert_int_equal(request_read(buf_span(&wire), q, &e), 0);
	assert_int_equal(store_begin(store, &e), 0);
	assert_int_equal(store_close(store, q, 5000, &e), 0);
	assert_int_equal(store_commit(store, &e), 0);

	assert_int_equal(store_lookup(store, a->keys[0], 6000, &record, &e), 0);
	assert_int_equal(record.state, DELIVERY_CLOSED);
	assert_int_equal(store_lookup(store, a->keys[0], 6001, &record, &e), 0);
	assert_int_equal(record.state, DELIVERY_NONE);
	buf_reset(&wire);
	request_put_plan(&wire, &b->intent);
	assert_int_equal(request_read(buf_span(&wire), q, &e), 0);
	write_plan(store, q, 6000, -1);
	write_plan(store, q, 6001, 0);
	assert_int_equal(store_lookup(store, a->keys[0], 6001, &record, &e), 0);
	assert_string_equal(record.tx, TX_B);
	assert_int_equal(store_trace(store, span_str(TX_B), 0, keep_event, &event, &e), 0);
	/* The history of the first stays. */
	assert_int_equal(store_trace(store, span_str(TX_A), 0, keep_event, &event, &e), 0);
	assert_string_equal(event.what, "closed");
	buf_free(&wire);
	store_free(&store);
	free(q);
	sample_free(&a);
	sample_free(&b);
}

static void
a_second_process_does_not_get_the_ledger(void **state)
{
	struct world *w = *state;
	struct ledger_client *c = ledger_client_new(w->socket);
	struct sample *s = sample_new(TX_A, 1);
	struct store *store;
	struct error e;
	bool busy;

	assert_int_equal(state_of(c, s, 0, &busy), DELIVERY_NONE); /* the server is up */
	assert_int_equal(store_open(w->directory, 1000, &store, &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	sample_free(&s);
	ledger_client_free(&c);
}

/* --- requests from who may lie ------------------------------------------------------- */

static void
every_request(struct buf out[9], const struct sample *s)
{
	struct step_result step = { .name = "file:0", .state = STEP_DONE };
	struct delivery_result delivery = { .closed = true, .reply = "250 2.0.0 ok" };

	for (unsigned i = 0; i < 9; i++)
		buf_init(&out[i], LEDGER_REQUEST_MAX);
	request_put_lookup(&out[0], keys_of(s), 2);
	request_put_claim(&out[1], TX_A);
	request_put_blob(&out[2], TX_A, BLOB_PLAN);
	request_put_death(&out[3], &s->env, keys_of(s), 2);
	request_put_plan(&out[4], &s->intent);
	request_put_amend(&out[5], s->plan);
	request_put_close(&out[6], TX_A, &step, 1, &delivery, 1);
	request_put_note(&out[7], TX_A, "released", "by hand");
	request_put_trace(&out[8], span_str("06/KH-VP"), 7);
}

static void
a_request_is_whole_or_refused(void **state)
{
	struct sample *s = sample_new(TX_A, 1);
	struct ledger_request *q = calloc(1, sizeof(*q));
	struct buf requests[9];
	struct error e;

	(void)state;
	every_request(requests, s);
	for (unsigned i = 0; i < 9; i++) {
		struct span all = buf_span(&requests[i]);

		assert_int_equal(request_read(all, q, &e), 0);
		for (size_t n = 0; n < all.len; n++)
			assert_int_equal(request_read(span_sub(all, 0, n), q, &e), -1);
		buf_put_byte(&requests[i], 0);
		assert_int_equal(request_read(buf_span(&requests[i]), q, &e), -1);
		for (size_t n = 0; n < requests[i].len - 1; n++) {
			requests[i].data[n] ^= 0xff; /* must not read past its end */
			(void)request_read(span_sub(buf_span(&requests[i]), 0,
			    requests[i].len - 1), q, &e);
			requests[i].data[n] ^= 0xff;
		}
		buf_free(&requests[i]);
	}
	free(q);
	sample_free(&s);
}

static void
numbers_out_of_range_are_refused(void **state)
{
	struct sample *s = sample_new(TX_A, 1);
	struct ledger_request *q = calloc(1, sizeof(*q));
	struct error e;
	struct buf b;

	(void)state;
	buf_init(&b, LEDGER_REQUEST_MAX);
	s->plan->steps[0].action = ACTION_COUNT;
	request_put_plan(&b, &s->intent);
	assert_int_equal(request_read(buf_span(&b), q, &e), -1);
	buf_reset(&b);
	s->plan->steps[0].action = ACTION_FILE;
	s->plan->steps[0].recipient = 2;
	request_put_plan(&b, &s->intent);
	assert_int_equal(request_read(buf_span(&b), q, &e), -1);
	buf_reset(&b);
	request_put_claim(&b, "short");
	assert_int_equal(request_read(buf_span(&b), q, &e), -1);
	buf_reset(&b);
	request_put_blob(&b, TX_A, BLOB_COUNT);
	assert_int_equal(request_read(buf_span(&b), q, &e), -1);
	buf_reset(&b);
	wire_put_u8(&b, OP_LOOKUP);
	wire_put_u32(&b, LIMIT_RECIPIENTS + 1);
	assert_int_equal(request_read(buf_span(&b), q, &e), -1);
	buf_free(&b);
	free(q);
	sample_free(&s);
}

static void
a_client_that_talks_nonsense_is_dropped_alone(void **state)
{
	struct world *w = *state;
	struct ledger_client *c = ledger_client_new(w->socket);
	struct sample *s = sample_new(TX_A, 1);
	struct buf answer;
	struct error e;
	int fd;
	bool busy;

	assert_int_equal(ipc_connect(w->socket, &fd, &e), 0);
	assert_int_equal(ipc_send(fd, span_str("\x01\x63nonsense"), NULL, 0, soon(), &e), 0);
	buf_init(&answer, IPC_MESSAGE_MAX);
	assert_int_equal(ipc_receive(fd, &answer, NULL, soon(), &e), 0);
	buf_free(&answer);
	io_close(&fd);
	assert_int_equal(state_of(c, s, 0, &busy), DELIVERY_NONE);
	sample_free(&s);
	ledger_client_free(&c);
}

/* The largest plan and facts there can be go through, in fragments. */
static void
the_largest_plan_is_kept_whole(void **state)
{
	struct world *w = *state;
	struct ledger_client *c = ledger_client_new(w->socket);
	struct sample *s = sample_new(TX_A, 1);
	struct ledger_transaction *t = NULL;
	struct facts *back = facts_new();
	struct error e;
	bool busy;
	char text[PLAN_TEXT_MAX + 1], *pool = calloc(1, FACTS_POOL_MAX);

	memset(text, 'x', PLAN_TEXT_MAX);
	text[PLAN_TEXT_MAX] = '\0';
	s->env.recipient_count = s->plan->recipient_count = LIMIT_RECIPIENTS;
	for (unsigned i = 0; i < LIMIT_RECIPIENTS; i++) {
		strcpy(s->plan->recipients[i].address, "vanthu@bavi.hanoi.example");
		strcpy(s->env.recipients[i], "vanthu@bavi.hanoi.example");
		strcpy(s->plan->recipients[i].text, text);
		memset(s->keys[i], 100 + (int)i, DELIVERY_KEY_SIZE);
		if (i > 1)
			assert_int_equal(plan_add_step(s->plan, ACTION_FILE, i, "bavi", &e), 0);
	}
	memset(pool, 'y', FACTS_POOL_MAX);
	(void)facts_add(s->facts, span_of(pool, FACTS_POOL_MAX));
	s->intent.signed_facts = s->facts;
	plan(c, s);
	assert_int_equal(ledger_fetch(c, TX_A, &t, &busy, soon(), &e), 0);
	assert_int_equal(t->step_count, s->plan->step_count);
	if (facts_decode(buf_span(&t->signed_facts), 0, 0, back, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(back->pool_length, FACTS_POOL_MAX);
	ledger_transaction_free(&t);
	facts_free(&back);
	free(pool);
	sample_free(&s);
	ledger_client_free(&c);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* As many as vanthu.conf may ask for, each with its connection kept. */
static void
every_session_has_its_place(void **state)
{
	enum { SESSIONS = 480 };
	struct ledger_client *clients[SESSIONS];
	const uint8_t key[1][DELIVERY_KEY_SIZE] = { { 1 } };
	struct delivery_record record;
	struct world *w = *state;
	struct error e;

	for (unsigned i = 0; i < SESSIONS; i++) {
		clients[i] = ledger_client_new(w->socket);
		assert_int_equal(
		    ledger_lookup(clients[i], key, 1, &record, deadline_after_ms(5000), &e), 0);
	}
	for (unsigned i = 0; i < SESSIONS; i++)
		ledger_client_free(&clients[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(a_delivery_goes_from_none_to_planned_to_closed),
		WITH_SERVER(the_second_of_two_attempts_is_told_of_the_first),
		WITH_SERVER(what_a_dead_session_left_is_taken_up_by_one_other),
		WITH_SERVER(what_was_done_stays_done_and_the_rest_stays_open),
		WITH_SERVER(nothing_closes_over_an_open_step),
		WITH_SERVER(a_step_that_was_not_planned_cannot_end),
		WITH_SERVER(steps_are_added_only_to_a_transaction_that_is_there),
		WITH_SERVER(deaths_are_counted_until_a_plan_is_made),
		WITH_SERVER(what_was_answered_survives_a_kill),
		WITH_SERVER(a_server_that_dies_on_a_question_is_doubt),
		WITH_SERVER(a_trace_is_found_by_transaction_message_id_and_number),
		WITH_SERVER(a_long_trace_comes_whole),
		WITH_SERVER(hostile_values_are_only_values),
		WITH_SERVER(after_the_window_the_same_key_is_a_new_delivery),
		WITH_SERVER(a_second_process_does_not_get_the_ledger),
		WITH_SERVER(every_session_has_its_place),
		cmocka_unit_test(a_request_is_whole_or_refused),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		WITH_SERVER(a_client_that_talks_nonsense_is_dropped_alone),
		WITH_SERVER(the_largest_plan_is_kept_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
