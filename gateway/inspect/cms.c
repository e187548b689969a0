/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CMS gate (RFC 5652, RFC 8551 2, verdicts.md group A).
 *
 * Order: the whole input is one well-formed item (der_check), it is SignedData and nothing
 * follows it, the counts are within limits, the content is where the form says, there is
 * exactly one SignerInfo, its attributes are complete, its algorithms fit together. The first
 * fault is the finding; a fault that leaves the rest readable does not end the reading.
 *
 * It computes nothing and trusts nothing. Unsigned attributes, embedded revocation lists and
 * attribute certificates are stepped over: nobody signed for them (A20, B03). Encrypted and
 * compressed kinds are recognised by their name and not opened (A16).
 */
#include "gateway/inspect/cms.h"

#include <stdio.h>

#include "gateway/inspect/der.h"

#define OID_PKCS7 "\x2a\x86\x48\x86\xf7\x0d\x01\x07"
#define OID_SMIME_CT "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01"
#define OID_PKCS9 "\x2a\x86\x48\x86\xf7\x0d\x01\x09"

static const struct span oid_data = SPAN_LIT(OID_PKCS7 "\x01");
static const struct span oid_signed_data = SPAN_LIT(OID_PKCS7 "\x02");
static const struct span oid_content_type = SPAN_LIT(OID_PKCS9 "\x03");
static const struct span oid_message_digest = SPAN_LIT(OID_PKCS9 "\x04");
static const struct span oid_signing_time = SPAN_LIT(OID_PKCS9 "\x05");
static const struct span oid_signing_certificate = SPAN_LIT(OID_PKCS9 "\x10\x02\x0c");
static const struct span oid_signing_certificate_2 = SPAN_LIT(OID_PKCS9 "\x10\x02\x2f");

/* What else may stand in the place of a signature, and what is then said of the message. */
static const struct {
	struct span oid;
	const char *name;
	enum reason opaque; /* as application/pkcs7-mime; as a detached signature: CMS_TYPE */
} other_kinds[] = {
	{ SPAN_LIT(OID_PKCS7 "\x01"), "plain data", REASON_UNSIGNED },
	{ SPAN_LIT(OID_PKCS7 "\x03"), "enveloped data", REASON_ENCRYPTED },
	{ SPAN_LIT(OID_PKCS7 "\x04"), "signed and enveloped data", REASON_ENCRYPTED },
	{ SPAN_LIT(OID_PKCS7 "\x05"), "digested data", REASON_UNSIGNED },
	{ SPAN_LIT(OID_PKCS7 "\x06"), "encrypted data", REASON_ENCRYPTED },
	{ SPAN_LIT(OID_SMIME_CT "\x02"), "authenticated data", REASON_CMS_TYPE },
	{ SPAN_LIT(OID_SMIME_CT "\x09"), "compressed data", REASON_CMS_TYPE },
	{ SPAN_LIT(OID_SMIME_CT "\x17"), "enveloped data", REASON_ENCRYPTED },
};

/* Keep the first fault. */
static void
fault(struct finding *f, enum reason r, const char *arg)
{
	if (f->state != CHECK_FAIL)
		finding_say(f, CHECK_FAIL, r, arg, NULL);
}

static void
fault_oid(struct finding *f, enum reason r, struct span oid)
{
	char text[OID_TEXT_MAX];

	fault(f, r, der_oid_text(oid, text, sizeof(text)));
}

/* ContentInfo { contentType, [0] EXPLICIT content }: true with the SignedData's content. */
static bool
open_content_info(struct span in, enum cms_form form, struct span *signed_data,
    struct finding *f)
{
	struct der_item info, type, wrapped, inside;
	const char *wrong = der_check(in);

