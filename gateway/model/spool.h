/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of one message, the only place where they live: a sealed memfd up to
 * SPOOL_MEMORY_MAX, above that a private unlinked file whose blocks were written. Once
 * sealed they never change, so that a mapping cannot raise SIGBUS and every reader sees what
 * was verified.
 */
#ifndef VANTHU_MODEL_SPOOL_H
#define VANTHU_MODEL_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/error.h"
#include "common/span.h"

#define SPOOL_MEMORY_MAX (4 * 1024 * 1024)
#define SPOOL_TRACE_MAX (128 * 1024) /* bytes of trace fields that the ledger keeps */

struct spool;

/*
 * A new empty spool for at most max bytes. `directory` is where a large one goes (a folder
 * that only this role may write); NULL keeps all in memory.
 */
int
spool_new(const char *directory, size_t max, struct spool **out, struct error *e);

void
spool_free(struct spool **s);

/* Append. ERR_PERM when max would be passed, ERR_TEMP when the disk is full. */
int
spool_append(struct spool *s, struct span bytes, struct error *e);

/* No more bytes: seal and map read-only. */
int
spool_seal(struct spool *s, struct error *e);

/* After the seal: all bytes; valid until spool_free. */
struct span
spool_bytes(const struct spool *s);

/* After the seal: a read-only descriptor, borrowed, to be passed to another process. */
int
spool_descriptor(const struct spool *s);

size_t
spool_size(const struct spool *s);

/* SHA-256 of all bytes; computed when first asked for. */
const uint8_t *
spool_digest(const struct spool *s);

/*
 * SHA-256 of the bytes below the leading trace fields (Return-Path, Received, Delivered-To,
 * X-Original-To), which our own MTA puts on top and which differ from one attempt to the
 * next.
 */
const uint8_t *
spool_body_digest(const struct spool *s);

/* Where those bytes begin; trace fields are looked for in the first SPOOL_TRACE_MAX. */
size_t
spool_body_offset(const struct spool *s);

/*
 * Receive a descriptor from another process as a spool: must be a memfd sealed against
 * writing and shrinking, or a regular file without name; read-only mapping. Takes fd.
 */
int
spool_from_descriptor(int fd, size_t max, struct spool **out, struct error *e);

/* A memfd for another process to fill (opaque content); becomes a spool by spool_adopt. */
int
spool_new_content(size_t max, int *fd, struct error *e);

/* Seal what another process wrote into a memfd of spool_new_content. Takes fd. */
int
spool_adopt(int fd, size_t max, struct spool **out, struct error *e);

#endif
