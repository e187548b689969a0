/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filing: one folder for each document and agency under the intake folder, with the message
 * as the agency's document came (the received bytes, or those that we signed), its documents
 * decoded, the signature and its chain, and sidecars that say what was checked.
 *
 * What is filed is read from the same spool and the same ranges that were judged, decoded
 * again and compared with the digest that the inspector gave; a difference is a fault of
 * ours and the message stays with its sender. Two mailboxes of one agency share a folder:
 * the second step finds it there (I5). How the folder appears whole is in folder.c.
 *
 * Not here: numbers of arrival, registers, retention.
 */
#include <stdio.h>
#include <string.h>

#include "common/io.h"
#include "common/text.h"
#include "gateway/act/act.h"
#include "gateway/act/extract.h"
#include "gateway/act/file_names.h"
#include "gateway/act/folder.h"
#include "gateway/act/sidecar.h"

#define SIDECAR_MAX (8 * 1024 * 1024)

static int
write_document(const struct act_job *job, struct folder *folder, const char *name,
    const struct facts_document *d, struct error *e)
{
	uint8_t digest[DIGEST_SIZE];
	int fd;

	if (folder_begin_file(folder, name, &fd, e) != 0)
		return -1;
	if (extract_part(job->facts, d->part, job->received, job->content, fd, digest, e) != 0) {
		io_close(&fd);
		return error_prefix(e, "%.100s", name);
	}
	if (folder_end_file(folder, fd, name, e) != 0)
		return -1;
	if (memcmp(digest, d->sha256, DIGEST_SIZE) != 0)
		return error_set(e, ERR_BUG, "%.100s: not the bytes that were judged", name);
	return 0;
}

static int
write_signature(const struct act_job *job, struct folder *folder, struct error *e)
{
	const struct facts *f = job->facts;
	const char *name =
	    f->form == SIGNATURE_OPAQUE ? "signature.p7m" : "signature.p7s";
	uint8_t digest[DIGEST_SIZE];
	int fd;

	if (f->form == SIGNATURE_NONE || f->signature_part == FACTS_NONE)
		return 0;
	if (folder_begin_file(folder, name, &fd, e) != 0)
		return -1;
	if (extract_part(f, f->signature_part, job->received, job->content, fd, digest, e) != 0) {
		io_close(&fd);
		return error_prefix(e, "%s", name);
	}
	return folder_end_file(folder, fd, name, e);
}

typedef int
sidecar_fn(const struct sidecar *s, struct buf *out, struct error *e);

/* Sidecars are living files: a newer program may say the same in other words. */
static int
write_sidecar(const struct sidecar *s, struct folder *folder, const char *name,
    sidecar_fn *make, struct error *e)
{
	struct buf text;
	int r;

	buf_init(&text, SIDECAR_MAX);
	r = make(s, &text, e);
	if (r == 0)
		r = folder_write_living(folder, name, buf_span(&text), e);
	buf_free(&text);
	return r;
}

static int
write_chain(const struct act_job *job, struct folder *folder, struct error *e)
{
	struct buf pem;
	int r;

	buf_init(&pem, SIDECAR_MAX);
	r = sidecar_chain(job->facts, &pem, e);
	if (r == 0 && pem.len > 0)
		r = folder_write(folder, "chain.pem", buf_span(&pem), e);
	buf_free(&pem);
	return r;
}

/* The first line of the history that the clerk goes on writing (documents.md 2.3). */
static int
write_status(const struct act_job *job, struct folder *folder, struct error *e)
{
	char line[128], when[CLOCK_TEXT_MAX];

	snprintf(line, sizeof(line), "%s 01 Đã đến\n",
	    clock_rfc3339(job->envelope->accepted_at, when));
	return folder_write_living(folder, "status.log", span_str(line), e);
}

static int
write_all(const struct sidecar *s, struct folder *folder, struct error *e)
{
	const struct act_job *job = s->job;

	if (folder_write(folder, "original.eml", spool_bytes(job->received), e) != 0)
		return -1;
	for (uint32_t i = 0; i < job->facts->document_count; i++) {
		if (write_document(job, folder, s->names[i], &job->facts->documents[i], e) != 0)
			return -1;
	}
	if (write_signature(job, folder, e) != 0 || write_chain(job, folder, e) != 0 ||
	    write_sidecar(s, folder, "verdict.json", sidecar_verdict, e) != 0 ||
	    write_sidecar(s, folder, "metadata.json", sidecar_metadata_json, e) != 0 ||
	    write_sidecar(s, folder, "metadata.txt", sidecar_metadata_text, e) != 0)
		return -1;
	return write_status(job, folder, e);
}

static int
file_one(const struct act_job *job, const struct plan_step *step,
    struct act_result *result, struct error *e)
{
	char place[FILE_PLACE_MAX], name[256];
	struct folder *folder = NULL;
	char **names = NULL;
	bool existed;
	int r = -1;

	if (step->target[0] == '\0')
		return error_set(e, ERR_BUG, "step %s names no agency", step->name);
	file_place(job, step, place);
	file_folder_name(job, name);
	if (file_names_make(job->facts, &names, e) != 0)
		return -1;
	if (folder_begin(job->settings->intake_dir, place, name, &folder, e) == 0) {
		struct sidecar s = { job, step, (const char *const *)names };

		r = write_all(&s, folder, e);
		if (r == 0)
			r = folder_commit(folder, &existed, result->text,
			    sizeof(result->text), e);
	}
	folder_free(&folder);
	file_names_free(&names, job->facts->document_count);
	return r;
}

void
act_file(const struct act_job *job, const struct plan_step *const *steps, unsigned count,
    struct act_result *results)
{
	for (unsigned i = 0; i < count; i++) {
		struct act_result *r = &results[i];
		struct error e;

		memset(r, 0, sizeof(*r));
		memcpy(r->digest, spool_digest(job->received), sizeof(r->digest));
		if (file_one(job, steps[i], r, &e) == 0) {
			r->status = ACT_DONE;
			continue;
		}
		r->status = ACT_RETRY;
		snprintf(r->text, sizeof(r->text), "file: %.240s", e.text);
	}
}
