/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: why we could not do our work. A bad signature is not an error, it is a fact.
 *
 * Functions that can fail take a `struct error *` last and return 0 or -1; errno never
 * crosses a module. The text is set where the fault is seen, prefixed on the way up and
 * logged once, where it is answered.
 */
#ifndef VANTHU_COMMON_ERROR_H
#define VANTHU_COMMON_ERROR_H

enum error_class {
	ERR_NONE, /* no error */
	ERR_TEMP, /* try again: doubt, a lost peer, a full disk; answered 4xx */
	ERR_PERM, /* trying again will not help; answered 5xx */
	ERR_BUG,  /* our own fault: logged, answered 4xx, the process ends */
};

#define ERROR_TEXT_MAX 256

struct error {
	enum error_class class;
	char text[ERROR_TEXT_MAX]; /* one line, no newline; cut at the end if too long */
};

/* Forget what is there. */
void
error_clear(struct error *e);

/* Set class and text (printf form). Always returns -1, for `return error_set(...)`. */
int
error_set(struct error *e, enum error_class class, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The description of an errno value, in English whatever the locale. */
const char *
error_describe(int errno_value);

/* error_set, with ": " and the description of errno_value appended. Returns -1. */
int
error_errno(struct error *e, enum error_class class, int errno_value, const char *format,
    ...) __attribute__((format(printf, 4, 5)));

/* Put "PREFIX: " before the text; the class stays. Returns -1. */
int
error_prefix(struct error *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
