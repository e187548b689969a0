/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agencies.conf to the tables of a directory. Strict: what is unknown, doubled, out of order
 * or cannot be meant is an error that names file, line and key and says what to write
 * instead. The file is read once before privileges are dropped; nothing here sees mail.
 *
 * Dates: RFC 3339, or a date alone, which begins in Viet Nam (UTC+7) at midnight.
 */
#include "gateway/decide/directory.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/conf.h"
#include "gateway/decide/directory_load.h"
#include "gateway/decide/suggest.h"
#include "gateway/model/envelope.h"

#define DIRECTORY_MEMORY_MAX (256u * 1024 * 1024)
#define DIRECTORY_AGENCIES_MAX 20000
#define WHERE_MAX 640
#define VIETNAM_OFFSET (7 * 3600)
#define DATE_ALONE (sizeof("2012-05-04") - 1)

static const struct conf_key root_keys[] = {
	{ "agencies", CONF_GROUPS, true, 0, 0 },
	{ "anchors", CONF_GROUPS, false, 0, 0 },
	{ "groups", CONF_GROUPS, false, 0, 0 },
};

static const struct conf_key agency_keys[] = {
	{ "id", CONF_STRING, true, 1, PLAN_NAME_MAX },
	{ "name", CONF_STRING, true, 1, PLAN_LABEL_MAX },
	{ "parent", CONF_STRING, false, 1, PLAN_NAME_MAX },
	{ "code", CONF_STRING, false, 1, 35 },
	{ "valid_from", CONF_STRING, false, 1, 40 },
	{ "valid_to", CONF_STRING, false, 1, 40 },
	{ "mailboxes", CONF_LIST, false, 1, LIMIT_ADDRESS_BYTES },
	{ "certificates", CONF_GROUPS, false, 0, 0 },
};

static const struct conf_key mailbox_keys[] = {
	{ "address", CONF_STRING, true, 1, LIMIT_ADDRESS_BYTES },
	{ "valid_from", CONF_STRING, false, 1, 40 },
	{ "valid_to", CONF_STRING, false, 1, 40 },
};

static const struct conf_key anchor_keys[] = {
	{ "file", CONF_STRING, true, 1, 255 },
	{ "valid_from", CONF_STRING, false, 1, 40 },
	{ "valid_to", CONF_STRING, false, 1, 40 },
};

static const struct conf_key group_keys[] = {
	{ "id", CONF_STRING, true, 1, PLAN_NAME_MAX },
	{ "members", CONF_STRINGS, true, 1, PLAN_NAME_MAX },
};

int
directory_no_memory(struct loading *l)
{
	return error_set(l->e, ERR_TEMP, "%s: no memory for the directory", l->path);
}

const char *
directory_keep(struct loading *l, const char *s)
{
	return arena_string(l->d->arena, span_str(s));
}

const char *
directory_keep_where(struct loading *l, const struct conf_node *node)
{
	char where[WHERE_MAX];

	return directory_keep(l, conf_where(node, where, sizeof(where)));
}

/* --- dates and names ----------------------------------------------------------------- */

static int
read_date(struct loading *l, const struct conf_node *group, const char *key,
    int64_t fallback, int64_t *out)
{
	const char *text = conf_string(group, key, NULL);

	*out = fallback;
	if (text == NULL)
		return 0;
	if (!clock_parse_rfc3339(span_str(text), out))
		return conf_error(conf_child(group, key), l->e,
		    "%s: \"%s\" is no date; write \"2012-05-04\" or "
		    "\"2012-05-04T08:00:00+07:00\"",
		    key, text);
	if (strlen(text) == DATE_ALONE)
		*out -= VIETNAM_OFFSET;
	return 0;
}

int
directory_read_period(struct loading *l, const struct conf_node *group, struct period *out)
{
	if (read_date(l, group, "valid_from", 0, &out->from) != 0 ||
	    read_date(l, group, "valid_to", INT64_MAX, &out->to) != 0)
		return -1;
	if (out->from >= out->to)
		return conf_error(group, l->e,
		    "valid_to: must be after valid_from, for the period ends before that "
		    "second");
	return 0;
}

static struct period
period_within(struct period inner, struct period outer)
{
	if (inner.from < outer.from)
		inner.from = outer.from;
	if (inner.to > outer.to)
		inner.to = outer.to;
	return inner;
}

