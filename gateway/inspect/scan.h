/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scan: the MIME structure of a message, strictly, in one pass over its bytes, with exact
 * ranges. Fills facts->parts; for each of them a `struct scan_part` with the same index
 * holds what the header said. Whatever two readers could read in two ways is a problem with
 * an AMBIGUOUS reason; going over a limit of gateway/model/limits.h ends the scan with a
 * LIMIT reason. The scan goes on after a problem that is not a limit, so that the other
 * checks can still be made, but the first problem decides about the whole message.
 */
#ifndef VANTHU_INSPECT_SCAN_H
#define VANTHU_INSPECT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/span.h"
#include "gateway/model/facts.h"

/* A parameter of Content-Type or Content-Disposition, in the order they stand. */
struct scan_parameter {
	struct span name;    /* lower case, without the "*" forms of RFC 2231 */
	struct span value;   /* unquoted, unfolded, pieces joined, percent signs decoded */
	struct span charset; /* RFC 2231: of the value; empty otherwise */
	bool extended;       /* it was in an RFC 2231 form */
};

struct scan_parameters {
	const struct scan_parameter *list;
	size_t count;
};

struct scan_part {
	struct span type, subtype; /* lower case; text/plain or message/rfc822 by default */
	struct scan_parameters type_parameters;
	struct span disposition; /* lower case; empty when there is no such field */
	struct scan_parameters disposition_parameters;
	bool type_given;     /* there is a Content-Type field */
	bool bare_line_ends; /* body: a CR alone, or an LF alone in a message with CRLF */
	bool bare_cr;        /* body: a CR alone */
	bool nul;            /* body: a NUL byte */
	bool extra_text;     /* multipart: text in the preamble or the epilogue */
	uint32_t children;
	uint32_t first_child; /* index, FACTS_NONE when there is none */
	uint32_t last_child;
};

struct scan_problem {
	enum reason reason; /* REASON_NONE: the structure is sound */
	uint32_t part;      /* where; FACTS_NONE = nowhere in particular */
	struct span arg1;   /* what the reason's text speaks of */
	struct span arg2;
};

struct scan;

struct scan *
scan_new(void);

void
scan_free(struct scan **s);

/* Forget everything, for the next message. */
void
scan_reset(struct scan *s);

/*
 * Scan the message (ORIGIN_MESSAGE, parent FACTS_NONE), or the content of an opaque
 * signature (ORIGIN_CONTENT, parent = the part it was in); each at most once between
 * resets. The bytes are borrowed until the reset. Parts are appended to f, in the order in
 * which they begin, a parent before its children. -1 only when there is no memory; what is
 * wrong with the message is told by scan_problem().
 */
int
scan_message(struct scan *s, struct span bytes, enum facts_origin origin, uint32_t parent,
    struct facts *f, struct error *e);

/* The problem that decides: LIMIT before AMBIGUOUS before others, else the first found. */
const struct scan_problem *
scan_problem(const struct scan *s);

/* Add one found by a later check (address, transfer decoding); keeps the rule above. The
 * arguments are copied. */
void
scan_add_problem(struct scan *s, enum reason r, uint32_t part, struct span arg1,
    struct span arg2);

#define SCAN_PATH_SIZE 160

/* How a person calls a part: "1" is the message itself, "1.2" its second part; an opaque
 * content goes on below the part that it was in. A view into `out`. */
struct span
scan_path(const struct scan *s, uint32_t part, char out[SCAN_PATH_SIZE]);

/* Is the root a signed layer by its own Content-Type (multipart/signed, pkcs7-mime), or has
 * the content of an opaque one been scanned? */
bool
scan_root_signed(const struct scan *s);

/*
 * The header has lines ending in LF alone, so the message came from a file, not by SMTP. A
 * detached signature covers its part with CRLF for each such LF; a part whose lines end in
 * CRLF already (as openssl writes it) stays as it is, one that has both is a problem.
 */
bool
scan_lf(const struct scan *s, enum facts_origin origin);

/* What the header of part `index` said; NULL past the last part. */
const struct scan_part *
scan_part(const struct scan *s, uint32_t index);

/* Bytes of a range of a part. */
struct span
scan_range(const struct scan *s, const struct facts_part *p, struct facts_range r);

/* A whole part, from the first byte of its header to the last of its body. */
struct facts_range
scan_whole(const struct facts_part *p);

/* "type/subtype" of a part, compared without a copy. */
bool
scan_is(const struct scan_part *p, const char *type, const char *subtype);

/* A parameter by its (lower case) name; NULL when it is not there. */
const struct scan_parameter *
scan_parameter(const struct scan_parameters *p, const char *name);

/*
 * A field of a header block. `body` is what follows the colon, folds inside, without the
 * last line end.
 */
struct scan_field {
	struct span name;
	struct span body;
	size_t start, end; /* offsets in the block, with the last line end */
};

/*
 * The next field at *at, which moves on (start with 0); false at the end. Reads any bytes:
 * a line that is no field has an empty name.
 */
bool
scan_field_next(struct span header, size_t *at, struct scan_field *out);

#endif
