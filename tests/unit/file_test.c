/* SPDX-License-Identifier: Apache-2.0 */
/* Filing: what stands in the folder, that twice is once, and that no name leads outside. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/codec.h"
#include "common/io.h"
#include "common/text.h"
#include "gateway/act/act.h"
#include "gateway/act/file_names.h"

#define TX "0123456789abcdefghjkmnpqrs"
#define ACCEPTED INT64_C(1336099500) /* 2012-05-04T09:45:00+07:00 */

static const char head[] = "From: vanthu@vpub.hanoi.example\r\n"
			   "Content-Type: multipart/signed; boundary=b\r\n\r\n";
static const char pdf[] = "JVBERi0xLjQK\r\n";      /* "%PDF-1.4\n" */
static const char letter[] = "K=C3=ADnh g=E1=BB=ADi"; /* "Kính gửi" */
static const char signature[] = "MAA=\r\n";         /* an empty SEQUENCE */

/* One message in the hands of act, made by hand. */
struct scene {
	char intake[80], outside[80];
	struct act_settings settings;
	struct envelope *env;
	struct facts *f;
	struct plan *plan;
	struct spool *message;
	struct act_job job;
	struct buf text;
	char place[256]; /* where it was filed, below intake */
};

static uint32_t
add_part(struct scene *s, enum facts_encoding encoding, const char *body)
{
	struct facts_part *p = &s->f->parts[s->f->part_count];

	p->encoding = (uint8_t)encoding;
	p->body.start = s->text.len;
	buf_put_str(&s->text, body);
	p->body.end = s->text.len;
	buf_put_str(&s->text, "\r\n--b\r\n\r\n");
	return s->f->part_count++;
}

static struct facts_document *
add_document(struct scene *s, enum facts_encoding encoding, const char *body,
    const char *name, const char *type, struct span decoded)
{
	struct facts_document *d = &s->f->documents[s->f->document_count++];

	d->part = add_part(s, encoding, body);
	d->name = facts_add(s->f, span_str(name));
	d->type = facts_add(s->f, span_str(type));
	d->declared = d->type;
	d->size = decoded.len;
	digest_of(decoded, d->sha256);
	return d;
}

static void
seal(struct scene *s)
{
	struct error e;

	assert_int_equal(spool_new(NULL, 64 * 1024 * 1024, &s->message, &e), 0);
	assert_int_equal(spool_append(s->message, buf_span(&s->text), &e), 0);
	assert_int_equal(spool_seal(s->message, &e), 0);
	s->job = (struct act_job){ .settings = &s->settings,
		.envelope = s->env,
		.facts = s->f,
		.plan = s->plan,
		.received = s->message,
		.deadline = deadline_never() };
}

static struct scene *
scene_new(void)
{
	static const uint8_t chain[] = { 0x30, 0x03, 0x02, 0x01, 0x07, 0x30, 0x00 };
	struct scene *s = calloc(1, sizeof(*s));
	struct error e;

	snprintf(s->intake, sizeof(s->intake), "/tmp/vanthu-file-test.XXXXXX");
	assert_non_null(mkdtemp(s->intake));
	snprintf(s->outside, sizeof(s->outside), "/tmp/vanthu-file-test.XXXXXX");
	assert_non_null(mkdtemp(s->outside));
	s->env = calloc(1, sizeof(*s->env));
	s->f = facts_new();
	s->plan = plan_new();
	snprintf(s->settings.intake_dir, sizeof(s->settings.intake_dir), "%s", s->intake);
	memcpy(s->env->tx, TX, sizeof(TX));
	memcpy(s->plan->tx, TX, sizeof(TX));
	s->env->accepted_at = ACCEPTED;
	strcpy(s->env->sender, "vanthu@vpub.hanoi.example");
	strcpy(s->plan->sender_agency, "vpub");
	strcpy(s->plan->sender_name, "Văn phòng UBND Thành phố");
	s->plan->recipient_count = 2;
	for (unsigned i = 0; i < 2; i++) {
		strcpy(s->plan->recipients[i].address,
		    i == 0 ? "vanthu@bavi.hanoi.example" : "phong@bavi.hanoi.example");
		strcpy(s->plan->recipients[i].agency, "bavi");
		strcpy(s->plan->recipients[i].rule, "directives");
		assert_int_equal(plan_add_step(s->plan, ACTION_FILE, i, "bavi", &e), 0);
	}
	s->f->verdict = VERDICT_VERIFIED;
	s->f->reason = REASON_VERIFIED;
	s->f->form = SIGNATURE_DETACHED;
	s->f->number = facts_add(s->f, span_str("06/KH-VP"));
	s->f->doc_type = facts_add(s->f, span_str("KH"));
	s->f->subject = facts_add(s->f, span_str("Kế hoạch năm 2012"));
	s->f->from = facts_add(s->f, span_str("vanthu@vpub.hanoi.example"));
	s->f->signer.chain = facts_add(s->f, span_of(chain, sizeof(chain)));
	buf_init(&s->text, 64 * 1024 * 1024);
	buf_put_str(&s->text, head);
	return s;
}

