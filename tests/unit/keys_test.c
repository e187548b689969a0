/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which keys are refused, and that what the others sign verifies: attributes, chain, CAdES.
 * The same signatures are given to `openssl cms -verify` in tests/interop/openssl.py.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "common/clock.h"
#include "gateway/keys/compose.h"
#include "gateway/keys/keyring.h"
#include "gateway/keys/protocol.h"
#include "gateway/keys/sealer.h"
#include "gateway/keys/store_pem.h"
#include "tests/unit/pki.h"

#define CONTENT "Content-Type: text/plain\r\n\r\nQuy\xe1\xba\xbft \xc4\x91\xe1\xbb\x8bnh\r\n"

static char folder[] = "/tmp/vanthu-keys-XXXXXX";
static EVP_PKEY *root_key, *ca_key, *leaf_key;
static X509 *root, *ca, *leaf;

static const char *
in_folder(const char *name)
{
	static char paths[4][600];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static int
setup(void **state)
{
	static const struct pki_spec root_spec = {
		.name = "Demo root", .key_usage = "critical,keyCertSign", .ca = true };
	static const struct pki_spec ca_spec = {
		.name = "Demo issuing CA", .key_usage = "critical,keyCertSign", .ca = true };
	static const struct pki_spec leaf_spec = { .name = "Demo agency",
		.email = "vanthu@bavi.hanoi.example",
		.key_usage = "critical,digitalSignature",
		.extended_key_usage = "emailProtection" };

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	root_key = pki_key("EC:P-256");
	ca_key = pki_key("EC:P-256");
	leaf_key = pki_key("EC:P-256");
	root = pki_certificate(&root_spec, root_key, NULL, NULL);
	ca = pki_certificate(&ca_spec, ca_key, root, root_key);
	leaf = pki_certificate(&leaf_spec, leaf_key, ca, ca_key);
	return 0;
}

static int
teardown(void **state)
{
	char command[80];

	(void)state;
	X509_free(root);
	X509_free(ca);
	X509_free(leaf);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(leaf_key);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command) == 0 ? 0 : -1;
}

struct store_case {
	const char *name;
	const char *type; /* of the key; NULL = the common one, RSA-less and quick */
	struct pki_spec spec;
	unsigned mode;
	const char *passphrase;      /* the key is encrypted with it */
	const char *passphrase_text; /* contents of the passphrase file; NULL = none */
	unsigned passphrase_mode;
	bool other_key;  /* the key file holds another key */
	bool bad_chain;  /* the second certificate is a stranger's */
	bool pss;
	const char *refusal; /* part of the text; NULL = accepted */
	const char *file;    /* named in the refusal */
};

#define SIGNER \
	{ .name = "Agency", .key_usage = "digitalSignature", \
		.extended_key_usage = "emailProtection" }

