/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client of vanthu-ledgerd: one connection, one question at a time, every wait bounded.
 *
 * A connection that was lost between two questions is made anew. One that is lost while a
 * question is out is doubt and stays doubt (I2): nothing is asked twice here, the caller
 * answers 4xx and the redelivery finds out what was written. After any error the connection
 * is closed, and with it ends our hold on a transaction.
 */
#include "gateway/ledger/ledger.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "common/ipc.h"
#include "gateway/ledger/protocol.h"

struct ledger_client {
	char *socket;
	int fd;
	struct buf request;
	struct buf fragment;
	struct buf answer;
};

struct ledger_client *
ledger_client_new(const char *socket)
{
	struct ledger_client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->fd = -1;
	c->socket = strdup(socket);
	if (c->socket == NULL) {
		free(c);
		return NULL;
	}
	buf_init(&c->request, LEDGER_REQUEST_MAX);
	buf_init(&c->fragment, LEDGER_FRAGMENT_MAX + 1);
	buf_init(&c->answer, IPC_MESSAGE_MAX);
	return c;
}

void
ledger_client_free(struct ledger_client **cp)
{
	struct ledger_client *c = *cp;

	if (c == NULL)
		return;
	io_close(&c->fd);
	buf_free(&c->request);
	buf_free(&c->fragment);
	buf_free(&c->answer);
	free(c->socket);
	free(c);
	*cp = NULL;
}

