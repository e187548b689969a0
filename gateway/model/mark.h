/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of what facts say in numbers: urgency, secrecy, flags of documents. Codes are
 * what policies and scripts write; words are what stands on a Vietnamese document
 * (Decree 30/2020, annex I).
 */
#ifndef VANTHU_MODEL_MARK_H
#define VANTHU_MODEL_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"
#include "gateway/model/facts.h"

#define MARK_SECRECY_MAX 3
#define MARK_FLAG_COUNT 7

/* "none", "khan", "thuong-khan", "hoa-toc". */
const char *
mark_urgency_code(enum facts_urgency u);
/* "", "Khẩn", "Thượng khẩn", "Hỏa tốc". */
const char *
mark_urgency_words(enum facts_urgency u);
bool
mark_urgency_parse(struct span code, enum facts_urgency *out);

/* "none", "mat", "toi-mat", "tuyet-mat"; what is above is read as the highest. */
const char *
mark_secrecy_code(unsigned secrecy);
/* "", "Mật", "Tối mật", "Tuyệt mật". */
const char *
mark_secrecy_words(unsigned secrecy);
bool
mark_secrecy_parse(struct span code, unsigned *out);

/* The name of a kind of document: "KH" is "Kế hoạch" (Decree 30/2020, annex III, and the
 * 2011 codes); "" for none that is known. Case and Đ count. */
const char *
mark_kind_name(struct span code);

/* Flag number 0..MARK_FLAG_COUNT-1 (bit 1 << number): "type-conflict", "executable", ... */
const char *
mark_flag_code(unsigned number);
bool
mark_flag_parse(struct span code, uint32_t *bit);

#endif
