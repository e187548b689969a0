/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole inspector against changed mail: a good signed message, made at start with
 * throw-away keys, is changed by the fuzzer's script and inspected. It may only be VERIFIED
 * when the signed bytes and the sender are still the ones that were signed.
 *
 * The script: one byte that chooses the message (bit 0: opaque) and what is changed (bit 1:
 * the CMS before it is encoded, else the mail); then steps of four bytes: offset (two
 * bytes), operation, value.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <openssl/cms.h>

#include "common/codec.h"
#include "gateway/inspect/inspect.h"
#include "tests/unit/pki.h"

#define SENDER "vanthu@vpub.hanoi.example"
#define LOCAL_LENGTH 6 /* of "vanthu" */
#define MAIL_MAX (256 * 1024)
#define STEPS_MAX 64

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char part[] = "Content-Type: multipart/mixed; boundary=\"trong\"\r\n"
    "\r\n"
    "--trong\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "\r\n"
    "Kinh gui: UBND huyen Ba Vi\r\n"
    "--trong\r\n"
    "Content-Type: application/pdf; name=\"06_KH-VP.pdf\"\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "JVBERi0xLjQKJSVFT0YK\r\n"
    "--trong--\r\n";

static struct inspector *inspector;
static struct buf signatures[2]; /* detached, opaque */
static int64_t now;
static int content_fd;

#define MUST(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

static void
sign(X509 *leaf, EVP_PKEY *key, bool opaque, struct buf *out)
{
	unsigned flags = CMS_BINARY | (opaque ? 0 : CMS_DETACHED);
	BIO *in = BIO_new_mem_buf(part, sizeof(part) - 1);
	CMS_ContentInfo *cms = CMS_sign(leaf, key, NULL, in, flags);
	unsigned char *der = NULL;
	int length = i2d_CMS_ContentInfo(cms, &der);

	MUST(length > 0);
	buf_init(out, MAIL_MAX);
	buf_put(out, der, (size_t)length);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
}

static void
set_up(void)
{
	struct pki_spec ca = { .name = "Goc", .key_usage = "critical,keyCertSign", .ca = true };
	struct pki_spec agency = { .name = "Van phong", .email = SENDER,
		.key_usage = "digitalSignature", .extended_key_usage = "emailProtection" };
	EVP_PKEY *root_key = pki_key("EC:P-256"), *key = pki_key("EC:P-256");
	X509 *root = pki_certificate(&ca, root_key, NULL, NULL);
	X509 *leaf = pki_certificate(&agency, key, root, root_key);
	X509 *list[] = { root, NULL };
	char path[] = "/tmp/vanthu-fuzz-XXXXXX";
	struct trust *t = trust_new();
	struct error e;

	now = time(NULL);
	close(mkstemp(path));
	pki_write_certificates(path, list);
	MUST(t != NULL && trust_add_anchors(t, path, 0, INT64_MAX, &e) == 0);
	(void)unlink(path);
	MUST(inspector_new(t, NULL, 0, &inspector, &e) == 0);
	sign(leaf, key, false, &signatures[0]);
	sign(leaf, key, true, &signatures[1]);
	content_fd = memfd_create("content", MFD_CLOEXEC);
	MUST(content_fd >= 0);
	X509_free(root);
	X509_free(leaf);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(key);
}

static void
compose(bool opaque, struct span der, struct buf *mail)
{
	buf_put_str(mail, "From: " SENDER "\r\nTo: vanthu@bavi.hanoi.example\r\n"
	    "Subject: 06/KH-VP\r\nMIME-Version: 1.0\r\n");
	if (opaque) {
		buf_put_str(mail, "Content-Type: application/pkcs7-mime;"
		    " smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\n");
		codec_base64_encode(der, mail);
		return;
	}
	buf_put_str(mail, "Content-Type: multipart/signed; boundary=ky;"
	    " protocol=\"application/pkcs7-signature\"; micalg=sha-256\r\n\r\n--ky\r\n");
	buf_put(mail, part, sizeof(part) - 1);
	buf_put_str(mail, "\r\n--ky\r\nContent-Type: application/pkcs7-signature\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n");
	codec_base64_encode(der, mail);
	buf_put_str(mail, "\r\n--ky--\r\n");
}

