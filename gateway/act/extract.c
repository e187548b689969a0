/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding a part again, from the range that the inspector named. The inspector may lie, so
 * range and encoding are checked here as if nobody had looked before; that the bytes are
 * those it judged is for the caller to see by the digest.
 */
#include "gateway/act/extract.h"

#include "common/codec.h"
#include "common/io.h"

#define EXTRACT_PIECE (64 * 1024)

struct extract {
	int fd;
	struct digest *digest;
	struct buf out; /* decoded bytes of one piece */
	struct error *e;
};

static int
body_of(const struct facts *f, uint32_t part, const struct spool *message,
    const struct spool *content, struct span *out, struct error *e)
{
	const struct facts_part *p;
	const struct spool *from;

	if (part >= f->part_count)
		return error_set(e, ERR_BUG, "part %u is not there", part);
	p = &f->parts[part];
	from = p->origin == ORIGIN_CONTENT ? content : message;
	if (from == NULL || p->body.start > p->body.end || p->body.end > spool_size(from))
		return error_set(e, ERR_BUG, "part %u is not within the message", part);
	*out = span_sub(spool_bytes(from), (size_t)p->body.start,
	    (size_t)(p->body.end - p->body.start));
	return 0;
}

static int
emit(struct extract *x, struct span bytes)
{
	digest_update(x->digest, bytes);
	return io_write_all(x->fd, bytes, x->e);
}

static int
copy_plain(struct extract *x, struct span body)
{
	for (size_t at = 0; at < body.len; at += EXTRACT_PIECE) {
		if (emit(x, span_sub(body, at, EXTRACT_PIECE)) != 0)
			return -1;
	}
	return 0;
}

static int
copy_decoded(struct extract *x, enum codec_kind kind, struct span body)
{
	struct codec_decoder d;
	enum codec_result r = CODEC_OK;

	/* Either line end is taken: which one the message has was judged before. */
	codec_decoder_init(&d, kind, true);
	for (size_t at = 0; at < body.len && r == CODEC_OK; at += EXTRACT_PIECE) {
		buf_reset(&x->out);
		r = codec_decoder_put(&d, span_sub(body, at, EXTRACT_PIECE), &x->out);
		if (r == CODEC_OK && emit(x, buf_span(&x->out)) != 0)
			return -1;
	}
	buf_reset(&x->out);
	if (r == CODEC_OK)
		r = codec_decoder_end(&d, &x->out);
	if (r != CODEC_OK)
		return error_set(x->e, ERR_BUG, "transfer encoding does not hold: %s",
		    codec_result_name(r));
	return emit(x, buf_span(&x->out));
}

static int
copy_part(struct extract *x, enum facts_encoding encoding, struct span body)
{
	switch (encoding) {
	case ENCODING_7BIT:
	case ENCODING_8BIT:
	case ENCODING_BINARY:
		return copy_plain(x, body);
	case ENCODING_QP:
		return copy_decoded(x, CODEC_QP, body);
	case ENCODING_BASE64:
		return copy_decoded(x, CODEC_BASE64, body);
	}
	return error_set(x->e, ERR_BUG, "encoding %d is not known", (int)encoding);
}

int
extract_part(const struct facts *f, uint32_t part, const struct spool *message,
    const struct spool *content, int fd, uint8_t digest[DIGEST_SIZE], struct error *e)
{
	struct extract x = { .fd = fd, .e = e };
	struct span body;
	int r = -1;

	if (body_of(f, part, message, content, &body, e) != 0)
		return -1;
	buf_init(&x.out, 2 * EXTRACT_PIECE);
	x.digest = digest_new();
	if (x.digest == NULL)
		error_set(e, ERR_TEMP, "no memory for a digest");
	else
		r = copy_part(&x, (enum facts_encoding)f->parts[part].encoding, body);
	if (x.digest != NULL)
		digest_final(x.digest, digest);
	digest_free(&x.digest);
	buf_free(&x.out);
	return r;
}
