/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole inspections of messages signed here: every byte of what is signed and of the
 * signature counts (A26), anchors have their times, bindings, namesakes and revocation dates
 * are honoured. The signatures are made by OpenSSL's CMS writer.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/cms.h>
#include <openssl/pem.h>

#include "common/clock.h"
#include "common/codec.h"
#include "gateway/inspect/inspect.h"
#include "tests/unit/pki.h"

#define SENDER "vanthu@vpub.hanoi.example"
#define DAY 86400
#define MAIL_MAX (64 * 1024)

static const char part[] = "Content-Type: text/plain; charset=utf-8\r\n"
    "\r\n"
    "Kinh gui: UBND huyen Ba Vi\r\nV/v ke hoach 06/KH-VP\r\n";

static EVP_PKEY *root_key, *leaf_key, *other_key;
static X509 *root, *leaf, *bare;
static char folder[] = "/tmp/vanthu-inspect-XXXXXX";
static int64_t now;

static const char *
path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
write_root(const char *name, X509 *certificate)
{
	X509 *list[] = { certificate, NULL };

	pki_write_certificates(path_of(name), list);
}

static int
set_up(void **state)
{
	struct pki_spec ca = { .name = "Goc", .key_usage = "critical,keyCertSign,cRLSign",
		.ca = true };
	struct pki_spec agency = { .name = "Van phong UBND", .email = SENDER,
		.key_usage = "digitalSignature", .extended_key_usage = "emailProtection" };

	(void)state;
	now = time(NULL);
	ca.not_before = now - 1000 * DAY;
	ca.not_after = now + 1000 * DAY;
	agency.not_before = now - 500 * DAY;
	agency.not_after = now + 100 * DAY;
	root_key = pki_key("EC:P-256");
	leaf_key = pki_key("EC:P-256");
	other_key = pki_key("EC:P-256");
	root = pki_certificate(&ca, root_key, NULL, NULL);
	leaf = pki_certificate(&agency, leaf_key, root, root_key);
	agency.email = NULL;
	bare = pki_certificate(&agency, leaf_key, root, root_key);
	assert_non_null(mkdtemp(folder));
	write_root("root.pem", root);
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const files[] = { "root.pem", "both.pem", "list.pem" };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)unlink(path_of(files[i]));
	(void)rmdir(folder);
	X509_free(root);
	X509_free(leaf);
	X509_free(bare);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(other_key);
	return 0;
}

/* A detached signature over `part` in DER; extra: one more certificate, put first. */
static void
sign_part(X509 *signer, X509 *extra, struct buf *der)
{
	unsigned flags = CMS_DETACHED | CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;
	BIO *in = BIO_new_mem_buf(part, sizeof(part) - 1);
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, in, flags);
	unsigned char *bytes = NULL;

	assert_non_null(cms);
	if (extra != NULL)
		assert_int_equal(CMS_add1_cert(cms, extra), 1);
	assert_non_null(CMS_add1_signer(cms, signer, leaf_key, EVP_sha256(), flags));
	assert_int_equal(CMS_final(cms, in, NULL, flags), 1);
	int length = i2d_CMS_ContentInfo(cms, &bytes);
	assert_true(length > 0);
	buf_put(der, bytes, (size_t)length);
	OPENSSL_free(bytes);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
}

/* The mail around content and signature; *content is where the signed part begins. */
static void
compose(struct span content, struct span der, struct buf *mail, size_t *at)
{
	buf_put_str(mail, "From: " SENDER "\r\nTo: vanthu@bavi.hanoi.example\r\n"
	    "Subject: 06/KH-VP\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/signed; boundary=ky; micalg=sha-256;\r\n"
	    " protocol=\"application/pkcs7-signature\"\r\n\r\n--ky\r\n");
	*at = mail->len;
	buf_put_span(mail, content);
	buf_put_str(mail, "\r\n--ky\r\nContent-Type: application/pkcs7-signature\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n");
	codec_base64_encode(der, mail);
	buf_put_str(mail, "\r\n--ky--\r\n");
	assert_false(mail->failed);
}

