/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X509_verify_cert (RFC 5280 6.1: signatures, dates, names, basic constraints, key usage,
 * name constraints, policies from anyPolicy), with what it calls strict, less four points
 * that RFC 5280 asks of authorities but not of those who validate, and in which real
 * authorities differ: each of these becomes a note.
 *
 * OpenSSL takes the first issuer that fits by name and tries no other. A certificate in the
 * message with the name of a real authority could so hide the real one, and an authority
 * that changed its key under the same name cannot be followed. So when a chain fails and
 * another certificate with the name of one of its authorities is at hand, that one is left
 * out and the rest is tried again, PATH_ATTEMPTS_MAX times at most.
 *
 * It judges no purpose (usage.c), no strength (algorithm.c), no revocation (revocation.c).
 */
#include "gateway/inspect/path.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "gateway/inspect/certificate.h"
#include "gateway/model/limits.h"

#define PATH_ATTEMPTS_MAX 8

struct fault {
	int error, depth;
	X509 *certificate; /* own reference; NULL when none is concerned */
};

struct watch {
	struct path *path;
	struct fault fault; /* the first that counts */
};

const char *
path_harmless(int error)
{
	switch (error) {
	case X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER:
		return "no authority key identifier";
	case X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER:
		return "no subject key identifier";
	case X509_V_ERR_CA_BCONS_NOT_CRITICAL:
		return "basic constraints not critical";
	case X509_V_ERR_CA_CERT_MISSING_KEY_USAGE:
		return "no key usage";
	default:
		return NULL;
	}
}

static void
add_lenient(struct path *p, X509 *certificate, const char *what)
{
	struct certificate_holder holder;

	if (p->lenient_count == PATH_LENIENT_MAX || certificate == NULL)
		return;
	certificate_holder(X509_get_subject_name(certificate), &holder);
	finding_set(&p->lenient[p->lenient_count++], CHECK_OK, REASON_NOTE_PATH_LENIENT,
	    holder_span(&holder), span_str(what));
}

/* A root of the first version cannot say that it is an authority; configuration does. */
static bool
is_old_anchor(int error, bool anchor, X509 *certificate)
{
	return anchor && error == X509_V_ERR_INVALID_CA
	    && X509_get_version(certificate) == X509_VERSION_1
	    && (X509_get_extension_flags(certificate) & EXFLAG_SS) != 0;
}

static int
on_error(int ok, X509_STORE_CTX *context)
{
	struct watch *w = X509_STORE_CTX_get_app_data(context);
	int error = X509_STORE_CTX_get_error(context);
	X509 *certificate = X509_STORE_CTX_get_current_cert(context);
	bool anchor = X509_STORE_CTX_get_error_depth(context)
	    == sk_X509_num(X509_STORE_CTX_get0_chain(context)) - 1;

	if (ok == 1 || w == NULL)
		return ok;
	const char *what = path_harmless(error);
	if (what != NULL || is_old_anchor(error, anchor, certificate)) {
		/* The anchor is trusted because it is configured, whatever its form. */
		if (!anchor)
			add_lenient(w->path, certificate, what);
		X509_STORE_CTX_set_error(context, X509_V_OK);
		return 1;
	}
	w->fault.error = error;
	w->fault.depth = X509_STORE_CTX_get_error_depth(context);
	if (certificate != NULL && X509_up_ref(certificate) == 1)
		w->fault.certificate = certificate;
	return 0;
}

X509_STORE_CTX *
path_context(const struct trust *t, X509 *signer, const struct path *p, int64_t at)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();

	if (context == NULL
	    || X509_STORE_CTX_init(context, t->store, signer, p->bag) != 1) {
		X509_STORE_CTX_free(context);
		return NULL;
	}
	X509_STORE_CTX_set0_trusted_stack(context, p->anchors);
	X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_flags(parameters,
	    X509_V_FLAG_X509_STRICT | X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_PARTIAL_CHAIN
		| X509_V_FLAG_TRUSTED_FIRST);
	/* RFC 5280 6.1.1 (c): the user-initial-policy-set is any-policy. */
	if (X509_VERIFY_PARAM_add0_policy(parameters, OBJ_nid2obj(NID_any_policy)) != 1) {
		X509_STORE_CTX_free(context);
		return NULL;
	}
	X509_VERIFY_PARAM_set_auth_level(parameters, 0);
	X509_VERIFY_PARAM_set_depth(parameters, LIMIT_CHAIN);
	X509_VERIFY_PARAM_set_time(parameters, (time_t)at);
	return context;
}

/* One attempt: X509_V_OK or the error; -1 when there is no memory. */
static int
attempt(const struct trust *t, X509 *signer, struct path *p, int64_t at, struct fault *fault)
{
	struct watch watch = { .path = p };
	X509_STORE_CTX *context = path_context(t, signer, p, at);
	int error = X509_V_OK;

	if (context == NULL)
		return -1;
	p->lenient_count = 0;
	X509_STORE_CTX_set_app_data(context, &watch);
	X509_STORE_CTX_set_verify_cb(context, on_error);
	if (X509_verify_cert(context) != 1) {
		error = watch.fault.error != 0 ? watch.fault.error
					       : X509_STORE_CTX_get_error(context);
		if (error == X509_V_OK)
			error = X509_V_ERR_UNSPECIFIED;
	}
	sk_X509_pop_free(p->chain, X509_free);
	p->chain = X509_STORE_CTX_get1_chain(context);
	*fault = watch.fault;
	fault->error = error;
	X509_STORE_CTX_free(context);
	ERR_clear_error();
	return error;
}

