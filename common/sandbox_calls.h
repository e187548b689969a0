/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that each role may make. Only for sandbox.c. */
#ifndef VANTHU_COMMON_SANDBOX_CALLS_H
#define VANTHU_COMMON_SANDBOX_CALLS_H

#include "common/error.h"
#include "common/sandbox.h"

/* Load the filter of the role; from here on every other call ends the process. */
int
sandbox_limit_calls(enum sandbox_role role, struct error *e);

#endif
