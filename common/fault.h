/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fault points: places where the crash test kills the process or makes a call fail.
 *
 * Built with --enable-faults, the environment variable VANTHU_FAULT holds
 * "NAME:COUNT:EFFECT[:FILE]": at the COUNT-th pass of the point NAME the effect happens,
 * once. EFFECT is `kill` (SIGKILL to ourselves), `stop` (the process hangs) or an errno
 * name (EIO, ENOSPC, ...), which fault_errno() then returns. With FILE the fault happens
 * only if FILE can be unlinked, so it happens once among many processes. VANTHU_FAULT_LOG
 * names a file to which each point passed is appended (name and newline), so that a first
 * run lists the points. Built without it, both macros are constants: release binaries
 * carry no fault hooks.
 */
#ifndef VANTHU_COMMON_FAULT_H
#define VANTHU_COMMON_FAULT_H

#ifdef VANTHU_FAULTS

/* Read the environment; called once at start, before the sandbox closes the files. */
void
fault_open(void);

void
fault_point(const char *name);

/* 0, or the errno value that the call after this point must pretend to have met. */
int
fault_errno(const char *name);

/* FILE, which the sandbox must leave to be unlinked; "" if there is none. */
const char *
fault_file(void);

#define FAULT_OPEN() fault_open()
#define FAULT_POINT(name) fault_point(name)
#define FAULT_ERRNO(name) fault_errno(name)

#else

#define FAULT_OPEN() ((void)0)
#define FAULT_POINT(name) ((void)0)
#define FAULT_ERRNO(name) 0

#endif
#endif
