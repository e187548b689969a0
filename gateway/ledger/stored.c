/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stored form of an envelope. A transaction that is taken up again must say to the next
 * hop, and write into the message, what the first attempt said: so the whole envelope is
 * kept, and the one of the redelivery is not looked at.
 */
#include <string.h>

#include "common/ipc.h"
#include "gateway/ledger/ledger.h"

#define STORED_ENVELOPE_VERSION 1

void
ledger_encode_envelope(const struct envelope *env, struct buf *out)
{
	wire_put_u8(out, STORED_ENVELOPE_VERSION);
	wire_put_str(out, env->tx);
	wire_put_u8(out, (uint8_t)env->source);
	wire_put_u8(out, (uint8_t)env->zone);
	wire_put_u64(out, (uint64_t)env->accepted_at);
	wire_put_str(out, env->peer);
	wire_put_str(out, env->helo);
	wire_put_str(out, env->login);
	wire_put_str(out, env->queue_id);
	wire_put_str(out, env->slot);
	wire_put_u8(out, env->eight_bit ? 1 : 0);
	wire_put_u8(out, env->smtputf8 ? 1 : 0);
	wire_put_str(out, env->sender);
	wire_put_u32(out, env->recipient_count);
	for (unsigned i = 0; i < env->recipient_count; i++)
		wire_put_str(out, env->recipients[i]);
}

int
ledger_decode_envelope(struct span wire, struct envelope *out, struct error *e)
{
	struct wire_in in = wire_in(wire);
	uint8_t version, source, zone;

	memset(out, 0, sizeof(*out));
	version = wire_u8(&in);
	wire_str(&in, out->tx, sizeof(out->tx));
	source = wire_u8(&in);
	zone = wire_u8(&in);
	out->accepted_at = (int64_t)wire_u64(&in);
	wire_str(&in, out->peer, sizeof(out->peer));
	wire_str(&in, out->helo, sizeof(out->helo));
	wire_str(&in, out->login, sizeof(out->login));
	wire_str(&in, out->queue_id, sizeof(out->queue_id));
	wire_str(&in, out->slot, sizeof(out->slot));
	out->eight_bit = wire_u8(&in) != 0;
	out->smtputf8 = wire_u8(&in) != 0;
	wire_str(&in, out->sender, sizeof(out->sender));
	out->recipient_count = wire_bounded(&in, LIMIT_RECIPIENTS);
	for (unsigned i = 0; i < out->recipient_count && !in.bad; i++)
		wire_str(&in, out->recipients[i], sizeof(out->recipients[i]));
	if (version != STORED_ENVELOPE_VERSION || source >= SOURCE_COUNT ||
	    zone > ZONE_INSIDE || !wire_done(&in))
		return error_set(e, ERR_BUG, "ledger: the stored envelope does not hold");
	out->source = (enum envelope_source)source;
	out->zone = (enum zone)zone;
	return 0;
}
