/* SPDX-License-Identifier: Apache-2.0 */
/* What keyd and its client say to each other, and what each refuses to hear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/ipc.h"
#include "gateway/keys/protocol.h"

static struct seal_request
good_request(void)
{
	struct seal_request q = { .agency = "so-noi-vu",
		.algorithm = SEAL_SHA384,
		.digest_size = 48,
		.signing_time = 1764000000,
		.tx = "01h2xcejqtf2nbrexx3vqjhp41" };

	memset(q.digest, 0xa5, 48);
	return q;
}

static void
a_request_survives_the_way(void **state)
{
	struct seal_request q = good_request(), r;
	struct buf wire;
	struct error e;

	(void)state;
	buf_init(&wire, SEAL_REQUEST_MAX);
	seal_request_encode(&q, &wire);
	assert_false(wire.failed);
	assert_int_equal(seal_request_decode(buf_span(&wire), &r, &e), 0);
	assert_string_equal(r.agency, q.agency);
	assert_string_equal(r.tx, q.tx);
	assert_int_equal(r.algorithm, SEAL_SHA384);
	assert_int_equal(r.digest_size, 48);
	assert_memory_equal(r.digest, q.digest, 48);
	assert_true(r.signing_time == q.signing_time);
	buf_free(&wire);
}

static void
the_longest_request_fits(void **state)
{
	struct seal_request q = good_request();
	struct buf wire;

	(void)state;
	memset(q.agency, 'a', sizeof(q.agency) - 1);
	q.algorithm = SEAL_SHA512;
	q.digest_size = 64;
	buf_init(&wire, SEAL_REQUEST_MAX);
	seal_request_encode(&q, &wire);
	assert_false(wire.failed);
	buf_free(&wire);
}

struct raw_request {
	const char *name;
	uint8_t version;
	const char *agency;
	size_t agency_length;
	uint8_t algorithm;
	size_t digest_length;
	uint64_t at;
	const char *tx;
	const char *tail;
};

#define TX "01h2xcejqtf2nbrexx3vqjhp41"
#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct raw_request hostile[] = {
	{ "another version", 2, "a", 1, 0, 32, 1, TX, "" },
	{ "no agency", 1, "", 0, 0, 32, 1, TX, "" },
	{ "agency too long", 1, LONG, 64, 0, 32, 1, TX, "" },
	{ "agency with a NUL", 1, "a\0b", 3, 0, 32, 1, TX, "" },
	{ "agency with a newline", 1, "a\nb", 3, 0, 32, 1, TX, "" },
	{ "agency with a blank", 1, "a b", 3, 0, 32, 1, TX, "" },
	{ "agency with a slash", 1, "../a", 4, 0, 32, 1, TX, "" },
	{ "agency in UTF-8", 1, "s\xe1\xbb\x9f", 4, 0, 32, 1, TX, "" },
	{ "unknown algorithm", 1, "a", 1, 3, 32, 1, TX, "" },
	{ "algorithm 255", 1, "a", 1, 255, 32, 1, TX, "" },
	{ "no digest", 1, "a", 1, 0, 0, 1, TX, "" },
	{ "short digest", 1, "a", 1, 0, 31, 1, TX, "" },
	{ "digest of another algorithm", 1, "a", 1, 0, 64, 1, TX, "" },
	{ "SHA-1 sized digest", 1, "a", 1, 0, 20, 1, TX, "" },
	{ "digest above 64", 1, "a", 1, 2, 65, 1, TX, "" },
	{ "whole attributes for a digest", 1, "a", 1, 0, 120, 1, TX, "" },
	{ "time before 1970", 1, "a", 1, 0, 32, UINT64_MAX, TX, "" },
	{ "no transaction", 1, "a", 1, 0, 32, 1, "", "" },
	{ "transaction too long", 1, "a", 1, 0, 32, 1, TX "x", "" },
	{ "transaction that forges a log field", 1, "a", 1, 0, 32, 1, "x result=ok", "" },
	{ "something after the end", 1, "a", 1, 0, 32, 1, TX, "x" },
};

static void
hostile_requests_are_refused(void **state)
{
	uint8_t digest[128] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		const struct raw_request *h = &hostile[i];
		struct seal_request out;
		struct error e = { .class = ERR_NONE };
		struct buf wire;
		buf_init(&wire, 4096);
		wire_put_u8(&wire, h->version);
		wire_put_span(&wire, span_of(h->agency, h->agency_length));
		wire_put_u8(&wire, h->algorithm);
		wire_put_span(&wire, span_of(digest, h->digest_length));
		wire_put_u64(&wire, h->at);
		wire_put_str(&wire, h->tx);
		buf_put_str(&wire, h->tail);
		if (seal_request_decode(buf_span(&wire), &out, &e) == 0)
			fail_msg("accepted: %s", h->name);
		assert_int_equal(e.class, ERR_PERM);
		buf_free(&wire);
	}
}

static void
a_cut_request_is_refused_at_every_byte(void **state)
{
	struct seal_request q = good_request(), out;
	struct buf wire;
	struct error e;

	(void)state;
	buf_init(&wire, SEAL_REQUEST_MAX);
	seal_request_encode(&q, &wire);
	for (size_t n = 0; n < wire.len; n++)
		assert_int_equal(
		    seal_request_decode(span_sub(buf_span(&wire), 0, n), &out, &e), -1);
	buf_free(&wire);
}

/* A DER SEQUENCE of 300 bytes with the digest of q inside. */
static void
put_signature(const struct seal_request *q, struct buf *out)
{
	static const uint8_t head[] = { 0x30, 0x82, 0x01, 0x2c };
	static const uint8_t filler[300];

	buf_put(out, head, sizeof(head));
	buf_put(out, q->digest, q->digest_size);
	buf_put(out, filler, 300 - q->digest_size);
}

