/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool. Small messages stay in a memfd, sealed so that nobody, we included, can change
 * them. A message that outgrows SPOOL_MEMORY_MAX moves to a file in the spool folder that is
 * opened twice (to write, to read) and unlinked before its first byte: a crash leaves
 * nothing behind. Its blocks are written, never left as holes, and it is never truncated,
 * so a mapping of it cannot raise SIGBUS. Mappings are private ones: kernels before 6.7
 * refuse a shared mapping, even to read, of a memfd sealed against writing.
 */
#include "gateway/model/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"

#define SPOOL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

struct spool {
	int write_fd;
	int read_fd; /* == write_fd for a memfd */
	bool in_memory;
	char *directory;
	size_t max;
	size_t size;
	void *map; /* NULL until sealed, and for an empty spool */
	bool sealed;
	struct spool_digests *digests;
};

/* Computed when first asked for: the inspector, for one, never asks. */
struct spool_digests {
	bool have_all, have_body;
	uint8_t all[DIGEST_SIZE];
	uint8_t body[DIGEST_SIZE];
};

static struct spool *
spool_alloc(size_t max, struct error *e)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->digests = calloc(1, sizeof(*s->digests));
	if (s == NULL || s->digests == NULL) {
		free(s);
		error_set(e, ERR_TEMP, "spool: no memory");
		return NULL;
	}
	s->write_fd = s->read_fd = -1;
	s->max = max;
	return s;
}

int
spool_new_content(size_t max, int *fd, struct error *e)
{
	(void)max; /* enforced when it is adopted; a memfd has no own limit */
	*fd = memfd_create("vanthu-content", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0)
		return error_errno(e, ERR_TEMP, errno, "spool: no memory for a message");
	return 0;
}

int
spool_new(const char *directory, size_t max, struct spool **out, struct error *e)
{
	struct spool *s = spool_alloc(max, e);

	*out = NULL;
	if (s == NULL)
		return -1;
	s->in_memory = true;
	if (directory != NULL && (s->directory = strdup(directory)) == NULL) {
		error_set(e, ERR_TEMP, "spool: no memory");
		goto fail;
	}
	if (spool_new_content(max, &s->write_fd, e) != 0)
		goto fail;
	s->read_fd = s->write_fd;
	*out = s;
	return 0;
fail:
	spool_free(&s);
	return -1;
}

void
spool_free(struct spool **sp)
{
	struct spool *s = *sp;

	if (s == NULL)
		return;
	if (s->map != NULL)
		munmap(s->map, s->size);
	if (s->read_fd != s->write_fd)
		io_close(&s->read_fd);
	io_close(&s->write_fd);
	free(s->digests);
	free(s->directory);
	free(s);
	*sp = NULL;
}

/* A file without a name, open for writing and, by a second descriptor, for reading. */
static int
open_file(const char *directory, int *write_fd, int *read_fd, struct error *e)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/message.XXXXXX", directory) >=
	    (int)sizeof(path))
		return error_set(e, ERR_BUG, "spool: the folder's name is too long");
	*write_fd = mkostemp(path, O_CLOEXEC);
	if (*write_fd < 0)
		return error_errno(e, ERR_TEMP, errno, "spool: cannot write in %s",
		    directory);
	*read_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (unlink(path) != 0 || *read_fd < 0) {
		error_errno(e, ERR_TEMP, errno, "spool: cannot use %s", directory);
		io_close(write_fd);
		io_close(read_fd);
		return -1;
	}
	return 0;
}

/* The message has outgrown memory: what came so far goes to the file. */
static int
move_to_file(struct spool *s, struct error *e)
{
	int write_fd, read_fd;
	void *map = NULL;
	int result = -1;

	if (open_file(s->directory, &write_fd, &read_fd, e) != 0)
		return -1;
	if (s->size > 0) {
		map = mmap(NULL, s->size, PROT_READ, MAP_PRIVATE, s->write_fd, 0);
		if (map == MAP_FAILED) {
			map = NULL;
			error_errno(e, ERR_TEMP, errno, "spool: cannot map");
			goto out;
		}
	}
	if (io_write_all(write_fd, span_of(map, s->size), e) != 0)
		goto out;
	io_close(&s->write_fd);
	s->write_fd = write_fd;
	s->read_fd = read_fd;
	s->in_memory = false;
	result = 0;
out:
	if (map != NULL)
		munmap(map, s->size);
	if (result != 0) {
		io_close(&write_fd);
		io_close(&read_fd);
	}
	return result;
}

int
spool_append(struct spool *s, struct span bytes, struct error *e)
{
	if (s->sealed)
		return error_set(e, ERR_BUG, "spool: written after it was sealed");
	if (bytes.len > s->max - s->size)
		return error_set(e, ERR_PERM, "the message has more than %zu bytes", s->max);
	if (s->in_memory && s->directory != NULL &&
	    s->size + bytes.len > SPOOL_MEMORY_MAX && move_to_file(s, e) != 0)
		return -1;
	if (io_write_all(s->write_fd, bytes, e) != 0)
		return error_prefix(e, "spool");
	s->size += bytes.len;
	return 0;
}