static struct inspector *
inspector_with(struct trust *t)
{
	struct inspector *i = NULL;
	struct error e;

	if (inspector_new(t, NULL, 0, &i, &e) != 0)
		fail_msg("%s", e.text);
	return i;
}

static struct trust *
trust_with(const char *file, int64_t from, int64_t to)
{
	struct trust *t = trust_new();
	struct error e;

	assert_non_null(t);
	if (trust_add_anchors(t, path_of(file), from, to, &e) != 0)
		fail_msg("%s", e.text);
	return t;
}

/* Examine; the facts are the caller's. */
static struct facts *
examine(struct inspector *i, struct span mail, int64_t at)
{
	struct inspection q = { .at = at };
	struct facts *f = facts_new();
	struct error e;

	assert_non_null(f);
	if (inspector_examine(i, &q, mail, -1, f, &e) != 0)
		fail_msg("%s", e.text);
	return f;
}

static bool
has_note(const struct facts *f, enum reason r)
{
	for (uint32_t i = 0; i < f->note_count; i++)
		if (f->notes[i].reason == r)
			return true;
	return false;
}

static void
must_be(struct facts *f, enum verdict v, enum reason r)
{
	if (f->verdict != v || f->reason != r)
		fail_msg("%s %s instead of %s %s", verdict_name((enum verdict)f->verdict),
		    reason_info((enum reason)f->reason)->code, verdict_name(v),
		    reason_info(r)->code);
}

struct mail {
	struct buf der, text;
	size_t content;
};

static struct mail
mail_signed_by(X509 *signer, X509 *extra)
{
	struct mail m;

	buf_init(&m.der, MAIL_MAX);
	buf_init(&m.text, MAIL_MAX);
	sign_part(signer, extra, &m.der);
	compose(span_of(part, sizeof(part) - 1), buf_span(&m.der), &m.text, &m.content);
	return m;
}

static void
mail_free(struct mail *m)
{
	buf_free(&m->der);
	buf_free(&m->text);
}

static void
a_good_one_is_verified_and_its_range_is_what_was_signed(void **state)
{
	struct inspector *i = inspector_with(trust_with("root.pem", 0, INT64_MAX));
	struct mail m = mail_signed_by(leaf, NULL);
	struct facts *f = examine(i, buf_span(&m.text), now);

	(void)state;
	must_be(f, VERDICT_VERIFIED, REASON_VERIFIED);
	assert_true(f->signed_range.start == m.content);
	assert_true(f->signed_range.end == m.content + sizeof(part) - 1);
	assert_true(span_is(facts_span(f, f->signer.address), SENDER));
	assert_true(span_is(facts_span(f, f->signer.subject), "CN=Van phong UBND,C=VN"));
	assert_true(f->signer.not_after == now + 100 * DAY);
	assert_int_equal(f->signer.chain.length, i2d_X509(leaf, NULL) + i2d_X509(root, NULL));
	assert_int_equal(f->checks[CHECK_REVOCATION].state, CHECK_SKIPPED);
	assert_true(has_note(f, REASON_REVOCATION_SKIPPED));
	facts_free(&f);
	mail_free(&m);
	inspector_free(&i);
}

/* A09, A26: one bit of each byte, and the message cut after each byte of the part. */
static void
every_byte_of_the_signed_part_counts(void **state)
{
	struct inspector *i = inspector_with(trust_with("root.pem", 0, INT64_MAX));
	struct mail m = mail_signed_by(leaf, NULL);

	(void)state;
	for (size_t n = 0; n < sizeof(part) - 1; n++) {
		uint8_t *byte = m.text.data + m.content + n;
		for (unsigned bit = 0; bit < 8; bit += 3) {
			*byte ^= (uint8_t)(1u << bit);
			struct facts *f = examine(i, buf_span(&m.text), now);
			if (f->verdict == VERDICT_VERIFIED)
				fail_msg("byte %zu bit %u", n, bit);
			facts_free(&f);
			*byte ^= (uint8_t)(1u << bit);
		}
	}
	mail_free(&m);
	inspector_free(&i);
}

