/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict decoders: whole or in pieces they say the same, and what they accept survives
 * being encoded and decoded again. The first byte chooses the codec, the line ends and the
 * size of the pieces.
 */
#include <stdint.h>
#include <stdlib.h>

#include "common/codec.h"

#define OUTPUT_MAX (4 * 1024 * 1024)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool promise)
{
	if (!promise)
		abort();
}

static enum codec_result
in_pieces(enum codec_kind kind, bool lf, struct span in, size_t step, struct buf *out)
{
	struct codec_decoder d;
	enum codec_result r = CODEC_OK;

	codec_decoder_init(&d, kind, lf);
	for (size_t i = 0; i < in.len && r == CODEC_OK; i += step)
		r = codec_decoder_put(&d, span_sub(in, i, step), out);
	return r == CODEC_OK ? codec_decoder_end(&d, out) : r;
}

static void
there_and_back(enum codec_kind kind, struct span bytes)
{
	struct buf text, back;

	buf_init(&text, 4 * OUTPUT_MAX);
	buf_init(&back, OUTPUT_MAX);
	if (kind == CODEC_BASE64) {
		codec_base64_encode(bytes, &text);
		must(codec_base64_decode(buf_span(&text), false, &back) == CODEC_OK);
	} else {
		codec_qp_encode(bytes, &text);
		must(codec_qp_decode(buf_span(&text), false, &back) == CODEC_OK);
	}
	must(span_equal(buf_span(&back), bytes));
	buf_free(&text);
	buf_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, pieces;
	enum codec_result r;

	if (size == 0)
		return 0;
	enum codec_kind kind = (data[0] & 1) != 0 ? CODEC_BASE64 : CODEC_QP;
	bool lf = (data[0] & 2) != 0;
	size_t step = (size_t)(data[0] >> 2) + 1;
	struct span in = span_of(data + 1, size - 1);

	buf_init(&whole, OUTPUT_MAX);
	buf_init(&pieces, OUTPUT_MAX);
	r = kind == CODEC_BASE64 ? codec_base64_decode(in, lf, &whole) :
	    codec_qp_decode(in, lf, &whole);
	must(in_pieces(kind, lf, in, step, &pieces) == r);
	must(r != CODEC_OK || span_equal(buf_span(&whole), buf_span(&pieces)));
	if (r == CODEC_OK)
		there_and_back(kind, buf_span(&whole));
	there_and_back(kind, in);
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
