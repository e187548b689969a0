/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents: every leaf that has a file name or is not text, every attached message,
 * and the texts of the mail itself. A document is decoded in pieces of 64 KB, hashed as it
 * goes, and only its head and tail are kept for a look at what it is; a zip archive that is
 * not too large is decoded once more to read its directory. Every leaf is decoded, document
 * or not, because a transfer encoding that two readers read in two ways is AMBIGUOUS
 * (verdicts.md D11), with one exception: in a message that nobody signed, a text of the mail
 * itself with raw 8-bit letters or long lines in its quoted-printable is only noted, for
 * such mail is common and its text is the same to all.
 *
 * Not here: what becomes of a document (decide), its safe name on a disk (act).
 */
#include "gateway/inspect/content.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/codec.h"
#include "common/digest.h"
#include "common/text.h"
#include "gateway/inspect/content_type.h"
#include "gateway/inspect/content_zip.h"

#define PIECE (64 * 1024)
#define ARCHIVE_BYTES_MAX (size_t)(32 * 1024 * 1024) /* of a zip whose directory we read */
#define NAME_MAX_BYTES 1000                          /* of a decoded name that is kept */
#define RAW_NAME_MAX (size_t)4096                    /* of a name before it is decoded */

struct content {
	struct magic_set *magic;
	struct digest *digest;
};

int
content_open(struct content **out, struct error *e)
{
	struct content *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return error_set(e, ERR_TEMP, "content: no memory");
	/* libarchive turns names into UTF-8 by the locale; C.UTF-8 needs no file. */
	setlocale(LC_CTYPE, "C.UTF-8");
	c->digest = digest_new();
	if (c->digest == NULL) {
		error_set(e, ERR_TEMP, "content: no memory");
		content_close(&c);
		return -1;
	}
	if (content_type_open(&c->magic, e) != 0) {
		content_close(&c);
		return -1;
	}
	*out = c;
	return 0;
}

void
content_close(struct content **c)
{
	if (*c == NULL)
		return;
	content_type_close(&(*c)->magic);
	digest_free(&(*c)->digest);
	free(*c);
	*c = NULL;
}

/* --- decoding -------------------------------------------------------------------------- */

static bool
is_encoded(const struct facts_part *p)
{
	return p->encoding == ENCODING_BASE64 || p->encoding == ENCODING_QP;
}

static enum codec_kind
codec_of(const struct facts_part *p)
{
	return p->encoding == ENCODING_BASE64 ? CODEC_BASE64 : CODEC_QP;
}

enum codec_result
content_decode(const struct scan *s, const struct facts *f, uint32_t part, struct buf *out)
{
	const struct facts_part *p = &f->parts[part];
	struct span body = scan_range(s, p, p->body);

	/* `openssl cms -crlfeol` ends the lines of the signature, and only these, in LF. */
	if (p->encoding == ENCODING_BASE64)
		return codec_base64_decode(body, true, out);
	if (p->encoding == ENCODING_QP)
		return codec_qp_decode(body, scan_lf(s, (enum facts_origin)p->origin), out);
	buf_put_span(out, body);
	return out->failed ? CODEC_TOO_LONG : CODEC_OK;
}

/* What is gathered while the decoded bytes of one part go by. */
struct flow {
	struct digest *digest;
	uint64_t size;
	struct buf head;
	struct buf tail;   /* the last bytes; trimmed when it grows over twice CONTENT_TAIL */
	bool macros, pdf_encrypted;
};

static bool
contains(struct span s, const char *needle, size_t length)
{
	return span_find_span(s, span_of(needle, length), 0) != SPAN_NOT_FOUND;
}

/* The marks that may stand anywhere; 32 bytes of the piece before are looked at again. */
static void
look_for_marks(struct flow *w, struct span fresh)
{
	size_t again = w->tail.len < fresh.len + 32 ? w->tail.len : fresh.len + 32;
	struct span window = span_from(buf_span(&w->tail), w->tail.len - again);

	w->macros |= contains(window, "_\0V\0B\0A\0_\0P\0", 12);
	w->pdf_encrypted |= contains(window, "/Encrypt", 8);
}

static void
flow_put(struct flow *w, struct span piece)
{
	size_t room = CONTENT_HEAD - w->head.len;

	digest_update(w->digest, piece);
	w->size += piece.len;
	buf_put_span(&w->head, span_sub(piece, 0, room));
	if (w->tail.len > CONTENT_TAIL) {
		memmove(w->tail.data, w->tail.data + w->tail.len - CONTENT_TAIL, CONTENT_TAIL);
		w->tail.len = CONTENT_TAIL;
	}
	buf_put_span(&w->tail, piece);
	look_for_marks(w, piece);
}

