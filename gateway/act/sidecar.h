/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands beside a filed document: verdict.json (what was checked, and with which
 * result), metadata.json and metadata.txt (the fields of Decree 30/2020, annex VI, as far
 * as the mail tells them), chain.pem (the certificates that the signature was judged by).
 * The same job and names give the same bytes, always.
 */
#ifndef VANTHU_ACT_SIDECAR_H
#define VANTHU_ACT_SIDECAR_H

#include "common/buf.h"
#include "common/error.h"
#include "gateway/act/act.h"

/* For whom it is filed, and the names that the documents got, by their index in facts. */
struct sidecar {
	const struct act_job *job;
	const struct plan_step *step;
	const char *const *names; /* facts->document_count of them */
};

int
sidecar_verdict(const struct sidecar *s, struct buf *out, struct error *e);

int
sidecar_metadata_json(const struct sidecar *s, struct buf *out, struct error *e);

int
sidecar_metadata_text(const struct sidecar *s, struct buf *out, struct error *e);

/* PEM of the signer's chain, signer first; appends nothing when there is none. */
int
sidecar_chain(const struct facts *f, struct buf *out, struct error *e);

#endif
