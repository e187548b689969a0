/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running configuration, apart from the files that somebody may be editing. vanthud
 * checks the files, copies them to RUN/config.N, and starts every worker with the copy, so
 * that one restarted at night reads what was checked by day. Keys are never copied or read,
 * and CRLs are not either: they are renewed from outside and must be fresh.
 */
#ifndef VANTHU_PROGRAMS_SNAPSHOT_H
#define VANTHU_PROGRAMS_SNAPSHOT_H

#include "common/buf.h"
#include "common/error.h"
#include "gateway/programs/settings.h"

/*
 * Read vanthu.conf, agencies.conf and routing.conf and check all that they say; the folders
 * that it names must exist. *out is the settings.
 */
int
snapshot_check(const char *path, struct settings **out, struct error *e);

/*
 * Copy what was checked to run_dir/config.NUMBER and check the copy too. `conf` is where its
 * vanthu.conf is.
 */
int
snapshot_take(const struct settings *s, unsigned number, char conf[SETTINGS_PATH_MAX],
    struct error *e);

/* Remove the copy of that number, or with ALL every copy. */
#define SNAPSHOT_ALL 0
void
snapshot_remove(const char *run_dir, unsigned number);

/*
 * The settings as the text of a vanthu.conf with absolute paths, agencies and routing at
 * the places given.
 */
void
snapshot_write(const struct settings *s, const char *agencies, const char *routing,
    struct buf *out);

#endif
