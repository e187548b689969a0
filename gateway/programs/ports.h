/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listening sockets. vanthud opens them all, keeps them over restarts and reloads, and
 * passes each worker those of its role, so that no connection is refused while one restarts.
 */
#ifndef VANTHU_PROGRAMS_PORTS_H
#define VANTHU_PROGRAMS_PORTS_H

#include "common/error.h"
#include "gateway/programs/settings.h"

enum port_kind { PORT_INSPECT, PORT_KEYD, PORT_LEDGER, PORT_MAIL };

struct port {
	enum port_kind kind;
	char name[32];  /* as the worker gets it: --fd NAME=N */
	char text[128]; /* address, which tells whether an open one can be kept */
	char path[SETTINGS_PATH_MAX]; /* of a unix socket, "" for others */
	int fd;
};

#define PORTS_MAX (SETTINGS_LISTENERS_MAX + 3)

struct ports {
	unsigned count;
	struct port list[PORTS_MAX];
};

/*
 * Open what the settings ask for into *out; a socket that `before` (may be NULL) has at the
 * same address is taken over (its fd moves only on success, then `before` holds -1). On
 * failure everything that was opened is closed and `before` is as it was.
 */
int
ports_open(const struct settings *s, struct ports *before, struct ports *out,
    struct error *e);

/* Close what is open and remove the sockets' names. */
void
ports_close(struct ports *p);

#endif
