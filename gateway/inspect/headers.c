/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root header, RFC 5322 section 3.6, and what is not in it but matters to us: RFC 3834
 * (do not answer), RFC 8601 (results that only we may claim).
 *
 * Every field is read once, in order. A field that a later step must find again (to strip,
 * to protect, to sign) is recorded by its range; too many of them is a LIMIT, since one
 * that is not recorded would be one that is not stripped.
 *
 * Not here: Content-* fields (scan.c), addresses (address.c).
 */
#include "gateway/inspect/headers.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/text.h"
#include "gateway/inspect/address.h"

#define SUBJECT_MAX 2000 /* bytes of a decoded subject that are kept */
#define MESSAGE_ID_MAX 998

struct reading {
	struct scan *scan;
	struct decode *decode;
	const char *const *own_ids;
	size_t own_id_count;
	struct facts *f;
	size_t from_count;
	struct span from; /* the body of the first one */
	bool on_top;      /* only trace fields so far */
};

static bool
is_any(struct span name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_is_nocase(name, list[i]))
			return true;
	return false;
}

#define IS_ANY(name, list) is_any(name, list, sizeof(list) / sizeof((list)[0]))

/* Behind comments and blanks (RFC 8601 calls them CFWS); empty when a comment is open. */
static struct span
skip_comments(struct span s)
{
	unsigned depth = 0;
	size_t i = 0;

	for (; i < s.len; i++) {
		uint8_t c = s.ptr[i];

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (c == '\\' && depth > 0)
			i++;
		else if (depth == 0 && memchr(" \t\r\n", c, 4) == NULL)
			break;
	}
	return span_from(s, i);
}

/* An Authentication-Results in the name of one of our hosts: only we may write it. */
static bool
claims_to_be_ours(const struct reading *r, struct span body)
{
	struct span id = skip_comments(body);
	size_t end = 0;

	if (id.len > 0 && id.ptr[0] == '"')
		id = span_from(id, 1);
	while (end < id.len && memchr(" \t\r\n;(\"/", id.ptr[end], 8) == NULL)
		end++;
	return is_any(span_sub(id, 0, end), r->own_ids, r->own_id_count);
}

static bool
is_own(const struct reading *r, const struct scan_field *field)
{
	static const char *const results[] = { "Authentication-Results",
		"ARC-Authentication-Results" };

	if (span_starts_nocase(field->name, span_str("X-Vanthu-")))
		return true;
	return IS_ANY(field->name, results) && claims_to_be_ours(r, field->body);
}

static bool
is_trace(struct span name)
{
	static const char *const names[] = { "Return-Path", "Received", "Delivered-To",
		"X-Original-To" };

	return IS_ANY(name, names);
}

/* What kind of field it is, for facts; -1 when nobody needs it again. */
static int
field_kind(const struct reading *r, const struct scan_field *field)
{
	static const char *const protected[] = { "To", "Cc", "Date", "Message-ID" };

	if (is_own(r, field))
		return FIELD_OWN;
	if (r->on_top && is_trace(field->name))
		return FIELD_TRACE;
	if (span_starts_nocase(field->name, span_str("Content-")))
		return FIELD_CONTENT;
	if (span_is_nocase(field->name, "MIME-Version"))
		return FIELD_MIME_VERSION;
	if (span_is_nocase(field->name, "From"))
		return FIELD_FROM;
	if (span_is_nocase(field->name, "Subject"))
		return FIELD_SUBJECT;
	return IS_ANY(field->name, protected) ? FIELD_TO : -1;
}

static void
record(struct reading *r, const struct scan_field *field, uint64_t header_start)
{
	int kind = field_kind(r, field);
	char number[16];
	int n;

	r->on_top = r->on_top && is_trace(field->name);
	if (kind < 0)
		return;
	if (r->f->field_count == FACTS_FIELDS_MAX) {
		n = snprintf(number, sizeof(number), "%d", FACTS_FIELDS_MAX);
		scan_add_problem(r->scan, REASON_LIMIT_FIELDS, 0, span_str("1"),
		    span_of(number, (size_t)n));
		return;
	}
	r->f->fields[r->f->field_count++] = (struct facts_field){ .kind = (uint8_t)kind,
		.range = { header_start + field->start, header_start + field->end } };
}

/* --- what the fields say --------------------------------------------------------------- */

/* G02: nobody waits for an answer. */
static bool
asks_no_answer(const struct scan_field *field)
{
	static const char *const marks[] = { "X-Autoreply", "X-Autorespond", "X-Autoresponse",
		"X-Auto-Response-Suppress", "X-Failed-Recipients", "X-Loop" };
	static const char *const bulk[] = { "bulk", "list", "junk", "auto_reply" };
	struct span body = span_trim(skip_comments(field->body));

	if (span_is_nocase(field->name, "Auto-Submitted")) {
		size_t end = 0;

		while (end < body.len && memchr(" \t\r\n;(", body.ptr[end], 6) == NULL)
			end++;
		return !span_is_nocase(span_sub(body, 0, end), "no");
	}
	if (span_is_nocase(field->name, "Precedence"))
		return IS_ANY(body, bulk);
	if (span_is_nocase(field->name, "Return-Path"))
		return span_is(body, "<>");
	return span_starts_nocase(field->name, span_str("List-")) || IS_ANY(field->name, marks);
}

