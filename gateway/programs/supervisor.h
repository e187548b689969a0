/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The children of vanthud: as many of each role as the settings say, started again when they
 * die, replaced when the configuration changes, ended in the order in which they need each
 * other. Nothing here blocks: supervisor_step does what is due and says when to come again.
 */
#ifndef VANTHU_PROGRAMS_SUPERVISOR_H
#define VANTHU_PROGRAMS_SUPERVISOR_H

#include <stdbool.h>

#include "gateway/programs/ports.h"
#include "gateway/programs/settings.h"

struct supervisor;

struct supervisor *
supervisor_new(void);

void
supervisor_free(struct supervisor **s);

/*
 * The configuration from now on; all borrowed until the next call. Workers of an earlier
 * number leave (SIGTERM: they finish the message in hand) as soon as those of this one have
 * proved that they start; until then they go on. The ledger's process is replaced only when
 * renew_ledger, since there is never a second one beside it.
 */
void
supervisor_set(struct supervisor *s, unsigned number, const struct settings *settings,
    const struct ports *ports, const char *conf, bool renew_ledger);

/* Collect children that ended; called after SIGCHLD. */
void
supervisor_reap(struct supervisor *s);

/* Start, end and promote what is due; milliseconds until there is more to do, -1 = never. */
int
supervisor_step(struct supervisor *s);

/* End: sessions first, then inspectors, keyd, the ledger; SIGKILL for who stays too long. */
void
supervisor_stop(struct supervisor *s);

/* Every role of the present configuration is up and has proved that it stays. */
bool
supervisor_ready(const struct supervisor *s);

/* It was told to stop, and no child is left. */
bool
supervisor_stopped(const struct supervisor *s);

/* Is there a child that was started with the configuration of that number? */
bool
supervisor_uses(const struct supervisor *s, unsigned number);

#endif
