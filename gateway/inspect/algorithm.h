/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The algorithms that we know: digests, signatures, keys; which are strong, which only old,
 * and how their identifiers are written (RFC 3370, 4056, 5754, 5753, 8419).
 */
#ifndef VANTHU_INSPECT_ALGORITHM_H
#define VANTHU_INSPECT_ALGORITHM_H

#include <openssl/x509.h>

#include <stdbool.h>
#include <stddef.h>

#include "common/span.h"
#include "gateway/inspect/finding.h"

enum hash {
	HASH_UNKNOWN,
	HASH_MD5,
	HASH_SHA1,
	HASH_SHA224,
	HASH_SHA256,
	HASH_SHA384,
	HASH_SHA512,
	HASH_COUNT,
};

struct hash_info {
	const char *name;   /* "SHA-256" */
	const char *micalg; /* "sha-256" (RFC 8551 3.5.3.2) */
	const char *fetch;  /* the name that EVP knows */
	size_t size;
	bool weak;
};

const struct hash_info *
hash_info(enum hash h);

/* By OpenSSL's number; HASH_UNKNOWN for what we do not know. */
enum hash
hash_of_nid(int nid);

enum scheme {
	SCHEME_UNKNOWN,
	SCHEME_RSA,   /* PKCS#1 v1.5 */
	SCHEME_PSS,
	SCHEME_ECDSA,
	SCHEME_ED25519,
	SCHEME_DSA,   /* only to say of a DSA signature that it is right, but weak */
};

struct signature_algorithm {
	enum scheme scheme;
	enum hash hash;      /* the one its identifier names; HASH_UNKNOWN = names none */
	enum hash mgf_hash;  /* PSS */
	uint32_t salt;       /* PSS, bytes */
};

#define OID_TEXT_MAX 96

/* What an AlgorithmIdentifier says; `text` keeps its dotted form for the reader. */
struct algorithm {
	enum hash hash; /* when read as a digest */
	struct signature_algorithm signature; /* when read as a signature */
	char text[OID_TEXT_MAX];
};

/* `item` is the content of the SEQUENCE. False when it is not well formed. */
bool
algorithm_read_digest(struct span item, struct algorithm *out);
bool
algorithm_read_signature(struct span item, struct algorithm *out);

enum key_kind { KEY_OTHER, KEY_RSA, KEY_RSA_PSS, KEY_EC, KEY_ED25519, KEY_DSA };

struct key_info {
	enum key_kind kind;
	int bits;
	char text[40]; /* "RSA 1024", "P-256" */
};

/*
 * Judge a certificate's public key as a key: CHECK_OK; or CHECK_FAIL with KEY_MALFORMED
 * (not a key at all, or one made to be forged with), KEY_LIMIT (costs too much), WEAK_KEY,
 * ALGORITHM_UNKNOWN. `holder` names it in the sentence.
 */
void
key_judge(X509 *certificate, struct span holder, struct key_info *info,
    struct finding *out);

#endif
