/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies made safe for any relay: whatever goes in, what comes out has no hazard left, and
 * what was encoded decodes to what it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/codec.h"
#include "gateway/act/sevenbit.h"

#define INPUT_MAX (256 * 1024)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum writer { LINES, HEADER, BETWEEN, BASE64, QP, MEND_BASE64, MEND_QP, WRITER_COUNT };

static struct spool *
write_with(enum writer w, struct span in)
{
	struct spool *to = NULL;
	struct sink sink;
	struct error e;

	if (spool_new(NULL, 5 * INPUT_MAX, &to, &e) != 0)
		abort();
	sink_init(&sink, to);
	switch (w) {
	case LINES:
		sevenbit_put_lines(&sink, in);
		break;
	case HEADER:
		sevenbit_put_header(&sink, in);
		break;
	case BETWEEN:
		sevenbit_put_between(&sink, in);
		break;
	case BASE64:
		sevenbit_put_base64(&sink, in, false);
		break;
	case QP:
		sevenbit_put_qp(&sink, in, false);
		break;
	case MEND_BASE64:
		sevenbit_mend_base64(&sink, in);
		break;
	case MEND_QP:
		sevenbit_mend_qp(&sink, in);
		break;
	case WRITER_COUNT:
		abort();
	}
	int r = sink_flush(&sink, &e);
	sink_free(&sink);
	if (r == 0 && spool_seal(to, &e) == 0)
		return to;
	if (w != MEND_BASE64 && w != MEND_QP)
		abort(); /* only broken encodings may be refused */
	spool_free(&to);
	return NULL;
}

static void
check(enum writer w, struct span in, struct span out)
{
	unsigned left = sevenbit_hazards(out);
	struct buf decoded;

	if (w == LINES && (left & HAZARD_LF))
		abort();
	if (w == HEADER && (left & HAZARD_BLANK))
		abort();
	if (w >= BASE64 && left != 0)
		abort();
	if (w != BASE64 && w != QP)
		return;
	buf_init(&decoded, INPUT_MAX + 1);
	if ((w == BASE64 ? codec_base64_decode(out, false, &decoded)
	                 : codec_qp_decode(out, false, &decoded)) != CODEC_OK ||
	    !span_equal(in, buf_span(&decoded)))
		abort();
	buf_free(&decoded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > INPUT_MAX)
		return 0;
	struct span in = span_of(data + 1, size - 1);
	enum writer w = (enum writer)(data[0] % WRITER_COUNT);
	struct spool *out = write_with(w, in);

	if (out != NULL)
		check(w, in, spool_bytes(out));
	spool_free(&out);
	return 0;
}
