/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tables of cases cannot say: mistakes in routing.conf with their place and
 * proposal, explanations, findings, the digest, and the sentences made of a decision.
 * Decisions themselves are in tests/policy and policies, as cases.
 */
#include "gateway/decide/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "gateway/model/say.h"

static char folder[] = "/tmp/policy_test.XXXXXX";
static char agencies_path[64], routing_path[64];

static const char agencies[] =
    "agencies = (\n"
    "{ id = \"vpub\"; name = \"VP\"; mailboxes = \"vanthu@vpub.hanoi.example\"; },\n"
    "{ id = \"bavi\"; name = \"BV\"; parent = \"vpub\";\n"
    "  mailboxes = \"vanthu@bavi.hanoi.example\"; },\n"
    "{ id = \"closed\"; name = \"C\"; mailboxes = (\n"
    "  { address = \"c@closed.hanoi.example\"; valid_to = \"2010-01-01\"; } ); } );\n"
    "groups = ( { id = \"districts\"; members = \"bavi\"; } );\n";

static void
put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static struct directory *
load_directory(void)
{
	struct directory *d;
	struct error e;

	put_file(agencies_path, agencies);
	assert_int_equal(directory_load(agencies_path, &d, &e), 0);
	return d;
}

static int
load(const char *rules, const struct directory *d, struct policy **p, struct error *e)
{
	char text[8192];

	snprintf(text, sizeof(text), "rules = (\n%s\n);\n", rules);
	put_file(routing_path, text);
	error_clear(e);
	return policy_load(routing_path, d, p, e);
}

static const struct {
	const char *rules, *line, *says;
} mistakes[] = {
	{ "", ":1:", "1 to" },
	{ "{ name = \"a\"; action = \"relay\"; colour = 1; }", ":2:", "unknown key" },
	{ "{ action = \"relay\"; }", ":2:", "\"name\" is missing" },
	{ "{ name = \"a\"; }", ":2:", "\"action\" is missing" },
	{ "{ name = \"a b\"; action = \"relay\"; }", ":2:", "may hold letters" },
	{ "{ name = \"a\"; action = \"relay\"; },\n{ name = \"a\"; action = \"hold\"; }", ":3:",
	    "names are given once" },
	{ "{ name = \"a\"; action = \"rely\"; }", ":2:", "did you mean \"relay\"?" },
	{ "{ name = \"a\"; action = []; }", ":2:", "must say one of" },
	{ "{ name = \"a\"; action = [ \"hold\", \"relay\" ]; }", ":2:", "must say one of" },
	{ "{ name = \"a\"; action = [ \"hold\", \"refuse\" ]; }", ":2:", "must say one of" },
	{ "{ name = \"a\"; action = \"sign\"; }", ":2:", "goes nowhere" },
	{ "{ name = \"a\"; action = \"notify\"; }", ":2:", "must say one of" },
	{ "{ name = \"a\"; action = [ \"relay\", \"notify\" ]; }", ":2:", "needs none" },
	{ "{ name = \"a\"; action = \"relay\"; text_vi = \"x\"; }", ":2:", "hold or a refusal" },
	{ "{ name = \"a\"; action = \"relay\"; zone = \"outsid\"; }", ":2:",
	    "did you mean \"outside\"?" },
	{ "{ name = \"a\"; action = \"relay\";\nsender = \"vbup\"; }", ":3:",
	    "did you mean \"vpub\"?" },
	{ "{ name = \"a\"; action = \"relay\"; sender = \"group:district\"; }", ":2:",
	    "did you mean \"districts\"?" },
	{ "{ name = \"a\"; action = \"relay\"; sender = \"under:bvi\"; }", ":2:",
	    "did you mean \"bavi\"?" },
	{ "{ name = \"a\"; action = \"relay\"; recipient = \"agencies\"; }", ":2:",
	    "did you mean \"agency\"?" },
	{ "{ name = \"a\"; action = \"relay\"; recipient = []; }", ":2:", "could never match" },
	{ "{ name = \"a\"; action = \"relay\"; verdict = \"verified\"; }", ":2:",
	    "not known here" },
	{ "{ name = \"a\"; action = \"relay\"; verdict = 1; }", ":2:", "must be strings" },
	{ "{ name = \"a\"; action = \"relay\"; flags = \"macro\"; }", ":2:",
	    "did you mean \"macros\"?" },
	{ "{ name = \"a\"; action = \"relay\"; secrecy = \"mật\"; }", ":2:", "not known" },
	{ "{ name = \"a\"; action = \"relay\"; larger = 10; smaller = 11; }", ":2:",
	    "could never match" },
	{ "{ name = \"a\"; action = \"relay\"; larger = -1; }", ":2:", "not within" },
	{ "{ name = \"a\"; action = \"relay\"; larger = 4294967296; }", ":2:", "" },
};

