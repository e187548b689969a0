/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading one rule. Every name is resolved here, so that matching compares numbers only and
 * a name that does not exist is an error of the file, not a rule that never matches. What
 * contradicts itself is refused; what is merely unwise is left to check.c.
 */
#include "gateway/decide/rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/decide/suggest.h"
#include "gateway/model/mark.h"
#include "gateway/model/reason.h"
#include "gateway/model/say.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define WRITTEN_MAX 400 /* bytes of a condition as it is shown */
#define WHERE_MAX 640
#define SIZE_MAX_BYTES (INT64_C(1) << 40)

static const struct conf_key keys[] = {
	{ "name", CONF_STRING, true, 1, PLAN_NAME_MAX },
	{ "zone", CONF_STRINGS, false, 1, 32 },
	{ "sender", CONF_STRINGS, false, 1, 80 },
	{ "recipient", CONF_STRINGS, false, 1, 80 },
	{ "relation", CONF_STRINGS, false, 1, 32 },
	{ "verdict", CONF_STRINGS, false, 1, 32 },
	{ "kind", CONF_STRINGS, false, 1, 32 },
	{ "urgency", CONF_STRINGS, false, 1, 32 },
	{ "secrecy", CONF_STRINGS, false, 1, 32 },
	{ "flags", CONF_STRINGS, false, 1, 32 },
	{ "type", CONF_STRINGS, false, 1, 127 },
	{ "only_type", CONF_STRINGS, false, 1, 127 },
	{ "larger", CONF_INT, false, 1, SIZE_MAX_BYTES },
	{ "smaller", CONF_INT, false, 1, SIZE_MAX_BYTES },
	{ "action", CONF_STRINGS, true, 1, 32 },
	{ "text_vi", CONF_STRING, false, 1, PLAN_TEXT_MAX / 2 - 1 },
	{ "text_en", CONF_STRING, false, 1, PLAN_TEXT_MAX / 2 - 1 },
};

static const char *const condition_keys[CONDITION_COUNT] = {
	[CONDITION_ZONE] = "zone",
	[CONDITION_SENDER] = "sender",
	[CONDITION_RECIPIENT] = "recipient",
	[CONDITION_RELATION] = "relation",
	[CONDITION_VERDICT] = "verdict",
	[CONDITION_KIND] = "kind",
	[CONDITION_URGENCY] = "urgency",
	[CONDITION_SECRECY] = "secrecy",
	[CONDITION_FLAGS] = "flags",
	[CONDITION_TYPE] = "type",
	[CONDITION_ONLY_TYPE] = "only_type",
	[CONDITION_LARGER] = "larger",
	[CONDITION_SMALLER] = "smaller",
};

const char *
rule_condition_key(enum condition c)
{
	return condition_keys[c];
}

/* --- names that stand for bits ---------------------------------------------------------- */

static const char *
zone_word(unsigned i)
{
	return zone_name((enum zone)i);
}

const char *
rule_relation_name(unsigned relation)
{
	static const char *const names[RELATION_COUNT] = { "none", "same", "above", "below",
		"other" };

	return names[relation];
}

static const char *
verdict_word(unsigned i)
{
	return verdict_name((enum verdict)i);
}

static const char *
urgency_word(unsigned i)
{
	return mark_urgency_code((enum facts_urgency)i);
}

static const char *
action_word(unsigned i)
{
	static const char *const names[RULE_ACTION_COUNT] = { "sign", "file", "relay", "hold",
		"refuse", "notify" };

	return names[i];
}

struct reading {
	const struct conf_node *node;
	const struct directory *d;
	struct arena *arena;
	struct rule *rule;
	struct error *e;
};

static int
rule_error(const struct reading *r, const char *key, const char *text)
{
	const struct conf_node *child = conf_child(r->node, key);

	return conf_error(child != NULL ? child : r->node, r->e, "rule \"%s\": %s: %s",
	    r->rule->name, key, text);
}

static int
no_memory(const struct reading *r)
{
	return error_set(r->e, ERR_TEMP, "rule \"%s\": no memory", r->rule->name);
}

static int
unknown_word(const struct reading *r, const char *key, const struct suggest *near)
{
	char text[ERROR_TEXT_MAX], proposal[128];

	snprintf(text, sizeof(text), "\"%.80s\" is not known here%s", near->wanted,
	    suggest_text(near, proposal, sizeof(proposal)));
	return rule_error(r, key, text);
}

