/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of an inspection: structure, headers, the signed layer, the CMS gate, the
 * content (for an opaque signature: written out, then scanned like a message), the documents,
 * the checks of the signature, the document's number, the verdict.
 *
 * The structure's check is settled last but one: the scanner's problems may still grow while
 * documents are decoded, and they come before what the layer and the gate found. Everything
 * refers to the message's or the content's bytes by range; nothing is parsed twice in two
 * ways.
 */
#include "gateway/inspect/inspect.h"

#include <stdlib.h>

#include "common/buf.h"
#include "common/io.h"
#include "gateway/inspect/cms.h"
#include "gateway/inspect/content.h"
#include "gateway/inspect/decode.h"
#include "gateway/inspect/docref.h"
#include "gateway/inspect/finding.h"
#include "gateway/inspect/headers.h"
#include "gateway/inspect/judge.h"
#include "gateway/inspect/layer.h"
#include "gateway/inspect/profile.h"
#include "gateway/inspect/scan.h"
#include "gateway/inspect/trust_store.h"
#include "gateway/inspect/verdict.h"

#define UTF8_MAX 4 /* bytes of one character: what a cut may leave free */

struct inspector {
	struct trust *trust;
	struct scan *scan;
	struct decode *decode;
	struct content *content;
	const char *const *own_ids;
	size_t own_id_count;
};

/* How the lines of a signed part end: all in CRLF, all in LF alone, or neither. */
enum line_ends { ENDS_CRLF, ENDS_LF, ENDS_MIXED };

/* What belongs to one message. */
struct examination {
	struct inspector *inspector;
	const struct inspection *question;
	struct profile profile;
	struct facts *facts;
	struct layer layer;
	struct buf encoded; /* the CMS, transfer decoded */
	struct cms cms;
	bool has_cms;
	struct finding gate; /* what the layer or the gate found */
	struct span covered; /* the bytes that the signature covers */
	bool has_covered;
	enum line_ends ends;
	enum reason from_problem;
};

int
inspector_new(struct trust *trust, const char *const *own_ids, size_t own_id_count,
    struct inspector **out, struct error *e)
{
	struct inspector *i = calloc(1, sizeof(*i));

	*out = NULL;
	if (i == NULL) {
		trust_free(&trust);
		return error_set(e, ERR_TEMP, "inspector: out of memory");
	}
	i->trust = trust;
	i->own_ids = own_ids;
	i->own_id_count = own_id_count;
	i->scan = scan_new();
	if (i->scan == NULL) {
		inspector_free(&i);
		return error_set(e, ERR_TEMP, "inspector: out of memory");
	}
	if (decode_open(&i->decode, e) != 0 || content_open(&i->content, e) != 0) {
		inspector_free(&i);
		return -1;
	}
	*out = i;
	return 0;
}

void
inspector_free(struct inspector **i)
{
	if (*i == NULL)
		return;
	content_close(&(*i)->content);
	decode_close(&(*i)->decode);
	scan_free(&(*i)->scan);
	trust_free(&(*i)->trust);
	free(*i);
	*i = NULL;
}

/* A signature that two decoders read in two ways is ambiguous, one cut short is damaged. */
static void
decode_failed(enum codec_result r, struct finding *f)
{
	switch (r) {
	case CODEC_OK:
		break;
	case CODEC_JUNK:
	case CODEC_PADDING:
	case CODEC_LINE:
		finding_say(f, CHECK_FAIL, REASON_SIGNATURE_ENCODING, NULL, NULL);
		break;
	case CODEC_TRUNCATED:
		finding_say(f, CHECK_FAIL, REASON_CMS_ENCODING, "truncated", NULL);
		break;
	case CODEC_TOO_LONG:
		finding_say(f, CHECK_FAIL, REASON_CMS_LIMIT, "bytes", NULL);
		break;
	}
}

