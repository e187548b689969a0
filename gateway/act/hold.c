/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holding a message, and reading what is held. The folder's name comes from transaction and
 * recipient, so that doing it twice finds the first one there.
 */
#include "gateway/act/hold.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/io.h"
#include "gateway/act/act.h"
#include "gateway/act/folder.h"
#include "gateway/act/verdict_json.h"
#include "gateway/model/say.h"

#define SECONDS_PER_DAY 86400

void
hold_name(const char *tx, unsigned recipient, char out[HOLD_NAME_MAX + 1])
{
	snprintf(out, HOLD_NAME_MAX + 1, "%s-%u", tx, recipient);
}

bool
hold_name_ok(const char *name)
{
	size_t tx = strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz");
	size_t digits = name[tx] == '-' ? strspn(name + tx + 1, "0123456789") : 0;

	return tx == TX_ID_SIZE - 1 && digits >= 1 && digits <= 3 &&
	    name[tx + 1 + digits] == '\0';
}

/* --- writing ----------------------------------------------------------------------- */

static json_t *
said(const struct act_job *job, unsigned recipient, enum reason_language language)
{
	struct buf b;
	json_t *j;

	buf_init(&b, 8192);
	say_reason(job->plan, recipient, job->envelope, job->facts, language, &b);
	j = verdict_json_text(buf_span(&b));
	buf_free(&b);
	return j;
}

static json_t *
make_record(const struct act_job *job, unsigned recipient)
{
	const struct envelope *env = job->envelope;
	const struct plan_recipient *r = &job->plan->recipients[recipient];
	char accepted[CLOCK_TEXT_MAX], expires[CLOCK_TEXT_MAX];
	int64_t end = env->accepted_at + (int64_t)job->settings->hold_days * SECONDS_PER_DAY;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:o, s:o}, s:o}",
	    "tx", env->tx, "accepted_at", clock_rfc3339(env->accepted_at, accepted), "expires_at",
	    clock_rfc3339(end, expires), "source", envelope_source_name(env->source), "zone",
	    zone_name(env->zone), "sender", env->sender, "recipient", r->address, "agency",
	    r->agency, "rule", r->rule, "reason", reason_info((enum reason)r->reason)->code,
	    "text", "vi", said(job, recipient, REASON_VI), "en", said(job, recipient, REASON_EN),
	    "verdict", verdict_json(job->facts, NULL));
}

/* The record is a living file: a newer program, or another hold_days, says it otherwise. */
static int
write_folder(const struct act_job *job, const char *name, struct span record, char *path,
    size_t path_size, struct error *e)
{
	struct folder *folder;
	bool existed;
	int result;

	if (folder_begin(job->settings->hold_dir, "", name, &folder, e) != 0)
		return -1;
	result = folder_write(folder, "original.eml", spool_bytes(job->received), e);
	if (result == 0)
		result = folder_write_living(folder, "hold.json", record, e);
	if (result == 0)
		result = folder_commit(folder, &existed, path, path_size, e);
	folder_free(&folder);
	return result;
}

static int
hold_one(const struct act_job *job, unsigned recipient, struct act_result *result,
    struct error *e)
{
	char name[HOLD_NAME_MAX + 1];
	json_t *record = make_record(job, recipient);
	char *text = record == NULL ? NULL : json_dumps(record, JSON_INDENT(2) | JSON_SORT_KEYS);
	int done = -1;

	hold_name(job->plan->tx, recipient, name);
	if (text == NULL)
		error_set(e, ERR_TEMP, "no memory");
	else
		done = write_folder(job, name, span_str(text), result->text,
		    sizeof(result->text), e);
	free(text);
	json_decref(record);
	return done;
}

void
act_hold(const struct act_job *job, const struct plan_step *const *steps, unsigned count,
    struct act_result *results)
{
	for (unsigned i = 0; i < count; i++) {
		struct act_result *r = &results[i];
		struct error e;

		memset(r, 0, sizeof(*r));
		memcpy(r->digest, spool_digest(job->received), sizeof(r->digest));
		if (hold_one(job, steps[i]->recipient, r, &e) == 0) {
			r->status = ACT_DONE;
			continue;
		}
		r->status = ACT_RETRY;
		snprintf(r->text, sizeof(r->text), "hold: %.240s", e.text);
	}
}

/* --- reading ----------------------------------------------------------------------- */

static int
open_held(const char *hold_dir, const char *name, int *fd, struct error *e)
{
	int base, result;

	if (!hold_name_ok(name))
		return error_set(e, ERR_PERM, "`%.60s' is not the name of a held message", name);
	if (folder_open(AT_FDCWD, hold_dir, &base, e) != 0)
		return -1;
	result = folder_open(base, name, fd, e);
	io_close(&base);
	if (result != 0)
		e->class = ERR_PERM;
	return result;
}

