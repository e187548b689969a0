/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation (RFC 5280 6.3) at a time that may lie in the past.
 *
 * Which list speaks for which certificate (distribution points, reasons, indirect lists,
 * separate keys, deltas) is OpenSSL's to find, with its whole support of extended lists. But
 * it judges as if "revoked" had no date and "not yet valid" were a fault: so each of its
 * complaints comes here first. An entry counts from its date on (from the invalidity date
 * when a key was compromised); a list issued after the judged time speaks for that time too,
 * as long as the certificate had not expired when it was issued, for then its authority may
 * have dropped the entry. Lists newer than the one that OpenSSL chose are looked through for
 * entries dated before the judged time.
 *
 * Lists carried in a message, distribution point addresses and OCSP are never followed.
 */
#include "gateway/inspect/revocation.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "gateway/inspect/certificate.h"

#define CLOCK_SKEW_SECONDS 300 /* a list may be this much from the future */

struct watch {
	const struct trust *trust;
	struct revocation *out;
	int64_t at, now;
	X509 *certificate; /* the one in question */
	X509_CRL *crl;     /* the list in question; OpenSSL forgets it once it was out of time */
	const X509_CRL *unusable; /* the list that was refused last: its entries say nothing */
	bool revoked;
};

static void
certificate_about(X509 *certificate, enum check_state state, enum reason r,
    struct span second, struct finding *f)
{
	struct certificate_holder holder;

	certificate_holder(X509_get_subject_name(certificate), &holder);
	finding_set(f, state, r, holder_span(&holder), second);
}

static void
add_note(struct revocation *out, X509 *certificate, enum reason r, int64_t seconds)
{
	char day[11];

	if (out->note_count == REVOCATION_NOTES_MAX)
		return;
	certificate_about(certificate, CHECK_OK, r, span_str(certificate_day(seconds, day)),
	    &out->notes[out->note_count++]);
}

/* Doubt: the first is kept, and a revocation is worth more. */
static void
doubt(struct watch *w, X509 *certificate, enum reason r, struct span second)
{
	if (w->out->finding.state == CHECK_OK)
		certificate_about(certificate, CHECK_UNKNOWN, r, second, &w->out->finding);
}

static void
doubt_day(struct watch *w, X509 *certificate, enum reason r, const ASN1_TIME *time)
{
	int64_t seconds = 0;
	char day[11];

	(void)certificate_seconds(time, &seconds);
	doubt(w, certificate, r, span_str(certificate_day(seconds, day)));
}

static bool
is_compromise(const X509_REVOKED *entry)
{
	ASN1_ENUMERATED *value = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	long reason = value != NULL ? ASN1_ENUMERATED_get(value) : CRL_REASON_NONE;

	ASN1_ENUMERATED_free(value);
	return reason == CRL_REASON_KEY_COMPROMISE || reason == CRL_REASON_CA_COMPROMISE
	    || reason == CRL_REASON_AA_COMPROMISE;
}

/* From when on the entry counts. INT64_MIN when its date cannot be read: always. */
static int64_t
revoked_since(const X509_REVOKED *entry)
{
	int64_t since = INT64_MIN, invalid;
	ASN1_GENERALIZEDTIME *date;

	if (!certificate_seconds(X509_REVOKED_get0_revocationDate(entry), &since))
		return INT64_MIN;
	if (!is_compromise(entry))
		return since;
	date = X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, NULL, NULL);
	if (date != NULL && certificate_seconds(date, &invalid) && invalid < since)
		since = invalid;
	ASN1_GENERALIZEDTIME_free(date);
	return since;
}

/* The list has an entry for the certificate: does it count at the judged time? */
static void
judge_entry(struct watch *w, X509 *certificate, const X509_REVOKED *entry)
{
	int64_t since = revoked_since(entry);
	char day[11];

	if (since > w->at) {
		add_note(w->out, certificate, REASON_NOTE_REVOKED_LATER, since);
		return;
	}
	if (!w->revoked)
		certificate_about(certificate, CHECK_FAIL, REASON_REVOKED,
		    span_str(certificate_day(since == INT64_MIN ? w->at : since, day)),
		    &w->out->finding);
	w->revoked = true;
}

