/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content_type: what a document is, by its bytes, its name and what the sender said.
 * Private to content.c.
 */
#ifndef VANTHU_INSPECT_CONTENT_TYPE_H
#define VANTHU_INSPECT_CONTENT_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/span.h"

#define CONTENT_HEAD (64 * 1024) /* bytes at the start that are looked at */
#define CONTENT_TAIL (66 * 1024) /* bytes at the end: a zip directory's end is in them */

struct magic_set;

struct content_look {
	struct span head, tail;  /* of the decoded bytes; they may overlap */
	uint64_t size;
	struct span name;        /* decoded, UTF-8; empty when there is none */
	struct span declared;    /* "type/subtype" */
	bool has_macro_storage;  /* OLE: a VBA storage was seen among all bytes */
	bool has_pdf_encryption; /* PDF: an /Encrypt was seen among all bytes */
};

/* Load the database of libmagic. */
int
content_type_open(struct magic_set **out, struct error *e);

void
content_type_close(struct magic_set **m);

/*
 * The media type by the content, valid until the next call. flags (facts_document_flag):
 * what the type, the extension and the bytes say; DOCUMENT_ARCHIVE when it is one.
 */
struct span
content_type_of(struct magic_set *m, const struct content_look *look, uint32_t *flags);

/* Is a file of this name a program or a script, by its extension? */
bool
content_name_runs(struct span name);

/* Is it an archive, by its extension? */
bool
content_name_packs(struct span name);

#endif