static void
must_not_verify(struct inspector *i, struct span der, const char *what, size_t n)
{
	struct buf text;
	size_t at;

	buf_init(&text, MAIL_MAX);
	compose(span_of(part, sizeof(part) - 1), der, &text, &at);
	struct facts *f = examine(i, buf_span(&text), now);
	if (f->verdict == VERDICT_VERIFIED)
		fail_msg("%s at byte %zu", what, n);
	facts_free(&f);
	buf_free(&text);
}

static void
every_byte_of_the_signature_counts(void **state)
{
	static const uint8_t masks[] = { 0x01, 0x20, 0x80, 0xff };
	struct inspector *i = inspector_with(trust_with("root.pem", 0, INT64_MAX));
	struct buf der;

	(void)state;
	buf_init(&der, MAIL_MAX);
	sign_part(leaf, NULL, &der);
	for (size_t n = 0; n < der.len; n++) {
		must_not_verify(i, span_sub(buf_span(&der), 0, n), "cut", n);
		for (size_t k = 0; k < sizeof(masks); k++) {
			der.data[n] ^= masks[k];
			must_not_verify(i, buf_span(&der), "flipped", n);
			der.data[n] ^= masks[k];
		}
	}
	buf_free(&der);
	inspector_free(&i);
}

static void
an_anchor_counts_only_in_its_time(void **state)
{
	const struct {
		int64_t from, to;
		enum verdict verdict;
		enum reason reason;
	} cases[] = {
		{ 0, INT64_MAX, VERDICT_VERIFIED, REASON_VERIFIED },
		{ now, now + 1, VERDICT_VERIFIED, REASON_VERIFIED },
		{ now + 1, INT64_MAX, VERDICT_UNTRUSTED, REASON_NO_ANCHOR },
		{ 0, now, VERDICT_UNTRUSTED, REASON_NO_ANCHOR },
	};
	struct mail m = mail_signed_by(leaf, NULL);

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct inspector *i
		    = inspector_with(trust_with("root.pem", cases[k].from, cases[k].to));
		/* Another time in between must not leave its anchors behind. */
		struct facts *f = examine(i, buf_span(&m.text), now - 300 * DAY);
		facts_free(&f);
		f = examine(i, buf_span(&m.text), now);
		must_be(f, cases[k].verdict, cases[k].reason);
		facts_free(&f);
		inspector_free(&i);
	}
	mail_free(&m);
}

static void
a_certificate_without_address_speaks_for_whom_configuration_says(void **state)
{
	static const struct {
		const char *address; /* NULL: no binding */
		enum verdict verdict;
		enum reason reason;
	} cases[] = {
		{ NULL, VERDICT_MISMATCH, REASON_CERTIFICATE_NO_ADDRESS },
		{ "vanthu@soctay.hanoi.example", VERDICT_MISMATCH,
		    REASON_CERTIFICATE_NO_ADDRESS },
		{ SENDER, VERDICT_VERIFIED, REASON_VERIFIED },
		{ "vanthu@VPUB.hanoi.example", VERDICT_VERIFIED, REASON_VERIFIED },
	};
	struct mail m = mail_signed_by(bare, NULL);
	uint8_t sha256[32];

	(void)state;
	assert_int_equal(X509_digest(bare, EVP_sha256(), sha256, NULL), 1);
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct trust *t = trust_with("root.pem", 0, INT64_MAX);
		struct error e;
		if (cases[k].address != NULL)
			assert_int_equal(trust_bind(t, sha256, cases[k].address, &e), 0);
		struct inspector *i = inspector_with(t);
		struct facts *f = examine(i, buf_span(&m.text), now);
		must_be(f, cases[k].verdict, cases[k].reason);
		assert_int_equal(has_note(f, REASON_NOTE_BOUND_ADDRESS),
		    cases[k].verdict == VERDICT_VERIFIED);
		facts_free(&f);
		inspector_free(&i);
	}
	mail_free(&m);
}

