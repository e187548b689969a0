/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encode and decode what is asked of vanthu-keyd. Agency and transaction are held to a small
 * alphabet here, once, so that neither the log of keys nor any later reader need escape
 * them. The text of a refusal is only ever logged, and the log escapes.
 */
#include "gateway/keys/protocol.h"

#include <string.h>

#include "common/ipc.h"

#define PROTOCOL_VERSION 1

enum answer_status { ANSWER_SIGNED, ANSWER_TEMP, ANSWER_PERM, ANSWER_STATUS_COUNT };

static const struct {
	const char *name;
	unsigned size;
} digests[] = {
	[SEAL_SHA256] = { "sha-256", 32 },
	[SEAL_SHA384] = { "sha-384", 48 },
	[SEAL_SHA512] = { "sha-512", 64 },
};
#define DIGEST_COUNT (sizeof(digests) / sizeof(digests[0]))

unsigned
seal_digest_size(enum seal_digest d)
{
	return digests[d].size;
}

const char *
seal_digest_name(enum seal_digest d)
{
	return digests[d].name;
}

bool
seal_digest_parse(struct span name, enum seal_digest *out)
{
	for (size_t i = 0; i < DIGEST_COUNT; i++) {
		if (span_is(name, digests[i].name)) {
			*out = (enum seal_digest)i;
			return true;
		}
	}
	return false;
}

bool
seal_is_name(const char *s)
{
	if (s[0] == '\0')
		return false;
	for (; *s != '\0'; s++) {
		bool ok = (*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'z') ||
		    (*s >= 'A' && *s <= 'Z') || *s == '-' || *s == '_' || *s == '.';
		if (!ok)
			return false;
	}
	return true;
}

void
seal_request_encode(const struct seal_request *q, struct buf *out)
{
	wire_put_u8(out, PROTOCOL_VERSION);
	wire_put_str(out, q->agency);
	wire_put_u8(out, (uint8_t)q->algorithm);
	wire_put_span(out, span_of(q->digest, q->digest_size));
	wire_put_u64(out, (uint64_t)q->signing_time);
	wire_put_str(out, q->tx);
}

int
seal_request_decode(struct span wire, struct seal_request *out, struct error *e)
{
	struct wire_in in = wire_in(wire);
	struct seal_request q = { 0 };

	if (wire_u8(&in) != PROTOCOL_VERSION)
		return error_set(e, ERR_PERM, "request: another version");
	wire_str(&in, q.agency, sizeof(q.agency));
	q.algorithm = (enum seal_digest)wire_u8(&in);
	struct span digest = wire_span(&in, sizeof(q.digest));
	uint64_t at = wire_u64(&in);
	wire_str(&in, q.tx, sizeof(q.tx));
	if (!wire_done(&in))
		return error_set(e, ERR_PERM, "request: malformed");
	if (!seal_is_name(q.agency))
		return error_set(e, ERR_PERM, "request: agency is not a name");
	if ((size_t)q.algorithm >= DIGEST_COUNT)
		return error_set(e, ERR_PERM, "request: unknown digest algorithm");
	if (digest.len != digests[q.algorithm].size)
		return error_set(e, ERR_PERM, "request: digest of the wrong size");
	if (at > INT64_MAX)
		return error_set(e, ERR_PERM, "request: impossible time");
	if (!seal_is_name(q.tx))
		return error_set(e, ERR_PERM, "request: transaction is not a name");
	memcpy(q.digest, digest.ptr, digest.len);
	q.digest_size = (unsigned)digest.len;
	q.signing_time = (int64_t)at;
	*out = q;
	return 0;
}

void
seal_answer_encode(const struct seal_answer *a, struct buf *out)
{
	wire_put_u8(out, PROTOCOL_VERSION);
	wire_put_u8(out, ANSWER_SIGNED);
	wire_put_str(out, a->micalg);
	wire_put_span(out, buf_span(&a->signature));
}

void
seal_refusal_encode(const struct error *why, struct buf *out)
{
	wire_put_u8(out, PROTOCOL_VERSION);
	wire_put_u8(out, why->class == ERR_PERM ? ANSWER_PERM : ANSWER_TEMP);
	wire_put_str(out, why->text);
	wire_put_span(out, span_of(NULL, 0));
}

/* A CMS ContentInfo is one SEQUENCE that fills the field: nothing before, nothing after. */
static bool
is_one_sequence(struct span der)
{
	if (der.len < 4 || der.ptr[0] != 0x30 || der.ptr[1] != 0x82)
		return false; /* no signature with its certificate is below 256 bytes */
	return der.len == 4u + ((size_t)der.ptr[2] << 8 | der.ptr[3]);
}

int
seal_answer_decode(struct span wire, const struct seal_request *q, struct seal_answer *out,
    struct error *e)
{
	struct wire_in in = wire_in(wire);
	char text[ERROR_TEXT_MAX];

	if (wire_u8(&in) != PROTOCOL_VERSION)
		return error_set(e, ERR_TEMP, "keyd: answer of another version");
	uint8_t status = wire_u8(&in);
	wire_str(&in, text, sizeof(text));
	struct span signature = wire_span(&in, SEAL_SIGNATURE_MAX);
	if (!wire_done(&in) || status >= ANSWER_STATUS_COUNT)
		return error_set(e, ERR_TEMP, "keyd: malformed answer");
	if (status != ANSWER_SIGNED)
		return error_set(
		    e, status == ANSWER_PERM ? ERR_PERM : ERR_TEMP, "keyd: %s", text);
	if (strcmp(text, seal_digest_name(q->algorithm)) != 0)
		return error_set(e, ERR_TEMP, "keyd: signed with another digest algorithm");
	if (!is_one_sequence(signature))
		return error_set(e, ERR_TEMP, "keyd: answer is not a CMS signature");
	/* The signed attributes carry the digest as it is: cheap proof that it is ours. */
	if (span_find_span(signature, span_of(q->digest, q->digest_size), 0) ==
	    SPAN_NOT_FOUND)
		return error_set(e, ERR_TEMP, "keyd: signature of another digest");
	memcpy(out->micalg, text, strlen(text) + 1);
	buf_put_span(&out->signature, signature);
	if (out->signature.failed)
		return error_set(e, ERR_TEMP, "keyd: no room for the signature");
	return 0;
}
