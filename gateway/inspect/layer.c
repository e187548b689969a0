/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only the root decides (RFC 8551 3.4, 3.5, RFC 1847). A signed part below anything else is a
 * fragment: the message as a whole is unsigned, since nobody knows what a reader shows of it.
 * Names with and without "x-" are equal. A root of another type is opaque S/MIME only when it
 * is application/octet-stream under the file name smime.p7m, as mailers of old wrote it.
 */
#include "gateway/inspect/layer.h"

#include <stdio.h>

static bool
is_signature_type(const struct scan_part *p)
{
	return scan_is(p, "application", "pkcs7-signature")
	    || scan_is(p, "application", "x-pkcs7-signature");
}

static bool
is_pkcs7_mime(const struct scan_part *p)
{
	return scan_is(p, "application", "pkcs7-mime")
	    || scan_is(p, "application", "x-pkcs7-mime");
}

static struct span
parameter(const struct scan_parameters *list, const char *name)
{
	const struct scan_parameter *p = scan_parameter(list, name);

	return p != NULL ? p->value : span_of(NULL, 0);
}

static bool
is_p7m_by_name(const struct scan_part *p)
{
	return scan_is(p, "application", "octet-stream")
	    && (span_is_nocase(parameter(&p->type_parameters, "name"), "smime.p7m")
		|| span_is_nocase(parameter(&p->disposition_parameters, "filename"),
		    "smime.p7m"));
}

static bool
is_smime_protocol(struct span protocol)
{
	return span_is_nocase(protocol, "application/pkcs7-signature")
	    || span_is_nocase(protocol, "application/x-pkcs7-signature");
}

static bool
is_encrypted_label(struct span label)
{
	return span_is_nocase(label, "enveloped-data")
	    || span_is_nocase(label, "authenveloped-data");
}

bool
layer_is_signed(const struct scan_part *p)
{
	struct span label = parameter(&p->type_parameters, "smime-type");

	if (scan_is(p, "multipart", "signed"))
		return is_smime_protocol(parameter(&p->type_parameters, "protocol"));
	return is_pkcs7_mime(p) && (label.len == 0 || span_is_nocase(label, "signed-data"));
}

/* multipart/signed: exactly the content, then the signature that the protocol names. */
static void
find_detached(const struct scan *s, const struct facts *f, const struct scan_part *root,
    struct layer *out)
{
	struct span protocol = parameter(&root->type_parameters, "protocol");
	char count[16];

	if (span_is_nocase(protocol, "application/pgp-signature")) {
		finding_say(&out->finding, CHECK_FAIL, REASON_OPENPGP, NULL, NULL);
		return;
	}
	out->present = true;
	out->form = CMS_FORM_DETACHED;
	if (root->children != 2) {
		snprintf(count, sizeof(count), "%u", root->children);
		finding_say(&out->finding, CHECK_FAIL, REASON_SIGNATURE_PARTS, count, NULL);
		return;
	}
	const struct scan_part *signature = scan_part(s, root->last_child);
	if (!is_smime_protocol(protocol)) {
		finding_set(&out->finding, CHECK_FAIL, REASON_SIGNATURE_PROTOCOL,
		    protocol.len > 0 ? protocol : span_str("nothing"), span_of(NULL, 0));
		return;
	}
	if (!is_signature_type(signature)) {
		finding_set(&out->finding, CHECK_FAIL, REASON_SIGNATURE_TYPE,
		    facts_span(f, f->parts[root->last_child].type), span_of(NULL, 0));
		return;
	}
	out->signature = root->last_child;
	out->content = root->first_child;
}

/* No layer at the root: is there one below, outside of forwarded messages? */
static enum reason
why_unsigned(const struct scan *s, const struct facts *f)
{
	for (uint32_t i = 1; i < f->part_count; i++) {
		uint32_t above = f->parts[i].parent;
		while (above != FACTS_NONE && f->parts[above].kind != PART_MESSAGE)
			above = f->parts[above].parent;
		if (above == FACTS_NONE && layer_is_signed(scan_part(s, i)))
			return REASON_PARTIAL;
	}
	return REASON_UNSIGNED;
}

void
layer_find(const struct scan *s, const struct facts *f, struct layer *out)
{
	const struct scan_part *root = scan_part(s, 0);

	*out = (struct layer){ .signature = FACTS_NONE, .content = FACTS_NONE };
	finding_say(&out->finding, CHECK_OK, REASON_NONE, NULL, NULL);
	if (root == NULL) {
		finding_say(&out->finding, CHECK_FAIL, REASON_UNSIGNED, NULL, NULL);
	} else if (scan_is(root, "multipart", "signed")) {
		find_detached(s, f, root, out);
	} else if (is_pkcs7_mime(root) || is_p7m_by_name(root)) {
		out->present = true;
		out->form = CMS_FORM_OPAQUE;
		out->signature = 0;
		out->label = parameter(&root->type_parameters, "smime-type");
	} else {
		finding_say(&out->finding, CHECK_FAIL, why_unsigned(s, f), NULL, NULL);
	}
}

bool
layer_label_contradicts(const struct layer *l)
{
	return l->form == CMS_FORM_OPAQUE && l->label.len > 0
	    && !span_is_nocase(l->label, "signed-data");
}

void
layer_note(const struct scan *s, const struct layer *l, struct facts *f)
{
	struct span none = { 0 };
	bool nested = false;

	if (f->signed_part == FACTS_NONE)
		return;
	for (uint32_t i = f->signed_part; i < f->part_count && !nested; i++)
		nested = i != l->signature && layer_is_signed(scan_part(s, i));
	if (nested)
		facts_add_note(f, REASON_NOTE_NESTED_SIGNATURE, none, none);
	const struct scan_part *content = scan_part(s, f->signed_part);
	if (is_pkcs7_mime(content)
	    && is_encrypted_label(parameter(&content->type_parameters, "smime-type")))
		facts_add_note(f, REASON_NOTE_CONTENT_ENCRYPTED, none, none);
	if (l->form == CMS_FORM_DETACHED && scan_part(s, 0)->extra_text)
		facts_add_note(f, REASON_NOTE_OUTSIDE_TEXT, none, none);
}
