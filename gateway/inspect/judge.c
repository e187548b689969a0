/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One signature, all checks. The SignerInfo names its certificate by issuer and serial number
 * or by key identifier; a message may carry several that fit (A19). Only one whose key made
 * the signature counts, and among those the first that leads to an anchor. Keys that are not
 * proper keys are never tried.
 *
 * signingTime, Date and unsigned attributes are claims: they become notes, never a time at
 * which validity is judged (A20, A21).
 */
#include "gateway/inspect/judge.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "common/clock.h"
#include "gateway/inspect/algorithm.h"
#include "gateway/inspect/certificate.h"
#include "gateway/inspect/identity.h"
#include "gateway/inspect/path.h"
#include "gateway/inspect/revocation.h"
#include "gateway/inspect/signature.h"
#include "gateway/inspect/usage.h"

#define SKEW_SECONDS 300               /* clocks of sender and receiver */
#define OLD_SECONDS (30 * 24 * 3600)   /* signed so long before: perhaps sent again (C14) */
#define DATE_SECONDS 3600              /* Date and signingTime of one act */
#define SERIAL_TEXT_MAX 128

static const struct span none = { 0 };

/* The certificates of the message; own references. */
static STACK_OF(X509) *
read_bag(const struct cms *c, struct facts *f)
{
	STACK_OF(X509) *bag = sk_X509_new_null();
	bool skipped = false;

	for (unsigned i = 0; i < c->certificate_count && bag != NULL; i++) {
		X509 *certificate = certificate_read(c->certificates[i]);
		if (certificate == NULL) {
			skipped = true;
		} else if (sk_X509_push(bag, certificate) == 0) {
			X509_free(certificate);
			sk_X509_pop_free(bag, X509_free);
			bag = NULL;
		}
	}
	if (skipped)
		facts_add_note(f, REASON_NOTE_BAG_UNREADABLE, none, none);
	ERR_clear_error();
	return bag;
}

struct choice {
	X509 *signer;             /* borrowed from the bag; NULL when none fits */
	struct finding integrity; /* of the key, for the signer */
	struct path path;
};

/* Was the signature made with this certificate's key, and is it a proper key? */
static void
try_key(const struct judge_question *q, X509 *certificate, struct finding *out)
{
	struct certificate_holder holder;
	struct key_info key;

	certificate_holder(X509_get_subject_name(certificate), &holder);
	if (!q->cms->has_attributes) {
		finding_say(out, CHECK_SKIPPED, REASON_NONE, NULL, NULL);
		return;
	}
	key_judge(certificate, holder_span(&holder), &key, out);
	if (out->state == CHECK_FAIL
	    && (out->reason == REASON_KEY_MALFORMED || out->reason == REASON_KEY_LIMIT))
		return;
	signature_check_key(q->cms, certificate, holder_span(&holder), out);
}

/* Better: made by this key; then: leads to an anchor. */
static int
choose(const struct judge_question *q, STACK_OF(X509) *bag, struct choice *out,
    struct error *e)
{
	*out = (struct choice){ .signer = NULL };
	finding_say(&out->integrity, CHECK_FAIL, REASON_SIGNER_CERTIFICATE_MISSING, NULL, NULL);
	for (int i = 0; i < sk_X509_num(bag); i++) {
		X509 *certificate = sk_X509_value(bag, i);
		struct finding key;
		struct path path;

		if (!signature_names(q->cms, certificate))
			continue;
		try_key(q, certificate, &key);
		if (out->signer != NULL && key.state != CHECK_OK)
			continue;
		if (out->signer != NULL && out->integrity.state == CHECK_OK
		    && out->path.finding.state == CHECK_OK)
			break;
		if (path_build(q->trust, certificate, bag, q->at, &path, e) != 0) {
			path_free(&path);
			return -1;
		}
		if (out->signer != NULL && out->integrity.state == CHECK_OK
		    && path.finding.state != CHECK_OK) {
			path_free(&path);
			continue;
		}
		path_free(&out->path);
		out->signer = certificate;
		out->integrity = key;
		out->path = path;
	}
	return 0;
}

