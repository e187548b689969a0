/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log. A line goes out in one write (stderr) or one syslog call, so that lines of
 * several processes do not mix. The escaping here is the log's own and coarser than
 * text_show: nothing is normalised, so that the log shows the bytes that were there.
 *
 * syslog is opened with LOG_NDELAY: after the sandbox no socket can be made.
 */
#include "common/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/span.h"
#include "common/text.h"

#define RAW_MAX 2000 /* bytes of a line before escaping */
#define CUT_MARK "..."
#define TRANSACTION_MAX 40

/* The process's log: one of the two globals that style.md 4.1 allows. */
static struct {
	enum log_target target;
	char program[32];
	char transaction[TRANSACTION_MAX];
} the_log = { .target = LOG_TO_STDERR, .program = "vanthu" };

void
log_open(const char *program, enum log_target target)
{
	snprintf(the_log.program, sizeof(the_log.program), "%s", program);
	the_log.target = target;
	if (target == LOG_TO_SYSLOG)
		openlog(the_log.program, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void
log_transaction(const char *id)
{
	snprintf(the_log.transaction, sizeof(the_log.transaction), "%s",
	    id == NULL ? "" : id);
}

/* Characters that move the cursor, reorder, hide or break the line. */
static bool
is_deceptive(int32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
	    c == 0x180e || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	    (c >= 0xe0000 && c <= 0xe0fff);
}

/* Append the escaped line to out[LOG_LINE_MAX + 1], cut between characters. */
static void
escape(struct span in, char *out)
{
	const size_t room = LOG_LINE_MAX - (sizeof(CUT_MARK) - 1);
	size_t len = 0, offset = 0;

	while (offset < in.len) {
		size_t start = offset;
		int32_t c = text_next(in, &offset);
		char piece[16];
		int n;

		if (c == -2)
			n = snprintf(piece, sizeof(piece), "\\x%02x", in.ptr[start]);
		else if (c == '\\')
			n = snprintf(piece, sizeof(piece), "\\\\");
		else if (is_deceptive(c))
			n = snprintf(piece, sizeof(piece), "\\u{%x}", (unsigned)c);
		else
			n = snprintf(piece, sizeof(piece), "%.*s", (int)(offset - start),
			    (const char *)in.ptr + start);
		if (n < 0 || len + (size_t)n > room) {
			memcpy(out + len, CUT_MARK, sizeof(CUT_MARK));
			return;
		}
		memcpy(out + len, piece, (size_t)n);
		len += (size_t)n;
	}
	out[len] = '\0';
}

static void __attribute__((format(printf, 3, 0)))
put_line(int priority, const char *severity, const char *format, va_list args)
{
	char raw[RAW_MAX], line[LOG_LINE_MAX + 1], whole[LOG_LINE_MAX + 128];
	const char *id = the_log.transaction;
	ssize_t written;
	int n;

	n = vsnprintf(raw, sizeof(raw), format, args);
	if (n < 0)
		n = snprintf(raw, sizeof(raw), "(a line that could not be formatted)");
	if ((size_t)n >= sizeof(raw))
		n = sizeof(raw) - 1;
	escape(span_of(raw, (size_t)n), line);
	if (the_log.target == LOG_TO_SYSLOG) {
		syslog(priority, "%s%s%s%s", id, *id != '\0' ? ": " : "", severity, line);
		return;
	}
	n = snprintf(whole, sizeof(whole), "%s[%ld]: %s%s%s%s\n", the_log.program,
	    (long)getpid(), id, *id != '\0' ? ": " : "", severity, line);
	if (n > 0) {
		/* There is nobody to tell when the log itself cannot be written. */
		written = write(STDERR_FILENO, whole, (size_t)n);
		(void)written;
	}
}

void
log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line(LOG_INFO, "", format, args);
	va_end(args);
}

void
log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line(LOG_WARNING, "warning: ", format, args);
	va_end(args);
}

void
log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line(LOG_ERR, "error: ", format, args);
	va_end(args);
}

void
log_bug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line(LOG_CRIT, "bug: ", format, args);
	va_end(args);
}
