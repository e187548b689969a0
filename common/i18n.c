/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The message catalogue. gettext is told that the language is Vietnamese, whoever runs the
 * process, so that dgettext gives the Vietnamese and the message id itself is the English.
 * The locale C.UTF-8 is what lets gettext look at all (it does not in plain "C") and is
 * otherwise neutral: numbers, dates and sorting stay as they are in C.
 */
#include "common/i18n.h"

#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/proc.h"

#define DOMAIN "vanthu"

/* Names the language of the text; its translation tells that the catalogue is loaded. */
#define PROBE N_("English")

static struct {
	bool loaded;
	bool user_reads_vietnamese;
} the_catalogue;

static bool
user_wants_vietnamese(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && *value != '\0')
			return strncmp(value, "vi", 2) == 0 &&
			    (value[2] == '\0' || value[2] == '_' || value[2] == '.' ||
				value[2] == '@');
	}
	return false;
}

static bool
bind_folder(const char *dir)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/vi/LC_MESSAGES/" DOMAIN ".mo", dir);

	return n > 0 && (size_t)n < sizeof(path) && access(path, R_OK) == 0 &&
	    bindtextdomain(DOMAIN, dir) != NULL;
}

static bool
bind_anywhere(void)
{
	const char *wanted = getenv("VANTHU_LOCALEDIR");
	char beside[PATH_MAX];
	struct error e;

	if (wanted != NULL && *wanted != '\0' && bind_folder(wanted))
		return true;
	if (proc_self_dir(beside, sizeof(beside) - sizeof("/po"), &e) == 0) {
		strcat(beside, "/po");
		if (bind_folder(beside))
			return true;
	}
	return bind_folder(LOCALEDIR);
}

void
i18n_open(void)
{
	the_catalogue.user_reads_vietnamese = user_wants_vietnamese();
	if (setlocale(LC_ALL, "C.UTF-8") == NULL || setenv("LANGUAGE", "vi", 1) != 0 ||
	    !bind_anywhere() || bind_textdomain_codeset(DOMAIN, "UTF-8") == NULL)
		return;
	/* This first look-up also reads the file, which the sandbox will not allow later. */
	the_catalogue.loaded = strcmp(i18n_vi(PROBE), PROBE) != 0;
}

int
i18n_loaded(void)
{
	return the_catalogue.loaded;
}

const char *
i18n_vi(const char *english)
{
	/* The empty id is the catalogue's header, which is nobody's text. */
	return *english == '\0' ? english : dgettext(DOMAIN, english);
}

const char *
i18n_user(const char *english)
{
	return the_catalogue.user_reads_vietnamese ? i18n_vi(english) : english;
}
