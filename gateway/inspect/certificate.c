/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to one certificate (RFC 5280 4, RFC 8398 for SmtpUTF8Mailbox). Bytes of a
 * certificate come from outside: names are handed on as bytes and shown through text_show,
 * addresses are judged here and compared elsewhere.
 */
#include "gateway/inspect/certificate.h"

#include <string.h>
#include <time.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "common/clock.h"
#include "common/text.h"

#define SERIAL_BITS_MAX 160 /* 20 octets, RFC 5280 4.1.2.2 */
#define NAME_BYTES_MAX 4096

X509 *
certificate_read(struct span der)
{
	const uint8_t *at = der.ptr;
	X509 *certificate;

	if (der.len > INT32_MAX)
		return NULL;
	certificate = d2i_X509(NULL, &at, (long)der.len);
	if (certificate != NULL && at != der.ptr + der.len) {
		X509_free(certificate);
		return NULL;
	}
	return certificate;
}

static bool
take_entry(const X509_NAME *name, int nid, struct certificate_holder *out)
{
	int index = -1, last = -1;
	uint8_t *text = NULL;

	/* The last one is the most specific. */
	while ((index = X509_NAME_get_index_by_NID(name, nid, index)) >= 0)
		last = index;
	if (last < 0)
		return false;
	int length = ASN1_STRING_to_UTF8(&text,
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
	if (length <= 0) {
		OPENSSL_free(text);
		return false;
	}
	out->length = (size_t)length < sizeof(out->text) ? (size_t)length : sizeof(out->text);
	memcpy(out->text, text, out->length);
	OPENSSL_free(text);
	return true;
}

void
certificate_holder(const X509_NAME *name, struct certificate_holder *out)
{
	struct buf whole;

	out->length = 0;
	if (take_entry(name, NID_commonName, out) || take_entry(name, NID_organizationName, out)
	    || take_entry(name, NID_pkcs9_emailAddress, out))
		return;
	buf_init(&whole, NAME_BYTES_MAX);
	certificate_name(name, &whole);
	if (!whole.failed && whole.len > 0) {
		out->length = whole.len < sizeof(out->text) ? whole.len : sizeof(out->text);
		memcpy(out->text, whole.data, out->length);
	}
	buf_free(&whole);
}

struct span
holder_span(const struct certificate_holder *h)
{
	return span_of(h->text, h->length);
}

void
certificate_name(const X509_NAME *name, struct buf *out)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *text = NULL;

	if (memory != NULL
	    && X509_NAME_print_ex(memory, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB)
		>= 0) {
		long length = BIO_get_mem_data(memory, &text);
		if (length > 0)
			buf_put(out, text,
			    length < NAME_BYTES_MAX ? (size_t)length : NAME_BYTES_MAX);
	}
	BIO_free(memory);
}

bool
certificate_seconds(const ASN1_TIME *time, int64_t *out)
{
	struct tm tm;

	return time != NULL && ASN1_TIME_to_tm(time, &tm) == 1
	    && clock_from_utc(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		tm.tm_min, tm.tm_sec, out);
}

const char *
certificate_day(int64_t seconds, char out[11])
{
	char text[CLOCK_TEXT_MAX];

	clock_rfc3339(seconds, text);
	memcpy(out, text, 10);
	out[10] = '\0';
	return out;
}

static bool
has_duplicate_extension(const X509 *certificate)
{
	int count = X509_get_ext_count(certificate);

	for (int i = 0; i < count; i++) {
		const ASN1_OBJECT *type = X509_EXTENSION_get_object(X509_get_ext(certificate, i));
		if (X509_get_ext_by_OBJ(certificate, type, i) >= 0)
			return true;
	}
	return false;
}

/* A NUL hides the rest from C programs; T61 reads differently in every program. */
static const char *
judge_name(const X509_NAME *name)
{
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));
		const uint8_t *data = ASN1_STRING_get0_data(s);
		int length = ASN1_STRING_length(s), type = ASN1_STRING_type(s);

		if (type == V_ASN1_T61STRING)
			return "T61 string in a name";
		if (type != V_ASN1_BMPSTRING && type != V_ASN1_UNIVERSALSTRING && length > 0
		    && memchr(data, 0, (size_t)length) != NULL)
			return "NUL in a name";
		if (type == V_ASN1_UTF8STRING && !text_is_utf8(span_of(data, (size_t)length)))
			return "malformed text in a name";
	}
	return NULL;
}