static void
fill_serial(X509 *signer, struct facts *f)
{
	static const char digits[] = "0123456789abcdef";
	const ASN1_INTEGER *serial = X509_get0_serialNumber(signer);
	char text[SERIAL_TEXT_MAX];
	size_t n = 0;

	for (int i = 0; i < ASN1_STRING_length(serial) && n + 2 <= sizeof(text); i++) {
		uint8_t byte = ASN1_STRING_get0_data(serial)[i];
		text[n++] = digits[byte >> 4];
		text[n++] = digits[byte & 15];
	}
	f->signer.serial = facts_add(f, span_of(text, n));
}

/* A certificate as DER; freed by OPENSSL_free. */
static struct span
to_der(X509 *certificate)
{
	uint8_t *der = NULL;
	int length = i2d_X509(certificate, &der);

	return span_of(der, length > 0 ? (size_t)length : 0);
}

static void
fill_chain(const struct path *p, struct facts *f)
{
	struct buf all;

	buf_init(&all, FACTS_POOL_MAX / 2);
	for (int i = 0; i < sk_X509_num(p->chain); i++) {
		struct span der = to_der(sk_X509_value(p->chain, i));
		buf_put_span(&all, der);
		OPENSSL_free((void *)(uintptr_t)der.ptr);
	}
	/* Half a chain would be worse than none. */
	if (!all.failed)
		f->signer.chain = facts_add(f, buf_span(&all));
	buf_free(&all);
}

static void
fill_signer(const struct choice *c, struct facts *f)
{
	struct certificate_addresses addresses;
	struct buf name;
	struct span der = to_der(c->signer);

	digest_of(der, f->signer.sha256);
	OPENSSL_free((void *)(uintptr_t)der.ptr);
	buf_init(&name, FACTS_POOL_MAX / 8);
	certificate_name(X509_get_subject_name(c->signer), &name);
	f->signer.subject = facts_add(f, buf_span(&name));
	buf_reset(&name);
	certificate_name(X509_get_issuer_name(c->signer), &name);
	f->signer.issuer = facts_add(f, buf_span(&name));
	buf_free(&name);
	fill_serial(c->signer, f);
	(void)certificate_seconds(X509_get0_notBefore(c->signer), &f->signer.not_before);
	(void)certificate_seconds(X509_get0_notAfter(c->signer), &f->signer.not_after);
	certificate_addresses(c->signer, &addresses);
	if (addresses.count > 0)
		f->signer.address = facts_add(f,
		    span_of(addresses.list[0].text, addresses.list[0].length));
	certificate_addresses_free(&addresses);
	fill_chain(&c->path, f);
}

static void
note_day(struct facts *f, enum reason r, int64_t a, int64_t b)
{
	char first[CLOCK_TEXT_MAX], second[CLOCK_TEXT_MAX];

	clock_rfc3339(a, first);
	clock_rfc3339(b, second);
	facts_add_note(f, r, span_str(first), span_str(second));
}

static int64_t
distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

static void
note_times(const struct judge_question *q, struct facts *f)
{
	const struct cms *c = q->cms;
	int64_t signed_at = c->signing_time;

	if (!c->has_signing_time) {
		facts_add_note(f, REASON_NOTE_SIGNING_TIME_ABSENT, none, none);
		return;
	}
	f->signer.signing_time = signed_at;
	if (signed_at > q->at + SKEW_SECONDS)
		note_day(f, REASON_NOTE_SIGNING_TIME_FUTURE, signed_at, q->at);
	else if (signed_at < q->at - OLD_SECONDS)
		note_day(f, REASON_NOTE_SIGNING_TIME_OLD, signed_at, q->at);
	if (signed_at < f->signer.not_before || signed_at > f->signer.not_after)
		note_day(f, REASON_NOTE_SIGNING_TIME_OUTSIDE, signed_at, q->at);
	if (f->date != 0 && distance(f->date, signed_at) > DATE_SECONDS)
		note_day(f, REASON_NOTE_DATE_DIFFERS, f->date, signed_at);
}

/* "sha-256" and "SHA256" are the same announcement. */
static bool
same_micalg(struct span announced, const char *name)
{
	size_t j = 0;

	for (size_t i = 0; i < announced.len; i++) {
		uint8_t c = announced.ptr[i];
		if (c == '-')
			continue;
		if (name[j] == '-')
			j++;
		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c + ('a' - 'A'));
		if (name[j] == '\0' || (uint8_t)name[j] != c)
			return false;
		j++;
	}
	return name[j] == '\0';
}

