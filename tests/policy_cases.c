/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs tables of cases, speaking TAP. Without arguments the ones of this project; with
 * arguments AGENCIES ROUTING CASES, three by three. A rule that no case touches fails too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/decide/cases.h"

struct tally {
	unsigned count, failed;
};

static void
comment(const char *text)
{
	for (; *text != '\0'; text += strcspn(text, "\n") + 1)
		printf("#   %.*s\n", (int)strcspn(text, "\n"), text);
}

static void
result(struct tally *t, bool passed, const char *name, const char *where, const char *text)
{
	t->count++;
	printf("%s %u - %s\n", passed ? "ok" : "not ok", t->count, name);
	if (!passed) {
		t->failed++;
		printf("# %s\n", where);
		comment(text);
	}
}

static void
on_case(void *context, const char *where, const char *name, bool passed, const char *text)
{
	result(context, passed, name, where, text);
}

static void
run(struct tally *t, const char *agencies, const char *routing, const char *cases)
{
	struct directory *d = NULL;
	struct policy *p = NULL;
	bool *touched = NULL;
	struct error e;

	error_clear(&e);
	if (directory_load(agencies, &d, &e) != 0 || policy_load(routing, d, &p, &e) != 0) {
		result(t, false, routing, e.text, "");
		goto out;
	}
	touched = calloc(policy_rule_count(p), sizeof(*touched));
	if (touched == NULL || cases_run(cases, p, touched, on_case, t, &e) != 0) {
		result(t, false, cases, e.text, "");
		goto out;
	}
	for (size_t i = 0; i < policy_rule_count(p); i++) {
		char name[200];

		snprintf(name, sizeof(name), "some case touches rule %s", policy_rule_name(p, i));
		result(t, touched[i], name, routing, "");
	}
out:
	free(touched);
	policy_free(&p);
	directory_free(&d);
}

int
main(int argc, char **argv)
{
	static const char *const ours[][3] = {
		{ "policies/agencies.conf", "policies/routing.conf", "policies/city.cases" },
		{ "tests/policy/guards.agencies.conf", "tests/policy/guards.routing.conf",
		    "tests/policy/guards.cases" },
	};
	struct tally t = { 0, 0 };

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i + 2 < argc; i += 3)
		run(&t, argv[i], argv[i + 1], argv[i + 2]);
	if (argc == 1) {
		const char *top = getenv("VANTHU_SRCDIR");

		if (chdir(top == NULL ? "." : top) != 0)
			return 99;
		for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
			run(&t, ours[i][0], ours[i][1], ours[i][2]);
	}
	printf("1..%u\n", t.count);
	return t.failed == 0 ? 0 : 1;
}