	if (wrong != NULL) {
		fault(f, span_is(span_str(wrong), DER_TRAILING) ? REASON_CMS_TRAILING
								: REASON_CMS_ENCODING,
		    wrong);
		return false;
	}
	if (!der_take(&in, DER_SEQUENCE, &info)
	    || !der_take(&info.content, DER_OID, &type)) {
		fault(f, REASON_CMS_ENCODING, "ContentInfo");
		return false;
	}
	for (size_t i = 0; i < sizeof(other_kinds) / sizeof(other_kinds[0]); i++) {
		if (span_equal(type.content, other_kinds[i].oid)) {
			fault(f, form == CMS_FORM_OPAQUE ? other_kinds[i].opaque : REASON_CMS_TYPE,
			    other_kinds[i].name);
			return false;
		}
	}
	if (!span_equal(type.content, oid_signed_data)) {
		fault_oid(f, REASON_CMS_TYPE, type.content);
		return false;
	}
	if (!der_take(&info.content, DER_CONTEXT_0, &wrapped) || info.content.len != 0
	    || !der_take(&wrapped.content, DER_SEQUENCE, &inside)
	    || wrapped.content.len != 0) {
		fault(f, REASON_CMS_ENCODING, "ContentInfo");
		return false;
	}
	*signed_data = inside.content;
	return true;
}

/* The digestAlgorithms SET; digests[] gets what is listed. */
static bool
read_digests(struct span set, enum hash digests[CMS_DIGESTS_MAX], unsigned *count,
    struct finding *f)
{
	struct der_item item;
	struct algorithm a;

	*count = 0;
	while (set.len > 0) {
		if (!der_take(&set, DER_SEQUENCE, &item)
		    || !algorithm_read_digest(item.content, &a)) {
			fault(f, REASON_CMS_ENCODING, "digestAlgorithms");
			return false;
		}
		if (*count == CMS_DIGESTS_MAX) {
			fault(f, REASON_CMS_LIMIT, "digest algorithms");
			return false;
		}
		digests[(*count)++] = a.hash;
	}
	return true;
}

/* OCTET STRING in pieces made whole. */
static bool
join_pieces(struct span pieces, struct cms *out, struct finding *f)
{
	struct der_item piece;

	while (der_take(&pieces, DER_OCTET_STRING, &piece))
		buf_put_span(&out->joined, piece.content);
	if (pieces.len != 0 || out->joined.failed) {
		fault(f, pieces.len != 0 ? REASON_CMS_ENCODING : REASON_CMS_LIMIT, "eContent");
		return false;
	}
	out->content = buf_span(&out->joined);
	return true;
}

/* EncapsulatedContentInfo; *has_content says whether an eContent is there at all. */
static bool
read_encapsulated(struct span in, struct cms *out, bool *has_content, struct finding *f)
{
	struct der_item type, wrapped, octets;

	*has_content = false;
	if (!der_take(&in, DER_OID, &type)) {
		fault(f, REASON_CMS_ENCODING, "eContentType");
		return false;
	}
	if (!span_equal(type.content, oid_data))
		fault_oid(f, REASON_CONTENT_TYPE, type.content);
	if (in.len == 0)
		return true;
	*has_content = true;
	if (!der_take(&in, DER_CONTEXT_0, &wrapped) || in.len != 0
	    || !der_next(&wrapped.content, &octets) || wrapped.content.len != 0) {
		fault(f, REASON_CMS_ENCODING, "eContent");
		return false;
	}
	if (octets.tag == DER_OCTET_STRING_PIECES)
		return join_pieces(octets.content, out, f);
	if (octets.tag != DER_OCTET_STRING) {
		fault(f, REASON_CMS_ENCODING, "eContent");
		return false;
	}
	out->content = octets.content;
	return true;
}

/* RFC 5652 5.1: what else than a certificate asks of the version of SignedData. */
static uint32_t
least_version(uint32_t version, uint8_t tag)
{
	uint32_t least = tag == DER_CONTEXT_3 ? 5 : tag == DER_CONTEXT_2 ? 4 : 3;

	return version > least ? version : least;
}

