/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client of vanthu-inspect.
 */
#ifndef VANTHU_CORE_INSPECTOR_H
#define VANTHU_CORE_INSPECTOR_H

#include "common/clock.h"
#include "common/error.h"
#include "gateway/model/facts.h"
#include "gateway/model/inspection.h"
#include "gateway/model/spool.h"

enum inspector_end {
	INSPECTOR_ANSWERED,
	INSPECTOR_DIED,   /* ended or stalled after it had begun: counts against the message */
	INSPECTOR_ABSENT, /* not there, busy, or it could not work: a plain 4xx */
};

/*
 * Ask over a connected socket `fd` (borrowed). On INSPECTOR_ANSWERED facts are filled and,
 * for an opaque signature, *content holds its content (the caller frees it), else NULL.
 * On the two others e says what happened. All ends at d; the time for the examination itself,
 * examine_ms, runs only from when it has begun, so that waiting for a busy pool is no death.
 */
enum inspector_end
inspector_ask(int fd, const struct inspection *q, const struct spool *message,
    struct facts *facts, struct spool **content, unsigned examine_ms, struct deadline d,
    struct error *e);

/* Connect to the pool's socket, ask, close. */
enum inspector_end
inspector_ask_at(const char *socket, const struct inspection *q,
    const struct spool *message, struct facts *facts, struct spool **content,
    unsigned examine_ms, struct deadline d, struct error *e);

#endif
