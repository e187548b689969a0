/* SPDX-License-Identifier: Apache-2.0 */
/* Throw-away keys and certificates, made by libcrypto itself. */
#include "tests/unit/pki.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "pki: %s failed at line %d\n", #condition, __LINE__); \
			abort(); \
		} \
	} while (0)

EVP_PKEY *
pki_key(const char *type)
{
	char name[16];
	const char *colon = strchr(type, ':');
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx;

	snprintf(name, sizeof(name), "%.*s",
	    (int)(colon != NULL ? (size_t)(colon - type) : strlen(type)), type);
	ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
	MUST(ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1);
	if (strcmp(name, "EC") == 0)
		MUST(EVP_PKEY_CTX_set_group_name(ctx, colon + 1) == 1);
	else if (colon != NULL)
		MUST(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, atoi(colon + 1)) == 1);
	MUST(EVP_PKEY_generate(ctx, &key) == 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void
extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	if (value == NULL)
		return;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	MUST(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

X509 *
pki_certificate(const struct pki_spec *spec, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
	static long serial = 0x1000;
	X509 *c = X509_new();
	X509_NAME *name = X509_get_subject_name(c);
	time_t now = time(NULL);
	time_t from = spec->not_before != 0 ? (time_t)spec->not_before : now - 86400;
	time_t to = spec->not_after != 0 ? (time_t)spec->not_after : now + 365 * 86400;
	char san[300];
	const EVP_MD *md = EVP_sha256();

	MUST(X509_set_version(c, X509_VERSION_3) == 1);
	MUST(ASN1_INTEGER_set(X509_get_serialNumber(c), serial++) == 1);
	MUST(X509_NAME_add_entry_by_txt(name, "C", MBSTRING_UTF8,
	         (const unsigned char *)"VN", -1, -1, 0) == 1);
	MUST(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	         (const unsigned char *)spec->name, -1, -1, 0) == 1);
	MUST(X509_set_issuer_name(c, issuer != NULL ? X509_get_subject_name(issuer) : name));
	MUST(ASN1_TIME_set(X509_getm_notBefore(c), from) != NULL);
	MUST(ASN1_TIME_set(X509_getm_notAfter(c), to) != NULL);
	MUST(X509_set_pubkey(c, key) == 1);
	X509 *by = issuer != NULL ? issuer : c;
	extend(c, by, NID_basic_constraints, spec->ca ? "critical,CA:TRUE" : "CA:FALSE");
	extend(c, by, NID_subject_key_identifier, "hash");
	extend(c, by, NID_authority_key_identifier, issuer != NULL ? "keyid:always" : NULL);
	extend(c, by, NID_key_usage, spec->key_usage);
	extend(c, by, NID_ext_key_usage, spec->extended_key_usage);
	if (spec->email != NULL) {
		snprintf(san, sizeof(san), "email:%s", spec->email);
		extend(c, by, NID_subject_alt_name, san);
	}
	EVP_PKEY *with = issuer_key != NULL ? issuer_key : key;
	if (EVP_PKEY_get_base_id(with) == EVP_PKEY_ED25519)
		md = NULL;
	MUST(X509_sign(c, with, md) > 0);
	return c;
}

static FILE *
create(const char *path, unsigned mode)
{
	(void)unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	MUST(fd >= 0 && fchmod(fd, (mode_t)mode) == 0);
	return fdopen(fd, "w");
}

void
pki_write_certificates(const char *path, X509 *const *certificates)
{
	FILE *f = create(path, 0644);

	for (; *certificates != NULL; certificates++)
		MUST(PEM_write_X509(f, *certificates) == 1);
	MUST(fclose(f) == 0);
}

void
pki_write_key(const char *path, EVP_PKEY *key, const char *passphrase, unsigned mode)
{
	FILE *f = create(path, mode);
	int length = passphrase != NULL ? (int)strlen(passphrase) : 0;

	MUST(PEM_write_PKCS8PrivateKey(f, key, passphrase != NULL ? EVP_aes_256_cbc() : NULL,
	         passphrase, length, NULL, NULL) == 1);
	MUST(fclose(f) == 0);
}

void
pki_write_text(const char *path, const char *text, unsigned mode)
{
	FILE *f = create(path, mode);

	MUST(fputs(text, f) >= 0 && fclose(f) == 0);
}
