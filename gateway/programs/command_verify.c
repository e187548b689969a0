/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vanthu verify: what is true of a signed message, for a person or as JSON. Options, JSON
 * keys and exit codes are a contract that others script on (vanthu(1)).
 */
#include "gateway/programs/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/i18n.h"
#include "gateway/act/verdict_json.h"
#include "gateway/decide/directory.h"
#include "gateway/programs/command_report.h"
#include "gateway/programs/examiner.h"

struct verify {
	struct examiner_options examiner;
	int64_t at;
	bool json;
	struct directory *directory; /* NULL without --config */
};

static void
usage(FILE *out)
{
	fprintf(out, "%s\n%s\n",
	    "usage: vanthu verify [--config FILE] [--anchor FILE.pem]... [--crl FILE.pem]...\n"
	    "                     [--at RFC3339] [--profile NAME] [--json] FILE|-...",
	    _("Exit: 0 VERIFIED, 1 any other verdict, 75 UNCHECKABLE, 64 wrong use, 70 our "
	      "failure."));
}

/* Each -1 when the options go on, else an exit code. */
static int
take_file(const char **files, unsigned *count, const char *file)
{
	if (*count == EXAMINER_FILES_MAX)
		return command_fail(COMMAND_USAGE, _("more than %d files; join them into one"),
		    EXAMINER_FILES_MAX);
	files[(*count)++] = file;
	return -1;
}

static int
parse(int argc, char **argv, struct verify *v)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "anchor", required_argument, NULL, 'a' },
		{ "crl", required_argument, NULL, 'r' },
		{ "at", required_argument, NULL, 't' },
		{ "profile", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, code;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			v->examiner.config = optarg;
			break;
		case 'a':
			code = take_file(v->examiner.anchors, &v->examiner.anchor_count, optarg);
			if (code >= 0)
				return code;
			break;
		case 'r':
			code = take_file(v->examiner.crls, &v->examiner.crl_count, optarg);
			if (code >= 0)
				return code;
			break;
		case 't':
			if (!clock_parse_rfc3339(span_str(optarg), &v->at))
				return command_fail(COMMAND_USAGE,
				    _("--at takes a time like 2012-05-04T09:15:00+07:00"));
			break;
		case 'p':
			v->examiner.profile = optarg;
			break;
		case 'j':
			v->json = true;
			break;
		case 'h':
			usage(stdout);
			return COMMAND_OK;
		default:
			usage(stderr);
			return COMMAND_USAGE;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return COMMAND_USAGE;
	}
	return -1;
}

static int
load_directory(struct verify *v)
{
	struct settings *settings = NULL;
	struct error e;
	int code = -1;

	if (v->examiner.config == NULL)
		return -1;
	if (settings_load(v->examiner.config, &settings, &e) != 0 ||
	    directory_load(settings->agencies, &v->directory, &e) != 0)
		code = command_fail(COMMAND_USAGE, "%s", e.text);
	settings_free(&settings);
	return code;
}

static const char *
agency_of(const struct verify *v, const struct facts *f)
{
	const struct agency *a;

	if (v->directory == NULL || f->form == SIGNATURE_NONE || f->signer.subject.length == 0)
		return "";
	a = directory_by_certificate(v->directory, f->signer.sha256,
	    facts_span(f, f->signer.subject), facts_span(f, f->signer.issuer),
	    facts_span(f, f->signer.serial), v->at);
	return a == NULL ? "" : agency_id(a);
}

static int
print_verdict(const struct verify *v, const char *file, const struct facts *f)
{
	json_t *object;

	if (!v->json) {
		command_report(file, f, agency_of(v, f), command_on_terminal());
	} else {
		object = verdict_json(f, agency_of(v, f));
		if (object == NULL || json_dumpf(object, stdout, JSON_INDENT(2)) != 0)
			return command_fail(COMMAND_FAILURE, "%s", _("no memory"));
		putchar('\n');
		json_decref(object);
	}
	if (f->verdict == VERDICT_VERIFIED)
		return COMMAND_OK;
	return f->verdict == VERDICT_UNCHECKABLE ? COMMAND_TEMPORARY : COMMAND_NO;
}

/* The worst of several answers: a script that looks at the code must not miss one. */
static int
worse(int a, int b)
{
	return a > b ? a : b;
}

static int
verify_file(struct verify *v, struct examiner **examiner, const char *file)
{
	struct inspection q = { .at = v->at };
	struct spool *message = NULL, *content = NULL;
	struct facts *facts = facts_new();
	struct error e;
	int code = COMMAND_FAILURE;

	if (facts == NULL)
		return command_fail(COMMAND_FAILURE, "%s", _("no memory"));
	bool too_large;
	if (command_read_message(file, &message, &too_large, &e) != 0) {
		if (!too_large) {
			code = command_fail_error(COMMAND_USAGE, &e);
			goto out;
		}
		facts->verdict = VERDICT_LIMIT;
		facts->reason = REASON_LIMIT_MESSAGE;
		code = print_verdict(v, file, facts);
		goto out;
	}
	if (*examiner == NULL && examiner_start(&v->examiner, examiner, &e) != 0) {
		code = command_fail_error(COMMAND_FAILURE, &e);
		goto out;
	}
	if (examiner_ask(*examiner, &q, message, facts, &content, &e) == INSPECTOR_ANSWERED) {
		code = print_verdict(v, file, facts);
		goto out;
	}
	/* It refused its options (and has said so), or this message killed it. */
	code = examiner_stop(examiner);
	if (code == COMMAND_CONFIG) {
		code = COMMAND_USAGE;
	} else {
		command_fail(COMMAND_TEMPORARY, "%s: %s", file, e.text);
		facts->verdict = VERDICT_UNCHECKABLE;
		facts->reason = REASON_INSPECTOR_FAILED;
		code = print_verdict(v, file, facts);
	}
out:
	spool_free(&message);
	spool_free(&content);
	facts_free(&facts);
	return code;
}

int
command_verify(int argc, char **argv)
{
	struct verify v = { .at = clock_now() };
	struct examiner *examiner = NULL;
	int code = parse(argc, argv, &v), stopped;

	if (code < 0)
		code = load_directory(&v);
	if (code >= 0)
		return code;
	code = COMMAND_OK;
	for (int i = optind; i < argc && code != COMMAND_USAGE; i++)
		code = worse(code, verify_file(&v, &examiner, argv[i]));
	stopped = examiner_stop(&examiner);
	if (stopped != 0 && code == COMMAND_OK)
		code = COMMAND_FAILURE;
	directory_free(&v.directory);
	return code;
}
