/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of names for the marks in facts. A value out of range comes from a process that
 * may lie, so every look-up is bounded: what is unknown reads as the strictest row.
 */
#include "gateway/model/mark.h"

struct mark_row {
	const char *code, *words;
};

static const struct mark_row urgencies[] = {
	[URGENCY_NONE] = { "none", "" },
	[URGENCY_KHAN] = { "khan", "Khẩn" },
	[URGENCY_THUONG_KHAN] = { "thuong-khan", "Thượng khẩn" },
	[URGENCY_HOA_TOC] = { "hoa-toc", "Hỏa tốc" },
};

static const struct mark_row secrecies[MARK_SECRECY_MAX + 1] = {
	{ "none", "" },
	{ "mat", "Mật" },
	{ "toi-mat", "Tối mật" },
	{ "tuyet-mat", "Tuyệt mật" },
};

/* In the order of the bits of enum facts_document_flag. */
static const char *const flags[MARK_FLAG_COUNT] = {
	"type-conflict", "executable", "macros", "encrypted", "archive", "archive-limit",
	"body",
};

static const struct mark_row *
row_at(const struct mark_row *rows, unsigned count, unsigned index)
{
	return &rows[index < count ? index : count - 1];
}

static bool
row_find(const struct mark_row *rows, unsigned count, struct span code, unsigned *out)
{
	for (unsigned i = 0; i < count; i++) {
		if (span_is(code, rows[i].code)) {
			*out = i;
			return true;
		}
	}
	return false;
}

const char *
mark_urgency_code(enum facts_urgency u)
{
	return row_at(urgencies, URGENCY_HOA_TOC + 1, (unsigned)u)->code;
}

const char *
mark_urgency_words(enum facts_urgency u)
{
	return row_at(urgencies, URGENCY_HOA_TOC + 1, (unsigned)u)->words;
}

bool
mark_urgency_parse(struct span code, enum facts_urgency *out)
{
	unsigned i;

	if (!row_find(urgencies, URGENCY_HOA_TOC + 1, code, &i))
		return false;
	*out = (enum facts_urgency)i;
	return true;
}

const char *
mark_secrecy_code(unsigned secrecy)
{
	return row_at(secrecies, MARK_SECRECY_MAX + 1, secrecy)->code;
}

const char *
mark_secrecy_words(unsigned secrecy)
{
	return row_at(secrecies, MARK_SECRECY_MAX + 1, secrecy)->words;
}

bool
mark_secrecy_parse(struct span code, unsigned *out)
{
	return row_find(secrecies, MARK_SECRECY_MAX + 1, code, out);
}

const char *
mark_flag_code(unsigned number)
{
	return number < MARK_FLAG_COUNT ? flags[number] : "unknown";
}

bool
mark_flag_parse(struct span code, uint32_t *bit)
{
	for (unsigned i = 0; i < MARK_FLAG_COUNT; i++) {
		if (span_is(code, flags[i])) {
			*bit = (uint32_t)1 << i;
			return true;
		}
	}
	return false;
}