static struct scene *
usual_scene(void)
{
	struct scene *s = scene_new();

	add_document(s, ENCODING_QP, letter, "", "text/plain", span_str("Kính gửi"))->flags =
	    DOCUMENT_BODY;
	add_document(s, ENCODING_BASE64, pdf, "06_KH-VP.signed.pdf", "application/pdf",
	    span_str("%PDF-1.4\n"));
	s->f->signature_part = add_part(s, ENCODING_BASE64, signature);
	seal(s);
	return s;
}

static void
scene_free(struct scene *s)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s %s", s->intake, s->outside);
	assert_int_equal(system(command), 0);
	spool_free(&s->message);
	buf_free(&s->text);
	plan_free(&s->plan);
	facts_free(&s->f);
	free(s->env);
	free(s);
}

static enum act_status
file_step(struct scene *s, unsigned step)
{
	const struct plan_step *steps[] = { &s->plan->steps[step] };
	struct act_result result;

	act_file(&s->job, steps, 1, &result);
	if (result.status == ACT_DONE)
		snprintf(s->place, sizeof(s->place), "%s", result.text);
	return result.status;
}

/* "a b c": the names in a folder below intake, hidden ones too, sorted. */
static const char *
listing(const struct scene *s, const char *below)
{
	static char out[4096];
	char path[512];
	struct dirent **entries;
	int n;

	snprintf(path, sizeof(path), "%s/%s", s->intake, below);
	out[0] = '\0';
	n = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0)
			snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%s",
			    out[0] == '\0' ? "" : " ", entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return out;
}

static const char *
contents(const struct scene *s, const char *name)
{
	static struct buf b;
	char path[800];
	struct error e;

	snprintf(path, sizeof(path), "%s/%s/%s", s->intake, s->place, name);
	buf_free(&b);
	buf_init(&b, 1 << 20);
	if (io_read_file(path, 1 << 20, &b, &e) != 0)
		return "(unreadable)";
	return buf_str(&b);
}

