/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration files (libconfig syntax) read strictly: an unknown key, a wrong type, a
 * value out of range or a missing key is an error that begins "FILE:LINE: KEY:". The one
 * home of libconfig.h. Numbers must fit 32 bits unless they carry an L, since libconfig
 * silently wraps them; a literal that would wrap is refused by reading its text.
 * @include reaches only files of the same directory or below, by relative names.
 */
#ifndef VANTHU_COMMON_CONF_H
#define VANTHU_COMMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/error.h"

#define CONF_FILE_MAX (8 * 1024 * 1024) /* bytes of one file */

struct conf;      /* a file and what it includes */
struct conf_node; /* a setting inside it */

enum conf_type {
	CONF_STRING,
	CONF_INT,
	CONF_BOOL,
	CONF_GROUP,   /* { ... } */
	CONF_GROUPS,  /* ( { ... }, { ... } ) */
	CONF_STRINGS, /* [ "a", "b" ], or one string alone */
	CONF_LIST,    /* ( "a", { ... } ): strings and groups mixed, or as CONF_STRINGS */
};

struct conf_key {
	const char *name;
	enum conf_type type;
	bool required;
	int64_t min, max; /* CONF_INT: range; strings: length range in bytes; 0,0 = any */
};

/* Read a file. A file that others may write is refused (verdicts.md J01). */
int
conf_load(const char *path, struct conf **out, struct error *e);

void
conf_free(struct conf **c);

const struct conf_node *
conf_root(const struct conf *c);

/* The files that were read: the one of conf_load first, then what it includes. */
size_t
conf_file_count(const struct conf *c);
const char *
conf_file(const struct conf *c, size_t index);

/* SHA-256 over the text of the file with all that it includes. */
void
conf_digest(const struct conf *c, uint8_t out[32]);

/* Check a group against its keys. ERR_PERM with "FILE:LINE: KEY: what and what to do". */
int
conf_check(const struct conf_node *group, const struct conf_key *keys, size_t key_count,
    struct error *e);

/* Values, after conf_check; strings live as long as the conf. */
const char *
conf_string(const struct conf_node *group, const char *key, const char *fallback);
int64_t
conf_int(const struct conf_node *group, const char *key, int64_t fallback);
bool
conf_bool(const struct conf_node *group, const char *key, bool fallback);

/* A child setting, or NULL. */
const struct conf_node *
conf_child(const struct conf_node *group, const char *key);
/* Elements of a list, array or group. */
size_t
conf_count(const struct conf_node *node);
const struct conf_node *
conf_at(const struct conf_node *node, size_t index);
/* The string of CONF_STRINGS at index (index 0 for one string alone); NULL past the end. */
const char *
conf_string_at(const struct conf_node *node, size_t index);
size_t
conf_string_count(const struct conf_node *node);
/* A group, as against a string: for the elements of CONF_LIST. */
bool
conf_is_group(const struct conf_node *node);
/* The name of a setting inside a group; NULL in a list. */
const char *
conf_name(const struct conf_node *node);
/* "FILE:LINE" of a setting, into out[size]; returns out. */
const char *
conf_where(const struct conf_node *node, char *out, size_t size);

/* Set ERR_PERM "FILE:LINE: " + text for a node. Returns -1. */
int
conf_error(const struct conf_node *node, struct error *e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
