/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vanthu sign: sign a message for an agency. The signature is made by vanthu-keyd, the
 * running one or, when none runs, one started for this command; no key ever comes here.
 * What comes out has been verified by vanthu-inspect, as in the gateway.
 */
#include "gateway/programs/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/i18n.h"
#include "common/io.h"
#include "common/ipc.h"
#include "common/proc.h"
#include "gateway/decide/directory.h"
#include "gateway/programs/examiner.h"

struct sign {
	const char *config;
	const char *agency;
	struct settings *settings;
	struct directory *directory;
	struct examiner *examiner;
	struct seal_client *keys;
	pid_t keyd;            /* the one started for this command, 0 if none */
	char directory_path[64]; /* of its socket */
};

static void
usage(FILE *out)
{
	fprintf(out, "%s\n%s\n", "usage: vanthu sign [--config FILE] --agency ID FILE|-",
	    _("Writes the signed message to standard output."));
}

static int
parse(int argc, char **argv, struct sign *s)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "agency", required_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			s->config = optarg;
			break;
		case 'a':
			s->agency = optarg;
			break;
		case 'h':
			usage(stdout);
			return COMMAND_OK;
		default:
			usage(stderr);
			return COMMAND_USAGE;
		}
	}
	if (s->agency == NULL || optind + 1 != argc) {
		usage(stderr);
		return COMMAND_USAGE;
	}
	return -1;
}

/* A keyd of our own, listening in a folder that only we may enter. */
static int
start_keyd(struct sign *s, struct error *e)
{
	const char *argv[] = { "vanthu-keyd", "--config", s->config, "--fd", "listen=3", NULL };
	char program[SETTINGS_PATH_MAX], path[96];
	int listening = -1, result;

	snprintf(s->directory_path, sizeof(s->directory_path), "/tmp/vanthu-sign.XXXXXX");
	if (mkdtemp(s->directory_path) == NULL) {
		s->directory_path[0] = '\0';
		return error_set(e, ERR_TEMP, "cannot make a folder in /tmp");
	}
	snprintf(path, sizeof(path), "%s/keyd.sock", s->directory_path);
	if (proc_find_program("vanthu-keyd", program, sizeof(program), e) != 0 ||
	    ipc_listen(path, 0600, &listening, e) != 0)
		return -1;
	struct proc_spec spec = { .path = program,
		.argv = argv,
		.fds = { listening },
		.fd_count = 1 };
	result = proc_spawn(&spec, &s->keyd, e);
	io_close(&listening);
	if (result == 0)
		s->keys = seal_client_new(path);
	return result;
}

static int
connect_keyd(struct sign *s, struct error *e)
{
	char path[SETTINGS_PATH_MAX];
	int fd = -1;

	settings_socket(s->settings, "keyd", path);
	if (ipc_connect(path, &fd, e) != 0)
		return start_keyd(s, e);
	io_close(&fd);
	s->keys = seal_client_new(path);
	return 0;
}

static int
open_all(struct sign *s, struct error *e)
{
	struct examiner_options options = { .config = s->config };

	if (settings_load(s->config, &s->settings, e) != 0 ||
	    directory_load(s->settings->agencies, &s->directory, e) != 0)
		return -1;
	if (directory_find(s->directory, span_str(s->agency)) == NULL)
		return error_set(e, ERR_PERM, _("%s: there is no agency `%s'"),
		    s->settings->agencies, s->agency);
	if (examiner_start(&options, &s->examiner, e) != 0 || connect_keyd(s, e) != 0)
		return -1;
	return s->keys == NULL ? error_set(e, ERR_TEMP, "no memory") : 0;
}

static void
close_all(struct sign *s)
{
	char path[96];

	examiner_stop(&s->examiner);
	seal_client_free(&s->keys);
	if (s->keyd > 0) {
		kill(s->keyd, SIGTERM);
		waitpid(s->keyd, NULL, 0);
	}
	if (s->directory_path[0] != '\0') {
		snprintf(path, sizeof(path), "%s/keyd.sock", s->directory_path);
		unlink(path);
		rmdir(s->directory_path);
	}
	directory_free(&s->directory);
	settings_free(&s->settings);
}

