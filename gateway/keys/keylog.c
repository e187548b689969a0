/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of keys. One write(2) for each line, to a descriptor opened with O_APPEND: lines
 * of two processes never mix, and a killed keyd leaves whole lines. It is not fsynced: the
 * ledger, which is, names every signature that left the house; this log is the second
 * witness, out of reach of the processes that read mail.
 *
 * Form: RFC 3339 time, then key=value fields separated by blanks; the last field, reason,
 * runs to the end of the line.
 */
#include "gateway/keys/keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/codec.h"
#include "common/io.h"
#include "common/log.h"
#include "common/text.h"
#include "gateway/keys/protocol.h"

#define LINE_MAX_BYTES 1024
#define REASON_MAX_BYTES 300

struct keylog {
	int fd;
	int64_t minute;    /* of the refusals counted below */
	unsigned refusals; /* written in this minute */
	unsigned long left_out;
};

int
keylog_open(const char *path, struct keylog **out, struct error *e)
{
	struct keylog *l = calloc(1, sizeof(*l));
	struct stat st;

	*out = NULL;
	if (l == NULL)
		return error_set(e, ERR_TEMP, "out of memory");
	l->fd = open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (l->fd < 0 || fstat(l->fd, &st) < 0) {
		error_errno(e, ERR_PERM, errno, "%s: cannot be opened", path);
		goto fail;
	}
	if (!S_ISREG(st.st_mode) || (st.st_mode & 022) != 0) {
		error_set(e, ERR_PERM, "%s: not a regular file that only its owner writes",
		    path);
		goto fail;
	}
	*out = l;
	return 0;
fail:
	keylog_close(&l);
	return -1;
}

void
keylog_close(struct keylog **l)
{
	if (*l == NULL)
		return;
	io_close(&(*l)->fd);
	free(*l);
	*l = NULL;
}

static void
put_head(struct buf *line, const char *result, const struct seal_request *q)
{
	char time[CLOCK_TEXT_MAX];

	buf_printf(line, "%s result=%s", clock_rfc3339(clock_now(), time), result);
	if (q == NULL)
		return;
	buf_printf(line, " agency=%s algorithm=%s digest=", q->agency,
	    seal_digest_name(q->algorithm));
	codec_hex_encode(span_of(q->digest, q->digest_size), line);
	buf_printf(line, " tx=%s", q->tx);
}

static int
put_line(struct keylog *l, struct buf *line, struct error *e)
{
	int result = -1;

	buf_put_byte(line, '\n');
	if (line->failed)
		error_set(e, ERR_TEMP, "log of keys: line too long");
	else if (io_write_all(l->fd, buf_span(line), e) < 0)
		error_prefix(e, "log of keys");
	else
		result = 0;
	buf_free(line);
	return result;
}

int
keylog_signed(struct keylog *l, const struct seal_request *q, const char *serial,
    struct error *e)
{
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	put_head(&line, "signed", q);
	buf_printf(&line, " serial=%s", serial);
	return put_line(l, &line, e);
}

bool
keylog_refused(struct keylog *l, const struct seal_request *q, const struct error *why)
{
	int64_t minute = clock_now() / 60;
	struct buf line;
	struct error e;

	if (minute != l->minute) {
		l->minute = minute;
		l->refusals = 0;
	}
	if (l->refusals >= KEYLOG_REFUSALS_PER_MINUTE) {
		l->left_out++;
		return false;
	}
	l->refusals++;
	buf_init(&line, LINE_MAX_BYTES);
	put_head(&line, "refused", q);
	if (l->left_out > 0)
		buf_printf(&line, " left_out=%lu", l->left_out);
	buf_put_str(&line, " reason=");
	text_show(span_str(why->text), REASON_MAX_BYTES, &line);
	if (put_line(l, &line, &e) < 0) {
		log_error("%s", e.text);
		return false;
	}
	l->left_out = 0;
	return true;
}
