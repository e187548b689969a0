/* SPDX-License-Identifier: Apache-2.0 */
/* The names of a filed document: its folder, and the files in it. */
#ifndef VANTHU_ACT_FILE_NAMES_H
#define VANTHU_ACT_FILE_NAMES_H

#include "common/error.h"
#include "gateway/act/act.h"

#define FILE_PLACE_MAX 100 /* "agency/2012/05" */

/*
 * "bavi/2012/05" and "20120504-06-KH-VP-1a2b3c4d": the day of arrival in Viet Nam, number
 * and notation in ASCII, and eight hex digits of transaction and message. Made of what the
 * ledger keeps, so that a redelivery finds the same name.
 */
void
file_place(const struct act_job *job, const struct plan_step *step,
    char out[FILE_PLACE_MAX]);
void
file_folder_name(const struct act_job *job, char out[256]);

/*
 * A safe name for each document, none equal to another or to a name of ours even where case
 * or marks do not count: a twin gets " (2)". Freed by file_names_free.
 */
int
file_names_make(const struct facts *f, char ***names, struct error *e);

void
file_names_free(char ***names, uint32_t count);

#endif