static int
find_other(STACK_OF(X509) *pool, X509 *certificate)
{
	for (int i = 0; i < sk_X509_num(pool); i++) {
		X509 *other = sk_X509_value(pool, i);
		if (X509_NAME_cmp(X509_get_subject_name(other),
			X509_get_subject_name(certificate)) == 0
		    && X509_cmp(other, certificate) != 0)
			return i;
	}
	return -1;
}

static bool
leave_out(STACK_OF(X509) *pool, X509 *certificate)
{
	bool found = false;

	for (int i = sk_X509_num(pool) - 1; i >= 0; i--) {
		if (X509_cmp(sk_X509_value(pool, i), certificate) == 0) {
			sk_X509_delete(pool, i);
			found = true;
		}
	}
	return found;
}

/* Leave out an authority of the failed chain that has a namesake; false if none has. */
static bool
try_namesake(struct path *p)
{
	for (int i = sk_X509_num(p->chain) - 1; i > 0; i--) {
		X509 *authority = sk_X509_value(p->chain, i);
		if (find_other(p->anchors, authority) < 0 && find_other(p->bag, authority) < 0)
			continue;
		bool out_of_anchors = leave_out(p->anchors, authority);
		bool out_of_bag = leave_out(p->bag, authority);
		return out_of_anchors || out_of_bag;
	}
	return false;
}

static enum reason
reason_of(int error)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return REASON_ISSUER_UNKNOWN;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return REASON_SELF_SIGNED;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return REASON_CERTIFICATE_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return REASON_CERTIFICATE_NOT_YET;
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
	case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
		return REASON_CERTIFICATE_SIGNATURE;
	case X509_V_ERR_INVALID_CA:
	case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
		return REASON_ISSUER_NOT_CA;
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
		return REASON_PATH_LENGTH;
	case X509_V_ERR_PERMITTED_VIOLATION:
	case X509_V_ERR_EXCLUDED_VIOLATION:
	case X509_V_ERR_SUBTREE_MINMAX:
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
	case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
		return REASON_NAME_NOT_PERMITTED;
	case X509_V_ERR_NO_EXPLICIT_POLICY:
	case X509_V_ERR_INVALID_POLICY_EXTENSION:
		return REASON_CERTIFICATE_POLICY;
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
		return REASON_CRITICAL_EXTENSION;
	case X509_V_ERR_INVALID_EXTENSION:
	case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
	case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
	case X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY:
	case X509_V_ERR_EXTENSIONS_REQUIRE_VERSION_3:
		return REASON_CERTIFICATE_MALFORMED;
	case X509_V_ERR_CERT_CHAIN_TOO_LONG:
		return REASON_PATH_TOO_LONG;
	default:
		return REASON_PATH_WRONG;
	}
}

/* The finding of a failure, with the certificate it is about. */
static void
describe(const struct fault *fault, struct path *p, X509 *signer)
{
	enum reason r = sk_X509_num(p->anchors) == 0 ? REASON_NO_ANCHOR
						     : reason_of(fault->error);
	X509 *about = fault->certificate != NULL ? fault->certificate : signer;
	struct certificate_holder holder, issuer;
	struct span second = span_str(X509_verify_cert_error_string(fault->error));
	char day[11];
	int64_t seconds = 0;

	certificate_holder(X509_get_subject_name(about), &holder);
	if (r == REASON_ISSUER_UNKNOWN) {
		certificate_holder(X509_get_issuer_name(about), &issuer);
		second = holder_span(&issuer);
	} else if (r == REASON_CERTIFICATE_EXPIRED || r == REASON_CERTIFICATE_NOT_YET) {
		(void)certificate_seconds(r == REASON_CERTIFICATE_EXPIRED
			? X509_get0_notAfter(about) : X509_get0_notBefore(about), &seconds);
		second = span_str(certificate_day(seconds, day));
	}
	finding_set(&p->finding, CHECK_FAIL, r, holder_span(&holder), second);
}

int
path_build(const struct trust *t, X509 *signer, STACK_OF(X509) *bag, int64_t at,
    struct path *out, struct error *e)
{
	struct fault fault = { 0 };
	int error, attempts = 0;

	*out = (struct path){ .chain = NULL };
	out->anchors = sk_X509_dup(t->anchors);
	out->bag = sk_X509_dup(bag);
	if (out->anchors == NULL || out->bag == NULL)
		return error_set(e, ERR_TEMP, "path: out of memory");
	do {
		struct fault latest = { 0 };
		error = attempt(t, signer, out, at, &latest);
		if (attempts == 0) {
			fault = latest;
			if (error != X509_V_OK && error != -1)
				describe(&fault, out, signer);
		}
		X509_free(latest.certificate);
		if (error == -1)
			return error_set(e, ERR_TEMP, "path: out of memory");
	} while (error != X509_V_OK && ++attempts < PATH_ATTEMPTS_MAX && try_namesake(out));
	if (error == X509_V_OK)
		finding_say(&out->finding, CHECK_OK, REASON_NONE, NULL, NULL);
	return 0;
}

void
path_free(struct path *p)
{
	sk_X509_pop_free(p->chain, X509_free);
	sk_X509_free(p->anchors);
	sk_X509_free(p->bag);
	*p = (struct path){ .chain = NULL };
}
