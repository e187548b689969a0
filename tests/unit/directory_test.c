/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of agencies: who owns a mailbox when, whose certificate it is, and that each
 * mistake in agencies.conf is refused with its line and a proposal.
 */
#include "gateway/decide/directory.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "gateway/decide/glob.h"

static char folder[] = "/tmp/directory_test.XXXXXX";
static char path[64];

static int
load(const char *text, struct directory **d, struct error *e)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	error_clear(e);
	return directory_load(path, d, e);
}

static int64_t
at(const char *text)
{
	int64_t t;

	assert_true(clock_parse_rfc3339(span_str(text), &t));
	return t;
}

static const char *
owner(const struct directory *d, const char *address, const char *when)
{
	const struct agency *a = directory_by_mailbox(d, span_str(address), at(when));

	return a == NULL ? "nobody" : agency_id(a);
}

#define NOW "2012-06-01T00:00:00Z"

static const char city[] =
    "agencies = (\n"
    "  { id = \"vpub\"; name = \"Văn phòng UBND Thành phố\"; code = \"H26\";\n"
    "    mailboxes = [ \"vanthu@vpub.hanoi.example\", \"phathanh@vpub.hanoi.example\" ];\n"
    "    certificates = ( { issuer = \"CN=Hanoi CA,*\"; subject = \"CN=VPUB,*\"; },\n"
    "                     { issuer = \"CN=G2*\"; serial = \"00aB\"; } ); },\n"
    "  { id = \"bavi\"; name = \"UBND huyện Ba Vì\"; parent = \"vpub\";\n"
    "    valid_to = \"2025-07-01\";\n"
    "    mailboxes = ( \"vanthu@bavi.hanoi.example\",\n"
    "      { address = \"cu@hanoi.example\"; valid_to = \"2012-05-04\"; } );\n"
    "    certificates = ( { sha256 =\n"
    "\"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:"
    "AA:BB:CC:DD:EE:FF\";\n"
    "      addresses = \"vanthu@bavi.hanoi.example\"; valid_from = \"2012-01-01\"; } ); },\n"
    "  { id = \"taydang\"; name = \"UBND thị trấn Tây Đằng\"; parent = \"bavi\";\n"
    "    mailboxes = ( { address = \"cu@hanoi.example\"; valid_from = \"2012-05-04\"; } ); }\n"
    ");\n"
    "groups = ( { id = \"huyen\"; members = [ \"bavi\" ]; } );\n"
    "anchors = ( { file = \"city-ca.pem\"; valid_to = \"2019-06-15\"; } );\n";

static void
a_mailbox_belongs_to_the_agency_of_that_second(void **state)
{
	struct directory *d;
	struct error e;

	(void)state;
	assert_int_equal(load(city, &d, &e), 0);
	assert_string_equal(owner(d, "vanthu@vpub.hanoi.example", NOW), "vpub");
	assert_string_equal(owner(d, "vanthu@VPUB.Hanoi.EXAMPLE", NOW), "vpub");
	assert_string_equal(owner(d, "Vanthu@vpub.hanoi.example", NOW), "nobody");
	assert_string_equal(owner(d, "vanthu@vpub.hanoi.example.vn", NOW), "nobody");
	assert_string_equal(owner(d, "", NOW), "nobody");
	assert_string_equal(owner(d, "@", NOW), "nobody");
	/* A date alone begins at midnight in Viet Nam; the last second belongs to the next. */
	assert_string_equal(owner(d, "cu@hanoi.example", "2012-05-03T16:59:59Z"), "bavi");
	assert_string_equal(owner(d, "cu@hanoi.example", "2012-05-03T17:00:00Z"), "taydang");
	/* A mailbox does not outlive its agency. */
	assert_string_equal(owner(d, "vanthu@bavi.hanoi.example", "2025-06-30T16:59:59Z"),
	    "bavi");
	assert_string_equal(owner(d, "vanthu@bavi.hanoi.example", "2025-06-30T17:00:00Z"),
	    "nobody");
	directory_free(&d);
}

static void
agencies_form_a_tree_and_groups(void **state)
{
	const struct agency *vpub, *bavi, *town;
	struct directory *d;
	struct error e;

	(void)state;
	assert_int_equal(load(city, &d, &e), 0);
	vpub = directory_find(d, span_str("vpub"));
	bavi = directory_find(d, span_str("bavi"));
	town = directory_find(d, span_str("taydang"));
	assert_non_null(vpub);
	assert_ptr_equal(directory_at(d, agency_index(bavi)), bavi);
	assert_null(directory_find(d, span_str("vpu")));
	assert_ptr_equal(agency_parent(town), bavi);
	assert_true(agency_is_below(town, vpub));
	assert_false(agency_is_below(vpub, town));
	assert_false(agency_is_below(vpub, vpub));
	assert_string_equal(agency_code(vpub), "H26");
	assert_string_equal(agency_code(bavi), "");
	assert_int_equal(agency_mailbox_count(vpub), 2);
	assert_string_equal(agency_mailbox(vpub, 1), "phathanh@vpub.hanoi.example");
	assert_int_equal(directory_group_count(d), 1);
	assert_ptr_equal(directory_group_member(d, 0, 0), bavi);
	assert_int_equal(directory_anchor_count(d), 1);
	assert_int_equal(directory_anchor(d, 0).valid_to, at("2019-06-14T17:00:00Z"));
	assert_int_equal(strncmp(directory_anchor(d, 0).file, folder, strlen(folder)), 0);
	assert_int_equal(directory_binding_count(d), 1);
	assert_string_equal(directory_binding(d, 0).address, "vanthu@bavi.hanoi.example");
	directory_free(&d);
}

