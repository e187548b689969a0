/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scan_run: what the three files of the scanner share while they walk over a message.
 * Private to scan.c, scan_header.c and scan_walk.c.
 */
#ifndef VANTHU_INSPECT_SCAN_RUN_H
#define VANTHU_INSPECT_SCAN_RUN_H

#include "common/arena.h"
#include "gateway/inspect/scan.h"
#include "gateway/model/limits.h"

#define SCAN_SHOWN_MAX 60 /* bytes of a line quoted in a reason */

struct scan_source {
	struct span bytes;
	bool lf;
};

struct scan {
	struct arena *arena;
	struct scan_source sources[2]; /* by enum facts_origin */
	struct scan_part parts[LIMIT_PARTS];
	uint32_t ordinals[LIMIT_PARTS]; /* which child of its parent, from 1 */
	uint32_t parents[LIMIT_PARTS];
	uint32_t count;
	struct scan_problem problem;
	bool root_signed;
};

struct line {
	size_t start, end, next; /* [start, end) without the line end */
	bool crlf, lf;           /* which line end; neither at the end of the message */
	bool odd_end;            /* LF alone in a message whose header has CRLF */
	bool has_cr;             /* a CR that ends nothing */
	bool has_nul, has_8bit;
};

enum state { IN_HEADER, IN_BODY, IN_PREAMBLE, IN_EPILOGUE };

/* An open multipart. */
struct level {
	uint32_t part;
	struct span boundary;
	bool closed; /* its last delimiter was seen: we are in its epilogue */
};

struct run {
	struct scan *s;
	struct facts *f;
	struct span bytes;
	enum facts_origin origin;
	uint32_t base; /* the part around the root; FACTS_NONE for a message */
	bool lf;
	bool over; /* a limit was reached */
	enum state state;
	uint32_t current;
	bool header_crlf;   /* the first line of the header in progress has CRLF */
	uint32_t fields;    /* of the header in progress */
	size_t field_start; /* of the field in progress */
	size_t before;      /* the end of the line before, without its line end */
	bool before_odd;
	struct level levels[LIMIT_DEPTH + 1];
	size_t depth;
};

static const struct span scan_nothing = { (const uint8_t *)"", 0 };

/* A problem of a part, named by its path. */
void
scan_part_problem(struct run *r, enum reason reason, uint32_t part, struct span detail);

/* One about a name: a problem where somebody signs for it, else a note. */
void
scan_soft_problem(struct run *r, enum reason reason, uint32_t part, struct span detail);

/* A limit is reached: the scan is over. arg1 goes before the number in the reason. */
void
scan_limit(struct run *r, enum reason reason, struct span arg1, unsigned long value);

/* The same, of the current part. */
void
scan_part_limit(struct run *r, enum reason reason, unsigned long value);

/* The beginning of a line, for a reason. */
struct span
scan_shown(const struct run *r, const struct line *l);

bool
scan_all_blank(struct span s);

static inline struct facts_part *
scan_current(struct run *r)
{
	return &r->f->parts[r->current];
}

/* Begin a part at `at`, in its header (scan_walk.c). */
void
scan_begin_part(struct run *r, uint32_t parent, size_t at);

/* One line of a header; an empty one ends it (scan_header.c). */
void
scan_header_line(struct run *r, const struct line *l);

/* The header [start, end) is complete and the body begins at `body` (scan_header.c). */
void
scan_end_header(struct run *r, size_t end, size_t body);

#endif
