/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the SQLite back end only: what its two files, rows in (store_sqlite_write.c) and
 * rows out (store_sqlite.c), have in common. One of the homes of sqlite3.h.
 */
#ifndef VANTHU_LEDGER_STORE_SQLITE_H
#define VANTHU_LEDGER_STORE_SQLITE_H

#include <sqlite3.h>

#include "gateway/ledger/store.h"

enum statement {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_MARK,
	SQL_KEEP,
	SQL_UNDO,
	SQL_LOOKUP,
	SQL_DIGESTS,
	SQL_STEPS,
	SQL_BLOBS,
	SQL_TRACE,
	SQL_INSERT_TRANSACTION,
	SQL_INSERT_DELIVERY,
	SQL_INSERT_STEP,
	SQL_INSERT_EVENT,
	SQL_INSERT_STEP_EVENT,
	SQL_INSERT_DELIVERY_EVENT,
	SQL_REPLACE_PLAN,
	SQL_END_STEP,
	SQL_FIND_STEP,
	SQL_CLOSE_DELIVERY,
	SQL_DEATH,
	SQL_STATEMENT_COUNT,
};

struct store {
	sqlite3 *db;
	int lock_fd;
	int64_t window;
	sqlite3_stmt *statements[SQL_STATEMENT_COUNT];
};

/* The statement, reset and without values. */
sqlite3_stmt *
store_use(struct store *s, enum statement which);

/* Step once. 1: a row, 0: done, -1: an error, ERR_TEMP. */
int
store_step(struct store *s, sqlite3_stmt *st, struct error *e);

/* Run to its end; a row is a fault of ours. */
int
store_run(struct store *s, sqlite3_stmt *st, struct error *e);

/* Values; the bytes must live until the statement was run. Errors show when it is run. */
void
store_bind_text(sqlite3_stmt *st, int index, struct span text);
void
store_bind_blob(sqlite3_stmt *st, int index, struct span bytes);

/* A column as bytes, valid until the next step. */
struct span
store_column(sqlite3_stmt *st, int index);

#endif