/* The strings of a key to a mask of 1 << i over name(0..count-1); 0 when it is absent. */
static int
read_mask(const struct reading *r, const char *key, const char *(*name)(unsigned),
    unsigned count, unsigned *out)
{
	const struct conf_node *list = conf_child(r->node, key);

	*out = 0;
	for (size_t i = 0; i < conf_string_count(list); i++) {
		struct suggest near = suggest_start(conf_string_at(list, i));
		unsigned j = 0;

		while (j < count && strcmp(near.wanted, name(j)) != 0)
			suggest_offer(&near, name(j++));
		if (j == count)
			return unknown_word(r, key, &near);
		*out |= 1u << j;
	}
	return 0;
}

/* --- agencies ------------------------------------------------------------------------- */

static void
set_add(struct agency_set *s, const struct agency *a)
{
	s->bits[agency_index(a) / 64] |= UINT64_C(1) << agency_index(a) % 64;
}

static int
unknown_agency(const struct reading *r, const char *key, const char *word,
    const char *prefix)
{
	struct suggest near = suggest_start(word);

	if (prefix[0] == '\0') {
		suggest_offer(&near, "agency");
		suggest_offer(&near, "none");
	}
	for (size_t i = 0; strcmp(prefix, "group:") != 0 && i < directory_count(r->d); i++)
		suggest_offer(&near, agency_id(directory_at(r->d, i)));
	for (size_t i = 0; strcmp(prefix, "group:") == 0 && i < directory_group_count(r->d);
	     i++)
		suggest_offer(&near, directory_group_id(r->d, i));
	return unknown_word(r, key, &near);
}

static int
add_group(const struct reading *r, const char *key, const char *id, struct agency_set *s)
{
	for (size_t g = 0; g < directory_group_count(r->d); g++) {
		if (strcmp(directory_group_id(r->d, g), id) != 0)
			continue;
		for (size_t i = 0; i < directory_group_size(r->d, g); i++)
			set_add(s, directory_group_member(r->d, g, i));
		return 0;
	}
	return unknown_agency(r, key, id, "group:");
}

static int
add_below(const struct reading *r, const char *key, const char *id, struct agency_set *s)
{
	const struct agency *top = directory_find(r->d, span_str(id));

	if (top == NULL)
		return unknown_agency(r, key, id, "under:");
	set_add(s, top);
	for (size_t i = 0; i < directory_count(r->d); i++) {
		if (agency_is_below(directory_at(r->d, i), top))
			set_add(s, directory_at(r->d, i));
	}
	return 0;
}

static int
add_word(const struct reading *r, const char *key, const char *word, struct agency_set *s)
{
	const struct agency *a;

	if (strncmp(word, "group:", 6) == 0)
		return add_group(r, key, word + 6, s);
	if (strncmp(word, "under:", 6) == 0)
		return add_below(r, key, word + 6, s);
	if (strcmp(word, "none") == 0) {
		s->none = true;
		return 0;
	}
	if (strcmp(word, "agency") == 0) {
		for (size_t i = 0; i < directory_count(r->d); i++)
			set_add(s, directory_at(r->d, i));
		return 0;
	}
	a = directory_find(r->d, span_str(word));
	if (a == NULL)
		return unknown_agency(r, key, word, "");
	set_add(s, a);
	return 0;
}

static int
read_agencies(const struct reading *r, const char *key, struct agency_set *s)
{
	const struct conf_node *list = conf_child(r->node, key);

	if (list == NULL)
		return 0;
	s->bits = arena_array(r->arena, directory_count(r->d) / 64 + 1, sizeof(*s->bits));
	if (s->bits == NULL)
		return no_memory(r);
	for (size_t i = 0; i < conf_string_count(list); i++) {
		if (add_word(r, key, conf_string_at(list, i), s) != 0)
			return -1;
	}
	return 0;
}

/* --- the rest ------------------------------------------------------------------------- */

static int
read_words(const struct reading *r, const char *key, struct words *out)
{
	const struct conf_node *list = conf_child(r->node, key);
	size_t count = conf_string_count(list);
	const char **items;

	if (count == 0)
		return 0;
	items = arena_array(r->arena, count, sizeof(*items));
	if (items == NULL)
		return no_memory(r);
	for (size_t i = 0; i < count; i++) {
		items[i] = arena_string(r->arena, span_str(conf_string_at(list, i)));
		if (items[i] == NULL)
			return no_memory(r);
	}
	*out = (struct words){ items, count };
	return 0;
}

