/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's command `vanthu`: its subcommands and what they share.
 */
#ifndef VANTHU_PROGRAMS_COMMAND_H
#define VANTHU_PROGRAMS_COMMAND_H

#include <stdbool.h>

#include "common/error.h"
#include "gateway/model/facts.h"
#include "gateway/model/spool.h"
#include "gateway/programs/settings.h"

/* Exit codes that scripts may rely on; vanthu(1) lists them. */
enum command_exit {
	COMMAND_OK = 0,         /* done; verify: every message is VERIFIED */
	COMMAND_NO = 1,         /* answered with no: another verdict, nothing found, refused */
	COMMAND_USAGE = 64,     /* wrong use, or a file that cannot be read */
	COMMAND_FAILURE = 70,   /* our own failure */
	COMMAND_TEMPORARY = 75, /* could not be done now: UNCHECKABLE, a daemon is away */
	COMMAND_CONFIG = 78,    /* the configuration does not hold */
};

#define COMMAND_CONFIG_FILE SYSCONFDIR "/vanthu/vanthu.conf"
#define COMMAND_WAIT_MS (60 * 1000) /* for one answer of a daemon */

int
command_verify(int argc, char **argv);
int
command_sign(int argc, char **argv);
int
command_policy(int argc, char **argv);
int
command_trace(int argc, char **argv);
int
command_hold(int argc, char **argv);

/* Say what is wrong on standard error, "vanthu: TEXT", and return `code`. */
int
command_fail(enum command_exit code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The exit code for an error: ERR_PERM as given, ERR_TEMP 75, ERR_BUG 70. */
int
command_fail_error(enum command_exit for_permanent, const struct error *e);

/*
 * Read a message from a file, or from standard input for "-", into a sealed spool.
 * *too_large: it failed because the message is above LIMIT_MESSAGE_BYTES.
 */
int
command_read_message(const char *path, struct spool **out, bool *too_large,
    struct error *e);

/* Does standard output go to a person's terminal? */
bool
command_on_terminal(void);

#endif