static void
each_mistake_is_refused_with_its_line(void **state)
{
	struct directory *d = load_directory();
	struct policy *p;
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		if (load(mistakes[i].rules, d, &p, &e) == 0)
			fail_msg("mistake %zu was taken", i);
		assert_null(p);
		if (strstr(e.text, mistakes[i].line) == NULL ||
		    strstr(e.text, mistakes[i].says) == NULL ||
		    strncmp(e.text, routing_path, strlen(routing_path)) != 0)
			fail_msg("mistake %zu: %s", i, e.text);
	}
	directory_free(&d);
}

static void
collect_step(void *context, const struct policy_step *s)
{
	struct buf *out = context;

	if (s->matched)
		buf_printf(out, "%s matched\n", s->rule);
	else
		buf_printf(out, "%s: %s wants %s, found %s\n", s->rule, s->condition, s->wanted,
		    s->found);
}

static void
an_explanation_names_the_first_condition_with_both_values(void **state)
{
	struct directory *d = load_directory();
	struct envelope *env = calloc(1, sizeof(*env));
	struct facts *f = facts_new();
	struct policy *p;
	struct error e;
	struct buf out;

	(void)state;
	assert_int_equal(load("{ name = \"a\"; zone = \"outside\"; action = \"relay\"; },\n"
			      "{ name = \"b\"; sender = [ \"bavi\", \"none\" ]; "
			      "action = \"relay\"; },\n"
			      "{ name = \"c\"; sender = \"agency\"; relation = \"above\"; "
			      "action = \"relay\"; },\n"
			      "{ name = \"d\"; type = \"image/*\"; action = \"relay\"; },\n"
			      "{ name = \"e\"; larger = 10; action = \"relay\"; },\n"
			      "{ name = \"f\"; action = \"relay\"; },\n"
			      "{ name = \"g\"; action = \"hold\"; }", d, &p, &e), 0);
	env->zone = ZONE_INSIDE;
	env->accepted_at = 1338512400;
	strcpy(env->sender, "vanthu@vpub.hanoi.example");
	strcpy(env->recipients[0], "vanthu@bavi.hanoi.example");
	env->recipient_count = 1;
	f->part_count = 1;
	f->parts[0].body.end = 10;
	f->document_count = 1;
	f->documents[0].type = facts_add(f, span_str("application/pdf"));
	buf_init(&out, 4096);
	assert_int_equal(policy_explain(p, env, f, 0, collect_step, &out, &e), 0);
	assert_string_equal(buf_str(&out), "a: zone wants outside, found inside\n"
					   "b: sender wants bavi, none, found vpub\n"
					   "c: relation wants above, found below\n"
					   "d: type wants image/*, found application/pdf\n"
					   "e: larger wants 10, found 10\n"
					   "f matched\n");
	assert_int_equal(policy_explain(p, env, f, 1, collect_step, &out, &e), -1);
	buf_free(&out);
	facts_free(&f);
	free(env);
	policy_free(&p);
	directory_free(&d);
}

static void
collect_finding(void *context, bool is_error, const char *where, const char *text)
{
	assert_true(where[0] != '\0');
	buf_printf(context, "%s %s\n", is_error ? "error" : "warning", text);
}

