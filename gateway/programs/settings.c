/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vanthu.conf. Only its form is judged here: types, ranges, names, addresses. Whether the
 * folders exist, and what agencies.conf and routing.conf say, is for whoever opens them.
 * Everything is copied out, made absolute, and the file is forgotten.
 */
#include "gateway/programs/settings.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "gateway/model/limits.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define EX_USAGE 64

#define LONGEST_SOCKET "/inspect.sock"

struct loading {
	struct settings *s;
	const struct conf_node *root;
	char base[SETTINGS_PATH_MAX]; /* folder of the file, absolute, no slash at its end */
	struct error *e;
};

/* --- names and paths ----------------------------------------------------------------- */

/* Letters, figures, hyphens and dots as RFC 5321 has them in a Domain. */
static bool
is_host_name(struct span s)
{
	size_t label = 0;

	if (s.len == 0 || s.len > 253)
		return false;
	for (size_t i = 0; i <= s.len; i++) {
		uint8_t c = i < s.len ? s.ptr[i] : '.';

		if (c == '.') {
			if (label == 0 || label > 63 || s.ptr[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9') &&
		    !(c == '-' && label > 0))
			return false;
		label++;
	}
	return true;
}

/* A short name of ours: small letters, figures, hyphens. */
static bool
is_plain_name(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.ptr[i] >= 'a' && s.ptr[i] <= 'z') &&
		    !(s.ptr[i] >= '0' && s.ptr[i] <= '9') && s.ptr[i] != '-')
			return false;
	return s.len > 0;
}

static int
absolute(struct loading *l, const struct conf_node *where, const char *key,
    const char *path, char *out, size_t size)
{
	int n = path[0] == '/' ? snprintf(out, size, "%s", path)
	                       : snprintf(out, size, "%s/%s", l->base, path);

	if (n < 0 || (size_t)n >= size)
		return conf_error(where, l->e, "%s: the path is longer than %zu bytes", key,
		    size - 1);
	while (n > 1 && out[n - 1] == '/')
		out[--n] = '\0';
	return 0;
}

static int
load_path(struct loading *l, const struct conf_node *group, const char *key,
    const char *fallback, char out[SETTINGS_PATH_MAX])
{
	const struct conf_node *node = group == NULL ? NULL : conf_child(group, key);
	const char *path = node == NULL ? fallback : conf_string(group, key, fallback);

	out[0] = '\0';
	if (path[0] == '\0')
		return 0;
	return absolute(l, node == NULL ? l->root : node, key, path, out, SETTINGS_PATH_MAX);
}

static int
load_endpoint(struct loading *l, const struct conf_node *group, const char *key,
    struct endpoint *out)
{
	const struct conf_node *node = conf_child(group, key);
	char relative[sizeof(out->path)];
	struct error e;

	if (endpoint_parse(conf_string(group, key, ""), out, &e) != 0)
		return conf_error(node, l->e, "%s: %s", key, e.text);
	if (!out->is_unix)
		return 0;
	memcpy(relative, out->path, sizeof(relative));
	return absolute(l, node, key, relative, out->path, sizeof(out->path));
}

/* One of two words, the first if there is none. */
static int
load_choice(struct loading *l, const struct conf_node *group, const char *key,
    const char *first, const char *second, bool *is_second)
{
	const char *value = conf_string(group, key, first);

	*is_second = strcmp(value, second) == 0;
	if (*is_second || strcmp(value, first) == 0)
		return 0;
	return conf_error(conf_child(group, key), l->e, "%s: \"%s\" is neither \"%s\" nor \"%s\"",
	    key, value, first, second);
}

/* --- the groups ---------------------------------------------------------------------- */

static int
load_identity(struct loading *l, const struct conf_node *root)
{
	struct settings *s = l->s;
	const char *postmaster = conf_string(root, "postmaster", NULL);
	struct error e;

	snprintf(s->hostname, sizeof(s->hostname), "%s", conf_string(root, "hostname", ""));
	if (!is_host_name(span_str(s->hostname)))
		return conf_error(conf_child(root, "hostname"), l->e,
		    "hostname: not a host name, as in vanthu.bavi.hanoi.example");
	snprintf(s->act.authserv_id, sizeof(s->act.authserv_id), "%s",
	    conf_string(root, "authserv_id", s->hostname));
	if (!is_host_name(span_str(s->act.authserv_id)))
		return conf_error(conf_child(root, "authserv_id"), l->e,
		    "authserv_id: not a name in the form of a host name");
	if (postmaster == NULL)
		snprintf(s->act.postmaster, sizeof(s->act.postmaster), "postmaster@%.200s",
		    s->hostname);
	else
		snprintf(s->act.postmaster, sizeof(s->act.postmaster), "%s", postmaster);
	if (envelope_check_address(span_str(s->act.postmaster), false, false, &e) != 0)
		return conf_error(postmaster == NULL ? root : conf_child(root, "postmaster"),
		    l->e, "postmaster: %s", e.text);
	return load_choice(l, root, "log", "stderr", "syslog", &s->syslog);
}