/* An id is also the name of a folder under the intake folder. */
static int
check_id(struct loading *l, const struct conf_node *group, const char *id)
{
	static const char *const reserved[] = { "agency", "none", "any" };
	struct span s = span_str(id);

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!word && (i == 0 || i + 1 == s.len || (c != '-' && c != '_' && c != '.')))
			return conf_error(conf_child(group, "id"), l->e,
			    "id: \"%s\" may hold a-z, 0-9 and, inside, \"-\", \"_\" and \".\"",
			    id);
	}
	for (size_t i = 0; i < COUNT(reserved); i++) {
		if (strcmp(id, reserved[i]) == 0)
			return conf_error(conf_child(group, "id"), l->e,
			    "id: \"%s\" is a word of routing.conf; choose another", id);
	}
	return 0;
}

static const struct agency *
find_or_suggest(struct loading *l, const struct conf_node *node, const char *key,
    const char *id)
{
	const struct agency *a = directory_find(l->d, span_str(id));
	struct suggest near = suggest_start(id);
	char text[PLAN_NAME_MAX + 32];

	if (a != NULL)
		return a;
	for (size_t i = 0; i < l->d->agency_count; i++)
		suggest_offer(&near, l->d->agencies[i].id);
	conf_error(node, l->e, "%s: there is no agency \"%s\"%s", key, id,
	    suggest_text(&near, text, sizeof(text)));
	return NULL;
}

/* --- agencies ------------------------------------------------------------------------- */