static void
insert(struct buf *b, size_t at, const uint8_t *bytes, size_t n)
{
	size_t old = b->len;

	if (buf_extend(b, n) == NULL)
		abort();
	memmove(b->data + at + n, b->data + at, old - at);
	memmove(b->data + at, bytes, n);
}

/* One step of the script. */
static void
change(struct buf *b, const uint8_t step[4])
{
	size_t at = (size_t)(step[0] << 8 | step[1]), n;
	uint8_t copy[256];

	if (b->len == 0)
		return;
	at %= b->len;
	n = step[3] < b->len - at ? step[3] : b->len - at;
	switch (step[2] % 7) {
	case 0:
		b->data[at] ^= step[3];
		break;
	case 1:
		b->data[at] = step[3];
		break;
	case 2:
		insert(b, at, &step[3], 1);
		break;
	case 3: /* drop n bytes */
		memmove(b->data + at, b->data + at + n, b->len - at - n);
		b->len -= n;
		break;
	case 4: /* double n bytes */
		memcpy(copy, b->data + at, n);
		insert(b, at, copy, n);
		break;
	case 5: /* cut */
		b->len = at;
		break;
	default: /* a line end */
		insert(b, at, (const uint8_t *)"\r\n", step[3] % 2 + 1);
		break;
	}
}

static void
run_script(struct buf *b, const uint8_t *script, size_t size)
{
	for (size_t i = 0; i + 4 <= size && i < 4 * STEPS_MAX; i += 4)
		change(b, script + i);
}

/* VERIFIED must mean: these very bytes, from this very sender. */
static void
must_be_the_original(const struct facts *f, struct span mail)
{
	size_t n = (size_t)(f->signed_range.end - f->signed_range.start);
	uint8_t content[sizeof(part)];
	struct span from = facts_span(f, f->from), sender = SPAN_LIT(SENDER);

	/* A domain means the same in any case; nothing else may differ. */
	MUST(span_equal_nocase(from, sender));
	MUST(span_equal(span_sub(from, 0, LOCAL_LENGTH), span_sub(sender, 0, LOCAL_LENGTH)));
	MUST(span_is(facts_span(f, f->signer.address), SENDER));
	MUST(n == sizeof(part) - 1);
	if (f->signed_origin == ORIGIN_MESSAGE)
		memcpy(content, mail.ptr + f->signed_range.start, n);
	else
		MUST(pread(content_fd, content, sizeof(content), 0) == (ssize_t)n);
	MUST(memcmp(content, part, n) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct facts f;
	struct inspection q = { .at = 0 };
	struct buf mail, der;
	struct error e;

	if (inspector == NULL)
		set_up();
	if (size == 0)
		return 0;
	buf_init(&der, MAIL_MAX);
	buf_init(&mail, MAIL_MAX);
	buf_put_span(&der, buf_span(&signatures[data[0] & 1]));
	if ((data[0] & 2) != 0)
		run_script(&der, data + 1, size - 1);
	compose((data[0] & 1) != 0, buf_span(&der), &mail);
	if ((data[0] & 2) == 0)
		run_script(&mail, data + 1, size - 1);
	memset(&f, 0, sizeof(f));
	q.at = now;
	MUST(ftruncate(content_fd, 0) == 0 && lseek(content_fd, 0, SEEK_SET) == 0);
	MUST(inspector_examine(inspector, &q, buf_span(&mail), content_fd, &f, &e) == 0);
	if (f.verdict == VERDICT_VERIFIED)
		must_be_the_original(&f, buf_span(&mail));
	else
		MUST(size > 1);
	buf_free(&mail);
	buf_free(&der);
	return 0;
}