static const struct {
	const char *rules, *says;
} findings[] = {
	{ "{ name = \"a\"; zone = \"inside\"; action = \"hold\"; },\n"
	  "{ name = \"b\"; zone = \"inside\"; sender = \"bavi\"; action = \"hold\"; }",
	    "error rule \"b\" can never match: \"a\"" },
	{ "{ name = \"a\"; type = \"image/*\"; recipient = \"agency\"; action = \"hold\"; },\n"
	  "{ name = \"b\"; type = \"image/png\"; recipient = \"bavi\"; action = \"hold\"; }",
	    "error rule \"b\" can never match: \"a\"" },
	{ "{ name = \"a\"; larger = 10; action = \"hold\"; },\n"
	  "{ name = \"b\"; larger = 20; smaller = 40; action = \"hold\"; }",
	    "error rule \"b\" can never match: \"a\"" },
	{ "{ name = \"a\"; sender = \"agency\"; action = [ \"sign\", \"relay\" ]; }",
	    "error rule \"a\" signs, but nothing is signed for outside" },
	{ "{ name = \"a\"; zone = \"inside\"; action = [ \"sign\", \"relay\" ]; }",
	    "warning rule \"a\" signs, so senders" },
	{ "{ name = \"a\"; zone = \"inside\"; action = \"file\"; }",
	    "warning rule \"a\" files, so recipients" },
	{ "{ name = \"a\"; verdict = [ \"VERIFIED\", \"INVALID\" ]; action = \"relay\"; }",
	    "error rule \"a\" delivers, but of its verdicts" },
	{ "{ name = \"a\"; verdict = \"ENCRYPTED\"; action = \"file\"; recipient = \"bavi\"; }",
	    "error rule \"a\" names ENCRYPTED" },
	{ "{ name = \"a\"; action = \"relay\"; }",
	    "warning rule \"a\" delivers from outside without naming a verdict" },
	{ "{ name = \"a\"; zone = \"outside\"; action = [ \"hold\", \"notify\" ]; }",
	    "error rule \"a\" notifies, but no notice ever goes outside" },
	{ "{ name = \"a\"; zone = \"outside\"; action = \"hold\"; }",
	    "warning no last rule takes what remains from inside" },
	{ "{ name = \"a\"; recipient = \"bavi\"; verdict = \"VERIFIED\"; action = \"relay\"; }",
	    "warning agency \"vpub\" is the recipient of no rule" },
	{ "{ name = \"a\"; action = \"hold\"; }", "warning agency \"closed\" has no mailbox" },
};

static void
check_finds_what_is_probably_not_meant(void **state)
{
	struct directory *d = load_directory();
	struct policy *p;
	struct error e;
	struct buf out;

	(void)state;
	clock_fix(1338512400);
	buf_init(&out, 16384);
	for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]); i++) {
		buf_reset(&out);
		assert_int_equal(load(findings[i].rules, d, &p, &e), 0);
		policy_check(p, collect_finding, &out);
		if (strstr(buf_str(&out), findings[i].says) == NULL)
			fail_msg("finding %zu: %s", i, buf_str(&out));
		policy_free(&p);
	}
	/* And nothing where nothing is wrong, but for the agency without a mailbox. */
	buf_reset(&out);
	assert_int_equal(load("{ name = \"a\"; sender = \"bavi\"; type = \"image/*\"; "
			      "action = \"hold\"; },\n"
			      "{ name = \"b\"; sender = [ \"bavi\", \"vpub\" ]; "
			      "type = \"image/*\"; action = \"hold\"; },\n"
			      "{ name = \"c\"; zone = \"inside\"; sender = \"agency\"; "
			      "recipient = \"agency\"; action = [ \"sign\", \"file\" ]; },\n"
			      "{ name = \"d\"; action = \"hold\"; }", d, &p, &e), 0);
	policy_check(p, collect_finding, &out);
	assert_string_equal(buf_str(&out),
	    "warning agency \"closed\" has no mailbox today: nothing can reach it\n");
	policy_free(&p);
	buf_free(&out);
	directory_free(&d);
}

