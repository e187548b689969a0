/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner: what is plain, what is ambiguous and why, exact ranges, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/clock.h"
#include "gateway/inspect/scan.h"
#include "gateway/model/limits.h"

static struct scan *scan;
static struct facts *facts;

static int
setup(void **state)
{
	(void)state;
	scan = scan_new();
	facts = facts_new();
	return scan == NULL || facts == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	scan_free(&scan);
	facts_free(&facts);
	return 0;
}

static void
run(struct span message)
{
	struct error e = { .class = ERR_NONE };

	scan_reset(scan);
	facts_free(&facts);
	facts = facts_new();
	assert_non_null(facts);
	assert_int_equal(scan_message(scan, message, ORIGIN_MESSAGE, FACTS_NONE, facts, &e), 0);
}

static void
put_shape(uint32_t part, struct buf *out)
{
	const struct scan_part *p = scan_part(scan, part);
	bool first = true;

	buf_put_span(out, p->type);
	buf_put_byte(out, '/');
	buf_put_span(out, p->subtype);
	if (facts->parts[part].kind == PART_LEAF)
		return;
	buf_put_byte(out, '(');
	for (uint32_t i = part + 1; i < facts->part_count; i++) {
		if (facts->parts[i].parent != part)
			continue;
		if (!first)
			buf_put_byte(out, ',');
		first = false;
		put_shape(i, out);
	}
	buf_put_byte(out, ')');
}

struct message {
	const char *name;
	enum reason reason;
	const char *shape; /* NULL: not looked at */
	const char *bytes; /* lines end in LF here; the test makes CRLF of it unless raw */
	bool raw;
};

static void
check(const struct message *m)
{
	struct buf bytes, shape;

	buf_init(&bytes, 1024 * 1024);
	buf_init(&shape, 4096);
	for (const char *c = m->bytes; *c != '\0'; c++) {
		if (*c == '\n' && !m->raw)
			buf_put_byte(&bytes, '\r');
		buf_put_byte(&bytes, (uint8_t)(*c == '\x01' && !m->raw ? '\0' : *c));
	}
	run(buf_span(&bytes));
	put_shape(0, &shape);
	if (scan_problem(scan)->reason != m->reason ||
	    (m->shape != NULL && strcmp(buf_str(&shape), m->shape) != 0))
		print_error("%s: %s, %s\n", m->name,
		    reason_info(scan_problem(scan)->reason)->code, buf_str(&shape));
	assert_int_equal(scan_problem(scan)->reason, m->reason);
	if (m->shape != NULL)
		assert_string_equal(buf_str(&shape), m->shape);
	buf_free(&bytes);
	buf_free(&shape);
}

#define CHECK_ALL(list) \
	for (size_t i = 0; i < sizeof(list) / sizeof((list)[0]); i++) \
		check(&(list)[i])

#define TOP "From: a@b.example\nMIME-Version: 1.0\n"
#define MIXED TOP "Content-Type: multipart/mixed; boundary=\"OUT\"\n\n"
#define TEXT "--OUT\nContent-Type: text/plain\n\ntext\n"
#define END "--OUT--\n"
#define MIXED_SHAPE "multipart/mixed(text/plain)"
#define PART(header) MIXED "--OUT\n" header "\n\ntext\n" END
#define TYPE(value) TOP "Content-Type: " value "\n\nbody\n"

