/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compose: what is relayed. A head of our own on top (RFC 5321 4.4 Received; for mail from
 * outside RFC 8601 Authentication-Results with the method of RFC 7281), forged copies of our
 * own headers cut out, every other byte as it was.
 *
 * The head is made of envelope, facts and plan alone, never of the clock: the same input
 * gives the same bytes (I5). It is ASCII, folded, and no value from mail reaches it but
 * escaped: outside a quoted string only letters, digits and a few marks can appear.
 */
#include "common/clock.h"
#include "gateway/act/act.h"
#include "gateway/act/sink.h"

#define HEAD_MAX (16 * 1024)
#define VALUE_MAX 200 /* bytes of one value from mail that are shown */
#define FOLD_COLUMN 40 /* of a quoted string, after its name */
#define GROWTH_EXTRA HEAD_MAX

static bool
is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Only letters, digits and these marks, and something at all. */
static bool
is_plain(struct span s, const char *marks)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_alnum(s.ptr[i]) &&
		    span_find(span_str(marks), s.ptr[i], 0) == SPAN_NOT_FOUND)
			return false;
	return s.len > 0;
}

/*
 * A quoted string, folded at blanks. What is not printable ASCII is written as RFC 4514
 * writes it in names, "\C4\90" (and the backslash is quoted once more).
 */
static void
put_quoted(struct buf *out, struct span s)
{
	size_t column = 0;

	buf_put_byte(out, '"');
	for (size_t i = 0; i < s.len && i < VALUE_MAX; i++) {
		uint8_t c = s.ptr[i];
		bool word_follows = i + 1 < s.len && s.ptr[i + 1] != ' ';
		if (c == ' ' && column >= FOLD_COLUMN && word_follows) {
			buf_put_str(out, "\r\n ");
			column = 0;
		} else if (c == '"' || c == '\\') {
			buf_put_byte(out, '\\');
			buf_put_byte(out, c);
			column += 2;
		} else if (c >= ' ' && c <= '~') {
			buf_put_byte(out, c);
			column++;
		} else {
			buf_printf(out, "\\\\%02X", c);
			column += 4;
		}
	}
	buf_put_byte(out, '"');
}

static void
put_property(struct buf *out, const char *name, struct span value)
{
	if (value.len == 0)
		return;
	buf_printf(out, "\r\n\tbody.smime-%s=", name);
	if (value.len <= VALUE_MAX && is_plain(value, "@.-_+"))
		buf_put_span(out, value);
	else
		put_quoted(out, value);
}

/* How it came, as the registry of RFC 3848 and RFC 6531 names it; NULL: not by SMTP. */
static const char *
protocol_of(const struct envelope *env)
{
	switch (env->source) {
	case SOURCE_SMTP:
		return env->smtputf8 ? "UTF8SMTP" : "ESMTP";
	case SOURCE_LMTP:
		return env->smtputf8 ? "UTF8LMTP" : "LMTP";
	case SOURCE_IMAP:
	case SOURCE_POP3:
	case SOURCE_MAILDIR:
	case SOURCE_RELEASE:
	case SOURCE_FILE:
	case SOURCE_COUNT:
		return NULL;
	}
	return NULL;
}

static void
put_received(struct buf *out, const char *ours, const struct envelope *env)
{
	struct span helo = span_str(env->helo), peer = span_str(env->peer);
	const char *protocol = protocol_of(env);
	char date[CLOCK_TEXT_MAX];

	buf_put_str(out, "Received: ");
	if (protocol != NULL) {
		buf_put_str(out, "from ");
		if (helo.len <= VALUE_MAX && is_plain(helo, ".-_:[]"))
			buf_put_span(out, helo);
		else
			buf_put_str(out, "unknown");
		if (is_plain(peer, ".:")) {
			bool v6 = span_find(peer, ':', 0) != SPAN_NOT_FOUND;
			buf_put_str(out, v6 ? " ([IPv6:" : " ([");
			buf_put_span(out, peer);
			buf_put_str(out, "])");
		}
		buf_put_str(out, "\r\n\t");
	}
	buf_printf(out, "by %s (Vanthu)", ours);
	if (protocol != NULL)
		buf_printf(out, " with %s", protocol);
	buf_printf(out, " id %s;\r\n\t%s\r\n", env->tx, clock_rfc5322(env->accepted_at, date));
}

