/* SPDX-License-Identifier: Apache-2.0 */
/* Telling systemd how we are, by the protocol of sd_notify(3), without its library. */
#ifndef VANTHU_PROGRAMS_NOTIFY_H
#define VANTHU_PROGRAMS_NOTIFY_H

/* Remember $NOTIFY_SOCKET and take it out of the environment that children inherit. */
void
notify_open(void);

/* "READY=1", "STOPPING=1"; nothing happens when nobody asked to be told. */
void
notify_send(const char *state);

#endif