static void
honest_mail_is_plain(void **state)
{
	static const struct message list[] = {
		{ "no MIME", REASON_NONE, "text/plain", "From: a@b\nSubject: x\n\nbody\n",
		    false },
		{ "LF only", REASON_NONE, MIXED_SHAPE, MIXED TEXT END, true },
		{ "header only", REASON_NONE, "text/plain", "From: a@b\nSubject: x\n", false },
		{ "empty", REASON_NONE, "text/plain", "", false },
		{ "mixed", REASON_NONE, MIXED_SHAPE, MIXED TEXT END, false },
		{ "no last line end", REASON_NONE, MIXED_SHAPE, MIXED TEXT "--OUT--", false },
		{ "preamble and epilogue", REASON_NONE, MIXED_SHAPE,
		    MIXED "This is a multi-part message.\n" TEXT END "-- \nA list footer\n",
		    false },
		{ "blanks after delimiters", REASON_NONE, MIXED_SHAPE,
		    MIXED "--OUT \t\nContent-Type: text/plain\n\ntext\n--OUT-- \n", false },
		{ "raw UTF-8 in a subject", REASON_NONE, "text/plain",
		    "Subject: B\xc3\xa1o c\xc3\xa1o\nFrom: a@b\n\nx\n", false },
		{ "raw UTF-8 in a quoted name", REASON_NONE, NULL,
		    PART("Content-Type: application/pdf; name=\"B\xc3\xa1o.pdf\""), false },
		{ "folded field", REASON_NONE, "text/plain",
		    "Subject: one\n two\n\tthree\nTo: a@b,\n c@d\n\nx\n", false },
		{ "empty fields", REASON_NONE, "text/plain", "Subject: \nCc:\n\nx\n", false },
		{ "folded parameters", REASON_NONE, MIXED_SHAPE,
		    TOP "Content-Type: multipart/mixed;\n\tboundary=\"OUT\"\n\n" TEXT END,
		    false },
		{ "folded type", REASON_NONE, MIXED_SHAPE,
		    TOP "Content-Type:\n multipart/mixed; boundary=OUT\n\n" TEXT END, false },
		{ "semicolon at the end", REASON_NONE, "text/plain",
		    TYPE("text/plain; charset=utf-8;"), false },
		{ "odd case", REASON_NONE, "text/html", TYPE("TEXT/Html; CHARSET=UTF-8"), false },
		{ "unquoted slash", REASON_NONE, NULL,
		    TOP "Content-Type: multipart/related; type=text/html; "
		    "boundary=OUT\n\n" TEXT END,
		    false },
		{ "MIME version with a comment", REASON_NONE, NULL,
		    "MIME-Version: 1.0 (Mac OS X Mail 16.0)\nFrom: a@b\n\nx\n", false },
		{ "both forms of a file name", REASON_NONE, NULL,
		    PART("Content-Disposition: attachment; filename=\"a.pdf\"; "
		         "filename*=UTF-8''a.pdf"), false },
		{ "continued file name", REASON_NONE, NULL,
		    PART("Content-Disposition: attachment;\n filename*0*=UTF-8''B%C3%A1o;\n "
		         "filename*1=cao.pdf"), false },
		{ "unquoted file name with blanks", REASON_NONE, NULL,
		    PART("Content-Disposition: attachment; filename=a b.pdf"), false },
		{ "the same version twice", REASON_NONE, "text/plain",
		    TOP "Mime-Version: 1.0 (x)\n\nx\n", false },
		{ "a blank in a boundary", REASON_NONE, "multipart/mixed(text/plain)",
		    TOP "Content-Type: multipart/mixed; boundary=\"=_mixed 0A_=\"\n\n"
		        "--=_mixed 0A_=\n\ntext\n--=_mixed 0A_=--\n", false },
		{ "brackets in a boundary", REASON_NONE, MIXED_SHAPE,
		    TOP "Content-Type: multipart/mixed; "
		    "boundary=\"B_(ID_x)\"\n\n--B_(ID_x)\n\ntext\n"
		        "--B_(ID_x)--\n", false },
		{ "cut short", REASON_NONE, MIXED_SHAPE, MIXED TEXT, false },
		{ "blank behind 7bit", REASON_NONE, NULL,
		    TOP "Content-Transfer-Encoding: 7bit \n\nQUJD\n", false },
		{ "part without a header", REASON_NONE, MIXED_SHAPE, MIXED "--OUT\n\ntext\n" END,
		    false },
		{ "empty part", REASON_NONE, MIXED_SHAPE,
		    MIXED "--OUT\nContent-Type: text/plain\n\n" END, false },
		{ "nested", REASON_NONE,
		    "multipart/mixed(multipart/alternative(text/plain,text/html),"
		    "application/pdf)",
		    MIXED "--OUT\nContent-Type: multipart/alternative; boundary=alt\n\n"
		    "--alt\n\nplain\n--alt\nContent-Type: text/html\n\nhtml\n--alt--\n\n"
		    "--OUT\nContent-Type: application/pdf\n\npdf\n" END, false },
		{ "message", REASON_NONE,
		    "multipart/mixed(message/rfc822(text/plain),text/plain)",
		    MIXED "--OUT\nContent-Type: message/rfc822\n\nFrom: x@y\n\ninner\n" TEXT END,
		    false },
		{ "digest", REASON_NONE, "multipart/digest(message/rfc822(text/plain))",
		    TOP "Content-Type: multipart/digest; boundary=OUT\n\n--OUT\n\nFrom: "
		    "x@y\n\nx\n"
		    END, false },
		{ "nested message in two multiparts", REASON_NONE,
		    "multipart/mixed(message/rfc822(multipart/mixed(text/plain)),text/plain)",
		    MIXED "--OUT\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; "
		    "boundary=in\n\n--in\n\nleaf\n--in--\n" TEXT END, false },
		{ "line that is nearly a delimiter", REASON_NONE, MIXED_SHAPE,
		    MIXED "--OUT\n\n--OU\n-OUT\nOUT\n--out\n" END, false },
		{ "delivery report", REASON_NONE,
		    "multipart/report(text/plain,message/delivery-status,text/rfc822-headers)",
		    TOP "Content-Type: multipart/report; report-type=delivery-status; "
		    "boundary=OUT\n\n"
		    TEXT "--OUT\nContent-Type: message/delivery-status\n\nStatus: 5.0.0\n"
		    "--OUT\nContent-Type: text/rfc822-headers\n\nFrom: x@y\n" END, false },
	};

	(void)state;
	CHECK_ALL(list);
}