/* Only an agency's own mailbox is signed for: no one gets a seal by naming an agency. */
static int
check_sender(const struct sign *s, const struct facts *f, int64_t now, struct error *e)
{
	const struct agency *owner =
	    directory_by_mailbox(s->directory, facts_span(f, f->from), now);

	if (owner == NULL || strcmp(agency_id(owner), s->agency) != 0)
		return error_set(e, ERR_PERM,
		    _("the From address is not a mailbox of agency `%s'; correct From, or add "
		      "the mailbox to %s"),
		    s->agency, s->settings->agencies);
	if (f->form != SIGNATURE_NONE)
		return error_set(e, ERR_PERM, _("the message is signed already"));
	return 0;
}

static int
examine(const struct sign *s, const struct spool *message, int64_t now, struct facts *f,
    struct error *e)
{
	struct inspection q = { .at = now, .inside = true };
	struct spool *content = NULL;
	enum inspector_end end;

	end = examiner_ask(s->examiner, &q, message, f, &content, e);
	spool_free(&content);
	return end == INSPECTOR_ANSWERED ? 0 : error_prefix(e, _("vanthu-inspect"));
}

/* The signature is judged by the code that judges others before anybody sees it. */
static int
check_result(const struct sign *s, const struct spool *message, int64_t now, struct facts *f,
    struct error *e)
{
	struct buf why;

	if (examine(s, message, now, f, e) != 0)
		return -1;
	if (f->verdict == VERDICT_VERIFIED)
		return 0;
	buf_init(&why, 4096);
	reason_text((enum reason)f->reason, REASON_EN, facts_span(f, f->arg1),
	    facts_span(f, f->arg2), true, &why);
	error_set(e, ERR_PERM, _("the signature made does not verify: %s: %s"),
	    verdict_name((enum verdict)f->verdict), buf_str(&why));
	buf_free(&why);
	return -1;
}

static int
sign_message(struct sign *s, const char *file, struct error *e)
{
	struct envelope *env = calloc(1, sizeof(*env));
	struct facts *facts = facts_new();
	struct spool *message = NULL, *sealed = NULL;
	bool too_large;
	struct buf signature;
	int result = -1;

	buf_init(&signature, SEAL_SIGNATURE_MAX);
	if (env == NULL || facts == NULL) {
		error_set(e, ERR_TEMP, "no memory");
		goto out;
	}
	env->accepted_at = clock_now();
	env->source = SOURCE_FILE;
	env->zone = ZONE_INSIDE;
	envelope_new_tx(env->tx, env->accepted_at);
	if (command_read_message(file, &message, &too_large, e) != 0 ||
	    examine(s, message, env->accepted_at, facts, e) != 0 ||
	    check_sender(s, facts, env->accepted_at, e) != 0 ||
	    act_sign(&s->settings->act, s->keys, env, facts, message, s->agency, &signature,
		&sealed, deadline_after_ms(COMMAND_WAIT_MS), e) != 0 ||
	    check_result(s, sealed, env->accepted_at, facts, e) != 0)
		goto out;
	result = io_write_all(STDOUT_FILENO, spool_bytes(sealed), e);
out:
	buf_free(&signature);
	spool_free(&message);
	spool_free(&sealed);
	facts_free(&facts);
	free(env);
	return result;
}

int
command_sign(int argc, char **argv)
{
	struct sign s = { .config = COMMAND_CONFIG_FILE };
	struct error e;
	int code = parse(argc, argv, &s);

	if (code >= 0)
		return code;
	code = COMMAND_OK;
	if (open_all(&s, &e) != 0)
		code = command_fail_error(COMMAND_USAGE, &e);
	else if (sign_message(&s, argv[optind], &e) != 0)
		code = command_fail_error(COMMAND_NO, &e);
	close_all(&s);
	return code;
}