static void
a_filed_document_stands_with_all_that_proves_it(void **state)
{
	struct scene *s = usual_scene();
	struct stat st;
	char path[400];

	(void)state;
	assert_int_equal(file_step(s, 0), ACT_DONE);
	assert_int_equal(strncmp(s->place, "bavi/2012/05/20120504-06-KH-VP-", 31), 0);
	assert_int_equal(strlen(s->place), 31 + 8);
	assert_string_equal(listing(s, s->place),
	    "06_KH-VP.signed.pdf chain.pem metadata.json metadata.txt noi-dung.txt "
	    "original.eml signature.p7s status.log verdict.json");
	assert_string_equal(contents(s, "06_KH-VP.signed.pdf"), "%PDF-1.4\n");
	assert_string_equal(contents(s, "noi-dung.txt"), "Kính gửi");
	assert_string_equal(contents(s, "original.eml"), buf_str(&s->text));
	assert_string_equal(contents(s, "status.log"), "2012-05-04T02:45:00Z 01 Đã đến\n");
	assert_string_equal(contents(s, "chain.pem"),
	    "-----BEGIN CERTIFICATE-----\nMAMCAQc=\n-----END CERTIFICATE-----\n"
	    "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
	snprintf(path, sizeof(path), "%s/%s", s->intake, s->place);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	snprintf(path, sizeof(path), "%s/%s/original.eml", s->intake, s->place);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	scene_free(s);
}

static const char *
text_at(const json_t *j, const char *key)
{
	const char *v = json_string_value(json_object_get(j, key));

	return v == NULL ? "(none)" : v;
}

static void
sidecars_say_what_is_known_and_no_more(void **state)
{
	struct scene *s = usual_scene();
	json_t *verdict, *meta, *file;

	(void)state;
	s->f->number_certain = 1;
	assert_int_equal(file_step(s, 0), ACT_DONE);
	verdict = json_loads(contents(s, "verdict.json"), 0, NULL);
	assert_non_null(verdict);
	assert_string_equal(text_at(verdict, "verdict"), "VERIFIED");
	assert_string_equal(text_at(verdict, "tx"), TX);
	assert_string_equal(text_at(verdict, "accepted_at"), "2012-05-04T02:45:00Z");
	assert_string_equal(text_at(verdict, "agency"), "bavi");
	assert_string_equal(text_at(verdict, "rule"), "directives");
	assert_string_equal(text_at(verdict, "value"), "chua_xac_dinh");
	assert_string_equal(text_at(json_object_get(verdict, "signer"), "agency"), "vpub");
	assert_string_equal(text_at(json_object_get(verdict, "checks"), "path"), "skipped");
	assert_int_equal(json_array_size(json_object_get(verdict, "recipients")), 2);
	meta = json_loads(contents(s, "metadata.json"), 0, NULL);
	assert_non_null(meta);
	assert_string_equal(text_at(meta, "CodeNumber"), "06");
	assert_string_equal(text_at(meta, "CodeNotation"), "KH-VP");
	assert_string_equal(text_at(meta, "TypeName"), "Kế hoạch");
	assert_string_equal(text_at(meta, "OrganName"), "Văn phòng UBND Thành phố");
	assert_string_equal(text_at(meta, "Subject"), "Kế hoạch năm 2012");
	assert_string_equal(text_at(meta, "ArrivalDate"), "04/05/2012");
	assert_true(json_is_null(json_object_get(meta, "ArrivalNumber")));
	file = json_array_get(json_object_get(meta, "Files"), 1);
	assert_string_equal(text_at(file, "File"), "06_KH-VP.signed.pdf");
	json_decref(verdict);
	json_decref(meta);
	scene_free(s);
}

static void
filing_twice_leaves_one_folder(void **state)
{
	struct scene *s = usual_scene();
	char first[256], names[4096];

	(void)state;
	assert_int_equal(file_step(s, 0), ACT_DONE);
	snprintf(first, sizeof(first), "%s", s->place);
	snprintf(names, sizeof(names), "%s", listing(s, "bavi/2012/05"));
	assert_int_equal(file_step(s, 0), ACT_DONE);
	assert_string_equal(s->place, first);
	/* The second mailbox of the agency shares it. */
	assert_int_equal(file_step(s, 1), ACT_DONE);
	assert_string_equal(s->place, first);
	assert_string_equal(listing(s, "bavi/2012/05"), names);
	assert_null(strchr(names, ' '));
	scene_free(s);
}

static void
put_path(const struct scene *s, const char *name, const char *text)
{
	char path[800];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s", s->intake, s->place, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
other_bytes_under_that_name_are_not_touched(void **state)
{
	struct scene *s = usual_scene();

	(void)state;
	assert_int_equal(file_step(s, 0), ACT_DONE);
	/* A clerk goes on writing the status; that is no contradiction. */
	put_path(s, "status.log", "03 Đã tiếp nhận\n");
	assert_int_equal(file_step(s, 0), ACT_DONE);
	assert_string_equal(contents(s, "status.log"), "03 Đã tiếp nhận\n");
	put_path(s, "06_KH-VP.signed.pdf", "edited");
	assert_int_equal(file_step(s, 0), ACT_RETRY);
	assert_string_equal(contents(s, "06_KH-VP.signed.pdf"), "edited");
	scene_free(s);
}

static void
bytes_that_were_not_judged_are_not_filed(void **state)
{
	struct scene *s = usual_scene();

	(void)state;
	s->f->documents[1].sha256[0] ^= 1;
	assert_int_equal(file_step(s, 0), ACT_RETRY);
	assert_string_equal(listing(s, "bavi/2012/05"), "");
	s->f->documents[1].sha256[0] ^= 1;
	s->f->parts[1].body.end = spool_size(s->message) + 1;
	assert_int_equal(file_step(s, 0), ACT_RETRY);
	s->f->parts[1].body.end = s->f->parts[1].body.start;
	assert_int_equal(file_step(s, 0), ACT_RETRY);
	s->f->documents[1].part = LIMIT_PARTS - 1;
	assert_int_equal(file_step(s, 0), ACT_RETRY);
	s->f->parts[0].encoding = ENCODING_BASE64;
	assert_int_equal(file_step(s, 0), ACT_RETRY);
	assert_string_equal(listing(s, "bavi/2012/05"), "");
	scene_free(s);
}

static void
a_large_document_comes_out_whole(void **state)
{
	struct scene *s = scene_new();
	struct buf data, coded;
	char path[800];
	struct stat st;

	(void)state;
	buf_init(&data, 8 << 20);
	buf_init(&coded, 16 << 20);
	for (uint32_t i = 0; i < 1000000; i++)
		buf_put_byte(&data, (uint8_t)(i * 2654435761u >> 24));
	codec_base64_encode(buf_span(&data), &coded);
	add_document(s, ENCODING_BASE64, buf_str(&coded), "to.bin", "application/octet-stream",
	    buf_span(&data));
	seal(s);
	assert_int_equal(file_step(s, 0), ACT_DONE);
	snprintf(path, sizeof(path), "%s/%s/to.bin", s->intake, s->place);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 1000000);
	buf_free(&data);
	buf_free(&coded);
	scene_free(s);
}

/* --- names (F01, F02) --------------------------------------------------------------------- */

static void
twins_are_told_apart(void **state)
{
	static const char *const sent[] = { "báo cáo.pdf", "BÁO CÁO.PDF",
		"ba\xcc\x81o ca\xcc\x81o.pdf", "original.eml", "Verdict.JSON", "a", "A",
		"verdict (2).json", "" };
	static const char *const filed[] = { "báo cáo.pdf", "BÁO CÁO (2).PDF",
		"báo cáo (3).pdf", "original (2).eml", "Verdict (2).JSON", "a", "A (2)",
		"verdict (2) (2).json", "document" };
	struct facts *f = facts_new();
	char **names;
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++)
		f->documents[f->document_count++].name = facts_add(f, span_str(sent[i]));
	assert_int_equal(file_names_make(f, &names, &e), 0);
	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++)
		assert_string_equal(names[i], filed[i]);
	file_names_free(&names, f->document_count);
	facts_free(&f);
}

