/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the loader of agencies.conf share; known to nobody else. */
#ifndef VANTHU_DECIDE_DIRECTORY_LOAD_H
#define VANTHU_DECIDE_DIRECTORY_LOAD_H

#include "common/conf.h"
#include "gateway/decide/directory_private.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct loading {
	struct directory *d;
	const char *path;
	const struct conf_node *agencies;
	struct error *e;
};

/* Copies of text and place, in the arena; NULL when it is full. */
const char *
directory_keep(struct loading *l, const char *s);
const char *
directory_keep_where(struct loading *l, const struct conf_node *node);

/* Sets the error; -1. */
int
directory_no_memory(struct loading *l);

/* valid_from and valid_to of a group. */
int
directory_read_period(struct loading *l, const struct conf_node *group,
    struct period *out);

/* The certificates of every agency and the addresses bound to them. */
int
directory_read_certificates(struct loading *l);

#endif