static int
load_directories(struct loading *l, const struct conf_node *root)
{
	static const struct conf_key keys[] = {
		{ "run", CONF_STRING, false, 1, SETTINGS_PATH_MAX - 1 },
		{ "spool", CONF_STRING, false, 1, SETTINGS_PATH_MAX - 1 },
		{ "intake", CONF_STRING, false, 1, SETTINGS_PATH_MAX - 1 },
		{ "hold", CONF_STRING, false, 1, SETTINGS_PATH_MAX - 1 },
		{ "ledger", CONF_STRING, false, 1, SETTINGS_PATH_MAX - 1 },
	};
	const struct conf_node *group = conf_child(root, "directories");
	struct settings *s = l->s;
	struct {
		const char *key, *fallback;
		char *out;
	} const rows[] = {
		{ "run", RUNSTATEDIR "/vanthu", s->run_dir },
		{ "spool", LOCALSTATEDIR "/lib/vanthu/spool", s->spool_dir },
		{ "intake", LOCALSTATEDIR "/lib/vanthu/intake", s->intake_dir },
		{ "hold", LOCALSTATEDIR "/lib/vanthu/hold", s->hold_dir },
		{ "ledger", LOCALSTATEDIR "/lib/vanthu/ledger", s->ledger_dir },
	};

	if (group != NULL && conf_check(group, keys, COUNT(keys), l->e) != 0)
		return -1;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (load_path(l, group, rows[i].key, rows[i].fallback, rows[i].out) != 0)
			return -1;
		for (size_t k = 0; k < i; k++)
			if (strcmp(rows[i].out, rows[k].out) == 0)
				return conf_error(group == NULL ? l->root : group, l->e,
				    "directories: %s and %s are the same folder",
				    rows[k].key, rows[i].key);
	}
	if (strlen(s->run_dir) + sizeof(LONGEST_SOCKET) > sizeof(s->act.relay.path))
		return conf_error(group == NULL ? l->root : group, l->e,
		    "directories.run: too long for the sockets that stand in it");
	snprintf(s->act.intake_dir, sizeof(s->act.intake_dir), "%s", s->intake_dir);
	snprintf(s->act.hold_dir, sizeof(s->act.hold_dir), "%s", s->hold_dir);
	snprintf(s->act.spool_dir, sizeof(s->act.spool_dir), "%s", s->spool_dir);
	return 0;
}

static int
load_policy(struct loading *l, const struct conf_node *root)
{
	static const struct conf_key keys[] = {
		{ "agencies", CONF_STRING, false, 1, SETTINGS_PATH_MAX - 1 },
		{ "routing", CONF_STRING, false, 1, SETTINGS_PATH_MAX - 1 },
		{ "crls", CONF_STRING, false, 0, SETTINGS_PATH_MAX - 1 },
		{ "profile", CONF_STRING, false, 1, 63 },
	};
	const struct conf_node *group = conf_child(root, "policy");
	struct settings *s = l->s;

	if (group != NULL && conf_check(group, keys, COUNT(keys), l->e) != 0)
		return -1;
	snprintf(s->profile, sizeof(s->profile), "%s",
	    group == NULL ? "strict" : conf_string(group, "profile", "strict"));
	if (load_path(l, group, "agencies", "agencies.conf", s->agencies) != 0 ||
	    load_path(l, group, "routing", "routing.conf", s->routing) != 0 ||
	    load_path(l, group, "crls", "", s->crl_dir) != 0)
		return -1;
	return load_path(l, root, "keys", "keys.conf", s->keys);
}

/* "0660": octal, for the three classes only. */
static int
load_mode(struct loading *l, const struct conf_node *group, unsigned *out)
{
	struct span text = span_str(conf_string(group, "mode", "0660"));
	unsigned mode = 0;
	bool good = text.len == 4 && text.ptr[0] == '0';

	for (size_t i = 1; good && i < text.len; i++) {
		good = text.ptr[i] >= '0' && text.ptr[i] <= '7';
		mode = mode * 8 + (unsigned)(text.ptr[i] - '0');
	}
	if (!good)
		return conf_error(conf_child(group, "mode"), l->e,
		    "mode: must be octal in four figures, as in \"0660\"");
	*out = mode;
	return 0;
}

