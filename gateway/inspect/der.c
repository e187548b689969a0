/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BER/DER by slices (X.690). The check walks the whole input once with an explicit stack, so
 * that what follows may take items apart without meeting a bad length; der_next() checks its
 * own bounds all the same. It knows nothing of CMS or certificates.
 *
 * High tag numbers never occur in CMS or X.509 and are refused. Values inside primitive
 * items (integers, times, strings) are judged by whoever reads them.
 */
#include "gateway/inspect/der.h"

#include <stdio.h>

#include "common/clock.h"

#define TAG_CONSTRUCTED 0x20
#define TAG_NUMBER 0x1f
#define TAG_CLASS 0xc0
#define LENGTH_INDEFINITE 0x80
#define LENGTH_BYTES_MAX 4
#define END_OF_CONTENTS 0x00

struct header {
	uint8_t tag;
	bool indefinite;
	size_t size;   /* of the header itself */
	size_t length; /* of the content, when definite */
};

/* Universal types that may, and those that must be constructed. */
static const char *
judge_form(uint8_t tag)
{
	bool constructed = (tag & TAG_CONSTRUCTED) != 0;
	uint8_t number = tag & TAG_NUMBER;

	if ((tag & TAG_CLASS) != 0)
		return NULL;
	if (number == (DER_SEQUENCE & TAG_NUMBER) || number == (DER_SET & TAG_NUMBER))
		return constructed ? NULL : "primitive sequence";
	if (constructed && tag != DER_OCTET_STRING_PIECES)
		return "string in pieces";
	return NULL;
}

/* Read identifier and length. NULL, or what is wrong. */
static const char *
read_header(struct span in, struct header *h)
{
	if (in.len < 2)
		return "truncated";
	*h = (struct header){ .tag = in.ptr[0], .size = 2 };
	if ((h->tag & TAG_NUMBER) == TAG_NUMBER)
		return "high tag number";

	uint8_t first = in.ptr[1];
	if (first == LENGTH_INDEFINITE) {
		if ((h->tag & TAG_CONSTRUCTED) == 0)
			return "primitive without length";
		h->indefinite = true;
	} else if (first < LENGTH_INDEFINITE) {
		h->length = first;
	} else {
		size_t n = first & 0x7f;
		if (n > LENGTH_BYTES_MAX)
			return "length too large";
		if (in.len < 2 + n)
			return "truncated";
		for (size_t i = 0; i < n; i++)
			h->length = h->length << 8 | in.ptr[2 + i];
		if (h->length < 0x80 || (n > 1 && in.ptr[2] == 0))
			return "length not minimal";
		h->size += n;
	}
	if (!h->indefinite && h->length > in.len - h->size)
		return "truncated";
	return judge_form(h->tag);
}

struct frame {
	size_t end;      /* where it ends; of an indefinite one: what it may not pass */
	bool indefinite; /* ended by end-of-contents octets */
	bool pieces;     /* an OCTET STRING in pieces */
};

struct walk {
	struct frame open[DER_DEPTH_MAX];
	unsigned depth;
	size_t at;
};

/* Close the definite items that end exactly here. */
static void
close_definite(struct walk *w)
{
	while (w->depth > 0 && !w->open[w->depth - 1].indefinite
	    && w->open[w->depth - 1].end == w->at)
		w->depth--;
}

/* Go over one header inside `top` (NULL at the outermost level). NULL, or what is wrong. */
static const char *
walk_step(struct walk *w, struct span in, const struct frame *top, bool allow_indefinite)
{
	size_t limit = top != NULL ? top->end : in.len;
	struct span rest = span_sub(in, w->at, limit - w->at);
	struct header h;

	if (top != NULL && top->indefinite && rest.len >= 2
	    && rest.ptr[0] == END_OF_CONTENTS && rest.ptr[1] == 0) {
		w->at += 2;
		w->depth--;
		close_definite(w);
		return NULL;
	}
	const char *wrong = read_header(rest, &h);
	if (wrong != NULL)
		return wrong;
	if (h.tag == END_OF_CONTENTS)
		return "stray end of contents";
	if (h.indefinite && !allow_indefinite)
		return "indefinite length";
	if (top != NULL && top->pieces && h.tag != DER_OCTET_STRING)
		return "string in pieces";
	w->at += h.size;
	if ((h.tag & TAG_CONSTRUCTED) == 0) {
		w->at += h.length;
	} else {
		if (w->depth == DER_DEPTH_MAX)
			return "nested too deep";
		w->open[w->depth++] = (struct frame){
			.end = h.indefinite ? limit : w->at + h.length,
			.indefinite = h.indefinite,
			.pieces = h.tag == DER_OCTET_STRING_PIECES,
		};
	}
	close_definite(w);
	return NULL;
}

