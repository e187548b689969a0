/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a configuration file and of what it includes, as one text, with the file and
 * line that each line came from. Refuses here what libconfig would read silently and wrongly.
 * Only for conf.c.
 */
#ifndef VANTHU_COMMON_CONF_TEXT_H
#define VANTHU_COMMON_CONF_TEXT_H

#include <stddef.h>

#include "common/error.h"

#define CONF_INCLUDE_DEPTH 10
#define CONF_FILES_MAX 64

struct conf_text;

/* Read the file and everything that it includes. Errors begin "FILE:LINE: ". */
int
conf_text_read(const char *path, struct conf_text **out, struct error *e);

void
conf_text_free(struct conf_text **t);

/* All of it, NUL-terminated, @include lines replaced by what they include. */
const char *
conf_text_whole(struct conf_text *t);

/* The names of the files that were read, in order. */
size_t
conf_text_file_count(const struct conf_text *t);
const char *
conf_text_file(const struct conf_text *t, size_t index);

/* Where line number `line` (from 1) of the whole came from; *file lives as long as t. */
void
conf_text_where(const struct conf_text *t, unsigned line, const char **file,
    unsigned *file_line);

#endif
