/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vanthu-inspect of one's own: the operator's command starts one for itself, so that mail
 * is parsed by the very program, behind the very walls, that judges it in the gateway, and
 * no daemon need run.
 */
#ifndef VANTHU_PROGRAMS_EXAMINER_H
#define VANTHU_PROGRAMS_EXAMINER_H

#include "common/error.h"
#include "gateway/core/inspector.h"

#define EXAMINER_FILES_MAX 64 /* anchor files, and CRL files */

struct examiner_options {
	const char *config; /* NULL: nothing installed is needed */
	const char *anchors[EXAMINER_FILES_MAX];
	unsigned anchor_count;
	const char *crls[EXAMINER_FILES_MAX];
	unsigned crl_count;
	const char *profile; /* NULL: the default */
};

struct examiner;

/* Start it. What it has to say on its options it says on standard error itself. */
int
examiner_start(const struct examiner_options *o, struct examiner **out, struct error *e);

/* Ask; like inspector_ask. */
enum inspector_end
examiner_ask(struct examiner *x, const struct inspection *q, const struct spool *message,
    struct facts *facts, struct spool **content, struct error *e);

/* End it. Returns its exit code, or -1 when a signal killed it. */
int
examiner_stop(struct examiner **x);

#endif
