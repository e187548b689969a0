/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading configuration files. libconfig is given one text from memory and opens no file
 * itself, so that what is checked (owner, mode, place) is what is read.
 *
 * libconfig 1.5 accepts some texts and reads another thing than what stands there: a number
 * above 32 bits without L wraps, a leading zero looks octal and is not, \u00e9 stays as it
 * is, \x00 ends a string, a byte-order mark is a syntax error without a line. A scanner of
 * lines refuses these with their place. It knows comments, strings, numbers and names; all
 * other syntax is left to libconfig.
 */
#include "common/conf_text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/io.h"
#include "common/span.h"
#include "common/text.h"

struct origin {
	uint16_t file;
	uint32_t line;
};

struct conf_text {
	char dir[PATH_MAX]; /* of the first file, with its slash; "" = the working one */
	unsigned file_count;
	char *files[CONF_FILES_MAX];
	struct buf whole;
	struct buf origins; /* of struct origin, one for each line of the whole */
};

/* One file being read. */
struct frame {
	struct buf bytes;
	struct span rest;
	uint16_t file;
	uint32_t line; /* of the line last taken */
	dev_t dev;
	ino_t ino;
};

struct reading {
	struct conf_text *t;
	unsigned depth;
	struct frame frames[CONF_INCLUDE_DEPTH];
	bool in_comment; /* inside a comment that began on an earlier line */
	struct error *e;
};

static struct frame *
top(struct reading *r)
{
	return &r->frames[r->depth - 1];
}

static int
fail(struct reading *r, const char *what)
{
	struct frame *f = top(r);

	return error_set(r->e, ERR_PERM, "%s:%" PRIu32 ": %s", r->t->files[f->file],
	    f->line, what);
}

/* --- scanning one line -------------------------------------------------------------- */

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(uint8_t c)
{
	return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool
is_name(uint8_t c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || is_digit(c) || c == '-' ||
	    c == '_' || c == '*';
}

/* A string from its opening quote on: the offset behind its closing one, 0 on error. */
static size_t
scan_string(struct reading *r, struct span line, size_t i)
{
	for (i++; i < line.len; i++) {
		uint8_t next = i + 1 < line.len ? line.ptr[i + 1] : 0;

		if (line.ptr[i] == '"')
			return i + 1;
		if (line.ptr[i] != '\\')
			continue;
		if (next == 'x' && i + 3 < line.len && is_hex(line.ptr[i + 2]) &&
		    is_hex(line.ptr[i + 3])) {
			if (line.ptr[i + 2] == '0' && line.ptr[i + 3] == '0') {
				fail(r, "\\x00 would end the string; leave it out");
				return 0;
			}
		} else if (next == 0 || strchr("\\\"nrtf", next) == NULL) {
			fail(r, "unknown escape in a string; a backslash is written \\\\, "
				"and letters as themselves (UTF-8)");
			return 0;
		}
		i++;
	}
	fail(r, "a string must end on the line where it begins");
	return 0;
}

/* A whole number of at most 32 bits, or with L of at most 64. */
static int
check_number(struct reading *r, struct span token)
{
	char text[72];
	struct span figures = token;
	bool hex, longer = false;
	long long value;

	if (token.len >= sizeof(text))
		return fail(r, "a number that long does not fit 64 bits");
	if (figures.ptr[0] == '-' || figures.ptr[0] == '+')
		figures = span_from(figures, 1);
	while (figures.len > 0 && figures.ptr[figures.len - 1] == 'L') {
		figures.len--;
		longer = true;
	}
	hex = span_starts_nocase(figures, span_str("0x"));
	for (size_t i = hex ? 2 : 0; i < figures.len; i++)
		if (hex ? !is_hex(figures.ptr[i]) : !is_digit(figures.ptr[i]))
			return 0; /* a fraction or a mistake: no key of ours takes it */
	if (!hex && figures.len > 1 && figures.ptr[0] == '0')
		return fail(r, "a number with a leading zero is not read as octal; "
			       "leave the zero out");
	memcpy(text, token.ptr, token.len);
	text[token.len] = '\0';
	errno = 0;
	value = strtoll(text, NULL, hex ? 16 : 10);
	if (errno == ERANGE)
		return fail(r, "the number does not fit 64 bits");
	if (!longer && (value > INT32_MAX || value < INT32_MIN))
		return fail(r, "the number does not fit 32 bits; write an L after it");
	return 0;
}

static int
scan_number(struct reading *r, struct span line, size_t *i)
{
	size_t start = (*i)++;

	while (*i < line.len) {
		uint8_t c = line.ptr[*i], before = line.ptr[*i - 1];
		bool exponent_sign = (c == '+' || c == '-') && (before | 0x20) == 'e';

		if (!is_digit(c) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && c != '.' &&
		    !exponent_sign)
			break;
		(*i)++;
	}
	return check_number(r, span_sub(line, start, *i - start));
}

static int
scan_line(struct reading *r, struct span line)
{
	size_t i = 0;

	while (i < line.len) {
		uint8_t c = line.ptr[i], next = i + 1 < line.len ? line.ptr[i + 1] : 0;

		if (r->in_comment) {
			size_t end = span_find_span(line, span_str("*/"), i);

			if (end == SPAN_NOT_FOUND)
				return 0;
			r->in_comment = false;
			i = end + 2;
		} else if (c == '#' || (c == '/' && next == '/')) {
			return 0;
		} else if (c == '/' && next == '*') {
			r->in_comment = true;
			i += 2;
		} else if (c == '"') {
			i = scan_string(r, line, i);
			if (i == 0)
				return -1;
		} else if (is_digit(c) || ((c == '-' || c == '+') && is_digit(next))) {
			if (scan_number(r, line, &i) != 0)
				return -1;
		} else if (is_name(c)) {
			while (i < line.len && is_name(line.ptr[i]))
				i++;
		} else {
			i++;
		}
	}
	return 0;
}

/* --- files --------------------------------------------------------------------------- */

/* A regular file that only root or we ourselves may change. */
static int
check_file(int fd, struct stat *st, const char **why)
{
	*why = NULL;
	if (fstat(fd, st) != 0)
		*why = "cannot be examined";
	else if (!S_ISREG(st->st_mode))
		*why = "not a regular file";
	else if ((st->st_mode & S_IWOTH) != 0)
		*why = "everybody may write it; take that right away (chmod o-w)";
	else if (st->st_uid != 0 && st->st_uid != geteuid())
		*why = "belongs neither to root nor to the user who reads it";
	return *why == NULL ? 0 : -1;
}

static int
open_file(struct reading *r, const char *path, struct frame *f)
{
	struct stat st = { 0 };
	const char *why = NULL;
	int result = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ELOOP)
		why = "a symbolic link; name the file itself";
	else if (fd < 0)
		why = error_describe(errno);
	if (why == NULL && check_file(fd, &st, &why) == 0)
		result = io_read_rest(fd, CONF_FILE_MAX, &f->bytes, r->e);
	if (why != NULL)
		error_set(r->e, ERR_PERM, "%s", why);
	if (result != 0)
		error_prefix(r->e, "%s", path);
	io_close(&fd);
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	return result;
}

