/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of `vanthu verify` for a person. Everything that comes from mail is shown with
 * its control characters escaped: a report must not be able to move the cursor.
 */
#include "gateway/programs/command_report.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/i18n.h"
#include "common/text.h"

#define REPORT_TEXT_MAX 200 /* bytes of one text from the message */
#define LABEL_WIDTH 13

static const char *
colour_of_state(enum check_state s, bool colour)
{
	if (!colour)
		return "";
	switch (s) {
	case CHECK_OK:
		return "\033[32m";
	case CHECK_FAIL:
		return "\033[31m";
	case CHECK_UNKNOWN:
		return "\033[33m";
	case CHECK_SKIPPED:
		break;
	}
	return "\033[2m";
}

static const char *
colour_of_verdict(enum verdict v, bool colour)
{
	if (!colour)
		return "";
	if (v == VERDICT_VERIFIED)
		return "\033[1;32m";
	return v == VERDICT_UNSIGNED || v == VERDICT_UNCHECKABLE ? "\033[1;33m" : "\033[1;31m";
}

/* A label and blanks up to the column of the values: by characters, for Vietnamese ones
 * take several bytes. */
static void
print_label(const char *label)
{
	int width = 0;

	for (const char *p = label; *p != '\0'; p++)
		width += ((unsigned char)*p & 0xc0) != 0x80;
	printf("  %s%*s", label, width < LABEL_WIDTH ? LABEL_WIDTH - width : 1, "");
}

static void
print_text(const char *label, struct span s)
{
	struct buf b;

	if (s.len == 0)
		return;
	buf_init(&b, 8 * REPORT_TEXT_MAX);
	text_show(s, REPORT_TEXT_MAX, &b);
	print_label(label);
	printf("%s\n", buf_str(&b));
	buf_free(&b);
}

static void
print_reason(const char *indent, const struct facts *f, uint16_t reason,
    struct facts_text arg1, struct facts_text arg2, bool advice)
{
	struct buf b;

	buf_init(&b, 8192);
	reason_text((enum reason)reason, REASON_VI, facts_span(f, arg1), facts_span(f, arg2),
	    advice, &b);
	printf("%s%s\n", indent, buf_str(&b));
	buf_reset(&b);
	reason_text((enum reason)reason, REASON_EN, facts_span(f, arg1), facts_span(f, arg2),
	    advice, &b);
	printf("%s%s\n", indent, buf_str(&b));
	buf_free(&b);
}

static void
print_signer(const struct facts *f, const char *agency)
{
	const struct facts_signer *s = &f->signer;
	char hex[DIGEST_HEX_SIZE], from[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX];

	if (s->subject.length == 0 && s->serial.length == 0)
		return;
	printf("%s\n", _("Signer"));
	print_text(_("address"), facts_span(f, s->address));
	print_text(_("agency"), span_str(agency));
	print_text(_("holder"), facts_span(f, s->subject));
	print_text(_("issuer"), facts_span(f, s->issuer));
	print_text(_("serial"), facts_span(f, s->serial));
	print_text("SHA-256", span_str(digest_hex(s->sha256, hex)));
	print_label(_("valid"));
	printf("%s .. %s\n", clock_rfc3339(s->not_before, from),
	    clock_rfc3339(s->not_after, until));
	if (s->signing_time != 0)
		print_text(_("signed at"), span_str(clock_rfc3339(s->signing_time, from)));
}

static void
print_checks(const struct facts *f, bool colour)
{
	printf("%s\n", _("Checks"));
	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		const struct facts_check *c = &f->checks[i];

		print_label(check_name((enum check_id)i));
		printf("%s%s%s\n", colour_of_state((enum check_state)c->state, colour),
		    check_state_name((enum check_state)c->state), colour ? "\033[0m" : "");
		if (c->state == CHECK_FAIL || c->state == CHECK_UNKNOWN)
			print_reason("               ", f, c->reason, c->arg1, c->arg2, false);
	}
}

static void
print_documents(const struct facts *f)
{
	if (f->document_count > 0)
		printf("%s\n", _("Documents"));
	for (uint32_t i = 0; i < f->document_count; i++) {
		const struct facts_document *d = &f->documents[i];
		char hex[DIGEST_HEX_SIZE];
		struct buf name, type;

		buf_init(&name, 8 * REPORT_TEXT_MAX);
		buf_init(&type, 1024);
		text_show(facts_span(f, d->name), REPORT_TEXT_MAX, &name);
		text_show(facts_span(f, d->type), 80, &type);
		printf("  %s  %s  %llu  sha256:%.16s\n",
		    name.len > 0 ? buf_str(&name) : _("(text of the mail)"), buf_str(&type),
		    (unsigned long long)d->size, digest_hex(d->sha256, hex));
		buf_free(&name);
		buf_free(&type);
	}
}

void
command_report(const char *file, const struct facts *f, const char *agency, bool colour)
{
	printf("%s: %s%s%s\n", file, colour_of_verdict((enum verdict)f->verdict, colour),
	    verdict_name((enum verdict)f->verdict), colour ? "\033[0m" : "");
	print_reason("  ", f, f->reason, f->arg1, f->arg2, true);
	print_text(_("from"), facts_span(f, f->from));
	print_text(_("subject"), facts_span(f, f->subject));
	print_text(_("number"), facts_span(f, f->number));
	print_checks(f, colour);
	print_signer(f, agency);
	print_documents(f);
	if (f->note_count > 0)
		printf("%s\n", _("Notes"));
	for (uint32_t i = 0; i < f->note_count; i++)
		print_reason("  ", f, f->notes[i].reason, f->notes[i].arg1, f->notes[i].arg2,
		    false);
}
