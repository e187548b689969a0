/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/inspect/docref.h"

struct number_case {
	const char *text;
	const char *number; /* NULL: there is none */
	const char *type;
	bool certain;
};

static void
check_numbers(const struct number_case *cases, size_t count, bool file_name)
{
	for (size_t i = 0; i < count; i++) {
		const struct number_case *c = &cases[i];
		struct docref got;
		bool found = docref_read(span_str(c->text), file_name, &got);

		if (found != (c->number != NULL))
			fail_msg("%s: %s", c->text, found ? got.number : "nothing");
		if (!found)
			continue;
		if (strcmp(got.number, c->number) != 0 || strcmp(got.type, c->type) != 0 ||
		    got.certain != c->certain)
			fail_msg("%s: %s, type %s, %s", c->text, got.number, got.type,
			    got.certain ? "certain" : "a guess");
	}
}

static void
numbers_in_subjects_are_read_as_the_decree_writes_them(void **state)
{
	static const struct number_case cases[] = {
		{ "22/KH-UBND", "22/KH-UBND", "KH", true },
		{ "06/KH-VP: Kế hoạch ứng dụng gửi nhận VBĐT có CKĐT năm 2012", "06/KH-VP", "KH",
		    true },
		{ "6/KH-VP", "06/KH-VP", "KH", true },
		{ "01/UBND-VP", "01/UBND-VP", "", true },
		{ "123/2020/QĐ-UBND", "123/2020/QĐ-UBND", "QĐ", true },
		{ "30/2020/NĐ-CP", "30/2020/NĐ-CP", "NĐ", true },
		{ "20/2023/QH15", "20/2023/QH15", "", true },
		{ "05/SY-UBND", "05/SY-UBND", "SY", true },
		{ "1234/UBND-KH&ĐT", "1234/UBND-KH&ĐT", "", true },
		{ "57-NQ/TW", "57-NQ/TW", "NQ", true },
		{ "123-CV/TU", "123-CV/TU", "CV", true },
		{ "Số : 12 / QĐ – UBND", "12/QĐ-UBND", "QĐ", true },
		{ "Số: 1514/TTr-STTTT", "1514/TTr-STTTT", "TTr", true },
		{ "12a/TB-VP", "12a/TB-VP", "TB", true },
		{ "15/Q\xc3\x90-BNV", "15/QĐ-BNV", "QĐ", true }, /* Eth */
		{ "15/QĐ\xe2\x80\x91" "BNV", "15/QĐ-BNV", "QĐ", true }, /* no-break hyphen */
		{ "2457/UBND-VX ngày 29/05/2012 V/v triển khai Chỉ thị số 15/CT-TTg",
		    "2457/UBND-VX", "", true },
		{ "UBND huyen Ba Vi gui Bao cao so 45/BC-UBND", "45/BC-UBND", "BC", true },
		{ "[HOẢ TỐC] Công điện số 02/CĐ-UBND về phòng chống bão số 4", "02/CĐ-UBND", "CĐ",
		    true },
		{ "Giấy mời họp 14h00 ngày 12/10/2012 (GM 210/GM-UBND)", "210/GM-UBND", "GM",
		    true },
		{ "Re: FW: CV 123/UBND-VP ve viec bao cao thang 9", "123/UBND-VP", "", true },
		{ "10/HD-UBND", "10/HD-UBND", "HD", true },
		{ "10/HĐ-UBND", "10/HĐ-UBND", "HĐ", true },
		{ "Công văn 7816/VPCP-TTĐT.", "7816/VPCP-TTĐT", "", true },
		/* NFD, as macOS writes */
		{ "12/QD\xcc\xa3-UBND", NULL, NULL, false },
	};

	(void)state;
	check_numbers(cases, sizeof(cases) / sizeof(cases[0]), false);
}

