/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of MIME fields: RFC 2045 section 5.1, RFC 2183, RFC 2231 sections 3 and 4.
 *
 * The grammar is RFC 2045's without what RFC 822 let stand between any two tokens: a
 * comment, or a blank around "/" or "=", is read by some and ends the field for others, so
 * it is refused here. Everyday sloppiness that all readers take alike is read: a semicolon
 * at the end, an unquoted value with "/" or ":" in it. Sloppiness about names and charsets
 * is soft (see scan_field.h).
 *
 * Not here: charsets and encoded words in values (decode.c).
 */
#include "gateway/inspect/scan_field.h"

#include <string.h>

#include "common/codec.h"
#include "gateway/model/limits.h"

#define BOUNDARY_MAX 70 /* RFC 2046 5.1.1 */

/* A parameter as it stands, before the pieces of RFC 2231 are joined. */
struct raw {
	struct span name;  /* lower case, without "*" forms */
	struct span value; /* unquoted */
	int index;         /* of a continuation; -1 = it is none */
	bool extended;     /* percent-encoded */
	bool joined;       /* taken into an earlier one */
};

struct reader {
	struct arena *arena;
	struct span text; /* unfolded */
	size_t at;
	struct scan_value *out;
	struct raw raws[LIMIT_PARAMETERS];
	size_t count;
	bool full; /* the arena is */
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* RFC 2045: no control, blank, 8-bit or tspecial. */
static bool
is_token(uint8_t c)
{
	return c > 0x20 && c < 0x7f && memchr("()<>@,;:\\\"/[]?=", c, 15) == NULL;
}

/* The first problem stays, but one that is not soft goes before one that is. */
static void
fault(struct reader *r, enum reason problem, bool soft, struct span detail)
{
	if (r->out->problem != REASON_NONE && (!r->out->soft || soft))
		return;
	r->out->problem = problem;
	r->out->soft = soft;
	r->out->detail = detail;
}

static struct span
copy(struct reader *r, struct span s, bool lower)
{
	uint8_t *p;

	if (s.len == 0)
		return span_of("", 0);
	p = arena_alloc(r->arena, s.len);
	if (p == NULL) {
		r->full = true;
		return span_of("", 0);
	}
	for (size_t i = 0; i < s.len; i++)
		p[i] = lower && s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ?
		    (uint8_t)(s.ptr[i] + 32) : s.ptr[i];
	return span_of(p, s.len);
}

/* Line ends out, so that a fold is one tab and the blanks that follow: inside a boundary, where
 * readers do not agree on what a fold leaves, it is not taken for a blank. */
static struct span
unfold(struct reader *r, struct span body)
{
	uint8_t *p;
	size_t n = 0;

	if (span_find(body, '\n', 0) == SPAN_NOT_FOUND)
		return body;
	p = arena_alloc(r->arena, body.len);
	if (p == NULL) {
		r->full = true;
		return span_of("", 0);
	}
	for (size_t i = 0; i < body.len; i++)
		if (body.ptr[i] != '\r' && body.ptr[i] != '\n')
			p[n++] = i > 0 && body.ptr[i - 1] == '\n' ? '\t' : body.ptr[i];
	return span_of(p, n);
}

static void
skip_blanks(struct reader *r)
{
	while (r->at < r->text.len && is_blank(r->text.ptr[r->at]))
		r->at++;
}

static bool
at_end(const struct reader *r)
{
	return r->at >= r->text.len;
}

static bool
at_byte(const struct reader *r, uint8_t c)
{
	return !at_end(r) && r->text.ptr[r->at] == c;
}

static struct span
read_token(struct reader *r)
{
	size_t start = r->at;

	while (!at_end(r) && is_token(r->text.ptr[r->at]))
		r->at++;
	return span_sub(r->text, start, r->at - start);
}

/* --- one parameter ------------------------------------------------------------------- */

/* Names a document or says how it is shown: what is odd about it is soft. */
static bool
is_soft(struct span name)
{
	static const char *const hard[] = { "boundary", "protocol", "smime-type", "micalg" };

	for (size_t i = 0; i < sizeof(hard) / sizeof(hard[0]); i++)
		if (span_is(name, hard[i]))
			return false;
	return true;
}

static bool
is_name(struct span name)
{
	return span_is(name, "name") || span_is(name, "filename");
}

/* Split "name*1*" into name, index and mark; false when it is not of a form we know. */
static bool
split_name(struct span whole, struct raw *p)
{
	size_t star = span_find(whole, '*', 0), i;

	p->index = -1;
	p->extended = false;
	p->name = whole;
	if (star == SPAN_NOT_FOUND)
		return whole.len > 0;
	p->name = span_sub(whole, 0, star);
	i = star + 1;
	if (i < whole.len) {
		size_t first = i;

		p->index = 0;
		for (; i < whole.len && whole.ptr[i] >= '0' && whole.ptr[i] <= '9'; i++)
			p->index = p->index * 10 + (whole.ptr[i] - '0');
		if (i == first || i - first > 3 || (whole.ptr[first] == '0' && i - first > 1))
			return false;
		if (i < whole.len) {
			if (whole.ptr[i] != '*' || i + 1 != whole.len)
				return false;
			p->extended = true;
		}
	} else {
		p->extended = true;
	}
	return p->name.len > 0;
}

/* Readers that look for the word anywhere in the field would find another boundary here. */
static bool
hides_boundary(struct span value)
{
	const struct span word = SPAN_LIT("boundary");

	for (size_t i = 0; i + word.len < value.len; i++)
		if (span_equal_nocase(span_sub(value, i, word.len), word) &&
		    memchr("=* \t", value.ptr[i + word.len], 4) != NULL)
			return true;
	return false;
}

/* A quoted string; at is on the opening quote. */
static struct span
read_quoted(struct reader *r, struct span name)
{
	uint8_t *p;
	size_t n = 0;

	p = arena_alloc(r->arena, r->text.len - r->at);
	if (p == NULL) {
		r->full = true;
		return span_of("", 0);
	}
	r->at++;
	while (!at_end(r) && r->text.ptr[r->at] != '"') {
		if (r->text.ptr[r->at] == '\\') {
			bool escape = r->at + 1 < r->text.len &&
			    memchr("\\\"", r->text.ptr[r->at + 1], 2) != NULL;

			/* A quote that ends the string for some; "C:\x" is kept whole. */
			if (!escape || !is_name(name) || span_is(r->out->token, "multipart"))
				fault(r, REASON_PARAMETER_SYNTAX, is_soft(name), name);
			if (escape)
				r->at++;
		}
		p[n++] = r->text.ptr[r->at++];
	}
	if (at_end(r))
		fault(r, REASON_PARAMETER_SYNTAX, false, name);
	else
		r->at++;
	return span_of(p, n);
}

/* A value without quotes: up to the semicolon. */
static struct span
read_bare(struct reader *r, struct span name)
{
	size_t start = r->at, end;
	bool hard = false, soft = false;

	for (; !at_end(r) && r->text.ptr[r->at] != ';'; r->at++) {
		uint8_t c = r->text.ptr[r->at];

		if (c == '"' || c == '\\')
			hard = true;
		else if (c >= 0x80 || memchr("(),", c, 3) != NULL)
			soft = true;
		else if (!is_token(c) && !is_blank(c) && span_is(name, "boundary"))
			hard = true;
	}
	end = r->at;
	while (end > start && is_blank(r->text.ptr[end - 1]))
		end--;
	for (size_t i = start; i < end; i++)
		if (is_blank(r->text.ptr[i]))
			soft = true;
	if (hard)
		fault(r, REASON_PARAMETER_SYNTAX, false, name);
	if (soft || end == start)
		fault(r, REASON_PARAMETER_SYNTAX, is_soft(name), name);
	return span_sub(r->text, start, end - start);
}

/* at is on the first byte of the name. False: what follows cannot be read. */
static bool
read_parameter(struct reader *r)
{
	struct raw *p = &r->raws[r->count];
	struct span whole = copy(r, read_token(r), true);

	if (!split_name(whole, p) || !at_byte(r, '='))
		return false;
	r->at++;
	if (!at_end(r) && is_blank(r->text.ptr[r->at]))
		return false;
	if (at_byte(r, '"')) {
		p->value = read_quoted(r, p->name);
		skip_blanks(r);
		if (!at_end(r) && !at_byte(r, ';'))
			return false;
	} else {
		p->value = read_bare(r, p->name);
	}
	for (size_t i = 0; i < p->value.len; i++)
		if (p->value.ptr[i] >= 0x80 && !is_name(p->name))
			fault(r, REASON_PARAMETER_SYNTAX, false, p->name);
	if (hides_boundary(p->value))
		fault(r, REASON_PARAMETER_SYNTAX, false, p->name);
	p->joined = false;
	for (size_t i = 0; i < r->count; i++)
		if (span_equal(r->raws[i].name, p->name) && r->raws[i].index == p->index &&
		    (p->index >= 0 || r->raws[i].extended == p->extended))
			fault(r, REASON_PARAMETER_TWICE, false, p->name);
	r->count++;
	return true;
}

/* False when there are too many. */
static bool
read_parameters(struct reader *r)
{
	for (;;) {
		skip_blanks(r);
		if (at_end(r))
			return true;
		if (!at_byte(r, ';'))
			break;
		r->at++;
		skip_blanks(r);
		if (at_end(r))
			return true;
		if (r->count == LIMIT_PARAMETERS)
			return false;
		if (!read_parameter(r))
			break;
	}
	fault(r, REASON_FIELD_SYNTAX, false, span_of("", 0));
	return true;
}

/* --- RFC 2231: join the pieces ------------------------------------------------------- */

/* Append to p, percent signs decoded; returns the bytes written. */
static size_t
percent_decode(struct reader *r, struct span s, struct span name, uint8_t *p)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		int high, low;

