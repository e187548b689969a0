/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots. A copy holds vanthu.conf (written anew from the settings, every path absolute),
 * agencies/ (agencies.conf, what it includes, the anchors below its folder) and routing/.
 * Only files that a configuration names are copied: nothing is found by looking, so a key
 * that lies beside them stays where it is.
 *
 * A copy is made under its final name; it counts only once snapshot_take has returned, and
 * what a crash leaves is removed at the next start.
 */
#include "gateway/programs/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/io.h"
#include "gateway/decide/directory.h"
#include "gateway/decide/policy.h"

#define TEXT_MAX (64 * 1024)
#define NAME "config."
#define FOLDER_MODE 0755 /* every role reads it; there is nothing secret in it */
#define FILE_MODE 0644

/* --- checking ------------------------------------------------------------------------ */

static int
check_folders(const struct settings *s, struct error *e)
{
	const struct {
		const char *key, *path;
	} rows[] = { { "directories.spool", s->spool_dir },
		{ "directories.intake", s->intake_dir }, { "directories.hold", s->hold_dir },
		{ "directories.ledger", s->ledger_dir }, { "policy.crls", s->crl_dir } };
	struct stat st;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].path[0] == '\0')
			continue;
		if (stat(rows[i].path, &st) != 0)
			return error_errno(e, ERR_PERM, errno, "%s: %s: %s", s->file, rows[i].key,
			    rows[i].path);
		if (!S_ISDIR(st.st_mode))
			return error_set(e, ERR_PERM, "%s: %s: %s is not a folder", s->file,
			    rows[i].key, rows[i].path);
	}
	return 0;
}

static int
check_policy(const struct settings *s, struct directory **d, struct error *e)
{
	struct policy *p = NULL;
	int result = -1;

	if (directory_load(s->agencies, d, e) == 0 && policy_load(s->routing, *d, &p, e) == 0)
		result = 0;
	policy_free(&p);
	return result;
}

int
snapshot_check(const char *path, struct settings **out, struct error *e)
{
	struct directory *d = NULL;

	if (settings_load(path, out, e) == 0 &&
	    (check_folders(*out, e) != 0 || check_policy(*out, &d, e) != 0))
		settings_free(out);
	directory_free(&d);
	return *out != NULL ? 0 : -1;
}

/* --- vanthu.conf, written anew ------------------------------------------------------- */

static void
put_string(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, "%s = \"", key);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			buf_put_byte(out, '\\');
		buf_put_byte(out, (uint8_t)*value);
	}
	buf_put_str(out, "\";\n");
}

static void
put_endpoint(struct buf *out, const char *key, const struct endpoint *at)
{
	char text[128];

	put_string(out, key, endpoint_text(at, text));
}

static void
put_listeners(struct buf *out, const struct settings *s)
{
	char mode[16];

	buf_put_str(out, "listen = (\n");
	for (unsigned i = 0; i < s->listener_count; i++) {
		const struct settings_listener *l = &s->listeners[i];

		buf_put_str(out, i > 0 ? ", {\n" : "{\n");
		put_string(out, "name", l->name);
		put_string(out, "zone", l->zone == ZONE_INSIDE ? "inside" : "outside");
		put_string(out, "protocol", l->lmtp ? "lmtp" : "smtp");
		put_endpoint(out, "at", &l->at);
		if (l->at.is_unix) {
			snprintf(mode, sizeof(mode), "%04o", l->mode);
			put_string(out, "mode", mode);
			put_string(out, "group", l->group);
		}
		buf_put_str(out, "}\n");
	}
	buf_put_str(out, ");\n");
}

static void
put_numbers(struct buf *out, const struct settings *s)
{
	const struct smtp_limits *m = &s->limits;

	buf_printf(out,
	    "workers = { sessions = %u; inspectors = %u; session_messages = %u;\n"
	    "inspect_messages = %u; inspect_timeout = %u; };\n",
	    s->sessions, s->inspectors, s->session_messages, s->inspect_messages,
	    s->inspect_timeout_seconds);
	buf_printf(out,
	    "limits = { message = %zu; recipients = %u; commands = %u; errors = %u;\n"
	    "command_seconds = %u; data_seconds = %u; session_seconds = %u; };\n",
	    m->message_bytes, m->recipients, m->commands, m->errors, m->command_seconds,
	    m->data_seconds, m->session_seconds);
}

