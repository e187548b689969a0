/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder that appears whole or not at all: what filing and holding have in common. It is
 * built under a hidden name beside its place, every file synced, then given its name by a
 * rename that never replaces; then the folder around it is synced. Whoever lists the place
 * sees no half-written document. Done twice it leaves the same world (I5).
 */
#ifndef VANTHU_ACT_FOLDER_H
#define VANTHU_ACT_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/error.h"
#include "common/span.h"

#define FOLDER_NAME_MAX 255

struct folder;

/*
 * Begin. `base` is the configured root (it must exist); `place` the folders below it,
 * "bavi/2012/05" or "", made where missing; `name` the final name. What an earlier attempt
 * of the same name left unfinished is removed. No component may be a symbolic link
 * (verdicts.md F03). Files get mode 0640, folders 0750.
 */
int
folder_begin(const char *base, const char *place, const char *name, struct folder **out,
    struct error *e);

/* A new file in it, for writing; the caller writes and hands it to folder_end_file. */
int
folder_begin_file(struct folder *f, const char *name, int *fd, struct error *e);

/* Sync and close it. Takes fd, also on error. */
int
folder_end_file(struct folder *f, int fd, const char *name, struct error *e);

/* A whole file at once. */
int
folder_write(struct folder *f, const char *name, struct span bytes, struct error *e);

/*
 * A file that people go on writing in (status.log): written like the others, but an older
 * copy with other bytes in it is not a contradiction.
 */
int
folder_write_living(struct folder *f, const char *name, struct span bytes, struct error *e);

/*
 * Give it its name. *existed: it stood there already with the same files and bytes, which is
 * success. With other bytes: ERR_TEMP, nothing is touched. `path` receives where it is now,
 * relative to base.
 */
int
folder_commit(struct folder *f, bool *existed, char *path, size_t path_size,
    struct error *e);

/* Forget it; what was not committed is removed. Accepts NULL, sets NULL. */
void
folder_free(struct folder **f);

/*
 * Open a folder below another (descriptor or AT_FDCWD for `base` itself), without following
 * a link at any step. The caller closes fd.
 */
int
folder_open(int at, const char *path, int *fd, struct error *e);

/* Open a regular file below a folder to read it, without following links. */
int
folder_open_file(int at, const char *name, int *fd, struct error *e);

/*
 * Remove a committed folder with the files in it, durably: hidden first, by one rename, so
 * that nobody sees a half of it.
 */
int
folder_remove(const char *base, const char *name, struct error *e);

#endif
