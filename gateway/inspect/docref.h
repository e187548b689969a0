/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docref: the number, type, urgency and secrecy of an official document as its Subject and
 * file names give them (Decree 30/2020 annex I, documents.md sections 1.1 to 1.3 and 7).
 */
#ifndef VANTHU_INSPECT_DOCREF_H
#define VANTHU_INSPECT_DOCREF_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/span.h"
#include "gateway/model/facts.h"

/* Look at facts' subject, then at the names of its documents; fill number, doc_type,
 * number_source, number_certain, urgency and secrecy. */
void
docref_find(struct facts *f);

#define DOCREF_NUMBER_MAX 64

struct docref {
	char number[DOCREF_NUMBER_MAX + 1]; /* "06/KH-VP", normalised; "" when none */
	char type[8];                       /* "KH"; "" for a cong van or none */
	bool certain; /* false: from a file name's dashes, repaired, or one of several */
};

/* The number in one line of UTF-8 text. False when there is none. */
bool
docref_read(struct span text, bool file_name, struct docref *out);

/* The urgency and secrecy marks in one line of UTF-8 text. */
enum facts_urgency
docref_urgency(struct span text);
unsigned
docref_secrecy(struct span text);

#endif
