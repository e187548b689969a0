/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a notice: multipart/report (RFC 6522) with the text for a person, the report for a
 * program (RFC 3464) and the header of the original, never its content. Of a message that
 * bears a mark of secrecy not even the header or the subject is repeated.
 *
 * Everything that came by mail is encoded or shown through text_show, so that it stays data:
 * the header of the original goes as base64, the text as quoted-printable, addresses were
 * checked by the protocol. Addresses beyond ASCII are reported as RFC 6533 says.
 */
#include "gateway/act/notice.h"

#include <string.h>

#include "common/codec.h"
#include "common/i18n.h"
#include "common/text.h"
#include "gateway/act/header_text.h"
#include "gateway/model/say.h"

#define TEXT_MAX (512 * 1024)
#define SUBJECT_SHOWN 200
#define HEADER_MAX (16 * 1024) /* of the original that is repeated */
#define MESSAGE_ID_MAX 200

static const char intro[] =
    N_("Your message was not delivered to the recipients below.");
static const char refused[] = N_("refused");
static const char held[] = N_("kept back until an administrator has looked at it");
static const char sent_at[] = N_("Sent");
static const char subject[] = N_("Subject");
static const char transaction[] = N_("Transaction");
static const char ending[] =
    N_("Recipients that are not named here are not concerned. This notice was written by a "
       "program; please do not answer it.");
static const char title[] = N_("Document not delivered");
static const char gateway_name[] = N_("Electronic document gateway");

const char *
notice_forbidden(const struct act_job *job)
{
	if (job->envelope->zone != ZONE_INSIDE)
		return "the sender is outside";
	if (job->envelope->sender[0] == '\0')
		return "there is no sender";
	if (job->facts->auto_submitted)
		return "it was written by a program";
	return NULL;
}

static bool
is_secret(const struct act_job *job)
{
	return job->facts->secrecy > 0;
}

static const struct plan_recipient *
concerned(const struct act_job *job, const struct plan_step *step)
{
	return &job->plan->recipients[step->recipient];
}

/* --- the header ------------------------------------------------------------------------- */

/* The claimed Message-ID may be repeated only if it is one plain word. */
static bool
is_message_id(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] <= ' ' || s.ptr[i] > '~' || s.ptr[i] == '<' || s.ptr[i] == '>')
			return false;
	}
	return s.len > 0 && s.len <= MESSAGE_ID_MAX && span_find(s, '@', 0) != SPAN_NOT_FOUND;
}

static void
put_references(const struct act_job *job, struct buf *out)
{
	static const char *const fields[] = { "In-Reply-To", "References" };
	struct span id = facts_span(job->facts, job->facts->message_id);

	for (size_t i = 0; is_message_id(id) && i < 2; i++)
		buf_printf(out, "%s: <%.*s>\r\n", fields[i], (int)id.len, (const char *)id.ptr);
}

static void
put_header(const struct act_job *job, unsigned first, struct buf *out)
{
	const struct act_settings *settings = job->settings;
	const char *tx = job->envelope->tx;
	char date[CLOCK_TEXT_MAX];
	struct buf words;

	buf_put_str(out, "From: ");
	header_put_words(out, span_str(i18n_vi(gateway_name)));
	buf_printf(out, "\r\n <%s>\r\nTo: <%s>\r\n", settings->postmaster,
	    job->envelope->sender);
	buf_init(&words, 1024);
	buf_printf(&words, "%s / %s", i18n_vi(title), title);
	header_put_text(out, "Subject", buf_span(&words));
	buf_free(&words);
	buf_printf(out, "Date: %s\r\n", clock_rfc5322(job->envelope->accepted_at, date));
	buf_printf(out, "Message-ID: <%s.notice.%u@%s>\r\n", tx, first, settings->authserv_id);
	put_references(job, out);
	buf_printf(out,
	    "Auto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    " boundary=\"=_%s\"\r\n\r\n",
	    tx);
}

/* --- for a person ------------------------------------------------------------------------ */

static const char *
in(enum reason_language language, const char *english)
{
	return language == REASON_VI ? i18n_vi(english) : english;
}

static void
put_text(const struct act_job *job, const struct plan_step *const *steps, unsigned count,
    enum reason_language language, struct buf *out)
{
	char when[CLOCK_TEXT_MAX];

