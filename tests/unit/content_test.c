/* SPDX-License-Identifier: Apache-2.0 */
/* Documents: which parts are some, their names, digests, types, and what archives hide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/codec.h"
#include "common/digest.h"
#include "gateway/inspect/content.h"
#include "gateway/model/limits.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct scan *scan;
static struct decode *decode;
static struct content *content;
static struct facts *facts;
static struct buf message;

static int
setup(void **state)
{
	struct error e = { .class = ERR_NONE };

	(void)state;
	scan = scan_new();
	buf_init(&message, 64 * 1024 * 1024);
	return scan == NULL || decode_open(&decode, &e) != 0 ? -1 : content_open(&content, &e);
}

static int
teardown(void **state)
{
	(void)state;
	scan_free(&scan);
	decode_close(&decode);
	content_close(&content);
	facts_free(&facts);
	buf_free(&message);
	return 0;
}

static void
examine(struct span m, uint32_t signature)
{
	struct error e = { .class = ERR_NONE };

	facts_free(&facts);
	facts = facts_new();
	assert_non_null(facts);
	scan_reset(scan);
	assert_int_equal(scan_message(scan, m, ORIGIN_MESSAGE, FACTS_NONE, facts, &e), 0);
	assert_int_equal(content_examine(content, decode, scan, ORIGIN_MESSAGE, signature, facts,
	    &e), 0);
}

/* One attachment with these header lines and bytes, in base64. */
static const struct facts_document *
attach(const char *header, struct span bytes)
{
	buf_reset(&message);
	buf_put_str(&message, "From: a@b.example\r\n");
	buf_put_str(&message, header);
	buf_put_str(&message, "Content-Transfer-Encoding: base64\r\n\r\n");
	codec_base64_encode(bytes, &message);
	examine(buf_span(&message), FACTS_NONE);
	return facts->document_count == 1 ? &facts->documents[0] : NULL;
}

static bool
has_note(enum reason r)
{
	for (uint32_t i = 0; i < facts->note_count; i++)
		if (facts->notes[i].reason == r)
			return true;
	return false;
}

static void
expect(struct facts_text text, const char *value)
{
	struct span s = facts_span(facts, text);

	if (!span_is(s, value))
		print_error("%.*s, not %s\n", (int)s.len, (const char *)s.ptr, value);
	assert_true(span_is(s, value));
}

static void
every_leaf_is_listed_but_the_signature(void **state)
{
	uint8_t digest[DIGEST_SIZE];

	(void)state;
	examine(span_str("Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n"
	    "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n"
	    "Content-Type: text/plain\r\n\r\ntext\r\n--m\r\n"
	    "Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: "
	    "base64\r\n\r\n"
	    "JVBERi0xLjQK\r\n--m\r\nContent-Type: text/plain; name=b.txt\r\n\r\nb\r\n--m\r\n"
	    "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ninner\r\n--m--\r\n--s\r\n"
	    "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nx\r\n--s--\r\n"),
	    7);
	assert_int_equal(facts->parts[7].parent, 0);
	assert_int_equal(facts->document_count, 4);
	assert_int_equal(facts->documents[0].flags, DOCUMENT_BODY);
	expect(facts->documents[1].name, "a.pdf");
	expect(facts->documents[1].type, "application/pdf");
	assert_int_equal(facts->documents[1].size, 9);
	digest_of(span_str("%PDF-1.4\n"), digest);
	assert_memory_equal(facts->documents[1].sha256, digest, DIGEST_SIZE);
	expect(facts->documents[2].name, "b.txt");
	assert_int_equal(facts->documents[2].flags, 0);
	expect(facts->documents[3].declared, "message/rfc822");
}

