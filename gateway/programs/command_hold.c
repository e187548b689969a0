/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vanthu hold: what is held, and what becomes of it. A release goes the way of every
 * message: inspected, decided and recorded again, by the very transaction of the gateway;
 * only then is the held copy removed. Each release and drop has a reason in the ledger.
 */
#include "gateway/programs/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/clock.h"
#include "common/i18n.h"
#include "common/proc.h"
#include "common/text.h"
#include "gateway/act/hold.h"
#include "gateway/core/transaction.h"

#define REASON_TEXT_MAX 400

struct hold_command {
	const char *what; /* list, show, release, drop */
	const char *config;
	const char *name;
	const char *reason;
	bool json, force;
	unsigned operator; /* who decides, as the ledger has it */
	struct settings *settings;
	struct ledger_client *ledger;
	json_t *list;
};

static void
usage(FILE *out)
{
	fputs("usage: vanthu hold list [--config FILE] [--json]\n"
	      "       vanthu hold show [--config FILE] [--json] NAME\n"
	      "       vanthu hold release [--config FILE] [--force] --reason TEXT NAME\n"
	      "       vanthu hold drop [--config FILE] --reason TEXT NAME\n",
	    out);
}

static int
parse(int argc, char **argv, struct hold_command *h)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "reason", required_argument, NULL, 'r' },
		{ "force", no_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			h->config = optarg;
			break;
		case 'r':
			h->reason = optarg;
			break;
		case 'f':
			h->force = true;
			break;
		case 'j':
			h->json = true;
			break;
		case 'h':
			usage(stdout);
			return COMMAND_OK;
		default:
			usage(stderr);
			return COMMAND_USAGE;
		}
	}
	if (optind < argc)
		h->name = argv[optind++];
	if (optind != argc) {
		usage(stderr);
		return COMMAND_USAGE;
	}
	return -1;
}

static const char *
member(const json_t *record, const char *key)
{
	const char *value = json_string_value(json_object_get(record, key));

	return value == NULL ? "-" : value;
}

/* --- list and show ----------------------------------------------------------------- */

static void
on_held(void *context, const char *name, const json_t *record)
{
	struct hold_command *h = context;

	if (h->json) {
		json_t *row = json_pack("{s:s, s:O?}", "name", name, "record", record);

		json_array_append_new(h->list, row);
	} else if (record == NULL) {
		printf("%s  %s\n", name, _("its record cannot be read"));
	} else {
		printf("%s  %s  %s  %s -> %s  %s\n", name, member(record, "accepted_at"),
		    member(record, "reason"), member(record, "sender"),
		    member(record, "recipient"),
		    member(json_object_get(record, "verdict"), "subject"));
	}
}

