/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identity: is the signer the sender that From names? (verdicts.md group C)
 */
#ifndef VANTHU_INSPECT_IDENTITY_H
#define VANTHU_INSPECT_IDENTITY_H

#include <openssl/x509.h>

#include "gateway/inspect/decode.h"
#include "gateway/inspect/finding.h"
#include "gateway/inspect/profile.h"
#include "gateway/inspect/scan.h"
#include "gateway/inspect/trust_store.h"
#include "gateway/model/facts.h"

struct identity_question {
	const struct scan *scan;
	struct decode *decode;
	const struct trust *trust;
	const struct profile *profile;
	X509 *signer;
	enum reason from_problem; /* what headers_read() said of From */
};

/*
 * Compare facts->from with the certificate, and with the signed inner header if there is
 * one. Sets CHECK_IDENTITY, signer.address and notes in the facts.
 */
void
identity_check(const struct identity_question *q, struct facts *f);

#endif