static void
the_shipped_policy_has_nothing_to_find(void **state)
{
	const char *top = getenv("VANTHU_SRCDIR");
	struct directory *d;
	struct policy *p;
	char path[1024];
	struct error e;
	struct buf out;

	(void)state;
	clock_fix(1338512400);
	snprintf(path, sizeof(path), "%s/policies/agencies.conf", top == NULL ? "." : top);
	assert_int_equal(directory_load(path, &d, &e), 0);
	snprintf(path, sizeof(path), "%s/policies/routing.conf", top == NULL ? "." : top);
	assert_int_equal(policy_load(path, d, &p, &e), 0);
	buf_init(&out, 4096);
	policy_check(p, collect_finding, &out);
	assert_string_equal(buf_str(&out), "");
	buf_free(&out);
	policy_free(&p);
	directory_free(&d);
}

static void
the_digest_is_of_both_files(void **state)
{
	struct directory *d = load_directory(), *other;
	struct policy *a, *b, *c;
	struct error e;

	(void)state;
	assert_int_equal(load("{ name = \"a\"; action = \"hold\"; }", d, &a, &e), 0);
	assert_int_equal(load("{ name = \"b\"; action = \"hold\"; }", d, &b, &e), 0);
	assert_memory_not_equal(policy_digest(a), policy_digest(b), 32);
	put_file(agencies_path, "agencies = ( { id = \"x\"; name = \"X\"; } );");
	assert_int_equal(directory_load(agencies_path, &other, &e), 0);
	assert_int_equal(load("{ name = \"a\"; action = \"hold\"; }", other, &c, &e), 0);
	assert_memory_not_equal(policy_digest(a), policy_digest(c), 32);
	policy_free(&a);
	policy_free(&b);
	policy_free(&c);
	directory_free(&other);
	directory_free(&d);
}

static void
a_sentence_uses_the_rule_s_words_first(void **state)
{
	struct envelope *env = calloc(1, sizeof(*env));
	struct facts *f = facts_new();
	struct plan *plan = plan_new();
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	plan->recipient_count = 1;
	strcpy(env->sender, "vanthu@bavi.hanoi.example");
	f->from = facts_add(f, span_str("a@x.example\r\nBcc: b@x.example"));
	plan->recipients[0].reason = REASON_FROM_NOT_SENDER;
	say_reason(plan, 0, env, f, REASON_EN, &out);
	assert_non_null(strstr(buf_str(&out), "vanthu@bavi.hanoi.example"));
	assert_null(strchr(buf_str(&out), '\n'));
	say_join("Không được.", "No.", plan->recipients[0].text);
	buf_reset(&out);
	say_reason(plan, 0, env, f, REASON_VI, &out);
	assert_string_equal(buf_str(&out), "Không được.");
	buf_reset(&out);
	say_reason(plan, 0, env, f, REASON_EN, &out);
	assert_string_equal(buf_str(&out), "No.");
	say_join("", "No.", plan->recipients[0].text);
	buf_reset(&out);
	say_reason(plan, 0, env, f, REASON_VI, &out);
	assert_string_equal(buf_str(&out), "No.");
	say_join("", "", plan->recipients[0].text);
	assert_string_equal(plan->recipients[0].text, "");
	buf_free(&out);
	plan_free(&plan);
	facts_free(&f);
	free(env);
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(agencies_path, sizeof(agencies_path), "%s/agencies.conf", folder);
	snprintf(routing_path, sizeof(routing_path), "%s/routing.conf", folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(agencies_path);
	unlink(routing_path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_is_refused_with_its_line),
		cmocka_unit_test(an_explanation_names_the_first_condition_with_both_values),
		cmocka_unit_test(check_finds_what_is_probably_not_meant),
		cmocka_unit_test(the_shipped_policy_has_nothing_to_find),
		cmocka_unit_test(the_digest_is_of_both_files),
		cmocka_unit_test(a_sentence_uses_the_rule_s_words_first),
	};

	return cmocka_run_group_tests_name("policy", tests, set_up, tear_down);
}
