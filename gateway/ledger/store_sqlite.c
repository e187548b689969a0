/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger in one SQLite file: opening, batches and reads.
 *
 * WAL with synchronous=FULL: a commit that has returned survives the loss of power. All
 * values are bound, never put into SQL. A lock file makes the process the only one that
 * has the ledger; the rows themselves may be read by others at any time.
 *
 * Tables: transactions (one frozen plan with all that a redelivery needs), deliveries (one
 * row for each key), steps (the intents and how they ended), events (append-only, what
 * people see as the trace). doc/STATES.md has the table of states.
 */
#include "gateway/ledger/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/io.h"
#include "common/text.h"

#define SCHEMA_VERSION 1
#define TRACE_PAGE 200 /* events that one statement gives at most */

static const char schema[] =
    "CREATE TABLE transactions ("
    " tx TEXT NOT NULL PRIMARY KEY, source TEXT NOT NULL, zone TEXT NOT NULL,"
    " accepted_at INTEGER NOT NULL, planned_at INTEGER NOT NULL, sender TEXT NOT NULL,"
    " subject TEXT NOT NULL, message_id TEXT NOT NULL, number TEXT NOT NULL,"
    " verdict TEXT NOT NULL, received_digest BLOB NOT NULL, outgoing_digest BLOB NOT NULL,"
    " envelope BLOB NOT NULL, head BLOB NOT NULL, facts BLOB NOT NULL,"
    " signed_facts BLOB NOT NULL, signature BLOB NOT NULL, plan BLOB NOT NULL);"
    "CREATE INDEX transactions_message_id ON transactions (message_id)"
    " WHERE message_id <> '';"
    "CREATE INDEX transactions_number ON transactions (number COLLATE NOCASE)"
    " WHERE number <> '';"
    "CREATE TABLE deliveries ("
    " key BLOB NOT NULL PRIMARY KEY, tx TEXT REFERENCES transactions (tx),"
    " recipient INTEGER NOT NULL, address TEXT NOT NULL, rule TEXT NOT NULL,"
    " state INTEGER NOT NULL, deaths INTEGER NOT NULL, reply TEXT NOT NULL,"
    " since INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX deliveries_tx ON deliveries (tx);"
    "CREATE TABLE steps ("
    " tx TEXT NOT NULL REFERENCES transactions (tx), name TEXT NOT NULL,"
    " position INTEGER NOT NULL, action INTEGER NOT NULL, recipient INTEGER NOT NULL,"
    " target TEXT NOT NULL, state INTEGER NOT NULL, digest BLOB NOT NULL,"
    " code INTEGER NOT NULL, status TEXT NOT NULL, text TEXT NOT NULL,"
    " since INTEGER NOT NULL, PRIMARY KEY (tx, name)) WITHOUT ROWID;"
    "CREATE TABLE events ("
    " id INTEGER PRIMARY KEY, tx TEXT NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL,"
    " text TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL);"
    "CREATE INDEX events_tx ON events (tx);"
    "CREATE TRIGGER events_stay BEFORE UPDATE ON events"
    " BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;"
    "CREATE TRIGGER events_remain BEFORE DELETE ON events"
    " BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;";

/* States are written as numbers: 1 SEEN, 2 PLANNED, 3 CLOSED (enum delivery_state); steps
 * 0 OPEN, 1 DONE, 2 REFUSED (enum step_state). */
_Static_assert(DELIVERY_SEEN == 1 && DELIVERY_PLANNED == 2 && DELIVERY_CLOSED == 3,
    "the numbers of states stand in SQL and on disk");
_Static_assert(STEP_OPEN == 0 && STEP_DONE == 1 && STEP_REFUSED == 2,
    "the numbers of states stand in SQL and on disk");

