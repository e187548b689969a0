/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration: libconfig's tree behind strict checks. conf_text.c reads the files and
 * refuses what libconfig would misread; here the tree is checked against tables of keys.
 *
 * A conf_node is a config_setting_t under another name; a setting knows its config_t, which
 * is the first member of struct conf, so a node alone is enough to say its file and line.
 */
#include "common/conf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libconfig.h>

#include "common/conf_text.h"
#include "common/digest.h"

#define KEY_PATH_MAX 200

struct conf {
	config_t config; /* first: see owner() */
	struct conf_text *text;
};

static config_setting_t *
setting_of(const struct conf_node *node)
{
	return (config_setting_t *)(uintptr_t)node;
}

static const struct conf_node *
node_of(const config_setting_t *setting)
{
	return (const struct conf_node *)setting;
}

static const struct conf *
owner(const config_setting_t *setting)
{
	return (const struct conf *)(const void *)setting->config;
}

int
conf_load(const char *path, struct conf **out, struct error *e)
{
	struct conf *c = calloc(1, sizeof(*c));
	const char *file;
	unsigned line;

	*out = NULL;
	if (c == NULL)
		return error_set(e, ERR_TEMP, "no memory");
	config_init(&c->config);
	if (conf_text_read(path, &c->text, e) != 0) {
		conf_free(&c);
		return -1;
	}
	if (config_read_string(&c->config, conf_text_whole(c->text)) != CONFIG_TRUE) {
		int at = config_error_line(&c->config);

		conf_text_where(c->text, at > 0 ? (unsigned)at : 1, &file, &line);
		error_set(e, ERR_PERM, "%s:%u: %s", file, line,
		    config_error_text(&c->config));
		conf_free(&c);
		return -1;
	}
	*out = c;
	return 0;
}

void
conf_free(struct conf **c)
{
	if (*c == NULL)
		return;
	config_destroy(&(*c)->config);
	conf_text_free(&(*c)->text);
	free(*c);
	*c = NULL;
}

const struct conf_node *
conf_root(const struct conf *c)
{
	return node_of(config_root_setting(&c->config));
}

void
conf_digest(const struct conf *c, uint8_t out[32])
{
	digest_of(span_str(conf_text_whole(c->text)), out);
}

size_t
conf_file_count(const struct conf *c)
{
	return conf_text_file_count(c->text);
}

const char *
conf_file(const struct conf *c, size_t index)
{
	return conf_text_file(c->text, index);
}

const char *
conf_where(const struct conf_node *node, char *out, size_t size)
{
	const config_setting_t *s = setting_of(node);
	const char *file;
	unsigned line;

	conf_text_where(owner(s)->text, config_setting_source_line(s), &file, &line);
	snprintf(out, size, "%s:%u", file, line);
	return out;
}

int
conf_error(const struct conf_node *node, struct error *e, const char *format, ...)
{
	char where[ERROR_TEXT_MAX], text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	conf_where(node, where, sizeof(where));
	return error_set(e, ERR_PERM, "%s: %s", where, text);
}

/* --- checking ------------------------------------------------------------------------ */

/* "listen[0].zone": the way from the root, built from its end. */
static const char *
key_path(const config_setting_t *s, char out[KEY_PATH_MAX])
{
	char piece[KEY_PATH_MAX], rest[KEY_PATH_MAX];

	out[0] = '\0';
	for (; s != NULL && !config_setting_is_root(s); s = config_setting_parent(s)) {
		bool dot = out[0] != '\0' && out[0] != '[';

		if (config_setting_name(s) != NULL)
			snprintf(piece, sizeof(piece), "%s%s", config_setting_name(s),
			    dot ? "." : "");
		else
			snprintf(piece, sizeof(piece), "[%d]%s", config_setting_index(s),
			    dot ? "." : "");
		memcpy(rest, out, sizeof(rest));
		snprintf(out, KEY_PATH_MAX, "%.*s%.*s", 60, piece, 120, rest);
	}
	return out;
}

static int
key_error(const config_setting_t *s, struct error *e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int
key_error(const config_setting_t *s, struct error *e, const char *format, ...)
{
	char path[KEY_PATH_MAX], text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	key_path(s, path);
	return conf_error(node_of(s), e, "%s%s%s", path, path[0] != '\0' ? ": " : "", text);
}

static int
check_length(const config_setting_t *s, const char *value, const struct conf_key *key,
    struct error *e)
{
	int64_t len = (int64_t)strlen(value);

	if ((key->min == 0 && key->max == 0) || (len >= key->min && len <= key->max))
		return 0;
	if (len == 0)
		return key_error(s, e, "must not be empty");
	return key_error(s, e, "has %" PRId64 " bytes; %" PRId64 " to %" PRId64
	    " are allowed", len, key->min, key->max);
}

static int
check_int(const config_setting_t *s, const struct conf_key *key, struct error *e)
{
	int64_t value;

	if (config_setting_type(s) != CONFIG_TYPE_INT &&
	    config_setting_type(s) != CONFIG_TYPE_INT64)
		return key_error(s, e, "must be a whole number, as in %s = %" PRId64 ";",
		    key->name, key->min > 0 ? key->min : 1);
	value = config_setting_get_int64(s);
	if ((key->min != 0 || key->max != 0) && (value < key->min || value > key->max))
		return key_error(s, e, "%" PRId64 " is not within %" PRId64 " to %" PRId64,
		    value, key->min, key->max);
	return 0;
}

static int
check_groups(const config_setting_t *s, struct error *e)
{
	if (config_setting_type(s) != CONFIG_TYPE_LIST)
		return key_error(s, e, "must be a list of groups: ( { ... }, { ... } )");
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *child = config_setting_get_elem(s, (unsigned)i);

		if (config_setting_type(child) != CONFIG_TYPE_GROUP)
			return key_error(child, e, "must be a group: { ... }");
	}
	return 0;
}

