/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of vanthu-ledgerd: connections, group commits, and who holds which transaction.
 */
#ifndef VANTHU_LEDGER_SERVER_H
#define VANTHU_LEDGER_SERVER_H

#include <signal.h>
#include <sys/types.h>

#include "common/error.h"
#include "gateway/ledger/store.h"

#define LEDGER_CLIENTS_MAX 960 /* each session keeps one; twice as many during a reload */
#define LEDGER_USERS_MAX 4

struct ledger_server;

/*
 * Both are borrowed. listen_fd: a SOCK_SEQPACKET listener, or -1. Only root, ourselves and
 * the users given may connect.
 */
struct ledger_server *
ledger_server_new(struct store *store, int listen_fd, const uid_t *users,
    unsigned user_count);

void
ledger_server_free(struct ledger_server **s);

/*
 * Serve until *stop is set by a signal that is blocked but for `during_wait`. Everything
 * that was read is committed and answered before it returns 0; -1 when the store failed,
 * after the clients were told that the result is unclear: then the process must end.
 */
int
ledger_server_run(struct ledger_server *s, const volatile sig_atomic_t *stop,
    const sigset_t *during_wait, struct error *e);

#endif
