/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vanthu.conf, read once by each program. What concerns mail policy is in agencies.conf and
 * routing.conf, what concerns keys in keys.conf (only vanthu-keyd opens that one).
 *
 * Relative paths in it are taken from the folder of the file. Every program of ours is
 * started as `PROGRAM --config FILE [--fd NAME=N]...`; vanthud passes the sockets that it
 * listens on as descriptors.
 */
#ifndef VANTHU_PROGRAMS_SETTINGS_H
#define VANTHU_PROGRAMS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/io.h"
#include "gateway/act/act.h"
#include "gateway/model/envelope.h"
#include "gateway/receive/smtp_server.h"

#define SETTINGS_PATH_MAX 512
#define SETTINGS_LISTENERS_MAX 16
#define SETTINGS_SESSIONS_MAX 480

struct settings_listener {
	char name[32];
	struct endpoint at;
	unsigned mode;    /* of a unix socket, octal in the file as a string "0660" */
	char group[32];   /* group that owns a unix socket; "" = ours */
	enum zone zone;
	bool lmtp;
};

struct settings_users {
	char session[32], inspect[32], keyd[32], ledger[32]; /* "" = stay who we are */
};

struct settings {
	char file[SETTINGS_PATH_MAX];     /* where it was read */
	char hostname[254];
	char run_dir[SETTINGS_PATH_MAX];    /* sockets: inspect.sock keyd.sock ledger.sock */
	char spool_dir[SETTINGS_PATH_MAX];
	char intake_dir[SETTINGS_PATH_MAX];
	char hold_dir[SETTINGS_PATH_MAX];
	char ledger_dir[SETTINGS_PATH_MAX];
	char agencies[SETTINGS_PATH_MAX];   /* agencies.conf */
	char routing[SETTINGS_PATH_MAX];    /* routing.conf */
	char keys[SETTINGS_PATH_MAX];       /* keys.conf */
	char crl_dir[SETTINGS_PATH_MAX];    /* "" = none: revocation is skipped */
	char profile[64];                   /* trust profile, "strict" */
	unsigned listener_count;
	struct settings_listener listeners[SETTINGS_LISTENERS_MAX];
	struct act_settings act;
	struct smtp_limits limits;
	unsigned sessions;         /* pre-forked vanthu-session processes */
	unsigned inspectors;       /* pre-forked vanthu-inspect processes */
	unsigned session_messages; /* a session retires after so many */
	unsigned inspect_messages;
	unsigned inspect_timeout_seconds;
	unsigned retry_days;       /* so long the same message is one delivery (the ledger) */
	struct settings_users users;
	bool without_landlock;     /* sandbox.landlock = "optional" */
	bool syslog;
};

/* Read and check. Errors begin FILE:LINE: KEY. */
int
settings_load(const char *path, struct settings **out, struct error *e);

void
settings_free(struct settings **s);

/* run_dir + "/" + name + ".sock"; returns out. */
const char *
settings_socket(const struct settings *s, const char *name, char out[SETTINGS_PATH_MAX]);

/* The command line that every daemon of ours takes. */
#define SETTINGS_FDS_MAX 16
struct settings_arguments {
	const char *config;
	unsigned fd_count;
	struct {
		char name[32];
		int fd;
	} fds[SETTINGS_FDS_MAX];
};

/*
 * Parse --config FILE, --fd NAME=N, --help, --version (the last two print and exit). Wrong
 * use prints the usage and exits 64.
 */
void
settings_arguments(int argc, char **argv, const char *purpose,
    struct settings_arguments *out);

/* The descriptor passed under that name, or -1. */
int
settings_fd(const struct settings_arguments *a, const char *name);

#endif