static void
an_answer_survives_the_way(void **state)
{
	struct seal_request q = good_request();
	struct seal_answer a = { .micalg = "sha-384" }, b = { .micalg = "" };
	struct buf wire;
	struct error e;

	(void)state;
	buf_init(&a.signature, SEAL_SIGNATURE_MAX);
	buf_init(&b.signature, SEAL_SIGNATURE_MAX);
	buf_init(&wire, SEAL_ANSWER_MAX);
	put_signature(&q, &a.signature);
	seal_answer_encode(&a, &wire);
	assert_int_equal(seal_answer_decode(buf_span(&wire), &q, &b, &e), 0);
	assert_string_equal(b.micalg, "sha-384");
	assert_true(span_equal(buf_span(&a.signature), buf_span(&b.signature)));
	for (size_t n = 0; n < wire.len; n++)
		assert_int_equal(
		    seal_answer_decode(span_sub(buf_span(&wire), 0, n), &q, &b, &e), -1);
	buf_free(&a.signature);
	buf_free(&b.signature);
	buf_free(&wire);
}

static void
a_refusal_keeps_its_class_and_words(void **state)
{
	static const struct {
		enum error_class said, heard;
	} classes[] = { { ERR_PERM, ERR_PERM }, { ERR_TEMP, ERR_TEMP }, { ERR_BUG, ERR_TEMP } };
	struct seal_request q = good_request();
	struct seal_answer a;
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		struct error why = { .class = classes[i].said, .text = "not today" };
		struct buf wire;
		buf_init(&wire, SEAL_ANSWER_MAX);
		seal_refusal_encode(&why, &wire);
		assert_int_equal(seal_answer_decode(buf_span(&wire), &q, &a, &e), -1);
		assert_int_equal(e.class, classes[i].heard);
		assert_string_equal(e.text, "keyd: not today");
		buf_free(&wire);
	}
}

enum lie { LIE_VERSION, LIE_STATUS, LIE_MICALG, LIE_NOT_DER, LIE_TRAILING, LIE_DIGEST,
	LIE_TOO_LONG, LIE_TAIL, LIE_COUNT };

static void
lying_answers_are_doubt(void **state)
{
	(void)state;
	for (int lie = 0; lie < LIE_COUNT; lie++) {
		struct seal_request q = good_request(), other = good_request();
		struct seal_answer out = { .micalg = "" };
		struct buf wire, der;
		struct error e = { .class = ERR_NONE };
		buf_init(&wire, 4 * SEAL_ANSWER_MAX);
		buf_init(&der, 4 * SEAL_SIGNATURE_MAX);
		buf_init(&out.signature, SEAL_SIGNATURE_MAX);
		other.digest[0] ^= 1;
		put_signature(lie == LIE_DIGEST ? &other : &q, &der);
		if (lie == LIE_NOT_DER)
			der.data[0] = 0x31;
		if (lie == LIE_TRAILING)
			buf_put_byte(&der, 0);
		while (lie == LIE_TOO_LONG && der.len <= SEAL_SIGNATURE_MAX)
			buf_put_byte(&der, 0);
		wire_put_u8(&wire, lie == LIE_VERSION ? 9 : 1);
		wire_put_u8(&wire, lie == LIE_STATUS ? 3 : 0);
		wire_put_str(&wire, lie == LIE_MICALG ? "sha-1" : "sha-384");
		wire_put_span(&wire, buf_span(&der));
		if (lie == LIE_TAIL)
			buf_put_byte(&wire, 0);
		if (seal_answer_decode(buf_span(&wire), &q, &out, &e) == 0)
			fail_msg("believed lie %d", lie);
		assert_int_equal(e.class, ERR_TEMP);
		assert_int_equal(out.signature.len, 0);
		buf_free(&wire);
		buf_free(&der);
		buf_free(&out.signature);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_survives_the_way),
		cmocka_unit_test(the_longest_request_fits),
		cmocka_unit_test(hostile_requests_are_refused),
		cmocka_unit_test(a_cut_request_is_refused_at_every_byte),
		cmocka_unit_test(an_answer_survives_the_way),
		cmocka_unit_test(a_refusal_keeps_its_class_and_words),
		cmocka_unit_test(lying_answers_are_doubt),
	};

	return cmocka_run_group_tests_name("seal_protocol", tests, NULL, NULL);
}
