/* SPDX-License-Identifier: Apache-2.0 */
/* The running configuration, written anew, says the same as the file it came from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/programs/settings.h"
#include "gateway/programs/snapshot.h"

static const char *const files[] = {
	"hostname = \"vanthu.bavi.hanoi.example\"; relay = { to = \"unix:r\"; };\n"
	"listen = ( { name = \"o\"; zone = \"outside\"; protocol = \"smtp\";\n"
	"  at = \"unix:o\"; } );\n",

	"hostname = \"a.example\"; authserv_id = \"b.example\";\n"
	"postmaster = \"vanthu@bavi.hanoi.example\";\n"
	"directories = { run = \"/r \\\" \\\\ ư\"; spool = \"/s\"; intake = \"/i\";\n"
	"  hold = \"/h\"; ledger = \"/l\"; };\n"
	"policy = { agencies = \"x/a.conf\"; routing = \"/r.conf\"; crls = \"crls\";\n"
	"  profile = \"no-eku\"; };\n"
	"keys = \"/k.conf\";\n"
	"listen = ( { name = \"in\"; zone = \"inside\"; protocol = \"lmtp\";\n"
	"  at = \"unix:in.sock\"; mode = \"0606\"; group = \"postfix\"; },\n"
	"  { name = \"out\"; zone = \"outside\"; protocol = \"smtp\";\n"
	"  at = \"inet:[::1]:25\"; } );\n"
	"relay = { to = \"inet:127.0.0.1:10026\"; protocol = \"lmtp\"; };\n"
	"workers = { sessions = 3; inspectors = 2; session_messages = 5;\n"
	"  inspect_messages = 6; inspect_timeout = 7; };\n"
	"limits = { message = 1000000; recipients = 9; commands = 10; errors = 11;\n"
	"  command_seconds = 12; data_seconds = 13; session_seconds = 14; };\n"
	"users = { session = \"u1\"; inspect = \"u2\"; keyd = \"u3\"; ledger = \"u4\"; };\n"
	"sandbox = { landlock = \"optional\"; };\n"
	"log = \"syslog\";\n",
};

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
what_is_written_anew_says_the_same(void **state)
{
	char folder[] = "/tmp/vanthu-snapshot-XXXXXX", before[64], after[64];
	struct settings *a, *b;
	struct error e;
	struct buf text;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(before, sizeof(before), "%s/before", folder);
	snprintf(after, sizeof(after), "%s/after", folder);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		buf_init(&text, 65536);
		write_file(before, files[i]);
		assert_int_equal(settings_load(before, &a, &e), 0);
		snapshot_write(a, a->agencies, a->routing, &text);
		assert_false(text.failed);
		write_file(after, buf_str(&text));
		if (settings_load(after, &b, &e) != 0)
			fail_msg("%s", e.text);
		/* They differ in nothing but where they were read. */
		memcpy(b->file, a->file, sizeof(b->file));
		assert_memory_equal(a, b, sizeof(*a));
		settings_free(&a);
		settings_free(&b);
		buf_free(&text);
	}
	assert_int_equal(unlink(before), 0);
	assert_int_equal(unlink(after), 0);
	assert_int_equal(rmdir(folder), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_anew_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