static void
guesses_are_marked_as_guesses(void **state)
{
	static const struct number_case cases[] = {
		{ "12/QD-UBND", "12/QĐ-UBND", "QĐ", false },
		{ "30/2020/ND-CP", "30/2020/NĐ-CP", "NĐ", false },
		{ "02/CD-UBND", "02/CĐ-UBND", "CĐ", false },
		{ "15/Ttr-VP", "15/TTr-VP", "TTr", false },
		{ "VB 10697 & 11028/UBND-KGVX", "11028/UBND-KGVX", "", false },
		{ "Trả lời CV số 512/UBND-TNMT", "512/UBND-TNMT", "", false },
		{ "Thu hồi văn bản số 88/TB-VP ngày 03/10/2012", "88/TB-VP", "TB", false },
		{ "VB thay thế QĐ 1234/QĐ-UBND (bản đính chính)", "1234/QĐ-UBND", "QĐ", false },
		{ "V/v triển khai Kế hoạch số 06/KH-VP", "06/KH-VP", "KH", false },
		{ "Gửi lại: TTr 15/TTr-VP (file kèm lần trước bị lỗi)", "15/TTr-VP", "TTr",
		    false },
	};

	(void)state;
	check_numbers(cases, sizeof(cases) / sizeof(cases[0]), false);
}

static void
what_is_no_number_is_not_read_as_one(void **state)
{
	static const struct number_case cases[] = {
		{ "", NULL, NULL, false },
		{ "/KH-UBND", NULL, NULL, false },
		{ "22-KH-UBND", NULL, NULL, false },
		{ "(no subject)", NULL, NULL, false },
		{ "Fwd:", NULL, NULL, false },
		{ "Scan0001.pdf", NULL, NULL, false },
		{ "GOP Y", NULL, NULL, false },
		{ "V/v: bao cao CCHC quy III (kem phu luc)", NULL, NULL, false },
		{ "KH số 06 - VP; TB 12, 13, 14 (3 văn bản)", NULL, NULL, false },
		{ "họp ngày 29/05/2012", NULL, NULL, false },
		{ "trực 24/7", NULL, NULL, false },
		{ "1234567/KH-UBND", NULL, NULL, false },
		{ "tầng 3/UBND", NULL, NULL, false },
		{ "12/kh-ubnd", NULL, NULL, false },
	};

	(void)state;
	check_numbers(cases, sizeof(cases) / sizeof(cases[0]), false);
}

static void
file_names_give_guesses(void **state)
{
	static const struct number_case cases[] = {
		{ "22-KH-UBND.pdf", "22/KH-UBND", "KH", false },
		{ "06_KH-VP.signed.pdf", "06/KH-VP", "KH", false },
		{ "1896_QD-TTg_m_294779.doc", "1896/QĐ-TTg", "QĐ", false },
		{ "Công văn-3206-UBND-KGVX.pdf", "3206/UBND-KGVX", "", false },
		{ "30_2020_ND_CP.docx", "30/2020/NĐ-CP", "NĐ", false },
		{ "23-cp.signed.pdf", NULL, NULL, false },
		{ "Scan0001.pdf", NULL, NULL, false },
		{ "GUIDE_INSTALL OPENVPN.SIGNED.PDF", NULL, NULL, false },
	};

	(void)state;
	check_numbers(cases, sizeof(cases) / sizeof(cases[0]), true);
}

struct mark_case {
	const char *text;
	unsigned mark;
};