static int
load_listener(struct loading *l, const struct conf_node *group)
{
	static const struct conf_key keys[] = {
		{ "name", CONF_STRING, true, 1, 31 },
		{ "zone", CONF_STRING, true, 1, 31 },
		{ "protocol", CONF_STRING, true, 1, 31 },
		{ "at", CONF_STRING, true, 1, 127 },
		{ "mode", CONF_STRING, false, 1, 31 },
		{ "group", CONF_STRING, false, 0, 31 },
	};
	struct settings_listener *out = &l->s->listeners[l->s->listener_count];
	bool inside;

	if (conf_check(group, keys, COUNT(keys), l->e) != 0)
		return -1;
	snprintf(out->name, sizeof(out->name), "%s", conf_string(group, "name", ""));
	if (!is_plain_name(span_str(out->name)))
		return conf_error(conf_child(group, "name"), l->e,
		    "name: \"%s\" has other characters than a-z, 0-9 and -", out->name);
	for (unsigned i = 0; i < l->s->listener_count; i++)
		if (strcmp(l->s->listeners[i].name, out->name) == 0)
			return conf_error(conf_child(group, "name"), l->e,
			    "name: \"%s\" is the name of another listener", out->name);
	if (load_choice(l, group, "zone", "outside", "inside", &inside) != 0 ||
	    load_choice(l, group, "protocol", "smtp", "lmtp", &out->lmtp) != 0 ||
	    load_endpoint(l, group, "at", &out->at) != 0 ||
	    load_mode(l, group, &out->mode) != 0)
		return -1;
	out->zone = inside ? ZONE_INSIDE : ZONE_OUTSIDE;
	snprintf(out->group, sizeof(out->group), "%s", conf_string(group, "group", ""));
	for (size_t i = 0; i < 2; i++) {
		const char *key = i == 0 ? "mode" : "group";

		if (!out->at.is_unix && conf_child(group, key) != NULL)
			return conf_error(conf_child(group, key), l->e,
			    "%s: only a unix socket has one", key);
	}
	l->s->listener_count++;
	return 0;
}

static int
load_listeners(struct loading *l, const struct conf_node *root)
{
	const struct conf_node *list = conf_child(root, "listen");
	size_t count = conf_count(list);

	if (count == 0 || count > SETTINGS_LISTENERS_MAX)
		return conf_error(list, l->e, "listen: has %zu listeners; 1 to %d are allowed",
		    count, SETTINGS_LISTENERS_MAX);
	for (size_t i = 0; i < count; i++)
		if (load_listener(l, conf_at(list, i)) != 0)
			return -1;
	return 0;
}

static int
load_relay(struct loading *l, const struct conf_node *root)
{
	static const struct conf_key keys[] = {
		{ "to", CONF_STRING, true, 1, 127 },
		{ "protocol", CONF_STRING, false, 1, 31 },
	};
	const struct conf_node *group = conf_child(root, "relay");

	if (conf_check(group, keys, COUNT(keys), l->e) != 0 ||
	    load_endpoint(l, group, "to", &l->s->act.relay) != 0)
		return -1;
	return load_choice(l, group, "protocol", "smtp", "lmtp", &l->s->act.relay_lmtp);
}

/* A group of whole numbers, each with its range and its default. */
struct number {
	const char *key;
	int64_t min, max, fallback;
	unsigned *out;
};

#define NUMBERS_MAX 16

