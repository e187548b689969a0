/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/act/folder.h"

static char base[64];

static int
make_base(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "/tmp/vanthu-folder-test.XXXXXX");
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

/* "a b c": what stands in a folder below base, hidden names included, sorted. */
static const char *
listing(const char *below)
{
	static char out[1024];
	struct dirent **list;
	char path[256];
	int n;

	snprintf(path, sizeof(path), "%s/%s", base, below);
	out[0] = '\0';
	n = scandir(path, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (strcmp(list[i]->d_name, ".") != 0 && strcmp(list[i]->d_name, "..") != 0) {
			strcat(out, list[i]->d_name);
			strcat(out, " ");
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return out;
}

static int
commit(const char *text, const char *log, bool *existed, struct error *e)
{
	struct folder *f;
	char path[256];
	int result;

	if (folder_begin(base, "bavi/2012/05", "20120504-06-KH-VP", &f, e) != 0)
		return -1;
	assert_int_equal(folder_write(f, "original.eml", span_str(text), e), 0);
	assert_int_equal(folder_write_living(f, "status.log", span_str(log), e), 0);
	assert_string_equal(listing("bavi/2012/05/20120504-06-KH-VP"), existed != NULL && *existed
		? "original.eml status.log " : "");
	result = folder_commit(f, existed, path, sizeof(path), e);
	if (result == 0)
		assert_string_equal(path, "bavi/2012/05/20120504-06-KH-VP");
	folder_free(&f);
	return result;
}

static void
a_folder_appears_whole_and_leaves_nothing_hidden(void **state)
{
	bool existed = false;
	struct error e;

	(void)state;
	assert_int_equal(commit("text", "01", &existed, &e), 0);
	assert_false(existed);
	assert_string_equal(listing("bavi/2012/05"), "20120504-06-KH-VP ");
	assert_string_equal(listing("bavi/2012/05/20120504-06-KH-VP"), "original.eml status.log ");
}

static void
expect_mode(const char *below, mode_t mode)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", base, below);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

/* Also by a process with the umask of secrets, and where groups are handed on. */
static void
the_group_of_the_intake_folder_may_read_what_is_filed(void **state)
{
	mode_t old = umask(0077);
	bool existed = false;
	struct error e;

	(void)state;
	assert_int_equal(chmod(base, 02750), 0);
	assert_int_equal(commit("thu", "moi", &existed, &e), 0);
	(void)umask(old);
	expect_mode("bavi", 02750);
	expect_mode("bavi/2012/05", 02750);
	expect_mode("bavi/2012/05/20120504-06-KH-VP", 02750);
	expect_mode("bavi/2012/05/20120504-06-KH-VP/original.eml", 0640);
}

static void
the_same_again_is_success_and_other_bytes_are_doubt(void **state)
{
	bool existed = false;
	struct error e;

	(void)state;
	assert_int_equal(commit("text", "01", &existed, &e), 0);
	existed = true;
	assert_int_equal(commit("text", "01 03 and what a clerk wrote", &existed, &e), 0);
	assert_true(existed);
	assert_int_equal(commit("other", "01", &existed, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_string_equal(listing("bavi/2012/05"), "20120504-06-KH-VP ");
}

static void
what_a_crash_left_hidden_is_removed_by_the_next_attempt(void **state)
{
	char path[256];
	bool existed = false;
	struct error e;
	FILE *out;

	(void)state;
	for (const char *const *p = (const char *const[]){ "bavi", "bavi/2012", "bavi/2012/05",
		 "bavi/2012/05/.part-20120504-06-KH-VP", NULL };
	     *p != NULL; p++) {
		snprintf(path, sizeof(path), "%s/%s", base, *p);
		assert_int_equal(mkdir(path, 0750), 0);
	}
	strcat(path, "/original.eml");
	out = fopen(path, "w");
	fputs("half", out);
	fclose(out);
	assert_int_equal(commit("text", "01", &existed, &e), 0);
	assert_string_equal(listing("bavi/2012/05"), "20120504-06-KH-VP ");
}

/* F03: a link anywhere on the way is not followed. */
static void
f03_a_link_in_the_way_is_refused(void **state)
{
	char path[256], target[256];
	bool existed = false;
	struct error e;

	(void)state;
	snprintf(target, sizeof(target), "%s/elsewhere", base);
	assert_int_equal(mkdir(target, 0750), 0);
	snprintf(path, sizeof(path), "%s/bavi", base);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(commit("text", "01", &existed, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_string_equal(listing("elsewhere"), "");

	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/link", base);
	assert_int_equal(symlink(target, path), 0);
	struct folder *f;
	assert_int_equal(folder_begin(path, "", "name", &f, &e), -1);
	assert_null(f);
}

static void
f03_a_file_that_stands_there_is_never_written_through(void **state)
{
	struct folder *f;
	char path[256];
	struct error e;
	int fd;

	(void)state;
	assert_int_equal(folder_begin(base, "", "name", &f, &e), 0);
	snprintf(path, sizeof(path), "%s/.part-name/original.eml", base);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	assert_int_equal(folder_begin_file(f, "original.eml", &fd, &e), -1);
	assert_int_equal(folder_begin_file(f, "../out", &fd, &e), -1);
	assert_int_equal(folder_begin_file(f, "/tmp/out", &fd, &e), -1);
	folder_free(&f);
	assert_string_equal(listing(""), "");
}

static void
removing_is_durable_and_of_one_name_only(void **state)
{
	struct folder *f;
	char path[256];
	bool existed;
	struct error e;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(folder_begin(base, "", i ? "one" : "two", &f, &e), 0);
		assert_int_equal(folder_write(f, "original.eml", span_str("x"), &e), 0);
		assert_int_equal(folder_commit(f, &existed, path, sizeof(path), &e), 0);
		folder_free(&f);
	}
	assert_int_equal(folder_remove(base, "one", &e), 0);
	assert_string_equal(listing(""), "two ");
	assert_int_equal(folder_remove(base, "one", &e), -1);
	assert_int_equal(e.class, ERR_PERM);
}

int
main(void)
{
#define FOLDER_TEST(t) cmocka_unit_test_setup_teardown(t, make_base, remove_base)
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(a_folder_appears_whole_and_leaves_nothing_hidden),
		FOLDER_TEST(the_group_of_the_intake_folder_may_read_what_is_filed),
		FOLDER_TEST(the_same_again_is_success_and_other_bytes_are_doubt),
		FOLDER_TEST(what_a_crash_left_hidden_is_removed_by_the_next_attempt),
		FOLDER_TEST(f03_a_link_in_the_way_is_refused),
		FOLDER_TEST(f03_a_file_that_stands_there_is_never_written_through),
		FOLDER_TEST(removing_is_durable_and_of_one_name_only),
	};

	return cmocka_run_group_tests_name("folder", tests, NULL, NULL);
}
