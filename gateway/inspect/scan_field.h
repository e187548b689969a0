/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scan_field: the value of a MIME field (Content-Type, -Disposition, -Transfer-Encoding),
 * read strictly. Private to scan.c.
 */
#ifndef VANTHU_INSPECT_SCAN_FIELD_H
#define VANTHU_INSPECT_SCAN_FIELD_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/span.h"
#include "gateway/inspect/scan.h"

/* What is wrong with a value. A `soft` problem concerns only how a document is named or
 * shown: it makes a signed message ambiguous, and is a note on another one. */
struct scan_value {
	enum reason problem;
	struct span detail; /* the parameter concerned, or empty */
	bool soft;
	struct span token;   /* lower case: the type, or the disposition */
	struct span subtype; /* lower case; Content-Type only */
	struct scan_parameters parameters;
};

/* False when the arena is full. */
bool
scan_value_read(struct arena *a, struct span body, bool is_type, struct scan_value *out);

/* The boundary among the parameters, if it is one that every reader reads alike. */
enum reason
scan_boundary(const struct scan_parameters *p, struct span *boundary);

/* A transfer encoding; false when it is none of the five, exactly. */
bool
scan_encoding(struct span body, enum facts_encoding *out);

/* Is this version 1.0, comments after it allowed? */
bool
scan_mime_version(struct span body);

#endif
