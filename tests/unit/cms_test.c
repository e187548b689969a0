/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CMS gate, against structures built here octet by octet: one good one, and each fault
 * alone. No signature in them is real; the gate does not verify.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/inspect/cms.h"
#include "gateway/inspect/der.h"

#define OID_PKCS7 "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
#define OID_PKCS9 "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09"
#define SHA256_ID "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
#define SHA1_ID "\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00"
#define RSA_ID "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"
#define RSA_SHA512_ID "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00"
#define MAX 4096

static const struct span content_type = SPAN_LIT(
    "\x30\x18" OID_PKCS9 "\x03\x31\x0b" OID_PKCS7 "\x01");
static const struct span content_type_other = SPAN_LIT(
    "\x30\x18" OID_PKCS9 "\x03\x31\x0b" OID_PKCS7 "\x02");
static const struct span content_type_empty = SPAN_LIT("\x30\x0d" OID_PKCS9 "\x03\x31\x00");
static const struct span digest = SPAN_LIT("\x30\x2f" OID_PKCS9 "\x04\x31\x22\x04\x20"
    "0123456789abcdef0123456789abcdef");
static const struct span digest_short = SPAN_LIT("\x30\x2e" OID_PKCS9 "\x04\x31\x21\x04\x1f"
    "0123456789abcdef0123456789abcde");
static const struct span digest_twice = SPAN_LIT("\x30\x51" OID_PKCS9 "\x04\x31\x44\x04\x20"
    "0123456789abcdef0123456789abcdef\x04\x20" "0123456789abcdef0123456789abcdef");
static const struct span signing_time = SPAN_LIT(
    "\x30\x1c" OID_PKCS9 "\x05\x31\x0f\x17\x0d" "261123210544Z");
static const struct span signing_time_bad = SPAN_LIT(
    "\x30\x1c" OID_PKCS9 "\x05\x31\x0f\x04\x0d" "261123210544Z");
static const struct span issuer_and_serial = SPAN_LIT("\x30\x12\x30\x0d\x31\x0b\x30\x09\x06"
    "\x03\x55\x04\x03\x0c\x02" "CA\x02\x01\x07");
static const struct span key_id = SPAN_LIT("\x80\x04" "abcd");
static const struct span a_certificate = SPAN_LIT("\x30\x03\x02\x01\x01");
static const struct span attribute_certificate = SPAN_LIT("\xa2\x03\x02\x01\x01");

/* What is put where; the zero value of each field gives the good one. */
struct recipe {
	const char *kind;      /* last octet of the ContentInfo's type, "\x02" = signedData */
	const char *inner;     /* of eContentType, "\x01" = id-data */
	bool embedded, pieces; /* an eContent; in pieces */
	bool empty_content;
	unsigned signers;      /* 0 means one; use no_signers for none */
	bool no_signers, no_attributes, by_key_id, no_digests, other_digest;
	unsigned certificates; /* how many; 0 means one; use no_certificates for none */
	bool no_certificates, attribute_certificate, crls, unsigned_attributes;
	bool disagree, trailing, signer_tail, indefinite;
	const char *version; /* of SignedData, "\x01" */
	struct span attributes[5];
};

/* Wrap: replace the bytes of `b` from `mark` on by tag, length and them. */
static void
wrap(struct buf *b, size_t mark, uint8_t tag, bool indefinite)
{
	uint8_t *copy;
	size_t n = b->len - mark;

	copy = malloc(n + 1);
	assert_non_null(copy);
	memcpy(copy, b->data + mark, n);
	b->len = mark;
	if (indefinite) {
		buf_put_byte(b, tag);
		buf_put_byte(b, 0x80);
		buf_put(b, copy, n);
		buf_put(b, "\0\0", 2);
	} else {
		der_put_header(tag, n, b);
		buf_put(b, copy, n);
	}
	free(copy);
}

