/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The type of a document. libmagic gives a first answer from the first bytes; it can be
 * fooled (a PDF behind other text, a zip behind anything, scripts that look like text), so
 * three views are compared: what the bytes say, what the extension says, what the sender
 * declared. Each is mapped to a family; two families that differ are a conflict, which a
 * policy answers. Nothing here decides.
 */
#include "gateway/inspect/content_type.h"

#include <magic.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/model/facts.h"

struct magic_set {
	magic_t cookie;
};

enum family {
	FAMILY_ANY, /* says nothing */
	FAMILY_PDF,
	FAMILY_OLE,
	FAMILY_OOXML,
	FAMILY_ODF,
	FAMILY_ZIP,
	FAMILY_ARCHIVE,
	FAMILY_IMAGE,
	FAMILY_TEXT,
	FAMILY_RTF,
	FAMILY_MAIL,
	FAMILY_SIGNATURE,
	FAMILY_MEDIA,
	FAMILY_PROGRAM,
};

struct rule {
	const char *prefix; /* of a media type, or a whole extension */
	enum family family;
};

static const struct rule types[] = {
	{ "application/pdf", FAMILY_PDF }, { "application/x-pdf", FAMILY_PDF },
	{ "application/msword", FAMILY_OLE }, { "application/vnd.ms-excel.", FAMILY_OOXML },
	{ "application/vnd.ms-word.", FAMILY_OOXML },
	{ "application/vnd.ms-powerpoint.", FAMILY_OOXML },
	{ "application/vnd.ms-office", FAMILY_OLE },
	{ "application/vnd.ms-excel", FAMILY_OLE },
	{ "application/vnd.ms-powerpoint", FAMILY_OLE },
	{ "application/x-ole-storage", FAMILY_OLE }, { "application/cdfv2", FAMILY_OLE },
	{ "application/vnd.ms-outlook", FAMILY_OLE }, { "application/encrypted", FAMILY_OLE },
	{ "application/vnd.openxmlformats-officedocument", FAMILY_OOXML },
	{ "application/vnd.oasis.opendocument", FAMILY_ODF },
	{ "application/zip", FAMILY_ZIP }, { "application/x-zip", FAMILY_ZIP },
	{ "application/java-archive", FAMILY_PROGRAM },
	{ "application/x-rar", FAMILY_ARCHIVE }, { "application/vnd.rar", FAMILY_ARCHIVE },
	{ "application/x-7z-compressed", FAMILY_ARCHIVE },
	{ "application/gzip", FAMILY_ARCHIVE }, { "application/x-gzip", FAMILY_ARCHIVE },
	{ "application/x-tar", FAMILY_ARCHIVE }, { "application/x-bzip2", FAMILY_ARCHIVE },
	{ "application/x-xz", FAMILY_ARCHIVE }, { "application/zstd", FAMILY_ARCHIVE },
	{ "application/x-iso9660-image", FAMILY_ARCHIVE },
	{ "application/vnd.ms-cab-compressed", FAMILY_ARCHIVE },
	{ "image/", FAMILY_IMAGE }, { "application/rtf", FAMILY_RTF }, { "text/rtf", FAMILY_RTF },
	{ "text/x-shellscript", FAMILY_PROGRAM }, { "text/x-msdos-batch", FAMILY_PROGRAM },
	{ "text/x-python", FAMILY_PROGRAM }, { "text/x-perl", FAMILY_PROGRAM },
	{ "text/x-script", FAMILY_PROGRAM },
	{ "application/javascript", FAMILY_PROGRAM }, { "text/javascript", FAMILY_PROGRAM },
	{ "text/", FAMILY_TEXT }, { "application/xml", FAMILY_TEXT },
	{ "application/json", FAMILY_TEXT }, { "application/csv", FAMILY_TEXT },
	{ "message/", FAMILY_MAIL },
	{ "application/pkcs7", FAMILY_SIGNATURE }, { "application/x-pkcs7", FAMILY_SIGNATURE },
	{ "application/pkix", FAMILY_SIGNATURE },
	{ "audio/", FAMILY_MEDIA }, { "video/", FAMILY_MEDIA },
	{ "application/x-dosexec", FAMILY_PROGRAM },
	{ "application/vnd.microsoft.portable-executable", FAMILY_PROGRAM },
	{ "application/x-executable", FAMILY_PROGRAM },
	{ "application/x-pie-executable", FAMILY_PROGRAM },
	{ "application/x-sharedlib", FAMILY_PROGRAM },
	{ "application/x-object", FAMILY_PROGRAM },
	{ "application/x-mach-binary", FAMILY_PROGRAM },
	{ "application/x-msdownload", FAMILY_PROGRAM },
	{ "application/x-ms-shortcut", FAMILY_PROGRAM },
	{ "application/x-msi", FAMILY_PROGRAM },
	{ "application/x-java-applet", FAMILY_PROGRAM },
};

