/* SPDX-License-Identifier: Apache-2.0 */
/* Content_zip: the directory of a zip archive, looked at and never unpacked. Private to
 * content.c. */
#ifndef VANTHU_INSPECT_CONTENT_ZIP_H
#define VANTHU_INSPECT_CONTENT_ZIP_H

#include <stdint.h>

#include "common/span.h"

#define ZIP_ENTRIES_MAX 5000
#define ZIP_RATIO_MAX 200            /* unpacked to packed */
#define ZIP_UNPACKED_MAX (1024u << 20) /* bytes of all entries */

/*
 * Flags (facts_document_flag) of the archive: DOCUMENT_MACROS, _EXECUTABLE, _ENCRYPTED for
 * what is in it; _ARCHIVE_LIMIT when it is more, larger or deeper than we look into, or its
 * directory cannot be read; _TYPE_CONFLICT when two readers would see two names.
 */
uint32_t
content_zip_look(struct span bytes);

#endif