static void
headers_that_readers_read_differently_are_ambiguous(void **state)
{
	static const struct message list[] = {
		{ "no colon", REASON_HEADER_LINE, NULL, "From: a@b\ngarbage\nTo: c@d\n\nx\n",
		    false },
		{ "mbox line", REASON_HEADER_LINE, NULL,
		    "From a@b Mon Nov 23 21:00:00 2026\nFrom: a@b\n\nx\n", false },
		{ "quoted mbox line", REASON_HEADER_LINE, NULL, ">From a@b\nFrom: a@b\n\nx\n",
		    false },
		{ "no name", REASON_HEADER_LINE, NULL, "From: a@b\n: x\n\nx\n", false },
		{ "8-bit name", REASON_HEADER_LINE, NULL, "From: a@b\nX-\xc3\xa9: x\n\nx\n",
		    false },
		{ "blank before the colon", REASON_HEADER_COLON, NULL,
		    "From : a@b\nTo: c@d\n\nx\n", false },
		{ "tab before the colon", REASON_HEADER_COLON, NULL,
		    TOP "Content-Type\t: text/html\n\nx\n", false },
		{ "blank line with blanks", REASON_HEADER_FOLD, NULL, "From: a@b\n \nx: y\n\nx\n",
		    false },
		{ "starts with a fold", REASON_HEADER_FOLD, NULL, " x: y\nFrom: a@b\n\nx\n",
		    false },
		{ "NUL", REASON_HEADER_CONTROL, NULL, "From: a@b\nSubject: a\x01" "b\n\nx\n",
		    false },
		{ "vertical tab", REASON_HEADER_CONTROL, NULL,
		    "From: a@b\nSubject: a\x0b" "Content-Type: text/html\n\nx\n", false },
		{ "bare CR", REASON_HEADER_LINE_END, NULL, "From: a@b\nSubject: a\rTo: x\n\nx\n",
		    false },
		{ "bare LF", REASON_HEADER_LINE_END, NULL,
		    "From: a@b\r\nSubject: a\nTo: c@d\r\n\r\nx\r\n", true },
		{ "bare LF before the body", REASON_HEADER_LINE_END, NULL,
		    "From: a@b\r\nTo: c@d\r\n\nx\r\n\r\ny\r\n", true },
		{ "CRLF among LF", REASON_HEADER_LINE_END, NULL,
		    "From: a@b\nSubject: a\r\nTo: c@d\n\nx\n", true },
		{ "CR only", REASON_HEADER_LINE_END, NULL, "From: a@b\rTo: c@d\r\rx\r", true },
		{ "no blank line in a part", REASON_HEADER_OPEN, NULL,
		    MIXED "--OUT\nContent-Type: text/plain\n" TEXT END, false },
		{ "part without anything", REASON_HEADER_OPEN, NULL, MIXED "--OUT\n" TEXT END,
		    false },
		{ "two types", REASON_FIELD_TWICE, NULL,
		    TOP "Content-Type: text/plain\nContent-type: text/html\n\nx\n", false },
		{ "two equal types", REASON_FIELD_TWICE, NULL,
		    TOP "Content-Type: text/plain\nContent-Type: text/plain\n\nx\n", false },
		{ "two encodings", REASON_FIELD_TWICE, NULL,
		    TOP "Content-Transfer-Encoding: 7bit\n"
		    "Content-Transfer-Encoding: base64\n\nx\n", false },
		{ "two dispositions", REASON_FIELD_TWICE, NULL,
		    TOP "Content-Disposition: inline\n"
		    "Content-Disposition: attachment\n\nx\n", false },
		{ "two versions", REASON_MIME_VERSION, NULL, TOP "MIME-Version: 1.1\n\nx\n",
		    false },
		{ "other version", REASON_MIME_VERSION, NULL,
		    "From: a@b\nMIME-Version: 2.0\n\nx\n",
		    false },
		{ "empty version", REASON_MIME_VERSION, NULL, "From: a@b\nMIME-Version:\n\nx\n",
		    false },
		{ "inside a nested message", REASON_HEADER_LINE, NULL,
		    MIXED "--OUT\nContent-Type: message/rfc822\n\ngarbage\n\nx\n" END, false },
	};

	(void)state;
	CHECK_ALL(list);
}

static void
types_that_readers_read_differently_are_ambiguous(void **state)
{
	static const struct message list[] = {
		{ "empty", REASON_FIELD_SYNTAX, NULL, TYPE(""), false },
		{ "no subtype", REASON_FIELD_SYNTAX, NULL, TYPE("text"), false },
		{ "no subtype after the slash", REASON_FIELD_SYNTAX, NULL, TYPE("text/"), false },
		{ "blank around the slash", REASON_FIELD_SYNTAX, NULL, TYPE("text / plain"),
		    false },
		{ "two values", REASON_FIELD_SYNTAX, NULL, TYPE("text/plain, text/html"), false },
		{ "no semicolon", REASON_FIELD_SYNTAX, NULL, TYPE("text/plain charset=utf-8"),
		    false },
		{ "comment", REASON_FIELD_SYNTAX, NULL, TYPE("text/plain (x)"), false },
		{ "comment before", REASON_FIELD_SYNTAX, NULL, TYPE("(x) text/plain"), false },
		{ "comment among parameters", REASON_FIELD_SYNTAX, NULL,
		    TYPE("multipart/mixed; (x) boundary=OUT"), false },
		{ "quoted", REASON_FIELD_SYNTAX, NULL, TYPE("\"text/plain\""), false },
		{ "encoded word", REASON_FIELD_SYNTAX, NULL, TYPE("=?utf-8?Q?text/html?="),
		    false },
		{ "8-bit", REASON_FIELD_SYNTAX, NULL, TYPE("text/pl\xc3\xa1in"), false },
		{ "control", REASON_FIELD_SYNTAX, NULL, TYPE("text/plain\x7f; charset=x"),
		    false },
		{ "begins like a type", REASON_FIELD_SYNTAX, NULL, TYPE("multiparty/mixed"),
		    false },
		{ "parameter without a value", REASON_FIELD_SYNTAX, NULL,
		    TYPE("text/plain; charset"),
		    false },
		{ "blank around the equals sign", REASON_FIELD_SYNTAX, NULL,
		    TYPE("multipart/mixed; boundary =OUT"), false },
		{ "blank after the equals sign", REASON_FIELD_SYNTAX, NULL,
		    TYPE("multipart/mixed; boundary= OUT"), false },
		{ "two semicolons", REASON_FIELD_SYNTAX, NULL, TYPE("text/plain;; charset=x"),
		    false },
		{ "text after a quoted value", REASON_FIELD_SYNTAX, NULL,
		    TYPE("text/plain; charset=\"utf\"-8"), false },
		{ "open quote", REASON_PARAMETER_SYNTAX, NULL, TYPE("text/plain; name=\"a"),
		    false },
		{ "quote inside", REASON_PARAMETER_SYNTAX, NULL, TYPE("text/plain; name=a\"b\""),
		    false },
		{ "charset twice", REASON_PARAMETER_TWICE, NULL,
		    TYPE("text/plain; charset=a; charset=b"), false },
		{ "name twice", REASON_PARAMETER_TWICE, NULL, TYPE("text/plain; name=a; NAME=a"),
		    false },
		{ "charset in two forms", REASON_PARAMETER_TWICE, NULL,
		    TYPE("text/plain; charset=a; charset*=us-ascii''b"), false },
		{ "continuation twice", REASON_PARAMETER_TWICE, NULL,
		    TYPE("text/plain; name*0=a; name*0*=b"), false },
		{ "continuation with a gap", REASON_PARAMETER_SYNTAX, NULL,
		    TYPE("text/plain; name*0=a; name*2=b"), false },
		{ "continuation without a start", REASON_PARAMETER_SYNTAX, NULL,
		    TYPE("text/plain; name*1=a"), false },
		{ "leading zero", REASON_FIELD_SYNTAX, NULL, TYPE("text/plain; name*00=a"),
		    false },
		{ "encoded NUL", REASON_PARAMETER_SYNTAX, NULL,
		    TYPE("text/plain; name*=us-ascii''a.exe%00.pdf"), false },
		{ "8-bit charset", REASON_PARAMETER_SYNTAX, NULL,
		    TYPE("text/plain; charset=\"\xc3\xa9\""), false },
		{ "unknown encoding", REASON_ENCODING_UNKNOWN, NULL,
		    TOP "Content-Transfer-Encoding: uuencode\n\nx\n", false },
		{ "encoding with a comment", REASON_ENCODING_UNKNOWN, NULL,
		    TOP "Content-Transfer-Encoding: base64 (x)\n\nx\n", false },
		{ "encoding with a semicolon", REASON_ENCODING_UNKNOWN, NULL,
		    TOP "Content-Transfer-Encoding: base64;\n\nx\n", false },
		{ "folded encoding", REASON_ENCODING_UNKNOWN, NULL,
		    TOP "Content-Transfer-Encoding:\n base64\n\nQUJD\n", false },
		{ "blank behind base64", REASON_ENCODING_UNKNOWN, NULL,
		    TOP "Content-Transfer-Encoding: base64 \n\nQUJD\n", false },
		{ "empty encoding", REASON_ENCODING_UNKNOWN, NULL,
		    TOP "Content-Transfer-Encoding:\n\nx\n", false },
		{ "encoded multipart", REASON_ENCODING_MISPLACED, MIXED_SHAPE,
		    "Content-Transfer-Encoding: base64\n" MIXED TEXT END, false },
		{ "encoded message", REASON_ENCODING_MISPLACED, NULL,
		    PART("Content-Type: message/rfc822\nContent-Transfer-Encoding: "
		    "quoted-printable"),
		    false },
		{ "partial", REASON_MESSAGE_PARTIAL, NULL,
		    TYPE("message/partial; id=x; number=1"), false },
		{ "external", REASON_EXTERNAL_BODY, NULL,
		    TYPE("message/external-body; access-type=URL"), false },
	};

	(void)state;
	CHECK_ALL(list);
}