/* Walk the first item of `in`; *used = its size. NULL, or what is wrong. */
static const char *
walk_item(struct span in, bool allow_indefinite, size_t *used)
{
	struct walk w = { .depth = 0 };

	do {
		const struct frame *top = w.depth > 0 ? &w.open[w.depth - 1] : NULL;
		const char *wrong = walk_step(&w, in, top, allow_indefinite);
		if (wrong != NULL)
			return wrong;
	} while (w.depth > 0);
	*used = w.at;
	return NULL;
}

const char *
der_check(struct span in)
{
	size_t used = 0;
	const char *wrong = walk_item(in, true, &used);

	if (wrong != NULL)
		return wrong;
	return used == in.len ? NULL : DER_TRAILING;
}

bool
der_is_definite(struct span in)
{
	while (in.len > 0) {
		size_t used = 0;
		if (walk_item(in, false, &used) != NULL)
			return false;
		in = span_from(in, used);
	}
	return true;
}

bool
der_next(struct span *in, struct der_item *out)
{
	struct header h;
	size_t used;

	if (in->len == 0 || read_header(*in, &h) != NULL)
		return false;
	if (h.indefinite) {
		if (walk_item(*in, true, &used) != NULL)
			return false;
		out->content = span_sub(*in, h.size, used - h.size - 2);
	} else {
		used = h.size + h.length;
		out->content = span_sub(*in, h.size, h.length);
	}
	out->tag = h.tag;
	out->indefinite = h.indefinite;
	out->whole = span_sub(*in, 0, used);
	*in = span_from(*in, used);
	return true;
}

bool
der_take(struct span *in, uint8_t tag, struct der_item *out)
{
	struct span rest = *in;

	if (in->len == 0 || in->ptr[0] != tag || !der_next(&rest, out))
		return false;
	*in = rest;
	return true;
}

bool
der_small_integer(struct der_item item, uint32_t *out)
{
	struct span c = item.content;

	if (item.tag != DER_INTEGER || c.len == 0 || c.len > 4 || (c.ptr[0] & 0x80) != 0
	    || (c.len > 1 && c.ptr[0] == 0 && (c.ptr[1] & 0x80) == 0))
		return false;
	*out = 0;
	for (size_t i = 0; i < c.len; i++)
		*out = *out << 8 | c.ptr[i];
	return true;
}

/* Two digits at *at, which moves on. */
static int
two_digits(struct span s, size_t *at)
{
	int a = s.ptr[*at] - '0', b = s.ptr[*at + 1] - '0';

	*at += 2;
	return a < 0 || a > 9 || b < 0 || b > 9 ? -1 : 10 * a + b;
}

bool
der_time(struct der_item item, int64_t *seconds)
{
	struct span c = item.content;
	size_t at = 0;
	int field[6], century = 0;

	if (item.tag == DER_GENERALIZED_TIME && c.len == 15)
		century = two_digits(c, &at);
	else if (item.tag != DER_UTC_TIME || c.len != 13)
		return false;
	if (century < 0 || c.ptr[c.len - 1] != 'Z')
		return false;
	for (unsigned i = 0; i < 6; i++) {
		field[i] = two_digits(c, &at);
		if (field[i] < 0)
			return false;
	}
	if (item.tag == DER_UTC_TIME)
		century = field[0] < 50 ? 20 : 19;
	return clock_from_utc(100 * century + field[0], field[1], field[2], field[3],
	    field[4], field[5], seconds);
}

void
der_put_header(uint8_t tag, size_t length, struct buf *out)
{
	unsigned n = 0;

	buf_put_byte(out, tag);
	if (length < 0x80) {
		buf_put_byte(out, (uint8_t)length);
		return;
	}
	for (size_t left = length; left > 0; left >>= 8)
		n++;
	buf_put_byte(out, (uint8_t)(0x80 | n));
	while (n-- > 0)
		buf_put_byte(out, (uint8_t)(length >> (8 * n)));
}

const char *
der_oid_text(struct span oid, char *out, size_t size)
{
	size_t used = 0;
	uint64_t arc = 0;
	bool first = true;

	out[0] = '\0';
	for (size_t i = 0; i < oid.len && used < size; i++) {
		int n;
		arc = arc << 7 | (oid.ptr[i] & 0x7f);
		if ((oid.ptr[i] & 0x80) != 0)
			continue;
		if (first) {
			unsigned top = arc < 80 ? (unsigned)(arc / 40) : 2;
			n = snprintf(out, size, "%u.%llu", top,
			    (unsigned long long)(arc - 40 * top));
			first = false;
		} else {
			n = snprintf(out + used, size - used, ".%llu", (unsigned long long)arc);
		}
		used += n > 0 ? (size_t)n : 0;
		arc = 0;
	}
	return out;
}