static int
push(struct reading *r, const char *path)
{
	struct conf_text *t = r->t;
	struct frame *f;

	if (r->depth == CONF_INCLUDE_DEPTH)
		return fail(r, "@include nested too deep");
	if (t->file_count == CONF_FILES_MAX)
		return fail(r, "too many included files");
	t->files[t->file_count] = strdup(path);
	if (t->files[t->file_count] == NULL)
		return error_set(r->e, ERR_TEMP, "no memory");
	f = &r->frames[r->depth];
	*f = (struct frame){ .file = (uint16_t)t->file_count++ };
	buf_init(&f->bytes, CONF_FILE_MAX);
	if (open_file(r, path, f) != 0) {
		buf_free(&f->bytes);
		return -1;
	}
	for (unsigned i = 0; i < r->depth; i++)
		if (r->frames[i].dev == f->dev && r->frames[i].ino == f->ino) {
			buf_free(&f->bytes);
			return fail(r, "@include of a file that includes this one");
		}
	f->rest = buf_span(&f->bytes);
	r->depth++;
	if (span_starts_nocase(f->rest, span_str("\xef\xbb\xbf"))) {
		f->line = 1;
		return fail(r, "begins with a byte-order mark; save it as UTF-8 without one");
	}
	return 0;
}

/* The name between the quotes of an @include line; false if the line is none. */
static bool
include_name(struct span line, struct span *name)
{
	struct span s = span_trim(line);
	size_t end;

	if (!span_is(span_sub(s, 0, 8), "@include"))
		return false;
	s = span_trim(span_from(s, 8));
	end = span_find(s, '"', 1);
	*name = span_of(NULL, 0); /* not "" : refused below */
	if (s.len >= 2 && s.ptr[0] == '"' && end == s.len - 1)
		*name = span_sub(s, 1, end - 1);
	return true;
}

