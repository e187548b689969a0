/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints how the scanner sees each message named on the command line, for the comparisons
 * with other readers: one line with the problem, one for each part.
 *
 *   file NAME MICROSECONDS
 *   problem CODE VERDICT ARG1|ARG2
 *   part INDEX PARENT DEPTH KIND TYPE ENCODING HEADER BODY_START BODY_END
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/buf.h"
#include "common/io.h"
#include "gateway/inspect/scan.h"

static const char *const kinds[] = { "leaf", "multipart", "message" };
static const char *const encodings[] = { "7bit", "8bit", "binary", "quoted-printable",
	"base64" };

static int64_t
microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
print_tree(const char *name, const struct scan *s, const struct facts *f, int64_t took)
{
	const struct scan_problem *p = scan_problem(s);
	const struct reason_info *why = reason_info(p->reason);

	printf("file %s %" PRId64 "\n", name, took);
	printf("problem %s %s %.*s|%.*s\n", why->code,
	    p->reason == REASON_NONE ? "-" : verdict_name(why->verdict), (int)p->arg1.len,
	    (const char *)p->arg1.ptr, (int)p->arg2.len, (const char *)p->arg2.ptr);
	for (uint32_t i = 0; i < f->part_count; i++) {
		const struct facts_part *fp = &f->parts[i];
		const struct scan_part *sp = scan_part(s, i);

		printf("part %u %d %u %s %.*s/%.*s %s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", i,
		    fp->parent == FACTS_NONE ? -1 : (int)fp->parent, fp->depth,
		    kinds[fp->kind], (int)sp->type.len, (const char *)sp->type.ptr,
		    (int)sp->subtype.len, (const char *)sp->subtype.ptr,
		    encodings[fp->encoding], fp->header.start, fp->body.start, fp->body.end);
	}
}

int
main(int argc, char **argv)
{
	struct scan *s = scan_new();

	if (s == NULL)
		return 1;
	for (int i = 1; i < argc; i++) {
		struct facts *f = facts_new();
		struct error e = { .class = ERR_NONE };
		struct buf message;
		int64_t start;

		buf_init(&message, 200 * 1024 * 1024);
		if (f == NULL || io_read_file(argv[i], 200 * 1024 * 1024, &message, &e) != 0) {
			fprintf(stderr, "%s: %s\n", argv[i], e.text);
			return 1;
		}
		scan_reset(s);
		start = microseconds();
		if (scan_message(s, buf_span(&message), ORIGIN_MESSAGE, FACTS_NONE, f, &e) != 0) {
			fprintf(stderr, "%s: %s\n", argv[i], e.text);
			return 1;
		}
		print_tree(argv[i], s, f, microseconds() - start);
		buf_free(&message);
		facts_free(&f);
	}
	scan_free(&s);
	return 0;
}
