/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust profiles: "strict", or relaxations by name, joined by commas. What each permits is
 * in profile.c; whatever was used is a note beside the verdict.
 */
#ifndef VANTHU_INSPECT_PROFILE_H
#define VANTHU_INSPECT_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/span.h"

struct profile {
	bool dn_address;      /* an address only in the subject's emailAddress counts */
	bool no_eku;          /* extended key usage absent, or anyExtendedKeyUsage */
	bool weak_rsa;        /* RSA of 1024 bits and more */
	bool old_certificate; /* X.509 version 1 */
	bool address_case;    /* local parts compared without case */
	int64_t sha1_until;   /* SHA-1 for messages judged before; INT64_MIN = never */
};

/* ERR_PERM for an unknown name. "" is "strict". */
int
profile_parse(struct span text, struct profile *out, struct error *e);

#endif
