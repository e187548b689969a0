/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts: what is true of the bytes. Made by inspect; read by decide, act and the ledger.
 * Flat, bounded, without pointers: text lives in one pool and is named by offset. The
 * decoder treats the sender as hostile and checks every offset, count and enum again.
 */
#ifndef VANTHU_MODEL_FACTS_H
#define VANTHU_MODEL_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/span.h"
#include "gateway/model/limits.h"
#include "gateway/model/reason.h"

#define FACTS_POOL_MAX (64 * 1024)
#define FACTS_ENCODED_MAX (144 * 1024)
#define FACTS_FIELDS_MAX 256
#define FACTS_NONE UINT32_MAX

struct facts_text {
	uint32_t offset, length; /* in the pool; UTF-8 unless said otherwise */
};

/* A range of bytes of the message, or of the opaque content. */
enum facts_origin { ORIGIN_MESSAGE = 0, ORIGIN_CONTENT = 1 };

struct facts_range {
	uint64_t start, end; /* [start, end) */
};

enum facts_part_kind { PART_LEAF, PART_MULTIPART, PART_MESSAGE };
enum facts_encoding { ENCODING_7BIT, ENCODING_8BIT, ENCODING_BINARY, ENCODING_QP, ENCODING_BASE64 };

struct facts_part {
	uint32_t parent; /* index of the part around it; FACTS_NONE for the root */
	uint16_t depth;
	uint8_t kind;     /* enum facts_part_kind */
	uint8_t encoding; /* enum facts_encoding */
	uint8_t origin;   /* enum facts_origin */
	uint8_t has_8bit; /* the body holds a byte above 0x7f */
	uint8_t long_line; /* a line above 998, or a bare CR, LF or NUL */
	struct facts_range header; /* up to and without the empty line */
	struct facts_range body;
	struct facts_range encoding_field; /* its Content-Transfer-Encoding field; 0,0 = none */
	struct facts_text type;            /* "text/plain", lower case ASCII */
};

/* Fields of the root header that signing, relaying and stripping must find again. */
enum facts_field_kind {
	FIELD_TRACE,        /* Return-Path, Received, Delivered-To, X-Original-To on top */
	FIELD_CONTENT,      /* Content-* */
	FIELD_MIME_VERSION,
	FIELD_FROM,
	FIELD_SUBJECT,
	FIELD_TO,           /* To, Cc, Date, Message-ID: what header protection copies */
	FIELD_OWN,          /* a forged copy of a header that only we may write (C13) */
};

struct facts_field {
	struct facts_range range; /* the whole field with its last CRLF */
	uint8_t kind;
};

enum check_id {
	CHECK_STRUCTURE,
	CHECK_INTEGRITY,
	CHECK_ALGORITHMS,
	CHECK_PATH,
	CHECK_REVOCATION,
	CHECK_USAGE,
	CHECK_IDENTITY,
	CHECK_COUNT,
};
enum check_state { CHECK_SKIPPED = 0, CHECK_OK, CHECK_FAIL, CHECK_UNKNOWN };

const char *
check_name(enum check_id c); /* "structure", ... */
const char *
check_state_name(enum check_state s); /* "ok", "fail", "skipped", "unknown" */

struct facts_check {
	uint8_t state;
	uint16_t reason; /* enum reason; REASON_NONE when there is nothing to say */
	struct facts_text arg1, arg2;
};

struct facts_note {
	uint16_t reason;
	struct facts_text arg1, arg2;
};

enum signature_form { SIGNATURE_NONE, SIGNATURE_DETACHED, SIGNATURE_OPAQUE };

struct facts_signer {
	struct facts_text address; /* the address that matched From, else the first one */
	struct facts_text subject, issuer; /* RFC 2253 form */
	struct facts_text serial;          /* lower-case hex */
	uint8_t sha256[DIGEST_SIZE];       /* of the certificate's DER */
	int64_t not_before, not_after;     /* seconds */
	int64_t signing_time;              /* claimed by the signer; 0 = absent */
	struct facts_text chain; /* DER, signer first, anchor last, one after the other */
};