/* Keep each condition as it was written, for explanations. */
static int
keep_written(const struct reading *r, enum condition c)
{
	const char *key = rule_condition_key(c);
	const struct conf_node *child = conf_child(r->node, key);
	char text[WRITTEN_MAX] = "";
	size_t used = 0, count;

	if (child == NULL)
		return 0;
	if (c == CONDITION_LARGER || c == CONDITION_SMALLER) {
		snprintf(text, sizeof(text), "%" PRId64, conf_int(r->node, key, 0));
	} else {
		count = conf_string_count(child);
		if (count == 0)
			return rule_error(r, key,
			    "lists nothing, so the rule could never match; leave it out");
		for (size_t i = 0; i < count; i++) {
			int n = snprintf(text + used, sizeof(text) - used, "%s%s",
			    i > 0 ? ", " : "", conf_string_at(child, i));

			if (n < 0 || (size_t)n >= sizeof(text) - used) {
				text[used] = '\0'; /* never half a letter */
				break;
			}
			used += (size_t)n;
		}
	}
	r->rule->written[c] = arena_string(r->arena, span_str(text));
	return r->rule->written[c] == NULL ? no_memory(r) : 0;
}

static int
check_rule_name(const struct reading *r)
{
	for (const char *p = r->rule->name; *p != '\0'; p++) {
		bool word = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || *p == '-' || *p == '_' || *p == '.';

		if (!word)
			return rule_error(r, "name",
			    "may hold letters a-z, digits, \"-\", \"_\" and \".\"");
	}
	return 0;
}

static int
check_actions(const struct reading *r)
{
	unsigned a = r->rule->actions;
	int ends = ((a & RULE_DELIVERS) != 0) + ((a & RULE_HOLD) != 0) +
	    ((a & RULE_REFUSE) != 0);

	if (ends != 1)
		return rule_error(r, "action",
		    "must say one of: hold; refuse; or relay, file and sign together");
	if (a == RULE_SIGN)
		return rule_error(r, "action",
		    "signs what goes nowhere; add \"relay\" or \"file\"");
	if ((a & RULE_NOTIFY) != 0 && (a & RULE_DELIVERS) != 0)
		return rule_error(r, "action",
		    "notify tells of a hold or a refusal; what is delivered needs none");
	if ((a & RULE_DELIVERS) != 0 && r->rule->text[0] != '\0')
		return rule_error(r, "action",
		    "text_vi and text_en are said of a hold or a refusal only");
	if (r->rule->smaller != 0 && r->rule->larger + 1 >= r->rule->smaller)
		return rule_error(r, "smaller",
		    "no size is both larger and smaller; the rule could never match");
	return 0;
}

static int
read_conditions(const struct reading *r)
{
	struct rule *u = r->rule;

	for (int c = 0; c < CONDITION_COUNT; c++) {
		if (keep_written(r, (enum condition)c) != 0)
			return -1;
	}
	if (read_mask(r, "zone", zone_word, 2, &u->zones) != 0 ||
	    read_mask(r, "relation", rule_relation_name, RELATION_COUNT, &u->relations) != 0 ||
	    read_mask(r, "verdict", verdict_word, VERDICT_COUNT, &u->verdicts) != 0 ||
	    read_mask(r, "urgency", urgency_word, URGENCY_HOA_TOC + 1, &u->urgencies) != 0 ||
	    read_mask(r, "secrecy", mark_secrecy_code, MARK_SECRECY_MAX + 1,
		&u->secrecies) != 0 ||
	    read_mask(r, "flags", mark_flag_code, MARK_FLAG_COUNT, &u->flags) != 0)
		return -1;
	if (read_agencies(r, "sender", &u->sender) != 0 ||
	    read_agencies(r, "recipient", &u->recipient) != 0)
		return -1;
	u->larger = (uint64_t)conf_int(r->node, "larger", 0);
	u->smaller = (uint64_t)conf_int(r->node, "smaller", 0);
	if (read_words(r, "kind", &u->kinds) != 0 || read_words(r, "type", &u->types) != 0)
		return -1;
	return read_words(r, "only_type", &u->only_types);
}

int
rule_read(const struct conf_node *node, const struct directory *d, struct arena *arena,
    struct rule *out, struct error *e)
{
	struct reading r = { node, d, arena, out, e };
	char where[WHERE_MAX];

	memset(out, 0, sizeof(*out));
	if (conf_check(node, keys, COUNT(keys), e) != 0)
		return -1;
	out->name = arena_string(arena, span_str(conf_string(node, "name", "")));
	out->where = arena_string(arena, span_str(conf_where(node, where, sizeof(where))));
	if (out->name == NULL || out->where == NULL)
		return error_set(e, ERR_TEMP, "no memory for the rules");
	say_join(conf_string(node, "text_vi", ""), conf_string(node, "text_en", ""), out->text);
	if (check_rule_name(&r) != 0 || read_conditions(&r) != 0 ||
	    read_mask(&r, "action", action_word, RULE_ACTION_COUNT, &out->actions) != 0)
		return -1;
	return check_actions(&r);
}