		if (s.ptr[i] != '%') {
			p[n++] = s.ptr[i];
			continue;
		}
		high = i + 2 < s.len ? codec_hex_digit(s.ptr[i + 1]) : -1;
		low = i + 2 < s.len ? codec_hex_digit(s.ptr[i + 2]) : -1;
		if (high < 0 || low < 0) {
			fault(r, REASON_PARAMETER_SYNTAX, is_soft(name), name);
			p[n++] = '%';
			continue;
		}
		p[n] = (uint8_t)(high << 4 | low);
		if (p[n] == 0 || p[n] == '\r' || p[n] == '\n')
			fault(r, REASON_PARAMETER_SYNTAX, false, name);
		n++;
		i += 2;
	}
	return n;
}

/* charset'language'value: returns the value, sets the charset. */
static struct span
take_charset(struct reader *r, const struct raw *first, struct span *charset)
{
	size_t one = span_find(first->value, '\'', 0), two;

	if (one != SPAN_NOT_FOUND) {
		two = span_find(first->value, '\'', one + 1);
		if (two != SPAN_NOT_FOUND) {
			*charset = span_sub(first->value, 0, one);
			return span_from(first->value, two + 1);
		}
	}
	fault(r, REASON_PARAMETER_SYNTAX, is_soft(first->name), first->name);
	return first->value;
}

