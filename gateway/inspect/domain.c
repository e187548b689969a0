/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing mailboxes, and the A-label form of domains: Punycode, RFC 3492, with the
 * parameters of section 5. Labels are brought to lower case and NFC first, which is all of
 * RFC 5891 that comparing needs: a label that the registry would refuse has no
 * certificate either.
 */

#include <unicase.h>

#include "common/text.h"
#include "gateway/inspect/address.h"

enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, INITIAL_BIAS = 72,
	INITIAL_N = 128 };

#define LABEL_MAX 63

static uint8_t
digit(uint32_t d)
{
	return (uint8_t)(d < 26 ? 'a' + d : '0' + (d - 26));
}

static uint32_t
adapt(uint32_t delta, uint32_t count, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / count;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static void
put_variable_length(uint32_t q, uint32_t bias, struct buf *out)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;

		if (q < t)
			break;
		buf_put_byte(out, digit(t + (q - t) % (BASE - t)));
		q = (q - t) / (BASE - t);
	}
	buf_put_byte(out, digit(q));
}

/* RFC 3492 section 6.3; few characters, so that nothing overflows. */
static void
punycode(const uint32_t *in, uint32_t count, struct buf *out)
{
	uint32_t n = INITIAL_N, delta = 0, bias = INITIAL_BIAS, done = 0, basic;

	for (uint32_t i = 0; i < count; i++)
		if (in[i] < 0x80) {
			buf_put_byte(out, (uint8_t)in[i]);
			done++;
		}
	basic = done;
	if (basic > 0)
		buf_put_byte(out, '-');
	while (done < count) {
		uint32_t next = UINT32_MAX;

		for (uint32_t i = 0; i < count; i++)
			if (in[i] >= n && in[i] < next)
				next = in[i];
		delta += (next - n) * (done + 1);
		n = next;
		for (uint32_t i = 0; i < count; i++) {
			if (in[i] < n)
				delta++;
			if (in[i] == n) {
				put_variable_length(delta, bias, out);
				bias = adapt(delta, done + 1, done == basic);
				delta = 0;
				done++;
			}
		}
		delta++;
		n++;
	}
}

static bool
put_label(struct span label, struct buf *out)
{
	uint32_t characters[LABEL_MAX + 1], count = 0;
	bool ascii = true;
	size_t at = 0;
	int32_t c;

	while ((c = text_next(label, &at)) != -1) {
		if (c < 0 || count == LABEL_MAX + 1 || text_is_hidden((uint32_t)c))
			return false;
		ascii &= c < 0x80;
		characters[count++] = uc_tolower((uint32_t)c);
	}
	if (count == 0 || count > LABEL_MAX)
		return false;
	if (!ascii) {
		buf_put_str(out, "xn--");
		punycode(characters, count, out);
		return true;
	}
	for (uint32_t i = 0; i < count; i++)
		buf_put_byte(out, (uint8_t)characters[i]);
	return true;
}

bool
address_to_ascii(struct span domain, struct buf *out)
{
	struct buf nfc;
	size_t start = 0, dot;
	bool good;

	buf_init(&nfc, 4 * 1024);
	good = domain.len < 1024 && text_nfc(domain, &nfc) && !nfc.failed;
	while (good) {
		dot = span_find(buf_span(&nfc), '.', start);
		good = put_label(span_sub(buf_span(&nfc), start,
		    (dot == SPAN_NOT_FOUND ? nfc.len : dot) - start), out);
		if (dot == SPAN_NOT_FOUND)
			break;
		buf_put_byte(out, '.');
		start = dot + 1;
	}
	buf_free(&nfc);
	return good && !out->failed;
}

/* The offset of the last "@"; SPAN_NOT_FOUND when there is none. */
static size_t
find_at(struct span s)
{
	for (size_t i = s.len; i-- > 0;)
		if (s.ptr[i] == '@')
			return i;
	return SPAN_NOT_FOUND;
}

bool
address_matches(struct span a, struct span b)
{
	size_t at_a = find_at(a), at_b = find_at(b);
	struct buf domain_a, domain_b;
	bool same;

	if (at_a == SPAN_NOT_FOUND || at_b == SPAN_NOT_FOUND || at_a == 0 ||
	    !span_equal(span_sub(a, 0, at_a), span_sub(b, 0, at_b)))
		return false;
	buf_init(&domain_a, 4 * 1024);
	buf_init(&domain_b, 4 * 1024);
	same = address_to_ascii(span_from(a, at_a + 1), &domain_a) &&
	    address_to_ascii(span_from(b, at_b + 1), &domain_b) &&
	    span_equal(buf_span(&domain_a), buf_span(&domain_b));
	buf_free(&domain_a);
	buf_free(&domain_b);
	return same;
}