/* A copy of a certificate without its key identifiers, signed again. */
static X509 *
without_key_ids(X509 *certificate, EVP_PKEY *issuer_key)
{
	X509 *copy = X509_dup(certificate);
	int at;

	assert_non_null(copy);
	while ((at = X509_get_ext_by_NID(copy, NID_authority_key_identifier, -1)) >= 0)
		X509_EXTENSION_free(X509_delete_ext(copy, at));
	while ((at = X509_get_ext_by_NID(copy, NID_subject_key_identifier, -1)) >= 0)
		X509_EXTENSION_free(X509_delete_ext(copy, at));
	assert_true(X509_sign(copy, issuer_key, EVP_sha256()) > 0);
	return copy;
}

/* B01: a false authority of the same name, in the message or beside the true anchor. */
static void
a_namesake_neither_hides_an_authority_nor_becomes_one(void **state)
{
	struct pki_spec ca = { .name = "Goc", .key_usage = "critical,keyCertSign,cRLSign",
		.ca = true };
	X509 *plain_root = without_key_ids(root, root_key);
	X509 *plain_leaf = without_key_ids(leaf, root_key);
	X509 *made = pki_certificate(&ca, other_key, NULL, NULL);
	X509 *namesake = without_key_ids(made, other_key);
	X509 *both[] = { namesake, plain_root, NULL };
	struct mail m = mail_signed_by(plain_leaf, namesake);

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		pki_write_certificates(path_of("both.pem"), both);
		struct inspector *i = inspector_with(trust_with("both.pem", 0, INT64_MAX));
		struct facts *f = examine(i, buf_span(&m.text), now);
		if (round < 2) {
			must_be(f, VERDICT_VERIFIED, REASON_VERIFIED);
		} else {
			/* Only the false one is trusted: it did not sign. */
			must_be(f, VERDICT_UNTRUSTED, REASON_CERTIFICATE_SIGNATURE);
		}
		facts_free(&f);
		inspector_free(&i);
		both[0] = round == 0 ? plain_root : namesake;
		both[1] = round == 0 ? namesake : NULL;
	}
	mail_free(&m);
	X509_free(plain_root);
	X509_free(plain_leaf);
	X509_free(made);
	X509_free(namesake);
}

/* A19: another certificate under the signer's issuer and serial number, put first. */
static void
only_the_certificate_whose_key_signed_counts(void **state)
{
	struct pki_spec spec = { .name = "Ke gia", .email = SENDER,
		.key_usage = "digitalSignature", .extended_key_usage = "emailProtection" };
	X509 *hostile = pki_certificate(&spec, other_key, root, other_key);
	struct inspector *i = inspector_with(trust_with("root.pem", 0, INT64_MAX));

	(void)state;
	assert_int_equal(X509_set_serialNumber(hostile, X509_get_serialNumber(leaf)), 1);
	assert_true(X509_sign(hostile, other_key, EVP_sha256()) > 0);
	struct mail m = mail_signed_by(leaf, hostile);
	struct facts *f = examine(i, buf_span(&m.text), now);
	must_be(f, VERDICT_VERIFIED, REASON_VERIFIED);
	assert_true(span_is(facts_span(f, f->signer.subject), "CN=Van phong UBND,C=VN"));
	facts_free(&f);
	mail_free(&m);
	X509_free(hostile);
	inspector_free(&i);
}

struct list_case {
	int64_t at;                   /* judged, days from now */
	int64_t issued, next;         /* of the list, days from now */
	int64_t revoked;              /* the entry's date, days from now; 0 = no entry */
	const char *key;              /* "root": signed by it; else by another */
	bool compromised_earlier;     /* key compromise, invalidity 300 days ago */
	enum check_state state;
	enum reason reason;
};

static void
set_days(ASN1_TIME *t, int64_t days)
{
	assert_non_null(ASN1_TIME_set(t, (time_t)(now + days * DAY)));
}