static const char *const statements[SQL_STATEMENT_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_MARK] = "SAVEPOINT request",
	[SQL_KEEP] = "RELEASE request",
	[SQL_UNDO] = "ROLLBACK TO request",
	[SQL_LOOKUP] = "SELECT state, deaths, coalesce(tx, ''), recipient, reply, since"
	    " FROM deliveries WHERE key = ?1",
	[SQL_DIGESTS] = "SELECT received_digest, outgoing_digest FROM transactions"
	    " WHERE tx = ?1",
	[SQL_STEPS] = "SELECT name, state, digest, code, status, text FROM steps"
	    " WHERE tx = ?1 ORDER BY position",
	[SQL_BLOBS] = "SELECT envelope, head, facts, signed_facts, signature, plan"
	    " FROM transactions WHERE tx = ?1",
	[SQL_TRACE] = "WITH hits (tx) AS (SELECT ?1"
	    " UNION SELECT tx FROM transactions WHERE message_id = ?1 AND message_id <> ''"
	    " UNION SELECT tx FROM transactions WHERE number = ?1 COLLATE NOCASE"
	    "  AND number <> '')"
	    " SELECT e.id, e.tx, e.at, e.what, e.text, coalesce(t.subject, ''),"
	    "  coalesce(t.sender, e.sender), e.recipient, coalesce(t.number, '')"
	    " FROM hits CROSS JOIN events e ON e.tx = hits.tx"
	    " LEFT JOIN transactions t ON t.tx = e.tx"
	    " WHERE e.id > ?2 ORDER BY e.id LIMIT ?3",
	[SQL_INSERT_TRANSACTION] = "INSERT INTO transactions (tx, source, zone, accepted_at,"
	    " planned_at, sender, subject, message_id, number, verdict, received_digest,"
	    " outgoing_digest, envelope, head, facts, signed_facts, signature, plan)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
	    " ?17, ?18)",
	/* A row that stands in the way gives way only when nothing was planned with it or
	 * when it was closed before ?7; else no row changes, and that is the conflict. */
	[SQL_INSERT_DELIVERY] = "INSERT INTO deliveries (key, tx, recipient, address, rule,"
	    " state, deaths, reply, since) VALUES (?1, ?2, ?3, ?4, ?5, 2, 0, '', ?6)"
	    " ON CONFLICT (key) DO UPDATE SET tx = excluded.tx,"
	    "  recipient = excluded.recipient, rule = excluded.rule, state = 2, reply = '',"
	    "  since = excluded.since"
	    " WHERE state = 1 OR (state = 3 AND since < ?7)",
	[SQL_INSERT_STEP] = "INSERT OR IGNORE INTO steps (tx, name, position, action,"
	    " recipient, target, state, digest, code, status, text, since)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, zeroblob(32), 0, '', '', ?7)",
	[SQL_INSERT_EVENT] = "INSERT INTO events (tx, at, what, text, sender, recipient)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_INSERT_STEP_EVENT] = "INSERT INTO events (tx, at, what, text, sender, recipient)"
	    " SELECT ?1, ?2, ?3, ?4, '', coalesce((SELECT d.address FROM steps s"
	    "  JOIN deliveries d ON d.tx = s.tx AND d.recipient = s.recipient"
	    "  WHERE s.tx = ?1 AND s.name = ?3), '')",
	[SQL_INSERT_DELIVERY_EVENT] =
	    "INSERT INTO events (tx, at, what, text, sender, recipient)"
	    " SELECT ?1, ?2, ?3, ?4, '', address FROM deliveries WHERE key = ?5",
	[SQL_REPLACE_PLAN] = "UPDATE transactions SET plan = ?2 WHERE tx = ?1",
	[SQL_END_STEP] = "UPDATE steps SET state = ?3, digest = ?4, code = ?5, status = ?6,"
	    " text = ?7, since = ?8 WHERE tx = ?1 AND name = ?2 AND state = 0",
	[SQL_FIND_STEP] = "SELECT 1 FROM steps WHERE tx = ?1 AND name = ?2",
	/* I1 is kept here too: nothing closes over an open step. */
	[SQL_CLOSE_DELIVERY] = "UPDATE deliveries SET state = 3, reply = ?3, since = ?4"
	    " WHERE key = ?1 AND tx = ?2 AND state = 2 AND NOT EXISTS (SELECT 1 FROM steps s"
	    "  WHERE s.tx = ?2 AND s.recipient = deliveries.recipient AND s.state = 0)",
	[SQL_DEATH] = "INSERT INTO deliveries (key, tx, recipient, address, rule, state,"
	    " deaths, reply, since) VALUES (?1, NULL, ?2, ?3, '', 1, 1, '', ?4)"
	    " ON CONFLICT (key) DO UPDATE SET tx = NULL,"
	    "  deaths = CASE state WHEN 1 THEN deaths + 1 ELSE 1 END, state = 1,"
	    "  reply = '', since = excluded.since"
	    " WHERE state = 1 OR (state = 3 AND since < ?5)",
};

