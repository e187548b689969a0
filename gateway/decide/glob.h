/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns in which "*" stands for any bytes, and nothing else is special. Matching never
 * goes back, so a hostile text costs no more than reading it (verdicts.md I05).
 */
#ifndef VANTHU_DECIDE_GLOB_H
#define VANTHU_DECIDE_GLOB_H

#include <stdbool.h>

#include "common/span.h"

/* The whole text fits the pattern, byte for byte. */
bool
glob_match(struct span pattern, struct span text);

#endif
