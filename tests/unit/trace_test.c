/* SPDX-License-Identifier: Apache-2.0 */
/* A trace as people and scripts read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/report/trace.h"

static const struct ledger_event events[] = {
	{ .tx = "01a", .at = 1795000000, .what = "received", .text = "by lmtp from outside",
	    .sender = "vanthu@soctay.hanoi.example", .subject = "Kế hoạch",
	    .number = "06/KH-VP" },
	{ .tx = "01a", .at = 1795000001, .what = "file:0", .text = "done: bavi/2026/06",
	    .sender = "vanthu@soctay.hanoi.example",
	    .recipient = "vanthu@bavi.hanoi.example" },
	{ .tx = "01b", .at = 1795000002, .what = "unheard-of" },
};

static void
people_read_a_heading_and_a_line_for_each_event(void **state)
{
	struct trace_text t = { .tx = "" };
	struct buf out;

	(void)state;
	setenv("LC_ALL", "C", 1);
	buf_init(&out, 4096);
	t.out = &out;
	for (size_t i = 0; i < 3; i++)
		trace_text_event(&t, &events[i]);
	assert_string_equal(buf_str(&out),
	    "Transaction 01a  <vanthu@soctay.hanoi.example>  06/KH-VP  Kế hoạch\n"
	    "  2026-11-18T11:06:40Z  received  by lmtp from outside\n"
	    "  2026-11-18T11:06:41Z  filing  <vanthu@bavi.hanoi.example>  done: bavi/2026/06\n"
	    "\n"
	    "Transaction 01b\n"
	    "  2026-11-18T11:06:42Z  unheard-of\n");
	buf_free(&out);
}

static void
scripts_read_an_array_of_objects(void **state)
{
	json_t *array = json_array(), *object;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		trace_json_event(array, &events[i]);
	assert_int_equal(json_array_size(array), 3);
	object = json_array_get(array, 1);
	assert_string_equal(json_string_value(json_object_get(object, "what")), "file:0");
	assert_string_equal(json_string_value(json_object_get(object, "at")),
	    "2026-11-18T11:06:41Z");
	assert_true(json_is_null(json_object_get(object, "number")));
	assert_int_equal(json_object_size(object), 8);
	json_decref(array);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_read_a_heading_and_a_line_for_each_event),
		cmocka_unit_test(scripts_read_an_array_of_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
