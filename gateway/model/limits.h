/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits on what comes from outside. Each has a name, a unit and a test; what goes over
 * one gets the verdict LIMIT or a 4xx/5xx that names it (verdicts.md M2).
 */
#ifndef VANTHU_MODEL_LIMITS_H
#define VANTHU_MODEL_LIMITS_H

#define LIMIT_MESSAGE_BYTES (100u * 1024 * 1024) /* hard ceiling; configuration may lower */
#define LIMIT_RECIPIENTS 100                     /* of one transaction */
#define LIMIT_ADDRESS_BYTES 254                  /* RFC 5321 4.5.3.1.3 less the brackets */

#define LIMIT_HEADER_BYTES (256 * 1024) /* one header block */
#define LIMIT_FIELD_BYTES (32 * 1024)   /* one field, folding included */
#define LIMIT_FIELDS 1000               /* fields of one header block */
#define LIMIT_LINE_BYTES 10240          /* one line of a header or body */
#define LIMIT_DEPTH 20                  /* nesting of multipart and message/rfc822 */
#define LIMIT_PARTS 1000
#define LIMIT_PARAMETERS 100 /* of one Content-Type or Content-Disposition */
#define LIMIT_ADDRESSES 100  /* in one address field that we parse */

#define LIMIT_CMS_BYTES (512 * 1024)         /* a detached signature, decoded */
#define LIMIT_OPAQUE_BYTES (40 * 1024 * 1024) /* an opaque signed-data, decoded */
#define LIMIT_CERTIFICATES 64                /* in one CMS */
#define LIMIT_CHAIN 10                       /* certificates from signer to anchor */

#define LIMIT_DOCUMENTS 100 /* documents of one message */
#define LIMIT_NOTES 32

#endif
