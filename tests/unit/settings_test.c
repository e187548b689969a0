/* SPDX-License-Identifier: Apache-2.0 */
/* vanthu.conf: what is read, the defaults, and that each mistake is named with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/model/limits.h"
#include "gateway/programs/settings.h"

static char folder[] = "/tmp/vanthu-settings-XXXXXX";
static char file[64];

static const char minimal[] = "hostname = \"vanthu.bavi.hanoi.example\";\n"
			      "listen = ( { name = \"out\"; zone = \"outside\";\n"
			      "  protocol = \"smtp\"; at = \"inet:127.0.0.1:10025\"; } );\n"
			      "relay = { to = \"unix:return.sock\"; };\n";

static void
write_file(const char *text)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(file, sizeof(file), "%s/vanthu.conf", folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(file) != 0 || rmdir(folder) != 0;
}

static void
what_is_not_said_has_a_default(void **state)
{
	struct settings *s;
	struct error e;
	char wanted[128], text[128], path[SETTINGS_PATH_MAX];

	(void)state;
	write_file(minimal);
	assert_int_equal(settings_load(file, &s, &e), 0);
	assert_string_equal(s->act.authserv_id, "vanthu.bavi.hanoi.example");
	assert_string_equal(s->act.postmaster, "postmaster@vanthu.bavi.hanoi.example");
	assert_string_equal(s->profile, "strict");
	assert_string_equal(s->crl_dir, "");
	assert_string_equal(s->users.keyd, "");
	assert_false(s->without_landlock);
	assert_false(s->syslog);
	assert_int_equal(s->sessions, 8);
	assert_int_equal(s->limits.recipients, LIMIT_RECIPIENTS);
	assert_int_equal(s->limits.messages, s->session_messages);
	assert_int_equal(s->listener_count, 1);
	assert_int_equal(s->listeners[0].zone, ZONE_OUTSIDE);
	assert_false(s->listeners[0].lmtp);
	snprintf(wanted, sizeof(wanted), "%s/agencies.conf", folder);
	assert_string_equal(s->agencies, wanted);
	snprintf(wanted, sizeof(wanted), "unix:%s/return.sock", folder);
	assert_string_equal(endpoint_text(&s->act.relay, text), wanted);
	assert_non_null(strstr(settings_socket(s, "keyd", path), "/keyd.sock"));
	settings_free(&s);
	assert_null(s);
}

static void
every_key_is_read(void **state)
{
	static const char full[] =
	    "hostname = \"a.example\"; authserv_id = \"b.example\";\n"
	    "postmaster = \"vanthu@bavi.hanoi.example\";\n"
	    "directories = { run = \"run\"; spool = \"/s/\"; intake = \"/i\"; hold = \"/h\";\n"
	    "  ledger = \"/l\"; };\n"
	    "policy = { agencies = \"x/a.conf\"; routing = \"/r.conf\"; crls = \"crls\";\n"
	    "  profile = \"no-eku\"; };\n"
	    "keys = \"/k.conf\";\n"
	    "listen = ( { name = \"in\"; zone = \"inside\"; protocol = \"lmtp\";\n"
	    "  at = \"unix:in.sock\"; mode = \"0666\"; group = \"postfix\"; },\n"
	    "  { name = \"out\"; zone = \"outside\"; protocol = \"smtp\";\n"
	    "  at = \"inet:[::1]:25\"; } );\n"
	    "relay = { to = \"inet:127.0.0.1:10026\"; protocol = \"lmtp\"; };\n"
	    "workers = { sessions = 3; inspectors = 2; session_messages = 5;\n"
	    "  inspect_messages = 6; inspect_timeout = 7; };\n"
	    "limits = { message = 1000000; recipients = 9; commands = 10; errors = 11;\n"
	    "  command_seconds = 12; data_seconds = 13; session_seconds = 14; retry_days = 15; };\n"
	    "users = { session = \"u1\"; inspect = \"u2\"; keyd = \"u3\"; ledger = \"u4\"; };\n"
	    "sandbox = { landlock = \"optional\"; };\n"
	    "log = \"syslog\";\n";
	struct settings *s;
	struct error e;
	char wanted[128];

	(void)state;
	write_file(full);
	assert_int_equal(settings_load(file, &s, &e), 0);
	assert_string_equal(s->act.authserv_id, "b.example");
	assert_string_equal(s->act.postmaster, "vanthu@bavi.hanoi.example");
	snprintf(wanted, sizeof(wanted), "%s/run", folder);
	assert_string_equal(s->run_dir, wanted);
	assert_string_equal(s->spool_dir, "/s");
	assert_string_equal(s->act.spool_dir, "/s");
	assert_string_equal(s->act.intake_dir, "/i");
	assert_string_equal(s->act.hold_dir, "/h");
	assert_string_equal(s->ledger_dir, "/l");
	snprintf(wanted, sizeof(wanted), "%s/x/a.conf", folder);
	assert_string_equal(s->agencies, wanted);
	assert_string_equal(s->routing, "/r.conf");
	snprintf(wanted, sizeof(wanted), "%s/crls", folder);
	assert_string_equal(s->crl_dir, wanted);
	assert_string_equal(s->profile, "no-eku");
	assert_string_equal(s->keys, "/k.conf");
	assert_int_equal(s->listener_count, 2);
	assert_int_equal(s->listeners[0].mode, 0666);
	assert_string_equal(s->listeners[0].group, "postfix");
	assert_int_equal(s->listeners[0].zone, ZONE_INSIDE);
	assert_true(s->listeners[0].lmtp);
	assert_string_equal(s->listeners[1].at.host, "::1");
	assert_true(s->act.relay_lmtp);
	assert_int_equal(s->sessions, 3);
	assert_int_equal(s->inspectors, 2);
	assert_int_equal(s->limits.messages, 5);
	assert_int_equal(s->inspect_messages, 6);
	assert_int_equal(s->inspect_timeout_seconds, 7);
	assert_int_equal(s->limits.message_bytes, 1000000);
	assert_int_equal(s->limits.recipients, 9);
	assert_int_equal(s->limits.commands, 10);
	assert_int_equal(s->limits.errors, 11);
	assert_int_equal(s->limits.command_seconds, 12);
	assert_int_equal(s->limits.data_seconds, 13);
	assert_int_equal(s->limits.session_seconds, 14);
	assert_int_equal(s->retry_days, 15);
	assert_string_equal(s->users.session, "u1");
	assert_string_equal(s->users.inspect, "u2");
	assert_string_equal(s->users.keyd, "u3");
	assert_string_equal(s->users.ledger, "u4");
	assert_true(s->without_landlock);
	assert_true(s->syslog);
	settings_free(&s);
}

/* Each is appended to the minimal file, whose last line is 4, or replaces it. */
static const struct {
	const char *text;
	bool alone;
	const char *error; /* behind "FILE" */
} mistakes[] = {
	{ "hostname = \"a.example\";", true, ":1: the key \"listen\" is missing" },
	{ "colour = \"red\";", false, ":5: colour: unknown key" },
	{ "hostname = \"b.example\";", false, ":5: duplicate setting name" },
	{ "authserv_id = \"a b\";", false, ":5: authserv_id:" },
	{ "authserv_id = \"-a.example\";", false, ":5: authserv_id:" },
	{ "authserv_id = \"a..example\";", false, ":5: authserv_id:" },
	{ "postmaster = \"<x\";", false, ":5: postmaster:" },
	{ "log = \"journal\";", false, ":5: log: \"journal\" is neither" },
	{ "log = 1;", false, ":5: log: must be a string" },
	{ "workers = { sessions = 0; };", false, ":5: workers.sessions: 0 is not within" },
	{ "workers = {\n sessions = 501; };", false, ":6: workers.sessions: 501" },
	{ "workers = { sessions = 4294967297; };", false, ":5: the number does not fit" },
	{ "workers = { inspect_timeout = 300; };", false, ":5: workers.inspect_timeout" },
	{ "workers = { session = 1; };", false, ":5: workers.session: unknown key" },
	{ "limits = { message = 104857601; };", false, ":5: limits.message:" },
	{ "limits = { recipients = \"9\"; };", false, ":5: limits.recipients: must be" },
	{ "directories = { hold = \"/x\"; spool = \"/x/\"; };", false, ":5: directories:" },
	{ "directories = { run = \"/aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
	  "ffffffffffgggggggggghhhhhhhhhhiiiiiiiiiijjjjjjjjjj\"; };",
	    false, ":5: directories.run: too long" },
	{ "sandbox = { landlock = \"off\"; };", false, ":5: landlock: \"off\"" },
	{ "users = { root = \"x\"; };", false, ":5: users.root: unknown key" },
	{ "hostname = \"a.example\"; relay = { to = \"smtp:x\"; };\nlisten = ( );", true,
	    ":2: listen: has 0 listeners" },
	{ "hostname = \"a.example\"; relay = { to = \"tcp:1\"; };\n"
	  "listen = ( { name = \"o\"; zone = \"outside\"; protocol = \"smtp\";\n"
	  " at = \"inet:1.2.3.4:1\"; } );",
	    true, ":1: to: \"tcp:1\" is not an address" },
	{ "hostname = \"a.example\"; relay = { to = \"unix:/r\"; };\n"
	  "listen = ( { name = \"o\"; zone = \"outsides\"; protocol = \"smtp\";\n"
	  " at = \"inet:1.2.3.4:1\"; } );",
	    true, ":2: zone: \"outsides\"" },
	{ "hostname = \"a.example\"; relay = { to = \"unix:/r\"; };\n"
	  "listen = ( { name = \"o\"; zone = \"outside\"; protocol = \"smtp\";\n"
	  " at = \"inet:1.2.3.4:1\";\n mode = \"0660\"; } );",
	    true, ":4: mode: only a unix socket" },
	{ "hostname = \"a.example\"; relay = { to = \"unix:/r\"; };\n"
	  "listen = ( { name = \"o\"; zone = \"outside\"; protocol = \"smtp\";\n"
	  " at = \"unix:/o\";\n mode = \"0899\"; } );",
	    true, ":4: mode: must be octal" },
	{ "hostname = \"a.example\"; relay = { to = \"unix:/r\"; };\n"
	  "listen = ( { name = \"o\"; zone = \"outside\"; protocol = \"smtp\";\n"
	  " at = \"unix:/o\"; },\n { name = \"o\"; zone = \"outside\"; protocol = \"smtp\";\n"
	  " at = \"unix:/p\"; } );",
	    true, ":4: name: \"o\" is the name of another listener" },
	{ "hostname = \"a.example\"; relay = { to = \"unix:/r\"; };\n"
	  "listen = ( { name = \"O=1\"; zone = \"outside\"; protocol = \"smtp\";\n"
	  " at = \"unix:/o\"; } );",
	    true, ":2: name: \"O=1\" has other characters" },
};

