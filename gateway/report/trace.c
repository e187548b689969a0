/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of a trace. What mail had a hand in comes from the ledger as safe text on one
 * line; nothing is escaped again here.
 */
#include "gateway/report/trace.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/i18n.h"

/* The words of the ledger and of people. A step is named "ACTION:NUMBER". */
static const struct {
	const char *what, *words;
} words[] = {
	{ "received", N_("received") },
	{ "inspected", N_("examined") },
	{ "decided", N_("decided") },
	{ "duplicate", N_("sent again after long") },
	{ "signed", N_("signed") },
	{ "planned", N_("planned") },
	{ "amended", N_("step added") },
	{ "file", N_("filing") },
	{ "hold", N_("holding") },
	{ "relay", N_("relaying") },
	{ "notify", N_("notice") },
	{ "closed", N_("answered for good") },
	{ "deferred", N_("to be tried again") },
	{ "redelivered", N_("came again, answered as before") },
	{ "rebuilt", N_("put together again") },
	{ "death", N_("examination broke down") },
	{ "released", N_("released") },
	{ "dropped", N_("dropped") },
};

static const char *
words_of(const char *what)
{
	size_t length = strcspn(what, ":");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i].what) == length &&
		    memcmp(words[i].what, what, length) == 0)
			return _(words[i].words);
	}
	return what;
}

static void
put_heading(struct trace_text *t, const struct ledger_event *event)
{
	if (t->tx[0] != '\0')
		buf_put_byte(t->out, '\n');
	memcpy(t->tx, event->tx, sizeof(t->tx));
	buf_printf(t->out, "%s %s", _("Transaction"), event->tx);
	if (event->sender[0] != '\0')
		buf_printf(t->out, "  <%s>", event->sender);
	if (event->number[0] != '\0')
		buf_printf(t->out, "  %s", event->number);
	if (event->subject[0] != '\0')
		buf_printf(t->out, "  %s", event->subject);
	buf_put_byte(t->out, '\n');
}

void
trace_text_event(void *trace_text, const struct ledger_event *event)
{
	struct trace_text *t = trace_text;
	char at[CLOCK_TEXT_MAX];

	if (strcmp(t->tx, event->tx) != 0)
		put_heading(t, event);
	buf_printf(t->out, "  %s  %s", clock_rfc3339(event->at, at), words_of(event->what));
	if (event->recipient[0] != '\0')
		buf_printf(t->out, "  <%s>", event->recipient);
	if (event->text[0] != '\0')
		buf_printf(t->out, "  %s", event->text);
	buf_put_byte(t->out, '\n');
}

static json_t *
text_or_null(const char *s)
{
	return s[0] == '\0' ? json_null() : json_string(s);
}

void
trace_json_event(void *json_array, const struct ledger_event *event)
{
	char at[CLOCK_TEXT_MAX];

	/* The array takes the object; with no memory it takes NULL and says so by failing,
	 * which shows as a missing line. */
	(void)json_array_append_new(json_array,
	    json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "tx", event->tx, "at",
		clock_rfc3339(event->at, at), "what", event->what, "text",
		text_or_null(event->text), "recipient", text_or_null(event->recipient),
		"sender", text_or_null(event->sender), "subject",
		text_or_null(event->subject), "number", text_or_null(event->number)));
}
