/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What RFC 8550 4.4 and the profile ask of the signer's certificate and of the authorities
 * above it (verdicts.md B04-B09, C07), and which algorithms still count. The anchor itself
 * is trusted as configured: its form and its own signature are not judged, its key is.
 */
#include "gateway/inspect/usage.h"

#include <stdio.h>

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "gateway/inspect/algorithm.h"
#include "gateway/inspect/certificate.h"

#define LEGACY_RSA_BITS_MIN 1024

static void
fail(struct usage *out, enum reason r, struct span arg1, struct span arg2)
{
	if (out->finding.state != CHECK_FAIL)
		finding_set(&out->finding, CHECK_FAIL, r, arg1, arg2);
}

static void
note(struct usage *out, enum reason r, struct span arg1, struct span arg2)
{
	if (out->note_count < USAGE_NOTES_MAX)
		finding_set(&out->notes[out->note_count++], CHECK_OK, r, arg1, arg2);
}

static void
check_form(X509 *certificate, const struct profile *profile, struct span holder,
    struct usage *out)
{
	struct finding form;
	bool old;

	certificate_judge_form(certificate, &form, &old);
	if (form.state == CHECK_FAIL)
		fail(out, form.reason, span_of(form.arg1, form.arg1_length),
		    span_of(form.arg2, form.arg2_length));
	else if (old && profile->old_certificate)
		note(out, REASON_RELAXED_CERTIFICATE, holder, span_str(NULL));
	else if (old)
		fail(out, REASON_CERTIFICATE_MALFORMED, holder, span_str("version 1"));
}

/* Extended key usage: mail, anything, others only; or absent. */
enum purpose { PURPOSE_ABSENT, PURPOSE_MAIL, PURPOSE_ANY, PURPOSE_OTHER };

static enum purpose
purpose_of(X509 *certificate)
{
	EXTENDED_KEY_USAGE *list;
	int critical;
	enum purpose purpose = PURPOSE_OTHER;

	list = X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, NULL);
	if (list == NULL)
		return critical == -1 ? PURPOSE_ABSENT : PURPOSE_OTHER;
	for (int i = 0; i < sk_ASN1_OBJECT_num(list); i++) {
		int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(list, i));
		if (nid == NID_email_protect)
			purpose = PURPOSE_MAIL;
		else if (nid == NID_anyExtendedKeyUsage && purpose == PURPOSE_OTHER)
			purpose = PURPOSE_ANY;
	}
	EXTENDED_KEY_USAGE_free(list);
	return purpose;
}

static void
check_signer_purpose(X509 *signer, const struct profile *profile, struct span holder,
    struct usage *out)
{
	switch (purpose_of(signer)) {
	case PURPOSE_MAIL:
		break;
	case PURPOSE_ABSENT:
	case PURPOSE_ANY:
		if (profile->no_eku)
			note(out, REASON_RELAXED_KEY_USAGE, holder, span_str(NULL));
		else
			fail(out, REASON_EXTENDED_KEY_USAGE, holder, span_str(NULL));
		break;
	case PURPOSE_OTHER:
		fail(out, REASON_EXTENDED_KEY_USAGE, holder, span_str(NULL));
		break;
	}
}

/* An authority that is limited to purposes hands the limit down (B04). */
static void
check_authority(X509 *authority, const struct profile *profile, struct usage *out)
{
	struct certificate_holder holder;
	enum purpose purpose = purpose_of(authority);

	certificate_holder(X509_get_subject_name(authority), &holder);
	check_form(authority, profile, holder_span(&holder), out);
	if (purpose == PURPOSE_OTHER)
		fail(out, REASON_ISSUER_KEY_USAGE, holder_span(&holder), span_str(NULL));
}

static void
check_addresses(X509 *signer, struct usage *out)
{
	struct certificate_addresses addresses;

	certificate_addresses(signer, &addresses);
	for (unsigned i = 0; i < addresses.count; i++) {
		/* In the subject it only ever counts by profile, and is compared whole. */
		if (addresses.list[i].odd && addresses.list[i].source == ADDRESS_SAN)
			fail(out, REASON_CERTIFICATE_ADDRESS,
			    span_of(addresses.list[i].text, addresses.list[i].length),
			    span_str(NULL));
	}
	certificate_addresses_free(&addresses);
}

void
usage_check(X509 *signer, const struct path *p, const struct profile *profile,
    struct usage *out)
{
	struct certificate_holder holder;
	int ca = X509_check_ca(signer);
	uint32_t flags = X509_get_extension_flags(signer);
	uint32_t usage = X509_get_key_usage(signer);

