/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing: what each kind of body becomes, that nothing a relay could rewrite is left, that
 * the signature covers exactly the first part, and that the same input gives the same bytes.
 */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/cms.h>
#include <openssl/err.h>

#include "common/codec.h"
#include "common/ipc.h"
#include "common/sandbox.h"
#include "gateway/act/act.h"
#include "gateway/act/sevenbit.h"
#include "gateway/inspect/scan.h"
#include "gateway/keys/compose.h"
#include "gateway/keys/key.h"
#include "gateway/keys/protocol.h"
#include "tests/unit/pki.h"

#define NOW 1764000000

static struct key agency_key;
static char folder[] = "/tmp/vanthu-sign-XXXXXX";
static char socket_path[64];
static pid_t keyd;
static struct seal_client *client;

/* keyd without its walls: answers every digest with a signature. */
static _Noreturn void
answer_for_ever(int listener)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		struct buf in, out;
		struct seal_request q;
		struct seal_answer a = { .micalg = "sha-256" };
		struct error e;
		if (fd < 0 && io_wait(listener, POLLIN, deadline_never(), &e) >= 0)
			continue;
		buf_init(&in, SEAL_REQUEST_MAX);
		buf_init(&out, SEAL_ANSWER_MAX);
		buf_init(&a.signature, SEAL_SIGNATURE_MAX);
		while (ipc_receive(fd, &in, NULL, deadline_never(), &e) > 0) {
			buf_reset(&a.signature);
			buf_reset(&out);
			if (seal_request_decode(buf_span(&in), &q, &e) == 0 &&
			    seal_compose(&agency_key, &q, &a.signature, &e) == 0)
				seal_answer_encode(&a, &out);
			else
				seal_refusal_encode(&e, &out);
			if (ipc_send(fd, buf_span(&out), NULL, 0, deadline_never(), &e) < 0)
				break;
		}
		close(fd);
	}
}

static int
setup(void **state)
{
	static const struct pki_spec spec = { .name = "Agency",
		.email = "vanthu@bavi.hanoi.example", .key_usage = "digitalSignature",
		.not_before = NOW - 86400, .not_after = NOW + 86400 };
	struct error e;
	int listener;

	(void)state;
	agency_key.private_key = pki_key("RSA:2048");
	agency_key.leaf = pki_certificate(&spec, agency_key.private_key, NULL, NULL);
	agency_key.chain = sk_X509_new_null();
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(socket_path, sizeof(socket_path), "%s/keyd.sock", folder);
	if (ipc_listen(socket_path, 0600, &listener, &e) < 0)
		return -1;
	keyd = fork();
	if (keyd == 0)
		answer_for_ever(listener);
	close(listener);
	client = seal_client_new(socket_path);
	return keyd > 0 && client != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	seal_client_free(&client);
	kill(keyd, SIGKILL);
	waitpid(keyd, NULL, 0);
	unlink(socket_path);
	rmdir(folder);
	EVP_PKEY_free(agency_key.private_key);
	X509_free(agency_key.leaf);
	sk_X509_free(agency_key.chain);
	return 0;
}

static struct spool *
spool_of(struct span bytes)
{
	struct spool *s = NULL;
	struct error e;

	assert_int_equal(spool_new(NULL, bytes.len + 1, &s, &e), 0);
	assert_int_equal(spool_append(s, bytes, &e), 0);
	assert_int_equal(spool_seal(s, &e), 0);
	return s;
}

/* The fields of the root header that signing must find, as the inspector names them. */
static void
find_fields(struct facts *f, struct span message)
{
	struct span header = span_sub(message, 0, (size_t)f->parts[0].header.end);
	struct scan_field field;
	size_t at = 0;

	while (scan_field_next(header, &at, &field)) {
		struct facts_field *to = &f->fields[f->field_count];
		to->range = (struct facts_range){ field.start, field.end };
		if (span_starts_nocase(field.name, span_str("content-")))
			to->kind = FIELD_CONTENT;
		else if (span_is_nocase(field.name, "mime-version"))
			to->kind = FIELD_MIME_VERSION;
		else if (span_starts_nocase(field.name, span_str("x-vanthu-")))
			to->kind = FIELD_OWN;
		else
			continue;
		f->field_count++;
	}
}

