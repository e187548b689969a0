/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sender's address, RFC 5322 section 3.4 without its obsolete forms.
 *
 * Readers repair addresses in many ways, and each repair is a way to show one sender and
 * check another. So the only forms that are read are
 *
 *     local@domain                          local@domain (Plain Name)
 *     Display Name <local@domain>           Display Name (plain words) <local@domain>
 *
 * with a local part and a domain that are plain dot-atoms (letters of any script by RFC
 * 6531). Groups, routes, quoted local parts, domain literals, comments elsewhere, stray
 * text, unbalanced quotes and brackets, controls, invisible characters, and encoded words
 * that hide "@", "<" or ">" make the field ambiguous (verdicts.md C05, C06). No address
 * at all, or several good ones, are told apart from that, because a policy may answer them
 * differently.
 *
 * Not here: what the display name says (decode.c), comparing mailboxes (domain.c).
 */
#include "gateway/inspect/address.h"

#include <string.h>

#include "common/text.h"
#include "gateway/inspect/encoded_word.h"
#include "gateway/model/limits.h"

/* What became of one element of the list. */
enum element {
	ELEMENT_EMPTY,
	ELEMENT_MAILBOX,
	ELEMENT_NAME_ONLY, /* words, or "<>", but no address */
	ELEMENT_BAD,
};

struct reader {
	struct span s;
	size_t at;
	struct span mailbox, name;
	struct buf hidden; /* the bytes of all encoded words of a name, joined */
	bool odd_charset;  /* one of them is in a charset that is no superset of ASCII */
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A line end must fold: CRLF or LF and then a blank. A tab may only be such a blank. */
static bool
has_controls(struct span s)
{
	bool folded = false;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i], next = i + 1 < s.len ? s.ptr[i + 1] : 0;

		if (c == '\r' && next == '\n')
			continue;
		if (c == '\n') {
			if (next != ' ' && next != '\t')
				return true;
			folded = true;
			continue;
		}
		if ((c < 0x20 && !(c == '\t' && folded)) || c == 0x7f)
			return true;
		folded = folded && is_blank(c);
	}
	return false;
}

static bool
has_hidden_characters(struct span s)
{
	size_t at = 0;

	for (int32_t c; (c = text_next(s, &at)) != -1;)
		if (c >= 0x80 && text_is_hidden((uint32_t)c))
			return true;
	return false;
}

/* --- addr-spec ------------------------------------------------------------------------ */

/* RFC 5322 atext, RFC 6531 UTF8-non-ascii. */
static bool
is_atext(uint8_t c)
{
	return c >= 0x80 || (c > 0x20 && c < 0x7f && memchr("()<>[]:;@\\,.\"", c, 13) == NULL);
}

static bool
is_dot_atom(struct span s)
{
	bool dot = true; /* one may not stand at the start, at the end or twice */

	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '.' ? dot : !is_atext(s.ptr[i]))
			return false;
		dot = s.ptr[i] == '.';
	}
	return s.len > 0 && !dot && text_is_utf8(s);
}

static bool
is_domain(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i], lower = c | 0x20;

		if (c < 0x80 && !(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '.' && c != '_')
			return false;
	}
	return is_dot_atom(s);
}

static bool
is_addr_spec(struct span s)
{
	size_t at = span_find(s, '@', 0);

	return s.len <= LIMIT_ADDRESS_BYTES && at != SPAN_NOT_FOUND &&
	    is_dot_atom(span_sub(s, 0, at)) && is_domain(span_from(s, at + 1)) &&
	    span_find_span(s, span_str("=?"), 0) == SPAN_NOT_FOUND;
}

/* --- words ---------------------------------------------------------------------------- */

static bool
at_end(const struct reader *r)
{
	return r->at >= r->s.len;
}

static uint8_t
peek(const struct reader *r)
{
	return r->s.ptr[r->at];
}

static void
skip_blanks(struct reader *r)
{
	while (!at_end(r) && is_blank(peek(r)))
		r->at++;
}

/* The quote is at r->at. False: it does not close, or holds what some take for syntax. */
static bool
read_quoted(struct reader *r)
{
	bool escape = false, syntax = false;

	for (r->at++; !at_end(r) && peek(r) != '"'; r->at++) {
		if (peek(r) == '\\') {
			escape = true;
			r->at++;
			if (at_end(r))
				return false;
		}
		if (peek(r) == '<' || peek(r) == '>')
			return false;
		syntax |= peek(r) == '@' || peek(r) == ',';
	}
	if (at_end(r))
		return false;
	r->at++;
	return !(escape && syntax);
}

/* A comment in a name or behind an address, with nothing in it but plain words. */
static bool
read_comment(struct reader *r)
{
	for (r->at++; !at_end(r) && peek(r) != ')'; r->at++)
		if (memchr("()<>[]:;@\\,\"", peek(r), 12) != NULL)
			return false;
	if (at_end(r))
		return false;
	r->at++;
	return true;
}

/* An unquoted run without blanks; "@" belongs to it, as in a bare address. */
static struct span
read_run(struct reader *r)
{
	size_t start = r->at;

	while (!at_end(r) && (is_atext(peek(r)) || peek(r) == '.' || peek(r) == '@'))
		r->at++;
	return span_sub(r->s, start, r->at - start);
}

