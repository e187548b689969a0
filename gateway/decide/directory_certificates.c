/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates of agencies.conf. A certificate is named by its fingerprint, or by its
 * issuer with the pattern of a subject or a serial number: never without saying who issued
 * it, for any authority could write the name of an agency (verdicts.md B13). Only one named
 * by fingerprint may be given addresses that it does not carry itself (C09).
 */
#include "gateway/decide/directory_load.h"

#include <stdlib.h>
#include <string.h>

#include "common/codec.h"
#include "common/digest.h"
#include "gateway/model/envelope.h"

#define SERIAL_MAX 64

static const struct conf_key certificate_keys[] = {
	{ "sha256", CONF_STRING, false, 64, 95 },
	{ "subject", CONF_STRING, false, 1, 1000 },
	{ "issuer", CONF_STRING, false, 1, 1000 },
	{ "serial", CONF_STRING, false, 1, SERIAL_MAX },
	{ "addresses", CONF_STRINGS, false, 1, LIMIT_ADDRESS_BYTES },
	{ "valid_from", CONF_STRING, false, 1, 40 },
	{ "valid_to", CONF_STRING, false, 1, 40 },
};

/* Hex, with or without a colon between bytes, as certificate tools print it. */
static bool
read_fingerprint(const char *text, uint8_t out[32])
{
	char hex[DIGEST_HEX_SIZE];
	size_t used = 0;

	for (; *text != '\0'; text++) {
		if (*text == ':' && used % 2 == 0)
			continue;
		if (used + 1 == sizeof(hex))
			return false;
		hex[used++] = *text;
	}
	return codec_hex_decode(span_of(hex, used), out, 32);
}

static int
check_pattern(struct loading *l, const struct conf_node *node,
    const struct certificate *c)
{
	if (c->by_digest) {
		if (c->subject != NULL || c->issuer != NULL || c->serial != NULL)
			return conf_error(node, l->e,
			    "sha256: names one certificate; leave subject, issuer and serial "
			    "out");
		return 0;
	}
	if (c->issuer == NULL)
		return conf_error(node, l->e,
		    "issuer: is missing; write sha256, or issuer with subject or serial, so "
		    "that no other authority can speak for the agency");
	if (conf_child(node, "addresses") != NULL)
		return conf_error(node, l->e,
		    "addresses: only a certificate named by sha256 can be given addresses");
	return 0;
}

static int
read_certificate(struct loading *l, const struct conf_node *node, const struct agency *a,
    struct certificate *c)
{
	const char *sha256, *keys[] = { "subject", "issuer", "serial" };
	const char **into[] = { &c->subject, &c->issuer, &c->serial };

	if (conf_check(node, certificate_keys, COUNT(certificate_keys), l->e) != 0 ||
	    directory_read_period(l, node, &c->period) != 0)
		return -1;
	c->agency = a;
	c->where = directory_keep_where(l, node);
	if (c->where == NULL)
		return directory_no_memory(l);
	sha256 = conf_string(node, "sha256", NULL);
	c->by_digest = sha256 != NULL;
	if (sha256 != NULL && !read_fingerprint(sha256, c->sha256))
		return conf_error(conf_child(node, "sha256"), l->e,
		    "sha256: must be 64 hex digits; \"openssl x509 -noout -fingerprint "
		    "-sha256\" prints them");
	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *text = conf_string(node, keys[i], NULL);

		if (text == NULL)
			continue;
		*into[i] = directory_keep(l, text);
		if (*into[i] == NULL)
			return directory_no_memory(l);
	}
	return check_pattern(l, node, c);
}

