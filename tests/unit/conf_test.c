/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration: each thing that libconfig would misread or let pass is refused by place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/conf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char folder[] = "/tmp/vanthu-conf-XXXXXX";

static const struct conf_key keys[] = {
	{ "s", CONF_STRING, false, 1, 5 },
	{ "n", CONF_INT, false, -5, 5000000000 },
	{ "any", CONF_INT, false, 0, 0 },
	{ "b", CONF_BOOL, false, 0, 0 },
	{ "g", CONF_GROUP, false, 0, 0 },
	{ "list", CONF_GROUPS, false, 0, 0 },
	{ "names", CONF_STRINGS, false, 1, 3 },
};

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("sub", 0700) != 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink("a.conf");
	unlink("b.conf");
	unlink("sub/c.conf");
	return rmdir("sub") != 0 || chdir("/") != 0 || rmdir(folder) != 0;
}

static void
write_file(const char *name, const char *bytes, size_t len)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void
write_text(const char *name, const char *text)
{
	write_file(name, text, strlen(text));
}

static int
load_and_check(const char *text, struct conf **c, struct error *e)
{
	write_text("a.conf", text);
	if (conf_load("a.conf", c, e) != 0)
		return -1;
	return conf_check(conf_root(*c), keys, COUNT(keys), e);
}

static void
values_are_what_stands_there(void **state)
{
	struct conf *c;
	struct error e;
	const struct conf_node *root;
	char where[64];

	(void)state;
	assert_int_equal(load_and_check("s = \"h\\x41\"; # note 99999999999\n"
					"/* \"5000000000\n 5000000000 */ n = 3000000000L;\n"
					"any = 0x7fffffff; // 5000000000\n"
					"b = true; g = { s = \"x\"; };\n"
					"list = ( { s = \"1\"; },\n { s = \"2\"; } );\n"
					"names = [ \"a\", \"b\" ];\n",
			     &c, &e),
	    0);
	root = conf_root(c);
	assert_string_equal(conf_string(root, "s", ""), "hA");
	assert_true(conf_int(root, "n", 0) == 3000000000);
	assert_int_equal(conf_int(root, "any", 0), 0x7fffffff);
	assert_int_equal(conf_int(root, "none", 7), 7);
	assert_true(conf_bool(root, "b", false));
	assert_string_equal(conf_string(conf_child(root, "g"), "s", ""), "x");
	assert_int_equal(conf_count(conf_child(root, "list")), 2);
	assert_string_equal(
	    conf_string(conf_at(conf_child(root, "list"), 1), "s", ""), "2");
	assert_null(conf_at(conf_child(root, "list"), 2));
	assert_null(conf_name(conf_at(conf_child(root, "list"), 0)));
	assert_string_equal(conf_where(conf_at(conf_child(root, "list"), 1), where,
				sizeof(where)), "a.conf:7");
	assert_int_equal(conf_string_count(conf_child(root, "names")), 2);
	assert_string_equal(conf_string_at(conf_child(root, "names"), 1), "b");
	assert_null(conf_string_at(conf_child(root, "names"), 2));
	assert_int_equal(conf_string_count(conf_child(root, "s")), 1);
	assert_string_equal(conf_string_at(conf_child(root, "s"), 0), "hA");
	conf_free(&c);
	assert_null(c);
}

static const struct {
	const char *text, *error;
} mistakes[] = {
	/* syntax */
	{ "s = ;", "a.conf:1: syntax error" },
	{ "s = \"a\";\n\ns = \"b\";", "a.conf:3: duplicate setting name" },
	{ "g = {\n", "a.conf:1: syntax error" },
	/* what libconfig would misread */
	{ "n = 1;\nany = 3000000000;", "a.conf:2: the number does not fit 32 bits" },
	{ "any = 2147483648;", "a.conf:1: the number does not fit 32 bits" },
	{ "any = -2147483649;", "a.conf:1: the number does not fit 32 bits" },
	{ "any = 0x80000000;", "a.conf:1: the number does not fit 32 bits" },
	{ "any = 9223372036854775808L;", "a.conf:1: the number does not fit 64 bits" },
	{ "any = 99999999999999999999999999999999999999999999999999999999999999999999999999;",
	    "a.conf:1: a number that long" },
	{ "any = 0660;", "a.conf:1: a number with a leading zero" },
	{ "s = \"\\u00e9\";", "a.conf:1: unknown escape" },
	{ "s = \"\\.\";", "a.conf:1: unknown escape" },
	{ "s = \"a\\x00b\";", "a.conf:1: \\x00 would end" },
	{ "s = \"a\nb\";", "a.conf:1: a string must end" },
	{ "s = \"a\";\n/* ...\n\n", "a.conf:3: the file ends inside a comment" },
	{ "\xef\xbb\xbfs = \"a\";", "a.conf:1: begins with a byte-order mark" },
	{ "s = \"\xff\";", "a.conf:1: not UTF-8" },
	{ "s = \"\x01\";", "a.conf:1: a control character" },
	/* keys and types */
	{ "g = { };\nt = 1;", "a.conf:2: t: unknown key; known here: s, n," },
	{ "s = 1;", "a.conf:1: s: must be a string" },
	{ "s = \"\";", "a.conf:1: s: must not be empty" },
	{ "s = \"123456\";", "a.conf:1: s: has 6 bytes; 1 to 5" },
	{ "n = \"1\";", "a.conf:1: n: must be a whole number" },
	{ "n = 1.0;", "a.conf:1: n: must be a whole number" },
	{ "n = -6;", "a.conf:1: n: -6 is not within -5 to 5000000000" },
	{ "n = 5000000001L;", "a.conf:1: n: 5000000001 is not within" },
	{ "b = 1;", "a.conf:1: b: must be true or false" },
	{ "g = ( );", "a.conf:1: g: must be a group" },
	{ "list = { };", "a.conf:1: list: must be a list of groups" },
	{ "list = ( { },\n 1 );", "a.conf:2: list[1]: must be a group" },
	{ "names = 1;", "a.conf:1: names: must be strings" },
	{ "names = [ 1 ];", "a.conf:1: names[0]: must be a string" },
	{ "names = [ \"1234\" ];", "a.conf:1: names[0]: has 4 bytes" },
	/* includes */
	{ "\n@include \"/etc/passwd\"", "a.conf:2: @include takes" },
	{ "@include \"../a.conf\"", "a.conf:1: @include takes" },
	{ "@include \"sub/../../x\"", "a.conf:1: @include takes" },
	{ "@include \"\"", "a.conf:1: @include takes" },
	{ "@include a.conf", "a.conf:1: @include takes" },
	{ "@include \"a.conf\"", "a.conf:1: @include of a file that includes this one" },
	{ "@include \"none.conf\"", "none.conf: No such file" },
	{ "@include \"sub\"", "sub: not a regular file" },
};

