/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints how we see each message named on the command line, or after "-" each message whose
 * path is a line of standard input, for the comparisons with other readers. Texts are
 * percent-encoded, so that every line is one blank-separated record:
 *
 *   file NAME MICROSECONDS
 *   problem CODE VERDICT ARG1 ARG2
 *   part INDEX PARENT DEPTH KIND TYPE ENCODING HEADER BODY_START BODY_END
 *   head FROM SUBJECT MESSAGE_ID DATE FROM_PROBLEM
 *   document PART NAME SIZE SHA256 TYPE FLAGS
 *   note CODE ARG1 ARG2
 *   end
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/io.h"
#include "gateway/inspect/content.h"
#include "gateway/inspect/decode.h"
#include "gateway/inspect/headers.h"
#include "gateway/inspect/scan.h"

#define MESSAGE_MAX (size_t)(200 * 1024 * 1024)

static const char *const kinds[] = { "leaf", "multipart", "message" };
static const char *const encodings[] = { "7bit", "8bit", "binary", "quoted-printable",
	"base64" };

struct tools {
	struct scan *scan;
	struct decode *decode;
	struct content *content;
};

static int64_t
microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* A blank and the text, "-" for none. */
static void
print_text(struct span s)
{
	putchar(' ');
	if (s.len == 0)
		putchar('-');
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];

		if (c > 0x20 && c < 0x7f && c != '%')
			putchar(c);
		else
			printf("%%%02x", c);
	}
}

static void
print_parts(const struct scan *s, const struct facts *f)
{
	for (uint32_t i = 0; i < f->part_count; i++) {
		const struct facts_part *p = &f->parts[i];
		const struct scan_part *sp = scan_part(s, i);

		printf("part %u %d %u %s", i, p->parent == FACTS_NONE ? -1 : (int)p->parent,
		    p->depth, kinds[p->kind]);
		print_text(sp->type);
		putchar('/');
		for (size_t k = 0; k < sp->subtype.len; k++)
			putchar(isgraph(sp->subtype.ptr[k]) ? sp->subtype.ptr[k] : '_');
		printf(" %s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", encodings[p->encoding],
		    p->header.start, p->body.start, p->body.end);
	}
}

static void
print_facts(const struct facts *f, enum reason from)
{
	char hex[DIGEST_HEX_SIZE];

	printf("head");
	print_text(facts_span(f, f->from));
	print_text(facts_span(f, f->subject));
	print_text(facts_span(f, f->message_id));
	printf(" %" PRId64 " %s\n", f->date, reason_info(from)->code);
	for (uint32_t i = 0; i < f->document_count; i++) {
		const struct facts_document *d = &f->documents[i];

		printf("document %u", d->part);
		print_text(facts_span(f, d->name));
		printf(" %" PRIu64 " %s", d->size, digest_hex(d->sha256, hex));
		print_text(facts_span(f, d->type));
		printf(" %x\n", (unsigned)d->flags);
	}
	for (uint32_t i = 0; i < f->note_count; i++) {
		printf("note %s", reason_info((enum reason)f->notes[i].reason)->code);
		print_text(facts_span(f, f->notes[i].arg1));
		print_text(facts_span(f, f->notes[i].arg2));
		putchar('\n');
	}
	puts("end");
}

static int
one_message(const struct tools *t, const char *path)
{
	struct facts *f = facts_new();
	struct error e = { .class = ERR_NONE };
	const struct scan_problem *p;
	const struct reason_info *why;
	struct buf message;
	enum reason from;
	int64_t start;

	buf_init(&message, MESSAGE_MAX);
	if (f == NULL || io_read_file(path, MESSAGE_MAX, &message, &e) != 0)
		goto out;
	scan_reset(t->scan);
	start = microseconds();
	if (scan_message(t->scan, buf_span(&message), ORIGIN_MESSAGE, FACTS_NONE, f, &e) != 0)
		goto out;
	from = headers_read(t->scan, t->decode, NULL, 0, f);
	if (content_examine(t->content, t->decode, t->scan, ORIGIN_MESSAGE, FACTS_NONE, f,
	    &e) != 0)
		goto out;
	p = scan_problem(t->scan);
	why = reason_info(p->reason);
	printf("file %s %" PRId64 "\n", path, microseconds() - start);
	printf("problem %s %s", why->code,
	    p->reason == REASON_NONE ? "-" : verdict_name(why->verdict));
	print_text(p->arg1);
	print_text(p->arg2);
	putchar('\n');
	print_parts(t->scan, f);
	print_facts(f, from);
out:
	if (e.class != ERR_NONE)
		fprintf(stderr, "%s: %s\n", path, e.text);
	buf_free(&message);
	facts_free(&f);
	fflush(stdout);
	return e.class == ERR_NONE ? 0 : -1;
}

int
main(int argc, char **argv)
{
	struct error e = { .class = ERR_NONE };
	struct tools t = { .scan = scan_new() };
	char path[4096];
	int result = 0;

	if (t.scan == NULL || decode_open(&t.decode, &e) != 0 ||
	    content_open(&t.content, &e) != 0) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	for (int i = 1; i < argc && strcmp(argv[i], "-") != 0; i++)
		result |= one_message(&t, argv[i]);
	if (argc > 1 && strcmp(argv[argc - 1], "-") == 0) {
		while (fgets(path, sizeof(path), stdin) != NULL) {
			path[strcspn(path, "\n")] = '\0';
			result |= one_message(&t, path);
		}
	}
	content_close(&t.content);
	decode_close(&t.decode);
	scan_free(&t.scan);
	return result == 0 ? 0 : 1;
}