/* All bytes of the part through the flow, in pieces. */
static enum codec_result
flow_part(struct flow *w, struct span body, const struct facts_part *p, bool lf)
{
	struct codec_decoder decoder;
	enum codec_result r = CODEC_OK;
	struct buf piece;

	codec_decoder_init(&decoder, codec_of(p), lf);
	buf_init(&piece, 2 * PIECE);
	for (size_t at = 0; at < body.len && r == CODEC_OK; at += PIECE) {
		struct span raw = span_sub(body, at, PIECE);

		if (!is_encoded(p)) {
			flow_put(w, raw);
			continue;
		}
		buf_reset(&piece);
		r = codec_decoder_put(&decoder, raw, &piece);
		if (r == CODEC_OK)
			flow_put(w, buf_span(&piece));
	}
	if (is_encoded(p) && r == CODEC_OK) {
		buf_reset(&piece);
		r = codec_decoder_end(&decoder, &piece);
	}
	buf_free(&piece);
	return r;
}

/* --- names ----------------------------------------------------------------------------- */

struct name {
	struct buf text; /* empty: the part has none */
	bool certain;
	bool differs;    /* there is a second name */
	struct buf other;
};

static void
take_name(struct decode *d, const struct scan_parameters *list, const char *parameter,
    struct name *n)
{
	for (size_t i = 0; i < list->count; i++) {
		struct scan_parameter p = list->list[i];
		bool certain;

		if (!span_is(p.name, parameter))
			continue;
		p.value = span_sub(p.value, 0, RAW_NAME_MAX);
		buf_reset(&n->other);
		certain = decode_parameter(d, &p, &n->other);
		if (n->other.len == 0)
			continue;
		if (n->text.len == 0) {
			buf_put_span(&n->text, buf_span(&n->other));
			n->certain = certain;
		} else if (!span_equal(buf_span(&n->text), buf_span(&n->other))) {
			n->differs = true;
			return;
		}
	}
}

/* filename*, filename, name*, name: the first that there is. */
static void
read_name(struct decode *d, const struct scan_part *sp, struct name *n)
{
	n->certain = true;
	n->differs = false;
	take_name(d, &sp->disposition_parameters, "filename", n);
	if (!n->differs)
		take_name(d, &sp->type_parameters, "name", n);
}

static struct span
cut(struct span s, size_t max)
{
	size_t at = 0, end = 0;

	while (text_next(s, &at) != -1 && at <= max)
		end = at;
	return span_sub(s, 0, end);
}

/* --- one part -------------------------------------------------------------------------- */

struct examination {
	struct content *content;
	struct decode *decode;
	struct scan *scan;
	struct facts *f;
};

static bool
has_name(const struct scan_parameters *list, const char *parameter)
{
	const struct scan_parameter *p = scan_parameter(list, parameter);

	return p != NULL && p->value.len > 0;
}

static bool
is_text_body(const struct scan_part *sp)
{
	return span_is(sp->type, "text") && !span_is(sp->disposition, "attachment") &&
	    !has_name(&sp->disposition_parameters, "filename") &&
	    !has_name(&sp->type_parameters, "name");
}

/* A refused encoding: see the top of this file for the exception. */
static void
report_broken(struct examination *x, uint32_t part, bool text_body, enum codec_result r)
{
	const struct facts_part *p = &x->f->parts[part];
	bool sloppy = text_body && p->encoding == ENCODING_QP &&
	    (r == CODEC_LINE || (r == CODEC_JUNK && p->has_8bit));
	char path[SCAN_PATH_SIZE];
	struct span where = scan_path(x->scan, part, path);
	struct span what = span_str(codec_result_name(r));

	if (sloppy && !scan_root_signed(x->scan))
		facts_add_note(x->f, REASON_ENCODING_BROKEN, where, what);
	else
		scan_add_problem(x->scan, REASON_ENCODING_BROKEN, part, where, what);
}

/* The bytes of a zip archive, for its directory. */
static uint32_t
look_into_archive(struct examination *x, uint32_t part, const struct flow *w)
{
	struct buf whole;
	uint32_t flags = DOCUMENT_ARCHIVE_LIMIT;

	if (w->size > ARCHIVE_BYTES_MAX)
		return flags;
	buf_init(&whole, ARCHIVE_BYTES_MAX);
	if (content_decode(x->scan, x->f, part, &whole) == CODEC_OK)
		flags = content_zip_look(buf_span(&whole));
	buf_free(&whole);
	return flags;
}

static void
note_name(struct examination *x, const struct name *name)
{
	struct span text = buf_span(&name->text);
	const struct span none = span_of("", 0);

	if (text.len == 0)
		return;
	if (!name->certain)
		facts_add_note(x->f, REASON_NOTE_NAME_GUESSED, text, none);
	if (name->differs)
		facts_add_note(x->f, REASON_NOTE_NAMES_DIFFER, text, buf_span(&name->other));
	for (uint32_t i = 0; i + 1 < x->f->document_count; i++)
		if (span_equal_nocase(facts_span(x->f, x->f->documents[i].name), text)) {
			facts_add_note(x->f, REASON_NOTE_NAME_TWICE, text, none);
			break;
		}
}