static void
every_mistake_is_named_with_its_line(void **state)
{
	char text[2048], wanted[256];
	struct settings *s;
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		snprintf(text, sizeof(text), "%s%s\n", mistakes[i].alone ? "" : minimal,
		    mistakes[i].text);
		write_file(text);
		if (settings_load(file, &s, &e) == 0)
			fail_msg("accepted: %s", mistakes[i].text);
		assert_null(s);
		snprintf(wanted, sizeof(wanted), "%s%s", file, mistakes[i].error);
		if (strncmp(e.text, wanted, strlen(wanted)) != 0)
			fail_msg("%s: said \"%s\", not \"%s\"", mistakes[i].text, e.text, wanted);
		assert_int_equal(e.class, ERR_PERM);
	}
}

static void
descriptors_are_found_by_name(void **state)
{
	char *argv[] = { (char[]){ "/x/vanthu-keyd" }, (char[]){ "--config" }, (char[]){ "c" },
		(char[]){ "--fd" }, (char[]){ "listen=3" }, (char[]){ "--fd=in=17" }, NULL };
	struct settings_arguments a;

	(void)state;
	settings_arguments(6, argv, "test", &a);
	assert_string_equal(a.config, "c");
	assert_int_equal(settings_fd(&a, "listen"), 3);
	assert_int_equal(settings_fd(&a, "in"), 17);
	assert_int_equal(settings_fd(&a, "i"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_said_has_a_default),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(every_mistake_is_named_with_its_line),
		cmocka_unit_test(descriptors_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