void
snapshot_write(const struct settings *s, const char *agencies, const char *routing,
    struct buf *out)
{
	buf_put_str(out, "# Written by vanthud: the running configuration. Do not edit.\n");
	put_string(out, "hostname", s->hostname);
	put_string(out, "authserv_id", s->act.authserv_id);
	put_string(out, "postmaster", s->act.postmaster);
	buf_put_str(out, "directories = {\n");
	put_string(out, "run", s->run_dir);
	put_string(out, "spool", s->spool_dir);
	put_string(out, "intake", s->intake_dir);
	put_string(out, "hold", s->hold_dir);
	put_string(out, "ledger", s->ledger_dir);
	buf_put_str(out, "};\npolicy = {\n");
	put_string(out, "agencies", agencies);
	put_string(out, "routing", routing);
	put_string(out, "crls", s->crl_dir);
	put_string(out, "profile", s->profile);
	buf_put_str(out, "};\n");
	put_string(out, "keys", s->keys);
	put_listeners(out, s);
	buf_put_str(out, "relay = {\n");
	put_endpoint(out, "to", &s->act.relay);
	put_string(out, "protocol", s->act.relay_lmtp ? "lmtp" : "smtp");
	buf_put_str(out, "};\n");
	put_numbers(out, s);
	buf_put_str(out, "users = {\n");
	put_string(out, "session", s->users.session);
	put_string(out, "inspect", s->users.inspect);
	put_string(out, "keyd", s->users.keyd);
	put_string(out, "ledger", s->users.ledger);
	buf_put_str(out, "};\nsandbox = {\n");
	put_string(out, "landlock", s->without_landlock ? "optional" : "required");
	buf_put_str(out, "};\n");
	put_string(out, "log", s->syslog ? "syslog" : "stderr");
}

/* --- copying ------------------------------------------------------------------------- */

static int
make_folder(const char *path, struct error *e)
{
	if (mkdir(path, FOLDER_MODE) != 0 && errno != EEXIST)
		return error_errno(e, ERR_TEMP, errno, "%s", path);
	/* Whatever the umask: the roles are other users. */
	if (chmod(path, FOLDER_MODE) != 0)
		return error_errno(e, ERR_TEMP, errno, "%s", path);
	return 0;
}

/* The folders of `path` behind its first `from` bytes. */
static int
make_folders(char *path, size_t from, struct error *e)
{
	int result = 0;

	for (char *slash = strchr(path + from, '/'); slash != NULL && result == 0;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		result = make_folder(path, e);
		*slash = '/';
	}
	return result;
}

static int
write_file(const char *path, struct span bytes, struct error *e)
{
	int result = -1;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);

	if (fd < 0 || fchmod(fd, FILE_MODE) != 0)
		error_errno(e, ERR_TEMP, errno, "%s", path);
	else if (io_write_all(fd, bytes, e) != 0)
		error_prefix(e, "%s", path);
	else
		result = 0;
	io_close(&fd);
	return result;
}

/* An anchor may be a symbolic link, as those of ca-certificates are: the copy is a file. */
static int
read_file(const char *path, struct buf *out, struct error *e)
{
	struct stat st;
	int result = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) != 0)
		error_errno(e, ERR_PERM, errno, "%s", path);
	else if (!S_ISREG(st.st_mode))
		error_set(e, ERR_PERM, "%s: not a regular file", path);
	else if (io_read_rest(fd, CONF_FILE_MAX, out, e) != 0)
		error_prefix(e, "%s", path);
	else
		result = 0;
	io_close(&fd);
	return result;
}

/* A folder of the configuration and its copy, neither with a slash at its end. */
struct copying {
	char from[SETTINGS_PATH_MAX], to[SETTINGS_PATH_MAX];
	struct error *e;
};

static bool
begins_with(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/';
}

/* Copy one file that lies below `from` to the same place below `to`. */
static int
copy_file(const struct copying *c, const char *path)
{
	char target[2 * SETTINGS_PATH_MAX];
	struct buf bytes;
	int result = -1;
	int n = snprintf(target, sizeof(target), "%s%s", c->to, path + strlen(c->from));

	if (n < 0 || (size_t)n >= sizeof(target))
		return error_set(c->e, ERR_PERM, "%s: the path is too long", path);
	buf_init(&bytes, CONF_FILE_MAX);
	if (make_folders(target, strlen(c->to) + 1, c->e) == 0 &&
	    read_file(path, &bytes, c->e) == 0)
		result = write_file(target, buf_span(&bytes), c->e);
	buf_free(&bytes);
	return result;
}