static void
note_signature(const struct judge_question *q, struct facts *f)
{
	const struct hash_info *used = hash_info(q->cms->digest.hash);

	if (q->micalg.len > 0 && !same_micalg(q->micalg, used->micalg))
		facts_add_note(f, REASON_NOTE_MICALG, q->micalg, span_str(used->micalg));
	if (q->cms->has_unsigned_attributes)
		facts_add_note(f, REASON_NOTE_UNSIGNED_ATTRIBUTES, none, none);
	if (q->cms->has_crls)
		facts_add_note(f, REASON_NOTE_CRL_IN_MAIL, none, none);
}

static void
file_usage(const struct usage *u, enum check_id check, struct facts *f)
{
	finding_file(&u->finding, check, f);
	for (unsigned i = 0; i < u->note_count; i++)
		finding_note(&u->notes[i], f);
}

/* The content first: "it was changed" says more than "the signature does not fit". */
static void
check_integrity(const struct judge_question *q, const struct finding *key, struct facts *f)
{
	struct finding content;

	if (!q->cms->has_attributes) {
		facts_set_check(f, CHECK_INTEGRITY, CHECK_SKIPPED, REASON_NONE, none, none);
		return;
	}
	signature_check_content(q->cms, q->content, q->lf, &content);
	finding_file(content.state != CHECK_OK ? &content : key, CHECK_INTEGRITY, f);
}

static void
note_expiry(const struct judge_question *q, X509 *signer, struct facts *f)
{
	struct certificate_holder holder;
	char day[11];

	if (f->signer.not_after >= clock_now() || f->signer.not_after < q->at)
		return;
	certificate_holder(X509_get_subject_name(signer), &holder);
	facts_add_note(f, REASON_NOTE_EXPIRED_SINCE, holder_span(&holder),
	    span_str(certificate_day(f->signer.not_after, day)));
}

static int
check_signer(const struct judge_question *q, const struct choice *c, struct facts *f,
    struct error *e)
{
	struct identity_question identity = {
		.scan = q->scan, .decode = q->decode, .trust = q->trust,
		.profile = q->profile, .signer = c->signer, .from_problem = q->from_problem,
	};
	struct revocation revocation;
	struct usage usage;

	fill_signer(c, f);
	finding_file(&c->path.finding, CHECK_PATH, f);
	if (revocation_check(q->trust, c->signer, &c->path, q->at, clock_now(), &revocation, e)
	    != 0)
		return -1;
	finding_file(&revocation.finding, CHECK_REVOCATION, f);
	if (revocation.finding.state == CHECK_SKIPPED)
		finding_note(&revocation.finding, f);
	usage_check(c->signer, &c->path, q->profile, &usage);
	file_usage(&usage, CHECK_USAGE, f);
	usage_check_strength(q->cms, c->signer, &c->path, q->profile, q->at, &usage);
	file_usage(&usage, CHECK_ALGORITHMS, f);
	identity_check(&identity, f);
	for (unsigned i = 0; i < revocation.note_count; i++)
		finding_note(&revocation.notes[i], f);
	note_expiry(q, c->signer, f);
	for (unsigned i = 0; i < c->path.lenient_count; i++)
		finding_note(&c->path.lenient[i], f);
	return 0;
}

int
judge_signature(const struct judge_question *q, struct facts *f, struct error *e)
{
	STACK_OF(X509) *bag;
	struct choice choice = { .signer = NULL };
	int result = -1;

	if (!q->cms->has_signer)
		return 0;
	bag = read_bag(q->cms, f);
	if (bag == NULL)
		return error_set(e, ERR_TEMP, "judge: out of memory");
	if (choose(q, bag, &choice, e) != 0)
		goto out;
	check_integrity(q, &choice.integrity, f);
	if (choice.signer != NULL && check_signer(q, &choice, f, e) != 0)
		goto out;
	note_times(q, f);
	note_signature(q, f);
	result = 0;
out:
	path_free(&choice.path);
	sk_X509_pop_free(bag, X509_free);
	ERR_clear_error();
	return result;
}