static const struct rule extensions[] = {
	{ "pdf", FAMILY_PDF },
	{ "doc", FAMILY_OLE }, { "dot", FAMILY_OLE }, { "xls", FAMILY_OLE },
	{ "xlt", FAMILY_OLE }, { "ppt", FAMILY_OLE }, { "pps", FAMILY_OLE },
	{ "msg", FAMILY_OLE }, { "vsd", FAMILY_OLE },
	{ "docx", FAMILY_OOXML }, { "docm", FAMILY_OOXML }, { "dotx", FAMILY_OOXML },
	{ "dotm", FAMILY_OOXML }, { "xlsx", FAMILY_OOXML }, { "xlsm", FAMILY_OOXML },
	{ "xlsb", FAMILY_OOXML }, { "xltx", FAMILY_OOXML }, { "xltm", FAMILY_OOXML },
	{ "pptx", FAMILY_OOXML }, { "pptm", FAMILY_OOXML }, { "ppsx", FAMILY_OOXML },
	{ "odt", FAMILY_ODF }, { "ods", FAMILY_ODF }, { "odp", FAMILY_ODF },
	{ "zip", FAMILY_ZIP }, { "edxml", FAMILY_TEXT },
	{ "rar", FAMILY_ARCHIVE }, { "7z", FAMILY_ARCHIVE }, { "gz", FAMILY_ARCHIVE },
	{ "tgz", FAMILY_ARCHIVE }, { "tar", FAMILY_ARCHIVE }, { "bz2", FAMILY_ARCHIVE },
	{ "xz", FAMILY_ARCHIVE }, { "zst", FAMILY_ARCHIVE }, { "iso", FAMILY_ARCHIVE },
	{ "img", FAMILY_ARCHIVE }, { "cab", FAMILY_ARCHIVE }, { "arj", FAMILY_ARCHIVE },
	{ "lzh", FAMILY_ARCHIVE }, { "ace", FAMILY_ARCHIVE },
	{ "jpg", FAMILY_IMAGE }, { "jpeg", FAMILY_IMAGE }, { "png", FAMILY_IMAGE },
	{ "gif", FAMILY_IMAGE }, { "bmp", FAMILY_IMAGE }, { "tif", FAMILY_IMAGE },
	{ "tiff", FAMILY_IMAGE }, { "webp", FAMILY_IMAGE }, { "svg", FAMILY_IMAGE },
	{ "txt", FAMILY_TEXT }, { "csv", FAMILY_TEXT }, { "xml", FAMILY_TEXT },
	{ "htm", FAMILY_TEXT }, { "html", FAMILY_TEXT }, { "ics", FAMILY_TEXT },
	{ "vcf", FAMILY_TEXT }, { "log", FAMILY_TEXT }, { "json", FAMILY_TEXT },
	{ "rtf", FAMILY_RTF }, { "eml", FAMILY_MAIL },
	{ "p7s", FAMILY_SIGNATURE }, { "p7m", FAMILY_SIGNATURE }, { "p7b", FAMILY_SIGNATURE },
	{ "cer", FAMILY_SIGNATURE }, { "crt", FAMILY_SIGNATURE },
	{ "mp3", FAMILY_MEDIA }, { "mp4", FAMILY_MEDIA }, { "wav", FAMILY_MEDIA },
	{ "avi", FAMILY_MEDIA }, { "mov", FAMILY_MEDIA },
	{ "exe", FAMILY_PROGRAM }, { "scr", FAMILY_PROGRAM }, { "com", FAMILY_PROGRAM },
	{ "bat", FAMILY_PROGRAM }, { "cmd", FAMILY_PROGRAM }, { "pif", FAMILY_PROGRAM },
	{ "js", FAMILY_PROGRAM }, { "jse", FAMILY_PROGRAM }, { "vbs", FAMILY_PROGRAM },
	{ "vbe", FAMILY_PROGRAM }, { "wsf", FAMILY_PROGRAM }, { "wsh", FAMILY_PROGRAM },
	{ "wsc", FAMILY_PROGRAM }, { "hta", FAMILY_PROGRAM }, { "ps1", FAMILY_PROGRAM },
	{ "psm1", FAMILY_PROGRAM }, { "lnk", FAMILY_PROGRAM }, { "url", FAMILY_PROGRAM },
	{ "msi", FAMILY_PROGRAM }, { "msp", FAMILY_PROGRAM }, { "jar", FAMILY_PROGRAM },
	{ "cpl", FAMILY_PROGRAM }, { "reg", FAMILY_PROGRAM }, { "dll", FAMILY_PROGRAM },
	{ "ocx", FAMILY_PROGRAM }, { "sys", FAMILY_PROGRAM }, { "chm", FAMILY_PROGRAM },
	{ "hlp", FAMILY_PROGRAM }, { "scf", FAMILY_PROGRAM }, { "inf", FAMILY_PROGRAM },
	{ "apk", FAMILY_PROGRAM }, { "sh", FAMILY_PROGRAM }, { "py", FAMILY_PROGRAM },
	{ "one", FAMILY_PROGRAM }, { "xll", FAMILY_PROGRAM }, { "gadget", FAMILY_PROGRAM },
	{ "application", FAMILY_PROGRAM }, { "appref-ms", FAMILY_PROGRAM },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

int
content_type_open(struct magic_set **out, struct error *e)
{
	struct magic_set *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return error_set(e, ERR_TEMP, "content: no memory");
	/* Its tests for texts take half a second for 64 KB of line ends. */
	m->cookie = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_RAW |
	    MAGIC_NO_CHECK_TEXT);
	if (m->cookie == NULL || magic_load(m->cookie, NULL) != 0) {
		error_set(e, ERR_PERM, "content: libmagic's database cannot be loaded: %s",
		    m->cookie == NULL ? "no memory" : magic_error(m->cookie));
		content_type_close(&m);
		return -1;
	}
	*out = m;
	return 0;
}

