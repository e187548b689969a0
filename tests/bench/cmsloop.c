/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bare CMS loop: how many detached signatures (or verifications with chain) of so many
 * bytes libcrypto makes in a second on as many processes, with nothing around it. The
 * upper bound of any gateway. Prints one line of JSON.
 */
#include <getopt.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509_vfy.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "tests/bench/wire.h"

struct loop {
	X509 *cert;
	EVP_PKEY *key;
	STACK_OF(X509) *chain;
	X509_STORE *store; /* NULL: sign */
	unsigned char *content, *der;
	int size, der_size;
	double seconds;
	struct totals {
		atomic_long operations, cpu_us;
	} *totals;
};

static X509 *
read_cert(const char *path)
{
	BIO *b = BIO_new_file(path, "r");
	X509 *x = b == NULL ? NULL : PEM_read_bio_X509(b, NULL, NULL, NULL);

	BIO_free(b);
	if (x == NULL)
		die("%s: no certificate", path);
	return x;
}

static int
sign_once(const struct loop *l, unsigned char **der)
{
	BIO *in = BIO_new_mem_buf(l->content, l->size);
	CMS_ContentInfo *cms = CMS_sign(l->cert, l->key, l->chain, in,
	    CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP);
	int n;

	*der = NULL;
	n = cms == NULL ? -1 : i2d_CMS_ContentInfo(cms, der);
	if (n < 0)
		die("signing failed");
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	return n;
}

static void
verify_once(const struct loop *l)
{
	const unsigned char *p = l->der;
	BIO *in = BIO_new_mem_buf(l->content, l->size);
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, l->der_size);

	if (cms == NULL || CMS_verify(cms, NULL, l->store, in, NULL, CMS_BINARY) != 1)
		die("verification failed");
	CMS_ContentInfo_free(cms);
	BIO_free(in);
}

static void
work(void *context, unsigned index)
{
	struct loop *l = context;
	uint64_t end = now_us() + (uint64_t)(l->seconds * 1e6);
	struct rusage r;
	long n = 0;

	(void)index;
	while (now_us() < end) {
		unsigned char *der;

		if (l->store != NULL)
			verify_once(l);
		else {
			(void)sign_once(l, &der);
			OPENSSL_free(der);
		}
		n++;
	}
	getrusage(RUSAGE_SELF, &r);
	atomic_fetch_add(&l->totals->operations, n);
	atomic_fetch_add(&l->totals->cpu_us, r.ru_utime.tv_sec * 1000000 + r.ru_utime.tv_usec +
	    r.ru_stime.tv_sec * 1000000 + r.ru_stime.tv_usec);
}

static void
usage(void)
{
	die("usage: cmsloop -s CERT.pem -k KEY.pem -i ISSUER.pem [-a ANCHOR.pem (verify)]\n"
	    "               [-b BYTES] [-t SECONDS] [-p PROCESSES]");
}

int
main(int argc, char **argv)
{
	struct loop l = { .size = 100000, .seconds = 2 };
	const char *key = NULL;
	unsigned processes = 1;
	uint64_t begin;
	double took;
	long n;
	BIO *b;

	l.chain = sk_X509_new_null();
	for (int c; (c = getopt(argc, argv, "s:k:i:a:b:t:p:")) != -1;) {
		switch (c) {
		case 's': l.cert = read_cert(optarg); break;
		case 'k': key = optarg; break;
		case 'i': sk_X509_push(l.chain, read_cert(optarg)); break;
		case 'a':
			l.store = X509_STORE_new();
			X509_STORE_add_cert(l.store, read_cert(optarg));
			break;
		case 'b': l.size = (int)number(optarg, 1, 1 << 30); break;
		case 't': l.seconds = (double)number(optarg, 1, 600); break;
		case 'p': processes = (unsigned)number(optarg, 1, 64); break;
		default: usage();
		}
	}
	if (l.cert == NULL || key == NULL || sk_X509_num(l.chain) < 1)
		usage();
	b = BIO_new_file(key, "r");
	l.key = b == NULL ? NULL : PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
	BIO_free(b);
	l.content = malloc((size_t)l.size);
	if (l.key == NULL || l.content == NULL || RAND_bytes(l.content, l.size) != 1)
		die("%s: no key", key);
	l.totals = shared(sizeof(*l.totals));
	l.der_size = sign_once(&l, &l.der);
	begin = now_us();
	crew(processes, work, &l);
	took = (double)(now_us() - begin) / 1e6;
	n = atomic_load(&l.totals->operations);
	printf("{\"operations\": %ld, \"per_second\": %.1f, \"cpu_ms\": %.4f}\n", n,
	    (double)n / took, (double)atomic_load(&l.totals->cpu_us) / 1e3 / (double)n);
	return 0;
}
