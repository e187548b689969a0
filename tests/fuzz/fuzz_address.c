/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From fields of any bytes: an address that is taken for plain is one, stands in the field
 * as it is, and is the same mailbox as itself.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "gateway/inspect/address.h"
#include "gateway/model/limits.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool promise)
{
	if (!promise)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span body = span_of(data, size);
	struct address a = address_read(body);
	struct buf domain;

	must(address_count(body) <= LIMIT_ADDRESSES + 1);
	if (a.problem != REASON_NONE) {
		must(a.mailbox.len == 0);
		return 0;
	}
	must(a.count == 1 && a.mailbox.len <= LIMIT_ADDRESS_BYTES);
	must(a.mailbox.ptr >= data && a.mailbox.ptr + a.mailbox.len <= data + size);
	must(text_is_utf8(a.mailbox));
	for (size_t i = 0; i < a.mailbox.len; i++)
		must(a.mailbox.ptr[i] > 0x20 && a.mailbox.ptr[i] != 0x7f &&
		    memchr("()<>,;:\\\"[]", a.mailbox.ptr[i], 11) == NULL);
	size_t at = span_find(a.mailbox, '@', 0);
	must(at != SPAN_NOT_FOUND && at > 0);
	must(span_find(a.mailbox, '@', at + 1) == SPAN_NOT_FOUND);
	buf_init(&domain, 4096);
	must(!address_to_ascii(span_from(a.mailbox, at + 1), &domain) ||
	    address_matches(a.mailbox, a.mailbox));
	buf_free(&domain);
	return 0;
}