static struct facts *
facts_of(struct span message)
{
	struct facts *f = facts_new();
	struct scan *scan = scan_new();
	struct error e;

	assert_int_equal(
	    scan_message(scan, message, ORIGIN_MESSAGE, FACTS_NONE, f, &e), 0);
	find_fields(f, message);
	scan_free(&scan);
	return f;
}

static struct envelope *
an_envelope(void)
{
	static struct envelope env;

	env = (struct envelope){ .source = SOURCE_LMTP, .zone = ZONE_INSIDE, .accepted_at = NOW };
	snprintf(env.tx, sizeof(env.tx), "01h2xcejqtf2nbrexx3vqjhp41");
	return &env;
}

static int
sign(struct span message, struct facts *f, struct buf *signature, struct spool **out,
    struct error *e)
{
	static struct act_settings settings;
	struct spool *received = spool_of(message);
	int r = act_sign(&settings, client, an_envelope(), f, received, "bavi", signature, out,
	    deadline_after_ms(10000), e);

	spool_free(&received);
	return r;
}

/* The pieces of a signed message, cut without any MIME parser. */
struct cut {
	struct span outer; /* the header, with its last line end */
	struct span part;  /* what is signed */
	struct buf der;
};

static void
cut(struct span whole, struct cut *out)
{
	static const char name[] = "boundary=\"";
	size_t end = span_find_span(whole, span_str("\r\n\r\n"), 0);
	size_t at = span_find_span(whole, span_str(name), 0) + sizeof(name) - 1;
	size_t quote = span_find(whole, '"', at);
	char delimiter[120];

	assert_true(quote != SPAN_NOT_FOUND && quote < end);
	assert_true(quote - at <= 70); /* RFC 2046 5.1.1 */
	out->outer = span_sub(whole, 0, end + 2);
	int n = snprintf(delimiter, sizeof(delimiter), "\r\n--%.*s", (int)(quote - at),
	    (const char *)whole.ptr + at);
	struct span d = span_of(delimiter, (size_t)n);
	size_t first = span_find_span(whole, d, end), second, third;
	assert_true(first != SPAN_NOT_FOUND);
	second = span_find_span(whole, d, first + 1);
	third = span_find_span(whole, d, second + 1);
	assert_true(second != SPAN_NOT_FOUND && third != SPAN_NOT_FOUND);
	assert_true(span_find_span(whole, d, third + 1) == SPAN_NOT_FOUND);
	size_t begin = first + d.len + 2;
	out->part = span_sub(whole, begin, second - begin);
	size_t body = span_find_span(whole, span_str("\r\n\r\n"), second) + 4;
	buf_init(&out->der, SEAL_SIGNATURE_MAX);
	assert_int_equal(
	    codec_base64_decode(span_sub(whole, body, third - body), false, &out->der), CODEC_OK);
	assert_true(span_is(span_from(whole, third + d.len), "--\r\n"));
}

static bool
verifies(struct span part, const struct buf *der)
{
	const unsigned char *p = der->data;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)der->len);
	BIO *in = BIO_new_mem_buf(part.ptr, (int)part.len);

	assert_non_null(cms);
	int r = CMS_verify(cms, NULL, NULL, in, NULL,
	    CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY);
	ERR_clear_error();
	BIO_free(in);
	CMS_ContentInfo_free(cms);
	return r == 1;
}

struct body_case {
	const char *name;
	const char *message;
	const char *part;  /* exactly what is signed */
	unsigned hazards;  /* that must stay, for a reason; 0 = none */
};

#define LONG50 "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcd"
#define LONG500 LONG50 LONG50 LONG50 LONG50 LONG50 LONG50 LONG50 LONG50 LONG50 LONG50
#define B64_76 "VmFuIHRodSB2YSBjb25nIHZhbi4gVmFuIHRodSB2YSBjb25nIHZhbi4gVmFuIHRodSB2YSBjb25n"

