/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace for people and for scripts, made from the events of the ledger one by one. Each
 * of the two functions is a ledger_event_fn.
 */
#ifndef VANTHU_REPORT_TRACE_H
#define VANTHU_REPORT_TRACE_H

#include <jansson.h>

#include "common/buf.h"
#include "gateway/ledger/ledger.h"

struct trace_text {
	struct buf *out;         /* borrowed: the text is appended */
	char tx[TX_ID_SIZE];     /* the transaction of the last line; "" at the start */
};

/*
 * One line for each event in the operator's language, under a heading for each transaction:
 *
 *   Transaction 01k...   from vanthu@soctay.hanoi.example   06/KH-VP   Ke hoach
 *     2026-11-23T21:05:44Z  filed      vanthu@bavi.hanoi.example  done: bavi/2026/...
 */
void
trace_text_event(void *trace_text, const struct ledger_event *event);

/*
 * Append to a JSON array: {"tx", "at", "what", "text", "recipient", "sender", "subject",
 * "number"}; `at` is RFC 3339, `what` the ledger's own word. Absent values are null.
 */
void
trace_json_event(void *json_array, const struct ledger_event *event);

#endif
