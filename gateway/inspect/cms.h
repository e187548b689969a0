/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate: CMS SignedData (RFC 5652) taken apart strictly, before any cryptography. What
 * comes out are slices of the input; the verifier reads the very same slices, so that gate
 * and verifier cannot see two signatures.
 */
#ifndef VANTHU_INSPECT_CMS_H
#define VANTHU_INSPECT_CMS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/span.h"
#include "gateway/inspect/algorithm.h"
#include "gateway/inspect/finding.h"
#include "gateway/model/limits.h"

enum cms_form {
	CMS_FORM_DETACHED, /* second part of multipart/signed: the content is outside */
	CMS_FORM_OPAQUE,   /* application/pkcs7-mime: the content is inside */
};

#define CMS_DIGESTS_MAX 16
#define CMS_ATTRIBUTES_MAX 64

/* ESS signing-certificate (RFC 5035): the signer's own word on which certificate it used. */
struct cms_certificate_hash {
	enum hash hash;
	struct span value; /* empty: the attribute is absent */
};

struct cms {
	unsigned certificate_count;
	struct span certificates[LIMIT_CERTIFICATES]; /* DER */
	bool has_crls;
	bool has_unsigned_attributes;

	struct span content;   /* opaque: the eContent octets, a view of the input or of joined */
	struct buf joined;     /* the pieces of an eContent that came in pieces */

	/* Of the one signer; only when has_signer. */
	bool has_signer;
	struct span issuer;    /* DER of the Name; empty when named by key_id */
	struct span serial;    /* content octets of the INTEGER */
	struct span key_id;    /* SubjectKeyIdentifier; empty when named by issuer */
	struct algorithm digest, signature_algorithm;
	struct span signature;

	/* Only when has_attributes: then a signature can be verified. */
	bool has_attributes;
	struct span attributes; /* content octets of the SET, each attribute DER */
	struct span message_digest;
	bool has_signing_time;
	int64_t signing_time;
	struct cms_certificate_hash ess;
};

/*
 * Take apart. out->structure of the result is in *f: CHECK_OK, or CHECK_FAIL with the first
 * fault; what could still be read stands in out all the same, so that the other checks can
 * say what they know. in must outlive out. Freed by cms_free in every case.
 */
void
cms_open(struct span in, enum cms_form form, struct cms *out, struct finding *f);

void
cms_free(struct cms *c);

#endif