static void
gather_encoded_words(struct reader *r, struct span name)
{
	static const char *const odd[] = { "utf-7", "unicode-1-1-utf-7", "utf-16", "utf-16be",
		"utf-16le", "utf-32", "utf-32be", "utf-32le", "ucs-2", "ucs-4", "hz-gb-2312" };
	struct encoded_word w;
	size_t at = 0;

	while ((at = span_find_span(name, span_str("=?"), at)) != SPAN_NOT_FOUND) {
		if (!encoded_word_at(name, at, &w)) {
			at += 2;
			continue;
		}
		for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
			r->odd_charset |= span_is_nocase(w.charset, odd[i]);
		encoded_word_bytes(&w, &r->hidden);
		at = w.end;
	}
}

/*
 * Would a reader that decodes first and parses then see another address? A comma alone makes
 * it see a name without an address before the same mailbox, and names with commas are common.
 */
static bool
hides_syntax(struct reader *r, struct span name)
{
	buf_reset(&r->hidden);
	r->odd_charset = false;
	gather_encoded_words(r, name);
	if (r->odd_charset || r->hidden.failed)
		return true;
	for (size_t i = 0; i < r->hidden.len; i++)
		if (r->hidden.data[i] < 0x20 || memchr("@<>\x7f", r->hidden.data[i], 4) != NULL)
			return true;
	return has_hidden_characters(buf_span(&r->hidden));
}

/* --- one mailbox ----------------------------------------------------------------------- */

/* "<" is at r->at. */
static enum element
read_angle(struct reader *r)
{
	size_t close = span_find(r->s, '>', r->at);
	struct span inside;

	if (close == SPAN_NOT_FOUND)
		return ELEMENT_BAD;
	inside = span_sub(r->s, r->at + 1, close - r->at - 1);
	r->at = close + 1;
	skip_blanks(r);
	if (!at_end(r) && peek(r) != ',')
		return ELEMENT_BAD;
	if (inside.len == 0)
		return ELEMENT_NAME_ONLY;
	r->mailbox = inside;
	return is_addr_spec(inside) ? ELEMENT_MAILBOX : ELEMENT_BAD;
}

/* A run with "@" in it: nothing may follow but a comment. */
static enum element
read_bare(struct reader *r, struct span run)
{
	skip_blanks(r);
	if (!at_end(r) && peek(r) == '(') {
		size_t start = r->at;

		if (!read_comment(r))
			return ELEMENT_BAD;
		r->name = span_sub(r->s, start + 1, r->at - start - 2);
		if (hides_syntax(r, r->name))
			return ELEMENT_BAD;
		skip_blanks(r);
	}
	if (!at_end(r) && peek(r) != ',')
		return ELEMENT_BAD;
	r->mailbox = run;
	return is_addr_spec(run) ? ELEMENT_MAILBOX : ELEMENT_BAD;
}

static enum element
read_element(struct reader *r)
{
	unsigned words = 0;
	size_t start;

	skip_blanks(r);
	start = r->at;
	for (;; skip_blanks(r)) {
		if (at_end(r) || peek(r) == ',')
			return words > 0 ? ELEMENT_NAME_ONLY : ELEMENT_EMPTY;
		if (peek(r) == '<')
			break;
		if (peek(r) == '"') {
			if (!read_quoted(r))
				return ELEMENT_BAD;
		} else if (peek(r) == '(' && words > 0) {
			if (!read_comment(r))
				return ELEMENT_BAD;
		} else {
			struct span run = read_run(r);

			if (run.len == 0)
				return ELEMENT_BAD;
			if (span_find(run, '@', 0) != SPAN_NOT_FOUND)
				return words > 0 ? ELEMENT_BAD : read_bare(r, run);
		}
		words++;
	}
	r->name = span_trim(span_sub(r->s, start, r->at - start));
	if (hides_syntax(r, r->name))
		return ELEMENT_BAD;
	return read_angle(r);
}

struct address
address_read(struct span body)
{
	const struct span none = span_of("", 0);
	struct reader r = { .s = span_trim(body), .mailbox = none, .name = none };
	struct address a = { .problem = REASON_NONE, .mailbox = none, .name = none };
	size_t bad = 0, other = 0;

	buf_init(&r.hidden, body.len + 1);
	if (has_controls(r.s) || has_hidden_characters(r.s))
		bad++;
	while (bad == 0) {
		switch (read_element(&r)) {
		case ELEMENT_MAILBOX:
			a.count++;
			break;
		case ELEMENT_EMPTY:
		case ELEMENT_NAME_ONLY:
			other++;
			break;
		case ELEMENT_BAD:
			bad++;
			break;
		}
		if (at_end(&r) || a.count > LIMIT_ADDRESSES)
			break;
		r.at++; /* the comma */
	}
	buf_free(&r.hidden);
	if (bad > 0 || (a.count > 0 && other > 0) || other > 1)
		a.problem = REASON_FROM_AMBIGUOUS;
	else if (a.count == 0)
		a.problem = REASON_FROM_MISSING;
	else if (a.count > 1)
		a.problem = REASON_FROM_SEVERAL;
	if (a.problem == REASON_NONE) {
		a.mailbox = r.mailbox;
		a.name = r.name;
	}
	return a;
}

size_t
address_count(struct span body)
{
	size_t count = span_trim(body).len > 0;
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < body.len && count <= LIMIT_ADDRESSES; i++) {
		uint8_t c = body.ptr[i];

		if (c == '\\' && (quoted || depth > 0))
			i++;
		else if (c == '"' && depth == 0)
			quoted = !quoted;
		else if (c == '(' && !quoted)
			depth++;
		else if (c == ')' && !quoted && depth > 0)
			depth--;
		else if ((c == ',' || c == ';') && !quoted && depth == 0)
			count++;
	}
	return count;
}
