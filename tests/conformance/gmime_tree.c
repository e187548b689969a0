/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second opinion of GMime: for each path on standard input, one line "tree SHAPE" with
 * the shape of the message, as tests/conformance/mime_differ.py writes it:
 * "multipart/mixed(text/plain,message/rfc822(text/plain))".
 */
#include <stdio.h>
#include <string.h>

#include <gmime/gmime.h>

/* Iterative printing is not needed: the messages given here are bounded in depth. */
static void
print_object(GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	char *name = g_mime_content_type_get_mime_type(type);
	char *lower = g_ascii_strdown(name, -1);

	fputs(lower, stdout);
	if (GMIME_IS_MULTIPART(object)) {
		int count = g_mime_multipart_get_count(GMIME_MULTIPART(object));

		putchar('(');
		for (int i = 0; i < count; i++) {
			if (i > 0)
				putchar(',');
			print_object(g_mime_multipart_get_part(GMIME_MULTIPART(object), i));
		}
		putchar(')');
	} else if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *message =
		    g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));

		putchar('(');
		if (message != NULL && g_mime_message_get_mime_part(message) != NULL)
			print_object(g_mime_message_get_mime_part(message));
		putchar(')');
	}
	g_free(lower);
	g_free(name);
}

static void
one_message(const char *path)
{
	GMimeStream *stream = g_mime_stream_file_open(path, "r", NULL);
	GMimeParser *parser;
	GMimeMessage *message;

	fputs("tree ", stdout);
	if (stream != NULL) {
		parser = g_mime_parser_new_with_stream(stream);
		message = g_mime_parser_construct_message(parser, NULL);
		if (message != NULL && g_mime_message_get_mime_part(message) != NULL)
			print_object(g_mime_message_get_mime_part(message));
		if (message != NULL)
			g_object_unref(message);
		g_object_unref(parser);
		g_object_unref(stream);
	}
	putchar('\n');
	fflush(stdout);
}

int
main(void)
{
	char path[4096];

	g_mime_init();
	while (fgets(path, sizeof(path), stdin) != NULL) {
		path[strcspn(path, "\n")] = '\0';
		one_message(path);
	}
	g_mime_shutdown();
	return 0;
}
