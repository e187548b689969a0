/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that is asked of a certificate from a message: its names, addresses, form, key,
 * usage, and a path that it does not have. The certificate is its own issuer's bag, so that
 * a self-issued one is tried as an authority too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "gateway/inspect/certificate.h"
#include "gateway/inspect/path.h"
#include "gateway/inspect/revocation.h"
#include "gateway/inspect/usage.h"

#define JUDGED_AT 1764000000
#define NAME_MAX_BYTES 65536

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask_names(X509 *certificate)
{
	struct certificate_addresses addresses;
	struct certificate_holder holder;
	struct finding f;
	struct buf name;
	bool old;

	buf_init(&name, NAME_MAX_BYTES);
	certificate_name(X509_get_subject_name(certificate), &name);
	certificate_holder(X509_get_issuer_name(certificate), &holder);
	if (holder.length > sizeof(holder.text))
		abort();
	certificate_judge_form(certificate, &f, &old);
	certificate_addresses(certificate, &addresses);
	if (addresses.count > CERTIFICATE_ADDRESSES_MAX)
		abort();
	certificate_addresses_free(&addresses);
	buf_free(&name);
}

/* No anchor is configured: no certificate may find a path. */
static void
ask_path(struct trust *t, X509 *certificate)
{
	STACK_OF(X509) *bag = sk_X509_new_null();
	struct profile profile = { .sha1_until = INT64_MIN };
	struct revocation revocation;
	struct cms cms;
	struct usage usage;
	struct path path;
	struct error e;

	memset(&cms, 0, sizeof(cms));
	if (bag == NULL || sk_X509_push(bag, certificate) == 0
	    || path_build(t, certificate, bag, JUDGED_AT, &path, &e) != 0
	    || path.finding.state != CHECK_FAIL)
		abort();
	usage_check(certificate, &path, &profile, &usage);
	usage_check_strength(&cms, certificate, &path, &profile, JUDGED_AT, &usage);
	if (usage.finding.state == CHECK_OK)
		abort(); /* there is no digest in an empty signature */
	if (revocation_check(t, certificate, &path, JUDGED_AT, JUDGED_AT, &revocation, &e) != 0)
		abort();
	path_free(&path);
	sk_X509_free(bag);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trust *t;
	X509 *certificate = certificate_read(span_of(data, size));
	struct error e;

	if (t == NULL && ((t = trust_new()) == NULL || trust_choose(t, JUDGED_AT, &e) != 0))
		abort();
	if (certificate != NULL) {
		ask_names(certificate);
		ask_path(t, certificate);
	}
	X509_free(certificate);
	ERR_clear_error();
	return 0;
}
