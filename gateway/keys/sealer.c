/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in which a question is judged: form, permit, key, signature, log, answer. The
 * line in the log of keys is written before the answer is, and without it there is none.
 */
#include "gateway/keys/sealer.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "common/clock.h"
#include "common/log.h"
#include "gateway/keys/compose.h"
#include "gateway/keys/keylog.h"
#include "gateway/keys/protocol.h"

/* Of OpenSSL's secure heap: a private RSA-4096 key takes 5 KiB there, while it is read its
 * file takes STORE_PEM_FILE_MAX, rounded up. */
#define SECURE_BASE (512 * 1024)
#define SECURE_PER_KEY (16 * 1024)
#define SECURE_BLOCK_MIN 32

struct sealer {
	struct permits *permits;
	struct keyring *keys;
	struct keylog *log;
};

static int
open_secure_heap(size_t keys, struct error *e)
{
	size_t size = SECURE_BASE;

	while (size < SECURE_BASE + keys * SECURE_PER_KEY)
		size *= 2;
	if (CRYPTO_secure_malloc_initialized())
		return 0;
	switch (CRYPTO_secure_malloc_init(size, SECURE_BLOCK_MIN)) {
	case 1:
		return 0;
	case 2:
		log_warning("the secure heap cannot be locked in memory; raise "
		            "RLIMIT_MEMLOCK (systemd: LimitMEMLOCK=infinity)");
		return 0;
	default:
		return error_set(e, ERR_TEMP, "cannot make the secure heap");
	}
}

int
sealer_open(const char *keys_conf, const struct keys_fd *fds, size_t fd_count,
    struct sealer **out, struct error *e)
{
	struct keys_conf *conf = NULL;
	struct sealer *s = calloc(1, sizeof(*s));
	int result = -1;

	*out = NULL;
	if (s == NULL || (s->permits = permits_new()) == NULL) {
		error_set(e, ERR_TEMP, "out of memory");
		goto out;
	}
	if (keys_conf_load(keys_conf, &conf, e) < 0 ||
	    keylog_open(keys_conf_log(conf), &s->log, e) < 0 ||
	    open_secure_heap(keys_conf_count(conf), e) < 0 ||
	    keyring_open(conf, fds, fd_count, clock_now(), s->permits, &s->keys, e) < 0)
		goto out;
	*out = s;
	s = NULL;
	result = 0;
out:
	keys_conf_free(&conf);
	sealer_free(&s);
	return result;
}

void
sealer_free(struct sealer **s)
{
	if (*s == NULL)
		return;
	keyring_free(&(*s)->keys);
	permits_free(&(*s)->permits);
	keylog_close(&(*s)->log);
	free(*s);
	*s = NULL;
}

static int
seal(struct sealer *s, const struct seal_request *q, struct seal_answer *out,
    struct error *e)
{
	const struct key *k;
	int64_t now = clock_now();

	if (permits_take(s->permits, q, now, clock_monotonic_ms(), e) < 0 ||
	    keyring_pick(s->keys, q->agency, now, q->signing_time, &k, e) < 0 ||
	    seal_compose(k, q, &out->signature, e) < 0 ||
	    keylog_signed(s->log, q, k->serial, e) < 0)
		return -1;
	snprintf(out->micalg, sizeof(out->micalg), "%s", seal_digest_name(q->algorithm));
	return 0;
}

void
sealer_answer(struct sealer *s, struct span request, struct buf *answer)
{
	struct seal_request q;
	struct seal_answer a = { .micalg = "" };
	struct error e;
	const struct seal_request *read = NULL;

	buf_init(&a.signature, SEAL_SIGNATURE_MAX);
	int r = seal_request_decode(request, &q, &e);
	if (r == 0) {
		read = &q;
		r = seal(s, &q, &a, &e);
	}
	if (r == 0) {
		seal_answer_encode(&a, answer);
	} else {
		if (keylog_refused(s->log, read, &e))
			log_warning("refused%s%s: %s", read != NULL ? " transaction " : "",
			    read != NULL ? q.tx : "", e.text);
		seal_refusal_encode(&e, answer);
	}
	buf_free(&a.signature);
}

void
sealer_report(const struct sealer *s)
{
	keyring_report(s->keys, clock_now());
}
