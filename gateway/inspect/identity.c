/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The binding of signer and sender (RFC 8550 3, stricter; verdicts.md C01-C12).
 *
 * From must be exactly one mailbox, and it must be an address of the certificate: in its
 * subjectAltName, or in its subject when the profile says so and it has none in the
 * subjectAltName, or, when it has no address at all, by configuration. Sender does not count
 * (C04), nor the display name. A header inside the signed part (RFC 9788, its draft, or
 * message/rfc822 wrapping of RFC 8551 3.1) must name the same sender; it is compared, never
 * obeyed.
 */
#include "gateway/inspect/identity.h"

#include <string.h>

#include "common/digest.h"
#include "gateway/inspect/address.h"
#include "gateway/inspect/certificate.h"
#include "gateway/inspect/headers.h"
#include "gateway/inspect/layer.h"

#define FIELD_TEXT_MAX 4096

static const struct span none = { 0 };

static void
lower(struct span s, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		bool upper = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z';
		buf_put_byte(out, upper ? (uint8_t)(s.ptr[i] + ('a' - 'A')) : s.ptr[i]);
	}
}

static bool
matches_without_case(struct span a, struct span b)
{
	struct buf x, y;

	buf_init(&x, LIMIT_FIELD_BYTES);
	buf_init(&y, LIMIT_FIELD_BYTES);
	lower(a, &x);
	lower(b, &y);
	bool same = !x.failed && !y.failed && address_matches(buf_span(&x), buf_span(&y));
	buf_free(&x);
	buf_free(&y);
	return same;
}

struct search {
	bool has_san;       /* an address in the subjectAltName */
	bool has_any;       /* an address that the profile lets count */
	bool found, relaxed_case;
	unsigned index;     /* of the one found, else of the first that counts */
};

/* Look for `from` among the addresses that count. */
static struct search
look_up(const struct certificate_addresses *list, struct span from,
    const struct profile *profile)
{
	struct search s = { 0 };

	for (unsigned i = 0; i < list->count; i++)
		s.has_san = s.has_san || list->list[i].source == ADDRESS_SAN;
	for (unsigned i = 0; i < list->count && !s.found; i++) {
		struct span address = span_of(list->list[i].text, list->list[i].length);
		if (list->list[i].odd
		    || (list->list[i].source == ADDRESS_DN
			&& (s.has_san || !profile->dn_address)))
			continue;
		bool exact = address_matches(address, from);
		bool loose = profile->address_case && matches_without_case(address, from);
		if (exact || loose) {
			s.found = true;
			s.relaxed_case = !exact;
		}
		if (s.found || !s.has_any)
			s.index = i;
		s.has_any = true;
	}
	return s;
}

static void
set(struct facts *f, enum reason r, struct span arg1, struct span arg2)
{
	facts_set_check(f, CHECK_IDENTITY, r == REASON_NONE ? CHECK_OK : CHECK_FAIL, r, arg1,
	    arg2);
}

/* A certificate without an address of its own speaks for whom configuration says. */
static void
check_binding(const struct identity_question *q, struct span from, struct facts *f)
{
	struct certificate_holder holder;

	if (trust_is_bound(q->trust, f->signer.sha256, from)) {
		f->signer.address = f->from;
		facts_add_note(f, REASON_NOTE_BOUND_ADDRESS, from, none);
		set(f, REASON_NONE, none, none);
		return;
	}
	certificate_holder(X509_get_subject_name(q->signer), &holder);
	set(f, REASON_CERTIFICATE_NO_ADDRESS, holder_span(&holder), from);
}

static void
check_addresses(const struct identity_question *q, struct span from, struct facts *f)
{
	struct certificate_addresses list;

	certificate_addresses(q->signer, &list);
	struct search s = look_up(&list, from, q->profile);
	if (s.has_any) {
		struct span address
		    = span_of(list.list[s.index].text, list.list[s.index].length);
		f->signer.address = facts_add(f, address);
		if (!s.found) {
			set(f, REASON_FROM_DIFFERS, from, address);
		} else {
			set(f, REASON_NONE, none, none);
			if (list.list[s.index].source == ADDRESS_DN)
				facts_add_note(f, REASON_RELAXED_DN_ADDRESS, address, none);
			if (s.relaxed_case)
				facts_add_note(f, REASON_RELAXED_ADDRESS_CASE, address, from);
		}
	} else {
		check_binding(q, from, f);
	}
	certificate_addresses_free(&list);
}

