/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fault points. Empty unless built with --enable-faults. Points are counted by name in each
 * process from its start; only the name that VANTHU_FAULT asks for is counted.
 */
#include "common/fault.h"

#ifdef VANTHU_FAULTS

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum effect { EFFECT_NONE, EFFECT_KILL, EFFECT_STOP, EFFECT_ERRNO };

static struct {
	char name[64];
	unsigned long count; /* passes still to go; 0 = it has happened */
	enum effect effect;
	int errno_value;
	char file[512];
	int log;
} the_fault = { .log = -1 };

static int
errno_of(const char *name)
{
	static const struct {
		const char *name;
		int value;
	} table[] = { { "EACCES", EACCES }, { "EAGAIN", EAGAIN },
		{ "ECONNREFUSED", ECONNREFUSED }, { "ECONNRESET", ECONNRESET },
		{ "EDQUOT", EDQUOT }, { "EEXIST", EEXIST }, { "EIO", EIO },
		{ "EMFILE", EMFILE }, { "ENFILE", ENFILE }, { "ENOENT", ENOENT },
		{ "ENOMEM", ENOMEM }, { "ENOSPC", ENOSPC }, { "EPIPE", EPIPE },
		{ "EROFS", EROFS }, { "ETIMEDOUT", ETIMEDOUT } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(name, table[i].name) == 0)
			return table[i].value;
	return 0;
}

/* A test that asks for a fault we cannot read must not pass for want of it. */
static void
refuse(const char *text)
{
	fprintf(stderr, "VANTHU_FAULT: cannot read \"%s\"\n", text);
	_exit(64);
}

void
fault_open(void)
{
	const char *wanted = getenv("VANTHU_FAULT"), *log = getenv("VANTHU_FAULT_LOG");
	char effect[32] = "";

	if (log != NULL && *log != '\0') {
		the_fault.log = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
		if (the_fault.log < 0)
			refuse(log);
	}
	if (wanted == NULL || *wanted == '\0')
		return;
	if (sscanf(wanted, "%63[^:]:%lu:%31[^:]:%511[^\n]", the_fault.name,
		&the_fault.count, effect, the_fault.file) < 3)
		refuse(wanted);
	the_fault.errno_value = errno_of(effect);
	if (strcmp(effect, "kill") == 0)
		the_fault.effect = EFFECT_KILL;
	else if (strcmp(effect, "stop") == 0)
		the_fault.effect = EFFECT_STOP;
	else if (the_fault.errno_value != 0)
		the_fault.effect = EFFECT_ERRNO;
	else
		refuse(wanted);
}

static void
note(const char *name)
{
	char line[80];
	int n = snprintf(line, sizeof(line), "%.70s\n", name);

	/* One write with O_APPEND: lines of several processes do not mix. */
	if (the_fault.log >= 0 && n > 0 && write(the_fault.log, line, (size_t)n) != n)
		refuse("the log cannot be written");
}

/* Is this the pass at which the fault happens? */
static bool
happens(const char *name)
{
	note(name);
	if (the_fault.count == 0 || strcmp(name, the_fault.name) != 0)
		return false;
	if (--the_fault.count > 0)
		return false;
	return the_fault.file[0] == '\0' || unlink(the_fault.file) == 0;
}

static void
end_here(void)
{
	if (the_fault.effect == EFFECT_KILL) {
		kill(getpid(), SIGKILL);
		_exit(137); /* not reached */
	}
	if (the_fault.effect == EFFECT_STOP)
		for (;;)
			(void)poll(NULL, 0, -1);
}

void
fault_point(const char *name)
{
	/* A plain point has no call that could fail: an errno waits for fault_errno. */
	if (the_fault.effect == EFFECT_ERRNO)
		note(name);
	else if (happens(name))
		end_here();
}

const char *
fault_file(void)
{
	return the_fault.file;
}

int
fault_errno(const char *name)
{
	if (!happens(name))
		return 0;
	end_here();
	return the_fault.errno_value;
}

#else

/* ISO C wants one declaration in each translation unit. */
typedef int fault_is_not_built;

#endif