static int
start_copying(struct copying *c, const char *conf, const char *root, const char *name)
{
	const char *slash = strrchr(conf, '/');
	int n = snprintf(c->from, sizeof(c->from), "%.*s", (int)(slash - conf), conf);
	int m = snprintf(c->to, sizeof(c->to), "%s/%s", root, name);

	if (n < 0 || m < 0 || (size_t)m >= sizeof(c->to))
		return error_set(c->e, ERR_PERM, "%s: the path is too long", root);
	return make_folder(c->to, c->e);
}

/* A file of libconfig and everything that it includes. */
static int
copy_conf(const struct copying *c, const char *path)
{
	struct conf *conf;
	int result = 0;

	if (conf_load(path, &conf, c->e) != 0)
		return -1;
	for (size_t i = 0; result == 0 && i < conf_file_count(conf); i++)
		result = copy_file(c, conf_file(conf, i));
	conf_free(&conf);
	return result;
}

/*
 * The anchors below the folder of agencies.conf. One that is named from the root elsewhere
 * stays where it is; one named by ".." would not be found from the copy.
 */
static int
copy_anchors(const struct copying *c, const struct directory *d)
{
	for (size_t i = 0; i < directory_anchor_count(d); i++) {
		const char *file = directory_anchor(d, i).file;

		if (!begins_with(file, c->from))
			continue;
		if (strstr(file, "/../") != NULL)
			return error_set(c->e, ERR_PERM,
			    "anchor %s: name it from the root, or put it below %s", file,
			    c->from);
		if (copy_file(c, file) != 0)
			return -1;
	}
	return 0;
}

static const char *
base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Everything into the folder `root`. */
static int
fill(const struct settings *s, const char *root, const char *conf, struct error *e)
{
	struct copying a = { .e = e }, r = { .e = e };
	char agencies[2 * SETTINGS_PATH_MAX], routing[2 * SETTINGS_PATH_MAX];
	struct directory *d = NULL;
	struct buf text;
	int result = -1;

	buf_init(&text, TEXT_MAX);
	if (start_copying(&a, s->agencies, root, "agencies") != 0 ||
	    start_copying(&r, s->routing, root, "routing") != 0 ||
	    directory_load(s->agencies, &d, e) != 0)
		goto out;
	if (copy_conf(&a, s->agencies) != 0 || copy_anchors(&a, d) != 0 ||
	    copy_conf(&r, s->routing) != 0)
		goto out;
	snprintf(agencies, sizeof(agencies), "%s/%s", a.to, base_name(s->agencies));
	snprintf(routing, sizeof(routing), "%s/%s", r.to, base_name(s->routing));
	snapshot_write(s, agencies, routing, &text);
	if (text.failed)
		error_set(e, ERR_TEMP, "no memory for the running configuration");
	else
		result = write_file(conf, buf_span(&text), e);
out:
	buf_free(&text);
	directory_free(&d);
	return result;
}

int
snapshot_take(const struct settings *s, unsigned number, char conf[SETTINGS_PATH_MAX],
    struct error *e)
{
	char root[SETTINGS_PATH_MAX];
	struct settings *copy = NULL;
	int n = snprintf(root, sizeof(root), "%s/" NAME "%u", s->run_dir, number);
	int m = snprintf(conf, SETTINGS_PATH_MAX, "%.480s/vanthu.conf", root);

	if (n < 0 || (size_t)n >= sizeof(root) || m < 0)
		return error_set(e, ERR_PERM, "%s: the path is too long", s->run_dir);
	/* Between the check and the copy somebody may have saved a file: the copy is judged. */
	if (make_folder(root, e) == 0 && fill(s, root, conf, e) == 0 &&
	    snapshot_check(conf, &copy, e) == 0) {
		settings_free(&copy);
		return 0;
	}
	snapshot_remove(s->run_dir, number);
	return -1;
}

/* --- removing ------------------------------------------------------------------------ */

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	/* What cannot be removed is in nobody's way: the next start tries again. */
	(void)remove(path);
	return 0;
}

void
snapshot_remove(const char *run_dir, unsigned number)
{
	char path[2 * SETTINGS_PATH_MAX];
	struct dirent **entries;
	int count = scandir(run_dir, &entries, NULL, NULL);

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		unsigned long found;
		char *end;

		if (strncmp(name, NAME, strlen(NAME)) == 0) {
			found = strtoul(name + strlen(NAME), &end, 10);
			snprintf(path, sizeof(path), "%s/%s", run_dir, name);
			if (*end == '\0' && (number == SNAPSHOT_ALL || found == number))
				(void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}