static const struct store_case store_cases[] = {
	{ "a plain EC key", NULL, SIGNER, 0600, NULL, NULL, 0, 0, 0, 0, NULL, NULL },
	{ "read-only for its owner", NULL, SIGNER, 0400, NULL, NULL, 0, 0, 0, 0, NULL, NULL },
	{ "P-384", "EC:P-384", SIGNER, 0600, NULL, NULL, 0, 0, 0, 0, NULL, NULL },
	{ "RSA-2048", "RSA:2048", SIGNER, 0600, NULL, NULL, 0, 0, 0, 0, NULL, NULL },
	{ "RSA-PSS key", "RSA-PSS:2048", SIGNER, 0600, NULL, NULL, 0, 0, 0, 0, NULL, NULL },
	{ "encrypted, passphrase in a file", NULL, SIGNER, 0600, "bi mat", "bi mat\n", 0600, 0, 0,
	    0, NULL, NULL },
	{ "passphrase without a line end", NULL, SIGNER, 0600, "bi mat", "bi mat", 0400, 0, 0, 0,
	    NULL, NULL },
	{ "nonRepudiation alone", NULL, { .name = "A", .key_usage = "nonRepudiation" }, 0600, NULL,
	    NULL, 0, 0, 0, 0, NULL, NULL },
	{ "no usage at all", NULL, { .name = "A" }, 0600, NULL, NULL, 0, 0, 0, 0, NULL, NULL },
	{ "group reads the key", NULL, SIGNER, 0640, NULL, NULL, 0, 0, 0, 0, "mode 0640",
	    "t.key" },
	{ "others read the key", NULL, SIGNER, 0604, NULL, NULL, 0, 0, 0, 0, "mode 0604",
	    "t.key" },
	{ "others may run the key", NULL, SIGNER, 0601, NULL, NULL, 0, 0, 0, 0, "mode 0601",
	    "t.key" },
	{ "group reads the passphrase", NULL, SIGNER, 0600, "bi mat", "bi mat\n", 0640, 0, 0, 0,
	    "mode 0640", "t.pass" },
	{ "wrong passphrase", NULL, SIGNER, 0600, "bi mat", "bi mat2\n", 0600, 0, 0, 0,
	    "does not open it", "t.key" },
	{ "no passphrase", NULL, SIGNER, 0600, "bi mat", NULL, 0, 0, 0, 0, "no passphrase",
	    "t.key" },
	{ "empty passphrase", NULL, SIGNER, 0600, "bi mat", "\n", 0600, 0, 0, 0,
	    "no passphrase", "t.key" },
	{ "another key", NULL, SIGNER, 0600, NULL, NULL, 0, 1, 0, 0, "not that of", "t.pem" },
	{ "a stranger in the chain", NULL, SIGNER, 0600, NULL, NULL, 0, 0, 1, 0,
	    "certificate 2 did not issue certificate 1", "t.pem" },
	{ "RSA-1024", "RSA:1024", SIGNER, 0600, NULL, NULL, 0, 0, 0, 0, "RSA of 1024", "t.pem" },
	{ "P-521", "EC:P-521", SIGNER, 0600, NULL, NULL, 0, 0, 0, 0, "curve secp521r1", "t.pem" },
	{ "secp256k1", "EC:secp256k1", SIGNER, 0600, NULL, NULL, 0, 0, 0, 0, "curve secp256k1",
	    "t.pem" },
	{ "Ed25519", "ED25519", SIGNER, 0600, NULL, NULL, 0, 0, 0, 0, "key type ED25519",
	    "t.pem" },
	{ "PSS asked of EC", NULL, SIGNER, 0600, NULL, NULL, 0, 0, 0, 1, "needs an RSA key",
	    "t.pem" },
	{ "key usage for keys only", NULL, { .name = "A", .key_usage = "keyEncipherment" }, 0600,
	    NULL, NULL, 0, 0, 0, 0, "key usage has neither", "t.pem" },
	{ "a server's certificate", NULL,
	    { .name = "A", .key_usage = "digitalSignature", .extended_key_usage = "serverAuth" },
	    0600, NULL, NULL, 0, 0, 0, 0, "no emailProtection", "t.pem" },
	{ "a CA's certificate", NULL,
	    { .name = "A", .key_usage = "digitalSignature,keyCertSign", .ca = true }, 0600, NULL,
	    NULL, 0, 0, 0, 0, "certificate of a CA", "t.pem" },
};

static void
check_store_case(const struct store_case *c)
{
	struct store_pem from = { .certificate = in_folder("t.pem"),
		.key = in_folder("t.key"),
		.passphrase_file = c->passphrase_text != NULL ? in_folder("t.pass") : NULL,
		.passphrase_fd = -1,
		.pss = c->pss };
	EVP_PKEY *key = pki_key(c->type != NULL ? c->type : "EC:P-256");
	EVP_PKEY *other = pki_key("EC:P-256");
	X509 *certificate = pki_certificate(&c->spec, key, ca, ca_key);
	struct key *k = NULL;
	struct error e = { .class = ERR_NONE };

	pki_write_certificates(
	    from.certificate, (X509 *const[]){ certificate, c->bad_chain ? leaf : ca, root, NULL });
	pki_write_key(from.key, c->other_key ? other : key, c->passphrase, c->mode);
	if (c->passphrase_text != NULL)
		pki_write_text(from.passphrase_file, c->passphrase_text, c->passphrase_mode);
	int r = store_pem_load(&from, &k, &e);
	if (c->refusal == NULL) {
		if (r != 0)
			fail_msg("%s: %s", c->name, e.text);
		assert_int_equal(sk_X509_num(k->chain), 1); /* the root stays at home */
	} else {
		if (r == 0)
			fail_msg("accepted: %s", c->name);
		assert_int_equal(e.class, ERR_PERM);
		if (strstr(e.text, c->refusal) == NULL || strstr(e.text, c->file) == NULL)
			fail_msg("%s: %s", c->name, e.text);
		assert_null(k);
	}
	key_free(&k);
	X509_free(certificate);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

static void
unfit_keys_are_refused_by_file_and_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(store_cases) / sizeof(store_cases[0]); i++)
		check_store_case(&store_cases[i]);
}

