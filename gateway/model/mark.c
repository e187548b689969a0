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

/* Codes of 2020 first, then those that only the rules of 2011 had. */
static const struct mark_row kinds[] = {
	{ "NQ", "Nghị quyết" }, { "QĐ", "Quyết định" }, { "CT", "Chỉ thị" },
	{ "QC", "Quy chế" }, { "QyĐ", "Quy định" }, { "TC", "Thông cáo" },
	{ "TB", "Thông báo" }, { "HD", "Hướng dẫn" }, { "CTr", "Chương trình" },
	{ "KH", "Kế hoạch" }, { "PA", "Phương án" }, { "ĐA", "Đề án" }, { "DA", "Dự án" },
	{ "BC", "Báo cáo" }, { "BB", "Biên bản" }, { "TTr", "Tờ trình" },
	{ "HĐ", "Hợp đồng" }, { "CV", "Công văn" }, { "CĐ", "Công điện" },
	{ "BGN", "Bản ghi nhớ" }, { "BTT", "Bản thỏa thuận" }, { "GUQ", "Giấy ủy quyền" },
	{ "GM", "Giấy mời" }, { "GGT", "Giấy giới thiệu" }, { "GNP", "Giấy nghỉ phép" },
	{ "PG", "Phiếu gửi" }, { "PC", "Phiếu chuyển" }, { "PB", "Phiếu báo" },
	{ "SY", "Bản sao y" }, { "TrS", "Bản trích sao" }, { "SL", "Bản sao lục" },
	{ "GN", "Bản ghi nhớ" }, { "CK", "Bản cam kết" }, { "TTh", "Bản thỏa thuận" },
	{ "CN", "Giấy chứng nhận" }, { "UQ", "Giấy ủy quyền" }, { "GT", "Giấy giới thiệu" },
	{ "NP", "Giấy nghỉ phép" }, { "ĐĐ", "Giấy đi đường" },
	{ "BN", "Giấy biên nhận hồ sơ" }, { "TS", "Bản trích sao" },
	{ "NĐ", "Nghị định" }, { "TT", "Thông tư" }, { "TTLT", "Thông tư liên tịch" },
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
mark_kind_name(struct span code)
{
	unsigned i;

	if (!row_find(kinds, sizeof(kinds) / sizeof(kinds[0]), code, &i))
		return "";
	return kinds[i].words;
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
