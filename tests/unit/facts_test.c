/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/model/facts.h"

#define MESSAGE_SIZE 5000
#define CONTENT_SIZE 300

/* Facts with something in every field. */
static struct facts *
full_facts(void)
{
	struct facts *f = facts_new();

	f->verdict = VERDICT_VERIFIED;
	f->reason = REASON_VERIFIED;
	f->arg1 = facts_add(f, span_str("UBND huyen Ba Vi"));
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		facts_set_check(f, (enum check_id)i, CHECK_OK, REASON_NONE, span_str(""),
		    span_str(""));
	facts_add_note(f, REASON_UNSIGNED, span_str("a"), span_str("b"));
	f->form = SIGNATURE_DETACHED;
	f->signed_range = (struct facts_range){ 100, 4000 };
	f->signed_part = 1;
	f->signature_part = 2;
	f->signer.address = facts_add(f, span_str("vanthu@bavi.hanoi.example"));
	f->signer.serial = facts_add(f, span_str("01ff"));
	f->signer.not_before = -1;
	f->signer.not_after = 1795555544;
	f->from = f->signer.address;
	f->subject = facts_add(f, span_str("V/v k\xe1\xba\xbf ho\xe1\xba\xa1" "ch"));
	f->number = facts_add(f, span_str("06/KH-VP"));
	f->urgency = URGENCY_HOA_TOC;
	f->hops = 3;
	f->part_count = 3;
	f->parts[0] = (struct facts_part){ .parent = FACTS_NONE,
		.kind = PART_MULTIPART,
		.header = { 0, 90 },
		.body = { 92, MESSAGE_SIZE } };
	f->parts[1] = (struct facts_part){ .parent = 0,
		.depth = 1,
		.kind = PART_LEAF,
		.encoding = ENCODING_BASE64,
		.header = { 100, 200 },
		.body = { 202, 4000 },
		.encoding_field = { 120, 150 } };
	f->parts[2] = (struct facts_part){ .parent = 0,
		.depth = 1,
		.origin = ORIGIN_CONTENT,
		.body = { 0, CONTENT_SIZE } };
	f->field_count = 2;
	f->fields[0] = (struct facts_field){ { 0, 10 }, FIELD_TRACE };
	f->fields[1] = (struct facts_field){ { 10, 40 }, FIELD_OWN };
	f->document_count = 1;
	f->documents[0].part = 1;
	f->documents[0].name = facts_add(f, span_str("06_KH-VP.pdf"));
	f->documents[0].size = 2848;
	f->documents[0].flags = DOCUMENT_MACROS;
	return f;
}

static int
round_trip(const struct facts *f, struct facts *out, struct error *e)
{
	struct buf b;
	int result;

	buf_init(&b, FACTS_ENCODED_MAX);
	facts_encode(f, &b);
	assert_false(b.failed);
	result = facts_decode(buf_span(&b), MESSAGE_SIZE, CONTENT_SIZE, out, e);
	buf_free(&b);
	return result;
}

static void
what_is_encoded_is_decoded(void **state)
{
	struct facts *f = full_facts(), *g = facts_new();
	struct error e;

	(void)state;
	assert_int_equal(round_trip(f, g, &e), 0);
	assert_memory_equal(f, g, sizeof(*f));
	facts_free(&f);
	facts_free(&g);
}

typedef void
lie_fn(struct facts *f);

static void
lie_verdict(struct facts *f)
{
	f->verdict = VERDICT_COUNT;
}

static void
lie_reason(struct facts *f)
{
	f->reason = REASON_COUNT;
}

static void
lie_check_state(struct facts *f)
{
	f->checks[0].state = 9;
}

static void
lie_text(struct facts *f)
{
	f->subject.offset = f->pool_length; f->subject.length = 1;
}

static void
lie_text_wrap(struct facts *f)
{
	f->subject.offset = 4; f->subject.length = UINT32_MAX;
}

static void
lie_range_end(struct facts *f)
{
	f->parts[1].body.end = MESSAGE_SIZE + 1;
}

static void
lie_range_order(struct facts *f)
{
	f->parts[1].body.start = 4001;
}

static void
lie_range_origin(struct facts *f)
{
	f->parts[2].body.end = CONTENT_SIZE + 1;
}

static void
lie_signed_range(struct facts *f)
{
	f->signed_range.end = UINT64_MAX;
}

static void
lie_parent(struct facts *f)
{
	f->parts[1].parent = 1;
}

static void
lie_parent_later(struct facts *f)
{
	f->parts[1].parent = 2;
}

static void
lie_part_kind(struct facts *f)
{
	f->parts[1].kind = 3;
}

static void
lie_encoding(struct facts *f)
{
	f->parts[1].encoding = 5;
}

static void
lie_field_overlap(struct facts *f)
{
	f->fields[1].range.start = 9;
}

static void
lie_field_order(struct facts *f)
{
	f->fields[0].range = (struct facts_range){ 20, 40 };
}

static void
lie_document_part(struct facts *f)
{
	f->documents[0].part = 3;
}

static void
lie_document_container(struct facts *f)
{
	f->documents[0].part = 0;
}

