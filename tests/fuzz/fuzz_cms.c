/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CMS gate. The first byte chooses the form, the rest is the signature. What comes out
 * must lie inside what went in; and what passes the gate, OpenSSL's CMS reader (if it can
 * read it at all) must read alike: one signer, the same signature, the same content.
 */
#include <stdint.h>
#include <stdlib.h>

#include <openssl/cms.h>
#include <openssl/err.h>

#include "gateway/inspect/cms.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must_be_inside(struct span s, struct span whole)
{
	if (s.len > 0 && (s.ptr < whole.ptr || s.ptr + s.len > whole.ptr + whole.len))
		abort();
}

static void
check_slices(const struct cms *c, struct span in)
{
	for (unsigned i = 0; i < c->certificate_count; i++)
		must_be_inside(c->certificates[i], in);
	if (c->joined.len == 0)
		must_be_inside(c->content, in);
	must_be_inside(c->issuer, in);
	must_be_inside(c->serial, in);
	must_be_inside(c->key_id, in);
	must_be_inside(c->signature, in);
	must_be_inside(c->attributes, in);
	must_be_inside(c->message_digest, in);
	must_be_inside(c->ess.value, in);
}

static struct span
string_span(const ASN1_STRING *s)
{
	if (s == NULL)
		return span_of(NULL, 0);
	return span_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static void
ask_openssl(const struct cms *c, struct span in)
{
	const uint8_t *at = in.ptr;
	CMS_ContentInfo *other = d2i_CMS_ContentInfo(NULL, &at, (long)in.len);

	if (other != NULL) {
		STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(other);
		ASN1_OCTET_STRING **content = CMS_get0_content(other);
		if (at != in.ptr + in.len || sk_CMS_SignerInfo_num(signers) != 1)
			abort();
		if (!span_equal(c->signature,
			string_span(CMS_SignerInfo_get0_signature(
			    sk_CMS_SignerInfo_value(signers, 0)))))
			abort();
		if (content == NULL || !span_equal(c->content, string_span(*content)))
			abort();
	}
	CMS_ContentInfo_free(other);
	ERR_clear_error();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in;
	struct finding f;
	struct cms c;

	if (size == 0)
		return 0;
	in = span_of(data + 1, size - 1);
	cms_open(in, (data[0] & 1) != 0 ? CMS_FORM_OPAQUE : CMS_FORM_DETACHED, &c, &f);
	check_slices(&c, in);
	if (f.state == CHECK_OK) {
		if (!c.has_signer || !c.has_attributes)
			abort();
		ask_openssl(&c, in);
	}
	cms_free(&c);
	return 0;
}
