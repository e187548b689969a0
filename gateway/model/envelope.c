/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope: names, addresses and keys. Addresses are checked here once, so strictly
 * that no later protocol line, file name or log line can be bent by one.
 */
#include "gateway/model/envelope.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "common/digest.h"
#include "common/ipc.h"
#include "common/text.h"

static const char *const source_names[SOURCE_COUNT] = {
	[SOURCE_SMTP] = "smtp",
	[SOURCE_LMTP] = "lmtp",
	[SOURCE_IMAP] = "imap",
	[SOURCE_POP3] = "pop3",
	[SOURCE_MAILDIR] = "maildir",
	[SOURCE_RELEASE] = "release",
	[SOURCE_FILE] = "file",
};

const char *
envelope_source_name(enum envelope_source s)
{
	return (unsigned)s < SOURCE_COUNT ? source_names[s] : "?";
}

const char *
zone_name(enum zone z)
{
	return z == ZONE_INSIDE ? "inside" : "outside";
}

bool
zone_parse(struct span name, enum zone *out)
{
	if (span_is(name, "inside"))
		*out = ZONE_INSIDE;
	else if (span_is(name, "outside"))
		*out = ZONE_OUTSIDE;
	else
		return false;
	return true;
}

void
envelope_new_tx(char out[TX_ID_SIZE], int64_t now)
{
	/* Ten characters of time in milliseconds' place and sixteen of chance: sorting by id
	 * is sorting by time, and two nodes never meet. */
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	uint8_t chance[16];
	uint64_t time = (uint64_t)now * 1000;
	size_t got = 0;

	while (got < sizeof(chance)) {
		ssize_t n = getrandom(chance + got, sizeof(chance) - got, 0);

		if (n > 0)
			got += (size_t)n;
		else if (n < 0 && errno != EINTR)
			break;
	}
	for (int i = 9; i >= 0; i--) {
		out[i] = digits[time & 31];
		time >>= 5;
	}
	for (int i = 0; i < 16; i++)
		out[10 + i] = digits[chance[i] & 31];
	out[26] = '\0';
}

struct span
envelope_domain(struct span address)
{
	for (size_t i = address.len; i > 0; i--) {
		if (address.ptr[i - 1] == '@')
			return span_from(address, i);
	}
	return span_of(address.ptr, 0);
}

bool
envelope_same_mailbox(struct span a, struct span b)
{
	struct span domain_a = envelope_domain(a), domain_b = envelope_domain(b);

	return a.len == b.len && domain_a.len == domain_b.len &&
	    span_equal_nocase(domain_a, domain_b) &&
	    span_equal(span_sub(a, 0, a.len - domain_a.len),
		span_sub(b, 0, b.len - domain_b.len));
}

static bool
is_atext(uint8_t c, bool smtputf8)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return true;
	if (c >= 0x80)
		return smtputf8;
	return c != '\0' && memchr("!#$%&'*+-/=?^_`{|}~", c, 19) != NULL;
}

/* RFC 5321 4.1.2 Dot-string; quoted strings are refused: two readers split them two ways. */
static bool
local_part_ok(struct span local, bool smtputf8)
{
	bool atom_begins = true;

	if (local.len == 0 || local.len > 64)
		return false;
	for (size_t i = 0; i < local.len; i++) {
		if (local.ptr[i] == '.') {
			if (atom_begins)
				return false;
			atom_begins = true;
		} else {
			if (!is_atext(local.ptr[i], smtputf8))
				return false;
			atom_begins = false;
		}
	}
	return !atom_begins;
}

/* RFC 5321 4.1.2 Domain: labels of letters, digits and hyphens; no address literal. */
static bool
domain_ok(struct span domain, bool smtputf8)
{
	size_t label = 0;

	if (domain.len == 0 || domain.len > 253)
		return false;
	for (size_t i = 0; i < domain.len; i++) {
		uint8_t c = domain.ptr[i];

		if (c == '.') {
			if (label == 0 || domain.ptr[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || (c >= 0x80 && smtputf8);
		if (!letter && !(c == '-' && label > 0))
			return false;
		if (++label > 63)
			return false;
	}
	return label > 0 && domain.ptr[domain.len - 1] != '-';
}

int
envelope_check_address(struct span address, bool smtputf8, bool null_ok, struct error *e)
{
	struct span domain, local;
	struct buf shown;

	if (address.len == 0)
		return null_ok ? 0 : error_set(e, ERR_PERM, "the address is empty");
	if (address.len > LIMIT_ADDRESS_BYTES)
		return error_set(e, ERR_PERM, "the address has more than %d bytes",
		    LIMIT_ADDRESS_BYTES);
	domain = envelope_domain(address);
	local = domain.ptr == address.ptr ? address
					  : span_sub(address, 0, address.len - domain.len - 1);
	if (domain.ptr != address.ptr && local_part_ok(local, smtputf8) &&
	    domain_ok(domain, smtputf8) && (!smtputf8 || text_is_utf8(address)))
		return 0;
	buf_init(&shown, 512);
	text_show(address, 100, &shown);
	error_set(e, ERR_PERM, "%s is not a mailbox address that is accepted here%s",
	    buf_str(&shown), domain.ptr == address.ptr ? ": no @" : "");
	buf_free(&shown);
	return -1;
}

void
envelope_delivery_key(const struct envelope *env, unsigned recipient,
    const uint8_t body_digest[32], uint8_t out[DELIVERY_KEY_SIZE])
{
	/* SMTP and LMTP are two doors to the same MTA; a message that comes again through
	 * the other one is the same delivery. */
	bool mta = env->source == SOURCE_SMTP || env->source == SOURCE_LMTP;
	struct buf b;

	buf_init(&b, 4096);
	wire_put_u8(&b, mta ? SOURCE_SMTP : (uint8_t)env->source);
	wire_put_u8(&b, (uint8_t)env->zone);
	wire_put_str(&b, env->slot);
	wire_put_str(&b, env->sender);
	wire_put_str(&b, recipient < env->recipient_count ? env->recipients[recipient] : "");
	wire_put_span(&b, span_of(body_digest, 32));
	digest_of(buf_span(&b), out);
	buf_free(&b);
}
