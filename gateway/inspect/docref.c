/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The number of a document in a line of text:
 *
 *   22/KH-UBND           named type: number / TYPE - issuer
 *   2457/UBND-VX         cong van: number / issuer - unit
 *   123/2020/QD-UBND     legal normative: number / year / TYPE - issuer
 *   20/2023/QH15         law
 *   57-NQ/TW             of the Party: number - TYPE / issuer
 *   05/SY-UBND           copy
 *
 * with QD here for QĐ. Letters count as they are: HĐ is no HD. Only forms in which a letter
 * was surely lost are repaired (QD, ND, CD), and a repaired number, one out of a file name's
 * dashes, one of several, and one that the line only refers to are guesses for a clerk to
 * confirm. (Decree 30/2020 articles 8 and 15, annexes I and III.)
 */
#include "gateway/inspect/docref.h"

#include <string.h>

#include "common/text.h"
#include "gateway/inspect/letter.h"

#define NUMBER_DIGITS 6
#define SEGMENT_MAX 24
#define SEGMENTS_MAX 5
#define TYPE_BYTES 8

/* Codes of types: annex III of the decree, those of 2011, and of legal normative acts. */
static const char *const type_codes[] = { "NQ", "QĐ", "CT", "QC", "QyĐ", "TC", "TB", "HD",
	"CTr", "KH", "PA", "ĐA", "DA", "BC", "BB", "TTr", "HĐ", "CĐ", "BGN", "BTT", "GUQ", "GM",
	"GGT", "GNP", "PG", "PC", "PB", "TTh", "UQ", "GT", "NP", "CK", "CN", "ĐĐ", "BN", "GN",
	"NĐ", "TT", "TTLT", "PL", "VBHN", "CV" };
static const char *const copy_codes[] = { "SY", "TrS", "SL", "TS" };
static const struct {
	const char *lost, *meant;
} repairs[] = { { "QD", "QĐ" }, { "ND", "NĐ" }, { "CD", "CĐ" }, { "QYD", "QyĐ" },
	{ "Ttr", "TTr" } };

/* Words after which a number is that of another document. */
static const char *const reference_words[] = { "tra loi", "phuc dap", "thu hoi", "thay the",
	"dinh chinh", "trien khai", "thuc hien", "can cu", "theo ", "huong dan thi hanh",
	"sua doi", "v/v", "ve viec", "gui lai" };

struct reader {
	const struct letter_line *line;
	size_t at;
	bool file_name; /* "-", "_" and "." may stand for a slash */
	bool repaired;
	bool from_dashes;
};

struct segment {
	char text[4 * SEGMENT_MAX + 1]; /* UTF-8 */
};

static uint32_t
peek(const struct reader *r)
{
	return r->at < r->line->n ? r->line->c[r->at] : 0;
}

static void
skip_blanks(struct reader *r)
{
	while (peek(r) == ' ')
		r->at++;
}

/* A separator `sign` with blanks around it where they are allowed; in a file name also the
 * signs that replace it. */
static bool
take_sign(struct reader *r, uint32_t sign, bool blanks)
{
	size_t start = r->at;
	uint32_t c;

	if (blanks)
		skip_blanks(r);
	c = peek(r);
	if (c != sign && !(r->file_name && (c == '-' || c == '_' || c == '.'))) {
		r->at = start;
		return false;
	}
	if (c != sign && sign == '/')
		r->from_dashes = true;
	r->at++;
	if (blanks)
		skip_blanks(r);
	return true;
}

static size_t
take_digits(struct reader *r, char *out, size_t max)
{
	size_t n = 0;

	while (n < max && letter_is_digit(peek(r)))
		out[n++] = (char)r->line->c[r->at++];
	out[n] = '\0';
	return letter_is_digit(peek(r)) ? 0 : n;
}

static void
append(char *out, size_t size, uint32_t c)
{
	struct buf b;
	size_t n = strlen(out);

	buf_init(&b, 8);
	text_put(&b, c);
	if (!b.failed && n + b.len < size) {
		memcpy(out + n, b.data, b.len);
		out[n + b.len] = '\0';
	}
	buf_free(&b);
}