static void
lie_signed_part(struct facts *f)
{
	f->signed_part = 3;
}

static void
lie_signature_part(struct facts *f)
{
	f->signature_part = 3;
}

static void
lie_verified_check(struct facts *f)
{
	f->checks[CHECK_INTEGRITY].state = CHECK_FAIL;
}

static void
lie_verified_skip(struct facts *f)
{
	f->checks[CHECK_IDENTITY].state = CHECK_SKIPPED;
}

static void
lie_verified_form(struct facts *f)
{
	f->form = SIGNATURE_NONE;
}

static void
lie_verified_nothing(struct facts *f)
{
	f->signed_part = FACTS_NONE;
}

static void
lie_urgency(struct facts *f)
{
	f->urgency = 4;
}

static void
lie_note(struct facts *f)
{
	f->notes[0].reason = REASON_COUNT;
}


static void
every_lie_is_named_and_leaves_nothing(void **state)
{
	static lie_fn *const lies[] = { lie_verdict, lie_reason, lie_check_state, lie_text,
		lie_text_wrap, lie_range_end, lie_range_order, lie_range_origin,
		lie_signed_range, lie_parent, lie_parent_later, lie_part_kind, lie_encoding,
		lie_field_overlap, lie_field_order, lie_document_part, lie_document_container,
		lie_signed_part, lie_signature_part, lie_verified_check, lie_verified_skip,
		lie_verified_form, lie_verified_nothing, lie_urgency, lie_note };

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct facts *f = full_facts(), *g = facts_new();
		struct error e;

		lies[i](f);
		if (round_trip(f, g, &e) == 0)
			fail_msg("lie %zu was believed", i);
		assert_int_equal(e.class, ERR_TEMP);
		assert_int_equal(g->verdict, VERDICT_INVALID);
		assert_int_equal(g->part_count, 0);
		facts_free(&f);
		facts_free(&g);
	}
}

static void
no_truncation_and_no_flipped_byte_breaks_the_decoder(void **state)
{
	struct facts *f = full_facts(), *g = facts_new();
	struct buf b;
	struct error e;

	(void)state;
	buf_init(&b, FACTS_ENCODED_MAX);
	facts_encode(f, &b);
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(
		    facts_decode(span_of(b.data, n), MESSAGE_SIZE, CONTENT_SIZE, g, &e), -1);
	for (size_t n = 0; n < b.len; n++) {
		b.data[n] ^= 0x80;
		/* It may still hold; what is promised is no crash and checked ranges. */
		if (facts_decode(buf_span(&b), MESSAGE_SIZE, CONTENT_SIZE, g, &e) == 0) {
			for (uint32_t i = 0; i < g->part_count; i++)
				assert_true(g->parts[i].body.end <= MESSAGE_SIZE);
		}
		b.data[n] ^= 0x80;
	}
	buf_put_byte(&b, 0);
	assert_int_equal(facts_decode(buf_span(&b), MESSAGE_SIZE, CONTENT_SIZE, g, &e), -1);
	buf_free(&b);
	facts_free(&f);
	facts_free(&g);
}

static void
a_full_pool_cuts_text_between_characters(void **state)
{
	static uint8_t filler[FACTS_POOL_MAX - 4];
	struct facts *f = facts_new();
	struct facts_text t;

	(void)state;
	memset(filler, 'x', sizeof(filler));
	facts_add(f, span_of(filler, sizeof(filler)));
	t = facts_add(f, span_str("\xe1\xba\xbf\xe1\xba\xa1"));
	assert_int_equal(t.length, 3);
	t = facts_add(f, span_str("\xe1\xba\xbf"));
	assert_int_equal(t.length, 0);
	facts_free(&f);
}

static void
the_largest_facts_fit_a_message(void **state)
{
	static uint8_t filler[FACTS_POOL_MAX];
	struct facts *f = full_facts(), *g = facts_new();
	struct error e;

	(void)state;
	facts_add(f, span_of(filler, sizeof(filler)));
	f->part_count = LIMIT_PARTS;
	for (uint32_t i = 3; i < LIMIT_PARTS; i++)
		f->parts[i] = (struct facts_part){ .parent = 0, .depth = 1 };
	f->field_count = FACTS_FIELDS_MAX;
	for (uint32_t i = 2; i < FACTS_FIELDS_MAX; i++)
		f->fields[i] = (struct facts_field){ { 40 + i, 41 + i }, FIELD_CONTENT };
	f->document_count = LIMIT_DOCUMENTS;
	for (uint32_t i = 1; i < LIMIT_DOCUMENTS; i++)
		f->documents[i].part = 2;
	while (f->note_count < LIMIT_NOTES)
		facts_add_note(f, REASON_UNSIGNED, span_str(""), span_str(""));
	assert_int_equal(round_trip(f, g, &e), 0);
	facts_free(&f);
	facts_free(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encoded_is_decoded),
		cmocka_unit_test(every_lie_is_named_and_leaves_nothing),
		cmocka_unit_test(no_truncation_and_no_flipped_byte_breaks_the_decoder),
		cmocka_unit_test(a_full_pool_cuts_text_between_characters),
		cmocka_unit_test(the_largest_facts_fit_a_message),
	};

	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