static void
a_certificate_speaks_for_its_agency_only(void **state)
{
	static const uint8_t known[32] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
		0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x11, 0x22, 0x33, 0x44,
		0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
	static const uint8_t other[32] = { 0xff };
	struct span subject = span_str("CN=VPUB,O=UBND"), issuer = span_str("CN=Hanoi CA,C=VN");
	struct span serial = span_str("01"), none = span_str("");
	const struct agency *vpub, *bavi, *town;
	struct directory *d;
	struct error e;
	int64_t now = at(NOW);

	(void)state;
	assert_int_equal(load(city, &d, &e), 0);
	vpub = directory_find(d, span_str("vpub"));
	bavi = directory_find(d, span_str("bavi"));
	town = directory_find(d, span_str("taydang"));
	assert_ptr_equal(directory_by_certificate(d, known, none, none, none, now), bavi);
	assert_null(directory_by_certificate(d, known, none, none, none,
	    at("2011-06-01T00:00:00Z")));
	assert_ptr_equal(directory_by_certificate(d, other, subject, issuer, serial, now),
	    vpub);
	assert_null(directory_by_certificate(d, other, subject, span_str("CN=Evil CA,C=VN"),
	    serial, now));
	assert_ptr_equal(directory_by_certificate(d, other, none, span_str("CN=G2"),
	    span_str("AB"), now), vpub);
	assert_false(agency_takes_certificate(bavi, other, subject, issuer, serial, now));
	assert_true(agency_takes_certificate(bavi, known, subject, issuer, serial, now));
	assert_true(agency_takes_certificate(vpub, other, subject, issuer, serial, now));
	/* No certificate is listed: whatever the anchors vouch for. */
	assert_true(agency_takes_certificate(town, other, subject, issuer, serial, now));
	/* Some are listed, none of them holds: none may. */
	assert_false(agency_takes_certificate(bavi, known, subject, issuer, serial,
	    at("2011-06-01T00:00:00Z")));
	directory_free(&d);
}

static void
the_digest_changes_with_the_text(void **state)
{
	struct directory *a, *b;
	struct error e;

	(void)state;
	assert_int_equal(load("agencies = ( { id = \"a\"; name = \"A\"; } );", &a, &e), 0);
	assert_int_equal(load("agencies = ( { id = \"a\"; name = \"B\"; } );", &b, &e), 0);
	assert_memory_not_equal(directory_digest(a), directory_digest(b), 32);
	directory_free(&a);
	directory_free(&b);
}

#define AGENCIES(list) "agencies = (" list ");\n"
#define A(rest) "{ id = \"a\"; name = \"A\";\n" rest " }"
#define B(rest) ",\n{ id = \"b\"; name = \"B\";\n" rest " }"
#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct {
	const char *text, *line, *says;
} mistakes[] = {
	{ "agencies = ();", ":1:", "1 to" },
	{ "x = 1;\n" AGENCIES(A("")), ":1:", "unknown key" },
	{ "groups = ();", ":", "\"agencies\" is missing" },
	{ AGENCIES(A("colour = 1;")), ":2:", "unknown key" },
	{ AGENCIES("{ id = \"a\"; }"), ":1:", "\"name\" is missing" },
	{ AGENCIES("{ id = \"../a\"; name = \"A\"; }"), ":1:", "may hold a-z" },
	{ AGENCIES("{ id = \"a.\"; name = \"A\"; }"), ":1:", "may hold a-z" },
	{ AGENCIES("{ id = \"none\"; name = \"A\"; }"), ":1:", "choose another" },
	{ AGENCIES(A("") ",\n" A("")), ":3:", "ids are given once" },
	{ AGENCIES(A("parent = \"a\";")), ":2:", "above itself" },
	{ AGENCIES(A("parent = \"b\";") B("parent = \"a\";")), ":", "above itself" },
	{ AGENCIES("{ id = \"vpub\"; name = \"A\"; }" B("parent = \"vbup\";")), ":3:",
	    "did you mean \"vpub\"?" },
	{ AGENCIES(A("mailboxes = [ \"a b@x.example\" ];")), ":2:", "a b@x.example" },
	{ AGENCIES(A("mailboxes = ( { adress = \"a@x.example\"; } );")), ":2:", "unknown key" },
	{ AGENCIES(A("mailboxes = \"a@x.example\";") B("mailboxes = \"a@X.example\";")), ":4:",
	    "at the same time a mailbox of" },
	{ AGENCIES(A("valid_to = \"2012-05-04\"; mailboxes = ( { address = \"a@x.example\"; "
		     "valid_from = \"2013-01-01\"; } );")),
	    ":2:", "only while the agency" },
	{ AGENCIES(A("valid_from = \"04/05/2012\";")), ":2:", "write \"2012-05-04\"" },
	{ AGENCIES(A("valid_from = \"2012-05-04\"; valid_to = \"2012-05-04\";")), ":",
	    "must be after valid_from" },
	{ AGENCIES(A("certificates = ( { subject = \"CN=A\"; } );")), ":2:",
	    "issuer: is missing" },
	{ AGENCIES(A("certificates = ( { sha256 = \"" HEX "\"; issuer = \"CN=A\"; } );")),
	    ":2:", "leave subject" },
	{ AGENCIES(A("certificates = ( { sha256 = \"" HEX "0\"; } );")), ":2:", "64 hex" },
	{ AGENCIES(A("certificates = ( { issuer = \"I\"; subject = \"S\"; },\n"
		     "{ issuer = \"I\"; subject = \"S\"; } );")),
	    ":3:", "same certificate" },
	{ AGENCIES(A("certificates = ( { sha256 = \"" HEX "\"; } );")
		B("certificates = ( { sha256 = \"" HEX "\"; } );")),
	    ":4:", "same certificate" },
	{ AGENCIES(A("certificates = ( { issuer = \"I\"; addresses = \"a@x.example\"; } );")),
	    ":2:", "sha256 can be given" },
	{ AGENCIES(A("certificates = ( { sha256 = \"" HEX
		     "\"; addresses = \"a@x.example\"; } );")),
	    ":2:", "no mailbox of \"a\"" },
	{ AGENCIES(A("")) "groups = ( { id = \"g\"; members = [ \"aa\" ]; } );", ":3:",
	    "there is no agency \"aa\"" },
	{ AGENCIES(A("")) "groups = ( { id = \"g\"; members = \"a\"; },\n"
			  "{ id = \"g\"; members = \"a\"; } );",
	    ":4:", "stands twice" },
	{ AGENCIES(A("")) "anchors = ( { path = \"x\"; } );", ":3:", "unknown key" },
};