static void
add_entry(X509_CRL *crl, const struct list_case *c)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *date = ASN1_TIME_new();

	set_days(date, c->revoked);
	assert_int_equal(X509_REVOKED_set_serialNumber(entry,
	    X509_get_serialNumber(leaf)), 1);
	assert_int_equal(X509_REVOKED_set_revocationDate(entry, date), 1);
	if (c->compromised_earlier) {
		ASN1_ENUMERATED *why = ASN1_ENUMERATED_new();
		ASN1_GENERALIZEDTIME *since
		    = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(now - 300 * DAY));
		assert_int_equal(ASN1_ENUMERATED_set(why, CRL_REASON_KEY_COMPROMISE), 1);
		assert_int_equal(
		    X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, why, 0, 0), 1);
		assert_int_equal(
		    X509_REVOKED_add1_ext_i2d(entry, NID_invalidity_date, since, 0, 0), 1);
		ASN1_ENUMERATED_free(why);
		ASN1_GENERALIZEDTIME_free(since);
	}
	assert_int_equal(X509_CRL_add0_revoked(crl, entry), 1);
	ASN1_TIME_free(date);
}

static void
write_list(const struct list_case *c)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_new();
	FILE *file = fopen(path_of("list.pem"), "w");

	assert_non_null(file);
	assert_int_equal(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
	assert_int_equal(X509_CRL_set_issuer_name(crl, X509_get_subject_name(root)), 1);
	set_days(t, c->issued);
	assert_int_equal(X509_CRL_set1_lastUpdate(crl, t), 1);
	set_days(t, c->next);
	assert_int_equal(X509_CRL_set1_nextUpdate(crl, t), 1);
	if (c->revoked != 0)
		add_entry(crl, c);
	assert_true(X509_CRL_sign(crl, strcmp(c->key, "root") == 0 ? root_key : other_key,
	    EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509_CRL(file, crl), 1);
	assert_int_equal(fclose(file), 0);
	ASN1_TIME_free(t);
	X509_CRL_free(crl);
}

static void
revocation_has_dates(void **state)
{
	static const struct list_case cases[] = {
		/* judged now */
		{ 0, -1, 7, 0, "root", false, CHECK_OK, REASON_NONE },
		{ 0, -1, 7, -3, "root", false, CHECK_FAIL, REASON_REVOKED },
		{ 0, -9, -2, 0, "root", false, CHECK_UNKNOWN, REASON_CRL_STALE },
		{ 0, -9, -2, -20, "root", false, CHECK_FAIL, REASON_REVOKED },
		{ 0, -1, 7, 0, "other", false, CHECK_UNKNOWN, REASON_CRL_UNUSABLE },
		{ 0, -1, 7, -3, "other", false, CHECK_UNKNOWN, REASON_CRL_UNUSABLE },
		{ 0, 2, 7, 0, "root", false, CHECK_UNKNOWN, REASON_CRL_UNUSABLE },
		/* judged in the past with the list of today */
		{ -100, -1, 7, 0, "root", false, CHECK_OK, REASON_NONE },
		{ -100, -1, 7, -50, "root", false, CHECK_OK, REASON_NONE },
		{ -100, -1, 7, -100, "root", false, CHECK_FAIL, REASON_REVOKED },
		{ -100, -1, 7, -200, "root", false, CHECK_FAIL, REASON_REVOKED },
		{ -100, -1, 7, -50, "root", true, CHECK_FAIL, REASON_REVOKED },
		{ -400, -1, 7, -50, "root", true, CHECK_OK, REASON_NONE },
		/* judged in the past with a list of then */
		{ -100, -101, -94, 0, "root", false, CHECK_OK, REASON_NONE },
		{ -100, -120, -110, 0, "root", false, CHECK_UNKNOWN, REASON_CRL_STALE },
	};
	struct mail m = mail_signed_by(leaf, NULL);

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct trust *t = trust_with("root.pem", 0, INT64_MAX);
		struct error e;
		write_list(&cases[k]);
		assert_int_equal(trust_add_crls(t, path_of("list.pem"), &e), 0);
		struct inspector *i = inspector_with(t);
		struct facts *f = examine(i, buf_span(&m.text), now + cases[k].at * DAY);
		const struct facts_check *c = &f->checks[CHECK_REVOCATION];
		if (c->state != cases[k].state || c->reason != cases[k].reason)
			fail_msg("case %zu: %s %s", k, check_state_name(c->state),
			    reason_info((enum reason)c->reason)->code);
		assert_int_equal(has_note(f, REASON_NOTE_REVOKED_LATER),
		    cases[k].state == CHECK_OK && cases[k].revoked != 0);
		assert_int_equal(f->verdict == VERDICT_VERIFIED, c->state == CHECK_OK);
		assert_int_equal(f->verdict == VERDICT_UNCHECKABLE,
		    c->state == CHECK_UNKNOWN);
		facts_free(&f);
		inspector_free(&i);
	}
	mail_free(&m);
}