/* seg = UVN *( UVN / LVN / DIGIT / "&" / "." ); a sign at its end belongs to the sentence. */
static bool
take_segment(struct reader *r, struct segment *s)
{
	size_t start = r->at, end;

	s->text[0] = '\0';
	if (!letter_is_upper(peek(r)))
		return false;
	while (r->at - start < SEGMENT_MAX &&
	    (letter_is_word(peek(r)) || peek(r) == '&' || (peek(r) == '.' && !r->file_name)))
		r->at++;
	if (letter_is_word(peek(r)))
		return false; /* longer than any issuer: a sentence */
	end = r->at;
	while (end > start && (r->line->c[end - 1] == '&' || r->line->c[end - 1] == '.'))
		end--;
	r->at = end;
	for (size_t i = start; i < end; i++)
		append(s->text, sizeof(s->text), r->line->c[i]);
	return true;
}

static bool
is_in(const char *text, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(text, list[i]) == 0)
			return true;
	}
	return false;
}

/* Is it a type? One that lost its stroke is repaired. */
static bool
is_type(struct reader *r, struct segment *s)
{
	if (is_in(s->text, type_codes, sizeof(type_codes) / sizeof(type_codes[0])))
		return true;
	for (size_t i = 0; i < sizeof(repairs) / sizeof(repairs[0]); i++) {
		if (strcmp(s->text, repairs[i].lost) == 0) {
			memcpy(s->text, repairs[i].meant, strlen(repairs[i].meant) + 1);
			r->repaired = true;
			return true;
		}
	}
	return false;
}

static bool
is_copy(const struct segment *s)
{
	return is_in(s->text, copy_codes, sizeof(copy_codes) / sizeof(copy_codes[0]));
}

static bool
join(struct docref *out, const char *sign, const char *text)
{
	size_t n = strlen(out->number), add = strlen(sign) + strlen(text);

	if (n + add > DOCREF_NUMBER_MAX)
		return false;
	memcpy(out->number + n, sign, strlen(sign));
	memcpy(out->number + n + strlen(sign), text, strlen(text) + 1);
	return true;
}

static void
set_type(struct docref *out, const struct segment *s)
{
	if (strlen(s->text) < TYPE_BYTES)
		memcpy(out->type, s->text, strlen(s->text) + 1);
}

/* "-UBND-VX" after the first segment; the first dash may have blanks around it. */
static unsigned
take_rest(struct reader *r, struct docref *out)
{
	struct segment s;
	unsigned count = 0;

	while (count < SEGMENTS_MAX) {
		size_t start = r->at;

		if (!take_sign(r, '-', count == 0 && !r->file_name) || !take_segment(r, &s) ||
		    !join(out, "-", s.text)) {
			r->at = start;
			break;
		}
		count++;
	}
	return count;
}

/* What follows "number /" or "number / year /". */
static bool
read_notation(struct reader *r, struct docref *out, bool with_year)
{
	struct segment s;
	bool type;

	if (!take_segment(r, &s))
		return false;
	if (with_year && strlen(s.text) == 4 && s.text[0] == 'Q' && s.text[1] == 'H' &&
	    letter_is_digit((uint8_t)s.text[2]) && letter_is_digit((uint8_t)s.text[3]))
		return join(out, "/", s.text);
	type = is_type(r, &s) || is_copy(&s);
	if (!join(out, "/", s.text))
		return false;
	if (type)
		set_type(out, &s);
	if (take_rest(r, out) > 0)
		return type || !with_year;
	return is_copy(&s);
}

/* number - TYPE / issuer, of the Party. */
static bool
read_party(struct reader *r, struct docref *out)
{
	struct segment type, issuer;

	if (peek(r) != '-')
		return false;
	r->at++;
	if (!take_segment(r, &type) || !is_type(r, &type) || peek(r) != '/')
		return false;
	r->at++;
	if (!take_segment(r, &issuer))
		return false;
	set_type(out, &type);
	return join(out, "-", type.text) && join(out, "/", issuer.text) &&
	    (take_rest(r, out), true);
}

static bool
read_year(struct reader *r, struct docref *out)
{
	char year[8];

	if (take_digits(r, year, 4) != 4 || !take_sign(r, '/', true) || !join(out, "/", year))
		return false;
	return read_notation(r, out, true);
}