static int
compare_digests(const void *a, const void *b)
{
	const struct certificate *const *x = a, *const *y = b;

	return memcmp((*x)->sha256, (*y)->sha256, 32);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_certificate(const struct certificate *a, const struct certificate *b)
{
	if (a->by_digest || b->by_digest)
		return a->by_digest && b->by_digest && memcmp(a->sha256, b->sha256, 32) == 0;
	if (a->agency != b->agency && a->subject == NULL && a->serial == NULL)
		return false; /* one authority may serve many agencies */
	return same_text(a->subject, b->subject) && same_text(a->issuer, b->issuer) &&
	    same_text(a->serial, b->serial);
}

static int
compare_patterns(const void *a, const void *b)
{
	const struct certificate *const *x = a, *const *y = b;
	const struct certificate *p = *x, *q = *y;
	const char *left[] = { p->subject, p->issuer, p->serial };
	const char *right[] = { q->subject, q->issuer, q->serial };

	if (p->by_digest != q->by_digest)
		return p->by_digest ? -1 : 1;
	if (p->by_digest)
		return memcmp(p->sha256, q->sha256, 32);
	for (size_t i = 0; i < COUNT(left); i++) {
		int c = strcmp(left[i] == NULL ? "" : left[i], right[i] == NULL ? "" : right[i]);

		if (c != 0)
			return c;
	}
	return p->agency->index < q->agency->index ? -1 :
						     p->agency->index > q->agency->index;
}

/* Equal ones stand together once sorted; within such a run every pair is compared. */
static int
check_doubled_certificates(struct loading *l)
{
	struct directory *d = l->d;
	const struct certificate **sorted =
	    arena_array(d->arena, d->certificate_count + 1, sizeof(*sorted));

	if (sorted == NULL)
		return directory_no_memory(l);
	for (size_t i = 0; i < d->certificate_count; i++)
		sorted[i] = &d->certificates[i];
	qsort(sorted, d->certificate_count, sizeof(*sorted), compare_patterns);
	for (size_t i = 0; i < d->certificate_count; i++) {
		for (size_t j = i + 1; j < d->certificate_count &&
		     same_certificate(sorted[i], sorted[j]);
		     j++) {
			const struct certificate *a = sorted[i], *b = sorted[j];

			if (period_overlaps(a->period, b->period))
				return error_set(l->e, ERR_PERM,
				    "%s: certificates: the same certificate stands at %s for "
				    "\"%s\"; give both periods that do not overlap",
				    b->where, a->where, a->agency->id);
		}
	}
	return 0;
}

/* Addresses that configuration gives to a certificate must be the agency's own. */
static int
read_binding(struct loading *l, const struct conf_node *addresses, size_t index,
    const struct certificate *c)
{
	const struct agency *a = c->agency;
	const char *address = conf_string_at(addresses, index);
	struct directory_binding *b = &l->d->bindings[l->d->binding_count];

	for (size_t i = 0; i < a->mailbox_count; i++) {
		if (envelope_same_mailbox(span_str(a->mailboxes[i]), span_str(address))) {
			memcpy(b->sha256, c->sha256, 32);
			b->address = a->mailboxes[i];
			l->d->binding_count++;
			return 0;
		}
	}
	return conf_error(addresses, l->e,
	    "addresses: \"%s\" is no mailbox of \"%s\"; add it to mailboxes first", address,
	    a->id);
}

static const struct conf_node *
addresses_of(const struct loading *l, const struct certificate *c)
{
	const struct conf_node *agency = conf_at(l->agencies, c->agency->index);
	const struct conf_node *list = conf_child(agency, "certificates");

	return conf_child(conf_at(list, (size_t)(c - c->agency->certificates)), "addresses");
}

static int
read_bindings(struct loading *l)
{
	struct directory *d = l->d;
	size_t total = 0;

	for (size_t i = 0; i < d->certificate_count; i++)
		total += conf_string_count(addresses_of(l, &d->certificates[i]));
	d->bindings = arena_array(d->arena, total + 1, sizeof(*d->bindings));
	if (d->bindings == NULL)
		return directory_no_memory(l);
	for (size_t i = 0; i < d->certificate_count; i++) {
		const struct conf_node *addresses = addresses_of(l, &d->certificates[i]);

		for (size_t j = 0; j < conf_string_count(addresses); j++) {
			if (read_binding(l, addresses, j, &d->certificates[i]) != 0)
				return -1;
		}
	}
	return 0;
}

int
directory_read_certificates(struct loading *l)
{
	struct directory *d = l->d;
	size_t total = 0, used = 0;

	for (size_t i = 0; i < d->agency_count; i++)
		total += conf_count(conf_child(conf_at(l->agencies, i), "certificates"));
	d->certificates = arena_array(d->arena, total + 1, sizeof(*d->certificates));
	d->by_digest = arena_array(d->arena, total + 1, sizeof(*d->by_digest));
	if (d->certificates == NULL || d->by_digest == NULL)
		return directory_no_memory(l);
	for (size_t i = 0; i < d->agency_count; i++) {
		const struct conf_node *list =
		    conf_child(conf_at(l->agencies, i), "certificates");
		struct agency *a = &d->agencies[i];

		a->certificates = &d->certificates[used];
		a->certificate_count = conf_count(list);
		for (size_t j = 0; j < a->certificate_count; j++) {
			struct certificate *c = &d->certificates[used++];

			if (read_certificate(l, conf_at(list, j), a, c) != 0)
				return -1;
			if (c->by_digest)
				d->by_digest[d->by_digest_count++] = c;
		}
	}
	d->certificate_count = used;
	qsort(d->by_digest, d->by_digest_count, sizeof(*d->by_digest), compare_digests);
	if (check_doubled_certificates(l) != 0)
		return -1;
	return read_bindings(l);
}