static bool
is_trace_field(struct span line)
{
	static const struct span names[] = {
		SPAN_LIT("Return-Path:"),
		SPAN_LIT("Received:"),
		SPAN_LIT("Delivered-To:"),
		SPAN_LIT("X-Original-To:"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (span_starts_nocase(line, names[i]))
			return true;
	}
	return false;
}

/* Where the leading trace fields, with their folded lines, end. */
static size_t
trace_end(struct span bytes)
{
	size_t at = 0;
	bool in_trace = false;

	while (at < bytes.len) {
		size_t newline = span_find(bytes, '\n', at);
		size_t next = newline == SPAN_NOT_FOUND ? bytes.len : newline + 1;
		struct span line = span_sub(bytes, at, next - at);
		bool folded = line.ptr[0] == ' ' || line.ptr[0] == '\t';

		if (folded ? !in_trace : !is_trace_field(line))
			break;
		in_trace = true;
		at = next;
	}
	return at;
}

static int
spool_map(struct spool *s, struct error *e)
{
	if (s->size > 0) {
		s->map = mmap(NULL, s->size, PROT_READ, MAP_PRIVATE, s->read_fd, 0);
		if (s->map == MAP_FAILED) {
			s->map = NULL;
			return error_errno(e, ERR_TEMP, errno, "spool: cannot map");
		}
	}
	s->sealed = true;
	return 0;
}

int
spool_seal(struct spool *s, struct error *e)
{
	if (s->sealed)
		return error_set(e, ERR_BUG, "spool: sealed twice");
	if (s->in_memory && fcntl(s->write_fd, F_ADD_SEALS, SPOOL_SEALS) != 0)
		return error_errno(e, ERR_TEMP, errno, "spool: cannot seal");
	if (spool_map(s, e) != 0)
		return -1;
	if (!s->in_memory)
		io_close(&s->write_fd);
	return 0;
}

struct span
spool_bytes(const struct spool *s)
{
	return span_of(s->map, s->map == NULL ? 0 : s->size);
}

int
spool_descriptor(const struct spool *s)
{
	return s->read_fd;
}

size_t
spool_size(const struct spool *s)
{
	return s->size;
}

const uint8_t *
spool_digest(const struct spool *s)
{
	if (!s->digests->have_all)
		digest_of(spool_bytes(s), s->digests->all);
	s->digests->have_all = true;
	return s->digests->all;
}

size_t
spool_body_offset(const struct spool *s)
{
	return trace_end(span_sub(spool_bytes(s), 0, SPOOL_TRACE_MAX));
}

const uint8_t *
spool_body_digest(const struct spool *s)
{
	if (!s->digests->have_body)
		digest_of(span_from(spool_bytes(s), spool_body_offset(s)), s->digests->body);
	s->digests->have_body = true;
	return s->digests->body;
}

/* Can nobody change these bytes under us: sealed, or a file that has no name any more? */
static bool
is_immutable(int fd, const struct stat *st, bool *in_memory)
{
	int seals = fcntl(fd, F_GET_SEALS);

	*in_memory = seals >= 0;
	if (seals >= 0)
		return (seals & (F_SEAL_WRITE | F_SEAL_SHRINK)) ==
		    (F_SEAL_WRITE | F_SEAL_SHRINK);
	return S_ISREG(st->st_mode) && st->st_nlink == 0;
}

int
spool_from_descriptor(int fd, size_t max, struct spool **out, struct error *e)
{
	struct spool *s = spool_alloc(max, e);
	struct stat st;

	*out = NULL;
	if (s == NULL) {
		io_close(&fd);
		return -1;
	}
	s->write_fd = s->read_fd = fd;
	if (fstat(fd, &st) != 0) {
		error_errno(e, ERR_TEMP, errno, "spool: cannot stat");
		goto fail;
	}
	if (!is_immutable(fd, &st, &s->in_memory)) {
		error_set(e, ERR_TEMP, "spool: the bytes passed could still be changed");
		goto fail;
	}
	if (st.st_size < 0 || (uint64_t)st.st_size > max) {
		error_set(e, ERR_PERM, "the message has more than %zu bytes", max);
		goto fail;
	}
	s->size = (size_t)st.st_size;
	if (spool_map(s, e) != 0)
		goto fail;
	*out = s;
	return 0;
fail:
	spool_free(&s);
	return -1;
}

int
spool_adopt(int fd, size_t max, struct spool **out, struct error *e)
{
	*out = NULL;
	if (fcntl(fd, F_ADD_SEALS, SPOOL_SEALS) != 0) {
		error_errno(e, ERR_TEMP, errno, "spool: cannot seal what was written");
		io_close(&fd);
		return -1;
	}
	return spool_from_descriptor(fd, max, out, e);
}
