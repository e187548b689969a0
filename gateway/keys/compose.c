/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The complete detached signature (RFC 5652, RFC 8551, CAdES-BES of ETSI EN 319 122-1): one
 * SignerInfo over signed attributes that are all built here: contentType (id-data),
 * messageDigest, signingTime, smimeCapabilities, signing-certificate-v2. The certificates
 * are the leaf and its intermediates; receivers have the root or must not trust it.
 *
 * The content never comes here, only its digest; what is signed is always a SET of
 * attributes with the asked digest inside, so no caller can have other bytes signed.
 */
#include "gateway/keys/compose.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "common/clock.h"
#include "gateway/keys/protocol.h"

static const EVP_MD *
md_of(enum seal_digest d)
{
	switch (d) {
	case SEAL_SHA256:
		return EVP_sha256();
	case SEAL_SHA384:
		return EVP_sha384();
	case SEAL_SHA512:
		return EVP_sha512();
	}
	return NULL;
}

/*
 * What we read, best first (RFC 8551 2.5.2): signatures, then the ciphers that section 2.7
 * asks of every receiver, for whoever encrypts an answer to the agency's certificate.
 */
static int
add_capabilities(CMS_SignerInfo *si)
{
	static const int nids[] = { NID_ecdsa_with_SHA256, NID_sha256WithRSAEncryption,
		NID_rsassaPss, NID_aes_256_gcm, NID_aes_128_gcm, NID_aes_256_cbc,
		NID_aes_128_cbc };
	STACK_OF(X509_ALGOR) *caps = NULL;
	int ok = 1;

	for (size_t i = 0; ok == 1 && i < sizeof(nids) / sizeof(nids[0]); i++)
		ok = CMS_add_simple_smimecap(&caps, nids[i], -1);
	if (ok == 1)
		ok = CMS_add_smimecap(si, caps);
	sk_X509_ALGOR_pop_free(caps, X509_ALGOR_free);
	return ok;
}

static int
add_signing_time(CMS_SignerInfo *si, int64_t seconds)
{
	/* UTCTime to 2049, GeneralizedTime from 2050: RFC 5652 11.3. */
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)seconds);
	int ok = 0;

	if (t != NULL)
		ok = CMS_signed_add1_attr_by_NID(
		    si, NID_pkcs9_signingTime, ASN1_STRING_type(t), t, -1);
	ASN1_TIME_free(t);
	return ok;
}

/* An AlgorithmIdentifier whose parameters are the DER of another ASN.1 value. */
static int
set_algorithm(X509_ALGOR *to, int nid, void *value, const ASN1_ITEM *item)
{
	ASN1_STRING *der = ASN1_item_pack(value, item, NULL);

	if (der == NULL)
		return 0;
	if (X509_ALGOR_set0(to, OBJ_nid2obj(nid), V_ASN1_SEQUENCE, der) == 1)
		return 1;
	ASN1_STRING_free(der);
	return 0;
}

/*
 * RSASSA-PSS as RFC 4056 and RFC 8551 want it: MGF1 with the same digest, a salt as long as
 * the digest. OpenSSL 3.0 writes these parameters only when it hashes the content itself.
 */
static int
set_pss(CMS_SignerInfo *si, const EVP_MD *md)
{
	EVP_PKEY_CTX *ctx = CMS_SignerInfo_get0_pkey_ctx(si);
	RSA_PSS_PARAMS *pss = RSA_PSS_PARAMS_new();
	X509_ALGOR *algorithm;
	int ok = 0;

	CMS_SignerInfo_get0_algs(si, NULL, NULL, NULL, &algorithm);
	if (ctx == NULL || pss == NULL ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) <= 0)
		goto out;
	pss->hashAlgorithm = X509_ALGOR_new();
	pss->maskGenAlgorithm = X509_ALGOR_new();
	pss->saltLength = ASN1_INTEGER_new();
	if (pss->hashAlgorithm == NULL || pss->maskGenAlgorithm == NULL ||
	    pss->saltLength == NULL ||
	    ASN1_INTEGER_set(pss->saltLength, EVP_MD_get_size(md)) != 1)
		goto out;
	X509_ALGOR_set_md(pss->hashAlgorithm, md);
	ok = set_algorithm(pss->maskGenAlgorithm, NID_mgf1, pss->hashAlgorithm,
	         ASN1_ITEM_rptr(X509_ALGOR)) == 1 &&
	    set_algorithm(algorithm, NID_rsassaPss, pss, ASN1_ITEM_rptr(RSA_PSS_PARAMS)) == 1;
out:
	RSA_PSS_PARAMS_free(pss);
	return ok;
}

static int
add_signer(CMS_ContentInfo *cms, const struct key *k, const struct seal_request *q)
{
	unsigned flags = CMS_PARTIAL | CMS_DETACHED | CMS_BINARY | CMS_CADES | CMS_NOSMIMECAP |
	    (k->pss ? CMS_KEY_PARAM : 0);
	CMS_SignerInfo *si =
	    CMS_add1_signer(cms, k->leaf, k->private_key, md_of(q->algorithm), flags);

	if (si == NULL || (k->pss && !set_pss(si, md_of(q->algorithm))))
		return 0;
	for (int i = 0; i < sk_X509_num(k->chain); i++)
		if (CMS_add1_cert(cms, sk_X509_value(k->chain, i)) != 1)
			return 0;
	return CMS_signed_add1_attr_by_NID(si, NID_pkcs9_contentType, V_ASN1_OBJECT,
	           OBJ_nid2obj(NID_pkcs7_data), -1) == 1 &&
	    CMS_signed_add1_attr_by_NID(si, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING,
	        q->digest, (int)q->digest_size) == 1 &&
	    add_signing_time(si, q->signing_time) == 1 && add_capabilities(si) == 1 &&
	    CMS_SignerInfo_sign(si) == 1;
}

static void
set_openssl_error(struct error *e, const char *what)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	error_set(e, ERR_TEMP, "%s: %s", what, why != NULL ? why : "unknown");
}

int
seal_compose(const struct key *k, const struct seal_request *q, struct buf *out,
    struct error *e)
{
	int result = -1;
	uint8_t *to;
	int length;
	CMS_ContentInfo *cms =
	    CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_DETACHED | CMS_BINARY);

	if (cms == NULL || !add_signer(cms, k, q)) {
		set_openssl_error(e, "cannot sign");
		goto out;
	}
	length = i2d_CMS_ContentInfo(cms, NULL);
	if (length <= 0) {
		set_openssl_error(e, "cannot encode the signature");
		goto out;
	}
	if (length > SEAL_SIGNATURE_MAX) {
		error_set(e, ERR_TEMP, "the signature would be %d bytes, above %d", length,
		    SEAL_SIGNATURE_MAX);
		goto out;
	}
	to = buf_extend(out, (size_t)length);
	if (to == NULL || i2d_CMS_ContentInfo(cms, &to) != length) {
		error_set(e, ERR_TEMP, "cannot encode the signature");
		goto out;
	}
	result = 0;
out:
	ERR_clear_error();
	CMS_ContentInfo_free(cms);
	return result;
}