static int
run_list(struct hold_command *h)
{
	struct error e;
	int code = COMMAND_OK;

	h->list = json_array();
	if (hold_list(h->settings->hold_dir, on_held, h, &e) != 0)
		code = command_fail_error(COMMAND_USAGE, &e);
	else if (h->json) {
		json_dumpf(h->list, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(h->list);
	return code;
}

static int
run_show(struct hold_command *h)
{
	static const char *const keys[] = { "accepted_at", "expires_at", "zone", "source",
		"sender", "recipient", "agency", "rule", "reason" };
	json_t *record, *text, *verdict;
	struct error e;

	if (hold_read(h->settings->hold_dir, h->name, &record, &e) != 0)
		return command_fail_error(COMMAND_NO, &e);
	if (h->json) {
		json_dumpf(record, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(record);
		return COMMAND_OK;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		printf("%-12s %s\n", keys[i], member(record, keys[i]));
	text = json_object_get(record, "text");
	verdict = json_object_get(record, "verdict");
	printf("%-12s %s\n%-12s %s\n", "", member(text, "vi"), "", member(text, "en"));
	printf("%-12s %s\n%-12s %s\n", "verdict", member(verdict, "verdict"), "subject",
	    member(verdict, "subject"));
	printf("%-12s %s/%s/original.eml\n", _("message"), h->settings->hold_dir, h->name);
	json_decref(record);
	return COMMAND_OK;
}

/* --- release and drop --------------------------------------------------------------- */

/* The transaction under which it was held: where the reason is recorded. */
static void
held_transaction(const char *name, char out[TX_ID_SIZE])
{
	snprintf(out, TX_ID_SIZE, "%.*s", TX_ID_SIZE - 1, name);
}

static int
record_reason(struct hold_command *h, const char *what, const char *detail, struct error *e)
{
	char tx[TX_ID_SIZE], line[1024];
	struct buf shown;

	held_transaction(h->name, tx);
	buf_init(&shown, 8 * REASON_TEXT_MAX);
	text_show(span_str(h->reason), REASON_TEXT_MAX, &shown);
	snprintf(line, sizeof(line), "%.40s %.60s uid %u: %.600s", h->name, detail,
	    h->operator, buf_str(&shown));
	buf_free(&shown);
	return ledger_note(h->ledger, tx, what, line, deadline_after_ms(COMMAND_WAIT_MS), e);
}

/*
 * Held and filed messages are the session user's: what root made would stand in its way.
 * Everything that only root may read is read before.
 */
static int
become_owner(struct hold_command *h, struct error *e)
{
	h->operator = (unsigned)getuid();
	return geteuid() == 0 ? proc_become(h->settings->users.session, e) : 0;
}

static int
run_drop(struct hold_command *h)
{
	json_t *record;
	struct error e;

	if (become_owner(h, &e) != 0)
		return command_fail_error(COMMAND_USAGE, &e);
	if (hold_read(h->settings->hold_dir, h->name, &record, &e) != 0)
		return command_fail_error(COMMAND_NO, &e);
	json_decref(record);
	/* The reason first: what is gone without a word is lost. */
	if (record_reason(h, "dropped", "", &e) != 0 ||
	    hold_remove(h->settings->hold_dir, h->name, &e) != 0)
		return command_fail_error(COMMAND_NO, &e);
	printf(_("%s is dropped\n"), h->name);
	return COMMAND_OK;
}

static int
finish_release(struct hold_command *h, const struct transaction_reply *reply,
    const struct envelope *env)
{
	char detail[64];
	struct error e;

	if (reply->code < 200 || reply->code > 299)
		return command_fail(reply->code < 500 ? COMMAND_TEMPORARY : COMMAND_NO,
		    "%s: %d %s %s", h->name, reply->code, reply->status, reply->text);
	snprintf(detail, sizeof(detail), "%s as %s", h->force ? "by force" : "by policy",
	    env->tx);
	if (record_reason(h, "released", detail, &e) != 0 ||
	    hold_remove(h->settings->hold_dir, h->name, &e) != 0)
		return command_fail_error(COMMAND_FAILURE, &e);
	printf("%s: %d %s %s\n", h->name, reply->code, reply->status, reply->text);
	return COMMAND_OK;
}

static int
release(struct hold_command *h, const struct directory *directory, const struct policy *policy)
{
	struct envelope *env = calloc(1, sizeof(*env));
	struct spool *message = NULL;
	char keyd[SETTINGS_PATH_MAX], inspect[SETTINGS_PATH_MAX];
	struct gateway g = { .act = &h->settings->act,
		.policy = policy,
		.directory = directory,
		.ledger = h->ledger,
		.keys = seal_client_new(settings_socket(h->settings, "keyd", keyd)),
		.inspect_socket = settings_socket(h->settings, "inspect", inspect),
		.inspect_timeout_ms = h->settings->inspect_timeout_seconds * 1000,
		.force_release = h->force };
	struct transaction_reply reply;
	struct error e;
	int code;

	if (env == NULL || g.keys == NULL) {
		code = command_fail(COMMAND_FAILURE, "%s", _("no memory"));
		goto out;
	}
	if (hold_open(h->settings->hold_dir, h->name, h->settings->spool_dir, env, &message,
		&e) != 0) {
		code = command_fail_error(COMMAND_NO, &e);
		goto out;
	}
	transaction_run(&g, env, message, &reply, deadline_after_ms(TRANSACTION_BUDGET_MS));
	code = finish_release(h, &reply, env);
out:
	spool_free(&message);
	seal_client_free(&g.keys);
	free(env);
	return code;
}

static int
run_release(struct hold_command *h)
{
	struct directory *directory = NULL;
	struct policy *policy = NULL;
	struct error e;
	int code;

	if (directory_load(h->settings->agencies, &directory, &e) != 0 ||
	    policy_load(h->settings->routing, directory, &policy, &e) != 0)
		code = command_fail_error(COMMAND_CONFIG, &e);
	else if (become_owner(h, &e) != 0)
		code = command_fail_error(COMMAND_USAGE, &e);
	else
		code = release(h, directory, policy);
	policy_free(&policy);
	directory_free(&directory);
	return code;
}

/* --- the command ---------------------------------------------------------------------- */

static int
run(struct hold_command *h)
{
	char path[SETTINGS_PATH_MAX];
	struct error e;
	int code;

	if (settings_load(h->config, &h->settings, &e) != 0)
		return command_fail_error(COMMAND_CONFIG, &e);
	h->ledger = ledger_client_new(settings_socket(h->settings, "ledger", path));
	if (h->ledger == NULL)
		code = command_fail(COMMAND_FAILURE, "%s", _("no memory"));
	else if (strcmp(h->what, "list") == 0)
		code = run_list(h);
	else if (strcmp(h->what, "show") == 0)
		code = run_show(h);
	else if (strcmp(h->what, "release") == 0)
		code = run_release(h);
	else
		code = run_drop(h);
	ledger_client_free(&h->ledger);
	settings_free(&h->settings);
	return code;
}

int
command_hold(int argc, char **argv)
{
	static const char *const actions[] = { "list", "show", "release", "drop" };
	struct hold_command h = { .config = COMMAND_CONFIG_FILE };
	int code;

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return COMMAND_OK;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(argv[1], actions[i]) == 0)
			h.what = actions[i];
	}
	if (h.what == NULL) {
		usage(stderr);
		return COMMAND_USAGE;
	}
	code = parse(argc - 1, argv + 1, &h);
	if (code >= 0)
		return code;
	if ((strcmp(h.what, "list") == 0) != (h.name == NULL)) {
		usage(stderr);
		return COMMAND_USAGE;
	}
	if ((strcmp(h.what, "release") == 0 || strcmp(h.what, "drop") == 0) &&
	    (h.reason == NULL || h.reason[0] == '\0'))
		return command_fail(COMMAND_USAGE, _("--reason is needed: the ledger records it"));
	return run(&h);
}