static int
failed(struct store *s, struct error *e)
{
	return error_set(e, ERR_TEMP, "ledger: %s", sqlite3_errmsg(s->db));
}

sqlite3_stmt *
store_use(struct store *s, enum statement which)
{
	sqlite3_stmt *st = s->statements[which];

	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return st;
}

int
store_step(struct store *s, sqlite3_stmt *st, struct error *e)
{
	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		sqlite3_reset(st);
		return 0;
	default:
		failed(s, e);
		sqlite3_reset(st);
		return -1;
	}
}

int
store_run(struct store *s, sqlite3_stmt *st, struct error *e)
{
	int r = store_step(s, st, e);

	if (r == 1) {
		sqlite3_reset(st);
		return error_set(e, ERR_BUG, "ledger: a row where none was expected");
	}
	return r;
}

/* A NULL pointer would bind NULL, which no column takes. */
void
store_bind_text(sqlite3_stmt *st, int index, struct span text)
{
	sqlite3_bind_text64(st, index, text.len == 0 ? "" : (const char *)text.ptr, text.len,
	    SQLITE_STATIC, SQLITE_UTF8);
}

void
store_bind_blob(sqlite3_stmt *st, int index, struct span bytes)
{
	sqlite3_bind_blob64(st, index, bytes.len == 0 ? "" : (const void *)bytes.ptr,
	    bytes.len, SQLITE_STATIC);
}

struct span
store_column(sqlite3_stmt *st, int index)
{
	const void *bytes = sqlite3_column_blob(st, index);

	return span_of(bytes, (size_t)sqlite3_column_bytes(st, index));
}

/* A column of our own making as a string; cut where it does not fit. */
static void
column_string(sqlite3_stmt *st, int index, char *out, size_t size)
{
	struct span s = span_sub(store_column(st, index), 0, size - 1);

	if (s.len > 0)
		memcpy(out, s.ptr, s.len);
	out[s.len] = '\0';
}

/* A column that mail had a hand in: whatever is in it, one safe line comes out. */
static void
column_shown(sqlite3_stmt *st, int index, char *out, size_t size)
{
	struct buf shown;
	size_t keep;

	buf_init(&shown, 8 * size); /* a byte grows to eight at most when it is escaped */
	text_show(store_column(st, index), size, &shown);
	keep = shown.len < size ? shown.len : size - 1;
	while (keep > 0 && keep < shown.len && (shown.data[keep] & 0xc0) == 0x80)
		keep--; /* not into the middle of a character */
	snprintf(out, size, "%.*s", (int)keep, buf_str(&shown));
	buf_free(&shown);
}

/* --- opening -------------------------------------------------------------------- */

static int
execute(struct store *s, const char *sql, struct error *e)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return failed(s, e);
	return 0;
}

static int
take_lock(struct store *s, const char *directory, struct error *e)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/ledger.lock", directory);
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		return error_errno(e, ERR_PERM, errno, "ledger: cannot open %s", path);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return error_set(e, ERR_PERM, "ledger: another process has %s", path);
	return 0;
}

static int
read_version(struct store *s, int *version, struct error *e)
{
	sqlite3_stmt *st;
	int r;

	if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &st, NULL) != SQLITE_OK)
		return failed(s, e);
	r = store_step(s, st, e);
	*version = r == 1 ? sqlite3_column_int(st, 0) : 0;
	sqlite3_finalize(st);
	return r == 1 ? 0 : -1;
}