static void
each_mistake_is_refused_with_its_line(void **state)
{
	struct directory *d;
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		assert_int_equal(load(mistakes[i].text, &d, &e), -1);
		assert_null(d);
		assert_int_equal(e.class, ERR_PERM);
		if (strstr(e.text, mistakes[i].line) == NULL ||
		    strstr(e.text, mistakes[i].says) == NULL ||
		    strncmp(e.text, path, strlen(path)) != 0)
			fail_msg("mistake %zu: %s", i, e.text);
	}
}

/* Two agencies may share an authority, and one agency may have two certificates. */
static void
what_only_looks_doubled_is_taken(void **state)
{
	struct directory *d;
	struct error e;

	(void)state;
	assert_int_equal(load(AGENCIES(A("certificates = ( { issuer = \"I\"; } );")
				  B("certificates = ( { issuer = \"I\"; } );")), &d, &e), 0);
	directory_free(&d);
	assert_int_equal(load(AGENCIES(A("certificates = ( { sha256 = \"" HEX "\"; "
					 "valid_to = \"2013-01-01\"; } );")
				  B("certificates = ( { sha256 = \"" HEX "\"; "
				    "valid_from = \"2013-01-01\"; } );")), &d, &e), 0);
	directory_free(&d);
}

static void
a_pattern_never_goes_back(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool takes;
	} rows[] = {
		{ "", "", true }, { "", "a", false }, { "*", "", true }, { "*", "abc", true },
		{ "abc", "abc", true }, { "abc", "abcd", false }, { "a*c", "abc", true },
		{ "a*c", "ac", true }, { "a*c", "acb", false }, { "ab*ba", "aba", false },
		{ "*ab*", "xxabyy", true }, { "a**b", "ab", true }, { "*a*b*c", "xxbac", false },
		{ "application/*", "application/pdf", true }, { "a?c", "abc", false },
		{ "CN=Đ*", "CN=Đông Anh", true },
	};
	static char long_text[100001], long_pattern[2001];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(glob_match(span_str(rows[i].pattern), span_str(rows[i].text)),
		    rows[i].takes);
	memset(long_text, 'a', sizeof(long_text) - 1);
	for (size_t i = 0; i + 1 < sizeof(long_pattern); i += 2)
		memcpy(&long_pattern[i], "*a", 2);
	long_pattern[sizeof(long_pattern) - 2] = 'b';
	assert_false(glob_match(span_str(long_pattern), span_str(long_text)));
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/agencies.conf", folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mailbox_belongs_to_the_agency_of_that_second),
		cmocka_unit_test(agencies_form_a_tree_and_groups),
		cmocka_unit_test(a_certificate_speaks_for_its_agency_only),
		cmocka_unit_test(the_digest_changes_with_the_text),
		cmocka_unit_test(each_mistake_is_refused_with_its_line),
		cmocka_unit_test(what_only_looks_doubled_is_taken),
		cmocka_unit_test(a_pattern_never_goes_back),
	};

	return cmocka_run_group_tests_name("directory", tests, set_up, tear_down);
}
