/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a message: the scanner and the header reader end, and leave facts whose
 * ranges nest, whose parts stand in order, and which the hostile reader of facts accepts.
 */
#include <stdint.h>
#include <stdlib.h>

#include "gateway/inspect/decode.h"
#include "gateway/inspect/headers.h"
#include "gateway/inspect/scan.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool promise)
{
	if (!promise)
		abort();
}

static void
check_part(const struct facts *f, uint32_t index, size_t size)
{
	const struct facts_part *p = &f->parts[index];

	must(p->header.start <= p->header.end && p->header.end <= p->body.start);
	must(p->body.start <= p->body.end && p->body.end <= size);
	must((index == 0) == (p->parent == FACTS_NONE));
	if (index == 0)
		return;
	const struct facts_part *around = &f->parts[p->parent];
	must(p->parent < index && around->kind != PART_LEAF);
	must(p->depth == around->depth + 1 && p->depth <= LIMIT_DEPTH);
	must(p->header.start >= around->body.start && p->body.end <= around->body.end);
	for (uint32_t i = index - 1; i > p->parent; i--)
		must(f->parts[i].parent != p->parent || f->parts[i].body.end <= p->header.start);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const own_ids[] = { "gw.hanoi.example" };
	static struct scan *scan;
	static struct decode *decode;
	struct facts *f = facts_new(), *again = facts_new();
	struct error e = { .class = ERR_NONE };
	struct buf wire;

	if (scan == NULL)
		scan = scan_new();
	if (decode == NULL && decode_open(&decode, &e) != 0)
		abort();
	must(scan != NULL && f != NULL && again != NULL);
	scan_reset(scan);
	must(scan_message(scan, span_of(data, size), ORIGIN_MESSAGE, FACTS_NONE, f, &e) == 0);
	for (uint32_t i = 0; i < f->part_count; i++)
		check_part(f, i, size);
	headers_read(scan, decode, own_ids, 1, f);
	buf_init(&wire, FACTS_ENCODED_MAX);
	facts_encode(f, &wire);
	must(!wire.failed && facts_decode(buf_span(&wire), size, 0, again, &e) == 0);
	buf_free(&wire);
	facts_free(&again);
	facts_free(&f);
	return 0;
}