#define BOUNDARY(value) TOP "Content-Type: multipart/mixed; boundary=" value "\n\n" TEXT END

static void
boundaries_that_readers_read_differently_are_ambiguous(void **state)
{
	static const struct message list[] = {
		{ "none", REASON_BOUNDARY_MISSING, "multipart/mixed", TYPE("multipart/mixed"),
		    false },
		{ "empty", REASON_BOUNDARY_SYNTAX, NULL, BOUNDARY("\"\""), false },
		{ "empty, unquoted", REASON_PARAMETER_SYNTAX, NULL, BOUNDARY(""), false },
		{ "twice", REASON_PARAMETER_TWICE, NULL, BOUNDARY("OUT; boundary=IN"), false },
		{ "in the value of another", REASON_PARAMETER_SYNTAX, NULL,
		    BOUNDARY("OUT; name=\"; Boundary=IN\""), false },
		{ "RFC 2231", REASON_BOUNDARY_SYNTAX, NULL,
		    TYPE("multipart/mixed; boundary*=us-ascii''OUT"), false },
		{ "RFC 2231 pieces", REASON_BOUNDARY_SYNTAX, NULL,
		    TYPE("multipart/mixed; boundary*0=O; boundary*1=UT"), false },
		{ "both forms", REASON_PARAMETER_TWICE, NULL,
		    BOUNDARY("OUT; boundary*=us-ascii''IN"), false },
		{ "escape", REASON_PARAMETER_SYNTAX, NULL, BOUNDARY("\"O\\UT\""), false },
		{ "escaped quote", REASON_PARAMETER_SYNTAX, NULL, BOUNDARY("\"\\\"\""), false },
		{ "blank at the start", REASON_BOUNDARY_SYNTAX, NULL, BOUNDARY("\" OUT\""),
		    false },
		{ "blank inside, unquoted", REASON_PARAMETER_SYNTAX, NULL, BOUNDARY("O UT"),
		    false },
		{ "tab inside", REASON_BOUNDARY_SYNTAX, NULL, BOUNDARY("\"O\tUT\""), false },
		{ "blank at the end", REASON_BOUNDARY_SYNTAX, NULL, BOUNDARY("\"OUT \""), false },
		{ "fold inside", REASON_BOUNDARY_SYNTAX, NULL, BOUNDARY("\"O\n UT\""), false },
		{ "semicolon", REASON_BOUNDARY_SYNTAX, NULL, BOUNDARY("\"O;UT\""), false },
		{ "comma", REASON_BOUNDARY_SYNTAX, NULL, BOUNDARY("\"O,UT\""), false },
		{ "unquoted special", REASON_PARAMETER_SYNTAX, NULL, BOUNDARY("O=UT"), false },
		{ "comment", REASON_PARAMETER_SYNTAX, NULL, BOUNDARY("OUT(x)"), false },
		{ "half quoted", REASON_PARAMETER_SYNTAX, NULL, BOUNDARY("\"OUT"), false },
		{ "8-bit", REASON_PARAMETER_SYNTAX, NULL, BOUNDARY("\"O\xc3\xa9\""), false },
		{ "encoded word", REASON_BOUNDARY_SYNTAX, NULL, BOUNDARY("\"=?utf-8?Q?OUT?=\""),
		    false },
		{ "seventy", REASON_NONE, MIXED_SHAPE,
		    TOP "Content-Type: multipart/mixed; boundary="
		    "1234567890123456789012345678901234567890123456789012345678901234567890\n\n"
		    "--1234567890123456789012345678901234567890123456789012345678901234567890\n\n"
		    "x\n--1234567890123456789012345678901234567890123456789012345678901234567890"
		    "--\n",
		    false },
		{ "seventy-one", REASON_BOUNDARY_SYNTAX, NULL,
		    TYPE("multipart/mixed; boundary="
		    "12345678901234567890123456789012345678901234567890123456789012345678901"),
		    false },
		{ "inner equal", REASON_BOUNDARY_CLASH, NULL,
		    MIXED "--OUT\nContent-Type: multipart/mixed; "
		    "boundary=OUT\n\n--OUT\n\nx\n" END,
		    false },
		{ "inner is a prefix", REASON_BOUNDARY_CLASH, NULL,
		    MIXED "--OUT\nContent-Type: multipart/mixed; "
		    "boundary=OU\n\n--OU\n\nx\n--OU--\n"
		    END, false },
		{ "outer is a prefix", REASON_BOUNDARY_CLASH, NULL,
		    MIXED "--OUT\nContent-Type: multipart/mixed; boundary=OUTER\n\n--OUTER\n\nx\n"
		    "--OUTER--\n" END, false },
	};

	(void)state;
	CHECK_ALL(list);
}

