/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vanthu policy: check says what is wrong with the policy files, explain says which rule
 * decides on a real message and why the earlier ones did not.
 */
#include "gateway/programs/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/clock.h"
#include "common/i18n.h"
#include "gateway/act/verdict_json.h"
#include "gateway/decide/policy.h"
#include "gateway/programs/examiner.h"

struct policy_command {
	const char *config;
	const char *from;
	const char *to[LIMIT_RECIPIENTS];
	unsigned to_count;
	enum zone zone;
	bool json;
	struct settings *settings;
	struct directory *directory;
	struct policy *policy;
	json_t *out; /* with --json */
	unsigned errors, warnings;
};

static void
usage(FILE *out)
{
	fputs("usage: vanthu policy check [--config FILE] [--json]\n"
	      "       vanthu policy explain [--config FILE] [--json] --zone inside|outside\n"
	      "                     --from ADDRESS --to ADDRESS... FILE|-\n",
	    out);
}

static int
parse(int argc, char **argv, struct policy_command *p)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "zone", required_argument, NULL, 'z' },
		{ "from", required_argument, NULL, 'f' },
		{ "to", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			p->config = optarg;
			break;
		case 'z':
			if (!zone_parse(span_str(optarg), &p->zone))
				return command_fail(COMMAND_USAGE,
				    _("--zone is inside or outside"));
			break;
		case 'f':
			p->from = optarg;
			break;
		case 't':
			if (p->to_count == LIMIT_RECIPIENTS)
				return command_fail(COMMAND_USAGE,
				    _("more than %d recipients"), LIMIT_RECIPIENTS);
			p->to[p->to_count++] = optarg;
			break;
		case 'j':
			p->json = true;
			break;
		case 'h':
			usage(stdout);
			return COMMAND_OK;
		default:
			usage(stderr);
			return COMMAND_USAGE;
		}
	}
	return -1;
}

static int
load(struct policy_command *p, struct error *e)
{
	if (settings_load(p->config, &p->settings, e) != 0 ||
	    directory_load(p->settings->agencies, &p->directory, e) != 0)
		return -1;
	return policy_load(p->settings->routing, p->directory, &p->policy, e);
}

static void
unload(struct policy_command *p)
{
	policy_free(&p->policy);
	directory_free(&p->directory);
	settings_free(&p->settings);
	json_decref(p->out);
	p->out = NULL;
}

/* --- check ------------------------------------------------------------------------ */

static void
on_finding(void *context, bool is_error, const char *where, const char *text)
{
	struct policy_command *p = context;

	*(is_error ? &p->errors : &p->warnings) += 1;
	if (p->json)
		json_array_append_new(p->out,
		    json_pack("{s:s, s:s, s:s}", "severity", is_error ? "error" : "warning",
			"where", where, "text", text));
	else
		printf("%s: %s: %s\n", where, is_error ? _("error") : _("warning"), text);
}

