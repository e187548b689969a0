/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger in SQLite: what the requests write. Each function is one request inside its
 * savepoint; whatever it answers but 0, the caller undoes it whole.
 */
#include "gateway/ledger/store_sqlite.h"

#include <stdio.h>
#include <string.h>

static int
add_event(struct store *s, struct span tx, int64_t at, const char *what, struct span text,
    struct span sender, struct span recipient, struct error *e)
{
	sqlite3_stmt *st = store_use(s, SQL_INSERT_EVENT);

	store_bind_text(st, 1, tx);
	sqlite3_bind_int64(st, 2, at);
	store_bind_text(st, 3, span_str(what));
	store_bind_text(st, 4, text);
	store_bind_text(st, 5, sender);
	store_bind_text(st, 6, recipient);
	return store_run(s, st, e);
}

static int
add_transaction(struct store *s, const struct ledger_request *q, int64_t now,
    struct error *e)
{
	sqlite3_stmt *st = store_use(s, SQL_INSERT_TRANSACTION);

	store_bind_text(st, 1, q->tx);
	store_bind_text(st, 2, q->source);
	store_bind_text(st, 3, q->zone);
	sqlite3_bind_int64(st, 4, q->accepted_at);
	sqlite3_bind_int64(st, 5, now);
	store_bind_text(st, 6, q->sender);
	store_bind_text(st, 7, q->subject);
	store_bind_text(st, 8, q->message_id);
	store_bind_text(st, 9, q->number);
	store_bind_text(st, 10, q->verdict);
	store_bind_blob(st, 11, span_of(q->received_digest, DIGEST_SIZE));
	store_bind_blob(st, 12, span_of(q->outgoing_digest, DIGEST_SIZE));
	for (int i = 0; i < BLOB_COUNT; i++)
		store_bind_blob(st, 13 + i, q->blobs[i]);
	return store_run(s, st, e);
}

/* The delivery was closed longer ago than any retry: it is a new one, and that is said. */
static int
note_duplicate(struct store *s, const struct ledger_request *q, unsigned i, int64_t now,
    struct error *e)
{
	sqlite3_stmt *st = store_use(s, SQL_LOOKUP);
	char text[128];
	bool closed;
	int r;

	store_bind_blob(st, 1, span_of(q->deliveries[i].key, DELIVERY_KEY_SIZE));
	r = store_step(s, st, e);
	if (r != 1)
		return r;
	closed = sqlite3_column_int(st, 0) == DELIVERY_CLOSED;
	snprintf(text, sizeof(text), "the same message was closed as %.26s",
	    (const char *)sqlite3_column_text(st, 2));
	sqlite3_reset(st);
	return !closed ? 0 : add_event(s, q->tx, now, "duplicate", span_str(text), q->sender,
	    q->deliveries[i].address, e);
}

static int
add_delivery(struct store *s, const struct ledger_request *q, unsigned i, int64_t now,
    bool *conflict, struct error *e)
{
	const struct request_delivery *d = &q->deliveries[i];
	sqlite3_stmt *st;
	char text[256];

	if (note_duplicate(s, q, i, now, e) != 0)
		return -1;
	st = store_use(s, SQL_INSERT_DELIVERY);
	store_bind_blob(st, 1, span_of(d->key, DELIVERY_KEY_SIZE));
	store_bind_text(st, 2, q->tx);
	sqlite3_bind_int64(st, 3, i);
	store_bind_text(st, 4, d->address);
	store_bind_text(st, 5, d->rule);
	sqlite3_bind_int64(st, 6, now);
	sqlite3_bind_int64(st, 7, now - s->window);
	if (store_run(s, st, e) != 0)
		return -1;
	if (sqlite3_changes(s->db) != 1) {
		*conflict = true;
		return error_set(e, ERR_TEMP, "ledger: another attempt was first");
	}
	snprintf(text, sizeof(text), "rule %.*s: %.*s", (int)d->rule.len,
	    (const char *)d->rule.ptr, (int)d->decision.len, (const char *)d->decision.ptr);
	return add_event(s, q->tx, now, "decided", span_str(text), q->sender, d->address, e);
}