static void
files_that_are_no_keys_are_refused(void **state)
{
	struct store_pem from = { .certificate = in_folder("n.pem"),
		.key = in_folder("n.key"), .passphrase_fd = -1 };
	struct key *k;
	struct error e;

	(void)state;
	pki_write_certificates(from.certificate, (X509 *const[]){ leaf, NULL });
	assert_int_equal(store_pem_load(&from, &k, &e), -1); /* no key file */
	assert_non_null(strstr(e.text, "n.key"));
	pki_write_text(from.key, "nothing of use\n", 0600);
	assert_int_equal(store_pem_load(&from, &k, &e), -1);
	assert_non_null(strstr(e.text, "no PEM private key"));
	assert_int_equal(unlink(from.key), 0);
	pki_write_key(in_folder("real.key"), leaf_key, NULL, 0600);
	assert_int_equal(symlink(in_folder("real.key"), from.key), 0);
	assert_int_equal(store_pem_load(&from, &k, &e), -1); /* a link */
	assert_int_equal(unlink(from.key), 0);
	assert_int_equal(mkfifo(from.key, 0600), 0);
	assert_int_equal(store_pem_load(&from, &k, &e), -1); /* does not hang */
	assert_non_null(strstr(e.text, "not a regular file"));
	assert_int_equal(unlink(from.key), 0);
	pki_write_key(from.key, leaf_key, NULL, 0600);
	pki_write_text(from.certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n"
	                                 "-----END CERTIFICATE-----\n", 0644);
	assert_int_equal(store_pem_load(&from, &k, &e), -1);
	assert_non_null(strstr(e.text, "cannot be read"));
	pki_write_text(from.certificate, "\n", 0644);
	assert_int_equal(store_pem_load(&from, &k, &e), -1);
	assert_non_null(strstr(e.text, "no PEM certificate"));
}

static void
a_passphrase_comes_from_a_descriptor(void **state)
{
	struct store_pem from = { .certificate = in_folder("f.pem"), .key = in_folder("f.key") };
	struct key *k = NULL;
	struct error e;
	int fds[2];

	(void)state;
	pki_write_certificates(from.certificate, (X509 *const[]){ leaf, NULL });
	pki_write_key(from.key, leaf_key, "qua ong", 0600);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "qua ong\n", 8), 8);
	close(fds[1]);
	from.passphrase_fd = fds[0];
	if (store_pem_load(&from, &k, &e) != 0)
		fail_msg("%s", e.text);
	close(fds[0]);
	key_free(&k);
}

static struct seal_request
request_for(const char *content, enum seal_digest d, int64_t at)
{
	static const EVP_MD *(*const mds[])(void) = { EVP_sha256, EVP_sha384, EVP_sha512 };
	struct seal_request q = { .agency = "bavi", .algorithm = d, .signing_time = at,
		.tx = "01h2xcejqtf2nbrexx3vqjhp41" };

	assert_int_equal(EVP_Digest(content, strlen(content), q.digest, &q.digest_size,
	                     mds[d](), NULL), 1);
	return q;
}

/* Has exactly one attribute of this kind. */
static void
assert_attribute(CMS_SignerInfo *si, int nid)
{
	int at = CMS_signed_get_attr_by_NID(si, nid, -1);

	if (at < 0)
		fail_msg("no attribute %s", OBJ_nid2sn(nid));
	assert_int_equal(CMS_signed_get_attr_by_NID(si, nid, at), -1);
}

