/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The facts decoder against a lying inspector. What it accepts must hold: ranges inside the
 * message, text inside the pool, and the same again when it is encoded and decoded.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/model/facts.h"

#define MESSAGE_SIZE 4096
#define CONTENT_SIZE 512

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_ranges(const struct facts *f)
{
	for (uint32_t i = 0; i < f->part_count; i++) {
		const struct facts_part *p = &f->parts[i];
		uint64_t max = p->origin == ORIGIN_CONTENT ? CONTENT_SIZE : MESSAGE_SIZE;

		if (p->body.start > p->body.end || p->body.end > max || p->header.end > max)
			abort();
	}
	for (uint32_t i = 0; i < f->field_count; i++) {
		if (f->fields[i].range.end > MESSAGE_SIZE)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct facts f, again;
	struct error e;
	struct buf b;

	if (facts_decode(span_of(data, size), MESSAGE_SIZE, CONTENT_SIZE, &f, &e) != 0)
		return 0;
	check_ranges(&f);
	buf_init(&b, FACTS_ENCODED_MAX);
	facts_encode(&f, &b);
	if (b.failed ||
	    facts_decode(buf_span(&b), MESSAGE_SIZE, CONTENT_SIZE, &again, &e) != 0 ||
	    memcmp(&f, &again, sizeof(f)) != 0)
		abort();
	buf_free(&b);
	return 0;
}