static void
structures_that_readers_read_differently_are_ambiguous(void **state)
{
	static const struct message list[] = {
		{ "delimiter goes on", REASON_DELIMITER_ODD, NULL, MIXED "--OUTER\n\n" TEXT END,
		    false },
		{ "delimiter goes on inside a part", REASON_DELIMITER_ODD, NULL,
		    MIXED TEXT "--OUTx\n" END, false },
		{ "close goes on", REASON_DELIMITER_ODD, NULL, MIXED TEXT "--OUT--x\n" END,
		    false },
		{ "half a close", REASON_DELIMITER_ODD, NULL, MIXED TEXT "--OUT-\n" END, false },
		{ "NUL after a delimiter", REASON_DELIMITER_ODD, NULL,
		    MIXED TEXT "--OUT\x01\n" END,
		    false },
		{ "blank before a delimiter", REASON_DELIMITER_ODD, NULL,
		    MIXED TEXT " --OUT\n" END,
		    false },
		{ "delimiter after a bare CR", REASON_DELIMITER_ODD, NULL,
		    MIXED TEXT "x\r--OUT\n" END, false },
		{ "delimiter with a bare LF", REASON_DELIMITER_LINE_END, NULL,
		    "Content-Type: multipart/mixed; "
		    "boundary=OUT\r\n\r\n--OUT\n\r\nx\r\n--OUT--\r\n",
		    true },
		{ "delimiter after a bare LF", REASON_DELIMITER_LINE_END, NULL,
		    "Content-Type: multipart/mixed; "
		    "boundary=OUT\r\n\r\n--OUT\r\n\r\nx\n--OUT--\r\n",
		    true },
		{ "no delimiter", REASON_MULTIPART_OPEN, "multipart/mixed()", MIXED "text\n",
		    false },
		{ "inner without a close", REASON_MULTIPART_OPEN, NULL,
		    MIXED "--OUT\nContent-Type: multipart/mixed; boundary=in\n\n--in\n\nx\n" END,
		    false },
		{ "inner that never begins", REASON_MULTIPART_OPEN, NULL,
		    MIXED "--OUT\nContent-Type: multipart/mixed; boundary=in\n\nx\n" END, false },
		{ "no part", REASON_MULTIPART_EMPTY, "multipart/mixed()", MIXED END, false },
		{ "part after the end", REASON_MULTIPART_AFTER_END, MIXED_SHAPE,
		    MIXED TEXT END TEXT END, false },
		{ "second close", REASON_MULTIPART_AFTER_END, MIXED_SHAPE, MIXED TEXT END END,
		    false },
		{ "part hidden in the preamble", REASON_HIDDEN_PART, NULL,
		    MIXED "--x\nContent-Type: text/html\n\nhidden\n" TEXT END, false },
		{ "zero byte in a text", REASON_BODY_NUL, NULL, "From: a@b\n\nx\x01y\n", false },
		{ "zero byte in binary", REASON_NONE, NULL,
		    TOP "Content-Transfer-Encoding: binary\n\nx\x01y\n", false },
		{ "part hidden in the epilogue", REASON_HIDDEN_PART, NULL,
		    MIXED TEXT END "--x\ncontent-disposition : attachment\n\nhidden\n", false },
	};

	(void)state;
	CHECK_ALL(list);
}

#define SIGNED \
	TOP "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; " \
	"boundary=OUT\n\n"
#define P7S "--OUT\nContent-Type: application/pkcs7-signature\n\nMIIB\n"