static int
add_step(struct store *s, const struct ledger_request *q, unsigned i, int64_t now,
    struct error *e)
{
	const struct request_step *step = &q->steps[i];
	sqlite3_stmt *st = store_use(s, SQL_INSERT_STEP);

	store_bind_text(st, 1, q->tx);
	store_bind_text(st, 2, step->name);
	sqlite3_bind_int64(st, 3, i);
	sqlite3_bind_int(st, 4, step->action);
	sqlite3_bind_int(st, 5, step->recipient);
	store_bind_text(st, 6, step->target);
	sqlite3_bind_int64(st, 7, now);
	return store_run(s, st, e);
}

int
store_plan(struct store *s, const struct ledger_request *q, int64_t now, bool *conflict,
    struct error *e)
{
	char text[64];
	struct span none = span_str("");

	*conflict = false;
	snprintf(text, sizeof(text), "by %.*s from %.*s", (int)q->source.len,
	    (const char *)q->source.ptr, (int)q->zone.len, (const char *)q->zone.ptr);
	if (add_transaction(s, q, now, e) != 0 ||
	    add_event(s, q->tx, q->accepted_at, "received", span_str(text), q->sender, none,
		e) != 0 ||
	    add_event(s, q->tx, now, "inspected", q->verdict, q->sender, none, e) != 0)
		return -1;
	for (unsigned i = 0; i < q->delivery_count; i++) {
		if (add_delivery(s, q, i, now, conflict, e) != 0)
			return -1;
	}
	for (unsigned i = 0; i < q->step_count; i++) {
		if (add_step(s, q, i, now, e) != 0)
			return -1;
	}
	if (q->blobs[BLOB_SIGNATURE].len > 0) {
		snprintf(text, sizeof(text), "signature of %zu bytes",
		    q->blobs[BLOB_SIGNATURE].len);
		if (add_event(s, q->tx, now, "signed", span_str(text), q->sender, none, e) != 0)
			return -1;
	}
	snprintf(text, sizeof(text), "%u steps", q->step_count);
	return add_event(s, q->tx, now, "planned", span_str(text), q->sender, none, e);
}

int
store_amend(struct store *s, const struct ledger_request *q, int64_t now, struct error *e)
{
	sqlite3_stmt *st = store_use(s, SQL_REPLACE_PLAN);

	store_bind_text(st, 1, q->tx);
	store_bind_blob(st, 2, q->blobs[BLOB_PLAN]);
	if (store_run(s, st, e) != 0)
		return -1;
	if (sqlite3_changes(s->db) != 1)
		return error_set(e, ERR_BUG, "ledger: no transaction %.*s to amend",
		    (int)q->tx.len, (const char *)q->tx.ptr);
	for (unsigned i = 0; i < q->step_count; i++) {
		if (add_step(s, q, i, now, e) != 0)
			return -1;
		if (sqlite3_changes(s->db) == 1 &&
		    add_event(s, q->tx, now, "amended", q->steps[i].name, span_str(""),
			span_str(""), e) != 0)
			return -1;
	}
	return 0;
}

static int
require_step(struct store *s, struct span tx, struct span name, struct error *e)
{
	sqlite3_stmt *st = store_use(s, SQL_FIND_STEP);
	int r;

	store_bind_text(st, 1, tx);
	store_bind_text(st, 2, name);
	r = store_step(s, st, e);
	sqlite3_reset(st);
	if (r == 0)
		return error_set(e, ERR_BUG, "ledger: the plan has no step %.*s",
		    (int)name.len, (const char *)name.ptr);
	return r < 0 ? -1 : 0;
}

static int
end_step(struct store *s, struct span tx, const struct request_step *step, int64_t now,
    struct error *e)
{
	static const char *const words[STEP_STATE_COUNT] = { "open", "done", "refused" };
	sqlite3_stmt *st = store_use(s, SQL_END_STEP);
	char text[320], name[PLAN_NAME_MAX + 1];