static void
no_name_leads_out_of_the_folder(void **state)
{
	static const char *const sent[] = { "../x", "/etc/passwd", "..\\x", "C:\\x",
		"x/../../y", ".", "..", "", "%2e%2e/", "\xc0\xae\xc0\xae/x", "CON", "a:b",
		"exe.\xe2\x80\xaexdp.pdf", "a\nb", "a\x1b[31mb", ".bashrc", " ", "...", "nul.txt",
		"status.log" };
	struct scene *s = scene_new();
	struct dirent **entries;
	char path[400];
	int n;

	(void)state;
	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++)
		add_document(s, ENCODING_7BIT, "x", sent[i], "application/pdf", span_str("x"));
	seal(s);
	assert_int_equal(file_step(s, 0), ACT_DONE);
	snprintf(path, sizeof(path), "%s/%s", s->intake, s->place);
	n = scandir(path, &entries, NULL, alphasort);
	/* Two dots, six files of ours, and one for each document: nothing was overwritten. */
	assert_int_equal(n, 2 + 6 + (int)(sizeof(sent) / sizeof(sent[0])));
	for (int i = 0; i < n; i++) {
		struct span name = span_str(entries[i]->d_name);

		assert_true(text_is_utf8(name));
		for (size_t k = 0; k < name.len; k++)
			assert_true(name.ptr[k] >= 0x20);
		free(entries[i]);
	}
	free(entries);
	assert_string_equal(listing(s, ""), "bavi");
	assert_string_equal(listing(s, "bavi"), "2012");
	scene_free(s);
}