static int
make_schema(struct store *s, struct error *e)
{
	char set_version[64];
	int version;

	if (read_version(s, &version, e) != 0)
		return -1;
	if (version == SCHEMA_VERSION)
		return 0;
	if (version != 0)
		return error_set(e, ERR_PERM,
		    "ledger: the file has version %d, this program knows %d", version,
		    SCHEMA_VERSION);
	snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %d",
	    SCHEMA_VERSION);
	if (execute(s, "BEGIN EXCLUSIVE", e) != 0 || execute(s, schema, e) != 0 ||
	    execute(s, set_version, e) != 0 || execute(s, "COMMIT", e) != 0)
		return -1;
	return 0;
}

/* The name of a new file is on disk only when its folder is. */
static int
sync_directory(const char *directory, struct error *e)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return error_errno(e, ERR_TEMP, errno, "ledger: cannot open %s", directory);
	r = io_fsync(fd, directory, e);
	io_close(&fd);
	return r;
}

static int
open_database(struct store *s, const char *directory, struct error *e)
{
	static const char settings[] =
	    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
	    "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
	    "PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8192;";
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/ledger.sqlite3", directory);
	if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
		    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL) != SQLITE_OK)
		return error_set(e, ERR_PERM, "ledger: cannot open %s: %s", path,
		    s->db == NULL ? "no memory" : sqlite3_errmsg(s->db));
	/* A reader from outside (a backup) may hold a lock for a moment. */
	sqlite3_busy_timeout(s->db, 2000);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (execute(s, settings, e) != 0 || make_schema(s, e) != 0 ||
	    sync_directory(directory, e) != 0)
		return -1;
	for (unsigned i = 0; i < SQL_STATEMENT_COUNT; i++) {
		if (sqlite3_prepare_v3(s->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
			&s->statements[i], NULL) != SQLITE_OK)
			return failed(s, e);
	}
	return 0;
}

int
store_open(const char *directory, int64_t window_seconds, struct store **out,
    struct error *e)
{
	struct store *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (s == NULL)
		return error_set(e, ERR_TEMP, "ledger: no memory");
	s->lock_fd = -1;
	s->window = window_seconds;
	if (take_lock(s, directory, e) != 0 || open_database(s, directory, e) != 0) {
		store_free(&s);
		return -1;
	}
	*out = s;
	return 0;
}

