/* SPDX-License-Identifier: Apache-2.0 */
/* vanthu trace: every state of a message, with its time and reason, from the ledger. */
#include "gateway/programs/command.h"

#include <getopt.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/i18n.h"
#include "gateway/ledger/ledger.h"
#include "gateway/report/trace.h"

static void
usage(FILE *out)
{
	fprintf(out, "%s\n%s\n",
	    "usage: vanthu trace [--config FILE] [--json] TRANSACTION|MESSAGE-ID|NUMBER",
	    _("Exit: 0 found, 1 nothing is known of it, 75 vanthu-ledgerd is away."));
}

#define TRACE_TEXT_MAX (16 * 1024 * 1024)

static int
print_text(struct ledger_client *ledger, const char *what, struct error *e)
{
	struct buf out;
	struct trace_text text = { .out = &out };
	int found = -1;

	buf_init(&out, TRACE_TEXT_MAX);
	if (ledger_trace(ledger, what, trace_text_event, &text,
		deadline_after_ms(COMMAND_WAIT_MS), e) == 0) {
		fwrite(out.data, 1, out.len, stdout);
		found = out.len > 0;
	}
	buf_free(&out);
	return found;
}

static int
print_json(struct ledger_client *ledger, const char *what, struct error *e)
{
	json_t *events = json_array();
	int found = -1;

	if (ledger_trace(ledger, what, trace_json_event, events,
		deadline_after_ms(COMMAND_WAIT_MS), e) == 0) {
		json_dumpf(events, stdout, JSON_INDENT(2));
		putchar('\n');
		found = json_array_size(events) > 0;
	}
	json_decref(events);
	return found;
}

static int
trace(const char *config, const char *what, bool json)
{
	struct settings *settings = NULL;
	struct ledger_client *ledger;
	char path[SETTINGS_PATH_MAX];
	struct error e;
	int found;

	if (settings_load(config, &settings, &e) != 0)
		return command_fail_error(COMMAND_CONFIG, &e);
	ledger = ledger_client_new(settings_socket(settings, "ledger", path));
	settings_free(&settings);
	if (ledger == NULL)
		return command_fail(COMMAND_FAILURE, "%s", _("no memory"));
	found = json ? print_json(ledger, what, &e) : print_text(ledger, what, &e);
	ledger_client_free(&ledger);
	if (found < 0)
		return command_fail_error(COMMAND_FAILURE, &e);
	if (found == 0 && !json)
		command_fail(COMMAND_NO, _("nothing is known of `%s'"), what);
	return found ? COMMAND_OK : COMMAND_NO;
}

int
command_trace(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *config = COMMAND_CONFIG_FILE;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			config = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			usage(stdout);
			return COMMAND_OK;
		default:
			usage(stderr);
			return COMMAND_USAGE;
		}
	}
	if (optind + 1 != argc) {
		usage(stderr);
		return COMMAND_USAGE;
	}
	return trace(config, argv[optind], json);
}