static int
compare_ids(const void *a, const void *b)
{
	const struct agency *const *x = a, *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

static int
read_agency(struct loading *l, size_t index)
{
	const struct conf_node *node = conf_at(l->agencies, index);
	struct agency *a = &l->d->agencies[index];

	if (conf_check(node, agency_keys, COUNT(agency_keys), l->e) != 0)
		return -1;
	a->index = index;
	a->id = directory_keep(l, conf_string(node, "id", ""));
	a->name = directory_keep(l, conf_string(node, "name", ""));
	a->code = directory_keep(l, conf_string(node, "code", ""));
	a->where = directory_keep_where(l, node);
	if (a->id == NULL || a->name == NULL || a->code == NULL || a->where == NULL)
		return directory_no_memory(l);
	l->d->by_id[index] = a;
	if (check_id(l, node, a->id) != 0)
		return -1;
	return directory_read_period(l, node, &a->period);
}

static int
check_doubled_ids(struct loading *l)
{
	struct directory *d = l->d;

	for (size_t i = 1; i < d->agency_count; i++) {
		const struct agency *a = d->by_id[i - 1], *b = d->by_id[i];
		const struct agency *first = a->index < b->index ? a : b;
		const struct agency *second = first == a ? b : a;

		if (strcmp(a->id, b->id) == 0)
			return conf_error(conf_at(l->agencies, second->index), l->e,
			    "id: \"%s\" is already at %s; ids are given once", a->id,
			    first->where);
	}
	return 0;
}

static int
read_agencies(struct loading *l)
{
	struct directory *d = l->d;

	d->agency_count = conf_count(l->agencies);
	if (d->agency_count == 0 || d->agency_count > DIRECTORY_AGENCIES_MAX)
		return conf_error(l->agencies, l->e,
		    "agencies: %zu agencies; 1 to %d are possible", d->agency_count,
		    DIRECTORY_AGENCIES_MAX);
	d->agencies = arena_array(d->arena, d->agency_count, sizeof(*d->agencies));
	d->by_id = arena_array(d->arena, d->agency_count, sizeof(*d->by_id));
	if (d->agencies == NULL || d->by_id == NULL)
		return directory_no_memory(l);
	for (size_t i = 0; i < d->agency_count; i++) {
		if (read_agency(l, i) != 0)
			return -1;
	}
	qsort(d->by_id, d->agency_count, sizeof(*d->by_id), compare_ids);
	return check_doubled_ids(l);
}

static int
read_parents(struct loading *l)
{
	struct directory *d = l->d;

	for (size_t i = 0; i < d->agency_count; i++) {
		const struct conf_node *node = conf_at(l->agencies, i);
		const char *parent = conf_string(node, "parent", NULL);

		if (parent == NULL)
			continue;
		d->agencies[i].parent =
		    find_or_suggest(l, conf_child(node, "parent"), "parent", parent);
		if (d->agencies[i].parent == NULL)
			return -1;
	}
	for (size_t i = 0; i < d->agency_count; i++) {
		const struct agency *a = d->agencies[i].parent;
		size_t steps = 0;

		while (a != NULL && steps++ <= d->agency_count)
			a = a->parent;
		if (a != NULL)
			return conf_error(conf_child(conf_at(l->agencies, i), "parent"), l->e,
			    "parent: \"%s\" is above itself; the agencies must form a tree",
			    d->agencies[i].id);
	}
	return 0;
}

/* --- mailboxes ------------------------------------------------------------------------ */

static int
compare_mailboxes(const void *a, const void *b)
{
	const struct mailbox *x = a, *y = b;
	int c = directory_compare_address(span_str(x->address), span_str(y->address));

	if (c != 0)
		return c;
	return x->period.from < y->period.from ? -1 : x->period.from > y->period.from;
}

static int
read_mailbox(struct loading *l, const struct conf_node *list, size_t index,
    const struct agency *a, struct mailbox *m)
{
	const struct conf_node *node = conf_at(list, index);
	const char *address;
	struct error why;

	if (node == NULL || !conf_is_group(node)) { /* an address alone */
		address = conf_string_at(list, index);
		node = node == NULL ? list : node;
		m->period = a->period;
	} else {
		if (conf_check(node, mailbox_keys, COUNT(mailbox_keys), l->e) != 0 ||
		    directory_read_period(l, node, &m->period) != 0)
			return -1;
		m->period = period_within(m->period, a->period);
		address = conf_string(node, "address", "");
	}
	error_clear(&why);
	if (envelope_check_address(span_str(address), true, false, &why) != 0)
		return conf_error(node, l->e, "mailboxes: \"%s\": %.120s", address, why.text);
	if (m->period.from >= m->period.to)
		return conf_error(node, l->e,
		    "mailboxes: \"%s\" would hold only while the agency \"%s\" does not",
		    address, a->id);
	m->address = directory_keep(l, address);
	m->where = directory_keep_where(l, node);
	m->agency = a;
	return m->address == NULL || m->where == NULL ? directory_no_memory(l) : 0;
}

static int
check_doubled_mailboxes(struct loading *l)
{
	const struct directory *d = l->d;

	for (size_t i = 1; i < d->mailbox_count; i++) {
		const struct mailbox *a = &d->mailboxes[i - 1], *b = &d->mailboxes[i];

		if (directory_compare_address(span_str(a->address), span_str(b->address)) ==
			0 &&
		    period_overlaps(a->period, b->period))
			return error_set(l->e, ERR_PERM,
			    "%s: mailboxes: \"%s\" is at the same time a mailbox of \"%s\" "
			    "(%s); give both periods that do not overlap",
			    b->where, b->address, a->agency->id, a->where);
	}
	return 0;
}

static int
read_mailboxes(struct loading *l)
{
	struct directory *d = l->d;
	size_t total = 0, used = 0;

	for (size_t i = 0; i < d->agency_count; i++)
		total += conf_string_count(conf_child(conf_at(l->agencies, i), "mailboxes"));
	d->mailboxes = arena_array(d->arena, total + 1, sizeof(*d->mailboxes));
	if (d->mailboxes == NULL)
		return directory_no_memory(l);
	for (size_t i = 0; i < d->agency_count; i++) {
		const struct conf_node *list =
		    conf_child(conf_at(l->agencies, i), "mailboxes");
		struct agency *a = &d->agencies[i];
		size_t count = conf_string_count(list);
		const char **addresses = arena_array(d->arena, count + 1, sizeof(char *));

		if (addresses == NULL)
			return directory_no_memory(l);
		for (size_t j = 0; j < count; j++) {
			if (read_mailbox(l, list, j, a, &d->mailboxes[used]) != 0)
				return -1;
			addresses[j] = d->mailboxes[used++].address;
		}
		a->mailboxes = addresses;
		a->mailbox_count = count;
	}
	d->mailbox_count = used;
	qsort(d->mailboxes, used, sizeof(*d->mailboxes), compare_mailboxes);
	return check_doubled_mailboxes(l);
}

/* --- anchors and groups ---------------------------------------------------------------- */

/* The folder of agencies.conf, absolute, with its slash. */
static int
folder_of(struct loading *l, char out[PATH_MAX])
{
	const char *slash = strrchr(l->path, '/');
	int length = slash == NULL ? 0 : (int)(slash - l->path) + 1;
	size_t used = 0;

	if (l->path[0] != '/') {
		if (getcwd(out, PATH_MAX - 1) == NULL)
			return error_errno(l->e, ERR_TEMP, errno, "%s: its folder", l->path);
		used = strlen(out);
		out[used++] = '/';
	}
	if (used + (size_t)length >= PATH_MAX)
		return error_set(l->e, ERR_PERM, "%s: the path is too long", l->path);
	memcpy(out + used, l->path, (size_t)length);
	out[used + (size_t)length] = '\0';
	return 0;
}

static int
read_anchor(struct loading *l, const struct conf_node *node, const char *folder,
    struct directory_anchor *out)
{
	char path[PATH_MAX];
	struct period period;
	const char *file;
	int n;

	if (conf_check(node, anchor_keys, COUNT(anchor_keys), l->e) != 0 ||
	    directory_read_period(l, node, &period) != 0)
		return -1;
	file = conf_string(node, "file", "");
	n = snprintf(path, sizeof(path), "%s%s", file[0] == '/' ? "" : folder, file);
	if (n < 0 || (size_t)n >= sizeof(path))
		return conf_error(node, l->e, "file: the path is too long");
	out->file = directory_keep(l, path);
	out->valid_from = period.from;
	out->valid_to = period.to;
	return out->file == NULL ? directory_no_memory(l) : 0;
}

static int
read_anchors(struct loading *l, const struct conf_node *list)
{
	struct directory *d = l->d;
	char folder[PATH_MAX];

	d->anchor_count = conf_count(list);
	d->anchors = arena_array(d->arena, d->anchor_count + 1, sizeof(*d->anchors));
	if (d->anchors == NULL)
		return directory_no_memory(l);
	if (folder_of(l, folder) != 0)
		return -1;
	for (size_t i = 0; i < d->anchor_count; i++) {
		if (read_anchor(l, conf_at(list, i), folder, &d->anchors[i]) != 0)
			return -1;
	}
	return 0;
}

static int
read_group(struct loading *l, const struct conf_node *node, struct group *g)
{
	const struct conf_node *members;

	if (conf_check(node, group_keys, COUNT(group_keys), l->e) != 0)
		return -1;
	g->id = directory_keep(l, conf_string(node, "id", ""));
	members = conf_child(node, "members");
	g->members = arena_array(l->d->arena, conf_string_count(members) + 1,
	    sizeof(*g->members));
	if (g->id == NULL || g->members == NULL)
		return directory_no_memory(l);
	if (check_id(l, node, g->id) != 0)
		return -1;
	for (size_t i = 0; i < conf_string_count(members); i++) {
		const struct agency *a =
		    find_or_suggest(l, members, "members", conf_string_at(members, i));

		if (a == NULL)
			return -1;
		g->members[g->member_count++] = a;
	}
	return 0;
}

static int
read_groups(struct loading *l, const struct conf_node *list)
{
	struct directory *d = l->d;

	d->group_count = conf_count(list);
	d->groups = arena_array(d->arena, d->group_count + 1, sizeof(*d->groups));
	if (d->groups == NULL)
		return directory_no_memory(l);
	for (size_t i = 0; i < d->group_count; i++) {
		if (read_group(l, conf_at(list, i), &d->groups[i]) != 0)
			return -1;
		for (size_t j = 0; j < i; j++) {
			if (strcmp(d->groups[i].id, d->groups[j].id) == 0)
				return conf_error(conf_at(list, i), l->e,
				    "id: the group \"%s\" stands twice", d->groups[i].id);
		}
	}
	return 0;
}

static int
read_all(struct loading *l, const struct conf *c)
{
	const struct conf_node *root = conf_root(c);

	if (conf_check(root, root_keys, COUNT(root_keys), l->e) != 0)
		return -1;
	l->agencies = conf_child(root, "agencies");
	if (read_agencies(l) != 0 || read_parents(l) != 0 || read_mailboxes(l) != 0 ||
	    directory_read_certificates(l) != 0)
		return -1;
	if (read_anchors(l, conf_child(root, "anchors")) != 0)
		return -1;
	return read_groups(l, conf_child(root, "groups"));
}

int
directory_load(const char *path, struct directory **out, struct error *e)
{
	struct loading l = { .path = path, .e = e };
	struct conf *c = NULL;
	int r = -1;

	*out = NULL;
	l.d = calloc(1, sizeof(*l.d));
	if (l.d == NULL || (l.d->arena = arena_new(DIRECTORY_MEMORY_MAX)) == NULL) {
		directory_no_memory(&l);
		goto out;
	}
	if (conf_load(path, &c, e) != 0)
		goto out;
	conf_digest(c, l.d->digest);
	r = read_all(&l, c);
out:
	conf_free(&c);
	if (r != 0)
		directory_free(&l.d);
	*out = l.d;
	return r;
}
