/* SPDX-License-Identifier: Apache-2.0 */
/* See sink.h. Memory is SINK_GATHER bytes, whatever the size of the message. */
#include "gateway/act/sink.h"

#define SINK_GATHER (64 * 1024)

void
sink_init(struct sink *s, struct spool *to)
{
	*s = (struct sink){ .to = to };
	buf_init(&s->gathered, SINK_GATHER);
}

void
sink_free(struct sink *s)
{
	buf_free(&s->gathered);
}

static void
hand_over(struct sink *s, struct span bytes)
{
	if (s->failed || bytes.len == 0)
		return;
	if (s->digest != NULL)
		digest_update(s->digest, bytes);
	s->failed = spool_append(s->to, bytes, &s->error) < 0;
}

void
sink_put(struct sink *s, struct span bytes)
{
	if (s->failed)
		return;
	if (s->gathered.len + bytes.len > SINK_GATHER) {
		hand_over(s, buf_span(&s->gathered));
		buf_reset(&s->gathered);
	}
	if (bytes.len >= SINK_GATHER)
		hand_over(s, bytes);
	else
		buf_put_span(&s->gathered, bytes);
	if (s->gathered.failed)
		sink_fail(s, ERR_TEMP, "out of memory");
}

void
sink_put_str(struct sink *s, const char *text)
{
	sink_put(s, span_str(text));
}

void
sink_set_digest(struct sink *s, struct digest *digest)
{
	hand_over(s, buf_span(&s->gathered));
	buf_reset(&s->gathered);
	s->digest = digest;
}

void
sink_fail(struct sink *s, enum error_class class, const char *text)
{
	if (s->failed)
		return;
	s->failed = true;
	error_set(&s->error, class, "%s", text);
}

int
sink_flush(struct sink *s, struct error *e)
{
	hand_over(s, buf_span(&s->gathered));
	buf_reset(&s->gathered);
	if (!s->failed)
		return 0;
	*e = s->error;
	return -1;
}
