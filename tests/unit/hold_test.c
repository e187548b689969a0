/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/act/act.h"
#include "gateway/act/hold.h"

#define MESSAGE "From: vanthu@vpub.hanoi.example\r\n\r\nnoi dung\r\n"
#define TX "0123456789abcdefghjkmnpqrs"

static char base[64];

static int
make_base(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "/tmp/vanthu-hold-test.XXXXXX");
	return mkdtemp(base) == NULL ? -1 : 0;
}

static int
remove_base(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command);
}

static void
hold_a_message(unsigned days, struct act_result *result)
{
	struct act_settings settings = { .hold_days = days };
	struct envelope *env = calloc(1, sizeof(*env));
	struct plan *plan = plan_new();
	struct facts *facts = facts_new();
	struct spool *message;
	struct error e;

	snprintf(settings.hold_dir, sizeof(settings.hold_dir), "%s", base);
	memcpy(env->tx, TX, sizeof(TX));
	env->zone = ZONE_OUTSIDE;
	env->accepted_at = 1336096500;
	strcpy(env->sender, "vanthu@vpub.hanoi.example");
	memcpy(plan->tx, TX, sizeof(TX));
	plan->recipient_count = 1;
	strcpy(plan->recipients[0].address, "vanthu@bavi.hanoi.example");
	plan->recipients[0].reason = REASON_UNSIGNED;
	plan->recipients[0].outcome = OUTCOME_HOLD;
	assert_int_equal(plan_add_step(plan, ACTION_HOLD, 0, "", &e), 0);
	assert_int_equal(spool_new(NULL, 1000, &message, &e), 0);
	assert_int_equal(spool_append(message, span_str(MESSAGE), &e), 0);
	assert_int_equal(spool_seal(message, &e), 0);
	struct act_job job = { .settings = &settings,
		.envelope = env,
		.facts = facts,
		.plan = plan,
		.received = message,
		.deadline = deadline_never() };
	const struct plan_step *steps[] = { &plan->steps[0] };
	act_hold(&job, steps, 1, result);
	spool_free(&message);
	facts_free(&facts);
	plan_free(&plan);
	free(env);
}

static void
what_is_held_is_read_back_as_it_came(void **state)
{
	struct act_result result;
	struct envelope *env = calloc(1, sizeof(*env));
	struct spool *message;
	struct error e;
	json_t *record;

	(void)state;
	hold_a_message(30, &result);
	assert_int_equal(result.status, ACT_DONE);
	assert_string_equal(result.text, TX "-0");
	hold_a_message(31, &result); /* a redelivery finds it there, reconfigured or not */
	assert_int_equal(result.status, ACT_DONE);

	assert_int_equal(hold_read(base, TX "-0", &record, &e), 0);
	assert_string_equal(json_string_value(json_object_get(record, "reason")), "unsigned");
	assert_string_equal(
	    json_string_value(json_object_get(record, "expires_at")), "2012-06-03T01:55:00Z");
	json_decref(record);

	assert_int_equal(hold_open(base, TX "-0", NULL, env, &message, &e), 0);
	assert_int_equal(spool_size(message), strlen(MESSAGE));
	assert_memory_equal(spool_bytes(message).ptr, MESSAGE, strlen(MESSAGE));
	assert_int_equal(env->source, SOURCE_RELEASE);
	assert_int_equal(env->accepted_at, 1336096500);
	assert_string_equal(env->recipients[0], "vanthu@bavi.hanoi.example");
	assert_string_equal(env->slot, TX "-0");
	assert_string_not_equal(env->tx, TX);
	spool_free(&message);

	assert_int_equal(hold_remove(base, TX "-0", &e), 0);
	assert_int_equal(hold_read(base, TX "-0", &record, &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	free(env);
}

static void
only_names_of_held_messages_become_paths(void **state)
{
	static const char *const names[] = { "", "..", "../" TX "-0", TX, TX "-", TX "-x",
		TX "-0/..", TX "-0000", "/etc/passwd", "x" TX "-0", TX "-0 " };

	(void)state;
	assert_true(hold_name_ok(TX "-0"));
	assert_true(hold_name_ok(TX "-99"));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct error e;
		json_t *record;

		assert_false(hold_name_ok(names[i]));
		assert_int_equal(hold_read(base, names[i], &record, &e), -1);
		assert_int_equal(hold_remove(base, names[i], &e), -1);
		assert_int_equal(e.class, ERR_PERM);
	}
}

static void
count(void *context, const char *name, const json_t *record)
{
	int *n = context;

	assert_string_equal(name, TX "-0");
	assert_non_null(record);
	*n += 1;
}

static void
the_list_shows_each_held_message_once(void **state)
{
	struct act_result result;
	struct error e;
	int n = 0;

	(void)state;
	assert_int_equal(hold_list(base, count, &n, &e), 0);
	assert_int_equal(n, 0);
	hold_a_message(30, &result);
	assert_int_equal(hold_list(base, count, &n, &e), 0);
	assert_int_equal(n, 1);
}

static void
a_hold_that_cannot_be_written_is_tried_again(void **state)
{
	struct act_result result;
	char saved[sizeof(base)];

	(void)state;
	memcpy(saved, base, sizeof(base));
	snprintf(base, sizeof(base), "/nonexistent");
	hold_a_message(30, &result);
	memcpy(base, saved, sizeof(base));
	assert_int_equal(result.status, ACT_RETRY);
	assert_non_null(strstr(result.text, "/nonexistent"));
}

int
main(void)
{
#define HOLD_TEST(t) cmocka_unit_test_setup_teardown(t, make_base, remove_base)
	const struct CMUnitTest tests[] = {
		HOLD_TEST(what_is_held_is_read_back_as_it_came),
		HOLD_TEST(only_names_of_held_messages_become_paths),
		HOLD_TEST(the_list_shows_each_held_message_once),
		HOLD_TEST(a_hold_that_cannot_be_written_is_tried_again),
	};

	return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
