/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifying (RFC 5652 5.4-5.6, RFC 8419 for Ed25519). The signature is over the DER form of
 * SignedAttributes: the SET OF header put before the attributes, which the gate has seen to
 * be DER one by one. DER also sorts them; senders exist that sign the order in which they
 * transmit, and both are the same attributes, so both are tried.
 *
 * OpenSSL's own CMS reader is not used: a second parser after the gate could see a second
 * signature. It is the second opinion of the tests instead. Nothing here decrypts.
 */
#include "gateway/inspect/signature.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "gateway/inspect/der.h"

static bool
digest_lines(EVP_MD_CTX *md, struct span content)
{
	size_t at = 0;

	for (;;) {
		size_t end = span_find(content, '\n', at);
		if (end == SPAN_NOT_FOUND)
			break;
		if (EVP_DigestUpdate(md, content.ptr + at, end - at) != 1
		    || EVP_DigestUpdate(md, "\r\n", 2) != 1)
			return false;
		at = end + 1;
	}
	return EVP_DigestUpdate(md, content.ptr + at, content.len - at) == 1;
}

static bool
digest_content(enum hash h, struct span content, bool lf, uint8_t *out)
{
	EVP_MD *md = EVP_MD_fetch(NULL, hash_info(h)->fetch, NULL);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = false;

	if (md == NULL || context == NULL || EVP_DigestInit_ex(context, md, NULL) != 1)
		goto out;
	if (lf)
		ok = digest_lines(context, content);
	else
		ok = EVP_DigestUpdate(context, content.ptr, content.len) == 1;
	ok = ok && EVP_DigestFinal_ex(context, out, NULL) == 1;
out:
	EVP_MD_CTX_free(context);
	EVP_MD_free(md);
	return ok;
}

void
signature_check_content(const struct cms *c, struct span content, bool lf,
    struct finding *out)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t size = hash_info(c->digest.hash)->size;

	if (c->digest.hash == HASH_UNKNOWN
	    || !digest_content(c->digest.hash, content, lf, digest))
		finding_say(out, CHECK_UNKNOWN, REASON_ALGORITHM_UNKNOWN, c->digest.text, NULL);
	else if (c->message_digest.len != size
	    || memcmp(c->message_digest.ptr, digest, size) != 0)
		finding_say(out, CHECK_FAIL, REASON_CONTENT_CHANGED, NULL, NULL);
	else
		finding_say(out, CHECK_OK, REASON_NONE, NULL, NULL);
}

/* The content octets of an INTEGER are compared as they are: DER has one form only. */
static bool
same_serial(struct span octets, const ASN1_INTEGER *serial)
{
	uint8_t *der = NULL;
	int length = i2d_ASN1_INTEGER(serial, &der);
	struct span s = span_of(der, length > 0 ? (size_t)length : 0);
	struct der_item item;
	bool same = der_next(&s, &item) && span_equal(octets, item.content);

	OPENSSL_free(der);
	return same;
}

/* Octet for octet: whoever signs copies the name from the certificate. */
static bool
same_issuer(struct span der, X509 *certificate)
{
	const uint8_t *name = NULL;
	size_t length = 0;

	return X509_NAME_get0_der(X509_get_issuer_name(certificate), &name, &length) == 1
	    && span_equal(der, span_of(name, length));
}

/* RFC 5035: what the signer signed about its certificate must be true of it. */
static bool
same_hash(const struct cms_certificate_hash *ess, X509 *certificate)
{
	uint8_t *der = NULL, digest[EVP_MAX_MD_SIZE];
	int length = i2d_X509(certificate, &der);
	bool same = length > 0
	    && digest_content(ess->hash, span_of(der, (size_t)length), false, digest)
	    && span_equal(ess->value, span_of(digest, hash_info(ess->hash)->size));

	OPENSSL_free(der);
	return same;
}

bool
signature_names(const struct cms *c, X509 *certificate)
{
	if (c->ess.value.len > 0 && !same_hash(&c->ess, certificate))
		return false;
	if (c->key_id.len > 0) {
		const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(certificate);
		return id != NULL
		    && span_equal(c->key_id, span_of(ASN1_STRING_get0_data(id),
			(size_t)ASN1_STRING_length(id)));
	}
	return same_serial(c->serial, X509_get0_serialNumber(certificate))
	    && same_issuer(c->issuer, certificate);
}