static void
names_are_stricter_where_somebody_signs(void **state)
{
	static const struct message list[] = {
		{ "unquoted blanks", REASON_PARAMETER_SYNTAX, NULL,
		    SIGNED "--OUT\nContent-Disposition: attachment; filename=a "
		    "b.pdf\n\nx\n" P7S END,
		    false },
		{ "backslash", REASON_PARAMETER_SYNTAX, NULL,
		    SIGNED "--OUT\nContent-Type: text/plain; name=\"C:\\a\"\n\nx\n" P7S END,
		    false },
		{ "escaped quote in a name beside a boundary", REASON_PARAMETER_SYNTAX, NULL,
		    SIGNED "--OUT\nContent-Type: multipart/mixed; name=\"a\\\"\"; "
		    "boundary=in\n\n--in\n\nx\n--in--\n" P7S END, false },
		{ "escaped quotes in a name", REASON_NONE,
		    "multipart/signed(application/pdf,application/pkcs7-signature)",
		    SIGNED "--OUT\nContent-Type: application/pdf; "
		    "name=\"a \\\"b\\\".pdf\"\n\nx\n" P7S END, false },
		{ "plain", REASON_NONE,
		    "multipart/signed(text/plain,application/pkcs7-signature)",
		    SIGNED TEXT P7S END, false },
		{ "cut short", REASON_MULTIPART_OPEN, NULL, SIGNED TEXT P7S, false },
		{ "text around it", REASON_NONE, NULL, SIGNED "This is signed.\n" TEXT P7S END
		    "footer\n", false },
		{ "bare LF in it", REASON_LINE_ENDS_MIXED, NULL,
		    "Content-Type: multipart/signed; "
		    "boundary=b\r\n\r\n--b\r\n\r\none\ntwo\r\n--b\r\n"
		    "Content-Type: application/pkcs7-signature\r\n\r\nMIIB\r\n--b--\r\n", true },
		{ "bare CR in it", REASON_LINE_ENDS_MIXED, NULL,
		    "Content-Type: multipart/signed; "
		    "boundary=b\r\n\r\n--b\r\n\r\none\rtwo\r\n--b\r\n"
		    "Content-Type: application/pkcs7-signature\r\n\r\nMIIB\r\n--b--\r\n", true },
		{ "a form feed in it", REASON_NONE, NULL,
		    "Content-Type: multipart/signed; "
		    "boundary=b\r\n\r\n--b\r\n\r\none\ftwo\r\n--b\r\n"
		    "Content-Type: application/pkcs7-signature\r\n\r\nMIIB\r\n--b--\r\n", true },
		{ "CRLF inside, LF outside, as openssl writes it", REASON_NONE, NULL,
		    "Content-Type: multipart/signed; boundary=b\n\n--b\n"
		    "Content-Type: text/plain\r\n\r\none\r\ntwo\r\n\n--b\n"
		    "Content-Type: application/pkcs7-signature\n\nMIIB\n--b--\n", true },
		{ "both inside", REASON_LINE_ENDS_MIXED, NULL,
		    "Content-Type: multipart/signed; boundary=b\n\n--b\n"
		    "Content-Type: text/plain\r\n\r\none\ntwo\r\n\n--b\n"
		    "Content-Type: application/pkcs7-signature\n\nMIIB\n--b--\n", true },
	};

	(void)state;
	CHECK_ALL(list);
}

/* --- ranges ------------------------------------------------------------------------------ */

static void
expect_range(struct span message, struct facts_range r, const char *text)
{
	struct span s = span_sub(message, r.start, r.end - r.start);

	if (!span_is(s, text))
		print_error("%.*s\n", (int)s.len, (const char *)s.ptr);
	assert_true(span_is(s, text));
}

static void
ranges_are_exact(void **state)
{
	struct span m = span_str("MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b"
	    "\r\n\r\npreamble\r\n--b\r\nContent-Type: text/plain\r\n\r\nbody \r\n\r\n--b\r\n"
	    "Content-Transfer-Encoding: base64\r\nContent-Type: application/pkcs7-signature\r\n"
	    "\r\nMIIB\r\n--b--\r\nepilogue\r\n");

	(void)state;
	run(m);
	assert_int_equal(scan_problem(scan)->reason, REASON_NONE);
	assert_int_equal(facts->part_count, 3);
	expect_range(m, facts->parts[1].header, "Content-Type: text/plain\r\n");
	expect_range(m, facts->parts[1].body, "body \r\n");
	expect_range(m, scan_whole(&facts->parts[1]),
	    "Content-Type: text/plain\r\n\r\nbody \r\n");
	expect_range(m, facts->parts[2].body, "MIIB");
	expect_range(m, facts->parts[2].encoding_field, "Content-Transfer-Encoding: base64\r\n");
	assert_int_equal(facts->parts[0].body.end, m.len);
	assert_true(scan_part(scan, 0)->extra_text);
	assert_true(scan_root_signed(scan));
	assert_int_equal(scan_part(scan, 0)->children, 2);
	assert_int_equal(scan_part(scan, 0)->first_child, 1);
	assert_int_equal(scan_part(scan, 0)->last_child, 2);
}

/* libraries.md 1.1: where another library is off by two. */
static void
an_empty_header_block_is_part_of_what_is_signed(void **state)
{
	struct span m = span_str("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n"
	    "\r\ntext\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--b--\r\n");

	(void)state;
	run(m);
	assert_int_equal(scan_problem(scan)->reason, REASON_NONE);
	expect_range(m, scan_whole(&facts->parts[1]), "\r\ntext");
	expect_range(m, facts->parts[1].header, "");
	expect_range(m, facts->parts[1].body, "text");
}

