/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that come from a sender and become names on a disk (verdicts.md F01, F02). A folder's
 * name is ASCII and bounded; the Vietnamese stands in the metadata. Twins are told apart by
 * their folded form (no marks, lower case), so that no file system and no clerk's tool
 * takes two for one.
 */
#include "gateway/act/file_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/text.h"

#define NUMBER_MAX 60 /* bytes of the number in a folder's name */
#define VIETNAM_OFFSET (7 * 3600)
#define NO_NUMBER "khong-so"
#define EXTENSION_MAX 17 /* with its dot; what text_file_name keeps */

static const char *const ours[] = {
	"original.eml",
	"signature.p7s",
	"signature.p7m",
	"chain.pem",
	"verdict.json",
	"metadata.json",
	"metadata.txt",
	"status.log",
};

/* What a document without a name is called, by what it is. */
static const struct {
	const char *type, *name;
} nameless[] = {
	{ "text/plain", "noi-dung.txt" },
	{ "text/html", "noi-dung.html" },
	{ "application/pdf", "van-ban.pdf" },
	{ "message/rfc822", "thu-kem.eml" },
	{ "image/jpeg", "hinh-anh.jpg" },
	{ "image/png", "hinh-anh.png" },
};

/* --- folders ------------------------------------------------------------------------------ */

/* "2012-05-04T..." of the clock in Viet Nam. */
static const char *
local_date(const struct act_job *job, char out[CLOCK_TEXT_MAX])
{
	return clock_rfc3339(job->envelope->accepted_at + VIETNAM_OFFSET, out);
}

void
file_place(const struct act_job *job, const struct plan_step *step,
    char out[FILE_PLACE_MAX])
{
	char date[CLOCK_TEXT_MAX];

	local_date(job, date);
	snprintf(out, FILE_PLACE_MAX, "%s/%.4s/%.2s", step->target, date, date + 5);
}

/* "06/KH-VP" -> "06-KH-VP", "1234/UBND-KH&ĐT" -> "1234-UBND-KH-DT". */
static void
ascii_number(struct span number, char out[NUMBER_MAX + 1])
{
	struct buf folded;
	size_t used = 0;

	buf_init(&folded, 64 * 1024);
	text_fold(number, &folded);
	for (size_t i = 0; i < folded.len && used < NUMBER_MAX; i++) {
		uint8_t c = folded.data[i];

		if (c >= 'a' && c <= 'z')
			out[used++] = (char)(c - 'a' + 'A');
		else if (c >= '0' && c <= '9')
			out[used++] = (char)c;
		else if (used > 0 && out[used - 1] != '-')
			out[used++] = '-';
	}
	while (used > 0 && out[used - 1] == '-')
		used--;
	out[used] = '\0';
	if (used == 0)
		snprintf(out, NUMBER_MAX + 1, "%s", NO_NUMBER);
	buf_free(&folded);
}

void
file_folder_name(const struct act_job *job, char out[256])
{
	char date[CLOCK_TEXT_MAX], number[NUMBER_MAX + 1], hex[DIGEST_HEX_SIZE];
	uint8_t digest[DIGEST_SIZE];
	struct buf key;

	buf_init(&key, 256);
	buf_put_str(&key, job->envelope->tx);
	buf_put(&key, spool_digest(job->received), DIGEST_SIZE);
	digest_of(buf_span(&key), digest);
	buf_free(&key);
	local_date(job, date);
	ascii_number(facts_span(job->facts, job->facts->number), number);
	snprintf(out, 256, "%.4s%.2s%.2s-%s-%.8s", date, date + 5, date + 8, number,
	    digest_hex(digest, hex));
}

/* --- files -------------------------------------------------------------------------------- */

struct taken {
	char **folded; /* the forms that are in use */
	size_t count;
};

