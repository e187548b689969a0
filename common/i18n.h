/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two languages side by side. English is the text in the code; the Vietnamese comes from
 * the message catalogue by gettext, in every process and whatever its locale, because what
 * a clerk reads carries both.
 */
#ifndef VANTHU_COMMON_I18N_H
#define VANTHU_COMMON_I18N_H

/* Mark a text for the catalogue where it stands in a table. */
#define N_(text) text

/*
 * Load the catalogue: from $VANTHU_LOCALEDIR, else beside the executable (build tree: po/
 * under the folder of the executable), else the installed place. Called once at start,
 * before the sandbox. A missing catalogue is not fatal; i18n_loaded() tells.
 */
void
i18n_open(void);

int
i18n_loaded(void);

/* The Vietnamese of an English text; the English when there is no translation. */
const char *
i18n_vi(const char *english) __attribute__((format_arg(1)));

/* What the operator's own locale asks for (LC_ALL, LC_MESSAGES, LANG): "vi..." gives the
 * Vietnamese, anything else the English. */
const char *
i18n_user(const char *english) __attribute__((format_arg(1)));

#define _(text) i18n_user(text)

#endif