static const char *
judge_serial(const X509 *certificate)
{
	BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
	const char *wrong = NULL;

	if (serial == NULL || BN_is_negative(serial))
		wrong = "negative serial number";
	else if (BN_num_bits(serial) > SERIAL_BITS_MAX)
		wrong = "serial number too long";
	BN_free(serial);
	return wrong;
}

void
certificate_judge_form(X509 *certificate, struct finding *out, bool *old)
{
	struct certificate_holder holder;
	long version = X509_get_version(certificate);
	const char *wrong = judge_serial(certificate);

	*old = version == X509_VERSION_1;
	if (has_duplicate_extension(certificate))
		wrong = "duplicate extension";
	else if (version != X509_VERSION_3 && X509_get_ext_count(certificate) > 0)
		wrong = "extensions in an old version";
	else if (version > X509_VERSION_3 || version == X509_VERSION_2)
		wrong = "unknown version";
	else if ((X509_get_extension_flags(certificate) & EXFLAG_INVALID) != 0)
		wrong = "malformed extension";
	if (wrong == NULL)
		wrong = judge_name(X509_get_subject_name(certificate));
	if (wrong == NULL)
		wrong = judge_name(X509_get_issuer_name(certificate));
	finding_say(out, CHECK_OK, REASON_NONE, NULL, NULL);
	if (wrong != NULL) {
		certificate_holder(X509_get_subject_name(certificate), &holder);
		finding_set(out, CHECK_FAIL, REASON_CERTIFICATE_MALFORMED,
		    holder_span(&holder), span_str(wrong));
	}
}

/* One plain local@domain: anything else in this place is there to mislead (C07). */
static bool
is_odd(struct span s, bool utf8)
{
	size_t at = span_find(s, '@', 0);

	if (at == SPAN_NOT_FOUND || at == 0 || at + 1 == s.len
	    || span_find(s, '@', at + 1) != SPAN_NOT_FOUND || s.ptr[s.len - 1] == '.')
		return true;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if (c <= ' ' || c == 0x7f || (c >= 0x80 && !utf8)
		    || memchr("<>()[],;:\\\"", c, 11) != NULL)
			return true;
	}
	return utf8 && !text_is_utf8(s);
}

static void
add_address(struct certificate_addresses *a, enum address_source source,
    const ASN1_STRING *text, bool utf8)
{
	size_t length = (size_t)ASN1_STRING_length(text);

	if (a->count == CERTIFICATE_ADDRESSES_MAX)
		return;
	uint8_t *copy = OPENSSL_memdup(ASN1_STRING_get0_data(text), length);
	if (copy == NULL && length > 0)
		return;
	a->list[a->count].source = source;
	a->list[a->count].text = copy;
	a->list[a->count].length = length;
	a->list[a->count].odd = is_odd(span_of(copy, length), utf8);
	a->count++;
}

static void
add_general_name(struct certificate_addresses *out, const GENERAL_NAME *name)
{
	ASN1_OBJECT *type;
	ASN1_TYPE *value;
	int kind;
	const void *data = GENERAL_NAME_get0_value(name, &kind);

	if (kind == GEN_EMAIL) {
		add_address(out, ADDRESS_SAN, data, false);
	} else if (kind == GEN_OTHERNAME
	    && GENERAL_NAME_get0_otherName(name, &type, &value) == 1
	    && OBJ_obj2nid(type) == NID_id_on_SmtpUTF8Mailbox
	    && value->type == V_ASN1_UTF8STRING) {
		add_address(out, ADDRESS_SAN, value->value.utf8string, true);
	}
}

void
certificate_addresses(X509 *certificate, struct certificate_addresses *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	const X509_NAME *subject = X509_get_subject_name(certificate);

	*out = (struct certificate_addresses){ .count = 0 };
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		add_general_name(out, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	for (int i = -1;
	    (i = X509_NAME_get_index_by_NID(subject, NID_pkcs9_emailAddress, i)) >= 0;)
		add_address(out, ADDRESS_DN,
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)), false);
}

void
certificate_addresses_free(struct certificate_addresses *a)
{
	for (unsigned i = 0; i < a->count; i++)
		OPENSSL_free(a->list[i].text);
	a->count = 0;
}