/* Between two questions nothing may come from the other end: what does is its going. */
static bool
is_stale(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

static struct buf *
begin(struct ledger_client *c)
{
	buf_reset(&c->request);
	return &c->request;
}

static int
send_request(struct ledger_client *c, struct deadline d, struct error *e)
{
	struct span all = buf_span(&c->request);
	size_t at = 0;

	if (c->request.failed)
		return error_set(e, ERR_BUG, "ledger: the request is too large");
	do {
		struct span part = span_sub(all, at, LEDGER_FRAGMENT_MAX);

		at += part.len;
		buf_reset(&c->fragment);
		wire_put_u8(&c->fragment, at == all.len ? FRAGMENT_LAST : FRAGMENT_MORE);
		buf_put_span(&c->fragment, part);
		if (ipc_send(c->fd, buf_span(&c->fragment), NULL, 0, d, e) != 0)
			return -1;
	} while (at < all.len);
	return 0;
}

static int
exchange(struct ledger_client *c, struct deadline d, struct error *e)
{
	int received;

	if (send_request(c, d, e) != 0)
		return -1;
	received = ipc_receive(c->fd, &c->answer, NULL, d, e);
	if (received == 0)
		return error_set(e, ERR_TEMP, "the connection was lost, the result is unclear");
	return received < 0 ? -1 : 0;
}

/* Ask what is in c->request. On success *in stands behind the head of the answer. */
static int
ask(struct ledger_client *c, bool *conflict, struct wire_in *in, struct deadline d,
    struct error *e)
{
	*conflict = false;
	if (c->fd >= 0 && is_stale(c->fd))
		io_close(&c->fd);
	if (c->fd < 0 && ipc_connect(c->socket, &c->fd, e) != 0)
		return error_prefix(e, "ledger");
	if (exchange(c, d, e) != 0) {
		io_close(&c->fd);
		return error_prefix(e, "ledger");
	}
	*in = wire_in(buf_span(&c->answer));
	if (answer_read_head(in, conflict, e) == 0)
		return 0;
	io_close(&c->fd);
	return -1;
}

/* For answers that say no more than that it is done. */
static int
ask_done(struct ledger_client *c, bool *conflict, struct deadline d, struct error *e)
{
	struct wire_in in;
	bool ignored;

	return ask(c, conflict != NULL ? conflict : &ignored, &in, d, e);
}

static int
end_of_answer(struct ledger_client *c, const struct wire_in *in, struct error *e)
{
	if (wire_done(in))
		return 0;
	io_close(&c->fd);
	return error_set(e, ERR_TEMP, "ledger: the answer does not hold");
}

int
ledger_lookup(struct ledger_client *c, const uint8_t (*keys)[DELIVERY_KEY_SIZE],
    unsigned count, struct delivery_record *out, struct deadline d, struct error *e)
{
	struct wire_in in;
	bool conflict;

	request_put_lookup(begin(c), keys, count);
	if (ask(c, &conflict, &in, d, e) != 0)
		return -1;
	for (unsigned i = 0; i < count; i++)
		answer_read_record(&in, &out[i]);
	return end_of_answer(c, &in, e);
}

int
ledger_plan(struct ledger_client *c, const struct ledger_intent *intent, bool *conflict,
    struct deadline d, struct error *e)
{
	request_put_plan(begin(c), intent);
	return ask_done(c, conflict, d, e);
}

int
ledger_amend(struct ledger_client *c, const struct plan *plan, struct deadline d,
    struct error *e)
{
	request_put_amend(begin(c), plan);
	return ask_done(c, NULL, d, e);
}

int
ledger_death(struct ledger_client *c, const struct envelope *env,
    const uint8_t (*keys)[DELIVERY_KEY_SIZE], unsigned count, unsigned *deaths,
    struct deadline d, struct error *e)
{
	struct wire_in in;
	bool conflict;

	request_put_death(begin(c), env, keys, count);
	if (ask(c, &conflict, &in, d, e) != 0)
		return -1;
	*deaths = wire_u32(&in);
	return end_of_answer(c, &in, e);
}

int
ledger_close(struct ledger_client *c, const char *tx, const struct step_result *steps,
    unsigned step_count, const struct delivery_result *deliveries, unsigned delivery_count,
    struct deadline d, struct error *e)
{
	request_put_close(begin(c), tx, steps, step_count, deliveries, delivery_count);
	return ask_done(c, NULL, d, e);
}

int
ledger_note(struct ledger_client *c, const char *tx, const char *what, const char *text,
    struct deadline d, struct error *e)
{
	request_put_note(begin(c), tx, what, text);
	return ask_done(c, NULL, d, e);
}

static int
fetch_steps(struct ledger_client *c, const char *tx, struct ledger_transaction *t,
    bool *busy, struct deadline d, struct error *e)
{
	struct wire_in in;

	request_put_claim(begin(c), tx);
	if (ask(c, busy, &in, d, e) != 0)
		return -1;
	for (unsigned i = 0; i < DIGEST_SIZE; i++)
		t->received_digest[i] = wire_u8(&in);
	for (unsigned i = 0; i < DIGEST_SIZE; i++)
		t->outgoing_digest[i] = wire_u8(&in);
	t->step_count = wire_bounded(&in, PLAN_STEPS_MAX);
	for (unsigned i = 0; i < t->step_count; i++)
		answer_read_step(&in, &t->steps[i]);
	return end_of_answer(c, &in, e);
}

static int
fetch_blob(struct ledger_client *c, const char *tx, enum ledger_blob which, struct buf *out,
    struct deadline d, struct error *e)
{
	struct wire_in in;
	bool conflict;

	request_put_blob(begin(c), tx, which);
	if (ask(c, &conflict, &in, d, e) != 0)
		return -1;
	buf_put_span(out, in.rest);
	if (out->failed)
		return error_set(e, ERR_TEMP, "ledger: no memory for a stored transaction");
	return 0;
}

/* The buffers of a stored transaction, in the order of enum ledger_blob. */
static void
buffers_of(struct ledger_transaction *t, struct buf *out[BLOB_COUNT])
{
	out[BLOB_ENVELOPE] = &t->envelope;
	out[BLOB_HEAD] = &t->head;
	out[BLOB_FACTS] = &t->facts;
	out[BLOB_SIGNED_FACTS] = &t->signed_facts;
	out[BLOB_SIGNATURE] = &t->signature;
	out[BLOB_PLAN] = &t->plan;
}

int
ledger_fetch(struct ledger_client *c, const char *tx, struct ledger_transaction **out,
    bool *busy, struct deadline d, struct error *e)
{
	struct ledger_transaction *t = calloc(1, sizeof(*t));
	struct buf *blobs[BLOB_COUNT];

	*out = NULL;
	*busy = false;
	if (t == NULL)
		return error_set(e, ERR_TEMP, "ledger: no memory for a stored transaction");
	buffers_of(t, blobs);
	for (unsigned i = 0; i < BLOB_COUNT; i++)
		buf_init(blobs[i], IPC_MESSAGE_MAX);
	if (fetch_steps(c, tx, t, busy, d, e) != 0)
		goto fail;
	for (unsigned i = 0; i < BLOB_COUNT; i++) {
		if (fetch_blob(c, tx, (enum ledger_blob)i, blobs[i], d, e) != 0)
			goto fail;
	}
	*out = t;
	return 0;
fail:
	ledger_transaction_free(&t);
	return -1;
}

void
ledger_transaction_free(struct ledger_transaction **tp)
{
	struct buf *blobs[BLOB_COUNT];

	if (*tp == NULL)
		return;
	buffers_of(*tp, blobs);
	for (unsigned i = 0; i < BLOB_COUNT; i++)
		buf_free(blobs[i]);
	free(*tp);
	*tp = NULL;
}

/* One page of a trace; *after moves on, *more tells whether there is another page. */
static int
trace_page(struct ledger_client *c, struct span what, uint64_t *after, bool *more,
    ledger_event_fn *callback, void *context, struct deadline d, struct error *e)
{
	struct ledger_event event;
	struct wire_in in;
	bool conflict;
	unsigned count;

	request_put_trace(begin(c), what, *after);
	if (ask(c, &conflict, &in, d, e) != 0)
		return -1;
	*more = wire_u8(&in) != 0;
	*after = wire_u64(&in);
	count = wire_u32(&in);
	for (unsigned i = 0; i < count && !in.bad; i++) {
		answer_read_event(&in, &event);
		if (!in.bad)
			callback(context, &event);
	}
	return end_of_answer(c, &in, e);
}

int
ledger_trace(struct ledger_client *c, const char *what, ledger_event_fn *callback,
    void *context, struct deadline d, struct error *e)
{
	struct span wanted = span_trim(span_str(what));
	uint64_t after = 0;
	bool more = true;

	if (wanted.len > 2 && wanted.ptr[0] == '<' && wanted.ptr[wanted.len - 1] == '>')
		wanted = span_sub(wanted, 1, wanted.len - 2);
	while (more) {
		if (trace_page(c, wanted, &after, &more, callback, context, d, e) != 0)
			return -1;
	}
	return 0;
}