static struct raw *
find_piece(struct reader *r, struct span name, int index)
{
	for (size_t i = 0; i < r->count; i++)
		if (!r->raws[i].joined && r->raws[i].index == index &&
		    span_equal(r->raws[i].name, name))
			return &r->raws[i];
	return NULL;
}

/* The pieces name*0, name*1, ... or the one piece name*. */
static void
join(struct reader *r, struct raw *first, struct scan_parameter *out)
{
	size_t room = 0, n = 0, pieces = 0;
	uint8_t *p;

	for (size_t i = 0; i < r->count; i++)
		if (span_equal(r->raws[i].name, first->name)) {
			room += r->raws[i].value.len;
			pieces += r->raws[i].index >= 0;
		}
	p = arena_alloc(r->arena, room + 1);
	if (p == NULL) {
		r->full = true;
		return;
	}
	out->charset = span_of("", 0);
	for (struct raw *piece = first; piece != NULL;
	    piece = find_piece(r, first->name, piece->index + 1)) {
		struct span value = piece->value;

		if (piece == first && piece->extended)
			value = take_charset(r, piece, &out->charset);
		if (piece->extended) {
			n += percent_decode(r, value, first->name, p + n);
		} else if (value.len > 0) {
			memcpy(p + n, value.ptr, value.len);
			n += value.len;
		}
		piece->joined = true;
		pieces -= piece->index >= 0;
		if (piece->index < 0)
			break;
	}
	if (pieces > 0) /* a gap, or "name*" beside "name*0": which counts differs */
		fault(r, REASON_PARAMETER_SYNTAX, false, first->name);
	out->name = first->name;
	out->value = span_of(p, n);
	out->extended = true;
}

/* The RFC 2231 form of a name goes before its plain one, as readers of both prefer it. */
static void
collect(struct reader *r)
{
	struct scan_parameter *list;
	size_t n = 0;

	if (r->count == 0)
		return;
	list = arena_array(r->arena, r->count, sizeof(*list));
	if (list == NULL) {
		r->full = true;
		return;
	}
	for (size_t i = 0; i < r->count; i++) {
		struct raw *p = &r->raws[i];

		if (p->joined)
			continue;
		if (p->index == 0 || (p->index < 0 && p->extended)) {
			join(r, p, &list[n++]);
		} else if (p->index > 0 && find_piece(r, p->name, 0) == NULL) {
			p->joined = true;
			fault(r, REASON_PARAMETER_SYNTAX, false, p->name);
		}
	}
	for (size_t i = 0; i < r->count; i++) {
		struct raw *p = &r->raws[i];

		if (p->index >= 0 || p->extended)
			continue;
		for (size_t k = 0; k < n; k++)
			if (list[k].extended && span_equal(list[k].name, p->name) &&
			    !is_name(p->name))
				fault(r, REASON_PARAMETER_TWICE, false, p->name);
		list[n++] = (struct scan_parameter){ .name = p->name, .value = p->value,
			.charset = span_of("", 0), .extended = false };
	}
	r->out->parameters = (struct scan_parameters){ .list = list, .count = n };
}