static void
put_signer(const struct recipe *r, struct buf *b)
{
	size_t mark = b->len, set;

	buf_put(b, r->by_key_id ? "\x02\x01\x03" : "\x02\x01\x01", 3);
	buf_put_span(b, r->by_key_id ? key_id : issuer_and_serial);
	buf_put(b, SHA256_ID, sizeof(SHA256_ID) - 1);
	if (!r->no_attributes) {
		set = b->len;
		if (r->attributes[0].len == 0) {
			buf_put_span(b, content_type);
			buf_put_span(b, signing_time);
			buf_put_span(b, digest);
		}
		for (unsigned i = 0; i < 5; i++)
			buf_put_span(b, r->attributes[i]);
		wrap(b, set, DER_CONTEXT_0, false);
	}
	if (r->disagree)
		buf_put(b, RSA_SHA512_ID, sizeof(RSA_SHA512_ID) - 1);
	else
		buf_put(b, RSA_ID, sizeof(RSA_ID) - 1);
	buf_put(b, "\x04\x03sig", 5);
	if (r->unsigned_attributes)
		buf_put(b, "\xa1\x00", 2);
	if (r->signer_tail)
		buf_put(b, "\x05\x00", 2);
	wrap(b, mark, DER_SEQUENCE, false);
}

static void
put_content(const struct recipe *r, struct buf *b)
{
	size_t mark = b->len, inside;

	buf_put(b, OID_PKCS7, sizeof(OID_PKCS7) - 1);
	buf_put(b, r->inner != NULL ? r->inner : "\x01", 1);
	if (r->embedded) {
		inside = b->len;
		if (r->pieces)
			buf_put(b, "\x24\x80\x04\x03" "a: " "\x04\x03" "b\r\n" "\0\0", 14);
		else if (r->empty_content)
			buf_put(b, "\x04\x00", 2);
		else
			buf_put(b, "\x04\x06" "a: b\r\n", 8);
		wrap(b, inside, DER_CONTEXT_0, r->indefinite);
	}
	wrap(b, mark, DER_SEQUENCE, r->indefinite);
}

static void
put_sets(const struct recipe *r, struct buf *b)
{
	unsigned certificates = r->certificates > 0 ? r->certificates : 1;
	unsigned signers = r->signers > 0 ? r->signers : 1;
	size_t mark = b->len;

	if (!r->no_certificates) {
		for (unsigned i = 0; i < certificates; i++)
			buf_put_span(b, a_certificate);
		if (r->attribute_certificate)
			buf_put_span(b, attribute_certificate);
		wrap(b, mark, DER_CONTEXT_0, r->indefinite);
	}
	if (r->crls)
		buf_put(b, "\xa1\x02\x30\x00", 4);
	mark = b->len;
	for (unsigned i = 0; i < signers && !r->no_signers; i++)
		put_signer(r, b);
	wrap(b, mark, DER_SET, r->indefinite);
}

static void
build(const struct recipe *r, struct buf *b)
{
	size_t data, mark;

	buf_put(b, OID_PKCS7, sizeof(OID_PKCS7) - 1);
	buf_put(b, r->kind != NULL ? r->kind : "\x02", 1);
	data = b->len;
	buf_put(b, "\x02\x01", 2);
	buf_put(b, r->version != NULL ? r->version : "\x01", 1);
	mark = b->len;
	if (r->other_digest)
		buf_put(b, SHA1_ID, sizeof(SHA1_ID) - 1);
	else if (!r->no_digests)
		buf_put(b, SHA256_ID, sizeof(SHA256_ID) - 1);
	wrap(b, mark, DER_SET, r->indefinite);
	put_content(r, b);
	put_sets(r, b);
	wrap(b, data, DER_SEQUENCE, r->indefinite);
	wrap(b, data, DER_CONTEXT_0, r->indefinite);
	wrap(b, 0, DER_SEQUENCE, r->indefinite);
	if (r->trailing)
		buf_put(b, "\0", 1);
}