/* The certificates; attribute certificates and other kinds are stepped over. */
static bool
read_certificates(struct span set, struct cms *out, uint32_t *version, struct finding *f)
{
	struct der_item item;

	while (set.len > 0) {
		if (!der_next(&set, &item)) {
			fault(f, REASON_CMS_ENCODING, "certificates");
			return false;
		}
		if (item.tag != DER_SEQUENCE) {
			*version = least_version(*version, item.tag);
			continue;
		}
		if (!der_is_definite(item.whole)) {
			fault(f, REASON_CMS_ENCODING, "certificate");
			return false;
		}
		if (out->certificate_count == LIMIT_CERTIFICATES) {
			fault(f, REASON_CMS_LIMIT, "certificates");
			return false;
		}
		out->certificates[out->certificate_count++] = item.whole;
	}
	return true;
}

/* SignerIdentifier: issuer and serial number, or [0] the key identifier. */
static bool
read_signer_identifier(struct span *in, struct cms *out)
{
	struct der_item item, name, serial;

	if (der_take(in, DER_CONTEXT_0_PRIMITIVE, &item)) {
		out->key_id = item.content;
		return item.content.len > 0;
	}
	if (!der_take(in, DER_SEQUENCE, &item)
	    || !der_take(&item.content, DER_SEQUENCE, &name)
	    || !der_take(&item.content, DER_INTEGER, &serial) || item.content.len != 0
	    || !der_is_definite(name.whole) || serial.content.len == 0)
		return false;
	out->issuer = name.whole;
	out->serial = serial.content;
	return true;
}

/* ESS: the hash of the first certificate named is the signer's own. */
static bool
read_signing_certificate(struct span value, bool version_2, struct cms *out)
{
	struct der_item outer, list, first, item;
	struct algorithm digest = { .hash = version_2 ? HASH_SHA256 : HASH_SHA1 };

	if (!der_take(&value, DER_SEQUENCE, &outer)
	    || !der_take(&outer.content, DER_SEQUENCE, &list)
	    || !der_take(&list.content, DER_SEQUENCE, &first))
		return false;
	if (version_2 && der_take(&first.content, DER_SEQUENCE, &item)
	    && !algorithm_read_digest(item.content, &digest))
		return false;
	if (!der_take(&first.content, DER_OCTET_STRING, &item))
		return false;
	if (out->ess.value.len == 0 || version_2)
		out->ess = (struct cms_certificate_hash){ digest.hash, item.content };
	return item.content.len > 0;
}

struct seen {
	unsigned content_type, message_digest, signing_time;
};

/* One Attribute that we know; others are none of our business. False when it is wrong. */
static bool
read_attribute(struct span type, struct span values, struct seen *seen, struct cms *out,
    const char **name)
{
	struct der_item value;
	bool single = der_next(&values, &value) && values.len == 0;

	if (span_equal(type, oid_content_type)) {
		*name = "contentType";
		return single && ++seen->content_type == 1 && value.tag == DER_OID
		    && span_equal(value.content, oid_data);
	}
	if (span_equal(type, oid_message_digest)) {
		*name = "messageDigest";
		out->message_digest = value.content;
		return single && ++seen->message_digest == 1
		    && value.tag == DER_OCTET_STRING;
	}
	if (span_equal(type, oid_signing_time)) {
		*name = "signingTime";
		out->has_signing_time = single && ++seen->signing_time == 1
		    && der_time(value, &out->signing_time);
		return out->has_signing_time;
	}
	if (span_equal(type, oid_signing_certificate)
	    || span_equal(type, oid_signing_certificate_2)) {
		*name = "signingCertificate";
		return single && read_signing_certificate(value.whole,
		    span_equal(type, oid_signing_certificate_2), out);
	}
	return true;
}