static struct facts_document *
add_document(struct examination *x, uint32_t part, const struct name *name)
{
	struct facts_document *doc;
	char number[16];
	int n;

	if (x->f->document_count == LIMIT_DOCUMENTS) {
		n = snprintf(number, sizeof(number), "%d", LIMIT_DOCUMENTS);
		scan_add_problem(x->scan, REASON_LIMIT_DOCUMENTS, part,
		    span_of(number, (size_t)n), span_of("", 0));
		return NULL;
	}
	doc = &x->f->documents[x->f->document_count++];
	*doc = (struct facts_document){ .part = part };
	doc->name = facts_add(x->f, cut(buf_span(&name->text), NAME_MAX_BYTES));
	doc->declared = x->f->parts[part].type;
	return doc;
}

static void
classify(struct examination *x, struct facts_document *doc, const struct flow *w,
    bool text_body)
{
	struct content_look look = { .head = buf_span(&w->head), .tail = buf_span(&w->tail),
		.size = w->size,
		.name = facts_span(x->f, doc->name),
		.declared = facts_span(x->f, doc->declared),
		.has_macro_storage = w->macros, .has_pdf_encryption = w->pdf_encrypted };

	if (look.tail.len > CONTENT_TAIL)
		look.tail = span_from(look.tail, look.tail.len - CONTENT_TAIL);
	if (text_body) {
		doc->flags |= DOCUMENT_BODY;
		doc->type = doc->declared;
		return;
	}
	doc->type = facts_add(x->f, content_type_of(x->content->magic, &look, &doc->flags));
	if ((doc->flags & DOCUMENT_ARCHIVE) != 0)
		doc->flags |= look_into_archive(x, doc->part, w);
}

/* The part is a document, and this is what went by of it. */
static void
list_document(struct examination *x, uint32_t part, const struct flow *w, bool text_body)
{
	const struct scan_part *sp = scan_part(x->scan, part);
	struct facts_document *doc;
	struct name name;

	buf_init(&name.text, SIZE_MAX);
	buf_init(&name.other, SIZE_MAX);
	read_name(x->decode, sp, &name);
	doc = add_document(x, part, &name);
	if (doc != NULL) {
		doc->size = w->size;
		classify(x, doc, w, text_body);
		digest_final(x->content->digest, doc->sha256);
		note_name(x, &name);
		if (text_body && span_is(sp->subtype, "html"))
			facts_add_note(x->f, REASON_NOTE_HTML, span_of("", 0), span_of("", 0));
	}
	buf_free(&name.text);
	buf_free(&name.other);
}

static void
examine_part(struct examination *x, uint32_t part, bool listed)
{
	const struct facts_part *p = &x->f->parts[part];
	const struct scan_part *sp = scan_part(x->scan, part);
	struct flow w = { .digest = x->content->digest };
	bool text_body = p->kind == PART_LEAF && is_text_body(sp);
	uint8_t unused[DIGEST_SIZE];
	enum codec_result r;

	buf_init(&w.head, CONTENT_HEAD);
	buf_init(&w.tail, CONTENT_TAIL + 4 * PIECE);
	r = flow_part(&w, scan_range(x->scan, p, p->body), p,
	    scan_lf(x->scan, (enum facts_origin)p->origin));
	if (r != CODEC_OK)
		report_broken(x, part, text_body, r);
	else if (listed || !text_body)
		list_document(x, part, &w, text_body);
	digest_final(x->content->digest, unused); /* begin again, whatever happened */
	buf_free(&w.head);
	buf_free(&w.tail);
}

/* Is a part around it an attached message? Then its own text is in that document. */
static bool
is_inside_message(const struct facts *f, uint32_t part)
{
	for (part = f->parts[part].parent; part != FACTS_NONE; part = f->parts[part].parent)
		if (f->parts[part].kind == PART_MESSAGE)
			return true;
	return false;
}

int
content_examine(struct content *c, struct decode *d, struct scan *s,
    enum facts_origin origin, uint32_t signature_part, struct facts *f, struct error *e)
{
	struct examination x = { .content = c, .decode = d, .scan = s, .f = f };

	(void)e;
	for (uint32_t i = 0; i < f->part_count; i++) {
		const struct facts_part *p = &f->parts[i];

		if (p->origin != origin || i == signature_part || p->kind == PART_MULTIPART)
			continue;
		/* A message that is only the wrapping of another is no attachment. */
		if (p->kind == PART_MESSAGE && p->parent == FACTS_NONE)
			continue;
		examine_part(&x, i, !is_inside_message(f, i));
		if (reason_info(scan_problem(s)->reason)->verdict == VERDICT_LIMIT)
			break;
	}
	return 0;
}
