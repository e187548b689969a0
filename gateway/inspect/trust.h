/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust: anchors, CRLs and profiles, from configuration only; nothing is ever learned from
 * mail (verdicts.md V7). Loaded before the sandbox, then read-only.
 */
#ifndef VANTHU_INSPECT_TRUST_H
#define VANTHU_INSPECT_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct trust;

struct trust *
trust_new(void);

void
trust_free(struct trust **t);

/*
 * Add every certificate of a PEM (or DER) file as an anchor that may be used for validity
 * times within [valid_from, valid_to) (seconds; 0 and INT64_MAX = always).
 */
int
trust_add_anchors(struct trust *t, const char *path, int64_t valid_from, int64_t valid_to,
    struct error *e);

/* Add every CRL of a PEM (or DER) file. */
int
trust_add_crls(struct trust *t, const char *path, struct error *e);

/* Add every CRL file (*.crl, *.pem) of a directory; a missing directory is an error. */
int
trust_add_crl_directory(struct trust *t, const char *path, struct error *e);

/*
 * The profile that applies where the inspection names none. "strict", or relaxations by
 * name, joined by commas; see vanthu(1). ERR_PERM for an unknown name.
 */
int
trust_set_profile(struct trust *t, const char *name, struct error *e);

/*
 * A certificate without an address speaks for these mailboxes only if configuration says
 * so (C09): sha256 is that of the certificate's DER.
 */
int
trust_bind(struct trust *t, const uint8_t sha256[32], const char *address,
    struct error *e);

#endif