/* SignedAttributes: complete, each once, DER (RFC 5652 5.3, 11; RFC 8551 2.5). */
static void
read_attributes(struct span set, struct cms *out, struct finding *f)
{
	struct der_item attribute, type, values;
	struct seen seen = { 0 };
	unsigned count = 0;

	out->attributes = set;
	if (!der_is_definite(set)) {
		fault(f, REASON_CMS_ENCODING, "signedAttrs");
		return;
	}
	while (set.len > 0) {
		const char *name = NULL;
		if (!der_take(&set, DER_SEQUENCE, &attribute)
		    || !der_take(&attribute.content, DER_OID, &type)
		    || !der_take(&attribute.content, DER_SET, &values)
		    || attribute.content.len != 0 || values.content.len == 0) {
			fault(f, REASON_CMS_ENCODING, "signedAttrs");
			return;
		}
		if (++count > CMS_ATTRIBUTES_MAX) {
			fault(f, REASON_CMS_LIMIT, "signed attributes");
			return;
		}
		if (!read_attribute(type.content, values.content, &seen, out, &name)) {
			fault(f, REASON_ATTRIBUTE_WRONG, name);
			return;
		}
	}
	if (seen.content_type != 1)
		fault(f, REASON_ATTRIBUTE_WRONG, "contentType");
	else if (seen.message_digest != 1
	    || (out->digest.hash != HASH_UNKNOWN
		&& out->message_digest.len != hash_info(out->digest.hash)->size))
		fault(f, REASON_ATTRIBUTE_WRONG, "messageDigest");
	else
		out->has_attributes = true;
}

/* RFC 8933 and RFC 4056: one digest for the content and for the attributes. */
static void
check_algorithms(struct cms *out, struct finding *f)
{
	const struct signature_algorithm *s = &out->signature_algorithm.signature;

	if (s->scheme == SCHEME_PSS && s->hash != s->mgf_hash)
		fault(f, REASON_ALGORITHMS_DISAGREE, "RSASSA-PSS");
	else if (s->hash != HASH_UNKNOWN && out->digest.hash != HASH_UNKNOWN
	    && s->hash != out->digest.hash && !hash_info(s->hash)->weak
	    && !hash_info(out->digest.hash)->weak)
		fault(f, REASON_ALGORITHMS_DISAGREE, hash_info(s->hash)->name);
}

/* RFC 5652 5.3: the version follows from how the signer is named. */
static uint32_t
signer_version(const struct cms *c)
{
	return c->key_id.len > 0 ? 3 : 1;
}

/* Some write 1 whatever they carry; a higher one than is due is nobody's. */
static bool
version_fits(uint32_t number, uint32_t due)
{
	return number == due || number == 1;
}

static void
read_signer(struct span in, struct cms *out, struct finding *f)
{
	struct der_item version, digest, attributes, algorithm, signature, ignored;
	uint32_t number;
	bool present;

	if (!der_take(&in, DER_INTEGER, &version) || !der_small_integer(version, &number)
	    || !read_signer_identifier(&in, out) || !version_fits(number, signer_version(out))
	    || !der_take(&in, DER_SEQUENCE, &digest)
	    || !algorithm_read_digest(digest.content, &out->digest)) {
		fault(f, REASON_CMS_ENCODING, "SignerInfo");
		return;
	}
	present = der_take(&in, DER_CONTEXT_0, &attributes);
	if (!der_take(&in, DER_SEQUENCE, &algorithm)
	    || !algorithm_read_signature(algorithm.content, &out->signature_algorithm)
	    || !der_take(&in, DER_OCTET_STRING, &signature)) {
		fault(f, REASON_CMS_ENCODING, "SignerInfo");
		return;
	}
	out->signature = signature.content;
	out->has_unsigned_attributes = der_take(&in, DER_CONTEXT_1, &ignored);
	if (in.len != 0) {
		fault(f, REASON_CMS_ENCODING, "SignerInfo");
		return;
	}
	out->has_signer = true;
	check_algorithms(out, f);
	if (present)
		read_attributes(attributes.content, out, f);
	else
		fault(f, REASON_ATTRIBUTES_MISSING, NULL);
}

