/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by libcrypto. It can fail only when memory or the library itself is missing, and
 * then no promise of ours holds, so the process ends: a digest is never half right.
 */
#include "common/digest.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "common/log.h"

struct digest {
	EVP_MD_CTX *context;
};

static void
must(int ok)
{
	if (ok == 1)
		return;
	log_bug("SHA-256 is not to be had from libcrypto");
	abort();
}

struct digest *
digest_new(void)
{
	struct digest *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->context = EVP_MD_CTX_new();
	if (d->context == NULL || EVP_DigestInit_ex(d->context, EVP_sha256(), NULL) != 1)
		digest_free(&d);
	return d;
}

void
digest_update(struct digest *d, struct span bytes)
{
	if (bytes.len > 0)
		must(EVP_DigestUpdate(d->context, bytes.ptr, bytes.len));
}

void
digest_final(struct digest *d, uint8_t out[DIGEST_SIZE])
{
	must(EVP_DigestFinal_ex(d->context, out, NULL));
	must(EVP_DigestInit_ex(d->context, EVP_sha256(), NULL));
}

void
digest_free(struct digest **d)
{
	if (*d == NULL)
		return;
	EVP_MD_CTX_free((*d)->context);
	free(*d);
	*d = NULL;
}

void
digest_of(struct span bytes, uint8_t out[DIGEST_SIZE])
{
	must(EVP_Digest(bytes.len > 0 ? (const void *)bytes.ptr : "", bytes.len, out, NULL,
	    EVP_sha256(), NULL));
}

const char *
digest_hex(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < DIGEST_SIZE; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[DIGEST_HEX_SIZE - 1] = '\0';
	return out;
}