static void
assert_signature(struct buf *der, const char *content, int64_t at, int certificates)
{
	const unsigned char *p = der->data;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)der->len);
	BIO *in = BIO_new_mem_buf(content, -1);
	X509_STORE *store = X509_STORE_new();

	assert_non_null(cms);
	assert_ptr_equal(p, der->data + der->len);
	X509_STORE_add_cert(store, root);
	X509_STORE_set_purpose(store, X509_PURPOSE_SMIME_SIGN);
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(store), 2);
	if (CMS_verify(cms, NULL, store, in, NULL, CMS_BINARY | CMS_CADES) != 1)
		fail_msg("%s", ERR_error_string(ERR_peek_last_error(), NULL));
	assert_int_equal(CMS_is_detached(cms), 1);
	assert_int_equal(OBJ_obj2nid(CMS_get0_eContentType(cms)), NID_pkcs7_data);
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
	assert_int_equal(sk_CMS_SignerInfo_num(signers), 1);
	CMS_SignerInfo *si = sk_CMS_SignerInfo_value(signers, 0);
	assert_attribute(si, NID_pkcs9_contentType);
	assert_attribute(si, NID_pkcs9_messageDigest);
	assert_attribute(si, NID_pkcs9_signingTime);
	assert_attribute(si, NID_SMIMECapabilities);
	assert_attribute(si, NID_id_smime_aa_signingCertificateV2);
	assert_int_equal(CMS_signed_get_attr_count(si), 5);
	assert_int_equal(CMS_unsigned_get_attr_count(si), -1);
	ASN1_TYPE *t = CMS_signed_get0_data_by_OBJ(
	    si, OBJ_nid2obj(NID_pkcs9_signingTime), -3, V_ASN1_UTCTIME);
	assert_int_equal(ASN1_TIME_cmp_time_t((ASN1_TIME *)t, (time_t)at), 0);
	STACK_OF(X509) *bag = CMS_get1_certs(cms);
	assert_int_equal(sk_X509_num(bag), certificates);
	sk_X509_pop_free(bag, X509_free);
	BIO_free(in);
	X509_STORE_free(store);
	CMS_ContentInfo_free(cms);
}

static void
every_algorithm_makes_a_signature_that_verifies(void **state)
{
	static const struct {
		const char *type;
		bool pss;
		enum seal_digest digest;
	} cases[] = {
		{ "RSA:2048", false, SEAL_SHA256 },
		{ "RSA:2048", false, SEAL_SHA512 },
		{ "RSA:2048", true, SEAL_SHA256 },
		{ "RSA-PSS:2048", false, SEAL_SHA384 },
		{ "RSA:3072", false, SEAL_SHA256 },
		{ "EC:P-256", false, SEAL_SHA256 },
		{ "EC:P-384", false, SEAL_SHA384 },
	};
	static const struct pki_spec spec = SIGNER;
	int64_t at = time(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct key k = { .private_key = pki_key(cases[i].type),
			.chain = sk_X509_new_null() };
		struct buf der;
		struct error e;
		k.leaf = pki_certificate(&spec, k.private_key, ca, ca_key);
		sk_X509_push(k.chain, ca);
		assert_int_equal(key_check(&k, cases[i].pss, &e), 0);
		struct seal_request q = request_for(CONTENT, cases[i].digest, at);
		buf_init(&der, SEAL_SIGNATURE_MAX);
		if (seal_compose(&k, &q, &der, &e) != 0)
			fail_msg("case %zu, %s: %s", i, cases[i].type, e.text);
		assert_signature(&der, CONTENT, at, 2);
		buf_free(&der);
		X509_free(k.leaf);
		EVP_PKEY_free(k.private_key);
		sk_X509_free(k.chain);
	}
}