static const struct body_case bodies[] = {
	{ "plain text is left alone",
	    "Subject: x\r\nContent-Type: text/plain\r\n\r\nHello\r\n",
	    "Content-Type: text/plain\r\n\r\nHello\r\n", 0 },
	{ "no type: it is named",
	    "Subject: x\r\n\r\nHello\r\n",
	    "Content-Type: text/plain; charset=us-ascii\r\n\r\nHello\r\n", 0 },
	{ "no type, UTF-8 inside",
	    "Subject: x\r\n\r\nS\xe1\xbb\x9f\r\n",
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\nS=E1=BB=9F\r\n", 0 },
	{ "no type, other bytes inside",
	    "Subject: x\r\n\r\nS\xff\r\n",
	    "Content-Type: text/plain; charset=unknown-8bit\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\nS=FF\r\n", 0 },
	{ "an empty body",
	    "Content-Type: text/plain\r\n\r\n",
	    "Content-Type: text/plain\r\n\r\n", 0 },
	{ "8-bit text becomes quoted-printable",
	    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
	    "Content-Language: vi\r\n\r\nQuy\xe1\xba\xbft \xc4\x91\xe1\xbb\x8bnh\r\n",
	    "Content-Type: text/plain; charset=utf-8\r\nContent-Language: vi\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "Quy=E1=BA=BFt =C4=91=E1=BB=8Bnh\r\n", 0 },
	{ "text that says 8bit and is not is said to be 7bit",
	    "Content-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\nHello\r\n",
	    "Content-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHello\r\n", 0 },
	{ "binary text with a lone LF keeps it",
	    "Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\na\nb\r\n",
	    "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "a=0Ab\r\n", 0 },
	{ "trailing blanks, From and format=flowed",
	    "Content-Type: text/plain; format=flowed\r\n\r\nOne \r\nFrom here\r\n-- \r\nx\t\r\n",
	    "Content-Type: text/plain; format=flowed\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "One=20\r\n=46rom here\r\n--=20\r\nx=09\r\n", 0 },
	{ "other types become base64",
	    "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"
	    "\x01\n\xff",
	    "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	    "AQr/\r\n", 0 },
	{ "8-bit XML that is not text becomes base64",
	    "Content-Type: application/xml\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc4\x91\r\n",
	    "Content-Type: application/xml\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	    "xJENCg==\r\n", 0 },
	{ "base64 keeps its bytes",
	    "Content-Type: application/pdf\r\nContent-Transfer-Encoding: BASE64\r\n\r\n"
	    B64_76 "\r\nJVBERg==\r\n\r\n",
	    "Content-Type: application/pdf\r\nContent-Transfer-Encoding: BASE64\r\n\r\n"
	    B64_76 "\r\nJVBERg==\r\n\r\n", 0 },
	{ "base64 with blanks at line ends loses them",
	    "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	    "JVBE \r\nRg==\t\r\n",
	    "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	    "JVBERg==\r\n", 0 },
	{ "quoted-printable is mended where a relay could touch it",
	    "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "From =C4=91=\r\nx \r\nok\r\n",
	    "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "=46rom =C4=91=\r\nx\r\nok\r\n", 0 },
	{ "sound quoted-printable keeps its bytes",
	    "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "=c4=91=\r\n=20\r\n",
	    "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "=c4=91=\r\n=20\r\n", 0 },
	{ "a file with LF alone gets CRLF once",
	    "Subject: x\nContent-Type: text/plain\n\nOne\nTwo\n",
	    "Content-Type: text/plain\r\n\r\nOne\r\nTwo\r\n", 0 },
	{ "a file with LF alone, 8 bit",
	    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
	    "\xc4\x91\nb\n",
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=C4=91\r\nb\r\n", 0 },
	{ "a multipart: each part by its kind, containers become 7bit",
	    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n"
	    "preamble \r\nTi\xe1\xba\xbfng\r\n--b \r\n"
	    "Content-Type: multipart/alternative; boundary=c\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n"
	    "--c\r\nContent-Type: text/plain;  \r\n\tcharset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n\xc4\x91\r\n--c\r\n\r\nplain\r\n--c--\r\n"
	    "--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	    "JVBERg==\r\n--b--\r\nFrom the epilogue\r\n",
	    "Content-Type: multipart/mixed; boundary=b\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n"
	    "preamble\r\n--b\r\n"
	    "Content-Type: multipart/alternative; boundary=c\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n"
	    "--c\r\nContent-Type: text/plain;\r\n\tcharset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=C4=91\r\n--c\r\n\r\nplain\r\n"
	    "--c--\r\n"
	    "--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	    "JVBERg==\r\n--b--\r\n", 0 },
	{ "a forwarded message is mended inside",
	    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	    "Subject: y\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n\xc4\x91\r\n",
	    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
	    "Subject: y\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=C4=91\r\n", 0 },
	{ "a seal inside is not broken, and what is around it keeps saying 8bit",
	    "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	    "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	    "Content-Type: multipart/signed; boundary=s\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	    "--s\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc4\x91 \r\n--s\r\n\r\nsig\r\n--s--\r\n"
	    "--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc4\x91\r\n--b--\r\n",
	    "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	    "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	    "Content-Type: multipart/signed; boundary=s\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	    "--s\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc4\x91 \r\n--s\r\n\r\nsig\r\n--s--\r\n"
	    "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C4=91\r\n--b--\r\n",
	    HAZARD_8BIT | HAZARD_BLANK },
	{ "a header line of blanks does not end the header",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\nContent-Type: text/plain;\r\n \t\r\n charset=utf-8\r\n\r\nx\r\n--b--\r\n",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\nContent-Type: text/plain;\r\n charset=utf-8\r\n\r\nx\r\n--b--\r\n", 0 },
	{ "what looks like signed attributes is text in an entity",
	    "Subject: x\r\n\r\n1\x18\x30\x16\x06\x09*\r\n",
	    "Content-Type: text/plain; charset=us-ascii\r\n\r\n1\x18\x30\x16\x06\x09*\r\n", 0 },
};

static void
every_body_is_made_safe_and_verifies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		const struct body_case *c = &bodies[i];
		struct span message = span_str(c->message);
		struct facts *f = facts_of(message);
		struct spool *out = NULL;
		struct buf signature;
		struct cut pieces;
		struct error e;
		buf_init(&signature, SEAL_SIGNATURE_MAX);
		if (sign(message, f, &signature, &out, &e) != 0)
			fail_msg("%s: %s", c->name, e.text);
		cut(spool_bytes(out), &pieces);
		if (!span_is(pieces.part, c->part))
			fail_msg("%s:\n%.*s", c->name, (int)pieces.part.len, pieces.part.ptr);
		assert_int_equal(sevenbit_hazards(spool_bytes(out)), c->hazards);
		assert_true(verifies(pieces.part, &pieces.der));
		buf_free(&pieces.der);
		buf_free(&signature);
		spool_free(&out);
		facts_free(&f);
	}
}

static void
long_lines_and_large_bodies_decode_to_what_they_were(void **state)
{
	/* Sizes around the pieces that the writers work in. */
	static const size_t sizes[] = { 998, 999, 5000, 29182, 29183, 29184, 29185, 100000 };
	static const char *const heads[] = {
		"Content-Type: text/plain\r\n\r\n",
		"Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\n",
		"Content-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) * 3 * 2; i++) {
		const char *head = heads[i % 3];
		size_t size = sizes[i / 6];
		bool breaks = (i / 3) % 2 == 1;
		struct buf message, signature, decoded;
		struct spool *out = NULL;
		struct cut pieces;
		struct error e;
		buf_init(&message, 200000);
		buf_put_str(&message, head);
		for (size_t n = 0; n < size; n++)
			buf_put_byte(&message, breaks && n % 61 == 60 ? '\n'
			        : breaks && n % 61 == 59              ? '\r'
			                                              : (uint8_t)(' ' + n % 95));
		buf_put_str(&message, "\xc4\x91\r\n");
		struct facts *f = facts_of(buf_span(&message));
		buf_init(&signature, SEAL_SIGNATURE_MAX);
		buf_init(&decoded, 400000);
		if (sign(buf_span(&message), f, &signature, &out, &e) != 0)
			fail_msg("%zu: %s", i, e.text);
		cut(spool_bytes(out), &pieces);
		assert_int_equal(sevenbit_hazards(spool_bytes(out)), 0);
		assert_true(verifies(pieces.part, &pieces.der));
		size_t body = span_find_span(pieces.part, span_str("\r\n\r\n"), 0) + 4;
		struct span encoded = span_from(pieces.part, body);
		enum codec_result r = i % 3 == 2 ? codec_base64_decode(encoded, false, &decoded)
		                                 : codec_qp_decode(encoded, false, &decoded);
		assert_int_equal(r, CODEC_OK);
		struct span was = span_from(buf_span(&message), span_str(head).len);
		if (!span_equal(buf_span(&decoded), was))
			fail_msg("size %zu, head %zu, breaks %d", size, i % 3, breaks);
		for (size_t at = 0, next; at < encoded.len; at = next + 1) {
			next = span_find(encoded, '\n', at);
			if (next == SPAN_NOT_FOUND)
				break;
			assert_true(next - at <= 77);
		}
		buf_free(&message);
		buf_free(&signature);
		buf_free(&decoded);
		buf_free(&pieces.der);
		spool_free(&out);
		facts_free(&f);
	}
}

/* Private writable memory of this process, in bytes. */
static size_t
data_size(void)
{
	char line[200];
	unsigned long kib = 0;
	FILE *f = fopen("/proc/self/status", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmData:", 7) == 0)
			kib = strtoul(line + 7, NULL, 10);
	fclose(f);
	return kib * 1024;
}

/* Room for buffers of ours, not for a copy of the message. */
static void
memory_does_not_grow_with_the_message(void **state)
{
	enum { SIZE = 12 * 1024 * 1024, ROOM = 4 * 1024 * 1024 };
	static const char *const heads[] = {
		"Content-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\n",
		"Content-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
	};
	struct rlimit before, tight;
	struct buf message;

	(void)state;
	if (!sandbox_filters_calls())
		skip(); /* a sanitizer has its own idea of memory */
	assert_int_equal(getrlimit(RLIMIT_DATA, &before), 0);
	buf_init(&message, SIZE + 200);
	for (size_t i = 0; i < 2; i++) {
		struct spool *received = NULL, *out = NULL;
		struct act_settings settings = { .authserv_id = "gw.hanoi.example" };
		struct buf signature;
		struct error e;
		buf_reset(&message);
		buf_put_str(&message, heads[i]);
		while (message.len < SIZE)
			buf_put_str(&message, "Ti\xe1\xba\xbfng Vi\xe1\xbb\x87t 0123456789\r\n");
		struct facts *f = facts_of(buf_span(&message));
		received = spool_of(buf_span(&message));
		snprintf(settings.spool_dir, sizeof(settings.spool_dir), "%s", folder);
		buf_init(&signature, SEAL_SIGNATURE_MAX);
		tight = before;
		tight.rlim_cur = data_size() + ROOM;
		assert_int_equal(setrlimit(RLIMIT_DATA, &tight), 0);
		int r = act_sign(&settings, client, an_envelope(), f, received, "bavi", &signature,
		    &out, deadline_after_ms(60000), &e);
		assert_int_equal(setrlimit(RLIMIT_DATA, &before), 0);
		if (r != 0)
			fail_msg("%s: %s", heads[i], e.text);
		assert_true(spool_size(out) > SIZE);
		buf_free(&signature);
		spool_free(&received);
		spool_free(&out);
		facts_free(&f);
	}
	buf_free(&message);
}

static void
the_outer_header_keeps_all_else_in_order(void **state)
{
	static const char message[] =
	    "Received: from a by b; Mon, 23 Nov 2026 21:05:44 +0000\r\n"
	    "mime-version: 1.0\r\n"
	    "From: =?utf-8?q?V=C4=83n?=\r\n <vanthu@bavi.hanoi.example>\r\n"
	    "Content-Type: text/plain\r\n"
	    "X-Vanthu-Verdict: VERIFIED\r\n"
	    "Subject: a\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Disposition: inline\r\n"
	    "To: b@c.example\r\n"
	    "\r\n"
	    "x\r\n";
	static const char outer[] =
	    "Received: from a by b; Mon, 23 Nov 2026 21:05:44 +0000\r\n"
	    "From: =?utf-8?q?V=C4=83n?=\r\n <vanthu@bavi.hanoi.example>\r\n"
	    "Subject: a\r\n"
	    "To: b@c.example\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n"
	    "\tmicalg=sha-256;\r\n"
	    "\tboundary=\"=_vanthu_";
	struct facts *f = facts_of(span_str(message));
	struct spool *out = NULL;
	struct buf signature;
	struct cut pieces;
	struct error e;

	(void)state;
	buf_init(&signature, SEAL_SIGNATURE_MAX);
	assert_int_equal(sign(span_str(message), f, &signature, &out, &e), 0);
	cut(spool_bytes(out), &pieces);
	assert_true(span_starts_nocase(pieces.outer, span_str(outer)));
	assert_int_equal(pieces.outer.len, strlen(outer) + 48 + 3);
	assert_true(span_is(pieces.part,
	    "Content-Type: text/plain\r\nContent-Disposition: inline\r\n\r\nx\r\n"));
	buf_free(&pieces.der);
	buf_free(&signature);
	spool_free(&out);
	facts_free(&f);
}

static void
a_redelivery_makes_the_same_bytes_without_keyd(void **state)
{
	static const char first[] = "Received: one\r\nContent-Type: text/plain\r\n\r\nHello\r\n";
	static const char other[] = "Received: one\r\nContent-Type: text/plain\r\n\r\nHellO\r\n";
	struct facts *f = facts_of(span_str(first));
	struct spool *a = NULL, *b = NULL, *c = NULL;
	struct seal_client *mine = client;
	struct buf signature;
	struct error e;

	(void)state;
	buf_init(&signature, SEAL_SIGNATURE_MAX);
	assert_int_equal(sign(span_str(first), f, &signature, &a, &e), 0);
	client = NULL; /* to ask would crash */
	assert_int_equal(sign(span_str(first), f, &signature, &b, &e), 0);
	assert_true(span_equal(spool_bytes(a), spool_bytes(b)));
	/* A stored signature of other bytes is never put under these. */
	assert_int_equal(sign(span_str(other), f, &signature, &c, &e), -1);
	assert_int_equal(e.class, ERR_BUG);
	assert_null(c);
	client = mine;
	buf_free(&signature);
	spool_free(&a);
	spool_free(&b);
	facts_free(&f);
}

static void
one_bit_anywhere_in_the_signed_part_breaks_it(void **state)
{
	static const char message[] =
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nOne\r\n--b\r\n"
	    "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	    "JVBERg==\r\n--b--\r\n";
	struct facts *f = facts_of(span_str(message));
	struct spool *out = NULL;
	struct buf signature, copy;
	struct cut pieces;
	struct error e;

	(void)state;
	buf_init(&signature, SEAL_SIGNATURE_MAX);
	buf_init(&copy, 10000);
	assert_int_equal(sign(span_str(message), f, &signature, &out, &e), 0);
	cut(spool_bytes(out), &pieces);
	buf_put_span(&copy, pieces.part);
	for (size_t bit = 0; bit < 8 * copy.len; bit++) {
		copy.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(verifies(buf_span(&copy), &pieces.der));
		copy.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(verifies(buf_span(&copy), &pieces.der));
	buf_free(&pieces.der);
	buf_free(&signature);
	buf_free(&copy);
	spool_free(&out);
	facts_free(&f);
}

enum lie { NO_PARTS, BODY_TOO_SHORT, OVERLAP, BACKWARDS, FIELD_OUTSIDE, FIELDS_UNSORTED,
	ENCODING_OUTSIDE, ORPHAN_BEYOND, LIE_COUNT };

static void
facts_that_lie_are_refused(void **state)
{
	static const char message[] =
	    "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	    "Content-Language: vi\r\n\r\n"
	    "--b\r\nContent-Transfer-Encoding: 7bit\r\n\r\nOne\r\n--b\r\n\r\nTwo\r\n--b--\r\n";

	(void)state;
	for (int lie = 0; lie < LIE_COUNT; lie++) {
		struct facts *f = facts_of(span_str(message));
		struct facts_field swap = f->fields[0];
		struct spool *out = NULL;
		struct buf signature;
		struct error e = { .class = ERR_NONE };
		assert_int_equal(f->part_count, 3);
		switch ((enum lie)lie) {
		case NO_PARTS:
			f->part_count = 0;
			break;
		case BODY_TOO_SHORT:
			f->parts[0].body.end -= 3;
			break;
		case OVERLAP:
			f->parts[2].header.start = f->parts[1].body.start;
			break;
		case BACKWARDS:
			f->parts[1].body.start = f->parts[1].header.start;
			break;
		case FIELD_OUTSIDE:
			f->fields[1].range.end = f->parts[0].body.start + 5;
			break;
		case FIELDS_UNSORTED:
			f->fields[0] = f->fields[1];
			f->fields[1] = swap;
			break;
		case ENCODING_OUTSIDE:
			f->parts[1].encoding_field.end = f->parts[1].body.end;
			break;
		case ORPHAN_BEYOND:
			f->parts[2].body.end = f->parts[0].body.end + 1;
			break;
		case LIE_COUNT:
			break;
		}
		buf_init(&signature, SEAL_SIGNATURE_MAX);
		if (sign(span_str(message), f, &signature, &out, &e) == 0)
			fail_msg("lie %d was followed", lie);
		assert_int_equal(e.class, ERR_TEMP);
		assert_int_equal(signature.len, 0);
		assert_null(out);
		buf_free(&signature);
		facts_free(&f);
	}
}

static void
broken_base64_is_refused_for_good(void **state)
{
	static const char message[] = "Content-Type: application/pdf\r\n"
	                              "Content-Transfer-Encoding: base64\r\n\r\nJV-E \r\n";
	struct facts *f = facts_of(span_str(message));
	struct spool *out = NULL;
	struct buf signature;
	struct error e;

	(void)state;
	buf_init(&signature, SEAL_SIGNATURE_MAX);
	assert_int_equal(sign(span_str(message), f, &signature, &out, &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	buf_free(&signature);
	facts_free(&f);
}

static void
an_absent_keyd_is_a_temporary_failure(void **state)
{
	static const char message[] = "Content-Type: text/plain\r\n\r\nHello\r\n";
	struct facts *f = facts_of(span_str(message));
	struct seal_client *mine = client;
	struct spool *out = NULL;
	struct buf signature;
	struct error e;

	(void)state;
	client = seal_client_new("/nonexistent/keyd.sock");
	buf_init(&signature, SEAL_SIGNATURE_MAX);
	assert_int_equal(sign(span_str(message), f, &signature, &out, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_null(out);
	seal_client_free(&client);
	client = mine;
	buf_free(&signature);
	facts_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_body_is_made_safe_and_verifies),
		cmocka_unit_test(long_lines_and_large_bodies_decode_to_what_they_were),
		cmocka_unit_test(memory_does_not_grow_with_the_message),
		cmocka_unit_test(the_outer_header_keeps_all_else_in_order),
		cmocka_unit_test(a_redelivery_makes_the_same_bytes_without_keyd),
		cmocka_unit_test(one_bit_anywhere_in_the_signed_part_breaks_it),
		cmocka_unit_test(facts_that_lie_are_refused),
		cmocka_unit_test(broken_base64_is_refused_for_good),
		cmocka_unit_test(an_absent_keyd_is_a_temporary_failure),
	};

	return cmocka_run_group_tests_name("sign", tests, setup, teardown);
}