struct gate_case {
	const char *row;
	enum cms_form form;
	struct recipe recipe;
	enum reason reason; /* REASON_NONE: passes */
};

static void
each_fault_alone_is_refused_with_its_reason(void **state)
{
	const struct gate_case cases[] = {
		{ "A01 detached", CMS_FORM_DETACHED, { .kind = NULL }, REASON_NONE },
		{ "A01 opaque", CMS_FORM_OPAQUE, { .embedded = true }, REASON_NONE },
		{ "A15 opaque in BER", CMS_FORM_OPAQUE,
		    { .embedded = true, .pieces = true, .indefinite = true },
		    REASON_NONE },
		{ "A15 detached in BER", CMS_FORM_DETACHED, { .indefinite = true },
		    REASON_NONE },
		{ "A19 by key identifier", CMS_FORM_DETACHED, { .by_key_id = true },
		    REASON_NONE },
		{ "A19 by key identifier, version 3", CMS_FORM_DETACHED,
		    { .by_key_id = true, .version = "\x03" }, REASON_NONE },
		{ "version 3 without need", CMS_FORM_DETACHED, { .version = "\x03" },
		    REASON_CMS_ENCODING },
		{ "version 0", CMS_FORM_DETACHED, { .version = "\x00" },
		    REASON_CMS_ENCODING },
		{ "negative version", CMS_FORM_DETACHED, { .version = "\xff" },
		    REASON_CMS_ENCODING },
		{ "A20 unsigned attributes", CMS_FORM_DETACHED,
		    { .unsigned_attributes = true }, REASON_NONE },
		{ "B03 lists inside", CMS_FORM_DETACHED, { .crls = true }, REASON_NONE },
		{ "attribute certificate", CMS_FORM_DETACHED,
		    { .attribute_certificate = true, .version = "\x04" }, REASON_NONE },
		{ "no certificate", CMS_FORM_DETACHED, { .no_certificates = true },
		    REASON_NONE },
		{ "64 certificates", CMS_FORM_DETACHED, { .certificates = 64 },
		    REASON_NONE },
		{ "A02 content inside a detached one", CMS_FORM_DETACHED,
		    { .embedded = true }, REASON_CONTENT_EMBEDDED },
		{ "A02 empty content inside", CMS_FORM_DETACHED,
		    { .embedded = true, .empty_content = true },
		    REASON_CONTENT_EMBEDDED },
		{ "A18 no content in an opaque one", CMS_FORM_OPAQUE, { .kind = NULL },
		    REASON_CONTENT_MISSING },
		{ "A18 empty content", CMS_FORM_OPAQUE,
		    { .embedded = true, .empty_content = true }, REASON_CONTENT_MISSING },
		{ "A04 no signed attributes", CMS_FORM_DETACHED,
		    { .no_attributes = true }, REASON_ATTRIBUTES_MISSING },
		{ "A06 no signer", CMS_FORM_DETACHED, { .no_signers = true },
		    REASON_SIGNER_COUNT },
		{ "A06 no signer, no certificate", CMS_FORM_DETACHED,
		    { .no_signers = true, .no_certificates = true },
		    REASON_SIGNER_COUNT },
		{ "A07 certificates only, bare", CMS_FORM_OPAQUE, { .no_signers = true },
		    REASON_CERTIFICATES_ONLY },
		{ "A06 no signer, opaque with content", CMS_FORM_OPAQUE,
		    { .no_signers = true, .embedded = true }, REASON_SIGNER_COUNT },
		{ "A08 two signers", CMS_FORM_DETACHED, { .signers = 2 },
		    REASON_SIGNER_COUNT },
		{ "A24 100 signers", CMS_FORM_DETACHED, { .signers = 100 },
		    REASON_CMS_LIMIT },
		{ "A24 65 certificates", CMS_FORM_DETACHED, { .certificates = 65 },
		    REASON_CMS_LIMIT },
		{ "A10 contentType missing", CMS_FORM_DETACHED,
		    { .attributes = { digest } }, REASON_ATTRIBUTE_WRONG },
		{ "A10 contentType twice", CMS_FORM_DETACHED,
		    { .attributes = { content_type, content_type, digest } },
		    REASON_ATTRIBUTE_WRONG },
		{ "A10 contentType not id-data", CMS_FORM_DETACHED,
		    { .attributes = { content_type_other, digest } },
		    REASON_ATTRIBUTE_WRONG },
		{ "A10 contentType without value", CMS_FORM_DETACHED,
		    { .attributes = { content_type_empty, digest } },
		    REASON_CMS_ENCODING },
		{ "A10 messageDigest missing", CMS_FORM_DETACHED,
		    { .attributes = { content_type } }, REASON_ATTRIBUTE_WRONG },
		{ "A10 messageDigest twice", CMS_FORM_DETACHED,
		    { .attributes = { content_type, digest, digest } },
		    REASON_ATTRIBUTE_WRONG },
		{ "A10 messageDigest with two values", CMS_FORM_DETACHED,
		    { .attributes = { content_type, digest_twice } },
		    REASON_ATTRIBUTE_WRONG },
		{ "A10 messageDigest too short", CMS_FORM_DETACHED,
		    { .attributes = { content_type, digest_short } },
		    REASON_ATTRIBUTE_WRONG },
		{ "A21 signingTime absent", CMS_FORM_DETACHED,
		    { .attributes = { content_type, digest } }, REASON_NONE },
		{ "A21 signingTime twice", CMS_FORM_DETACHED,
		    { .attributes = { content_type, signing_time, signing_time,
			  digest } },
		    REASON_ATTRIBUTE_WRONG },
		{ "A21 signingTime of another type", CMS_FORM_DETACHED,
		    { .attributes = { content_type, signing_time_bad, digest } },
		    REASON_ATTRIBUTE_WRONG },
		{ "A11 no digest listed", CMS_FORM_DETACHED, { .no_digests = true },
		    REASON_DIGEST_UNLISTED },
		{ "A11 another digest listed", CMS_FORM_DETACHED,
		    { .other_digest = true }, REASON_DIGEST_UNLISTED },
		{ "A12 algorithms disagree", CMS_FORM_DETACHED, { .disagree = true },
		    REASON_ALGORITHMS_DISAGREE },
		{ "A14 trailing byte", CMS_FORM_DETACHED, { .trailing = true },
		    REASON_CMS_TRAILING },
		{ "something after the SignerInfo's fields", CMS_FORM_DETACHED,
		    { .signer_tail = true }, REASON_CMS_ENCODING },
		{ "2.4 content of another type", CMS_FORM_DETACHED, { .inner = "\x02" },
		    REASON_CONTENT_TYPE },
		{ "A16 enveloped, opaque", CMS_FORM_OPAQUE, { .kind = "\x03" },
		    REASON_ENCRYPTED },
		{ "A16 enveloped, detached", CMS_FORM_DETACHED, { .kind = "\x03" },
		    REASON_CMS_TYPE },
		{ "A16 encrypted", CMS_FORM_OPAQUE, { .kind = "\x06" },
		    REASON_ENCRYPTED },
		{ "A16 digested", CMS_FORM_OPAQUE, { .kind = "\x05" }, REASON_UNSIGNED },
		{ "A16 plain data", CMS_FORM_OPAQUE, { .kind = "\x01" },
		    REASON_UNSIGNED },
		{ "A16 unknown kind", CMS_FORM_OPAQUE, { .kind = "\x09" },
		    REASON_CMS_TYPE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b;
		struct cms c;
		struct finding f;

		buf_init(&b, MAX * 16);
		build(&cases[i].recipe, &b);
		assert_false(b.failed);
		cms_open(buf_span(&b), cases[i].form, &c, &f);
		if (f.reason != cases[i].reason
		    || (f.state == CHECK_OK) != (cases[i].reason == REASON_NONE))
			fail_msg("%s: %s", cases[i].row, reason_info(f.reason)->code);
		if (f.state == CHECK_OK)
			assert_true(c.has_signer && c.has_attributes);
		cms_free(&c);
		buf_free(&b);
	}
}

static void
what_comes_out_are_the_slices_that_went_in(void **state)
{
	struct recipe r = { .embedded = true, .pieces = true, .indefinite = true };
	struct buf b;
	struct cms c;
	struct finding f;

	(void)state;
	buf_init(&b, MAX);
	build(&r, &b);
	cms_open(buf_span(&b), CMS_FORM_OPAQUE, &c, &f);
	assert_int_equal(f.state, CHECK_OK);
	assert_true(span_is(c.content, "a: b\r\n"));
	assert_int_equal(c.certificate_count, 1);
	assert_true(span_equal(c.certificates[0], a_certificate));
	assert_int_equal(c.digest.hash, HASH_SHA256);
	assert_int_equal(c.signature_algorithm.signature.scheme, SCHEME_RSA);
	assert_true(span_is(c.signature, "sig"));
	assert_true(span_is(c.message_digest, "0123456789abcdef0123456789abcdef"));
	assert_true(c.has_signing_time);
	assert_true(c.signing_time == 1795467944);
	assert_int_equal(c.serial.len, 1);
	assert_int_equal(c.key_id.len, 0);
	assert_true(c.attributes.ptr > b.data && c.attributes.ptr < b.data + b.len);
	cms_free(&c);
	buf_free(&b);
}

/* A26, without keys: no prefix, and no single changed byte, makes the gate read outside. */
static void
cut_and_flipped_at_every_byte_the_gate_holds(void **state)
{
	struct recipe r = { .embedded = true, .indefinite = true, .crls = true };
	struct buf b;
	struct cms c;
	struct finding f;

	(void)state;
	buf_init(&b, MAX);
	build(&r, &b);
	for (size_t n = 0; n < b.len; n++) {
		/* An allocation of its own, so that sanitizers see a step too far. */
		uint8_t *cut = malloc(n + 1);
		assert_non_null(cut);
		memcpy(cut, b.data, n);
		cms_open(span_of(cut, n), CMS_FORM_OPAQUE, &c, &f);
		assert_int_equal(f.state, CHECK_FAIL);
		cms_free(&c);
		free(cut);
		for (unsigned bit = 0; bit < 8; bit++) {
			b.data[n] ^= (uint8_t)(1u << bit);
			cms_open(buf_span(&b), CMS_FORM_OPAQUE, &c, &f);
			cms_free(&c);
			b.data[n] ^= (uint8_t)(1u << bit);
		}
	}
	buf_free(&b);
}

static void
sizes_are_limited_before_anything_is_read(void **state)
{
	uint8_t *big = calloc(1, LIMIT_CMS_BYTES + 1);
	struct cms c;
	struct finding f;

	(void)state;
	assert_non_null(big);
	cms_open(span_of(big, LIMIT_CMS_BYTES + 1), CMS_FORM_DETACHED, &c, &f);
	assert_int_equal(f.reason, REASON_CMS_LIMIT);
	cms_free(&c);
	cms_open(span_of(big, LIMIT_CMS_BYTES), CMS_FORM_DETACHED, &c, &f);
	assert_int_equal(f.reason, REASON_CMS_ENCODING);
	cms_free(&c);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_alone_is_refused_with_its_reason),
		cmocka_unit_test(what_comes_out_are_the_slices_that_went_in),
		cmocka_unit_test(cut_and_flipped_at_every_byte_the_gate_holds),
		cmocka_unit_test(sizes_are_limited_before_anything_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
