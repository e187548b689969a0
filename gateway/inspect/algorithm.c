/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of algorithms and the judgement of keys. "Weak" is what RFC 8551 2.1-2.2 and
 * verdicts.md B09 no longer take: a profile may still permit some of it, with a note. Keys
 * that invite forgery (an RSA exponent of one, elliptic curves that the certificate itself
 * describes: CVE-2020-0601) are no keys, whatever a profile says.
 */
#include "gateway/inspect/algorithm.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include "gateway/inspect/der.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192       /* 16384 bits cost 0.1 s and more for each step (A22) */
#define RSA_EXPONENT_BITS_MAX 33 /* above 2^32 nobody honest goes (A22) */
#define RSA_EXPONENT_MIN 65537  /* below it a padding fault becomes a forgery (A22) */

static const struct hash_info hashes[HASH_COUNT] = {
	[HASH_UNKNOWN] = { "unknown", "unknown", "", 0, true },
	[HASH_MD5] = { "MD5", "md5", "MD5", 16, true },
	[HASH_SHA1] = { "SHA-1", "sha-1", "SHA1", 20, true },
	[HASH_SHA224] = { "SHA-224", "sha-224", "SHA2-224", 28, true },
	[HASH_SHA256] = { "SHA-256", "sha-256", "SHA2-256", 32, false },
	[HASH_SHA384] = { "SHA-384", "sha-384", "SHA2-384", 48, false },
	[HASH_SHA512] = { "SHA-512", "sha-512", "SHA2-512", 64, false },
};