static int
load_numbers(struct loading *l, const struct conf_node *root, const char *name,
    const struct number *numbers, size_t count)
{
	const struct conf_node *group = conf_child(root, name);
	struct conf_key keys[NUMBERS_MAX];

	if (count > NUMBERS_MAX)
		return error_set(l->e, ERR_BUG, "%s: more numbers than NUMBERS_MAX", name);
	for (size_t i = 0; i < count; i++)
		keys[i] = (struct conf_key){ numbers[i].key, CONF_INT, false, numbers[i].min,
			numbers[i].max };
	if (group != NULL && conf_check(group, keys, count, l->e) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		*numbers[i].out = (unsigned)(group == NULL
		        ? numbers[i].fallback
		        : conf_int(group, numbers[i].key, numbers[i].fallback));
	return 0;
}

static int
load_workers(struct loading *l, const struct conf_node *root)
{
	struct settings *s = l->s;
	const struct number numbers[] = {
		{ "sessions", 1, SETTINGS_SESSIONS_MAX, 8, &s->sessions },
		{ "inspectors", 1, 200, 4, &s->inspectors },
		{ "session_messages", 1, 1000000, 1000, &s->session_messages },
		{ "inspect_messages", 1, 1000000, 200, &s->inspect_messages },
		/* Below the 300 s that one message has in all. */
		{ "inspect_timeout", 1, 240, 60, &s->inspect_timeout_seconds },
	};

	return load_numbers(l, root, "workers", numbers, COUNT(numbers));
}

static int
load_limits(struct loading *l, const struct conf_node *root)
{
	struct smtp_limits *m = &l->s->limits;
	unsigned message = 0;
	const struct number numbers[] = {
		{ "message", 64 * 1024, LIMIT_MESSAGE_BYTES, LIMIT_MESSAGE_BYTES / 2,
		    &message },
		{ "recipients", 1, LIMIT_RECIPIENTS, LIMIT_RECIPIENTS, &m->recipients },
		{ "commands", 10, 1000000, 10000, &m->commands },
		{ "errors", 1, 1000, 20, &m->errors },
		{ "command_seconds", 1, 3600, 300, &m->command_seconds },
		{ "data_seconds", 1, 3600, 180, &m->data_seconds },
		{ "session_seconds", 1, 86400, 3600, &m->session_seconds },
		{ "hold_days", 1, 3650, 30, &l->s->act.hold_days },
		{ "retry_days", 1, 60, 5, &l->s->retry_days },
	};

	if (load_numbers(l, root, "limits", numbers, COUNT(numbers)) != 0)
		return -1;
	m->message_bytes = message;
	m->messages = l->s->session_messages;
	return 0;
}

static int
load_users(struct loading *l, const struct conf_node *root)
{
	static const struct conf_key keys[] = {
		{ "session", CONF_STRING, false, 0, 31 },
		{ "inspect", CONF_STRING, false, 0, 31 },
		{ "keyd", CONF_STRING, false, 0, 31 },
		{ "ledger", CONF_STRING, false, 0, 31 },
	};
	const struct conf_node *group = conf_child(root, "users");
	struct settings_users *u = &l->s->users;
	char *const out[] = { u->session, u->inspect, u->keyd, u->ledger };

	if (group == NULL)
		return 0;
	if (conf_check(group, keys, COUNT(keys), l->e) != 0)
		return -1;
	for (size_t i = 0; i < COUNT(out); i++)
		snprintf(out[i], sizeof(u->session), "%s", conf_string(group, keys[i].name, ""));
	return 0;
}

static int
load_sandbox(struct loading *l, const struct conf_node *root)
{
	static const struct conf_key keys[] = { { "landlock", CONF_STRING, false, 1, 31 } };
	const struct conf_node *group = conf_child(root, "sandbox");

	if (group == NULL)
		return 0;
	if (conf_check(group, keys, COUNT(keys), l->e) != 0)
		return -1;
	return load_choice(l, group, "landlock", "required", "optional",
	    &l->s->without_landlock);
}

/* --- the file ------------------------------------------------------------------------ */

static int
load_all(struct loading *l, const struct conf_node *root)
{
	static const struct conf_key keys[] = {
		{ "hostname", CONF_STRING, true, 1, 253 },
		{ "authserv_id", CONF_STRING, false, 1, 253 },
		{ "postmaster", CONF_STRING, false, 1, LIMIT_ADDRESS_BYTES },
		{ "directories", CONF_GROUP, false, 0, 0 },
		{ "policy", CONF_GROUP, false, 0, 0 },
		{ "keys", CONF_STRING, false, 1, SETTINGS_PATH_MAX - 1 },
		{ "listen", CONF_GROUPS, true, 0, 0 },
		{ "relay", CONF_GROUP, true, 0, 0 },
		{ "workers", CONF_GROUP, false, 0, 0 },
		{ "limits", CONF_GROUP, false, 0, 0 },
		{ "users", CONF_GROUP, false, 0, 0 },
		{ "sandbox", CONF_GROUP, false, 0, 0 },
		{ "log", CONF_STRING, false, 1, 31 },
	};

	if (conf_check(root, keys, COUNT(keys), l->e) != 0)
		return -1;
	if (load_identity(l, root) != 0 || load_directories(l, root) != 0 ||
	    load_policy(l, root) != 0 || load_listeners(l, root) != 0 ||
	    load_relay(l, root) != 0 || load_workers(l, root) != 0 ||
	    load_limits(l, root) != 0 || load_users(l, root) != 0)
		return -1;
	return load_sandbox(l, root);
}

/* The folder of the file, absolute. */
static int
find_base(const char *path, char base[SETTINGS_PATH_MAX], struct error *e)
{
	const char *slash = strrchr(path, '/');
	int len = slash == NULL ? 0 : (int)(slash - path), n;
	char here[PATH_MAX];

	if (path[0] == '/') {
		n = snprintf(base, SETTINGS_PATH_MAX, "%.*s", len, path);
	} else {
		if (getcwd(here, sizeof(here)) == NULL)
			return error_set(e, ERR_TEMP, "%s: the working folder is gone", path);
		n = snprintf(base, SETTINGS_PATH_MAX, "%s%s%.*s", here, len > 0 ? "/" : "", len,
		    path);
	}
	if (n < 0 || n >= SETTINGS_PATH_MAX)
		return error_set(e, ERR_PERM, "%s: the path is too long", path);
	return 0;
}

int
settings_load(const char *path, struct settings **out, struct error *e)
{
	struct loading l = { .e = e };
	struct conf *file = NULL;
	int result = -1;

	*out = NULL;
	l.s = calloc(1, sizeof(*l.s));
	if (l.s == NULL)
		return error_set(e, ERR_TEMP, "no memory");
	snprintf(l.s->file, sizeof(l.s->file), "%s", path);
	if (find_base(path, l.base, e) != 0 || conf_load(path, &file, e) != 0)
		goto out;
	l.root = conf_root(file);
	result = load_all(&l, l.root);
out:
	conf_free(&file);
	if (result != 0)
		settings_free(&l.s);
	*out = l.s;
	return result;
}

void
settings_free(struct settings **s)
{
	free(*s);
	*s = NULL;
}

const char *
settings_socket(const struct settings *s, const char *name, char out[SETTINGS_PATH_MAX])
{
	int n = snprintf(out, SETTINGS_PATH_MAX, "%s/%s.sock", s->run_dir, name);

	/* The length of run_dir was checked; a name of ours is short. */
	if (n < 0 || n >= SETTINGS_PATH_MAX)
		out[0] = '\0';
	return out;
}

/* --- the command line ---------------------------------------------------------------- */

static _Noreturn void
usage(const char *program, const char *purpose, int status)
{
	fprintf(status == 0 ? stdout : stderr,
	    "%s: %s\n"
	    "usage: %s --config FILE [--fd NAME=N]...\n"
	    "       %s --help | --version\n",
	    program, purpose, program, program);
	exit(status);
}

static bool
parse_fd(const char *text, struct settings_arguments *out)
{
	const char *equals = strchr(text, '=');
	size_t len = equals == NULL ? 0 : (size_t)(equals - text);
	char *end;
	long fd;

	if (len == 0 || len >= sizeof(out->fds[0].name) || out->fd_count == SETTINGS_FDS_MAX)
		return false;
	fd = strtol(equals + 1, &end, 10);
	if (end == equals + 1 || *end != '\0' || fd < 3 || fd > 1023)
		return false;
	memcpy(out->fds[out->fd_count].name, text, len);
	out->fds[out->fd_count].name[len] = '\0';
	out->fds[out->fd_count].fd = (int)fd;
	out->fd_count++;
	return true;
}

void
settings_arguments(int argc, char **argv, const char *purpose,
    struct settings_arguments *out)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "fd", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *program = argc == 0 ? "vanthu" : slash == NULL ? argv[0] : slash + 1;
	int option;

	memset(out, 0, sizeof(*out));
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			out->config = optarg;
			break;
		case 'f':
			if (!parse_fd(optarg, out)) {
				fprintf(stderr, "%s: --fd %s: must be NAME=N\n", program, optarg);
				usage(program, purpose, EX_USAGE);
			}
			break;
		case 'h':
			usage(program, purpose, 0);
		case 'v':
			printf("%s %s\n", program, PACKAGE_VERSION);
			exit(0);
		default:
			usage(program, purpose, EX_USAGE);
		}
	}
	if (out->config == NULL || optind != argc)
		usage(program, purpose, EX_USAGE);
}

int
settings_fd(const struct settings_arguments *a, const char *name)
{
	for (unsigned i = 0; i < a->fd_count; i++)
		if (strcmp(a->fds[i].name, name) == 0)
			return a->fds[i].fd;
	return -1;
}