void
content_type_close(struct magic_set **m)
{
	if (*m == NULL)
		return;
	if ((*m)->cookie != NULL)
		magic_close((*m)->cookie);
	free(*m);
	*m = NULL;
}

static enum family
family_of_type(struct span type)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (span_starts_nocase(type, span_str(types[i].prefix)))
			return types[i].family;
	return FAMILY_ANY;
}

static enum family
family_of_name(struct span name)
{
	size_t dot = name.len;

	while (dot > 0 && name.ptr[dot - 1] != '.')
		dot--;
	if (dot == 0)
		return FAMILY_ANY;
	for (size_t i = 0; i < COUNT(extensions); i++)
		if (span_is_nocase(span_trim(span_from(name, dot)), extensions[i].prefix))
			return extensions[i].family;
	return FAMILY_ANY;
}

bool
content_name_runs(struct span name)
{
	return family_of_name(name) == FAMILY_PROGRAM;
}

bool
content_name_packs(struct span name)
{
	enum family f = family_of_name(name);

	return f == FAMILY_ZIP || f == FAMILY_ARCHIVE;
}

/* Two views that can both be right of one document. */
static bool
agree(enum family a, enum family b)
{
	static const enum family fine[][2] = {
		{ FAMILY_ZIP, FAMILY_OOXML }, { FAMILY_ZIP, FAMILY_ODF },
		{ FAMILY_OLE, FAMILY_RTF },   /* Word saves RTF as .doc */
		{ FAMILY_OLE, FAMILY_OOXML }, /* an encrypted .docx is OLE; senders mix them up */
		{ FAMILY_RTF, FAMILY_TEXT }, { FAMILY_MAIL, FAMILY_TEXT },
		{ FAMILY_IMAGE, FAMILY_TEXT }, /* SVG */
		{ FAMILY_ZIP, FAMILY_ARCHIVE },
		{ FAMILY_SIGNATURE, FAMILY_TEXT }, /* PEM */
	};

	if (a == b || a == FAMILY_ANY || b == FAMILY_ANY)
		return true;
	for (size_t i = 0; i < COUNT(fine); i++)
		if ((fine[i][0] == a && fine[i][1] == b) || (fine[i][0] == b && fine[i][1] == a))
			return true;
	return false;
}

/* A zip directory that ends the bytes, whatever they begin with. */
static bool
ends_as_zip(struct span tail)
{
	for (size_t at = 0; tail.len >= 22; at++) {
		at = span_find_span(tail, span_str("PK\x05\x06"), at);
		if (at == SPAN_NOT_FOUND || tail.len - at < 22)
			return false;
		if (at + 22u + tail.ptr[at + 20] + 256u * tail.ptr[at + 21] == tail.len)
			return true;
	}
	return false;
}