static int
run_check(struct policy_command *p)
{
	struct error e;

	p->out = json_array();
	if (load(p, &e) != 0) {
		/* The text begins FILE:LINE already; keep the two apart for machines. */
		char *colon = strstr(e.text, ": ");

		if (colon != NULL)
			*colon = '\0';
		on_finding(p, true, colon == NULL ? p->config : e.text,
		    colon == NULL ? e.text : colon + 2);
	} else {
		policy_check(p->policy, on_finding, p);
	}
	if (p->json) {
		json_dumpf(p->out, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		printf(_("%u errors, %u warnings\n"), p->errors, p->warnings);
	}
	return p->errors > 0 ? COMMAND_CONFIG : COMMAND_OK;
}

/* --- explain ---------------------------------------------------------------------- */

static void
on_step(void *context, const struct policy_step *s)
{
	struct policy_command *p = context;

	if (p->json)
		json_array_append_new(p->out,
		    json_pack("{s:s, s:s, s:b, s:s?, s:s?, s:s?}", "rule", s->rule, "where",
			s->where, "matched", (int)s->matched, "condition", s->condition,
			"wanted", s->wanted, "found", s->found));
	else if (s->matched)
		printf("  %s (%s): %s\n", s->rule, s->where, _("this rule decides"));
	else
		printf("  %s (%s): %s %s %s, %s %s\n", s->rule, s->where, s->condition,
		    _("must be"), s->wanted, _("but is"), s->found);
}

static int
build_envelope(const struct policy_command *p, struct envelope *env, struct error *e)
{
	struct span from = span_str(p->from);

	env->source = SOURCE_FILE;
	env->zone = p->zone;
	env->accepted_at = clock_now();
	envelope_new_tx(env->tx, env->accepted_at);
	if (envelope_check_address(from, true, true, e) != 0)
		return error_prefix(e, "--from");
	snprintf(env->sender, sizeof(env->sender), "%s", p->from);
	for (unsigned i = 0; i < p->to_count; i++) {
		if (envelope_check_address(span_str(p->to[i]), true, false, e) != 0)
			return error_prefix(e, "--to");
		snprintf(env->recipients[i], sizeof(env->recipients[i]), "%s", p->to[i]);
	}
	env->recipient_count = p->to_count;
	return 0;
}

static int
examine(const struct policy_command *p, const char *file, const struct envelope *env,
    struct facts *f, struct error *e)
{
	struct examiner_options options = { .config = p->config };
	struct inspection q = { .at = env->accepted_at, .inside = env->zone == ZONE_INSIDE };
	struct spool *message = NULL, *content = NULL;
	struct examiner *x = NULL;
	bool too_large;
	int result = -1;

	if (command_read_message(file, &message, &too_large, e) == 0 &&
	    examiner_start(&options, &x, e) == 0 &&
	    examiner_ask(x, &q, message, f, &content, e) == INSPECTOR_ANSWERED)
		result = 0;
	examiner_stop(&x);
	spool_free(&message);
	spool_free(&content);
	return result;
}

static const char *
outcome_name(uint8_t outcome)
{
	switch ((enum plan_outcome)outcome) {
	case OUTCOME_DELIVER:
		return "deliver";
	case OUTCOME_HOLD:
		return "hold";
	case OUTCOME_REFUSE:
		return "refuse";
	}
	return "?";
}

static json_t *
steps_json(const struct plan *plan, unsigned recipient)
{
	json_t *steps = json_array();

	if (plan->sign && plan->recipients[recipient].outcome == OUTCOME_DELIVER)
		json_array_append_new(steps, json_sprintf("sign:%s", plan->sender_agency));
	for (unsigned i = 0; i < plan->step_count; i++) {
		if (plan->steps[i].recipient == recipient)
			json_array_append_new(steps, json_string(plan->steps[i].name));
	}
	return steps;
}

static void
print_outcome(const struct plan *plan, unsigned recipient)
{
	const struct plan_recipient *r = &plan->recipients[recipient];
	json_t *steps = steps_json(plan, recipient), *step;
	size_t index;

	printf("  => %s", outcome_name(r->outcome));
	json_array_foreach(steps, index, step)
		printf(" %s", json_string_value(step));
	if (r->outcome != OUTCOME_DELIVER)
		printf(" (%s)", r->text[0] != '\0' ? r->text
						   : reason_info((enum reason)r->reason)->code);
	putchar('\n');
	json_decref(steps);
}

static int
explain_recipient(struct policy_command *p, const struct envelope *env, const struct facts *f,
    const struct plan *plan, unsigned i, json_t *all, struct error *e)
{
	const struct plan_recipient *r = &plan->recipients[i];

	p->out = json_array();
	if (!p->json)
		printf("%s:\n", env->recipients[i]);
	if (policy_explain(p->policy, env, f, i, on_step, p, e) != 0)
		return -1;
	if (p->json)
		json_array_append_new(all,
		    json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:O}", "recipient",
			env->recipients[i], "rule", r->rule, "outcome",
			outcome_name(r->outcome), "reason",
			reason_info((enum reason)r->reason)->code, "text", r->text, "steps",
			steps_json(plan, i), "considered", p->out));
	else
		print_outcome(plan, i);
	json_decref(p->out);
	p->out = NULL;
	return 0;
}

static int
run_explain(struct policy_command *p, const char *file)
{
	struct envelope *env = calloc(1, sizeof(*env));
	struct facts *f = facts_new();
	struct plan *plan = plan_new();
	json_t *all = json_array();
	struct error e;
	int code = COMMAND_OK;

	if (env == NULL || f == NULL || plan == NULL || all == NULL) {
		code = command_fail(COMMAND_FAILURE, "%s", _("no memory"));
		goto out;
	}
	if (load(p, &e) != 0) {
		code = command_fail_error(COMMAND_CONFIG, &e);
		goto out;
	}
	if (build_envelope(p, env, &e) != 0 || examine(p, file, env, f, &e) != 0 ||
	    policy_decide(p->policy, env, f, plan, &e) != 0) {
		code = command_fail_error(COMMAND_USAGE, &e);
		goto out;
	}
	for (unsigned i = 0; i < env->recipient_count && code == COMMAND_OK; i++) {
		if (explain_recipient(p, env, f, plan, i, all, &e) != 0)
			code = command_fail_error(COMMAND_FAILURE, &e);
	}
	if (p->json && code == COMMAND_OK) {
		json_t *whole = json_pack("{s:o, s:O}", "facts", verdict_json(f, NULL),
		    "recipients", all);

		json_dumpf(whole, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(whole);
	} else if (code == COMMAND_OK) {
		printf("%s: %s (%s)\n", _("verdict"), verdict_name((enum verdict)f->verdict),
		    reason_info((enum reason)f->reason)->code);
	}
out:
	json_decref(all);
	free(env);
	facts_free(&f);
	plan_free(&plan);
	return code;
}

int
command_policy(int argc, char **argv)
{
	struct policy_command p = { .config = COMMAND_CONFIG_FILE };
	const char *what = argc > 1 ? argv[1] : "";
	bool check = strcmp(what, "check") == 0, explain = strcmp(what, "explain") == 0;
	int code;

	if (strcmp(what, "--help") == 0) {
		usage(stdout);
		return COMMAND_OK;
	}
	if (!check && !explain) {
		usage(stderr);
		return COMMAND_USAGE;
	}
	code = parse(argc - 1, argv + 1, &p);
	if (code >= 0)
		return code;
	argc -= 1;
	argv += 1;
	if ((check && optind != argc) ||
	    (explain && (optind + 1 != argc || p.from == NULL || p.to_count == 0))) {
		usage(stderr);
		return COMMAND_USAGE;
	}
	code = check ? run_check(&p) : run_explain(&p, argv[optind]);
	unload(&p);
	return code;
}
