/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signed layer: does the root of the message, and nothing below it, say that the message
 * is signed, and where are the signature and what it covers? (verdicts.md V5, D01-D04)
 */
#ifndef VANTHU_INSPECT_LAYER_H
#define VANTHU_INSPECT_LAYER_H

#include <stdbool.h>

#include "gateway/inspect/cms.h"
#include "gateway/inspect/finding.h"
#include "gateway/inspect/scan.h"
#include "gateway/model/facts.h"

struct layer {
	bool present;          /* the root is an S/MIME layer; only then what follows holds */
	enum cms_form form;
	uint32_t signature;    /* the part that holds the CMS */
	uint32_t content;      /* detached: the part that is covered */
	struct span label;     /* opaque: smime-type, empty when absent */
	struct finding finding; /* CHECK_OK, or CHECK_FAIL with why there is no usable layer */
};

void
layer_find(const struct scan *s, const struct facts *f, struct layer *out);

/* Does this part say of itself that it is signed, as S/MIME? */
bool
layer_is_signed(const struct scan_part *p);

/* Does the label of an opaque layer contradict that it holds signed data? */
bool
layer_label_contradicts(const struct layer *l);

/* Notes on what the signed part, or the text around it, holds. */
void
layer_note(const struct scan *s, const struct layer *l, struct facts *f);

#endif