static void
names_are_taken_in_the_order_that_readers_prefer(void **state)
{
	static const struct {
		const char *header, *name;
		enum reason note;
	} list[] = {
		{ "Content-Type: application/pdf; name=a.pdf\r\n", "a.pdf", REASON_NONE },
		{ "Content-Type: application/pdf; name=\"=?utf-8?Q?B=C3=A1o.pdf?=\"\r\n",
		    "B\xc3\xa1o.pdf", REASON_NONE },
		{ "Content-Type: application/pdf; name=a.pdf\r\n"
		  "Content-Disposition: attachment; filename=b.pdf\r\n", "b.pdf",
		    REASON_NOTE_NAMES_DIFFER },
		{ "Content-Disposition: attachment; filename=a.pdf; "
		    "filename*=UTF-8''B%C3%A1o.pdf\r\n",
		    "B\xc3\xa1o.pdf", REASON_NOTE_NAMES_DIFFER },
		{ "Content-Type: application/pdf; name=a.pdf\r\n"
		  "Content-Disposition: attachment; filename=a.pdf\r\n", "a.pdf", REASON_NONE },
		{ "Content-Disposition: attachment; filename=\"\xe4\xf6\xfc.pdf\"\r\n",
		    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd.pdf", REASON_NOTE_NAME_GUESSED },
		{ "Content-Disposition: attachment; filename=\"x\r\n y.pdf\"\r\n", "x y.pdf",
		    REASON_NONE },
		{ "Content-Disposition: attachment; filename*=UTF-8''exe%E2%80%AEfdp.pdf\r\n",
		    "exefdp.pdf", REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++) {
		const struct facts_document *d = attach(list[i].header, span_str("%PDF-1.4\n"));

		assert_non_null(d);
		expect(d->name, list[i].name);
		if (list[i].note != REASON_NONE)
			assert_true(has_note(list[i].note));
		else
			assert_int_equal(facts->note_count, 0);
	}
}

static void
two_documents_of_one_name_are_noted(void **state)
{
	(void)state;
	examine(span_str("Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n"
	    "Content-Disposition: attachment; filename=A.pdf\r\n\r\nx\r\n--m\r\n"
	    "Content-Disposition: attachment; filename=a.pdf\r\n\r\ny\r\n--m--\r\n"), FACTS_NONE);
	assert_int_equal(facts->document_count, 2);
	assert_true(has_note(REASON_NOTE_NAME_TWICE));
}

#define OLE "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

static void
types_are_compared(void **state)
{
	static const struct {
		const char *header;
		struct span bytes;
		uint32_t flags;
	} list[] = {
		{ "Content-Type: application/pdf; name=a.pdf\r\n",
		    SPAN_LIT("%PDF-1.4\n%\xe2\xe3\n"),
		    0 },
		{ "Content-Type: application/octet-stream; name=a.pdf\r\n",
		    SPAN_LIT("%PDF-1.4\n%\xe2\xe3\n"), 0 },
		{ "Content-Type: application/msword; name=a.doc\r\n", SPAN_LIT("%PDF-1.4\n"),
		    DOCUMENT_TYPE_CONFLICT },
		{ "Content-Type: application/pdf; name=a.pdf\r\n", SPAN_LIT("just text\n"),
		    DOCUMENT_TYPE_CONFLICT },
		{ "Content-Type: application/pdf; name=a.txt\r\n", SPAN_LIT("%PDF-1.4\n"),
		    DOCUMENT_TYPE_CONFLICT },
		/* a PDF behind other bytes: viewers find it */
		{ "Content-Type: image/gif; name=a.gif\r\n", SPAN_LIT("GIF89a    %PDF-1.4\n"),
		    DOCUMENT_TYPE_CONFLICT },
		{ "Content-Type: application/pdf; name=a.pdf\r\n", SPAN_LIT("MZ<html>"),
		    DOCUMENT_EXECUTABLE | DOCUMENT_TYPE_CONFLICT },
		{ "Content-Type: application/pdf; name=a.pdf.exe\r\n", SPAN_LIT("%PDF-1.4\n"),
		    DOCUMENT_EXECUTABLE | DOCUMENT_TYPE_CONFLICT },
		{ "Content-Type: text/plain; name=a.vbs\r\n", SPAN_LIT("MsgBox 1\n"),
		    DOCUMENT_EXECUTABLE | DOCUMENT_TYPE_CONFLICT },
		{ "Content-Type: application/pdf; name=a.pdf\r\n",
		    SPAN_LIT("%PDF-1.4\ntrailer << /Encrypt 5 0 R >>\n"), DOCUMENT_ENCRYPTED },
		{ "Content-Type: application/msword; name=a.doc\r\n",
		    SPAN_LIT(OLE "................................_\0V\0B\0A\0_\0P\0R\0O\0J\0"),
		    DOCUMENT_MACROS },
		{ "Content-Type: application/pdf; name=a.pdf\r\n", SPAN_LIT(""), 0 },
		{ "Content-Type: text/plain; name=a.txt\r\n", SPAN_LIT("#!/bin/sh\n"),
		    DOCUMENT_EXECUTABLE | DOCUMENT_TYPE_CONFLICT },
		{ "Content-Type: text/xml; name=a.edxml\r\n",
		    SPAN_LIT("<?xml version=\"1.0\"?>"), 0 },
		{ "Content-Type: application/rtf; name=a.doc\r\n", SPAN_LIT("{\\rtf1\\ansi x}"),
		    0 },
		/* 7z and rar are archives that we do not look into */
		{ "Content-Type: application/x-7z-compressed; name=a.7z\r\n",
		    SPAN_LIT("7z\xbc\xaf\x27\x1c\0\4................"),
		    DOCUMENT_ARCHIVE | DOCUMENT_ARCHIVE_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++) {
		const struct facts_document *d = attach(list[i].header, list[i].bytes);

		assert_non_null(d);
		if (d->flags != list[i].flags)
			print_error("%zu: %x, %.*s\n", i, (unsigned)d->flags,
			    (int)facts_span(facts, d->type).len,
			    (const char *)facts_span(facts, d->type).ptr);
		assert_int_equal(d->flags, list[i].flags);
	}
}

/* --- zip --------------------------------------------------------------------------------- */

struct entry {
	const char *name;
	const char *local; /* the name in the local header; NULL: the same */
	uint32_t size;     /* claimed, unpacked */
	uint16_t flags;
};

static void
put16(struct buf *b, unsigned v)
{
	buf_put_byte(b, (uint8_t)v);
	buf_put_byte(b, (uint8_t)(v >> 8));
}

static void
put32(struct buf *b, uint32_t v)
{
	put16(b, v & 0xffff);
	put16(b, v >> 16);
}

/* A stored archive whose entries hold nothing. */
static void
make_zip(const struct entry *entries, size_t count, unsigned claimed, struct buf *out)
{
	uint32_t *offsets = test_malloc((count + 1) * sizeof(*offsets));
	size_t start = out->len;

	for (size_t i = 0; i < count; i++) {
		const char *name = entries[i].local != NULL ? entries[i].local : entries[i].name;

		offsets[i] = (uint32_t)(out->len - start);
		buf_put(out, "PK\x03\x04", 4);
		put16(out, 20);
		put16(out, entries[i].flags);
		for (int k = 0; k < 3; k++)
			put16(out, 0);
		put32(out, 0);
		put32(out, 0);
		put32(out, entries[i].size);
		put16(out, (unsigned)strlen(name));
		put16(out, 0);
		buf_put_str(out, name);
	}
	offsets[count] = (uint32_t)(out->len - start);
	for (size_t i = 0; i < count; i++) {
		buf_put(out, "PK\x01\x02", 4);
		put16(out, 20);
		put16(out, 20);
		put16(out, entries[i].flags);
		for (int k = 0; k < 3; k++)
			put16(out, 0);
		put32(out, 0);
		put32(out, 0);
		put32(out, entries[i].size);
		put16(out, (unsigned)strlen(entries[i].name));
		for (int k = 0; k < 4; k++)
			put16(out, 0);
		put32(out, 0);
		put32(out, offsets[i]);
		buf_put_str(out, entries[i].name);
	}
	uint32_t size = (uint32_t)(out->len - start) - offsets[count];
	buf_put(out, "PK\x05\x06", 4);
	put32(out, 0);
	put16(out, claimed);
	put16(out, claimed);
	put32(out, size);
	put32(out, offsets[count]);
	put16(out, 0);
	test_free(offsets);
}

static void
archives_are_looked_into_but_never_unpacked(void **state)
{
	static const struct {
		const char *what;
		struct entry entries[2];
		size_t count;
		unsigned claimed;
		uint32_t flags; /* beside DOCUMENT_ARCHIVE */
	} list[] = {
		{ "plain", { { "a.pdf", NULL, 0, 0 }, { "b.txt", NULL, 0, 0 } }, 2, 2, 0 },
		{ "empty", { { NULL, NULL, 0, 0 } }, 0, 0, DOCUMENT_ARCHIVE_LIMIT },
		{ "macros", { { "word/vbaProject.bin", NULL, 0, 0 } }, 1, 1, DOCUMENT_MACROS },
		{ "program", { { "x/setup.EXE", NULL, 0, 0 } }, 1, 1, DOCUMENT_EXECUTABLE },
		{ "encrypted", { { "a.pdf", NULL, 0, 1 } }, 1, 1, DOCUMENT_ENCRYPTED },
		{ "archive inside", { { "b.zip", NULL, 0, 0 } }, 1, 1, DOCUMENT_ARCHIVE_LIMIT },
		{ "bomb", { { "a.txt", NULL, 0x40000000, 0 } }, 1, 1, DOCUMENT_ARCHIVE_LIMIT },
		{ "wrong count", { { "a.txt", NULL, 0, 0 }, { "b.txt", NULL, 0, 0 } }, 2, 1,
		    DOCUMENT_ARCHIVE_LIMIT | DOCUMENT_TYPE_CONFLICT },
		{ "two names", { { "a.pdf", "a.exe", 0, 0 } }, 1, 1,
		    DOCUMENT_ARCHIVE_LIMIT | DOCUMENT_TYPE_CONFLICT },
	};
	struct buf zip;

	(void)state;
	buf_init(&zip, 1024 * 1024);
	for (size_t i = 0; i < COUNT(list); i++) {
		const struct facts_document *d;

		buf_reset(&zip);
		make_zip(list[i].entries, list[i].count, list[i].claimed, &zip);
		d = attach("Content-Type: application/zip; name=a.zip\r\n", buf_span(&zip));
		assert_non_null(d);
		if (d->flags != (list[i].flags | DOCUMENT_ARCHIVE))
			print_error("%s: %x\n", list[i].what, (unsigned)d->flags);
		assert_int_equal(d->flags, list[i].flags | DOCUMENT_ARCHIVE);
	}
	/* behind a PDF: two documents in one */
	buf_reset(&zip);
	buf_put_str(&zip, "%PDF-1.4\n");
	make_zip(list[0].entries, 2, 2, &zip);
	assert_int_equal(attach("Content-Type: application/pdf; name=a.pdf\r\n",
	    buf_span(&zip))->flags, DOCUMENT_ARCHIVE | DOCUMENT_TYPE_CONFLICT);
	buf_free(&zip);
}

static void
an_archive_of_too_many_entries_is_a_limit(void **state)
{
	struct entry *entries = test_calloc(60000, sizeof(*entries));
	const struct facts_document *d;
	struct buf zip;

	(void)state;
	for (size_t i = 0; i < 60000; i++)
		entries[i].name = "a";
	buf_init(&zip, 16 * 1024 * 1024);
	make_zip(entries, 60000, 1, &zip);
	d = attach("Content-Type: application/zip; name=a.zip\r\n", buf_span(&zip));
	assert_int_equal(d->flags, DOCUMENT_ARCHIVE | DOCUMENT_ARCHIVE_LIMIT);
	test_free(entries);
	buf_free(&zip);
}

/* --- transfer encodings -------------------------------------------------------------- */

static void
a_refused_encoding_makes_the_message_ambiguous(void **state)
{
	static const struct {
		const char *bytes;
		enum reason problem;
		bool note;
	} list[] = {
		{ "Content-Type: application/pdf\r\nContent-Transfer-Encoding: "
		    "base64\r\n\r\nJVBE!\r\n",
		    REASON_ENCODING_BROKEN, false },
		{ "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		  "JVBERg==JVBERg==\r\n", REASON_ENCODING_BROKEN, false },
		{ "Content-Type: application/pdf\r\nContent-Transfer-Encoding: "
		    "base64\r\n\r\nJVBERg\r\n",
		    REASON_ENCODING_BROKEN, false },
		{ "Content-Disposition: attachment; filename=a.txt\r\n"
		  "Content-Transfer-Encoding: quoted-printable\r\n\r\na=zz\r\n",
		    REASON_ENCODING_BROKEN, false },
		{ "Content-Type: text/plain\r\nContent-Transfer-Encoding: "
		    "quoted-printable\r\n\r\n"
		  "50% = half\r\n", REASON_ENCODING_BROKEN, false },
		{ "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		  "QUJD\r\n-- \r\nfooter\r\n", REASON_ENCODING_BROKEN, false },
		/* raw letters in the text of a mail that nobody signed */
		{ "Content-Type: text/plain\r\nContent-Transfer-Encoding: "
		    "quoted-printable\r\n\r\n"
		  "B\xc3\xa1o c=C3=A1o\r\n", REASON_NONE, true },
		/* of one that somebody did */
		{ "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n"
		  "Content-Transfer-Encoding: quoted-printable\r\n\r\nB\xc3\xa1o\r\n--b\r\n"
		  "Content-Type: application/pkcs7-signature\r\n\r\nx\r\n--b--\r\n",
		    REASON_ENCODING_BROKEN, false },
		/* inside an attached message */
		{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
		  "Content-Type: message/rfc822\r\n\r\nContent-Type: application/pdf\r\n"
		  "Content-Transfer-Encoding: base64\r\n\r\n====\r\n--b--\r\n",
		    REASON_ENCODING_BROKEN, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++) {
		examine(span_str(list[i].bytes), FACTS_NONE);
		if (scan_problem(scan)->reason != list[i].problem)
			print_error("%s\n", list[i].bytes);
		assert_int_equal(scan_problem(scan)->reason, list[i].problem);
		assert_int_equal(has_note(REASON_ENCODING_BROKEN), list[i].note);
	}
}

static void
large_documents_are_hashed_piece_by_piece(void **state)
{
	uint8_t digest[DIGEST_SIZE];
	const struct facts_document *d;
	struct buf bytes;

	(void)state;
	buf_init(&bytes, 8 * 1024 * 1024);
	for (uint32_t i = 0; bytes.len < 3000001; i++)
		buf_put(&bytes, &i, 3);
	digest_of(buf_span(&bytes), digest);
	d = attach("Content-Type: application/octet-stream; name=a.bin\r\n", buf_span(&bytes));
	assert_non_null(d);
	assert_int_equal(d->size, bytes.len);
	assert_memory_equal(d->sha256, digest, DIGEST_SIZE);
	buf_free(&bytes);
}

/* libmagic's tests for texts would take half a second for each of these. */
static void
documents_made_to_keep_us_busy_do_not(void **state)
{
	struct buf lines;
	int64_t start;

	(void)state;
	buf_init(&lines, 65536);
	for (int i = 0; i < 65536; i++)
		buf_put_byte(&lines, '\n');
	buf_reset(&message);
	buf_put_str(&message, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i < LIMIT_DOCUMENTS; i++) {
		buf_printf(&message, "--b\r\nContent-Disposition: attachment; filename=%d\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\n", i);
		codec_base64_encode(buf_span(&lines), &message);
	}
	buf_put_str(&message, "--b--\r\n");
	start = clock_monotonic_ms();
	examine(buf_span(&message), FACTS_NONE);
	assert_int_equal(facts->document_count, LIMIT_DOCUMENTS);
	assert_true(clock_monotonic_ms() - start < 5000);
	buf_free(&lines);
}

static void
too_many_documents_are_a_limit(void **state)
{
	(void)state;
	buf_reset(&message);
	buf_put_str(&message, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i <= LIMIT_DOCUMENTS; i++)
		buf_printf(&message,
		    "--b\r\nContent-Disposition: attachment; filename=%d\r\n\r\nx\r\n",
		    i);
	buf_put_str(&message, "--b--\r\n");
	examine(buf_span(&message), FACTS_NONE);
	assert_int_equal(scan_problem(scan)->reason, REASON_LIMIT_DOCUMENTS);
	assert_int_equal(facts->document_count, LIMIT_DOCUMENTS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_leaf_is_listed_but_the_signature),
		cmocka_unit_test(names_are_taken_in_the_order_that_readers_prefer),
		cmocka_unit_test(two_documents_of_one_name_are_noted),
		cmocka_unit_test(types_are_compared),
		cmocka_unit_test(archives_are_looked_into_but_never_unpacked),
		cmocka_unit_test(an_archive_of_too_many_entries_is_a_limit),
		cmocka_unit_test(a_refused_encoding_makes_the_message_ambiguous),
		cmocka_unit_test(large_documents_are_hashed_piece_by_piece),
		cmocka_unit_test(documents_made_to_keep_us_busy_do_not),
		cmocka_unit_test(too_many_documents_are_a_limit),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