static int
check_strings(const config_setting_t *s, const struct conf_key *key, struct error *e)
{
	bool groups = key->type == CONF_LIST;
	int type = config_setting_type(s);

	if (type == CONFIG_TYPE_STRING)
		return check_length(s, config_setting_get_string(s), key, e);
	if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
		return key_error(s, e, "must be %s",
		    groups ? "strings or groups: ( \"a\", { ... } )"
		           : "strings: [ \"a\", \"b\" ]");
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *child = config_setting_get_elem(s, (unsigned)i);

		if (groups && config_setting_type(child) == CONFIG_TYPE_GROUP)
			continue;
		if (config_setting_type(child) != CONFIG_TYPE_STRING)
			return key_error(child, e, "must be a string: \"...\"");
		if (check_length(child, config_setting_get_string(child), key, e) != 0)
			return -1;
	}
	return 0;
}

static int
check_value(const config_setting_t *s, const struct conf_key *key, struct error *e)
{
	switch (key->type) {
	case CONF_STRING:
		if (config_setting_type(s) != CONFIG_TYPE_STRING)
			return key_error(s, e, "must be a string, as in %s = \"...\";",
			    key->name);
		return check_length(s, config_setting_get_string(s), key, e);
	case CONF_INT:
		return check_int(s, key, e);
	case CONF_BOOL:
		if (config_setting_type(s) != CONFIG_TYPE_BOOL)
			return key_error(s, e, "must be true or false");
		return 0;
	case CONF_GROUP:
		if (config_setting_type(s) != CONFIG_TYPE_GROUP)
			return key_error(s, e, "must be a group: { ... }");
		return 0;
	case CONF_GROUPS:
		return check_groups(s, e);
	case CONF_STRINGS:
	case CONF_LIST:
		return check_strings(s, key, e);
	}
	return key_error(s, e, "a type that is not known to the program");
}

static int
unknown_key(const config_setting_t *s, const struct conf_key *keys, size_t key_count,
    struct error *e)
{
	char known[160];
	size_t len = 0;

	known[0] = '\0';
	for (size_t i = 0; i < key_count; i++) {
		int n = snprintf(known + len, sizeof(known) - len, "%s%s",
		    i > 0 ? ", " : "", keys[i].name);

		if (n < 0 || len + (size_t)n >= sizeof(known))
			break;
		len += (size_t)n;
	}
	known[len] = '\0'; /* without the name that was cut */
	return key_error(s, e, "unknown key; known here: %s", known);
}

int
conf_check(const struct conf_node *group, const struct conf_key *keys, size_t key_count,
    struct error *e)
{
	const config_setting_t *s = setting_of(group);

	if (config_setting_type(s) != CONFIG_TYPE_GROUP)
		return key_error(s, e, "must be a group: { ... }");
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *child = config_setting_get_elem(s, (unsigned)i);
		size_t k = 0;

		while (k < key_count && strcmp(keys[k].name, config_setting_name(child)) != 0)
			k++;
		if (k == key_count)
			return unknown_key(child, keys, key_count, e);
		if (check_value(child, &keys[k], e) != 0)
			return -1;
	}
	for (size_t k = 0; k < key_count; k++)
		if (keys[k].required && conf_child(group, keys[k].name) == NULL)
			return key_error(s, e, "the key \"%s\" is missing", keys[k].name);
	return 0;
}

/* --- values -------------------------------------------------------------------------- */

const struct conf_node *
conf_child(const struct conf_node *group, const char *key)
{
	return node_of(config_setting_get_member(setting_of(group), key));
}

const char *
conf_string(const struct conf_node *group, const char *key, const char *fallback)
{
	const struct conf_node *child = conf_child(group, key);
	const char *value = child == NULL ? NULL
	                                  : config_setting_get_string(setting_of(child));

	return value == NULL ? fallback : value;
}

int64_t
conf_int(const struct conf_node *group, const char *key, int64_t fallback)
{
	const struct conf_node *child = conf_child(group, key);

	return child == NULL ? fallback : config_setting_get_int64(setting_of(child));
}

bool
conf_bool(const struct conf_node *group, const char *key, bool fallback)
{
	const struct conf_node *child = conf_child(group, key);

	return child == NULL ? fallback : config_setting_get_bool(setting_of(child)) != 0;
}

size_t
conf_count(const struct conf_node *node)
{
	int n = node == NULL ? 0 : config_setting_length(setting_of(node));

	return n > 0 ? (size_t)n : 0;
}

const struct conf_node *
conf_at(const struct conf_node *node, size_t index)
{
	if (index >= conf_count(node))
		return NULL;
	return node_of(config_setting_get_elem(setting_of(node), (unsigned)index));
}

size_t
conf_string_count(const struct conf_node *node)
{
	if (node != NULL && config_setting_type(setting_of(node)) == CONFIG_TYPE_STRING)
		return 1;
	return conf_count(node);
}

const char *
conf_string_at(const struct conf_node *node, size_t index)
{
	if (index >= conf_string_count(node))
		return NULL;
	if (config_setting_type(setting_of(node)) == CONFIG_TYPE_STRING)
		return config_setting_get_string(setting_of(node));
	return config_setting_get_string_elem(setting_of(node), (int)index);
}

bool
conf_is_group(const struct conf_node *node)
{
	return config_setting_type(setting_of(node)) == CONFIG_TYPE_GROUP;
}

const char *
conf_name(const struct conf_node *node)
{
	return config_setting_name(setting_of(node));
}
