/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoded words and parameters of any bytes: what comes out is one line of well-formed
 * UTF-8 with nothing hidden in it, and a file name made of it is safe.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "gateway/inspect/decode.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_clean(struct span text)
{
	size_t at = 0;
	int32_t c;

	while ((c = text_next(text, &at)) != -1)
		if (c < 0 || text_is_hidden((uint32_t)c))
			abort();
}

static void
check_file_name(struct span text)
{
	struct buf name;

	buf_init(&name, TEXT_NAME_MAX);
	text_file_name(text, &name);
	if (name.failed || name.len == 0 || name.data[0] == '.' ||
	    memchr(name.data, '/', name.len) != NULL)
		abort();
	check_clean(buf_span(&name));
	buf_free(&name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct decode *decode;
	struct error e = { .class = ERR_NONE };
	struct span bytes = span_of(data, size);
	struct scan_parameter p = { .extended = true };
	size_t quote = span_find(bytes, '\'', 0);
	struct buf out;

	if (size > 64 * 1024)
		return 0; /* a field is not longer */
	if (decode == NULL && decode_open(&decode, &e) != 0)
		abort();
	buf_init(&out, 16 * 1024 * 1024);
	decode_text(decode, bytes, &out);
	if (out.failed)
		abort();
	check_clean(buf_span(&out));
	check_file_name(buf_span(&out));
	check_file_name(bytes);
	buf_reset(&out);
	p.charset = span_sub(bytes, 0, quote == SPAN_NOT_FOUND ? 0 : quote);
	p.value = span_from(bytes, quote == SPAN_NOT_FOUND ? 0 : quote + 1);
	decode_parameter(decode, &p, &out);
	if (out.failed)
		abort();
	check_clean(buf_span(&out));
	buf_free(&out);
	return 0;
}