	store_bind_text(st, 1, tx);
	store_bind_text(st, 2, step->name);
	sqlite3_bind_int(st, 3, step->state);
	store_bind_blob(st, 4, span_of(step->digest, DIGEST_SIZE));
	sqlite3_bind_int(st, 5, step->code);
	store_bind_text(st, 6, step->status);
	store_bind_text(st, 7, step->text);
	sqlite3_bind_int64(st, 8, now);
	if (store_run(s, st, e) != 0)
		return -1;
	if (sqlite3_changes(s->db) == 0)
		return require_step(s, tx, step->name, e); /* it ended before: that stays */
	snprintf(text, sizeof(text), "%s: %.*s", words[step->state], (int)step->text.len,
	    (const char *)step->text.ptr);
	snprintf(name, sizeof(name), "%.*s", (int)step->name.len,
	    (const char *)step->name.ptr);
	st = store_use(s, SQL_INSERT_STEP_EVENT);
	store_bind_text(st, 1, tx);
	sqlite3_bind_int64(st, 2, now);
	store_bind_text(st, 3, span_str(name));
	store_bind_text(st, 4, span_str(text));
	return store_run(s, st, e);
}

static int
end_delivery(struct store *s, struct span tx, const struct request_delivery *d, int64_t now,
    struct error *e)
{
	struct delivery_record before;
	sqlite3_stmt *st;

	if (store_lookup(s, d->key, now, &before, e) != 0)
		return -1;
	if (before.state == DELIVERY_CLOSED && span_is(tx, before.tx))
		return 0;
	if (d->closed) {
		st = store_use(s, SQL_CLOSE_DELIVERY);
		store_bind_blob(st, 1, span_of(d->key, DELIVERY_KEY_SIZE));
		store_bind_text(st, 2, tx);
		store_bind_text(st, 3, d->reply);
		sqlite3_bind_int64(st, 4, now);
		if (store_run(s, st, e) != 0)
			return -1;
		if (sqlite3_changes(s->db) != 1)
			return error_set(e, ERR_BUG, "ledger: a delivery of %.*s is not to be "
			    "closed: it is not planned or has an open step", (int)tx.len,
			    (const char *)tx.ptr);
	}
	st = store_use(s, SQL_INSERT_DELIVERY_EVENT);
	store_bind_text(st, 1, tx);
	sqlite3_bind_int64(st, 2, now);
	store_bind_text(st, 3, span_str(d->closed ? "closed" : "deferred"));
	store_bind_text(st, 4, d->reply);
	store_bind_blob(st, 5, span_of(d->key, DELIVERY_KEY_SIZE));
	return store_run(s, st, e);
}

int
store_close(struct store *s, const struct ledger_request *q, int64_t now, struct error *e)
{
	for (unsigned i = 0; i < q->step_count; i++) {
		if (end_step(s, q->tx, &q->steps[i], now, e) != 0)
			return -1;
	}
	for (unsigned i = 0; i < q->delivery_count; i++) {
		if (end_delivery(s, q->tx, &q->deliveries[i], now, e) != 0)
			return -1;
	}
	return 0;
}

int
store_death(struct store *s, const struct ledger_request *q, int64_t now, unsigned *deaths,
    struct error *e)
{
	*deaths = 0;
	for (unsigned i = 0; i < q->delivery_count; i++) {
		const struct request_delivery *d = &q->deliveries[i];
		sqlite3_stmt *st = store_use(s, SQL_DEATH);
		struct delivery_record after;
		char text[64];

		store_bind_blob(st, 1, span_of(d->key, DELIVERY_KEY_SIZE));
		sqlite3_bind_int64(st, 2, i);
		store_bind_text(st, 3, d->address);
		sqlite3_bind_int64(st, 4, now);
		sqlite3_bind_int64(st, 5, now - s->window);
		if (store_run(s, st, e) != 0 || store_lookup(s, d->key, now, &after, e) != 0)
			return -1;
		if (after.deaths > *deaths)
			*deaths = after.deaths;
		snprintf(text, sizeof(text), "the inspector died on it, time %u",
		    after.deaths);
		if (add_event(s, q->tx, now, "death", span_str(text), q->sender, d->address,
			e) != 0)
			return -1;
	}
	return 0;
}

int
store_note(struct store *s, const struct ledger_request *q, int64_t now, struct error *e)
{
	char what[64];

	snprintf(what, sizeof(what), "%.*s", (int)q->what.len, (const char *)q->what.ptr);
	return add_event(s, q->tx, now, what, q->text, span_str(""), span_str(""), e);
}
