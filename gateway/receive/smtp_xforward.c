/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XFORWARD arguments: ATTRIBUTE=xtext, separated by blanks (Postfix XFORWARD_README; xtext
 * as in RFC 3461 section 4). All seven attributes are checked, three are kept: the client's
 * address, its hello and the queue id; the rest has no reader here.
 *
 * A decoded value may hold any byte. What is not printable ASCII becomes "?", so that no
 * value can forge a header or a log line further on. IPv6 addresses are written "IPV6:...".
 */
#include "gateway/receive/smtp_xforward.h"

#include <arpa/inet.h>
#include <string.h>

#define VALUE_MAX 255 /* decoded bytes of a value */

enum attribute { NAME, ADDR, PORT, PROTO, HELO, IDENT, SOURCE, ATTRIBUTE_COUNT };

static const char *const names[ATTRIBUTE_COUNT] = {
	[NAME] = "NAME",
	[ADDR] = "ADDR",
	[PORT] = "PORT",
	[PROTO] = "PROTO",
	[HELO] = "HELO",
	[IDENT] = "IDENT",
	[SOURCE] = "SOURCE",
};

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* xtext into out[VALUE_MAX + 1], made printable; false when it is not xtext or too long. */
static bool
decode(struct span xtext, char out[VALUE_MAX + 1])
{
	size_t len = 0;

	for (size_t i = 0; i < xtext.len; i++) {
		uint8_t c = xtext.ptr[i];

		if (c < 33 || c > 126 || c == '=' || len == VALUE_MAX)
			return false;
		if (c == '+') {
			int high, low;

			if (xtext.len - i < 3)
				return false;
			high = hex_digit(xtext.ptr[i + 1]);
			low = hex_digit(xtext.ptr[i + 2]);
			if (high < 0 || low < 0)
				return false;
			c = (uint8_t)(high << 4 | low);
			i += 2;
		}
		out[len++] = c > 32 && c < 127 ? (char)c : '?';
	}
	out[len] = '\0';
	return len > 0;
}

static bool
copy(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len >= size)
		return false;
	memcpy(to, from, len + 1);
	return true;
}

static bool
is_address(const char *value, char out[64])
{
	static const char prefix[] = "IPV6:";
	struct in6_addr ignored;

	if (span_starts_nocase(span_str(value), span_str(prefix))) {
		value += sizeof prefix - 1;
		return inet_pton(AF_INET6, value, &ignored) == 1 && copy(out, 64, value);
	}
	return inet_pton(AF_INET, value, &ignored) == 1 && copy(out, 64, value);
}

static bool
is_port(const char *value)
{
	unsigned port = 0;

	for (const char *p = value; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || p - value == 5)
			return false;
		port = port * 10 + (unsigned)(*p - '0');
	}
	return port <= 65535;
}

static bool
keep(enum attribute a, const char *value, bool known, struct smtp_xforward *out)
{
	switch (a) {
	case ADDR:
		out->has_addr = true;
		return !known || is_address(value, out->addr);
	case HELO:
		out->has_helo = true;
		return !known || copy(out->helo, sizeof out->helo, value);
	case IDENT:
		out->has_ident = true;
		return !known || copy(out->ident, sizeof out->ident, value);
	case PORT:
		return !known || is_port(value);
	case SOURCE:
		return !known || span_is_nocase(span_str(value), "LOCAL") ||
		    span_is_nocase(span_str(value), "REMOTE");
	case PROTO:
		return strlen(value) <= 64;
	case NAME:
		return true;
	case ATTRIBUTE_COUNT:
		break;
	}
	return false;
}

static bool
read_attribute(struct span word, struct smtp_xforward *out, unsigned *seen)
{
	size_t equals = span_find(word, '=', 0);
	char value[VALUE_MAX + 1];

	if (equals == SPAN_NOT_FOUND || !decode(span_from(word, equals + 1), value))
		return false;
	for (unsigned a = 0; a < ATTRIBUTE_COUNT; a++) {
		bool known = strcmp(value, "[UNAVAILABLE]") != 0 &&
		    strcmp(value, "[TEMPUNAVAIL]") != 0;

		if (!span_is_nocase(span_sub(word, 0, equals), names[a]))
			continue;
		if (*seen & 1u << a)
			return false;
		*seen |= 1u << a;
		return keep((enum attribute)a, value, known, out);
	}
	return false;
}

bool
smtp_xforward_read(struct span arguments, struct smtp_xforward *out)
{
	unsigned seen = 0;
	size_t at = 0;

	*out = (struct smtp_xforward){ .has_addr = false };
	while (at <= arguments.len) {
		size_t blank = span_find(arguments, ' ', at);
		size_t end = blank == SPAN_NOT_FOUND ? arguments.len : blank;

		if (!read_attribute(span_sub(arguments, at, end - at), out, &seen))
			return false;
		at = end + 1;
	}
	return true;
}

void
smtp_xforward_add(struct smtp_xforward *to, const struct smtp_xforward *more)
{
	if (more->has_addr) {
		to->has_addr = true;
		memcpy(to->addr, more->addr, sizeof to->addr);
	}
	if (more->has_helo) {
		to->has_helo = true;
		memcpy(to->helo, more->helo, sizeof to->helo);
	}
	if (more->has_ident) {
		to->has_ident = true;
		memcpy(to->ident, more->ident, sizeof to->ident);
	}
}