static bool
stays_below(struct span name)
{
	if (name.len == 0 || name.ptr[0] == '/')
		return false;
	for (size_t at = 0; at <= name.len;) {
		size_t end = span_find(name, '/', at);

		if (end == SPAN_NOT_FOUND)
			end = name.len;
		if (span_is(span_sub(name, at, end - at), ".."))
			return false;
		at = end + 1;
	}
	return true;
}

static int
include(struct reading *r, struct span name)
{
	char path[PATH_MAX];
	int n;

	if (!stays_below(name))
		return fail(r, "@include takes \"NAME\" of a file in the same folder or below");
	n = snprintf(path, sizeof(path), "%s%.*s", r->t->dir, (int)name.len,
	    (const char *)name.ptr);
	if (n < 0 || (size_t)n >= sizeof(path))
		return fail(r, "the name is too long");
	return push(r, path);
}

static int
check_bytes(struct reading *r, struct span line)
{
	for (size_t i = 0; i < line.len; i++)
		if ((line.ptr[i] < 0x20 && line.ptr[i] != '\t') || line.ptr[i] == 0x7f)
			return fail(r, "a control character");
	if (!text_is_utf8(line))
		return fail(r, "not UTF-8");
	return 0;
}

static int
take_line(struct reading *r)
{
	struct frame *f = top(r);
	size_t end = span_find(f->rest, '\n', 0);
	struct span line = span_sub(f->rest, 0, end), name;
	struct origin origin;

	f->rest = span_from(f->rest, end == SPAN_NOT_FOUND ? f->rest.len : end + 1);
	f->line++;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (check_bytes(r, line) != 0)
		return -1;
	if (!r->in_comment && include_name(line, &name))
		return include(r, name);
	if (scan_line(r, line) != 0)
		return -1;
	origin = (struct origin){ .file = f->file, .line = f->line };
	buf_put(&r->t->origins, &origin, sizeof(origin));
	buf_put_span(&r->t->whole, line);
	buf_put_byte(&r->t->whole, '\n');
	if (r->t->whole.failed || r->t->origins.failed)
		return fail(r, "with all that is included, too long");
	return 0;
}

static int
read_all(struct reading *r, const char *path)
{
	if (push(r, path) != 0)
		return -1;
	while (r->depth > 0) {
		if (top(r)->rest.len > 0) {
			if (take_line(r) != 0)
				return -1;
			continue;
		}
		if (r->in_comment)
			return fail(r, "the file ends inside a comment");
		buf_free(&top(r)->bytes);
		r->depth--;
	}
	return 0;
}

int
conf_text_read(const char *path, struct conf_text **out, struct error *e)
{
	struct conf_text *t = calloc(1, sizeof(*t));
	struct reading r = { .t = t, .e = e };
	const char *slash = strrchr(path, '/');
	int result;

	*out = NULL;
	if (t == NULL)
		return error_set(e, ERR_TEMP, "no memory");
	buf_init(&t->whole, CONF_FILE_MAX);
	buf_init(&t->origins, CONF_FILE_MAX * sizeof(struct origin));
	snprintf(t->dir, sizeof(t->dir), "%.*s", slash == NULL ? 0 : (int)(slash + 1 - path),
	    path);
	result = read_all(&r, path);
	while (r.depth > 0)
		buf_free(&r.frames[--r.depth].bytes);
	if (result != 0)
		conf_text_free(&t);
	*out = t;
	return result;
}

void
conf_text_free(struct conf_text **t)
{
	if (*t == NULL)
		return;
	for (unsigned i = 0; i < (*t)->file_count; i++)
		free((*t)->files[i]);
	buf_free(&(*t)->whole);
	buf_free(&(*t)->origins);
	free(*t);
	*t = NULL;
}

const char *
conf_text_whole(struct conf_text *t)
{
	return buf_str(&t->whole);
}

size_t
conf_text_file_count(const struct conf_text *t)
{
	return t->file_count;
}

const char *
conf_text_file(const struct conf_text *t, size_t index)
{
	return index < t->file_count ? t->files[index] : NULL;
}

void
conf_text_where(const struct conf_text *t, unsigned line, const char **file,
    unsigned *file_line)
{
	size_t count = t->origins.len / sizeof(struct origin);
	struct origin origin = { .file = 0, .line = 1 };

	/* libconfig says the line after the last for an error at the end of the file. */
	if (line > count)
		line = (unsigned)count;
	if (line > 0)
		memcpy(&origin, t->origins.data + (line - 1) * sizeof(origin),
		    sizeof(origin));
	*file = t->files[origin.file];
	*file_line = origin.line;
}
