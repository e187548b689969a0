/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The permit table. The rate is a bucket of one minute's signatures that fills evenly, so
 * that a burst of a morning's mail passes and a stolen session cannot seal without end. An
 * agency without a row is a fault of configuration, not of the mail: ERR_TEMP keeps the
 * message with the MTA until somebody mends it.
 */
#include "gateway/keys/permit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/keys/protocol.h"

#define MINUTE_US INT64_C(60000000)

struct permit {
	char agency[sizeof(((struct seal_request *)0)->agency)];
	unsigned digests;
	unsigned rate;
	int64_t level_us; /* what is in the bucket, in microseconds of its filling */
	int64_t at_ms;    /* when that was true */
};

struct permits {
	size_t count;
	struct permit *rows;
};

struct permits *
permits_new(void)
{
	return calloc(1, sizeof(struct permits));
}

void
permits_free(struct permits **p)
{
	if (*p == NULL)
		return;
	free((*p)->rows);
	free(*p);
	*p = NULL;
}

static struct permit *
find(struct permits *p, const char *agency)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->rows[i].agency, agency) == 0)
			return &p->rows[i];
	return NULL;
}

int
permits_add(struct permits *p, const char *agency, unsigned digests, unsigned rate,
    struct error *e)
{
	struct permit *row = find(p, agency);

	if (row != NULL) {
		if (row->digests != digests || row->rate != rate)
			return error_set(e, ERR_PERM,
			    "two keys of agency %s name different digests or rates", agency);
		return 0;
	}
	row = reallocarray(p->rows, p->count + 1, sizeof(*row));
	if (row == NULL)
		return error_set(e, ERR_TEMP, "out of memory");
	p->rows = row;
	row = &p->rows[p->count++];
	*row = (struct permit){ .digests = digests, .rate = rate, .level_us = MINUTE_US };
	snprintf(row->agency, sizeof(row->agency), "%s", agency);
	return 0;
}

static int
take_one(struct permit *row, int64_t now_ms, struct error *e)
{
	int64_t price_us = MINUTE_US / row->rate;
	int64_t passed_ms = row->at_ms == 0 ? 0 : now_ms - row->at_ms;

	if (passed_ms >= MINUTE_US / 1000)
		row->level_us = MINUTE_US;
	else if (passed_ms > 0)
		row->level_us += passed_ms * 1000;
	if (row->level_us > MINUTE_US)
		row->level_us = MINUTE_US;
	row->at_ms = now_ms;
	if (row->level_us < price_us)
		return error_set(e, ERR_TEMP, "agency %s: above %u signatures per minute",
		    row->agency, row->rate);
	row->level_us -= price_us;
	return 0;
}

int
permits_take(struct permits *p, const struct seal_request *q, int64_t now, int64_t now_ms,
    struct error *e)
{
	struct permit *row = find(p, q->agency);

	if (row == NULL)
		return error_set(e, ERR_TEMP, "agency %s has no key in keys.conf", q->agency);
	if ((row->digests & 1u << q->algorithm) == 0)
		return error_set(e, ERR_PERM, "agency %s may not sign %s digests", q->agency,
		    seal_digest_name(q->algorithm));
	int64_t skew = q->signing_time > now ? q->signing_time - now : now - q->signing_time;
	if (skew > PERMIT_SKEW_SECONDS)
		return error_set(e, ERR_TEMP, "the time to be signed is %lld s from our clock",
		    (long long)skew);
	return take_one(row, now_ms, e);
}
