/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listening sockets. Our own three belong to the user of the sessions, who alone calls
 * there (each server looks at the peer's user besides); a mail socket has the mode and group
 * of its listener, because Postfix calls there.
 */
#include "gateway/programs/ports.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "common/ipc.h"

#define OWN_MODE 0600

static int
find_user(const char *name, uid_t *out, struct error *e)
{
	const struct passwd *p;

	*out = (uid_t)-1;
	if (name[0] == '\0')
		return 0;
	p = getpwnam(name);
	if (p == NULL)
		return error_set(e, ERR_PERM, "users: there is no user %s", name);
	*out = p->pw_uid;
	return 0;
}

static int
find_group(const char *name, gid_t *out, struct error *e)
{
	const struct group *g;

	*out = (gid_t)-1;
	if (name[0] == '\0')
		return 0;
	g = getgrnam(name);
	if (g == NULL)
		return error_set(e, ERR_PERM, "listen: there is no group %s", name);
	*out = g->gr_gid;
	return 0;
}

/* The open socket at that address of an earlier configuration, or -1; it stays there. */
static int
find_open(const struct ports *before, const char *text)
{
	for (unsigned i = 0; before != NULL && i < before->count; i++)
		if (strcmp(before->list[i].text, text) == 0)
			return before->list[i].fd;
	return -1;
}

static int
give(const struct port *p, uid_t user, gid_t group, unsigned mode, struct error *e)
{
	if (p->path[0] == '\0')
		return 0;
	/* The mode last: a change of owner may take bits of it away. */
	if (chown(p->path, user, group) != 0 || chmod(p->path, (mode_t)mode) != 0)
		return error_errno(e, ERR_PERM, errno, "%s", p->path);
	return 0;
}

static int
open_own(const struct settings *s, enum port_kind kind, const char *name,
    const struct ports *before, struct ports *out, struct error *e)
{
	struct port *p = &out->list[out->count];
	char path[SETTINGS_PATH_MAX];
	uid_t user;

	memset(p, 0, sizeof(*p));
	p->kind = kind;
	snprintf(p->name, sizeof(p->name), "listen");
	snprintf(p->path, sizeof(p->path), "%s", settings_socket(s, name, path));
	/* settings_load has seen to it that the path of a socket fits. */
	snprintf(p->text, sizeof(p->text), "own:%.120s", path);
	p->fd = find_open(before, p->text);
	if (find_user(s->users.session, &user, e) != 0 ||
	    (p->fd < 0 && ipc_listen(p->path, OWN_MODE, &p->fd, e) != 0))
		return -1;
	out->count++;
	return give(p, user, (gid_t)-1, OWN_MODE, e);
}

static int
open_mail(const struct settings_listener *l, const struct ports *before,
    struct ports *out, struct error *e)
{
	struct port *p = &out->list[out->count];
	gid_t group;

	memset(p, 0, sizeof(*p));
	p->kind = PORT_MAIL;
	memcpy(p->name, l->name, sizeof(p->name));
	if (l->at.is_unix)
		memcpy(p->path, l->at.path, sizeof(l->at.path));
	endpoint_text(&l->at, p->text);
	p->fd = find_open(before, p->text);
	if (find_group(l->group, &group, e) != 0 ||
	    (p->fd < 0 && endpoint_listen(&l->at, l->mode, &p->fd, e) != 0))
		return -1;
	out->count++;
	return give(p, (uid_t)-1, group, l->mode, e);
}

static int
open_all(const struct settings *s, const struct ports *before, struct ports *out,
    struct error *e)
{
	if (open_own(s, PORT_INSPECT, "inspect", before, out, e) != 0 ||
	    open_own(s, PORT_KEYD, "keyd", before, out, e) != 0 ||
	    open_own(s, PORT_LEDGER, "ledger", before, out, e) != 0)
		return -1;
	for (unsigned i = 0; i < s->listener_count; i++)
		if (open_mail(&s->listeners[i], before, out, e) != 0)
			return -1;
	return 0;
}

int
ports_open(const struct settings *s, struct ports *before, struct ports *out,
    struct error *e)
{
	int result;

	out->count = 0;
	result = open_all(s, before, out, e);
	/* Of a socket that both have, only one may be left with the descriptor. */
	for (unsigned i = 0; before != NULL && i < before->count; i++)
		for (unsigned k = 0; k < out->count; k++)
			if (before->list[i].fd == out->list[k].fd) {
				if (result == 0)
					before->list[i].fd = -1;
				else
					out->list[k].fd = -1;
			}
	if (result != 0)
		ports_close(out);
	return result;
}

void
ports_close(struct ports *p)
{
	for (unsigned i = 0; i < p->count; i++) {
		if (p->list[i].fd < 0)
			continue; /* another set of ports has it */
		if (p->list[i].path[0] != '\0')
			(void)unlink(p->list[i].path);
		io_close(&p->list[i].fd);
	}
	p->count = 0;
}
