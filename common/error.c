/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error values. The text is always one line: a newline that came in with an argument is
 * shown as a blank. Nothing is allocated, so an error can be set when memory has run out.
 */
#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
one_line(char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\n' || *text == '\r')
			*text = ' ';
}

void
error_clear(struct error *e)
{
	e->class = ERR_NONE;
	e->text[0] = '\0';
}

int
error_set(struct error *e, enum error_class class, const char *format, ...)
{
	char text[ERROR_TEXT_MAX]; /* the arguments may point into e itself */
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	e->class = class;
	memcpy(e->text, text, sizeof(text));
	one_line(e->text);
	return -1;
}

const char *
error_describe(int errno_value)
{
	/* Not strerror: it speaks the language that the catalogue of our own messages is
	 * loaded for, and logs are English. */
	const char *text = strerrordesc_np(errno_value);

	return text == NULL ? "unknown error" : text;
}

int
error_errno(struct error *e, enum error_class class, int errno_value, const char *format,
    ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	return error_set(e, class, "%s: %s", text, error_describe(errno_value));
}

int
error_prefix(struct error *e, const char *format, ...)
{
	char prefix[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	if (vsnprintf(prefix, sizeof(prefix), format, args) < 0)
		prefix[0] = '\0';
	va_end(args);
	return error_set(e, e->class, "%s: %s", prefix, e->text);
}