/* --- whole values -------------------------------------------------------------------- */

/* Some readers compare only the beginning of the main type: "textual" is text to them. */
static bool
begins_like_known_type(struct span type)
{
	static const char *const known[] = { "text", "multipart", "message", "application",
		"image", "audio", "video" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_starts_nocase(type, span_str(known[i])))
			return !span_is(type, known[i]);
	return false;
}

bool
scan_value_read(struct arena *a, struct span body, bool is_type, struct scan_value *out)
{
	struct reader r = { .arena = a, .out = out };
	const struct span none = span_of("", 0);

	*out = (struct scan_value){ .problem = REASON_NONE, .detail = none, .token = none,
		.subtype = none };
	r.text = span_trim(unfold(&r, body));
	for (size_t i = 0; i < r.text.len; i++)
		if ((r.text.ptr[i] < 0x20 && r.text.ptr[i] != '\t') || r.text.ptr[i] == 0x7f)
			fault(&r, REASON_FIELD_SYNTAX, false, none);
	out->token = copy(&r, read_token(&r), true);
	if (is_type) {
		if (!at_byte(&r, '/')) {
			fault(&r, REASON_FIELD_SYNTAX, false, none);
			return !r.full;
		}
		r.at++;
		out->subtype = copy(&r, read_token(&r), true);
	}
	if (out->token.len == 0 ||
	    (is_type && (out->subtype.len == 0 || begins_like_known_type(out->token))))
		fault(&r, REASON_FIELD_SYNTAX, false, none);
	if (!read_parameters(&r)) {
		out->problem = REASON_LIMIT_PARAMETERS;
		out->soft = false;
	}
	collect(&r);
	return !r.full;
}

enum reason
scan_boundary(const struct scan_parameters *p, struct span *boundary)
{
	const struct scan_parameter *found = scan_parameter(p, "boundary");

	*boundary = span_of("", 0);
	if (found == NULL)
		return REASON_BOUNDARY_MISSING;
	*boundary = found->value;
	if (found->extended || boundary->len == 0 || boundary->len > BOUNDARY_MAX)
		return REASON_BOUNDARY_SYNTAX;
	for (size_t i = 0; i < boundary->len; i++) {
		uint8_t c = boundary->ptr[i];

		if (c < 0x20 || c >= 0x7f || memchr("\"\\;,", c, 4) != NULL)
			return REASON_BOUNDARY_SYNTAX;
	}
	/* RFC 2046 lets a blank stand inside, as two common programs write it. */
	if (boundary->ptr[0] == ' ' || boundary->ptr[boundary->len - 1] == ' ')
		return REASON_BOUNDARY_SYNTAX;
	if (boundary->len >= 4 && boundary->ptr[0] == '=' && boundary->ptr[1] == '?' &&
	    boundary->ptr[boundary->len - 2] == '?' && boundary->ptr[boundary->len - 1] == '=')
		return REASON_BOUNDARY_SYNTAX; /* an encoded word to some */
	return REASON_NONE;
}

bool
scan_encoding(struct span body, enum facts_encoding *out)
{
	static const struct {
		const char *name;
		enum facts_encoding encoding;
	} names[] = {
		{ "7bit", ENCODING_7BIT }, { "8bit", ENCODING_8BIT },
		{ "binary", ENCODING_BINARY }, { "quoted-printable", ENCODING_QP },
		{ "base64", ENCODING_BASE64 },
	};
	struct span text = span_trim(body);
	bool tail = text.len > 0 && text.ptr + text.len != body.ptr + body.len;

	if (span_find(body, '\n', 0) != SPAN_NOT_FOUND)
		return false; /* folded: some compare it with the line end */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is_nocase(text, names[i].name)) {
			*out = names[i].encoding;
			/* Some compare it with the blanks behind it, and do not decode. */
			return !tail || (*out != ENCODING_QP && *out != ENCODING_BASE64);
		}
	return false;
}

bool
scan_mime_version(struct span body)
{
	struct span text = span_trim(body);

	if (!span_starts_nocase(text, span_str("1.0")))
		return false;
	text = span_trim(span_from(text, 3));
	return text.len == 0 || text.ptr[0] == '(';
}
