/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way to the log. Each line is escaped (control characters, invalid UTF-8, bidi
 * controls) and cut, so that bytes from mail cannot forge or hide a line (verdicts.md G06).
 *
 * Severity by meaning: info = it happened; warning = an operator should look;
 * error = the environment is wrong, we could not work; bug = we are wrong.
 */
#ifndef VANTHU_COMMON_LOG_H
#define VANTHU_COMMON_LOG_H

#define LOG_LINE_MAX 1000 /* bytes of one line after escaping */

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG };

/* Name the program in each line and choose where lines go. Default: stderr, "vanthu". */
void
log_open(const char *program, enum log_target target);

/* The transaction id put before each line until it is set to NULL; copied. */
void
log_transaction(const char *id);

void
log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

void
log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

void
log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

void
log_bug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