static void
a_long_name_stays_a_name_with_its_number(void **state)
{
	struct facts *f = facts_new();
	struct buf name;
	char **names;
	struct error e;

	(void)state;
	buf_init(&name, 1000);
	for (int i = 0; i < 100; i++)
		buf_put_str(&name, "ộ");
	buf_put_str(&name, ".pdf");
	for (int i = 0; i < 12; i++)
		f->documents[f->document_count++].name = facts_add(f, buf_span(&name));
	assert_int_equal(file_names_make(f, &names, &e), 0);
	for (uint32_t i = 0; i < f->document_count; i++) {
		struct span given = span_str(names[i]);

		assert_true(given.len <= TEXT_NAME_MAX);
		assert_true(text_is_utf8(given));
		assert_string_equal(names[i] + given.len - 4, ".pdf");
	}
	assert_non_null(strstr(names[11], " (12).pdf"));
	file_names_free(&names, f->document_count);
	facts_free(&f);
	buf_free(&name);
}

static void
the_folder_is_named_after_the_number_in_ascii(void **state)
{
	static const struct {
		const char *number, *folder;
	} rows[] = {
		{ "06/KH-VP", "20120504-06-KH-VP-" },
		{ "123/2020/QĐ-UBND", "20120504-123-2020-QD-UBND-" },
		{ "1234/UBND-KH&ĐT", "20120504-1234-UBND-KH-DT-" },
		{ "15/TTr-VP", "20120504-15-TTR-VP-" },
		{ "", "20120504-khong-so-" },
		{ "../../x", "20120504-X-" },
		{ "///", "20120504-khong-so-" },
	};
	struct scene *s = usual_scene();
	char name[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s->f->number = facts_add(s->f, span_str(rows[i].number));
		file_folder_name(&s->job, name);
		assert_int_equal(strlen(name), strlen(rows[i].folder) + 8);
		assert_memory_equal(name, rows[i].folder, strlen(rows[i].folder));
	}
	/* The day is that of Viet Nam. */
	s->env->accepted_at = 1336154400; /* 2012-05-04T18:00:00Z */
	file_folder_name(&s->job, name);
	assert_memory_equal(name, "20120505-", 9);
	scene_free(s);
}

/* --- links (F03) ---------------------------------------------------------------------------- */

static void
a_link_in_the_way_stops_filing(void **state)
{
	static const char *const places[] = { "bavi", "bavi/2012", "bavi/2012/05" };
	char path[400];

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct scene *s = usual_scene();
		char above[400];

		for (size_t k = 0; k < i; k++) {
			snprintf(above, sizeof(above), "%s/%s", s->intake, places[k]);
			assert_int_equal(mkdir(above, 0750), 0);
		}
		snprintf(path, sizeof(path), "%s/%s", s->intake, places[i]);
		assert_int_equal(symlink(s->outside, path), 0);
		assert_int_equal(file_step(s, 0), ACT_RETRY);
		assert_int_equal(rmdir(s->outside), 0); /* nothing came there */
		assert_int_equal(mkdir(s->outside, 0750), 0);
		scene_free(s);
	}
}

static void
whatever_stands_under_the_final_name_stays(void **state)
{
	struct scene *s = usual_scene();
	char path[600], name[256], command[700];
	struct stat st;

	(void)state;
	file_folder_name(&s->job, name);
	snprintf(command, sizeof(command), "mkdir -p %s/bavi/2012/05", s->intake);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/bavi/2012/05/%s", s->intake, name);
	assert_int_equal(symlink(s->outside, path), 0);
	assert_int_equal(file_step(s, 0), ACT_RETRY);
	assert_int_equal(rmdir(s->outside), 0);
	assert_int_equal(mkdir(s->outside, 0750), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(file_step(s, 0), ACT_RETRY);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0750), 0); /* an empty folder is not our document */
	assert_int_equal(file_step(s, 0), ACT_RETRY);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(file_step(s, 0), ACT_DONE);
	scene_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filed_document_stands_with_all_that_proves_it),
		cmocka_unit_test(sidecars_say_what_is_known_and_no_more),
		cmocka_unit_test(filing_twice_leaves_one_folder),
		cmocka_unit_test(other_bytes_under_that_name_are_not_touched),
		cmocka_unit_test(bytes_that_were_not_judged_are_not_filed),
		cmocka_unit_test(a_large_document_comes_out_whole),
		cmocka_unit_test(twins_are_told_apart),
		cmocka_unit_test(no_name_leads_out_of_the_folder),
		cmocka_unit_test(a_long_name_stays_a_name_with_its_number),
		cmocka_unit_test(the_folder_is_named_after_the_number_in_ascii),
		cmocka_unit_test(a_link_in_the_way_stops_filing),
		cmocka_unit_test(whatever_stands_under_the_final_name_stays),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