static void
urgency_is_a_mark_and_not_a_word(void **state)
{
	static const struct mark_case cases[] = {
		{ "KHẨN: họp", URGENCY_KHAN },
		{ "[Khẩn] họp", URGENCY_KHAN },
		{ "Khẩn - họp", URGENCY_KHAN },
		{ "[KHAN] hop", URGENCY_KHAN },
		{ "THƯỢNG KHẨN 06/KH-VP", URGENCY_THUONG_KHAN },
		{ "Thượng khẩn: họp", URGENCY_THUONG_KHAN },
		{ "[HOẢ TỐC] Công điện", URGENCY_HOA_TOC },
		{ "HỎA TỐC Công điện", URGENCY_HOA_TOC },
		{ "hoả tốc hẹn giờ", URGENCY_HOA_TOC },
		{ "HOA TOC: hop", URGENCY_HOA_TOC },
		{ "ho\xcc\x89" "a t\xc3\xb4\xcc\x81" "c", URGENCY_HOA_TOC }, /* NFD */
		{ "V/v công tác khẩn cấp", URGENCY_NONE },
		{ "TÌNH TRẠNG KHẨN CẤP", URGENCY_NONE },
		{ "làm việc khẩn trương", URGENCY_NONE },
		{ "V/v khan hiếm nước", URGENCY_NONE },
		{ "06/KH-VP", URGENCY_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned got = docref_urgency(span_str(cases[i].text));

		if (got != cases[i].mark)
			fail_msg("%s: %u", cases[i].text, got);
	}
}

static void
secrecy_is_a_mark_and_not_a_word(void **state)
{
	static const struct mark_case cases[] = {
		{ "MẬT", 1 },
		{ "[Mật] 06/KH-VP", 1 },
		{ "(Mật) báo cáo", 1 },
		{ "Mật: báo cáo", 1 },
		{ "Độ mật: Mật", 1 },
		{ "V/v gửi văn bản mật", 1 },
		{ "tài liệu mật kèm theo", 1 },
		{ "[MAT] bao cao", 1 },
		{ "TỐI MẬT", 2 },
		{ "báo cáo tối mật", 2 },
		{ "TOI MAT: bao cao", 2 },
		{ "Tuyệt mật", 3 },
		{ "TUYET MAT", 3 },
		{ "V/v bảo mật thông tin", 0 },
		{ "BẢO MẬT THÔNG TIN", 0 },
		{ "bí mật kinh doanh", 0 },
		{ "BÍ MẬT NHÀ NƯỚC", 0 },
		{ "Mặt trận Tổ quốc", 0 },
		{ "MẶT TRẬN TỔ QUỐC", 0 },
		{ "mật độ dân số", 0 },
		{ "MẬT ĐỘ XÂY DỰNG", 0 },
		{ "đổi mật khẩu thư", 0 },
		{ "co mat tai hop", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned got = docref_secrecy(span_str(cases[i].text));

		if (got != cases[i].mark)
			fail_msg("%s: %u", cases[i].text, got);
	}
}

static void
subject_and_file_name_together_are_certain(void **state)
{
	struct facts *f = facts_new();

	(void)state;
	f->subject = facts_add(f, span_str("V/v gửi QĐ 12/QD-UBND"));
	f->document_count = 2;
	f->documents[0].flags = DOCUMENT_BODY;
	f->documents[1].name = facts_add(f, span_str("12_QĐ-UBND [MẬT].pdf"));
	docref_find(f);
	assert_true(span_is(facts_span(f, f->number), "12/QĐ-UBND"));
	assert_true(span_is(facts_span(f, f->doc_type), "QĐ"));
	assert_int_equal(f->number_source, FROM_SUBJECT);
	assert_true(f->number_certain);
	assert_int_equal(f->secrecy, 1);
	facts_free(&f);

	f = facts_new();
	f->subject = facts_add(f, span_str("Scan"));
	f->document_count = 1;
	f->documents[0].name = facts_add(f, span_str("06_KH-VP.pdf"));
	docref_find(f);
	assert_true(span_is(facts_span(f, f->number), "06/KH-VP"));
	assert_int_equal(f->number_source, FROM_FILE_NAME);
	assert_false(f->number_certain);
	facts_free(&f);
}

static void
long_and_broken_text_does_no_harm(void **state)
{
	static char text[100000];
	struct docref got;

	(void)state;
	memset(text, '1', sizeof(text) - 1);
	assert_false(docref_read(span_str(text), false, &got));
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = "12/KH-A "[i % 8];
	assert_true(docref_read(span_str(text), false, &got));
	memset(text, '\xff', sizeof(text) - 1);
	assert_false(docref_read(span_str(text), true, &got));
	assert_int_equal(docref_secrecy(span_str(text)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_in_subjects_are_read_as_the_decree_writes_them),
		cmocka_unit_test(guesses_are_marked_as_guesses),
		cmocka_unit_test(what_is_no_number_is_not_read_as_one),
		cmocka_unit_test(file_names_give_guesses),
		cmocka_unit_test(urgency_is_a_mark_and_not_a_word),
		cmocka_unit_test(secrecy_is_a_mark_and_not_a_word),
		cmocka_unit_test(subject_and_file_name_together_are_certain),
		cmocka_unit_test(long_and_broken_text_does_no_harm),
	};

	return cmocka_run_group_tests_name("docref", tests, NULL, NULL);
}
