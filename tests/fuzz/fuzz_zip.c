/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a zip archive: looking at its directory ends, and claims only what it may. */
#include <stdint.h>
#include <stdlib.h>

#include "gateway/inspect/content_zip.h"
#include "gateway/model/facts.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t flags = content_zip_look(span_of(data, size));

	if ((flags & ~(uint32_t)(DOCUMENT_MACROS | DOCUMENT_EXECUTABLE | DOCUMENT_ENCRYPTED |
	    DOCUMENT_ARCHIVE_LIMIT | DOCUMENT_TYPE_CONFLICT)) != 0)
		abort();
	return 0;
}