/* Decode the signature part and open it at the gate. */
static void
open_signature(struct examination *x)
{
	enum codec_result r;

	buf_init(&x->encoded,
	    x->layer.form == CMS_FORM_DETACHED ? LIMIT_CMS_BYTES : LIMIT_OPAQUE_BYTES);
	r = content_decode(x->inspector->scan, x->facts, x->layer.signature, &x->encoded);
	if (r != CODEC_OK) {
		decode_failed(r, &x->gate);
		return;
	}
	x->has_cms = true;
	cms_open(buf_span(&x->encoded), x->layer.form, &x->cms, &x->gate);
	if (x->gate.state == CHECK_OK && layer_label_contradicts(&x->layer))
		finding_set(&x->gate, CHECK_FAIL, REASON_SIGNATURE_PROTOCOL, x->layer.label,
		    span_of(NULL, 0));
	x->facts->signature_part = x->layer.signature;
	x->facts->form
	    = x->layer.form == CMS_FORM_DETACHED ? SIGNATURE_DETACHED : SIGNATURE_OPAQUE;
}

/* A header field or an empty line comes first, or it is no MIME entity (A05, A18). */
static bool
is_entity(struct span content)
{
	size_t i = 0;

	while (i < content.len && content.ptr[i] > ' ' && content.ptr[i] < 0x7f
	    && content.ptr[i] != ':')
		i++;
	if (i == 0)
		return content.len > 0 && (content.ptr[0] == '\r' || content.ptr[0] == '\n');
	return i < content.len && content.ptr[i] == ':';
}

/* The content of an opaque signature: out to the descriptor, then scanned. */
static int
take_content(struct examination *x, int content_fd, struct error *e)
{
	struct facts *f = x->facts;
	struct scan *scan = x->inspector->scan;
	uint32_t first = f->part_count;

	if (x->cms.content.len == 0)
		return 0;
	if (!is_entity(x->cms.content)) {
		if (x->gate.state == CHECK_OK)
			finding_say(&x->gate, CHECK_FAIL, REASON_CONTENT_NOT_MIME, NULL, NULL);
		return 0;
	}
	if (content_fd >= 0 && io_write_all(content_fd, x->cms.content, e) != 0)
		return -1;
	x->covered = x->cms.content;
	x->has_covered = true;
	f->signed_origin = ORIGIN_CONTENT;
	f->signed_range = (struct facts_range){ 0, x->cms.content.len };
	if (scan_message(scan, x->cms.content, ORIGIN_CONTENT, x->layer.signature, f, e) != 0)
		return -1;
	if (f->part_count > first)
		f->signed_part = first;
	return 0;
}

static enum line_ends
line_ends(struct span s)
{
	size_t crlf = 0, lf = 0, cr = 0;

	for (size_t at = 0; (at = span_find(s, '\n', at)) != SPAN_NOT_FOUND; at++) {
		if (at > 0 && s.ptr[at - 1] == '\r')
			crlf++;
		else
			lf++;
	}
	for (size_t at = 0; (at = span_find(s, '\r', at)) != SPAN_NOT_FOUND; at++)
		cr++;
	if (cr != crlf || (lf > 0 && crlf > 0))
		return ENDS_MIXED;
	return lf > 0 ? ENDS_LF : ENDS_CRLF;
}

/* The part that a detached signature covers. */
static void
take_part(struct examination *x)
{
	struct facts *f = x->facts;
	const struct scan *scan = x->inspector->scan;
	const struct facts_part *part = &f->parts[x->layer.content];

	f->signed_part = x->layer.content;
	f->signed_origin = ORIGIN_MESSAGE;
	f->signed_range = scan_whole(part);
	x->covered = scan_range(scan, part, f->signed_range);
	x->has_covered = true;
	x->ends = line_ends(x->covered);
	if (x->ends == ENDS_MIXED && x->gate.state == CHECK_OK)
		finding_say(&x->gate, CHECK_FAIL, REASON_LINE_ENDS_MIXED, NULL, NULL);
}

/* A full pool cuts what is added to it, be it an address: then nothing in it counts. */
static bool
pool_is_full(const struct facts *f)
{
	return f->pool_length + UTF8_MAX > FACTS_POOL_MAX;
}

