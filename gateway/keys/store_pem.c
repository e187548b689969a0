/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys from PEM files. Secrets (key file, passphrase) are read only from a regular file
 * that nobody but its owner can read, or from a descriptor, and straight into OpenSSL's
 * secure heap: no copy of them is left behind in freed memory. Nothing is ever asked of a
 * terminal, an argument or the environment.
 */
#include "gateway/keys/store_pem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "common/buf.h"
#include "common/io.h"

struct secret {
	char *bytes; /* in the secure heap */
	size_t length;
	size_t room;
};

static void
secret_free(struct secret *s)
{
	OPENSSL_secure_clear_free(s->bytes, s->room);
	*s = (struct secret){ 0 };
}

/* Read fd to its end, at most max bytes. */
static int
secret_read(int fd, size_t max, struct secret *out, struct error *e)
{
	out->room = max + 1;
	out->length = 0;
	out->bytes = OPENSSL_secure_malloc(out->room);
	if (out->bytes == NULL)
		return error_set(e, ERR_TEMP, "the secure heap is full");
	for (;;) {
		ssize_t n = read(fd, out->bytes + out->length, out->room - out->length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, ERR_PERM, errno, "cannot be read");
		if (n == 0)
			return 0;
		out->length += (size_t)n;
		if (out->length > max)
			return error_set(e, ERR_PERM, "longer than %zu bytes", max);
	}
}

static int
check_private(int fd, struct error *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(e, ERR_PERM, errno, "cannot be examined");
	if (!S_ISREG(st.st_mode))
		return error_set(e, ERR_PERM, "not a regular file");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return error_set(e, ERR_PERM, "belongs to user %u, not to us or root",
		    (unsigned)st.st_uid);
	if ((st.st_mode & 077) != 0)
		return error_set(e, ERR_PERM,
		    "group or others have access (mode %04o); chmod 0600 it",
		    (unsigned)(st.st_mode & 07777));
	return 0;
}

static int
secret_open(const char *path, size_t max, struct secret *out, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int result = -1;

	if (fd < 0)
		error_errno(e, ERR_PERM, errno, "cannot be opened");
	else if (check_private(fd, e) == 0)
		result = secret_read(fd, max, out, e);
	io_close(&fd);
	return result < 0 ? error_prefix(e, "%s", path) : 0;
}

/* The passphrase: one line, its line end not part of it. */
static int
read_passphrase(const struct store_pem *from, struct secret *out, struct error *e)
{
	if (from->passphrase_file != NULL) {
		if (secret_open(
		        from->passphrase_file, STORE_PEM_PASSPHRASE_MAX, out, e) < 0)
			return -1;
	} else if (from->passphrase_fd >= 0) {
		if (secret_read(from->passphrase_fd, STORE_PEM_PASSPHRASE_MAX, out, e) < 0)
			return error_prefix(e, "passphrase descriptor");
	}
	if (out->length > 0 && out->bytes[out->length - 1] == '\n')
		out->length--;
	if (out->length > 0 && out->bytes[out->length - 1] == '\r')
		out->length--;
	return 0;
}

static int
give_passphrase(char *to, int size, int writing, void *context)
{
	const struct secret *s = context;

	(void)writing;
	if (s->length == 0 || size < 0 || s->length > (size_t)size)
		return -1;
	memcpy(to, s->bytes, s->length);
	return (int)s->length;
}

static int
load_private_key(const struct store_pem *from, struct key *k, struct error *e)
{
	struct secret pem = { 0 }, passphrase = { 0 };
	BIO *bio = NULL;
	int result = -1;

	if (secret_open(from->key, STORE_PEM_FILE_MAX, &pem, e) < 0 ||
	    read_passphrase(from, &passphrase, e) < 0)
		goto out;
	bio = BIO_new_mem_buf(pem.bytes, (int)pem.length);
	if (bio == NULL) {
		error_set(e, ERR_TEMP, "out of memory");
		goto out;
	}
	k->private_key = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &passphrase);
	if (k->private_key == NULL) {
		error_set(e, ERR_PERM, "%s: %s", from->key,
		    passphrase.length > 0
		        ? "no PEM private key, or the passphrase does not open it"
		        : "no PEM private key, or it is encrypted and no passphrase is given");
		goto out;
	}
	result = 0;
out:
	ERR_clear_error();
	BIO_free(bio);
	secret_free(&pem);
	secret_free(&passphrase);
	return result;
}

/* Leaf first, each next one the issuer of the one before, a self-signed root left out. */
static int
take_certificate(struct key *k, X509 *certificate, struct error *e)
{
	if (k->leaf == NULL) {
		k->leaf = certificate;
		return 0;
	}
	int have = sk_X509_num(k->chain);
	X509 *before = have > 0 ? sk_X509_value(k->chain, have - 1) : k->leaf;
	if (X509_check_issued(certificate, before) != X509_V_OK) {
		error_set(e, ERR_PERM, "certificate %d did not issue certificate %d", have + 2,
		    have + 1);
	} else if (have + 2 > KEY_CHAIN_MAX) {
		error_set(e, ERR_PERM, "more than %d certificates", KEY_CHAIN_MAX);
	} else if (X509_get_extension_flags(certificate) & EXFLAG_SS) {
		X509_free(certificate);
		return 0;
	} else if (sk_X509_push(k->chain, certificate) > 0) {
		return 0;
	} else {
		error_set(e, ERR_TEMP, "out of memory");
	}
	X509_free(certificate);
	return -1;
}

static int
load_certificates(const char *path, struct key *k, struct error *e)
{
	struct buf pem;
	BIO *bio = NULL;
	X509 *certificate;
	int result = -1;

	buf_init(&pem, STORE_PEM_FILE_MAX);
	if (io_read_file(path, STORE_PEM_FILE_MAX, &pem, e) < 0)
		goto out; /* the text names the file */
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	k->chain = sk_X509_new_null();
	if (bio == NULL || k->chain == NULL) {
		error_set(e, ERR_TEMP, "out of memory");
		goto out;
	}
	while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (take_certificate(k, certificate, e) < 0) {
			error_prefix(e, "%s", path);
			goto out;
		}
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
		error_set(e, ERR_PERM, "%s: a certificate in it cannot be read", path);
		goto out;
	}
	if (k->leaf == NULL) {
		error_set(e, ERR_PERM, "%s: no PEM certificate in it", path);
		goto out;
	}
	result = 0;
out:
	ERR_clear_error();
	BIO_free(bio);
	buf_free(&pem);
	return result;
}

int
store_pem_load(const struct store_pem *from, struct key **out, struct error *e)
{
	struct key *k = calloc(1, sizeof(*k));

	*out = NULL;
	if (k == NULL)
		return error_set(e, ERR_TEMP, "out of memory");
	if (load_certificates(from->certificate, k, e) < 0 ||
	    load_private_key(from, k, e) < 0)
		goto fail;
	if (key_check(k, from->pss, e) < 0) {
		error_prefix(e, "%s", from->certificate);
		goto fail;
	}
	*out = k;
	return 0;
fail:
	key_free(&k);
	return -1;
}
