/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anchors, CRLs, bindings and the profile, read from files of the configuration before the
 * sandbox. Nothing is added later, whatever a message carries (verdicts.md V7).
 */
#include "gateway/inspect/trust.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "common/io.h"
#include "gateway/inspect/address.h"
#include "gateway/inspect/trust_store.h"

#define FILE_BYTES_MAX (256u * 1024 * 1024) /* of one file of certificates or CRLs */
#define PATH_BYTES_MAX 4096

struct trust *
trust_new(void)
{
	struct trust *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->crls = sk_X509_CRL_new_null();
	t->profile.sha1_until = INT64_MIN;
	if (t->crls == NULL)
		trust_free(&t);
	return t;
}

/* Forget what was chosen. */
static void
unchoose(struct trust *t)
{
	sk_X509_free(t->anchors);
	X509_STORE_free(t->store);
	t->anchors = NULL;
	t->store = NULL;
}

void
trust_free(struct trust **t)
{
	if (*t == NULL)
		return;
	for (size_t i = 0; i < (*t)->anchor_count; i++)
		X509_free((*t)->all[i].certificate);
	free((*t)->all);
	free((*t)->bindings);
	sk_X509_CRL_pop_free((*t)->crls, X509_CRL_free);
	unchoose(*t);
	free(*t);
	*t = NULL;
}

/* Room for one more of a growing list. */
static int
grow(void **list, size_t count, size_t *room, size_t size, struct error *e)
{
	if (count < *room)
		return 0;
	size_t next = *room == 0 ? 16 : 2 * *room;
	void *bigger = reallocarray(*list, next, size);
	if (bigger == NULL)
		return error_set(e, ERR_TEMP, "trust: out of memory");
	*list = bigger;
	*room = next;
	return 0;
}

/* Takes the certificate. */
static int
add_anchor(struct trust *t, X509 *certificate, int64_t from, int64_t to, struct error *e)
{
	void *list = t->all;

	unchoose(t);
	if (grow(&list, t->anchor_count, &t->anchor_room, sizeof(t->all[0]), e) != 0) {
		X509_free(certificate);
		return -1;
	}
	t->all = list;
	/* Fills OpenSSL's cache of extensions now, not while a message waits. */
	(void)X509_check_purpose(certificate, -1, 0);
	t->all[t->anchor_count++] = (struct anchor){
		.certificate = certificate, .valid_from = from, .valid_to = to
	};
	return 0;
}

/* Takes the CRL. */
static int
add_crl(struct trust *t, X509_CRL *crl, struct error *e)
{
	if (sk_X509_CRL_push(t->crls, crl) == 0) {
		X509_CRL_free(crl);
		return error_set(e, ERR_TEMP, "trust: out of memory");
	}
	return 0;
}

/* Did PEM reading end because there is no further object, not because one is broken? */
static bool
ended_well(void)
{
	unsigned long code = ERR_peek_last_error();
	bool ended = ERR_GET_LIB(code) == ERR_LIB_PEM
	    && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;

	ERR_clear_error();
	return ended;
}

static BIO *
open_file(const char *path, struct buf *bytes, struct error *e)
{
	BIO *memory;

	if (io_read_file(path, FILE_BYTES_MAX, bytes, e) != 0)
		return NULL;
	memory = BIO_new_mem_buf(bytes->data, (int)bytes->len);
	if (memory == NULL)
		error_set(e, ERR_TEMP, "trust: out of memory");
	return memory;
}

int
trust_add_anchors(struct trust *t, const char *path, int64_t valid_from, int64_t valid_to,
    struct error *e)
{
	struct buf bytes;
	BIO *memory;
	X509 *certificate;
	size_t before = t->anchor_count;
	int result = -1;

	buf_init(&bytes, FILE_BYTES_MAX);
	memory = open_file(path, &bytes, e);
	if (memory == NULL)
		goto out;
	certificate = d2i_X509_bio(memory, NULL);
	if (certificate != NULL) {
		result = add_anchor(t, certificate, valid_from, valid_to, e);
		goto out;
	}
	ERR_clear_error();
	(void)BIO_reset(memory);
	while ((certificate = PEM_read_bio_X509(memory, NULL, NULL, NULL)) != NULL) {
		if (add_anchor(t, certificate, valid_from, valid_to, e) != 0)
			goto out;
	}
	if (!ended_well() || t->anchor_count == before)
		error_set(e, ERR_PERM, "%s: not a PEM or DER file of certificates", path);
	else
		result = 0;
out:
	BIO_free(memory);
	buf_free(&bytes);
	return result;
}