static char *
fold(const char *name)
{
	struct buf b;
	char *copy;

	buf_init(&b, 8 * TEXT_NAME_MAX);
	text_fold(span_str(name), &b);
	copy = b.failed ? NULL : strdup(buf_str(&b));
	buf_free(&b);
	return copy;
}

static bool
is_taken(const struct taken *t, const char *folded)
{
	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(t->folded[i], folded) == 0)
			return true;
	}
	return false;
}

/* Take the name if it is free: 1 taken now, 0 it was taken, -1 no memory. */
static int
take(struct taken *t, const char *name)
{
	char *folded = fold(name);

	if (folded == NULL)
		return -1;
	if (is_taken(t, folded)) {
		free(folded);
		return 0;
	}
	t->folded[t->count++] = folded;
	return 1;
}

/* "name (2).ext", cut before the number so that it stays a file name of 255 bytes. */
static void
number_name(const char *name, unsigned n, char out[TEXT_NAME_MAX + 1])
{
	const char *dot = strrchr(name, '.');
	size_t stem = dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name);
	char tail[64];
	size_t room;

	if (strlen(name + stem) > EXTENSION_MAX)
		stem = strlen(name); /* a sentence with a dot in it, no extension */
	snprintf(tail, sizeof(tail), " (%u)%.*s", n, EXTENSION_MAX, name + stem);
	room = TEXT_NAME_MAX - strlen(tail);
	if (stem > room) {
		stem = room;
		while (stem > 0 && ((uint8_t)name[stem] & 0xc0) == 0x80)
			stem--;
	}
	memcpy(out, name, stem);
	memcpy(out + stem, tail, strlen(tail) + 1);
}

static void
first_name(const struct facts *f, const struct facts_document *d,
    char out[TEXT_NAME_MAX + 1])
{
	struct span given = facts_span(f, d->name), type = facts_span(f, d->type);
	struct buf b;

	buf_init(&b, TEXT_NAME_MAX);
	text_file_name(given, &b);
	snprintf(out, TEXT_NAME_MAX + 1, "%s", b.failed ? "document" : buf_str(&b));
	buf_free(&b);
	for (size_t i = 0; given.len == 0 && i < sizeof(nameless) / sizeof(nameless[0]); i++) {
		if (span_is(type, nameless[i].type))
			snprintf(out, TEXT_NAME_MAX + 1, "%s", nameless[i].name);
	}
}

static char *
free_name(struct taken *t, const struct facts *f, const struct facts_document *d)
{
	char wanted[TEXT_NAME_MAX + 1], name[TEXT_NAME_MAX + 1];
	int r;

	first_name(f, d, wanted);
	memcpy(name, wanted, sizeof(name));
	for (unsigned n = 2; (r = take(t, name)) == 0; n++)
		number_name(wanted, n, name);
	return r < 0 ? NULL : strdup(name);
}

int
file_names_make(const struct facts *f, char ***names, struct error *e)
{
	size_t ours_count = sizeof(ours) / sizeof(ours[0]);
	struct taken t = { NULL, 0 };
	bool good = true;

	*names = calloc(f->document_count + 1, sizeof(**names));
	t.folded = calloc(f->document_count + ours_count, sizeof(*t.folded));
	good = *names != NULL && t.folded != NULL;
	for (size_t i = 0; good && i < ours_count; i++)
		good = take(&t, ours[i]) == 1;
	for (uint32_t i = 0; good && i < f->document_count; i++) {
		(*names)[i] = free_name(&t, f, &f->documents[i]);
		good = (*names)[i] != NULL;
	}
	for (size_t i = 0; i < t.count; i++)
		free(t.folded[i]);
	free(t.folded);
	if (good)
		return 0;
	file_names_free(names, f->document_count);
	return error_set(e, ERR_TEMP, "no memory for names");
}

void
file_names_free(char ***names, uint32_t count)
{
	for (uint32_t i = 0; *names != NULL && i < count; i++)
		free((*names)[i]);
	free(*names);
	*names = NULL;
}
