/* SPDX-License-Identifier: Apache-2.0 */
/* keys.conf, read and checked; keys.conf(5) is its description. No key is opened here. */
#include "gateway/keys/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/conf.h"
#include "gateway/keys/keys_conf.h"
#include "gateway/keys/protocol.h"

#define PATH_BYTES_MAX 4096
#define CONF_ARENA_MAX (8 * 1024 * 1024)

static const struct conf_key root_keys[] = {
	{ .name = "log", .type = CONF_STRING, .required = true, .min = 1, .max = PATH_BYTES_MAX },
	{ .name = "keys", .type = CONF_GROUPS, .required = true },
};

static const struct conf_key entry_keys[] = {
	{ .name = "agency", .type = CONF_STRING, .required = true, .min = 1, .max = 63 },
	{ .name = "certificate",
	    .type = CONF_STRING,
	    .required = true,
	    .min = 1,
	    .max = PATH_BYTES_MAX },
	{ .name = "key", .type = CONF_STRING, .required = true, .min = 1, .max = PATH_BYTES_MAX },
	{ .name = "passphrase_file", .type = CONF_STRING, .min = 1, .max = PATH_BYTES_MAX },
	{ .name = "passphrase_fd", .type = CONF_STRING, .min = 1, .max = 31 },
	{ .name = "padding", .type = CONF_STRING },
	{ .name = "digests", .type = CONF_STRINGS },
	{ .name = "rate", .type = CONF_INT, .min = 1, .max = PERMIT_RATE_MAX },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A path of the file made absolute from the folder of keys.conf; NULL stays NULL. */
static int
path_from(struct keys_conf *c, const char *conf_path, const char *path, const char **out,
    struct error *e)
{
	struct buf joined;
	const char *slash = strrchr(conf_path, '/');

	*out = NULL;
	if (path == NULL)
		return 0;
	buf_init(&joined, 2 * PATH_BYTES_MAX);
	if (path[0] != '/' && slash != NULL)
		buf_put(&joined, conf_path, (size_t)(slash - conf_path) + 1);
	buf_put_str(&joined, path);
	*out = joined.failed ? NULL : arena_string(c->arena, buf_span(&joined));
	buf_free(&joined);
	return *out == NULL ? error_set(e, ERR_TEMP, "keys.conf: out of memory") : 0;
}

static int
read_digests(const struct conf_node *group, unsigned *out, struct error *e)
{
	const struct conf_node *list = conf_child(group, "digests");
	enum seal_digest d;

	*out = list == NULL ? 1u << SEAL_SHA256 : 0;
	for (size_t i = 0; list != NULL && i < conf_string_count(list); i++) {
		const char *name = conf_string_at(list, i);
		if (!seal_digest_parse(span_str(name), &d))
			return conf_error(list, e,
			    "digests: \"%s\" is not one of sha-256, sha-384, sha-512", name);
		*out |= 1u << d;
	}
	return *out == 0 ? conf_error(list, e, "digests: name at least one") : 0;
}

static int
read_entry(struct keys_conf *c, const char *path, const struct conf_node *group,
    struct keys_conf_entry *out, struct error *e)
{
	char where[PATH_BYTES_MAX];

	if (conf_check(group, entry_keys, COUNT(entry_keys), e) < 0)
		return -1;
	if (!seal_is_name(conf_string(group, "agency", "")))
		return conf_error(conf_child(group, "agency"), e,
		    "agency: \"%s\" has other characters than letters, digits and -_.",
		    conf_string(group, "agency", ""));
	const char *padding = conf_string(group, "padding", "pkcs1");
	if (strcmp(padding, "pkcs1") != 0 && strcmp(padding, "pss") != 0)
		return conf_error(conf_child(group, "padding"), e,
		    "padding: \"%s\" is neither pkcs1 nor pss", padding);
	out->pss = strcmp(padding, "pss") == 0;
	const char *passphrase_file = conf_string(group, "passphrase_file", NULL);
	const char *passphrase_fd = conf_string(group, "passphrase_fd", NULL);
	if (passphrase_file != NULL && passphrase_fd != NULL)
		return conf_error(
		    group, e, "passphrase_fd: passphrase_file is already there; keep one");
	out->rate = (unsigned)conf_int(group, "rate", KEYRING_RATE_DEFAULT);
	out->agency = arena_string(c->arena, span_str(conf_string(group, "agency", "")));
	out->where = arena_string(
	    c->arena, span_str(conf_where(group, where, sizeof(where))));
	if (passphrase_fd != NULL)
		out->passphrase_fd = arena_string(c->arena, span_str(passphrase_fd));
	if (out->agency == NULL || out->where == NULL ||
	    (passphrase_fd != NULL && out->passphrase_fd == NULL))
		return error_set(e, ERR_TEMP, "keys.conf: out of memory");
	if (read_digests(group, &out->digests, e) < 0 ||
	    path_from(c, path, conf_string(group, "certificate", NULL), &out->certificate,
	        e) < 0 ||
	    path_from(c, path, conf_string(group, "key", NULL), &out->key, e) < 0 ||
	    path_from(c, path, passphrase_file, &out->passphrase_file, e) < 0)
		return -1;
	return 0;
}

static int
read_root(struct keys_conf *c, const char *path, const struct conf *conf, struct error *e)
{
	const struct conf_node *root = conf_root(conf);

	if (conf_check(root, root_keys, COUNT(root_keys), e) < 0 ||
	    path_from(c, path, conf_string(root, "log", NULL), &c->log, e) < 0)
		return -1;
	const struct conf_node *list = conf_child(root, "keys");
	c->count = conf_count(list);
	if (c->count == 0 || c->count > KEYRING_KEYS_MAX)
		return conf_error(
		    list, e, "keys: 1 to %d of them, not %zu", KEYRING_KEYS_MAX, c->count);
	c->entries = arena_array(c->arena, c->count, sizeof(*c->entries));
	if (c->entries == NULL)
		return error_set(e, ERR_TEMP, "keys.conf: out of memory");
	for (size_t i = 0; i < c->count; i++)
		if (read_entry(c, path, conf_at(list, i), &c->entries[i], e) < 0)
			return -1;
	return 0;
}

int
keys_conf_load(const char *path, struct keys_conf **out, struct error *e)
{
	struct keys_conf *c = calloc(1, sizeof(*c));
	struct conf *conf = NULL;

	*out = NULL;
	if (c == NULL || (c->arena = arena_new(CONF_ARENA_MAX)) == NULL) {
		free(c);
		return error_set(e, ERR_TEMP, "keys.conf: out of memory");
	}
	if (conf_load(path, &conf, e) == 0 && read_root(c, path, conf, e) == 0)
		*out = c;
	else
		keys_conf_free(&c);
	conf_free(&conf);
	return *out == NULL ? -1 : 0;
}

void
keys_conf_free(struct keys_conf **c)
{
	if (*c == NULL)
		return;
	arena_free(&(*c)->arena);
	free(*c);
	*c = NULL;
}

size_t
keys_conf_count(const struct keys_conf *c)
{
	return c->count;
}

const char *
keys_conf_log(const struct keys_conf *c)
{
	return c->log;
}