/*
 * OpenSSL says "revoked" and shows the complete list even when the entry is in the delta
 * list that goes with it. When the entry is nowhere to be found its word counts undated.
 */
static void
judge_revoked(struct watch *w, X509 *certificate, X509_CRL *crl)
{
	X509_REVOKED *entry = NULL;

	if (crl != NULL && crl == w->unusable)
		return;
	if (crl != NULL && X509_CRL_get0_by_cert(crl, &entry, certificate) == 1) {
		judge_entry(w, certificate, entry);
		return;
	}
	for (int i = 0; i < sk_X509_CRL_num(w->trust->crls); i++) {
		X509_CRL *delta = sk_X509_CRL_value(w->trust->crls, i);
		if (X509_CRL_get_ext_by_NID(delta, NID_delta_crl, -1) >= 0
		    && X509_CRL_get0_by_cert(delta, &entry, certificate) == 1) {
			judge_entry(w, certificate, entry);
			return;
		}
	}
	certificate_about(certificate, CHECK_FAIL, REASON_REVOKED, span_str(NULL),
	    &w->out->finding);
	w->revoked = true;
}

/* A list issued after the judged time. */
static void
judge_later_list(struct watch *w, X509 *certificate, X509_CRL *crl)
{
	int64_t issued = 0, expiry = 0;

	if (!certificate_seconds(X509_CRL_get0_lastUpdate(crl), &issued)
	    || !certificate_seconds(X509_get0_notAfter(certificate), &expiry)) {
		doubt(w, certificate, REASON_CRL_UNUSABLE, span_str("date"));
	} else if (issued > w->now + CLOCK_SKEW_SECONDS) {
		doubt(w, certificate, REASON_CRL_UNUSABLE, span_str("not yet valid"));
	} else if (issued > expiry) {
		doubt_day(w, certificate, REASON_CRL_TOO_LATE, X509_CRL_get0_lastUpdate(crl));
	} else {
		add_note(w->out, certificate, REASON_NOTE_CRL_LATER, issued);
	}
}

static void
judge(struct watch *w, int error, X509 *certificate, X509_CRL *crl)
{
	struct certificate_holder issuer;

	switch (error) {
	case X509_V_ERR_CERT_REVOKED:
		judge_revoked(w, certificate, crl);
		break;
	case X509_V_ERR_CRL_NOT_YET_VALID:
		judge_later_list(w, certificate, crl);
		break;
	case X509_V_ERR_CRL_HAS_EXPIRED:
		doubt_day(w, certificate, REASON_CRL_STALE, X509_CRL_get0_nextUpdate(crl));
		break;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		certificate_holder(X509_get_issuer_name(certificate), &issuer);
		doubt(w, certificate, REASON_CRL_MISSING, holder_span(&issuer));
		break;
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
	case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
	case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
	case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
	case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
		w->unusable = crl;
		doubt(w, certificate, REASON_CRL_UNUSABLE,
		    span_str(X509_verify_cert_error_string(error)));
		break;
	default:
		/* The rest is the path's, and was judged there. */
		break;
	}
}

static int
on_error(int ok, X509_STORE_CTX *context)
{
	struct watch *w = X509_STORE_CTX_get_app_data(context);
	X509 *certificate = X509_STORE_CTX_get_current_cert(context);
	int depth = X509_STORE_CTX_get_error_depth(context);

	if (ok == 1)
		return ok;
	/* No watch: the path of a list's own signer, judged as any path is. */
	if (w == NULL)
		return path_harmless(X509_STORE_CTX_get_error(context)) != NULL;
	/* Nobody revokes the anchor but configuration. */
	if (certificate == NULL
	    || depth >= sk_X509_num(X509_STORE_CTX_get0_chain(context)) - 1)
		return 1;
	if (certificate != w->certificate) {
		w->certificate = certificate;
		w->crl = NULL;
	}
	if (X509_STORE_CTX_get0_current_crl(context) != NULL)
		w->crl = X509_STORE_CTX_get0_current_crl(context);
	judge(w, X509_STORE_CTX_get_error(context), certificate, w->crl);
	return 1;
}

