/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reaches vanthu-keyd and what it answers: requests and answers from a side that lies.
 * What is accepted must come out of the encoder again as it went in.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/keys/protocol.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_request(struct span wire)
{
	struct seal_request q;
	struct error e;
	struct buf again;

	if (seal_request_decode(wire, &q, &e) != 0)
		return;
	if (q.digest_size != seal_digest_size(q.algorithm) || q.signing_time < 0)
		abort();
	buf_init(&again, SEAL_REQUEST_MAX);
	seal_request_encode(&q, &again);
	if (again.failed || !span_equal(buf_span(&again), wire))
		abort();
	buf_free(&again);
}

static void
fuzz_answer(struct span wire)
{
	/* Asked with 32 zero bytes, which a mutated answer finds easily. */
	struct seal_request q = { .algorithm = SEAL_SHA256, .digest_size = 32 };
	struct seal_answer a = { .micalg = "" };
	struct error e = { .class = ERR_NONE };

	buf_init(&a.signature, SEAL_SIGNATURE_MAX);
	if (seal_answer_decode(wire, &q, &a, &e) == 0) {
		if (a.signature.len < q.digest_size || strcmp(a.micalg, "sha-256") != 0)
			abort();
	} else if (e.class == ERR_NONE || e.class == ERR_BUG || a.signature.len > 0) {
		abort();
	}
	buf_free(&a.signature);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct span wire = span_of(data + 1, size - 1);
	if (data[0] & 1)
		fuzz_answer(wire);
	else
		fuzz_request(wire);
	return 0;
}