static void
settle_structure(struct examination *x)
{
	const struct scan_problem *p = scan_problem(x->inspector->scan);
	struct span none = { 0 };

	if (pool_is_full(x->facts))
		facts_set_check(x->facts, CHECK_STRUCTURE, CHECK_FAIL, REASON_LIMIT_TEXT, none,
		    none);
	else if (p->reason != REASON_NONE)
		facts_set_check(x->facts, CHECK_STRUCTURE, CHECK_FAIL, p->reason, p->arg1,
		    p->arg2);
	else
		finding_file(&x->gate, CHECK_STRUCTURE, x->facts);
}

/* The signed layer, from finding it to knowing what it covers. */
static int
examine_layer(struct examination *x, int content_fd, struct error *e)
{
	layer_find(x->inspector->scan, x->facts, &x->layer);
	x->gate = x->layer.finding;
	if (!x->layer.present || x->layer.finding.state != CHECK_OK)
		return 0;
	open_signature(x);
	if (!x->has_cms)
		return 0;
	if (x->layer.form == CMS_FORM_OPAQUE)
		return take_content(x, content_fd, e);
	take_part(x);
	return 0;
}

static int
examine_signature(struct examination *x, struct error *e)
{
	const struct scan_part *root = scan_part(x->inspector->scan, 0);
	const struct scan_parameter *micalg
	    = scan_parameter(&root->type_parameters, "micalg");
	struct judge_question q = {
		.trust = x->inspector->trust,
		.profile = &x->profile,
		.scan = x->inspector->scan,
		.decode = x->inspector->decode,
		.cms = &x->cms,
		.content = x->covered,
		.lf = x->ends == ENDS_LF,
		.micalg = micalg != NULL && x->layer.form == CMS_FORM_DETACHED
		    ? micalg->value : span_of(NULL, 0),
		.from_problem = x->from_problem,
		.at = x->question->at,
	};

	layer_note(x->inspector->scan, &x->layer, x->facts);
	return judge_signature(&q, x->facts, e);
}

static int
examine(struct examination *x, struct span message, int content_fd, struct error *e)
{
	struct inspector *i = x->inspector;
	struct facts *f = x->facts;

	if (scan_message(i->scan, message, ORIGIN_MESSAGE, FACTS_NONE, f, e) != 0)
		return -1;
	x->from_problem
	    = headers_read(i->scan, i->decode, i->own_ids, i->own_id_count, f);
	/* Over a limit the tree is not whole: nothing is said of what is missing. */
	if (reason_info(scan_problem(i->scan)->reason)->verdict == VERDICT_LIMIT) {
		settle_structure(x);
		return 0;
	}
	if (examine_layer(x, content_fd, e) != 0)
		return -1;
	if (content_examine(i->content, i->decode, i->scan,
		x->has_covered ? (enum facts_origin)f->signed_origin : ORIGIN_MESSAGE,
		f->signature_part, f, e) != 0)
		return -1;
	if (x->has_covered && examine_signature(x, e) != 0)
		return -1;
	docref_find(f);
	settle_structure(x);
	return 0;
}

int
inspector_examine(struct inspector *i, const struct inspection *q, struct span message,
    int content_fd, struct facts *out, struct error *e)
{
	struct examination x = { .inspector = i, .question = q, .facts = out };
	int result = 0;

	out->signed_part = FACTS_NONE;
	out->signature_part = FACTS_NONE;
	x.profile = i->trust->profile;
	if (q->profile[0] != '\0')
		result = profile_parse(span_str(q->profile), &x.profile, e);
	if (result == 0)
		result = trust_choose(i->trust, q->at, e);
	if (result == 0)
		result = examine(&x, message, content_fd, e);
	if (result == 0)
		verdict_file(out);
	if (x.has_cms)
		cms_free(&x.cms);
	buf_free(&x.encoded);
	scan_reset(i->scan);
	return result;
}
