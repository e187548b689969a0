/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zip directories (PKWARE's APPNOTE, sections 4.3.12 and 4.3.16).
 *
 * libarchive lists the entries. It reads directory headers for as long as it finds any,
 * whatever count the archive names, so the directory is walked here first, which bounds the
 * work; zip64 and archives of several parts are more than a document needs. Names in the
 * local headers and in the directory must agree: some readers show the one, some the other.
 */
#include "gateway/inspect/content_zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <string.h>

#include "gateway/inspect/content_type.h"
#include "gateway/model/facts.h"

enum { END_SIZE = 22, CENTRAL_SIZE = 46, LOCAL_SIZE = 30 };

static uint32_t
u16(const uint8_t *p)
{
	return (uint32_t)(p[0] | p[1] << 8);
}

static uint32_t
u32(const uint8_t *p)
{
	return u16(p) | u16(p + 2) << 16;
}

/* The record that ends the directory; SPAN_NOT_FOUND when there is none. */
static size_t
find_end(struct span s)
{
	size_t first = s.len > CONTENT_TAIL ? s.len - CONTENT_TAIL : 0;

	for (size_t at = s.len < END_SIZE ? 0 : s.len - END_SIZE + 1; at-- > first;)
		if (memcmp(s.ptr + at, "PK\x05\x06", 4) == 0 &&
		    at + END_SIZE + u16(s.ptr + at + 20) == s.len)
			return at;
	return SPAN_NOT_FOUND;
}

/* Does the local header of a directory header name the same entry? */
static bool
same_local_name(struct span s, size_t base, const uint8_t *central)
{
	size_t at = base + u32(central + 42), length = u16(central + 28);

	return at <= s.len && s.len - at >= LOCAL_SIZE + length &&
	    memcmp(s.ptr + at, "PK\x03\x04", 4) == 0 && u16(s.ptr + at + 26) == length &&
	    memcmp(s.ptr + at + LOCAL_SIZE, central + CENTRAL_SIZE, length) == 0;
}

/* Walk the directory. Returns flags; 0 when libarchive may list it. */
static uint32_t
walk(struct span s)
{
	size_t end = find_end(s), at, start, base, entries = 0;
	uint64_t unpacked = 0;

	if (end == SPAN_NOT_FOUND || u16(s.ptr + end + 4) != 0 ||
	    u16(s.ptr + end + 10) > ZIP_ENTRIES_MAX)
		return DOCUMENT_ARCHIVE_LIMIT;
	if (u32(s.ptr + end + 12) > end)
		return DOCUMENT_ARCHIVE_LIMIT;
	start = end - u32(s.ptr + end + 12);
	if (u32(s.ptr + end + 16) > start)
		return DOCUMENT_ARCHIVE_LIMIT;
	base = start - u32(s.ptr + end + 16); /* what stands before the archive */
	for (at = start; end - at >= CENTRAL_SIZE; entries++) {
		const uint8_t *p = s.ptr + at;
		size_t length = (size_t)CENTRAL_SIZE + u16(p + 28) + u16(p + 30) + u16(p + 32);
		uint64_t packed = u32(p + 20), size = u32(p + 24);

		if (memcmp(p, "PK\x01\x02", 4) != 0 || length > end - at ||
		    entries == ZIP_ENTRIES_MAX || size == UINT32_MAX)
			return DOCUMENT_ARCHIVE_LIMIT;
		if (!same_local_name(s, base, p))
			return DOCUMENT_ARCHIVE_LIMIT | DOCUMENT_TYPE_CONFLICT;
		unpacked += size;
		if (unpacked > ZIP_UNPACKED_MAX ||
		    (size > (1u << 20) && size / ZIP_RATIO_MAX > packed))
			return DOCUMENT_ARCHIVE_LIMIT;
		at += length;
	}
	if (at != end || entries != u16(s.ptr + end + 10))
		return DOCUMENT_ARCHIVE_LIMIT | DOCUMENT_TYPE_CONFLICT;
	return 0;
}

static bool
ends_with(struct span s, const char *tail)
{
	struct span t = span_str(tail);

	return s.len >= t.len && span_equal_nocase(span_from(s, s.len - t.len), t);
}

static uint32_t
look_at_entry(struct archive_entry *entry)
{
	const char *path = archive_entry_pathname_utf8(entry);
	uint32_t flags = 0;

	if (path == NULL)
		path = archive_entry_pathname(entry);
	struct span name = span_str(path == NULL ? "" : path);

	if (ends_with(name, "vbaProject.bin") || ends_with(name, "Basic/script-lc.xml"))
		flags |= DOCUMENT_MACROS;
	if (content_name_runs(name))
		flags |= DOCUMENT_EXECUTABLE;
	if (content_name_packs(name))
		flags |= DOCUMENT_ARCHIVE_LIMIT; /* an archive inside is not looked into */
	if (archive_entry_is_encrypted(entry))
		flags |= DOCUMENT_ENCRYPTED;
	return flags;
}

uint32_t
content_zip_look(struct span bytes)
{
	uint32_t flags = walk(bytes);
	struct archive *a;
	struct archive_entry *entry;
	int r;

	if (flags != 0)
		return flags;
	a = archive_read_new();
	if (a == NULL)
		return DOCUMENT_ARCHIVE_LIMIT;
	if (archive_read_support_format_zip_seekable(a) != ARCHIVE_OK ||
	    archive_read_open_memory(a, bytes.ptr, bytes.len) != ARCHIVE_OK) {
		archive_read_free(a);
		return DOCUMENT_ARCHIVE_LIMIT;
	}
	while ((r = archive_read_next_header(a, &entry)) == ARCHIVE_OK || r == ARCHIVE_WARN)
		flags |= look_at_entry(entry);
	if (r != ARCHIVE_EOF)
		flags |= DOCUMENT_ARCHIVE_LIMIT;
	archive_read_free(a);
	return flags;
}
