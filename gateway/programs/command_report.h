/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict as a person reads it on a terminal. */
#ifndef VANTHU_PROGRAMS_COMMAND_REPORT_H
#define VANTHU_PROGRAMS_COMMAND_REPORT_H

#include <stdbool.h>

#include "gateway/model/facts.h"

/*
 * Print the report on one message to standard output: the verdict with its reason in both
 * languages, the seven checks, signer, notes and documents. agency "" when not known.
 */
void
command_report(const char *file, const struct facts *f, const char *agency, bool colour);

#endif
