/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz harness without a fuzzer: once for each file of its corpus (the folder
 * tests/fuzz/corpus/NAME, where the program is called replay_NAME), and for each of them
 * with bytes cut off and changed in a fixed way. TAP: one line for each file.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1024 * 1024)
#define CHANGES 64 /* variants of each file */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A small generator with a fixed seed: every run tries the same variants. */
static uint32_t
next_number(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void
run_exactly(const uint8_t *data, size_t size)
{
	/* A copy of just this size, so that a sanitizer sees a read past the end. */
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		exit(99);
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void
run_variants(uint8_t *data, size_t size)
{
	uint32_t state = 2012;

	run_exactly(data, size);
	for (int i = 0; i < CHANGES && size > 0; i++) {
		size_t at = next_number(&state) % size;
		uint8_t old = data[at];

		data[at] = (uint8_t)next_number(&state);
		run_exactly(data, size);
		data[at] = old;
		run_exactly(data, at);
	}
}

static int
run_file(const char *folder, const char *name, uint8_t *data)
{
	char path[4096];
	size_t size;
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if ((in = fopen(path, "rb")) == NULL)
		return -1;
	size = fread(data, 1, INPUT_MAX, in);
	fclose(in);
	run_variants(data, size);
	return 0;
}

static int
is_input(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int
main(int argc, char **argv)
{
	const char *name = argc > 0 ? strstr(argv[0], "replay_") : NULL;
	const char *source = getenv("VANTHU_SRCDIR");
	uint8_t *data = malloc(INPUT_MAX);
	struct dirent **list;
	char folder[2048];
	int n, failed = 0;

	if (name == NULL || data == NULL)
		return 99;
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", source == NULL ? "." : source,
	    name + strlen("replay_"));
	n = scandir(folder, &list, is_input, alphasort);
	if (n <= 0) {
		printf("1..1\nnot ok 1 - there is a corpus in %s\n", folder);
		return 1;
	}
	run_exactly(data, 0);
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		int bad = run_file(folder, list[i]->d_name, data) != 0;

		printf("%sok %d - %s and its variants do no harm\n", bad ? "not " : "", i + 1,
		    list[i]->d_name);
		fflush(stdout);
		failed |= bad;
		free(list[i]);
	}
	free(list);
	free(data);
	return failed;
}