/* One agency with two keys: the old one, and one that begins at `second`. */
static void
write_two_keys(int64_t first, int64_t first_end, int64_t second, int64_t second_end)
{
	struct pki_spec spec = SIGNER;
	char conf[2000];

	spec.not_before = first;
	spec.not_after = first_end;
	X509 *old = pki_certificate(&spec, leaf_key, ca, ca_key);
	spec.not_before = second;
	spec.not_after = second_end;
	X509 *new = pki_certificate(&spec, leaf_key, ca, ca_key);
	pki_write_certificates(in_folder("old.pem"), (X509 *const[]){ old, ca, NULL });
	pki_write_certificates(in_folder("new.pem"), (X509 *const[]){ new, ca, NULL });
	pki_write_key(in_folder("both.key"), leaf_key, NULL, 0600);
	snprintf(conf, sizeof(conf),
	    "log = \"keyd.log\";\n"
	    "keys = (\n"
	    "  { agency = \"bavi\"; certificate = \"new.pem\"; key = \"both.key\"; },\n"
	    "  { agency = \"bavi\"; certificate = \"old.pem\"; key = \"both.key\"; }\n"
	    ");\n");
	pki_write_text(in_folder("keys.conf"), conf, 0600);
	X509_free(old);
	X509_free(new);
}

static int
open_ring(int64_t now, struct keyring **ring, struct error *e)
{
	struct keys_conf *conf = NULL;
	struct permits *permits = permits_new();

	assert_int_equal(keys_conf_load(in_folder("keys.conf"), &conf, e), 0);
	int r = keyring_open(conf, NULL, 0, now, permits, ring, e);
	keys_conf_free(&conf);
	permits_free(&permits);
	return r;
}