static void
a_body_that_is_empty_leaves_its_line_end_to_the_delimiter(void **state)
{
	struct span m = span_str("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "Content-Type: text/plain\r\n\r\n--b--\r\n");

	(void)state;
	run(m);
	expect_range(m, scan_whole(&facts->parts[1]), "Content-Type: text/plain\r\n");
}

static void
what_must_be_encoded_is_flagged(void **state)
{
	struct buf m;

	(void)state;
	buf_init(&m, 65536);
	buf_put_str(&m, "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nplain\r\n"
	    "--b\r\n\r\nB\xc3\xa1o\r\n--b\r\n\r\n");
	for (int i = 0; i < 999; i++)
		buf_put_byte(&m, 'x');
	buf_put_str(&m, "\r\n--b--\r\n");
	run(buf_span(&m));
	assert_int_equal(facts->parts[1].has_8bit, 0);
	assert_int_equal(facts->parts[1].long_line, 0);
	assert_int_equal(facts->parts[2].has_8bit, 1);
	assert_int_equal(facts->parts[2].long_line, 0);
	assert_int_equal(facts->parts[3].has_8bit, 0);
	assert_int_equal(facts->parts[3].long_line, 1);
	assert_int_equal(facts->parts[0].has_8bit, 1);
	assert_int_equal(facts->parts[0].long_line, 1);
	buf_free(&m);
}

static void
opaque_content_goes_on_below_its_part(void **state)
{
	struct error e = { .class = ERR_NONE };
	struct span content = span_str("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "\r\nx\r\n--b\r\n\r\ny\r\n--b--\r\n");
	char path[SCAN_PATH_SIZE];

	(void)state;
	run(span_str("Content-Type: application/pkcs7-mime; "
	    "smime-type=signed-data\r\n\r\nx\r\n"));
	assert_true(scan_root_signed(scan));
	assert_int_equal(scan_message(scan, content, ORIGIN_CONTENT, 0, facts, &e), 0);
	assert_int_equal(facts->part_count, 4);
	assert_int_equal(facts->parts[1].parent, 0);
	assert_int_equal(facts->parts[1].depth, 1);
	assert_int_equal(facts->parts[3].origin, ORIGIN_CONTENT);
	expect_range(content, facts->parts[3].body, "y");
	assert_true(span_is(scan_path(scan, 3, path), "1.1.2"));
	assert_int_equal(scan_problem(scan)->reason, REASON_NONE);
}

/* The scan of `content`, signed under `media`. */
static enum reason
opaque_problem(const char *media, struct span content)
{
	struct error e = { .class = ERR_NONE };

	run(span_str(media));
	assert_int_equal(scan_message(scan, content, ORIGIN_CONTENT, 0, facts, &e), 0);
	assert_true(scan_root_signed(scan));
	return scan_problem(scan)->reason;
}

static void
opaque_content_is_judged_as_strictly_under_any_type(void **state)
{
	static const char *const media[] = {
		"Content-Type: application/pkcs7-mime\r\n\r\nx\r\n",
		"Content-Type: application/octet-stream; name=smime.p7m\r\n\r\nx\r\n",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(opaque_problem(media[i], span_str(
		    "Content-Type: application/pdf; name=a b.exe c.pdf\r\n\r\nx\r\n")),
		    REASON_PARAMETER_SYNTAX);
		assert_int_equal(opaque_problem(media[i], span_of("\r\nyes\0 no\r\n", 11)),
		    REASON_BODY_NUL);
		assert_int_equal(opaque_problem(media[i], span_str("\r\nyes\rno\r\n")),
		    REASON_ENCODING_BROKEN);
		assert_int_equal(opaque_problem(media[i], span_str("\r\nyes\nno\r\n")),
		    REASON_NONE);
		assert_int_equal(opaque_problem(media[i], span_str("\r\nyes\r")), REASON_NONE);
		assert_int_equal(opaque_problem(media[i], span_of("Content-Type: image/png\r\n"
		    "Content-Transfer-Encoding: binary\r\n\r\nP\0\rG", 66)), REASON_NONE);
	}
}

static void
parameters_are_joined_and_decoded(void **state)
{
	const struct scan_parameters *p;

	(void)state;
	run(span_str("Content-Type: application/pdf; NAME*1*=%C3%A1o; name*0*=UTF-8'vi'B; "
	    "name*2=\".pdf\"; x=\"a\\\"b\"; name=plain.pdf\r\n\r\n"));
	p = &scan_part(scan, 0)->type_parameters;
	assert_int_equal(p->count, 3);
	assert_true(span_is(scan_parameter(p, "name")->value, "B\xc3\xa1o.pdf"));
	assert_true(span_is(scan_parameter(p, "name")->charset, "UTF-8"));
	assert_true(scan_parameter(p, "name")->extended);
	assert_true(span_is(scan_parameter(p, "x")->value, "a\"b"));
	assert_null(scan_parameter(p, "boundary"));
}

/* --- limits ------------------------------------------------------------------------------ */

static void
expect_limit(const struct buf *m, enum reason reason, const char *what)
{
	int64_t start = clock_monotonic_ms();

	run(buf_span(m));
	if (scan_problem(scan)->reason != reason)
		print_error("%s: %s\n", what, reason_info(scan_problem(scan)->reason)->code);
	assert_int_equal(scan_problem(scan)->reason, reason);
	assert_int_equal(reason_info(reason)->verdict, VERDICT_LIMIT);
	assert_true(clock_monotonic_ms() - start < 1000);
}

static void
repeat(struct buf *m, const char *text, int times)
{
	for (int i = 0; i < times; i++)
		buf_put_str(m, text);
}

static void
messages_made_to_exhaust_us_end_in_a_limit(void **state)
{
	struct buf m;

	(void)state;
	buf_init(&m, LIMIT_MESSAGE_BYTES + 4096);

	repeat(&m, "Content-Type: message/rfc822\r\n\r\n", 27570);
	expect_limit(&m, REASON_LIMIT_DEPTH, "nested messages");

	buf_reset(&m);
	for (int i = 0; i < 20000; i++)
		buf_printf(&m, "Content-Type: multipart/mixed; boundary=b%dx\r\n\r\n--b%dx\r\n",
		    i, i);
	expect_limit(&m, REASON_LIMIT_DEPTH, "nested multiparts");

	buf_reset(&m);
	buf_put_str(&m, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	repeat(&m, "--b\r\n\r\nx\r\n", 100000);
	expect_limit(&m, REASON_LIMIT_PARTS, "parts");

	buf_reset(&m);
	buf_put_str(&m, "From: ");
	repeat(&m, "(", 105000);
	buf_put_str(&m, "\r\n\r\n");
	expect_limit(&m, REASON_LIMIT_LINE, "parentheses");

	buf_reset(&m);
	buf_put_str(&m, "From: ");
	repeat(&m, "((((((((((((((((((((((((((((((((((((((((\r\n ", 2625);
	buf_put_str(&m, "\r\n\r\n");
	expect_limit(&m, REASON_LIMIT_FIELD, "folded parentheses");

	buf_reset(&m);
	repeat(&m, "X-A: b\r\n", 100000);
	expect_limit(&m, REASON_LIMIT_FIELDS, "fields");

	buf_reset(&m);
	buf_put_str(&m, "X-A: ");
	repeat(&m, "aaaaaaaaaa", 1000000);
	expect_limit(&m, REASON_LIMIT_LINE, "a long line");

	buf_reset(&m);
	buf_put_str(&m, "Content-Type: text/plain");
	repeat(&m, "; a*0=b", 100000);
	expect_limit(&m, REASON_LIMIT_LINE, "parameters on one line");

	buf_reset(&m);
	buf_put_str(&m, "Content-Type: text/plain");
	for (int i = 0; i < 101; i++)
		buf_printf(&m, ";\r\n a*%d=b", i);
	buf_put_str(&m, "\r\n\r\n");
	expect_limit(&m, REASON_LIMIT_PARAMETERS, "parameters");

	buf_reset(&m);
	buf_put_str(&m, "To: a@b.example");
	repeat(&m, ",\r\n a@b.example", 100000);
	expect_limit(&m, REASON_LIMIT_FIELD, "addresses");

	buf_reset(&m);
	buf_put_str(&m, "Subject: a\r\n");
	repeat(&m, " b\r\n", 100000);
	expect_limit(&m, REASON_LIMIT_FIELD, "folds");

	buf_reset(&m);
	for (int i = 0; i < 300; i++) {
		buf_printf(&m, "X-%d: ", i);
		repeat(&m, "aaaaaaaaaa", 100);
		buf_put_str(&m, "\r\n");
	}
	expect_limit(&m, REASON_LIMIT_HEADER, "a large header");

	buf_reset(&m);
	buf_put_str(&m, "From: a@b\r\n\r\n");
	repeat(&m, "x", 20000);
	expect_limit(&m, REASON_LIMIT_LINE, "a line of a body");

	buf_reset(&m);
	buf_put_str(&m, "From: a@b\r\n\r\n");
	while (m.len <= LIMIT_MESSAGE_BYTES)
		buf_put_str(&m,
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n");
	expect_limit(&m, REASON_LIMIT_MESSAGE, "the message");
	buf_free(&m);
}

static void
what_is_at_a_limit_is_accepted(void **state)
{
	struct buf m;

	(void)state;
	buf_init(&m, 4 * 1024 * 1024);
	buf_put_str(&m, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	repeat(&m, "--b\r\n\r\nx\r\n", LIMIT_PARTS - 1);
	buf_put_str(&m, "--b--\r\n");
	run(buf_span(&m));
	assert_int_equal(scan_problem(scan)->reason, REASON_NONE);
	assert_int_equal(facts->part_count, LIMIT_PARTS);

	buf_reset(&m);
	repeat(&m, "Content-Type: message/rfc822\r\n\r\n", LIMIT_DEPTH);
	buf_put_str(&m, "Subject: x\r\n\r\n");
	run(buf_span(&m));
	assert_int_equal(scan_problem(scan)->reason, REASON_NONE);
	assert_int_equal(facts->parts[facts->part_count - 1].depth, LIMIT_DEPTH);

	buf_reset(&m);
	repeat(&m, "X: y\r\n", LIMIT_FIELDS);
	buf_put_str(&m, "\r\n");
	run(buf_span(&m));
	assert_int_equal(scan_problem(scan)->reason, REASON_NONE);
	buf_free(&m);
}

static void
a_limit_goes_before_other_problems(void **state)
{
	(void)state;
	run(span_str("From: a@b\r\n\r\nx\r\n"));
	scan_add_problem(scan, REASON_MESSAGE_PARTIAL, 0, span_str("1"), span_str(""));
	scan_add_problem(scan, REASON_HEADER_LINE, 0, span_str("1"), span_str(""));
	scan_add_problem(scan, REASON_FIELD_TWICE, 0, span_str("2"), span_str(""));
	assert_int_equal(scan_problem(scan)->reason, REASON_HEADER_LINE);
	scan_add_problem(scan, REASON_LIMIT_PARTS, 0, span_str("3"), span_str(""));
	assert_int_equal(scan_problem(scan)->reason, REASON_LIMIT_PARTS);
	assert_true(span_is(scan_problem(scan)->arg1, "3"));
}

static void
fields_are_read_one_by_one(void **state)
{
	struct span header = span_str("A: one\r\n two\r\nB:\r\nnot a field\r\nC : x");
	struct scan_field f;
	size_t at = 0;

	(void)state;
	assert_true(scan_field_next(header, &at, &f));
	assert_true(span_is(f.name, "A"));
	assert_true(span_is(f.body, " one\r\n two"));
	assert_int_equal(f.start, 0);
	assert_int_equal(f.end, 14);
	assert_true(scan_field_next(header, &at, &f));
	assert_true(span_is(f.name, "B"));
	assert_true(span_is(f.body, ""));
	assert_true(scan_field_next(header, &at, &f));
	assert_int_equal(f.name.len, 0);
	assert_true(scan_field_next(header, &at, &f));
	assert_true(span_is(f.name, "C"));
	assert_false(scan_field_next(header, &at, &f));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_mail_is_plain),
		cmocka_unit_test(headers_that_readers_read_differently_are_ambiguous),
		cmocka_unit_test(types_that_readers_read_differently_are_ambiguous),
		cmocka_unit_test(boundaries_that_readers_read_differently_are_ambiguous),
		cmocka_unit_test(structures_that_readers_read_differently_are_ambiguous),
		cmocka_unit_test(names_are_stricter_where_somebody_signs),
		cmocka_unit_test(ranges_are_exact),
		cmocka_unit_test(an_empty_header_block_is_part_of_what_is_signed),
		cmocka_unit_test(a_body_that_is_empty_leaves_its_line_end_to_the_delimiter),
		cmocka_unit_test(what_must_be_encoded_is_flagged),
		cmocka_unit_test(opaque_content_goes_on_below_its_part),
		cmocka_unit_test(opaque_content_is_judged_as_strictly_under_any_type),
		cmocka_unit_test(parameters_are_joined_and_decoded),
		cmocka_unit_test(messages_made_to_exhaust_us_end_in_a_limit),
		cmocka_unit_test(what_is_at_a_limit_is_accepted),
		cmocka_unit_test(a_limit_goes_before_other_problems),
		cmocka_unit_test(fields_are_read_one_by_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