	*out = (struct usage){ .note_count = 0 };
	finding_say(&out->finding, CHECK_OK, REASON_NONE, NULL, NULL);
	certificate_holder(X509_get_subject_name(signer), &holder);
	check_form(signer, profile, holder_span(&holder), out);
	/* 3 is "version 1 and self-signed", which the path has judged. */
	if ((flags & EXFLAG_CA) != 0 || (ca != 0 && ca != 3))
		fail(out, REASON_SIGNER_IS_CA, holder_span(&holder), span_str(NULL));
	if ((flags & EXFLAG_KUSAGE) != 0
	    && (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
		fail(out, REASON_KEY_USAGE, holder_span(&holder), span_str(NULL));
	check_signer_purpose(signer, profile, holder_span(&holder), out);
	check_addresses(signer, out);
	for (int i = 1; i + 1 < sk_X509_num(p->chain); i++)
		check_authority(sk_X509_value(p->chain, i), profile, out);
}

/* A digest, of the message or of a certificate. */
static void
check_digest(enum hash h, const char *text, const struct profile *profile, int64_t at,
    struct span certificate, struct usage *out)
{
	struct span name = span_str(hash_info(h)->name);

	if (h == HASH_UNKNOWN)
		fail(out, REASON_ALGORITHM_UNKNOWN, span_str(text), span_str(NULL));
	else if (h == HASH_SHA1 && at < profile->sha1_until)
		note(out, REASON_RELAXED_SHA1, name, span_str(NULL));
	else if (hash_info(h)->weak && certificate.len > 0)
		fail(out, REASON_WEAK_CHAIN, certificate, name);
	else if (hash_info(h)->weak)
		fail(out, REASON_WEAK_DIGEST, name, span_str(NULL));
}

static void
check_key(X509 *certificate, const struct profile *profile, struct usage *out)
{
	struct certificate_holder holder;
	struct finding finding;
	struct key_info key;

	certificate_holder(X509_get_subject_name(certificate), &holder);
	key_judge(certificate, holder_span(&holder), &key, &finding);
	if (finding.state != CHECK_FAIL)
		return;
	struct span arg1 = span_of(finding.arg1, finding.arg1_length);
	struct span arg2 = span_of(finding.arg2, finding.arg2_length);
	if (finding.reason == REASON_WEAK_KEY && profile->weak_rsa && key.kind == KEY_RSA
	    && key.bits >= LEGACY_RSA_BITS_MIN)
		note(out, REASON_RELAXED_KEY, arg1, arg2);
	else
		fail(out, finding.reason, arg1, arg2);
}

/* The digest under which an authority signed a certificate. */
static void
check_certificate_digest(X509 *certificate, const struct profile *profile, int64_t at,
    struct usage *out)
{
	struct certificate_holder holder;
	int digest = NID_undef, key = NID_undef;

	if (X509_get_signature_info(certificate, &digest, &key, NULL, NULL) == 1
	    && key == NID_ED25519)
		return;
	certificate_holder(X509_get_subject_name(certificate), &holder);
	check_digest(hash_of_nid(digest), OBJ_nid2sn(X509_get_signature_nid(certificate)),
	    profile, at, holder_span(&holder), out);
}

void
usage_check_strength(const struct cms *c, X509 *signer, const struct path *p,
    const struct profile *profile, int64_t at, struct usage *out)
{
	const struct signature_algorithm *s = &c->signature_algorithm.signature;

	*out = (struct usage){ .note_count = 0 };
	finding_say(&out->finding, CHECK_OK, REASON_NONE, NULL, NULL);
	check_digest(c->digest.hash, c->digest.text, profile, at, span_str(NULL), out);
	if (s->scheme == SCHEME_UNKNOWN)
		fail(out, REASON_ALGORITHM_UNKNOWN, span_str(c->signature_algorithm.text),
		    span_str(NULL));
	else if (s->hash != HASH_UNKNOWN && s->hash != c->digest.hash)
		check_digest(s->hash, NULL, profile, at, span_str(NULL), out);
	check_key(signer, profile, out);
	for (int i = 0; i < sk_X509_num(p->chain); i++) {
		X509 *certificate = sk_X509_value(p->chain, i);
		if (i > 0)
			check_key(certificate, profile, out);
		if (i + 1 < sk_X509_num(p->chain))
			check_certificate_digest(certificate, profile, at, out);
	}
}