	buf_printf(out, "%s\r\n\r\n", in(language, intro));
	for (unsigned i = 0; i < count; i++) {
		const struct plan_recipient *r = concerned(job, steps[i]);

		buf_printf(out, "  %s: %s\r\n  ", r->address,
		    in(language, r->outcome == OUTCOME_REFUSE ? refused : held));
		say_reason(job->plan, steps[i]->recipient, job->envelope, job->facts, language,
		    out);
		buf_put_str(out, "\r\n\r\n");
	}
	buf_printf(out, "%s: %s\r\n", in(language, sent_at),
	    clock_vietnam(job->envelope->accepted_at, when));
	if (!is_secret(job)) {
		buf_printf(out, "%s: ", in(language, subject));
		text_show(facts_span(job->facts, job->facts->subject), SUBJECT_SHOWN, out);
		buf_put_str(out, "\r\n");
	}
	buf_printf(out, "%s: %s\r\n\r\n%s\r\n", in(language, transaction), job->envelope->tx,
	    in(language, ending));
}

static void
put_texts(const struct act_job *job, const struct plan_step *const *steps, unsigned count,
    struct buf *out)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	put_text(job, steps, count, REASON_VI, &text);
	buf_put_str(&text, "\r\n----\r\n\r\n");
	put_text(job, steps, count, REASON_EN, &text);
	buf_printf(out,
	    "--=_%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Language: vi, en\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	    job->envelope->tx);
	codec_qp_encode(buf_span(&text), out);
	out->failed = out->failed || text.failed;
	buf_free(&text);
	buf_put_str(out, "\r\n");
}

/* --- for a program ----------------------------------------------------------------------- */

/* "rfc822; a@b", or beyond ASCII "utf-8; \x{1EAF}@b" (RFC 6533 section 3). */
static void
put_address(struct span address, struct buf *out)
{
	bool ascii = true;

	for (size_t i = 0; i < address.len; i++)
		ascii = ascii && address.ptr[i] < 0x80;
	buf_put_str(out, ascii ? "rfc822; " : "utf-8; ");
	for (size_t at = 0; at < address.len;) {
		int32_t c = text_next(address, &at);

		if (c > 0x7e || (!ascii && c == '\\'))
			buf_printf(out, "\\x{%X}", (unsigned)c);
		else if (c > ' ')
			buf_put_byte(out, (uint8_t)c);
	}
	buf_put_str(out, "\r\n");
}

static void
put_status(const struct plan_recipient *r, struct buf *out)
{
	const struct reason_info *why = reason_info((enum reason)r->reason);
	bool final = r->outcome == OUTCOME_REFUSE;
	char class = final ? '5' : '4';

	/* The reason's own detail, with the class that says whether it is final. */
	buf_printf(out,
	    "Action: %s\r\n"
	    "Status: %c%s\r\n"
	    "Diagnostic-Code: x-vanthu; %s\r\n",
	    final ? "failed" : "delayed", class, why->status + 1, why->code);
}

static void
put_report(const struct act_job *job, const struct plan_step *const *steps,
    unsigned count, struct buf *out)
{
	char date[CLOCK_TEXT_MAX];

	buf_printf(out,
	    "--=_%s\r\nContent-Type: message/delivery-status\r\n\r\n"
	    "Reporting-MTA: dns; %s\r\n"
	    "Arrival-Date: %s\r\n",
	    job->envelope->tx, job->settings->authserv_id,
	    clock_rfc5322(job->envelope->accepted_at, date));
	for (unsigned i = 0; i < count; i++) {
		const struct plan_recipient *r = concerned(job, steps[i]);

		buf_put_str(out, "\r\nFinal-Recipient: ");
		put_address(span_str(r->address), out);
		put_status(r, out);
	}
	buf_put_str(out, "\r\n");
}

/* Whole lines from the top of the original, at most HEADER_MAX bytes, below our MTA's own. */
static struct span
original_header(const struct act_job *job)
{
	struct span all = spool_bytes(job->received), header;
	const struct facts *f = job->facts;
	size_t end;

	if (f->part_count == 0 || f->parts[0].origin != ORIGIN_MESSAGE)
		return span_sub(all, 0, 0);
	header = span_sub(all, 0, (size_t)f->parts[0].header.end);
	header = span_from(header, spool_body_offset(job->received));
	if (header.len <= HEADER_MAX)
		return header;
	for (end = HEADER_MAX; end > 0 && header.ptr[end - 1] != '\n'; end--)
		;
	return span_sub(header, 0, end);
}

static void
put_original(const struct act_job *job, struct buf *out)
{
	struct span header = original_header(job);

	if (is_secret(job) || header.len == 0)
		return;
	buf_printf(out,
	    "--=_%s\r\nContent-Type: text/rfc822-headers\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n",
	    job->envelope->tx);
	codec_base64_encode(header, out);
}

int
notice_make(const struct act_job *job, const struct plan_step *const *steps,
    unsigned count, struct buf *out, struct error *e)
{
	put_header(job, steps[0]->recipient, out);
	put_texts(job, steps, count, out);
	put_report(job, steps, count, out);
	put_original(job, out);
	buf_printf(out, "--=_%s--\r\n", job->envelope->tx);
	return out->failed ? error_set(e, ERR_TEMP, "no memory for a notice") : 0;
}
