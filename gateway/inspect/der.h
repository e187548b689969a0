/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading BER and DER by slices: no copy, no recursion, nothing beyond the input. A whole
 * input is checked once by der_check(); after that its items are taken apart by der_next().
 */
#ifndef VANTHU_INSPECT_DER_H
#define VANTHU_INSPECT_DER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/span.h"

#define DER_DEPTH_MAX 30

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_UTF8_STRING = 0x0c,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_OCTET_STRING_PIECES = 0x24, /* constructed: BER streaming */
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT_0_PRIMITIVE = 0x80,
	DER_CONTEXT_1_PRIMITIVE = 0x81,
	DER_CONTEXT_0 = 0xa0, /* constructed */
	DER_CONTEXT_1 = 0xa1,
	DER_CONTEXT_2 = 0xa2,
	DER_CONTEXT_3 = 0xa3,
};

struct der_item {
	uint8_t tag; /* the identifier octet */
	bool indefinite;
	struct span content;
	struct span whole; /* with header and, if indefinite, the end-of-contents octets */
};

/*
 * Is `in` exactly one item, well formed at every level? Allowed beyond DER is what real
 * senders stream: indefinite lengths and OCTET STRINGs in pieces. Refused: lengths longer
 * than need be, high tag numbers, nesting beyond DER_DEPTH_MAX, other strings in pieces.
 * Returns NULL, or a word for what is wrong. On "trailing bytes" the first item is good.
 */
const char *
der_check(struct span in);

#define DER_TRAILING "trailing bytes"

/* The same for a series of items, all of definite length. */
bool
der_is_definite(struct span in);

/* Take the next item off *in; false at the end or when it does not hold. */
bool
der_next(struct span *in, struct der_item *out);

/* Take the next item if it has this tag; else leave *in as it is. */
bool
der_take(struct span *in, uint8_t tag, struct der_item *out);

/* A small non-negative INTEGER. */
bool
der_small_integer(struct der_item item, uint32_t *out);

/* UTCTime or GeneralizedTime in the one form that DER and RFC 5280 4.1.2.5 allow. */
bool
der_time(struct der_item item, int64_t *seconds);

/* Append an identifier and a DER length. */
void
der_put_header(uint8_t tag, size_t length, struct buf *out);

/* The dotted form of an OID's content; cut to what fits, always NUL-terminated. */
const char *
der_oid_text(struct span oid, char *out, size_t size);

#endif