/* The result names of RFC 7281 section 3. */
static const char *
result_of(enum verdict v)
{
	switch (v) {
	case VERDICT_VERIFIED:
		return "pass";
	case VERDICT_UNSIGNED:
		return "none";
	case VERDICT_INVALID:
	case VERDICT_UNTRUSTED:
		return "fail";
	case VERDICT_MISMATCH:
		return "policy"; /* a good signature, but not one that we accept here */
	case VERDICT_AMBIGUOUS:
	case VERDICT_LIMIT:
		return "permerror";
	case VERDICT_ENCRYPTED:
		return "neutral";
	case VERDICT_UNCHECKABLE:
	case VERDICT_COUNT:
		return "temperror";
	}
	return "temperror";
}

static void
put_results(struct buf *out, const char *ours, const struct facts *f)
{
	const struct reason_info *why = reason_info((enum reason)f->reason);

	buf_printf(out, "Authentication-Results: %s;\r\n\tsmime=%s reason=\"%s\"", ours,
	    result_of((enum verdict)f->verdict), why->code);
	if (f->form != SIGNATURE_NONE) {
		put_property(out, "identifier", facts_span(f, f->signer.address));
		/* RFC 7281: issuer and serial only together. */
		if (f->signer.serial.length > 0 && f->signer.issuer.length > 0) {
			put_property(out, "serial", facts_span(f, f->signer.serial));
			put_property(out, "issuer", facts_span(f, f->signer.issuer));
		}
	}
	buf_put_str(out, "\r\n");
	buf_printf(out, "X-Vanthu-Verdict: %s; reason=%s\r\n",
	    verdict_name((enum verdict)f->verdict), why->code);
}

/* The message but for forged copies of our own headers in its root header. */
static int
put_message(struct sink *to, const struct facts *f, struct span message, struct error *e)
{
	uint64_t at = 0;

	for (uint32_t i = 0; i < f->field_count; i++) {
		const struct facts_range *r = &f->fields[i].range;
		if (f->fields[i].kind != FIELD_OWN)
			continue;
		if (r->start < at || r->end < r->start || f->part_count == 0 ||
		    r->end > f->parts[0].header.end || r->end > message.len)
			return error_set(e, ERR_TEMP, "facts: fields do not follow each other");
		sink_put(to, span_sub(message, (size_t)at, (size_t)(r->start - at)));
		at = r->end;
	}
	sink_put(to, span_from(message, (size_t)at));
	return 0;
}

/*
 * A message whose first line is a fold would go on the last field that we put on top of it.
 * No rule delivers one (it is AMBIGUOUS); an operator's force must not either.
 */
static int
check_first_line(struct span body, struct error *e)
{
	if (body.len > 0 && (body.ptr[0] == ' ' || body.ptr[0] == '\t'))
		return error_set(e, ERR_PERM, "the message begins with the fold of a field");
	return 0;
}

int
act_compose(const struct act_settings *settings, const struct envelope *env,
    const struct facts *facts, const struct plan *plan, const struct spool *body,
    struct spool **outgoing, struct error *e)
{
	struct spool *to = NULL;
	struct sink sink;
	struct buf head;
	int result = -1;

	*outgoing = NULL;
	if (check_first_line(spool_bytes(body), e) != 0)
		return error_prefix(e, "compose");
	if (spool_new(settings->spool_dir[0] != '\0' ? settings->spool_dir : NULL,
	        spool_size(body) + GROWTH_EXTRA, &to, e) < 0)
		return error_prefix(e, "compose");
	sink_init(&sink, to);
	buf_init(&head, HEAD_MAX);
	put_received(&head, settings->authserv_id, env);
	buf_printf(&head, "X-Vanthu-Transaction: %s\r\n", env->tx);
	if (env->zone == ZONE_OUTSIDE)
		put_results(&head, settings->authserv_id, facts);
	if (head.failed) {
		error_set(e, ERR_TEMP, "out of memory");
		goto out;
	}
	sink_put(&sink, buf_span(&head));
	/* What act_sign made has no forged copies left, and the facts are not of its bytes. */
	if (plan->sign)
		sink_put(&sink, spool_bytes(body));
	else if (put_message(&sink, facts, spool_bytes(body), e) < 0)
		goto out;
	if (sink_flush(&sink, e) < 0 || spool_seal(to, e) < 0)
		goto out;
	*outgoing = to;
	to = NULL;
	result = 0;
out:
	if (result < 0)
		error_prefix(e, "compose");
	buf_free(&head);
	sink_free(&sink);
	spool_free(&to);
	return result;
}