static bool
begins_with(struct span s, const char *sign, size_t length)
{
	return s.len >= length && memcmp(s.ptr, sign, length) == 0;
}

/* What kind of text it is, by how it begins; empty when it is none. */
static struct span
text_type(struct span head)
{
	static const struct {
		const char *start, *type;
	} starts[] = {
		{ "#!", "text/x-shellscript" }, { "<!doctype html", "text/html" },
		{ "<html", "text/html" }, { "<head", "text/html" }, { "<body", "text/html" },
		{ "<script", "text/html" }, { "<hta:", "text/html" },
		{ "<?xml", "text/xml" }, { "<?php", "text/x-script.php" },
		{ "<job", "text/x-script.wsf" }, { "<svg", "image/svg+xml" },
		{ "@echo", "text/x-msdos-batch" }, { "BEGIN:VCALENDAR", "text/calendar" },
		{ "From: ", "message/rfc822" }, { "Received: ", "message/rfc822" },
		{ "Return-Path: ", "message/rfc822" },
	};
	struct span text = span_sub(head, 0, 4096);

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < 0x20 && memchr("\t\n\f\r\x1b", text.ptr[i], 5) == NULL)
			return span_of("", 0);
	if (begins_with(text, "\xef\xbb\xbf", 3))
		text = span_from(text, 3);
	text = span_trim(text);
	for (size_t i = 0; i < COUNT(starts); i++)
		if (span_starts_nocase(text, span_str(starts[i].start)))
			return span_str(starts[i].type);
	return span_str("text/plain");
}

static struct span
sniff(struct magic_set *m, const struct content_look *look, uint32_t *flags)
{
	const char *found;
	struct span type, start = span_sub(look->head, 0, 1024);
	size_t pdf = span_find_span(start, span_str("%PDF-"), 0);

	if (look->size == 0)
		return span_str("application/x-empty");
	found = magic_buffer(m->cookie, look->head.ptr, look->head.len);
	type = span_str(found == NULL ? "application/octet-stream" : found);
	if (span_is(type, "application/octet-stream") && text_type(look->head).len > 0)
		type = text_type(look->head);
	if (pdf != SPAN_NOT_FOUND && family_of_type(type) != FAMILY_PDF) {
		/* Readers look for it in the first 1024 bytes. */
		*flags |= DOCUMENT_TYPE_CONFLICT;
		return span_str("application/pdf");
	}
	if (begins_with(look->head, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) &&
	    family_of_type(type) != FAMILY_OLE)
		return span_str("application/x-ole-storage");
	if (begins_with(look->head, "MZ", 2)) {
		*flags |= DOCUMENT_EXECUTABLE;
		if (family_of_type(type) != FAMILY_PROGRAM)
			return span_str("application/x-dosexec");
	}
	return type;
}

struct span
content_type_of(struct magic_set *m, const struct content_look *look, uint32_t *flags)
{
	struct span type = sniff(m, look, flags);
	enum family bytes = family_of_type(type), name = family_of_name(look->name);
	enum family declared = family_of_type(look->declared);
	bool zip = begins_with(look->head, "PK\x03\x04", 4) ||
	    begins_with(look->head, "PK\x05\x06", 4); /* an empty one */

	if (bytes == FAMILY_PROGRAM || name == FAMILY_PROGRAM || declared == FAMILY_PROGRAM)
		*flags |= DOCUMENT_EXECUTABLE;
	if (!agree(bytes, name) || !agree(bytes, declared) || !agree(name, declared))
		*flags |= DOCUMENT_TYPE_CONFLICT;
	if (ends_as_zip(look->tail)) {
		*flags |= DOCUMENT_ARCHIVE;
		if (!zip)
			*flags |= DOCUMENT_TYPE_CONFLICT;
	}
	if (zip || bytes == FAMILY_ARCHIVE)
		*flags |= DOCUMENT_ARCHIVE;
	if (bytes == FAMILY_OLE && look->has_macro_storage)
		*flags |= DOCUMENT_MACROS;
	if (span_is_nocase(type, "application/encrypted") ||
	    (bytes == FAMILY_PDF && look->has_pdf_encryption))
		*flags |= DOCUMENT_ENCRYPTED;
	return type;
}