static void
the_newest_valid_certificate_signs(void **state)
{
	enum { DAY = 86400 };
	int64_t t = 1764000000;
	struct keyring *ring = NULL;
	const struct key *k;
	struct error e;

	(void)state;
	write_two_keys(t, t + 10 * DAY, t + 5 * DAY, t + 20 * DAY);
	assert_int_equal(open_ring(t + DAY, &ring, &e), 0);
	static const struct {
		int day;
		int begins; /* day on which the chosen certificate begins; -1 = none */
	} cases[] = { { -1, -1 }, { 1, 0 }, { 4, 0 }, { 5, 5 }, { 9, 5 }, { 11, 5 }, { 21, -1 } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t now = t + cases[i].day * DAY;
		int r = keyring_pick(ring, "bavi", now, now, &k, &e);
		if (cases[i].begins < 0) {
			assert_int_equal(r, -1);
			assert_int_equal(e.class, ERR_TEMP);
		} else {
			assert_int_equal(r, 0);
			assert_true(k->not_before == t + cases[i].begins * DAY);
		}
	}
	/* The time to be signed counts as well: not before the certificate's own first day. */
	assert_int_equal(keyring_pick(ring, "bavi", t + 5 * DAY, t + 5 * DAY - 60, &k, &e), 0);
	assert_true(k->not_before == t);
	assert_int_equal(keyring_pick(ring, "soctrang", t + DAY, t + DAY, &k, &e), -1);
	keyring_free(&ring);
	/* A replaced key that has expired stops nobody; only expired keys stop the start. */
	assert_int_equal(open_ring(t + 11 * DAY, &ring, &e), 0);
	keyring_free(&ring);
	assert_int_equal(open_ring(t + 21 * DAY, &ring, &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	assert_non_null(strstr(e.text, "new.pem: expired at"));
}

static void
faults_of_keys_conf_are_named_by_line(void **state)
{
	static const struct {
		const char *text;
		const char *refusal;
	} cases[] = {
		{ "log = \"l\";\nkeys = ();\n", "keys.conf:2" },
		{ "keys = ( { agency = \"a\"; certificate = \"c\"; key = \"k\"; } );\n", "log" },
		{ "log = \"l\";\nkeys = ( { agency = \"a\"; key = \"k\"; } );\n", "certificate" },
		{ "log = \"l\";\nkeys = ( { agency = \"a b\"; certificate = \"c\";\n"
		  "key = \"k\"; } );\n", "agency" },
		{ "log = \"l\";\nkeys = ( { agency = \"a\"; certificate = \"c\"; key = \"k\";\n"
		  "passphrase = \"secret\"; } );\n", "passphrase" },
		{ "log = \"l\";\nkeys = ( { agency = \"a\"; certificate = \"c\"; key = \"k\";\n"
		  "digests = [ \"sha-1\" ]; } );\n", "sha-1" },
		{ "log = \"l\";\nkeys = ( { agency = \"a\"; certificate = \"c\"; key = \"k\";\n"
		  "rate = 0; } );\n", "rate" },
		{ "log = \"l\";\nkeys = ( { agency = \"a\"; certificate = \"c\"; key = \"k\";\n"
		  "padding = \"none\"; } );\n", "padding" },
		{ "log = \"l\";\nkeys = ( { agency = \"a\"; certificate = \"c\"; key = \"k\";\n"
		  "passphrase_file = \"p\"; passphrase_fd = \"p\"; } );\n", "keep one" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct keys_conf *conf = NULL;
		struct error e = { .class = ERR_NONE };
		pki_write_text(in_folder("keys.conf"), cases[i].text, 0600);
		assert_int_equal(keys_conf_load(in_folder("keys.conf"), &conf, &e), -1);
		assert_int_equal(e.class, ERR_PERM);
		if (strstr(e.text, cases[i].refusal) == NULL)
			fail_msg("case %zu: %s", i, e.text);
		assert_null(conf);
	}
}

static void
assert_log(const char *part, bool present)
{
	char text[8000] = "";
	FILE *f = fopen(in_folder("keyd.log"), "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	if ((strstr(text, part) != NULL) != present)
		fail_msg("log: %s\n%s", part, text);
}

static void
each_use_is_in_the_log_and_without_it_nothing_is_signed(void **state)
{
	int64_t now = time(NULL);
	struct sealer *s = NULL;
	struct seal_answer a = { .micalg = "" };
	struct buf request, answer;
	struct error e;

	(void)state;
	write_two_keys(now - 86400, now + 86400, now - 3600, now + 86400);
	if (sealer_open(in_folder("keys.conf"), NULL, 0, &s, &e) != 0)
		fail_msg("%s", e.text);
	buf_init(&request, SEAL_REQUEST_MAX);
	buf_init(&answer, SEAL_ANSWER_MAX);
	buf_init(&a.signature, SEAL_SIGNATURE_MAX);
	struct seal_request q = request_for(CONTENT, SEAL_SHA256, now);
	seal_request_encode(&q, &request);
	sealer_answer(s, buf_span(&request), &answer);
	if (seal_answer_decode(buf_span(&answer), &q, &a, &e) != 0)
		fail_msg("%s", e.text);
	assert_signature(&a.signature, CONTENT, now, 2);
	assert_log("result=signed agency=bavi algorithm=sha-256 digest=", true);
	assert_log("tx=01h2xcejqtf2nbrexx3vqjhp41 serial=", true);
	assert_log("result=refused", false);

	buf_reset(&answer);
	sealer_answer(s, span_str("nonsense"), &answer);
	assert_int_equal(seal_answer_decode(buf_span(&answer), &q, &a, &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	assert_log("result=refused reason=request: ", true);

	/* The same with a log that cannot grow: no signature leaves. */
	struct rlimit no_growth = { 0, RLIM_INFINITY }, before;
	struct stat st;
	assert_int_equal(stat(in_folder("keyd.log"), &st), 0);
	no_growth.rlim_cur = (rlim_t)st.st_size;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &no_growth), 0);
	buf_reset(&answer);
	buf_reset(&a.signature);
	sealer_answer(s, buf_span(&request), &answer);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(seal_answer_decode(buf_span(&answer), &q, &a, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_int_equal(a.signature.len, 0);
	sealer_free(&s);
	buf_free(&request);
	buf_free(&answer);
	buf_free(&a.signature);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unfit_keys_are_refused_by_file_and_reason),
		cmocka_unit_test(files_that_are_no_keys_are_refused),
		cmocka_unit_test(a_passphrase_comes_from_a_descriptor),
		cmocka_unit_test(every_algorithm_makes_a_signature_that_verifies),
		cmocka_unit_test(the_newest_valid_certificate_signs),
		cmocka_unit_test(faults_of_keys_conf_are_named_by_line),
		cmocka_unit_test(each_use_is_in_the_log_and_without_it_nothing_is_signed),
	};

	return cmocka_run_group_tests_name("keys", tests, setup, teardown);
}
