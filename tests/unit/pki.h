/* SPDX-License-Identifier: Apache-2.0 */
/* Throw-away keys and certificates for unit tests. Every failure aborts the test. */
#ifndef VANTHU_TESTS_PKI_H
#define VANTHU_TESTS_PKI_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

struct pki_spec {
	const char *name;  /* common name */
	const char *email; /* subjectAltName; NULL = none */
	const char *key_usage;    /* as in openssl.cnf, "digitalSignature"; NULL = none */
	const char *extended_key_usage; /* NULL = none */
	bool ca;
	int64_t not_before, not_after; /* seconds; 0, 0 = from yesterday, for a year */
};

/* "RSA:2048", "RSA-PSS:2048", "EC:P-256", "ED25519". */
EVP_PKEY *
pki_key(const char *type);

/* Signed by the issuer, or by itself when issuer is NULL. */
X509 *
pki_certificate(const struct pki_spec *spec, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key);

/* Write PEM; certificates end with NULL; passphrase NULL = unencrypted. */
void
pki_write_certificates(const char *path, X509 *const *certificates);
void
pki_write_key(const char *path, EVP_PKEY *key, const char *passphrase, unsigned mode);
void
pki_write_text(const char *path, const char *text, unsigned mode);

#endif
