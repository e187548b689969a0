/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vanthu: the operator's command. This file is its table of contents; each subcommand has a
 * file of its own.
 */
#include "gateway/programs/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fault.h"
#include "common/i18n.h"
#include "common/io.h"
#include "common/log.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *purpose;
};

static const struct command commands[] = {
	{ "verify", command_verify, N_("judge signed messages and say why") },
	{ "sign", command_sign, N_("sign a message for an agency, through vanthu-keyd") },
	{ "policy", command_policy, N_("check the policy, or explain it on a message") },
	{ "trace", command_trace, N_("show everything that happened to a message") },
	{ "hold", command_hold, N_("list, show, release or drop held messages") },
};

static void
usage(FILE *out)
{
	fprintf(out, "%s\n\n", _("usage: vanthu COMMAND [OPTION]... [ARGUMENT]..."));
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, _(commands[i].purpose));
	fprintf(out, "\n%s\n", _("`vanthu COMMAND --help' says more; so does vanthu(1)."));
}

int
command_fail(enum command_exit code, const char *format, ...)
{
	va_list ap;

	fputs("vanthu: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return (int)code;
}

int
command_fail_error(enum command_exit for_permanent, const struct error *e)
{
	enum command_exit code = COMMAND_FAILURE;

	switch (e->class) {
	case ERR_PERM:
		code = for_permanent;
		break;
	case ERR_TEMP:
		code = COMMAND_TEMPORARY;
		break;
	case ERR_BUG:
	case ERR_NONE:
		break;
	}
	return command_fail(code, "%s", e->text);
}

bool
command_on_terminal(void)
{
	return isatty(STDOUT_FILENO) == 1;
}

static int
read_all(int fd, struct spool *s, bool *too_large, struct error *e)
{
	static uint8_t chunk[64 * 1024];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, ERR_PERM, errno, "cannot read");
		*too_large = (size_t)n > LIMIT_MESSAGE_BYTES - spool_size(s);
		if (spool_append(s, span_of(chunk, (size_t)n), e) != 0)
			return -1;
	}
}

int
command_read_message(const char *path, struct spool **out, bool *too_large,
    struct error *e)
{
	int fd = STDIN_FILENO;
	const char *temporary = getenv("TMPDIR");
	int result = -1;

	*out = NULL;
	*too_large = false;
	if (strcmp(path, "-") != 0 && (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return error_errno(e, ERR_PERM, errno, "%s", path);
	if (spool_new(temporary == NULL ? "/tmp" : temporary, LIMIT_MESSAGE_BYTES, out, e) != 0)
		goto out;
	if (read_all(fd, *out, too_large, e) != 0 || spool_seal(*out, e) != 0) {
		error_prefix(e, "%s", path);
		goto out;
	}
	result = 0;
out:
	if (fd != STDIN_FILENO)
		io_close(&fd);
	if (result != 0)
		spool_free(out);
	return result;
}

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	log_open("vanthu", LOG_TO_STDERR);
	i18n_open();
	FAULT_OPEN();
	if (argc < 2) {
		usage(stderr);
		return COMMAND_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage(stdout);
		return COMMAND_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("vanthu %s\n", PACKAGE_VERSION);
		return COMMAND_OK;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) == 0) {
			int code = commands[i].run(argc - 1, argv + 1);

			if (fflush(stdout) != 0 || ferror(stdout))
				return command_fail(COMMAND_FAILURE, "%s",
				    _("cannot write to standard output"));
			return code;
		}
	}
	command_fail(COMMAND_USAGE, _("there is no command `%s'"), argv[1]);
	usage(stderr);
	return COMMAND_USAGE;
}
