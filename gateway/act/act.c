/* SPDX-License-Identifier: Apache-2.0 */
/* The table of actions. A new one is one new file and one row here. */
#include "gateway/act/act.h"

static act_fn *const table[ACTION_COUNT] = {
	[ACTION_FILE] = act_file,
	[ACTION_HOLD] = act_hold,
	[ACTION_RELAY] = act_relay,
	[ACTION_NOTIFY] = act_notify,
};

act_fn *
act_of(enum plan_action action)
{
	return table[action];
}
