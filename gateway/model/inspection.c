/* SPDX-License-Identifier: Apache-2.0 */
/* The question to vanthu-inspect and the frame of its answers, in wire form. */
#include "gateway/model/inspection.h"

#include "common/ipc.h"

#define INSPECTION_VERSION 1

void
inspection_encode(const struct inspection *q, struct buf *out)
{
	wire_put_u8(out, INSPECTION_VERSION);
	wire_put_u64(out, (uint64_t)q->at);
	wire_put_u8(out, q->inside ? 1 : 0);
	wire_put_str(out, q->tx);
	wire_put_str(out, q->profile);
}

int
inspection_decode(struct span wire, struct inspection *out, struct error *e)
{
	struct wire_in in = wire_in(wire);
	uint8_t version = wire_u8(&in);

	out->at = (int64_t)wire_u64(&in);
	out->inside = wire_u8(&in) != 0;
	wire_str(&in, out->tx, sizeof(out->tx));
	wire_str(&in, out->profile, sizeof(out->profile));
	if (version != INSPECTION_VERSION || !wire_done(&in))
		return error_set(e, ERR_TEMP, "inspection: the request does not hold");
	return 0;
}

void
inspection_answer(enum inspection_answer kind, struct buf *out)
{
	buf_reset(out);
	wire_put_u8(out, (uint8_t)kind);
}

int
inspection_answer_kind(struct span wire, enum inspection_answer *kind, struct span *rest,
    struct error *e)
{
	struct wire_in in = wire_in(wire);
	uint8_t value = wire_u8(&in);

	if (in.bad || value < INSPECTION_BEGUN || value > INSPECTION_ERROR)
		return error_set(e, ERR_TEMP, "inspection: the answer does not hold");
	*kind = (enum inspection_answer)value;
	*rest = in.rest;
	return 0;
}