static void
check_listed(const struct cms *c, const enum hash *digests, unsigned count,
    struct finding *f)
{
	for (unsigned i = 0; i < count; i++) {
		if (digests[i] == c->digest.hash)
			return;
	}
	fault(f, REASON_DIGEST_UNLISTED, NULL);
}

/* The content must be where the form says. */
static void
check_content(enum cms_form form, const struct cms *c, bool has_content, struct finding *f)
{
	if (form == CMS_FORM_DETACHED && has_content)
		fault(f, REASON_CONTENT_EMBEDDED, NULL);
	else if (form == CMS_FORM_OPAQUE && c->content.len == 0)
		fault(f, REASON_CONTENT_MISSING, NULL);
}

/* The SET OF SignerInfo: exactly one. */
static void
read_signers(struct span set, enum cms_form form, bool has_content, struct cms *out,
    struct finding *f)
{
	struct der_item item, first = { 0 };
	unsigned count = 0;
	char number[16];

	while (set.len > 0) {
		if (!der_take(&set, DER_SEQUENCE, &item)) {
			fault(f, REASON_CMS_ENCODING, "signerInfos");
			return;
		}
		if (count++ == 0)
			first = item;
	}
	if (count == 0 && form == CMS_FORM_OPAQUE && !has_content && out->certificate_count > 0) {
		fault(f, REASON_CERTIFICATES_ONLY, NULL);
		return;
	}
	if (count != 1) {
		snprintf(number, sizeof(number), "%u", count);
		fault(f, count > LIMIT_CERTIFICATES ? REASON_CMS_LIMIT : REASON_SIGNER_COUNT,
		    count > LIMIT_CERTIFICATES ? "signers" : number);
		return;
	}
	check_content(form, out, has_content, f);
	read_signer(first.content, out, f);
}

void
cms_open(struct span in, enum cms_form form, struct cms *out, struct finding *f)
{
	struct span body = { 0 };
	struct der_item version, digests, encapsulated, item;
	enum hash listed[CMS_DIGESTS_MAX];
	unsigned listed_count;
	uint32_t number, wanted = 1;
	bool has_content;

	*out = (struct cms){ .certificate_count = 0 };
	buf_init(&out->joined, LIMIT_OPAQUE_BYTES);
	finding_say(f, CHECK_OK, REASON_NONE, NULL, NULL);
	if (in.len > (form == CMS_FORM_DETACHED ? LIMIT_CMS_BYTES : LIMIT_OPAQUE_BYTES)) {
		fault(f, REASON_CMS_LIMIT, "bytes");
		return;
	}
	if (!open_content_info(in, form, &body, f))
		return;
	if (!der_take(&body, DER_INTEGER, &version) || !der_small_integer(version, &number)
	    || !der_take(&body, DER_SET, &digests)
	    || !der_take(&body, DER_SEQUENCE, &encapsulated)) {
		fault(f, REASON_CMS_ENCODING, "SignedData");
		return;
	}
	if (!read_digests(digests.content, listed, &listed_count, f)
	    || !read_encapsulated(encapsulated.content, out, &has_content, f))
		return;
	if (der_take(&body, DER_CONTEXT_0, &item)
	    && !read_certificates(item.content, out, &wanted, f))
		return;
	out->has_crls = der_take(&body, DER_CONTEXT_1, &item);
	if (out->has_crls && item.content.len > 0 && item.content.ptr[0] != DER_SEQUENCE)
		wanted = 5;
	if (!der_take(&body, DER_SET, &item) || body.len != 0) {
		fault(f, REASON_CMS_ENCODING, "SignedData");
		return;
	}
	read_signers(item.content, form, has_content, out, f);
	if (!out->has_signer)
		return;
	check_listed(out, listed, listed_count, f);
	if (wanted < signer_version(out))
		wanted = signer_version(out);
	if (!version_fits(number, wanted))
		fault(f, REASON_CMS_ENCODING, "version");
}

void
cms_free(struct cms *c)
{
	buf_free(&c->joined);
}