/* Add at most max bytes of it, whole characters; the first field of a kind counts. */
static void
keep_text(struct facts *f, struct facts_text *text, struct span s, size_t max)
{
	size_t at = 0, end = 0;

	if (text->length != 0)
		return;
	while (text_next(s, &at) != -1 && at <= max)
		end = at;
	*text = facts_add(f, span_sub(s, 0, end));
}

static void
read_subject(struct reading *r, struct span body)
{
	struct buf text;

	buf_init(&text, SIZE_MAX);
	decode_text(r->decode, body, &text);
	keep_text(r->f, &r->f->subject, buf_span(&text), SUBJECT_MAX);
	buf_free(&text);
}

static void
read_message_id(struct reading *r, struct span body)
{
	struct span id = span_trim(body);
	struct buf text;

	if (id.len >= 2 && id.ptr[0] == '<' && id.ptr[id.len - 1] == '>')
		id = span_sub(id, 1, id.len - 2);
	buf_init(&text, SIZE_MAX);
	text_clean(id, &text);
	keep_text(r->f, &r->f->message_id, buf_span(&text), MESSAGE_ID_MAX);
	buf_free(&text);
}

static void
check_address_count(struct reading *r, const struct scan_field *field)
{
	static const char *const lists[] = { "From", "Sender", "Reply-To", "To", "Cc", "Bcc",
		"Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Bcc" };
	char number[16];
	int n;

	if (!IS_ANY(field->name, lists) || address_count(field->body) <= LIMIT_ADDRESSES)
		return;
	n = snprintf(number, sizeof(number), "%d", LIMIT_ADDRESSES);
	scan_add_problem(r->scan, REASON_LIMIT_ADDRESSES, 0, span_of(number, (size_t)n),
	    field->name);
}

static void
read_field(struct reading *r, const struct scan_field *field)
{
	struct facts *f = r->f;

	if (span_is_nocase(field->name, "From")) {
		if (r->from_count++ == 0)
			r->from = field->body;
	} else if (span_is_nocase(field->name, "Subject")) {
		read_subject(r, field->body);
	} else if (span_is_nocase(field->name, "Message-ID")) {
		read_message_id(r, field->body);
	} else if (span_is_nocase(field->name, "Date")) {
		if (f->date == 0 && !clock_parse_rfc5322(span_trim(field->body), &f->date))
			f->date = 0;
	} else if (span_is_nocase(field->name, "Received")) {
		f->hops = (uint8_t)(f->hops < UINT8_MAX ? f->hops + 1 : UINT8_MAX);
	}
	if (asks_no_answer(field))
		f->auto_submitted = 1;
	check_address_count(r, field);
}

/* --- From ------------------------------------------------------------------------------ */

static enum reason
judge_from(size_t count, struct span body, struct span *address)
{
	struct address a;

	*address = span_of("", 0);
	if (count == 0)
		return REASON_FROM_MISSING;
	if (count > 1)
		return REASON_FROM_SEVERAL;
	a = address_read(body);
	*address = a.mailbox;
	return a.problem;
}

enum reason
headers_from(struct span header, struct span *address, size_t *count)
{
	struct scan_field field;
	struct span body = span_of("", 0);
	size_t at = 0;

	*count = 0;
	while (scan_field_next(header, &at, &field))
		if (span_is_nocase(field.name, "From") && (*count)++ == 0)
			body = field.body;
	return judge_from(*count, body, address);
}

enum reason
headers_read(struct scan *s, struct decode *d, const char *const *own_ids,
    size_t own_id_count, struct facts *f)
{
	struct reading r = { .scan = s, .decode = d, .own_ids = own_ids,
		.own_id_count = own_id_count, .f = f, .on_top = true };
	struct scan_field field;
	struct span header, from;
	enum reason problem;
	size_t at = 0;

	if (f->part_count == 0)
		return REASON_FROM_MISSING;
	header = scan_range(s, &f->parts[0], f->parts[0].header);
	while (scan_field_next(header, &at, &field)) {
		record(&r, &field, f->parts[0].header.start);
		read_field(&r, &field);
	}
	if (scan_is(scan_part(s, 0), "multipart", "report"))
		f->auto_submitted = 1;
	problem = judge_from(r.from_count, r.from, &from);
	f->from = facts_add(f, from);
	if (reason_info(problem)->verdict == VERDICT_AMBIGUOUS)
		scan_add_problem(s, problem, 0, span_of("", 0), span_of("", 0));
	return problem;
}
