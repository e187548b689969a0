/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loaders of agencies.conf, routing.conf and cases, and the decisions of whatever they
 * accept. Input: the three texts, each ended by a line "----". What must hold of every
 * policy that loads: nothing is signed but an unsigned message from inside of an agency,
 * nothing is delivered whose verdict says that it cannot be trusted, over SMTP nobody is
 * refused beside one who is not, and the plan survives being stored.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/decide/cases.h"

#define TEXTS 3

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libconfig 1.5 loses the buffer of a string that the file ends in; a file is read once. */
const char *
__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libconfig";
}

static char paths[TEXTS][64];

static void
remove_files(void)
{
	for (int i = 0; i < TEXTS; i++)
		unlink(paths[i]);
}

static void
make_files(void)
{
	static const char *const names[TEXTS] = { "agencies", "routing", "cases" };

	if (paths[0][0] != '\0')
		return;
	for (int i = 0; i < TEXTS; i++)
		snprintf(paths[i], sizeof(paths[i]), "/dev/shm/fuzz_policy.%ld.%s",
		    (long)getpid(), names[i]);
	atexit(remove_files);
}

static void
put_text(const char *path, struct span text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text.ptr, text.len) != (ssize_t)text.len || close(fd) != 0)
		abort();
}

static void
split(struct span all, struct span out[TEXTS])
{
	for (int i = 0; i < TEXTS; i++) {
		size_t end = span_find_span(all, span_str("----\n"), 0);

		out[i] = span_sub(all, 0, end == SPAN_NOT_FOUND ? all.len : end);
		all = end == SPAN_NOT_FOUND ? span_of(all.ptr, 0) : span_from(all, end + 5);
	}
}

static void
check_plan(const struct envelope *env, const struct facts *f, const struct plan *plan)
{
	static struct plan again;
	unsigned refused = 0;
	struct error e;
	struct buf b;

	if (plan->sign && (env->zone != ZONE_INSIDE || f->verdict != VERDICT_UNSIGNED ||
			      plan->sender_agency[0] == '\0'))
		abort();
	for (unsigned i = 0; i < plan->recipient_count; i++) {
		bool delivered = plan->recipients[i].outcome == OUTCOME_DELIVER;

		refused += plan->recipients[i].outcome == OUTCOME_REFUSE;
		if (delivered && f->verdict != VERDICT_VERIFIED &&
		    f->verdict != VERDICT_UNSIGNED && f->verdict != VERDICT_ENCRYPTED)
			abort();
	}
	if (env->source == SOURCE_SMTP && refused != 0 && refused != plan->recipient_count)
		abort();
	if (env->source == SOURCE_LMTP && env->zone == ZONE_OUTSIDE && refused != 0)
		abort();
	buf_init(&b, PLAN_ENCODED_MAX);
	plan_encode(plan, &b);
	if (b.failed || plan_decode(buf_span(&b), &again, &e) != 0 ||
	    memcmp(plan, &again, sizeof(again)) != 0)
		abort();
	buf_free(&b);
}

static void
decide_all(const struct policy *p, const struct directory *d)
{
	static struct envelope env;
	static struct facts f;
	static struct plan plan;
	const struct agency *first = directory_at(d, 0);
	const struct agency *last = directory_at(d, directory_count(d) - 1);
	struct error e;

	env.accepted_at = 1338512400;
	env.recipient_count = 2;
	snprintf(env.sender, sizeof(env.sender), "%s",
	    agency_mailbox_count(first) > 0 ? agency_mailbox(first, 0) : "");
	snprintf(env.recipients[0], sizeof(env.recipients[0]), "%s",
	    agency_mailbox_count(last) > 0 ? agency_mailbox(last, 0) : "x@y.example");
	snprintf(env.recipients[1], sizeof(env.recipients[1]), "congdan@mail.example");
	f.pool_length = 0;
	f.from = facts_add(&f, span_str(env.sender));
	for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
		for (int way = 0; way < 2 * SOURCE_COUNT; way++) {
			env.zone = way % 2 == 0 ? ZONE_INSIDE : ZONE_OUTSIDE;
			env.source = (enum envelope_source)(way / 2);
			f.verdict = (uint8_t)verdict;
			if (policy_decide(p, &env, &f, &plan, &e) != 0)
				abort();
			check_plan(&env, &f, &plan);
		}
	}
}

static void
ignore_case(void *context, const char *where, const char *name, bool passed,
    const char *text)
{
	(void)context;
	(void)where;
	(void)name;
	(void)passed;
	(void)text;
}

static void
ignore_finding(void *context, bool is_error, const char *where, const char *text)
{
	(void)context;
	(void)is_error;
	(void)where;
	(void)text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct directory *d = NULL;
	struct policy *p = NULL;
	struct span texts[TEXTS];
	struct error e;
	bool *touched;

	make_files();
	split(span_of(data, size), texts);
	for (int i = 0; i < TEXTS; i++)
		put_text(paths[i], texts[i]);
	if (directory_load(paths[0], &d, &e) != 0 || policy_load(paths[1], d, &p, &e) != 0)
		goto out;
	policy_check(p, ignore_finding, NULL);
	decide_all(p, d);
	touched = calloc(policy_rule_count(p), sizeof(*touched));
	if (touched != NULL)
		(void)cases_run(paths[2], p, touched, ignore_case, NULL, &e);
	free(touched);
out:
	policy_free(&p);
	directory_free(&d);
	return 0;
}
