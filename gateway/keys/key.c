/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes a key fit to seal (RFC 8550 4.4, RFC 8551 2.2): a certificate for signing mail
 * that is not a CA's, an algorithm and size that receivers accept, and the private half of
 * exactly this certificate. A key that would make signatures nobody accepts must fail here,
 * at start, not at the first document.
 */
#include "gateway/keys/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/x509v3.h>

#include "common/clock.h"

void
key_free(struct key **k)
{
	if (*k == NULL)
		return;
	X509_free((*k)->leaf);
	sk_X509_pop_free((*k)->chain, X509_free);
	EVP_PKEY_free((*k)->private_key); /* OpenSSL cleanses private numbers on free */
	free(*k);
	*k = NULL;
}

bool
key_valid_at(const struct key *k, int64_t at)
{
	return k->not_before <= at && at <= k->not_after;
}

static int
check_algorithm(struct key *k, bool pss, struct error *e)
{
	EVP_PKEY *public_key = X509_get0_pubkey(k->leaf);
	char curve[64] = "";

	if (public_key == NULL)
		return error_set(e, ERR_PERM, "its public key cannot be read");
	int type = EVP_PKEY_get_base_id(public_key);
	if (type == EVP_PKEY_RSA || type == EVP_PKEY_RSA_PSS) {
		int bits = EVP_PKEY_get_bits(public_key);
		if (bits < KEY_RSA_BITS_MIN || bits > KEY_RSA_BITS_MAX)
			return error_set(e, ERR_PERM, "RSA of %d bits; %d to %d are accepted",
			    bits, KEY_RSA_BITS_MIN, KEY_RSA_BITS_MAX);
		/* Without PSS padding a PSS-only key signs what nobody can verify. */
		k->pss = pss || type == EVP_PKEY_RSA_PSS;
		return 0;
	}
	if (pss)
		return error_set(e, ERR_PERM, "padding \"pss\" needs an RSA key");
	if (type != EVP_PKEY_EC)
		return error_set(e, ERR_PERM,
		    "key type %s; RSA, RSA-PSS and EC on P-256 or P-384 are accepted",
		    OBJ_nid2sn(type));
	if (EVP_PKEY_get_utf8_string_param(public_key, OSSL_PKEY_PARAM_GROUP_NAME, curve,
	        sizeof(curve), NULL) != 1 ||
	    (strcmp(curve, "prime256v1") != 0 && strcmp(curve, "secp384r1") != 0))
		return error_set(e, ERR_PERM, "curve %s; P-256 and P-384 are accepted",
		    curve[0] != '\0' ? curve : "without a name");
	return 0;
}

static int
check_usage(X509 *leaf, struct error *e)
{
	uint32_t flags = X509_get_extension_flags(leaf);

	if (flags & EXFLAG_INVALID)
		return error_set(e, ERR_PERM, "an extension of it cannot be read");
	if (flags & EXFLAG_CA)
		return error_set(e, ERR_PERM, "it is the certificate of a CA");
	if ((flags & EXFLAG_KUSAGE) &&
	    (X509_get_key_usage(leaf) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
		return error_set(e, ERR_PERM,
		    "key usage has neither digitalSignature nor nonRepudiation");
	if ((flags & EXFLAG_XKUSAGE) &&
	    (X509_get_extended_key_usage(leaf) & (XKU_SMIME | XKU_ANYEKU)) == 0)
		return error_set(e, ERR_PERM, "extended key usage has no emailProtection");
	return 0;
}

static bool
seconds_of(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 &&
	    clock_from_utc(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	        tm.tm_min, tm.tm_sec, out);
}

static int
read_names(struct key *k, struct error *e)
{
	int result = -1;
	char *hex = NULL;
	BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(k->leaf), NULL);

	if (n == NULL || (hex = BN_bn2hex(n)) == NULL) {
		error_set(e, ERR_PERM, "its serial number cannot be read");
		goto out;
	}
	if (!seconds_of(X509_get0_notBefore(k->leaf), &k->not_before) ||
	    !seconds_of(X509_get0_notAfter(k->leaf), &k->not_after)) {
		error_set(e, ERR_PERM, "its dates cannot be read");
		goto out;
	}
	snprintf(k->serial, sizeof(k->serial), "%s", hex);
	result = 0;
out:
	OPENSSL_free(hex);
	BN_free(n);
	return result;
}

int
key_check(struct key *k, bool pss, struct error *e)
{
	if (check_algorithm(k, pss, e) < 0 || check_usage(k->leaf, e) < 0 ||
	    read_names(k, e) < 0)
		return -1;
	if (X509_check_private_key(k->leaf, k->private_key) != 1)
		return error_set(e, ERR_PERM, "the private key is not that of the certificate");
	return 0;
}