/* An expired certificate's entry may have been dropped: a list of later says nothing. */
static void
a_list_issued_after_expiry_says_nothing(void **state)
{
	static const struct list_case late = { 0, 200, 300, 0, "root", false, CHECK_UNKNOWN,
		REASON_CRL_TOO_LATE };
	struct mail m = mail_signed_by(leaf, NULL);
	struct trust *t = trust_with("root.pem", 0, INT64_MAX);
	struct error e;

	(void)state;
	write_list(&late);
	assert_int_equal(trust_add_crls(t, path_of("list.pem"), &e), 0);
	struct inspector *i = inspector_with(t);
	clock_fix(now + 250 * DAY);
	struct facts *f = examine(i, buf_span(&m.text), now);
	must_be(f, VERDICT_UNCHECKABLE, REASON_CRL_TOO_LATE);
	assert_true(has_note(f, REASON_NOTE_EXPIRED_SINCE));
	clock_fix(now);
	facts_free(&f);
	mail_free(&m);
	inspector_free(&i);
}

/*
 * A sender who fills the facts could have an address cut to another one. Nested parts with
 * long types do it without a single document.
 */
static void
facts_that_are_full_are_a_limit(void **state)
{
	struct inspector *i = inspector_with(trust_with("root.pem", 0, INT64_MAX));
	struct buf text;
	char type[200];

	(void)state;
	memset(type, 'x', sizeof(type) - 1);
	type[sizeof(type) - 1] = '\0';
	buf_init(&text, 1024 * 1024);
	buf_put_str(&text, "From: " SENDER "\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (unsigned n = 0; n < 600; n++)
		buf_printf(&text, "--b\r\nContent-Type: multipart/%s; boundary=c%03u\r\n\r\n"
		    "--c%03u\r\nContent-Type: text/plain\r\n\r\n\r\n--c%03u--\r\n\r\n",
		    type, n, n, n);
	buf_put_str(&text, "--b--\r\n");
	struct facts *f = examine(i, buf_span(&text), now);
	assert_int_equal(f->verdict, VERDICT_LIMIT);
	facts_free(&f);
	buf_free(&text);
	inspector_free(&i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one_is_verified_and_its_range_is_what_was_signed),
		cmocka_unit_test(every_byte_of_the_signed_part_counts),
		cmocka_unit_test(every_byte_of_the_signature_counts),
		cmocka_unit_test(an_anchor_counts_only_in_its_time),
		cmocka_unit_test(a_certificate_without_address_speaks_for_whom_configuration_says),
		cmocka_unit_test(a_namesake_neither_hides_an_authority_nor_becomes_one),
		cmocka_unit_test(only_the_certificate_whose_key_signed_counts),
		cmocka_unit_test(revocation_has_dates),
		cmocka_unit_test(a_list_issued_after_expiry_says_nothing),
		cmocka_unit_test(facts_that_are_full_are_a_limit),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
