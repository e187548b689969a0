/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small questions to one certificate: how to name it to a person, its dates, its addresses.
 */
#ifndef VANTHU_INSPECT_CERTIFICATE_H
#define VANTHU_INSPECT_CERTIFICATE_H

#include <openssl/x509.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/span.h"
#include "gateway/inspect/finding.h"

/* Exactly one certificate in DER, nothing after it; NULL when it is not. */
X509 *
certificate_read(struct span der);

#define CERTIFICATE_HOLDER_MAX 200

/* A name as a person says it: common name, else organisation, else the whole in one line.
 * UTF-8 as the certificate has it, cut. */
struct certificate_holder {
	uint8_t text[CERTIFICATE_HOLDER_MAX];
	size_t length;
};

void
certificate_holder(const X509_NAME *name, struct certificate_holder *out);

struct span
holder_span(const struct certificate_holder *h);

/* The whole name in the form of RFC 2253, UTF-8. */
void
certificate_name(const X509_NAME *name, struct buf *out);

/* Seconds; false when the certificate's date cannot be read. */
bool
certificate_seconds(const ASN1_TIME *time, int64_t *out);

/* "2026-11-23" in UTC, into out[11]; returns out. */
const char *
certificate_day(int64_t seconds, char out[11]);

/*
 * Is the form of the certificate as it should be (verdicts.md B08: duplicate extensions,
 * serial number, version, odd strings in its names)? *old: it is of version 1.
 */
void
certificate_judge_form(X509 *certificate, struct finding *out, bool *old);

enum address_source {
	ADDRESS_SAN, /* rfc822Name or SmtpUTF8Mailbox in subjectAltName */
	ADDRESS_DN,  /* emailAddress in the subject */
};

#define CERTIFICATE_ADDRESSES_MAX 100

/* Addresses of a certificate; freed by certificate_addresses_free. */
struct certificate_addresses {
	unsigned count;
	struct {
		enum address_source source;
		uint8_t *text; /* owned */
		size_t length;
		bool odd; /* not a plain address: blank, control, bracket, list (C07) */
	} list[CERTIFICATE_ADDRESSES_MAX];
};

void
certificate_addresses(X509 *certificate, struct certificate_addresses *out);

void
certificate_addresses_free(struct certificate_addresses *a);

#endif