static int
read_record(int folder_fd, json_t **record, struct error *e)
{
	struct buf text;
	json_error_t why;
	int fd, result = -1;

	*record = NULL;
	if (folder_open_file(folder_fd, "hold.json", &fd, e) != 0)
		return -1;
	buf_init(&text, HOLD_RECORD_MAX);
	if (io_read_rest(fd, HOLD_RECORD_MAX, &text, e) == 0) {
		*record = json_loadb((const char *)text.data, text.len, 0, &why);
		result = *record != NULL ? 0
					 : error_set(e, ERR_PERM, "hold.json:%d: %s", why.line,
						why.text);
	}
	buf_free(&text);
	io_close(&fd);
	return result;
}

int
hold_read(const char *hold_dir, const char *name, json_t **record, struct error *e)
{
	int fd, result;

	*record = NULL;
	if (open_held(hold_dir, name, &fd, e) != 0)
		return -1;
	result = read_record(fd, record, e);
	io_close(&fd);
	return result == 0 ? 0 : error_prefix(e, "%s", name);
}

static int
is_held(const struct dirent *d)
{
	return hold_name_ok(d->d_name);
}

int
hold_list(const char *hold_dir, hold_list_fn *callback, void *context, struct error *e)
{
	struct dirent **entries;
	int n = scandir(hold_dir, &entries, is_held, alphasort);

	if (n < 0)
		return error_errno(e, ERR_PERM, errno, "%s", hold_dir);
	for (int i = 0; i < n; i++) {
		struct error ignored;
		json_t *record;

		(void)hold_read(hold_dir, entries[i]->d_name, &record, &ignored);
		callback(context, entries[i]->d_name, record);
		json_decref(record);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

static int
read_envelope(const json_t *record, const char *name, struct envelope *env, struct error *e)
{
	const char *sender, *recipient, *zone, *accepted;

	if (json_unpack((json_t *)(uintptr_t)record, "{s:s, s:s, s:s, s:s}", "sender", &sender,
		"recipient", &recipient, "zone", &zone, "accepted_at", &accepted) != 0 ||
	    !zone_parse(span_str(zone), &env->zone) ||
	    !clock_parse_rfc3339(span_str(accepted), &env->accepted_at) ||
	    strlen(sender) > LIMIT_ADDRESS_BYTES || strlen(recipient) > LIMIT_ADDRESS_BYTES)
		return error_set(e, ERR_PERM, "hold.json does not hold an envelope");
	env->source = SOURCE_RELEASE;
	env->eight_bit = true;
	env->smtputf8 = true;
	snprintf(env->slot, sizeof(env->slot), "%s", name);
	snprintf(env->sender, sizeof(env->sender), "%s", sender);
	env->recipient_count = 1;
	snprintf(env->recipients[0], sizeof(env->recipients[0]), "%s", recipient);
	envelope_new_tx(env->tx, clock_now());
	return 0;
}

static int
read_message(int folder_fd, const char *spool_dir, struct spool **message, struct error *e)
{
	static uint8_t chunk[65536];
	ssize_t n;
	int fd, result = -1;

	if (folder_open_file(folder_fd, "original.eml", &fd, e) != 0)
		return -1;
	if (spool_new(spool_dir, LIMIT_MESSAGE_BYTES, message, e) != 0)
		goto out;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		if (spool_append(*message, span_of(chunk, (size_t)n), e) != 0)
			goto out;
	}
	result = n < 0 ? error_errno(e, ERR_TEMP, errno, "original.eml")
		       : spool_seal(*message, e);
out:
	if (result != 0)
		spool_free(message);
	io_close(&fd);
	return result;
}

int
hold_open(const char *hold_dir, const char *name, const char *spool_dir,
    struct envelope *env, struct spool **message, struct error *e)
{
	json_t *record = NULL;
	int fd, result = -1;

	*message = NULL;
	memset(env, 0, sizeof(*env));
	if (open_held(hold_dir, name, &fd, e) != 0)
		return -1;
	if (read_record(fd, &record, e) == 0 && read_envelope(record, name, env, e) == 0)
		result = read_message(fd, spool_dir, message, e);
	json_decref(record);
	io_close(&fd);
	return result == 0 ? 0 : error_prefix(e, "%s", name);
}

int
hold_remove(const char *hold_dir, const char *name, struct error *e)
{
	if (!hold_name_ok(name))
		return error_set(e, ERR_PERM, "`%.60s' is not the name of a held message", name);
	return folder_remove(hold_dir, name, e);
}