/* Entries dated before the judged time in lists issued after it. */
static void
look_through(struct watch *w, const struct trust *t, X509 *certificate, X509 *issuer)
{
	for (int i = 0; i < sk_X509_CRL_num(t->crls) && !w->revoked; i++) {
		X509_CRL *crl = sk_X509_CRL_value(t->crls, i);
		X509_REVOKED *entry = NULL;
		int64_t issued = 0;

		if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) != 0
		    || !certificate_seconds(X509_CRL_get0_lastUpdate(crl), &issued)
		    || issued <= w->at
		    || X509_CRL_get0_by_cert(crl, &entry, certificate) != 1
		    || X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1)
			continue;
		judge_entry(w, certificate, entry);
	}
}

static bool
same_note(const struct finding *a, const struct finding *b)
{
	return a->reason == b->reason
	    && span_equal(span_of(a->arg1, a->arg1_length), span_of(b->arg1, b->arg1_length))
	    && span_equal(span_of(a->arg2, a->arg2_length), span_of(b->arg2, b->arg2_length));
}

static void
drop_repeated_notes(struct revocation *out)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < out->note_count; i++) {
		bool repeated = false;
		for (unsigned j = 0; j < kept; j++)
			repeated = repeated || same_note(&out->notes[i], &out->notes[j]);
		if (!repeated)
			out->notes[kept++] = out->notes[i];
	}
	out->note_count = kept;
}

int
revocation_check(const struct trust *t, X509 *signer, const struct path *p, int64_t at,
    int64_t now, struct revocation *out, struct error *e)
{
	struct watch watch = { .trust = t, .out = out, .at = at, .now = now };
	X509_STORE_CTX *context;

	*out = (struct revocation){ .note_count = 0 };
	if (sk_X509_CRL_num(t->crls) == 0) {
		finding_say(&out->finding, CHECK_SKIPPED, REASON_REVOCATION_SKIPPED, NULL, NULL);
		return 0;
	}
	context = path_context(t, signer, p, at);
	if (context == NULL)
		return error_set(e, ERR_TEMP, "revocation: out of memory");
	finding_say(&out->finding, CHECK_OK, REASON_NONE, NULL, NULL);
	/* Given so and not by the store, lists are found under another issuer's name too. */
	X509_STORE_CTX_set0_crls(context, t->crls);
	X509_STORE_CTX_set_app_data(context, &watch);
	X509_STORE_CTX_set_verify_cb(context, on_error);
	X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context),
	    X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL
		| X509_V_FLAG_EXTENDED_CRL_SUPPORT | X509_V_FLAG_USE_DELTAS);
	int result = X509_verify_cert(context);
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
	for (int i = 0; i + 1 < sk_X509_num(chain); i++)
		look_through(&watch, t, sk_X509_value(chain, i), sk_X509_value(chain, i + 1));
	X509_STORE_CTX_free(context);
	ERR_clear_error();
	drop_repeated_notes(out);
	/* Fail closed: every complaint was answered, so anything else ended it early. */
	if (out->finding.state == CHECK_OK && p->finding.state != CHECK_OK)
		finding_say(&out->finding, CHECK_UNKNOWN, REASON_NONE, NULL, NULL);
	else if (out->finding.state == CHECK_OK && result != 1)
		finding_say(&out->finding, CHECK_UNKNOWN, REASON_CRL_UNUSABLE, NULL, NULL);
	return 0;
}
