/* SPDX-License-Identifier: Apache-2.0 */
/* One datagram to the socket that systemd names; "@" begins an abstract name. */
#include "gateway/programs/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/io.h"
#include "common/log.h"

static char socket_name[sizeof(((struct sockaddr_un *)0)->sun_path)];

void
notify_open(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int n = name == NULL ? 0 : snprintf(socket_name, sizeof(socket_name), "%s", name);

	if (n < 0 || (size_t)n >= sizeof(socket_name))
		socket_name[0] = '\0';
	(void)unsetenv("NOTIFY_SOCKET");
}

void
notify_send(const char *state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t len = strlen(socket_name), size = strlen(state);
	int fd;

	if (len == 0)
		return;
	memcpy(a.sun_path, socket_name, len);
	if (a.sun_path[0] == '@')
		a.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    sendto(fd, state, size, MSG_NOSIGNAL, (struct sockaddr *)&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) != (ssize_t)size)
		log_warning("the service manager could not be told %s", state);
	io_close(&fd);
}