void
store_free(struct store **sp)
{
	struct store *s = *sp;

	if (s == NULL)
		return;
	for (unsigned i = 0; i < SQL_STATEMENT_COUNT; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close(s->db);
	io_close(&s->lock_fd);
	free(s);
	*sp = NULL;
}

/* --- batches -------------------------------------------------------------------- */

int
store_begin(struct store *s, struct error *e)
{
	return store_run(s, store_use(s, SQL_BEGIN), e);
}

int
store_commit(struct store *s, struct error *e)
{
	return store_run(s, store_use(s, SQL_COMMIT), e);
}

void
store_rollback(struct store *s)
{
	struct error ignored;

	if (sqlite3_get_autocommit(s->db) == 0)
		(void)store_run(s, store_use(s, SQL_ROLLBACK), &ignored);
}

int
store_mark(struct store *s, struct error *e)
{
	return store_run(s, store_use(s, SQL_MARK), e);
}

int
store_keep(struct store *s, struct error *e)
{
	return store_run(s, store_use(s, SQL_KEEP), e);
}

void
store_undo(struct store *s)
{
	struct error ignored;

	/* When this fails, so will the commit, and nothing of the batch is kept. */
	(void)store_run(s, store_use(s, SQL_UNDO), &ignored);
	(void)store_run(s, store_use(s, SQL_KEEP), &ignored);
}

/* --- reads ---------------------------------------------------------------------- */

int
store_lookup(struct store *s, const uint8_t key[DELIVERY_KEY_SIZE], int64_t now,
    struct delivery_record *out, struct error *e)
{
	sqlite3_stmt *st = store_use(s, SQL_LOOKUP);
	int r;

	memset(out, 0, sizeof(*out));
	store_bind_blob(st, 1, span_of(key, DELIVERY_KEY_SIZE));
	r = store_step(s, st, e);
	if (r != 1)
		return r;
	out->state = (enum delivery_state)sqlite3_column_int(st, 0);
	out->deaths = (unsigned)sqlite3_column_int(st, 1);
	column_string(st, 2, out->tx, sizeof(out->tx));
	out->recipient = (uint16_t)sqlite3_column_int(st, 3);
	column_string(st, 4, out->reply, sizeof(out->reply));
	if (out->state == DELIVERY_CLOSED &&
	    sqlite3_column_int64(st, 5) < now - s->window)
		memset(out, 0, sizeof(*out));
	sqlite3_reset(st);
	return 0;
}

static int
no_transaction(struct span tx, int stepped, struct error *e)
{
	return stepped < 0 ? -1 : error_set(e, ERR_BUG, "ledger: there is no transaction %.*s",
	    (int)tx.len, (const char *)tx.ptr);
}

int
store_steps(struct store *s, struct span tx, struct buf *out, struct error *e)
{
	sqlite3_stmt *st = store_use(s, SQL_DIGESTS);
	struct step_result step;
	unsigned count = 0;
	size_t count_at;
	int r;

	store_bind_text(st, 1, tx);
	r = store_step(s, st, e);
	if (r != 1)
		return no_transaction(tx, r, e);
	buf_put_span(out, store_column(st, 0));
	buf_put_span(out, store_column(st, 1));
	sqlite3_reset(st);
	count_at = out->len;
	wire_put_u32(out, 0);
	st = store_use(s, SQL_STEPS);
	store_bind_text(st, 1, tx);
	while ((r = store_step(s, st, e)) == 1) {
		struct span digest = store_column(st, 2);

		memset(&step, 0, sizeof(step));
		column_string(st, 0, step.name, sizeof(step.name));
		step.state = (enum step_state)sqlite3_column_int(st, 1);
		if (digest.len == DIGEST_SIZE)
			memcpy(step.digest, digest.ptr, DIGEST_SIZE);
		step.code = (unsigned)sqlite3_column_int(st, 3);
		column_string(st, 4, step.status, sizeof(step.status));
		column_string(st, 5, step.text, sizeof(step.text));
		answer_put_step(out, &step);
		count++;
	}
	if (r == 0 && !out->failed) {
		out->data[count_at] = (uint8_t)count;
		out->data[count_at + 1] = (uint8_t)(count >> 8);
	}
	return r;
}

int
store_blob(struct store *s, struct span tx, enum ledger_blob which, struct buf *out,
    struct error *e)
{
	sqlite3_stmt *st = store_use(s, SQL_BLOBS);
	int r;

	store_bind_text(st, 1, tx);
	r = store_step(s, st, e);
	if (r != 1)
		return no_transaction(tx, r, e);
	buf_put_span(out, store_column(st, (int)which));
	sqlite3_reset(st);
	return 0;
}

static void
read_event(sqlite3_stmt *st, struct ledger_event *event)
{
	memset(event, 0, sizeof(*event));
	column_string(st, 1, event->tx, sizeof(event->tx));
	event->at = sqlite3_column_int64(st, 2);
	column_string(st, 3, event->what, sizeof(event->what));
	column_shown(st, 4, event->text, sizeof(event->text));
	column_shown(st, 5, event->subject, sizeof(event->subject));
	column_shown(st, 6, event->sender, sizeof(event->sender));
	column_shown(st, 7, event->recipient, sizeof(event->recipient));
	column_shown(st, 8, event->number, sizeof(event->number));
}

int
store_trace(struct store *s, struct span what, uint64_t after, store_event_fn *callback,
    void *context, struct error *e)
{
	sqlite3_stmt *st = store_use(s, SQL_TRACE);
	struct ledger_event event;
	int r;

	store_bind_text(st, 1, what);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)(after & INT64_MAX));
	sqlite3_bind_int(st, 3, TRACE_PAGE);
	while ((r = store_step(s, st, e)) == 1) {
		read_event(st, &event);
		if (!callback(context, (uint64_t)sqlite3_column_int64(st, 0), &event))
			break;
	}
	sqlite3_reset(st);
	return r < 0 ? -1 : 0;
}
