/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second opinion of libetpan, in a child for each message because some kill it: for
 * each path on standard input, one line "tree SHAPE" (see gmime_tree.c), or "tree !" when
 * the child died or took too long.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libetpan/libetpan.h>

#define MESSAGE_MAX (8 * 1024 * 1024)

static const char *
main_type(const struct mailmime_type *type)
{
	if (type->tp_type == MAILMIME_TYPE_COMPOSITE_TYPE)
		return type->tp_data.tp_composite_type->ct_type ==
		    MAILMIME_COMPOSITE_TYPE_MESSAGE ? "message" : "multipart";
	switch (type->tp_data.tp_discrete_type->dt_type) {
	case MAILMIME_DISCRETE_TYPE_TEXT:
		return "text";
	case MAILMIME_DISCRETE_TYPE_IMAGE:
		return "image";
	case MAILMIME_DISCRETE_TYPE_AUDIO:
		return "audio";
	case MAILMIME_DISCRETE_TYPE_VIDEO:
		return "video";
	case MAILMIME_DISCRETE_TYPE_APPLICATION:
		return "application";
	default:
		return type->tp_data.tp_discrete_type->dt_extension;
	}
}

static void
print_lower(const char *s)
{
	for (; *s != '\0'; s++)
		putchar(tolower((unsigned char)*s));
}

static void
print_mime(struct mailmime *mime)
{
	if (mime->mm_type == MAILMIME_MESSAGE && mime->mm_parent == NULL) {
		if (mime->mm_data.mm_message.mm_msg_mime != NULL)
			print_mime(mime->mm_data.mm_message.mm_msg_mime);
		return;
	}
	if (mime->mm_content_type == NULL) {
		fputs("text/plain", stdout);
	} else {
		print_lower(main_type(mime->mm_content_type->ct_type));
		putchar('/');
		print_lower(mime->mm_content_type->ct_subtype);
	}
	if (mime->mm_type == MAILMIME_MULTIPLE) {
		const char *comma = "";

		putchar('(');
		for (clistiter *i = clist_begin(mime->mm_data.mm_multipart.mm_mp_list);
		    i != NULL; i = clist_next(i)) {
			fputs(comma, stdout);
			comma = ",";
			print_mime(clist_content(i));
		}
		putchar(')');
	} else if (mime->mm_type == MAILMIME_MESSAGE) {
		putchar('(');
		if (mime->mm_data.mm_message.mm_msg_mime != NULL)
			print_mime(mime->mm_data.mm_message.mm_msg_mime);
		putchar(')');
	}
}

static void
parse(const char *path)
{
	char *bytes = malloc(MESSAGE_MAX);
	FILE *f = fopen(path, "rb");
	struct mailmime *mime = NULL;
	size_t at = 0, length;

	if (bytes == NULL || f == NULL)
		_exit(1);
	length = fread(bytes, 1, MESSAGE_MAX, f);
	fclose(f);
	alarm(5);
	if (mailmime_parse(bytes, length, &at, &mime) == MAILIMF_NO_ERROR && mime != NULL)
		print_mime(mime);
	fflush(stdout);
	_exit(0);
}

static void
one_message(const char *path)
{
	char shape[65536];
	int fds[2], status;
	size_t length = 0;
	ssize_t n;
	pid_t child;

	if (pipe(fds) != 0 || (child = fork()) < 0)
		exit(1);
	if (child == 0) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		parse(path);
	}
	close(fds[1]);
	while (length < sizeof(shape) &&
	    (n = read(fds[0], shape + length, sizeof(shape) - length)) > 0)
		length += (size_t)n;
	close(fds[0]);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0)
		puts("tree !");
	else
		printf("tree %.*s\n", (int)length, shape);
	fflush(stdout);
}

int
main(void)
{
	char path[4096];

	while (fgets(path, sizeof(path), stdin) != NULL) {
		path[strcspn(path, "\n")] = '\0';
		one_message(path);
	}
	return 0;
}