int
trust_add_crls(struct trust *t, const char *path, struct error *e)
{
	struct buf bytes;
	BIO *memory;
	X509_CRL *crl;
	int before = sk_X509_CRL_num(t->crls), result = -1;

	buf_init(&bytes, FILE_BYTES_MAX);
	memory = open_file(path, &bytes, e);
	if (memory == NULL)
		goto out;
	crl = d2i_X509_CRL_bio(memory, NULL);
	if (crl != NULL) {
		result = add_crl(t, crl, e);
		goto out;
	}
	ERR_clear_error();
	(void)BIO_reset(memory);
	while ((crl = PEM_read_bio_X509_CRL(memory, NULL, NULL, NULL)) != NULL) {
		if (add_crl(t, crl, e) != 0)
			goto out;
	}
	if (!ended_well() || sk_X509_CRL_num(t->crls) == before)
		error_set(e, ERR_PERM, "%s: not a PEM or DER file of revocation lists", path);
	else
		result = 0;
out:
	BIO_free(memory);
	buf_free(&bytes);
	return result;
}

static int
is_crl_file(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot != NULL
	    && (strcmp(dot, ".crl") == 0 || strcmp(dot, ".pem") == 0);
}

int
trust_add_crl_directory(struct trust *t, const char *path, struct error *e)
{
	struct dirent **names = NULL;
	int count = scandir(path, &names, is_crl_file, alphasort), result = 0;

	if (count < 0)
		return error_errno(e, ERR_PERM, errno, "%s", path);
	for (int i = 0; i < count; i++) {
		char file[PATH_BYTES_MAX];
		int n = snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (result == 0 && (n < 0 || (size_t)n >= sizeof(file)))
			result = error_set(e, ERR_PERM, "%s: path too long", path);
		if (result == 0)
			result = trust_add_crls(t, file, e);
		free(names[i]);
	}
	free(names);
	return result;
}

int
trust_set_profile(struct trust *t, const char *name, struct error *e)
{
	return profile_parse(span_str(name), &t->profile, e);
}

int
trust_bind(struct trust *t, const uint8_t sha256[32], const char *address, struct error *e)
{
	void *list = t->bindings;
	size_t length = strlen(address);

	if (length > LIMIT_ADDRESS_BYTES)
		return error_set(e, ERR_PERM, "trust: address too long: %s", address);
	if (grow(&list, t->binding_count, &t->binding_room, sizeof(t->bindings[0]), e) != 0)
		return -1;
	t->bindings = list;
	struct binding *b = &t->bindings[t->binding_count++];
	memcpy(b->sha256, sha256, sizeof(b->sha256));
	memcpy(b->address, address, length + 1);
	return 0;
}

/* The span of times around `at` in which the same anchors may be used. */
static void
find_span(struct trust *t, int64_t at)
{
	t->chosen_from = INT64_MIN;
	t->chosen_to = INT64_MAX;
	for (size_t i = 0; i < t->anchor_count; i++) {
		const int64_t edges[] = { t->all[i].valid_from, t->all[i].valid_to };
		for (size_t k = 0; k < 2; k++) {
			if (edges[k] <= at && edges[k] > t->chosen_from)
				t->chosen_from = edges[k];
			if (edges[k] > at && edges[k] < t->chosen_to)
				t->chosen_to = edges[k];
		}
	}
}

int
trust_choose(struct trust *t, int64_t at, struct error *e)
{
	bool ok;

	if (t->store != NULL && at >= t->chosen_from && at < t->chosen_to)
		return 0;
	unchoose(t);
	t->anchors = sk_X509_new_null();
	t->store = X509_STORE_new();
	ok = t->anchors != NULL && t->store != NULL;
	for (size_t i = 0; i < t->anchor_count && ok; i++) {
		const struct anchor *a = &t->all[i];
		if (at >= a->valid_from && at < a->valid_to)
			ok = sk_X509_push(t->anchors, a->certificate) > 0
			    && X509_STORE_add_cert(t->store, a->certificate) == 1;
	}
	if (!ok) {
		unchoose(t);
		return error_set(e, ERR_TEMP, "trust: out of memory");
	}
	find_span(t, at);
	return 0;
}

bool
trust_is_bound(const struct trust *t, const uint8_t sha256[32], struct span address)
{
	for (size_t i = 0; i < t->binding_count; i++) {
		if (memcmp(t->bindings[i].sha256, sha256, 32) == 0
		    && address_matches(span_str(t->bindings[i].address), address))
			return true;
	}
	return false;
}