/* What kind of thing a document is, beyond its media type. */
enum facts_document_flag {
	DOCUMENT_TYPE_CONFLICT = 1 << 0, /* declared type, extension and content disagree */
	DOCUMENT_EXECUTABLE = 1 << 1,
	DOCUMENT_MACROS = 1 << 2,
	DOCUMENT_ENCRYPTED = 1 << 3,
	DOCUMENT_ARCHIVE = 1 << 4,
	DOCUMENT_ARCHIVE_LIMIT = 1 << 5, /* more or deeper than we look into */
	DOCUMENT_BODY = 1 << 6,          /* the text of the mail itself, no file name */
};

struct facts_document {
	uint32_t part;              /* index of the part it is in */
	struct facts_text name;     /* decoded, NFC, not yet made safe for a disk */
	struct facts_text declared; /* media type the sender wrote */
	struct facts_text type;     /* media type by its content */
	uint64_t size;              /* decoded bytes */
	uint8_t sha256[DIGEST_SIZE]; /* of the decoded bytes */
	uint32_t flags;
};

enum facts_source { FROM_NOWHERE, FROM_SUBJECT, FROM_FILE_NAME, FROM_EDXML };
enum facts_urgency { URGENCY_NONE, URGENCY_KHAN, URGENCY_THUONG_KHAN, URGENCY_HOA_TOC };

struct facts {
	uint8_t verdict; /* enum verdict */
	uint16_t reason; /* enum reason */
	struct facts_text arg1, arg2;
	struct facts_check checks[CHECK_COUNT];

	uint8_t form; /* enum signature_form, of the root layer */
	uint8_t signed_origin;
	struct facts_range signed_range; /* the bytes that the signature covers */
	uint32_t signed_part;            /* root of what was signed; FACTS_NONE if unsigned */
	uint32_t signature_part;         /* the part that holds the CMS; FACTS_NONE if none */
	struct facts_signer signer;

	struct facts_text from;       /* the one address of From; empty if not exactly one */
	struct facts_text subject;    /* decoded, cleaned */
	struct facts_text message_id; /* as claimed, without brackets */
	int64_t date;                 /* of the Date field; 0 = absent or unreadable */

	struct facts_text number;   /* "06/KH-VP"; empty if none was found */
	struct facts_text doc_type; /* "KH"; empty for none */
	uint8_t number_source;      /* enum facts_source */
	uint8_t number_certain;     /* false: a guess that a clerk must confirm */
	uint8_t urgency;            /* enum facts_urgency */
	uint8_t secrecy;            /* 0 none, 1 Mat, 2 Toi mat, 3 Tuyet mat */
	uint8_t auto_submitted;     /* a notice, DSN or list mail: never answered (G02) */
	uint8_t hops;               /* Received fields, cut at 255 (G04) */

	uint32_t part_count;
	struct facts_part parts[LIMIT_PARTS];
	uint32_t field_count;
	struct facts_field fields[FACTS_FIELDS_MAX];
	uint32_t document_count;
	struct facts_document documents[LIMIT_DOCUMENTS];
	uint32_t note_count;
	struct facts_note notes[LIMIT_NOTES];

	uint32_t pool_length;
	uint8_t pool[FACTS_POOL_MAX];
};

/* An empty one (verdict INVALID, reason NONE, all checks skipped); freed by facts_free. */
struct facts *
facts_new(void);

void
facts_free(struct facts **f);

/* Text from the pool; empty for a text that is not there. */
struct span
facts_span(const struct facts *f, struct facts_text t);

/*
 * Add to the pool. When the pool is full the text is cut at the room left: facts stay
 * bounded, and what matters is put first.
 */
struct facts_text
facts_add(struct facts *f, struct span s);

void
facts_add_note(struct facts *f, enum reason r, struct span arg1, struct span arg2);

void
facts_set_check(struct facts *f, enum check_id c, enum check_state s, enum reason r,
    struct span arg1, struct span arg2);

/* Append the wire form, at most FACTS_ENCODED_MAX bytes. */
void
facts_encode(const struct facts *f, struct buf *out);

/*
 * Read the wire form from a process that may lie. message_size and content_size bound the
 * ranges. ERR_TEMP "facts: ..." names the first field that does not hold: the answer of a
 * broken inspector is doubt, not a verdict.
 */
int
facts_decode(struct span wire, uint64_t message_size, uint64_t content_size,
    struct facts *out, struct error *e);

#endif