static const struct {
	struct span oid;
	enum hash hash;
} hash_oids[] = {
	{ SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x02\x05"), HASH_MD5 },
	{ SPAN_LIT("\x2b\x0e\x03\x02\x1a"), HASH_SHA1 },
	{ SPAN_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x04"), HASH_SHA224 },
	{ SPAN_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), HASH_SHA256 },
	{ SPAN_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x02"), HASH_SHA384 },
	{ SPAN_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x03"), HASH_SHA512 },
};

static const struct {
	struct span oid;
	enum scheme scheme;
	enum hash hash;
} signature_oids[] = {
	{ SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), SCHEME_RSA, HASH_UNKNOWN },
	{ SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"), SCHEME_RSA, HASH_MD5 },
	{ SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), SCHEME_RSA, HASH_SHA1 },
	{ SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e"), SCHEME_RSA, HASH_SHA224 },
	{ SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), SCHEME_RSA, HASH_SHA256 },
	{ SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"), SCHEME_RSA, HASH_SHA384 },
	{ SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"), SCHEME_RSA, HASH_SHA512 },
	{ SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), SCHEME_PSS, HASH_UNKNOWN },
	{ SPAN_LIT("\x2a\x86\x48\xce\x3d\x04\x01"), SCHEME_ECDSA, HASH_SHA1 },
	{ SPAN_LIT("\x2a\x86\x48\xce\x3d\x04\x03\x01"), SCHEME_ECDSA, HASH_SHA224 },
	{ SPAN_LIT("\x2a\x86\x48\xce\x3d\x04\x03\x02"), SCHEME_ECDSA, HASH_SHA256 },
	{ SPAN_LIT("\x2a\x86\x48\xce\x3d\x04\x03\x03"), SCHEME_ECDSA, HASH_SHA384 },
	{ SPAN_LIT("\x2a\x86\x48\xce\x3d\x04\x03\x04"), SCHEME_ECDSA, HASH_SHA512 },
	{ SPAN_LIT("\x2a\x86\x48\xce\x38\x04\x01"), SCHEME_DSA, HASH_UNKNOWN },
	{ SPAN_LIT("\x2a\x86\x48\xce\x38\x04\x03"), SCHEME_DSA, HASH_SHA1 },
	{ SPAN_LIT("\x60\x86\x48\x01\x65\x03\x04\x03\x01"), SCHEME_DSA, HASH_SHA224 },
	{ SPAN_LIT("\x60\x86\x48\x01\x65\x03\x04\x03\x02"), SCHEME_DSA, HASH_SHA256 },
	{ SPAN_LIT("\x2b\x65\x70"), SCHEME_ED25519, HASH_UNKNOWN },
};

static const struct span oid_mgf1 = SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08");

const struct hash_info *
hash_info(enum hash h)
{
	return &hashes[(unsigned)h < HASH_COUNT ? h : HASH_UNKNOWN];
}

enum hash
hash_of_nid(int nid)
{
	switch (nid) {
	case NID_md5:
		return HASH_MD5;
	case NID_sha1:
		return HASH_SHA1;
	case NID_sha224:
		return HASH_SHA224;
	case NID_sha256:
		return HASH_SHA256;
	case NID_sha384:
		return HASH_SHA384;
	case NID_sha512:
		return HASH_SHA512;
	default:
		return HASH_UNKNOWN;
	}
}

/* Split an AlgorithmIdentifier; *parameters is empty when there are none or NULL. */
static bool
split(struct span item, struct span *oid, struct span *parameters, char text[OID_TEXT_MAX])
{
	struct der_item part;

	if (!der_take(&item, DER_OID, &part) || part.content.len == 0)
		return false;
	*oid = part.content;
	der_oid_text(*oid, text, OID_TEXT_MAX);
	*parameters = (struct span){ 0 };
	if (item.len == 0)
		return true;
	if (!der_next(&item, &part) || item.len != 0)
		return false;
	if (part.tag == DER_NULL)
		return part.content.len == 0;
	*parameters = part.whole;
	return true;
}

bool
algorithm_read_digest(struct span item, struct algorithm *out)
{
	struct span oid, parameters;

	*out = (struct algorithm){ .hash = HASH_UNKNOWN };
	if (!split(item, &oid, &parameters, out->text))
		return false;
	for (size_t i = 0; i < sizeof(hash_oids) / sizeof(hash_oids[0]); i++) {
		if (span_equal(oid, hash_oids[i].oid)) {
			out->hash = hash_oids[i].hash;
			return parameters.len == 0;
		}
	}
	return true;
}

/* [tag] EXPLICIT AlgorithmIdentifier naming a digest; absent means SHA-1 (RFC 4055 3.1). */
static bool
read_pss_hash(struct span *in, uint8_t tag, bool mgf, enum hash *out)
{
	struct der_item wrapped, sequence, oid;
	struct algorithm digest;

	*out = HASH_SHA1;
	if (!der_take(in, tag, &wrapped))
		return true;
	if (!der_take(&wrapped.content, DER_SEQUENCE, &sequence) || wrapped.content.len != 0)
		return false;
	struct span inside = sequence.content;
	if (mgf) {
		struct der_item inner;
		if (!der_take(&inside, DER_OID, &oid) || !span_equal(oid.content, oid_mgf1)
		    || !der_take(&inside, DER_SEQUENCE, &inner) || inside.len != 0)
			return false;
		inside = inner.content;
	}
	if (!algorithm_read_digest(inside, &digest))
		return false;
	*out = digest.hash;
	return true;
}

/* RSASSA-PSS-params (RFC 4055 3.1); they are required in a signature. */
static bool
read_pss(struct span parameters, struct signature_algorithm *out)
{
	struct der_item sequence, wrapped, number;
	uint32_t trailer = 1;

	out->salt = 20;
	if (!der_take(&parameters, DER_SEQUENCE, &sequence) || parameters.len != 0)
		return false;
	struct span in = sequence.content;
	if (!read_pss_hash(&in, DER_CONTEXT_0, false, &out->hash)
	    || !read_pss_hash(&in, DER_CONTEXT_1, true, &out->mgf_hash))
		return false;
	if (der_take(&in, DER_CONTEXT_2, &wrapped)
	    && (!der_take(&wrapped.content, DER_INTEGER, &number)
		|| wrapped.content.len != 0 || !der_small_integer(number, &out->salt)))
		return false;
	if (der_take(&in, DER_CONTEXT_3, &wrapped)
	    && (!der_take(&wrapped.content, DER_INTEGER, &number)
		|| wrapped.content.len != 0 || !der_small_integer(number, &trailer)))
		return false;
	return in.len == 0 && trailer == 1 && out->salt <= RSA_BITS_MAX / 8;
}

bool
algorithm_read_signature(struct span item, struct algorithm *out)
{
	struct span oid, parameters;

	*out = (struct algorithm){ .hash = HASH_UNKNOWN };
	if (!split(item, &oid, &parameters, out->text))
		return false;
	for (size_t i = 0; i < sizeof(signature_oids) / sizeof(signature_oids[0]); i++) {
		if (!span_equal(oid, signature_oids[i].oid))
			continue;
		out->signature.scheme = signature_oids[i].scheme;
		out->signature.hash = signature_oids[i].hash;
		if (out->signature.scheme == SCHEME_PSS)
			return read_pss(parameters, &out->signature);
		/* DSA senders of old repeat the key's parameters here. */
		return parameters.len == 0 || out->signature.scheme == SCHEME_DSA;
	}
	return true;
}

static void
judge_rsa(EVP_PKEY *key, struct span holder, struct key_info *info, struct finding *out)
{
	BIGNUM *exponent = NULL, *modulus = NULL;
	bool odd = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent)
	    && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus)
	    && BN_is_odd(exponent) && BN_is_odd(modulus) && !BN_is_one(exponent);
	int exponent_bits = exponent != NULL ? BN_num_bits(exponent) : 0;
	bool small = exponent != NULL && exponent_bits <= 31
	    && BN_get_word(exponent) < RSA_EXPONENT_MIN;
	struct span size = span_str(info->text);

	BN_free(exponent);
	BN_free(modulus);
	if (!odd)
		finding_set(out, CHECK_FAIL, REASON_KEY_MALFORMED, holder, span_str("RSA"));
	else if (info->bits > RSA_BITS_MAX)
		finding_set(out, CHECK_FAIL, REASON_KEY_LIMIT, holder, size);
	else if (exponent_bits > RSA_EXPONENT_BITS_MAX)
		finding_set(out, CHECK_FAIL, REASON_KEY_LIMIT, holder,
		    span_str("RSA exponent"));
	else if (small)
		finding_set(out, CHECK_FAIL, REASON_WEAK_KEY, holder,
		    span_str("RSA exponent"));
	else if (info->bits < RSA_BITS_MIN)
		finding_set(out, CHECK_FAIL, REASON_WEAK_KEY, holder, size);
}

/* Only curves by name: explicit parameters let the holder choose the generator. */
static void
judge_ec(X509 *certificate, struct span holder, struct key_info *info,
    struct finding *out)
{
	X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *curve = NULL;
	const void *value = NULL;
	int type = V_ASN1_UNDEF;

	X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm,
	    X509_get_X509_PUBKEY(certificate));
	X509_ALGOR_get0(NULL, &type, &value, algorithm);
	if (type != V_ASN1_OBJECT) {
		finding_set(out, CHECK_FAIL, REASON_KEY_MALFORMED, holder,
		    span_str("explicit curve"));
		return;
	}
	curve = value;
	switch (OBJ_obj2nid(curve)) {
	case NID_X9_62_prime256v1:
		snprintf(info->text, sizeof(info->text), "P-256");
		break;
	case NID_secp384r1:
		snprintf(info->text, sizeof(info->text), "P-384");
		break;
	case NID_secp521r1:
		snprintf(info->text, sizeof(info->text), "P-521");
		break;
	default:
		snprintf(info->text, sizeof(info->text), "EC %d", info->bits);
		finding_set(out, CHECK_FAIL,
		    info->bits < 256 ? REASON_WEAK_KEY : REASON_ALGORITHM_UNKNOWN,
		    info->bits < 256 ? holder : span_str(info->text),
		    span_str(info->text));
		break;
	}
}