/* Does the key go with the signature algorithm? */
static bool
key_fits(enum scheme scheme, EVP_PKEY *key)
{
	int id = EVP_PKEY_get_base_id(key);

	switch (scheme) {
	case SCHEME_RSA:
		return id == EVP_PKEY_RSA;
	case SCHEME_PSS:
		return id == EVP_PKEY_RSA || id == EVP_PKEY_RSA_PSS;
	case SCHEME_ECDSA:
		return id == EVP_PKEY_EC;
	case SCHEME_ED25519:
		return id == EVP_PKEY_ED25519;
	case SCHEME_DSA:
		return id == EVP_PKEY_DSA;
	case SCHEME_UNKNOWN:
		break;
	}
	return false;
}

static bool
set_padding(EVP_PKEY_CTX *context, const struct signature_algorithm *a)
{
	if (a->scheme == SCHEME_RSA)
		return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
	if (a->scheme == SCHEME_PSS)
		return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0
		    && EVP_PKEY_CTX_set_rsa_mgf1_md_name(context,
			hash_info(a->mgf_hash)->fetch, NULL) > 0
		    && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, (int)a->salt) > 0;
	return true;
}

static bool
verify(const struct signature_algorithm *a, enum hash h, EVP_PKEY *key, struct span signature,
    struct span attributes)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *context = NULL;
	const char *name = a->scheme == SCHEME_ED25519 ? NULL : hash_info(h)->fetch;
	bool ok = md != NULL
	    && EVP_DigestVerifyInit_ex(md, &context, name, NULL, NULL, key, NULL) == 1
	    && set_padding(context, a)
	    && EVP_DigestVerify(md, signature.ptr, signature.len, attributes.ptr,
		   attributes.len) == 1;

	EVP_MD_CTX_free(md);
	ERR_clear_error();
	return ok;
}

/* The order of DER's SET OF: as octet strings, the shorter first on a tie (X.690 11.6). */
static int
order(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int c = memcmp(x->ptr, y->ptr, n);

	if (c != 0)
		return c;
	return x->len < y->len ? -1 : x->len > y->len;
}

/* Append the SET OF with its attributes, sorted or as they came. */
static void
put_attributes(struct span attributes, bool sorted, struct buf *out)
{
	struct span list[CMS_ATTRIBUTES_MAX];
	struct der_item item;
	size_t count = 0;
	struct span in = attributes;

	der_put_header(DER_SET, attributes.len, out);
	if (!sorted) {
		buf_put_span(out, attributes);
		return;
	}
	while (count < CMS_ATTRIBUTES_MAX && der_next(&in, &item))
		list[count++] = item.whole;
	qsort(list, count, sizeof(list[0]), order);
	for (size_t i = 0; i < count; i++)
		buf_put_span(out, list[i]);
}

void
signature_check_key(const struct cms *c, X509 *certificate, struct span holder,
    struct finding *out)
{
	const struct signature_algorithm *a = &c->signature_algorithm.signature;
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	enum hash h = a->hash != HASH_UNKNOWN ? a->hash : c->digest.hash;
	bool good = false;

	if (a->scheme == SCHEME_UNKNOWN || (h == HASH_UNKNOWN && a->scheme != SCHEME_ED25519)
	    || (a->scheme == SCHEME_PSS && a->mgf_hash == HASH_UNKNOWN)) {
		finding_say(out, CHECK_UNKNOWN, REASON_ALGORITHM_UNKNOWN,
		    c->signature_algorithm.text, NULL);
		return;
	}
	for (unsigned sorted = 0; sorted < 2 && !good && key != NULL
	    && key_fits(a->scheme, key); sorted++) {
		struct buf set;
		buf_init(&set, c->attributes.len + 16);
		put_attributes(c->attributes, sorted == 1, &set);
		good = !set.failed && verify(a, h, key, c->signature, buf_span(&set));
		buf_free(&set);
	}
	if (good)
		finding_say(out, CHECK_OK, REASON_NONE, NULL, NULL);
	else
		finding_set(out, CHECK_FAIL, REASON_SIGNATURE_WRONG, holder, span_str(NULL));
}
