/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signature: the digest of the content, and the signature over the signed attributes,
 * verified with EVP over the slices that the gate found. Which certificate's key it is
 * verified with is the caller's choice; what that certificate is worth is told elsewhere.
 */
#ifndef VANTHU_INSPECT_SIGNATURE_H
#define VANTHU_INSPECT_SIGNATURE_H

#include <openssl/x509.h>

#include <stdbool.h>

#include "common/span.h"
#include "gateway/inspect/cms.h"
#include "gateway/inspect/finding.h"

/*
 * Is the messageDigest that of the content? With `lf` the lines of the content end in LF
 * alone and are digested as if they ended in CRLF (RFC 8551 3.1.1). CHECK_OK, CHECK_FAIL
 * (CONTENT_CHANGED), or CHECK_UNKNOWN with ALGORITHM_UNKNOWN.
 */
void
signature_check_content(const struct cms *c, struct span content, bool lf,
    struct finding *out);

/* Is the certificate the one that the SignerInfo names? */
bool
signature_names(const struct cms *c, X509 *certificate);

/* Was the signature made with the key of this certificate? Same results, SIGNATURE_WRONG. */
void
signature_check_key(const struct cms *c, X509 *certificate, struct span holder,
    struct finding *out);

#endif