/* A number that begins at r->at. */
static bool
read_number(struct reader *r, struct docref *out)
{
	char digits[NUMBER_DIGITS + 1];
	size_t after;
	struct docref empty;

	memset(out, 0, sizeof(*out));
	if (take_digits(r, digits, NUMBER_DIGITS) == 0)
		return false;
	join(out, digits[1] == '\0' ? "0" : "", digits);
	if (letter_is_lower(peek(r)) && peek(r) < 0x80) {
		append(out->number, sizeof(out->number), peek(r)); /* 12a: a number between */
		r->at++;
	}
	after = r->at;
	empty = *out;
	if (read_party(r, out))
		return true;
	*out = empty;
	r->at = after;
	if (!take_sign(r, '/', !r->file_name))
		return false;
	if (!letter_is_digit(peek(r)))
		return read_notation(r, out, false);
	return read_year(r, out);
}

/* Does a number begin here: not in the middle of a word, a date or another number? */
static bool
begins_here(const struct letter_line *line, size_t at, bool file_name)
{
	uint32_t before = at > 0 ? line->c[at - 1] : ' ';

	if (!letter_is_digit(line->c[at]) || letter_is_word(before))
		return false;
	return file_name || (before != '/' && before != '-' && before != '.' && before != '_');
}

/* "10697 & 11028/UBND-KGVX", "12, 13/TB-VP": one of several. */
static bool
is_one_of_several(const struct letter_line *line, size_t at)
{
	while (at > 0 && line->c[at - 1] == ' ')
		at--;
	if (at == 0 || (line->c[at - 1] != '&' && line->c[at - 1] != ','))
		return false;
	at--;
	while (at > 0 && line->c[at - 1] == ' ')
		at--;
	return at > 0 && letter_is_digit(line->c[at - 1]);
}

/* Do the words before it say that it is the number of another document? */
static bool
is_reference(const struct letter_line *line, size_t at)
{
	char plain[LETTER_LINE_MAX + 1];

	for (size_t i = 0; i < at; i++) {
		uint32_t c = letter_plain(letter_lower(line->c[i]));

		plain[i] = c < 0x80 ? (char)c : '?';
	}
	plain[at] = '\0';
	for (size_t i = 0; i < sizeof(reference_words) / sizeof(reference_words[0]); i++) {
		if (strstr(plain, reference_words[i]) != NULL)
			return true;
	}
	return false;
}

/* A file name without the endings that its kind and signing tools gave it. */
static void
drop_endings(struct letter_line *line)
{
	for (int i = 0; i < 3; i++) {
		size_t dot = line->n;

		while (dot > 0 && line->n - dot <= 7 && line->c[dot - 1] != '.')
			dot--;
		if (dot == 0 || line->c[dot - 1] != '.' || line->n - dot > 6)
			return;
		line->n = dot - 1;
	}
}

bool
docref_read(struct span text, bool file_name, struct docref *out)
{
	struct letter_line line;

	letter_read(text, &line);
	if (file_name)
		drop_endings(&line);
	for (size_t i = 0; i < line.n; i++) {
		struct reader r = { .line = &line, .at = i, .file_name = file_name };

		if (!begins_here(&line, i, file_name) || !read_number(&r, out))
			continue;
		out->certain = !r.repaired && !r.from_dashes && !is_one_of_several(&line, i) &&
		    !is_reference(&line, i);
		return true;
	}
	memset(out, 0, sizeof(*out));
	return false;
}

static void
take_marks(struct facts *f, struct span text)
{
	enum facts_urgency urgency = docref_urgency(text);
	unsigned secrecy = docref_secrecy(text);

	if (urgency > f->urgency)
		f->urgency = (uint8_t)urgency;
	if (secrecy > f->secrecy)
		f->secrecy = (uint8_t)secrecy;
}

void
docref_find(struct facts *f)
{
	struct docref best, other;
	enum facts_source source = FROM_NOWHERE;

	take_marks(f, facts_span(f, f->subject));
	if (docref_read(facts_span(f, f->subject), false, &best))
		source = FROM_SUBJECT;
	for (uint32_t i = 0; i < f->document_count; i++) {
		struct span name = facts_span(f, f->documents[i].name);

		take_marks(f, name);
		if (name.len == 0 || !docref_read(name, true, &other))
			continue;
		if (source == FROM_NOWHERE) {
			best = other;
			source = FROM_FILE_NAME;
		} else if (source == FROM_SUBJECT && strcmp(best.number, other.number) == 0) {
			best.certain = true; /* two witnesses */
		}
	}
	f->number_source = (uint8_t)source;
	if (source == FROM_NOWHERE)
		return;
	f->number = facts_add(f, span_str(best.number));
	f->doc_type = facts_add(f, span_str(best.type));
	f->number_certain = best.certain;
}