static void
each_mistake_is_named_by_its_place(void **state)
{
	struct conf *c = NULL;
	struct error e;

	(void)state;
	for (size_t i = 0; i < COUNT(mistakes); i++) {
		if (load_and_check(mistakes[i].text, &c, &e) == 0)
			fail_msg("accepted: %s", mistakes[i].text);
		if (strncmp(e.text, mistakes[i].error, strlen(mistakes[i].error)) != 0)
			fail_msg("%s: said \"%s\", not \"%s\"", mistakes[i].text, e.text,
			    mistakes[i].error);
		assert_int_equal(e.class, ERR_PERM);
		conf_free(&c);
	}
}

static void
places_inside_included_files_are_theirs(void **state)
{
	static const struct {
		const char *c, *error;
	} rows[] = {
		{ "n = 1;\ns = 2;\n", "sub/c.conf:2: s: must be a string" },
		{ "n = 1;\n\nn = 2;", "sub/c.conf:3: duplicate setting name" },
		{ "\nn = 3000000000;", "sub/c.conf:2: the number does not fit" },
		{ "n = 1", "a.conf:3: t: unknown key" },
	};
	struct conf *c = NULL;
	struct error e;

	(void)state;
	write_text("b.conf", "b = true;\n  @include \"sub/c.conf\"\n");
	for (size_t i = 0; i < COUNT(rows); i++) {
		write_text("sub/c.conf", rows[i].c);
		assert_int_equal(
		    load_and_check("@include \"b.conf\"\n\nt = 1;\n", &c, &e), -1);
		if (strncmp(e.text, rows[i].error, strlen(rows[i].error)) != 0)
			fail_msg("%s: said \"%s\"", rows[i].error, e.text);
		conf_free(&c);
	}
}

static void
a_missing_key_is_named(void **state)
{
	static const struct conf_key needed[] = { { "must", CONF_INT, true, 0, 0 } };
	struct conf *c;
	struct error e;

	(void)state;
	assert_int_equal(load_and_check("\ng = { };\n", &c, &e), 0);
	assert_int_equal(conf_check(conf_child(conf_root(c), "g"), needed, 1, &e), -1);
	assert_string_equal(e.text, "a.conf:2: g: the key \"must\" is missing");
	assert_int_equal(conf_check(conf_root(c), needed, 1, &e), -1);
	conf_free(&c);
}

static void
a_file_that_others_may_write_or_a_link_is_refused(void **state)
{
	struct conf *c;
	struct error e;

	(void)state;
	write_text("a.conf", "");
	assert_int_equal(conf_load("a.conf", &c, &e), 0);
	conf_free(&c);
	assert_int_equal(chmod("a.conf", 0646), 0);
	assert_int_equal(conf_load("a.conf", &c, &e), -1);
	assert_null(c);
	assert_non_null(strstr(e.text, "everybody may write it"));
	assert_int_equal(chmod("a.conf", 0644), 0);
	unlink("b.conf");
	assert_int_equal(symlink("a.conf", "b.conf"), 0);
	assert_int_equal(conf_load("b.conf", &c, &e), -1);
	assert_non_null(strstr(e.text, "symbolic link"));
	assert_int_equal(load_and_check("@include \"b.conf\"", &c, &e), -1);
	assert_int_equal(unlink("b.conf"), 0);
	write_file("a.conf", "n = 1;\0n = 2;", 13);
	assert_int_equal(conf_load("a.conf", &c, &e), -1);
}

static void
deep_nesting_is_an_error_and_no_crash(void **state)
{
	enum { DEPTH = 20000 };
	static char text[2 * DEPTH + 10];
	struct conf *c;
	struct error e;

	(void)state;
	memcpy(text, "g = ", 4);
	memset(text + 4, '(', DEPTH);
	memset(text + 4 + DEPTH, ')', DEPTH);
	write_text("a.conf", text);
	assert_int_equal(conf_load("a.conf", &c, &e), -1);
	assert_null(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_what_stands_there),
		cmocka_unit_test(each_mistake_is_named_by_its_place),
		cmocka_unit_test(places_inside_included_files_are_theirs),
		cmocka_unit_test(a_missing_key_is_named),
		cmocka_unit_test(a_file_that_others_may_write_or_a_link_is_refused),
		cmocka_unit_test(deep_nesting_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