void
key_judge(X509 *certificate, struct span holder, struct key_info *info,
    struct finding *out)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	*info = (struct key_info){ .kind = KEY_OTHER };
	finding_say(out, CHECK_OK, REASON_NONE, NULL, NULL);
	if (key == NULL) {
		finding_set(out, CHECK_FAIL, REASON_KEY_MALFORMED, holder,
		    span_str("unreadable"));
		return;
	}
	info->bits = EVP_PKEY_get_bits(key);
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		info->kind = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? KEY_RSA : KEY_RSA_PSS;
		snprintf(info->text, sizeof(info->text), "RSA %d", info->bits);
		judge_rsa(key, holder, info, out);
		break;
	case EVP_PKEY_EC:
		info->kind = KEY_EC;
		judge_ec(certificate, holder, info, out);
		break;
	case EVP_PKEY_ED25519:
		info->kind = KEY_ED25519;
		snprintf(info->text, sizeof(info->text), "Ed25519");
		break;
	case EVP_PKEY_DSA:
		info->kind = KEY_DSA;
		snprintf(info->text, sizeof(info->text), "DSA %d", info->bits);
		finding_set(out, CHECK_FAIL, REASON_WEAK_KEY, holder, span_str(info->text));
		break;
	default:
		snprintf(info->text, sizeof(info->text), "%s",
		    OBJ_nid2sn(EVP_PKEY_get_base_id(key)));
		finding_set(out, CHECK_FAIL, REASON_ALGORITHM_UNKNOWN, span_str(info->text),
		    span_str(NULL));
		break;
	}
}