/* The signed header to compare with: that of the signed part, or of the message in it. */
static struct span
inner_header(const struct identity_question *q, const struct facts *f)
{
	uint32_t part = f->signed_part;

	if (part == FACTS_NONE)
		return none;
	const struct scan_part *p = scan_part(q->scan, part);
	/* A message that is attached, or signed itself, is a forwarded one (D15); any other
	 * wraps this message. */
	if (f->parts[part].kind == PART_MESSAGE && !span_is(p->disposition, "attachment")
	    && p->first_child != FACTS_NONE
	    && !layer_is_signed(scan_part(q->scan, p->first_child)))
		part = p->first_child;
	return scan_range(q->scan, &f->parts[part], f->parts[part].header);
}

/* The body of a field that stands exactly once; false otherwise. */
static bool
single_field(struct span header, const char *name, struct span *body)
{
	struct scan_field field;
	size_t at = 0;
	unsigned count = 0;

	while (scan_field_next(header, &at, &field)) {
		if (span_is_nocase(field.name, name)) {
			*body = field.body;
			count++;
		}
	}
	return count == 1;
}

/* Compare a field as a person reads it. True when both have it. */
static bool
compare_field(const struct identity_question *q, struct span outer, struct span inner,
    const char *name, struct facts *f)
{
	struct span a, b;
	struct buf x, y;

	if (!single_field(inner, name, &b))
		return false;
	buf_init(&x, FIELD_TEXT_MAX);
	buf_init(&y, FIELD_TEXT_MAX);
	if (single_field(outer, name, &a))
		decode_text(q->decode, a, &x);
	decode_text(q->decode, b, &y);
	if (!span_equal(buf_span(&x), buf_span(&y))) {
		if (strcmp(name, "Subject") == 0)
			facts_add_note(f, REASON_NOTE_SUBJECT_DIFFERS, buf_span(&y), none);
		else
			facts_add_note(f, REASON_NOTE_INNER_DIFFERS, span_str(name), none);
	}
	buf_free(&x);
	buf_free(&y);
	return true;
}

/* Header protection (C12): the signed sender must be the one shown. */
static void
check_inner(const struct identity_question *q, struct facts *f)
{
	static const char *const names[] = { "Subject", "Date", "To", "Cc" };
	struct span outer = scan_range(q->scan, &f->parts[0], f->parts[0].header);
	struct span inner = inner_header(q, f), address = { 0 }, from;
	size_t count = 0;
	bool covered = false;

	enum reason problem = headers_from(inner, &address, &count);
	from = facts_span(f, f->from);
	if (count > 0 && (problem != REASON_NONE || !address_matches(address, from))) {
		if (f->checks[CHECK_IDENTITY].state == CHECK_OK)
			set(f, REASON_INNER_FROM_DIFFERS, address, from);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		covered = compare_field(q, outer, inner, names[i], f) || covered;
	if (!covered)
		facts_add_note(f, REASON_NOTE_HEADERS_UNSIGNED, none, none);
}

/* Who else is named (C11): worth a note, never a match. */
static void
note_others(const struct identity_question *q, struct facts *f)
{
	static const char *const names[] = { "Sender", "Reply-To" };
	struct span outer = scan_range(q->scan, &f->parts[0], f->parts[0].header), body;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!single_field(outer, names[i], &body))
			continue;
		struct address a = address_read(body);
		if (a.problem != REASON_NONE
		    || !address_matches(a.mailbox, facts_span(f, f->from)))
			facts_add_note(f, REASON_NOTE_SENDER_DIFFERS, span_str(names[i]),
			    a.problem == REASON_NONE ? a.mailbox : none);
	}
}

void
identity_check(const struct identity_question *q, struct facts *f)
{
	struct span from = facts_span(f, f->from);

	if (q->from_problem != REASON_NONE || from.len == 0) {
		set(f, q->from_problem != REASON_NONE ? q->from_problem : REASON_FROM_MISSING,
		    none, none);
		return;
	}
	check_addresses(q, from, f);
	check_inner(q, f);
	note_others(q, f);
}
