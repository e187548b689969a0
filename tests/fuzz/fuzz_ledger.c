/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reaches vanthu-ledgerd and what is read back from it: requests, answers and stored
 * envelopes. Whatever is accepted must lie inside the bytes that were given.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/protocol.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_inside(struct span s, struct span all)
{
	if (s.len > 0 && (s.ptr < all.ptr || s.ptr + s.len > all.ptr + all.len))
		abort();
}

static void
fuzz_request(struct span wire)
{
	static struct ledger_request q;
	struct error e;

	if (request_read(wire, &q, &e) != 0)
		return;
	if (q.delivery_count > LIMIT_RECIPIENTS || q.step_count > PLAN_STEPS_MAX)
		abort();
	for (unsigned i = 0; i < q.delivery_count; i++) {
		check_inside(span_of(q.deliveries[i].key, DELIVERY_KEY_SIZE), wire);
		check_inside(q.deliveries[i].address, wire);
		check_inside(q.deliveries[i].reply, wire);
	}
	for (unsigned i = 0; i < q.step_count; i++) {
		check_inside(q.steps[i].name, wire);
		check_inside(q.steps[i].target, wire);
		check_inside(q.steps[i].text, wire);
	}
	for (unsigned i = 0; i < BLOB_COUNT; i++)
		check_inside(q.blobs[i], wire);
}

static void
fuzz_answer(struct span wire)
{
	static struct delivery_record record;
	static struct step_result step;
	static struct ledger_event event;
	struct wire_in in = wire_in(wire);
	struct error e;
	bool conflict;

	if (answer_read_head(&in, &conflict, &e) != 0)
		return;
	for (unsigned i = 0; i < 3; i++) {
		struct wire_in again = in;

		answer_read_record(&again, &record);
		again = in;
		answer_read_step(&again, &step);
		answer_read_event(&in, &event);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct envelope env, again;
	struct span wire = span_of(data, size);
	struct error e;
	struct buf b;

	fuzz_request(wire);
	fuzz_answer(wire);
	if (ledger_decode_envelope(wire, &env, &e) != 0)
		return 0;
	buf_init(&b, 64 * 1024);
	ledger_encode_envelope(&env, &b);
	if (b.failed || ledger_decode_envelope(buf_span(&b), &again, &e) != 0 ||
	    memcmp(&env, &again, sizeof(env)) != 0)
		abort();
	buf_free(&b);
	return 0;
}
