/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reasons; see reason.h for the form. No include guard: it is read several times.
 * Append to a group; a code, once published, keeps its meaning. VERDICT_VERIFIED marks what
 * is only ever a note or a good word: as the reason of a failed check it would be our bug
 * and counts as INVALID.
 */

REASON(NONE, "none", VERDICT_INVALID, "2.0.0", N_("Nothing to report."), "")
REASON(VERIFIED, "verified", VERDICT_VERIFIED, "2.0.0",
    N_("The document is signed by {1} and was not changed."), "")
REASON(UNSIGNED, "unsigned", VERDICT_UNSIGNED, "5.7.1",
    N_("The message carries no signature of an agency."),
    N_("Send it again from the agency's official mailbox, signed."))
REASON(ENCRYPTED, "encrypted", VERDICT_ENCRYPTED, "5.7.5",
    N_("The message is encrypted, so nothing can be said about its signature."),
    N_("Send the document signed but not encrypted."))
REASON(INSPECTOR_FAILED, "inspector-failed", VERDICT_UNCHECKABLE, "4.3.0",
    N_("The message could not be examined."),
    N_("Nothing need be done; it will be tried again."))

/* --- structure: is there one signature, and is it well made? (groups A, D) --- */
REASON(OPENPGP, "openpgp", VERDICT_UNSIGNED, "5.7.1",
    N_("The message is signed with OpenPGP, which is not an agency's signature."),
    N_("Send it again from the agency's official mailbox, signed."))
REASON(PARTIAL, "partial", VERDICT_UNSIGNED, "5.7.1",
    N_("Only a part of the message is signed; the message as a whole is not."),
    N_("Ask for the original message, not a forwarded or list copy."))
REASON(CERTIFICATES_ONLY, "certificates-only", VERDICT_UNSIGNED, "5.7.1",
    N_("The message carries only certificates, no signature."),
    N_("Send it again from the agency's official mailbox, signed."))
REASON(SIGNATURE_PARTS, "signature-parts", VERDICT_INVALID, "5.7.7",
    N_("A signed message has exactly two parts, the content and the signature; this one "
       "has {1}."),
    N_("Ask the sender to send the document again."))
REASON(SIGNATURE_TYPE, "signature-type", VERDICT_INVALID, "5.7.7",
    N_("The place of the signature holds {1}."),
    N_("Ask the sender to send the document again."))
REASON(SIGNATURE_PROTOCOL, "signature-protocol", VERDICT_INVALID, "5.7.7",
    N_("The message names {1} as the protocol of its signature, which is not what it "
       "carries."),
    N_("Ask the sender to send the document again."))
REASON(SIGNATURE_ENCODING, "signature-encoding", VERDICT_AMBIGUOUS, "5.7.7",
    N_("The signature is encoded so that two readers could read it in two ways."),
    N_("Ask the sender to send the document again."))
REASON(CMS_ENCODING, "cms-encoding", VERDICT_INVALID, "5.7.7",
    N_("The signature is damaged or not well formed ({1})."),
    N_("Ask the sender to send the document again."))
REASON(CMS_TRAILING, "cms-trailing", VERDICT_INVALID, "5.7.7",
    N_("There are bytes after the end of the signature."),
    N_("Ask the sender to send the document again."))
REASON(CMS_TYPE, "cms-type", VERDICT_INVALID, "5.7.7",
    N_("The place of the signature holds {1}, which is not a signature."),
    N_("Ask the sender to send the document again."))
REASON(CMS_LIMIT, "cms-limit", VERDICT_LIMIT, "5.3.4",
    N_("The signature is larger than we accept ({1})."),
    N_("Ask the sender to sign with an ordinary certificate."))
REASON(SIGNER_COUNT, "signer-count", VERDICT_INVALID, "5.7.7",
    N_("A signature must have exactly one signer; this one has {1}."),
    N_("Ask the sender to send the document again, signed once."))
REASON(ATTRIBUTES_MISSING, "attributes-missing", VERDICT_INVALID, "5.7.7",
    N_("The signature has no signed attributes."),
    N_("Ask the sender to sign with up-to-date software."))
REASON(ATTRIBUTE_WRONG, "attribute-wrong", VERDICT_INVALID, "5.7.7",
    N_("The signed attribute {1} is missing, repeated or malformed."),
    N_("Ask the sender to sign with up-to-date software."))
REASON(CONTENT_TYPE, "content-type", VERDICT_INVALID, "5.7.7",
    N_("The signature is made for another kind of content ({1}) than a message."),
    N_("Ask the sender to send the document again."))
REASON(CONTENT_EMBEDDED, "content-embedded", VERDICT_INVALID, "5.7.7",
    N_("The signature carries a content of its own beside the message."),
    N_("Treat the message as a forgery; ask the sender by telephone."))
REASON(CONTENT_MISSING, "content-missing", VERDICT_INVALID, "5.7.7",
    N_("The signature should carry the message inside it, but holds none."),
    N_("Ask the sender to send the document again."))
REASON(CONTENT_NOT_MIME, "content-not-mime", VERDICT_INVALID, "5.7.7",
    N_("What was signed is not a message."),
    N_("Ask the sender to send the document again."))
REASON(DIGEST_UNLISTED, "digest-unlisted", VERDICT_INVALID, "5.7.7",
    N_("The signature does not list the digest algorithm that its signer used."),
    N_("Ask the sender to sign with up-to-date software."))
REASON(ALGORITHMS_DISAGREE, "algorithms-disagree", VERDICT_INVALID, "5.7.7",
    N_("The algorithms named in the signature do not fit together ({1})."),
    N_("Ask the sender to sign with up-to-date software."))

/* --- integrity: was it changed? --- */
REASON(CONTENT_CHANGED, "content-changed", VERDICT_INVALID, "5.7.7",
    N_("The message was changed after it was signed, or damaged on its way."),
    N_("Do not use the document; ask the sender to send it again."))
REASON(SIGNATURE_WRONG, "signature-wrong", VERDICT_INVALID, "5.7.7",
    N_("The signature was not made with the key of {1}."),
    N_("Treat the message as a forgery; ask the sender by telephone."))
REASON(SIGNER_CERTIFICATE_MISSING, "signer-certificate-missing", VERDICT_INVALID, "5.7.7",
    N_("The signature does not carry the certificate of its signer."),
    N_("Ask the sender to include the certificate when signing."))
REASON(KEY_MALFORMED, "key-malformed", VERDICT_INVALID, "5.7.7",
    N_("The public key of {1} is not a proper key ({2})."),
    N_("Treat the message as a forgery; ask the sender by telephone."))
REASON(KEY_LIMIT, "key-limit", VERDICT_LIMIT, "5.3.4",
    N_("The public key of {1} is larger than we accept ({2})."),
    N_("Ask the sender to sign with an ordinary certificate."))
REASON(LINE_ENDS_MIXED, "line-ends-mixed", VERDICT_AMBIGUOUS, "5.7.7",
    N_("The signed part mixes line ends, so its signed form is not certain."),
    N_("Ask the sender to send the document again."))

/* --- algorithms: is it strong enough? --- */
REASON(WEAK_DIGEST, "weak-digest", VERDICT_UNTRUSTED, "5.7.8",
    N_("The signature uses {1}, which is no longer safe."),
    N_("Ask the sender to sign with SHA-256 or better."))
REASON(WEAK_KEY, "weak-key", VERDICT_UNTRUSTED, "5.7.8",
    N_("The key of {1} is too weak ({2})."),
    N_("Ask the sender to apply for a certificate with a stronger key."))
REASON(WEAK_CHAIN, "weak-chain", VERDICT_UNTRUSTED, "5.7.8",
    N_("The certificate of {1} is signed with {2}, which is no longer safe."),
    N_("Ask the sender to apply for a new certificate."))
REASON(ALGORITHM_UNKNOWN, "algorithm-unknown", VERDICT_UNTRUSTED, "5.7.8",
    N_("The signature uses an algorithm that we do not accept ({1})."),
    N_("Ask the sender to sign with RSA or ECDSA and SHA-256."))

/* --- path: who vouches for the signer? (group B) --- */
REASON(NO_ANCHOR, "no-anchor", VERDICT_UNTRUSTED, "5.7.8",
    N_("No trusted authority is configured for that time."),
    N_("The administrator must add the root certificate of the authority."))
REASON(ISSUER_UNKNOWN, "issuer-unknown", VERDICT_UNTRUSTED, "5.7.8",
    N_("The certificate of {1} comes from an authority that we do not trust ({2})."),
    N_("Sign with the certificate that the Government issued to the agency."))
REASON(SELF_SIGNED, "self-signed", VERDICT_UNTRUSTED, "5.7.8",
    N_("The certificate of {1} was issued by its own holder, not by an authority."),
    N_("Sign with the certificate that the Government issued to the agency."))
REASON(CERTIFICATE_EXPIRED, "certificate-expired", VERDICT_UNTRUSTED, "5.7.8",
    N_("The certificate of {1} expired on {2}."),
    N_("Ask the sender to renew the certificate and send again."))
REASON(CERTIFICATE_NOT_YET, "certificate-not-yet-valid", VERDICT_UNTRUSTED, "5.7.8",
    N_("The certificate of {1} is not valid before {2}."),
    N_("Ask the sender to wait for that day, or check our clock."))
REASON(CERTIFICATE_SIGNATURE, "certificate-signature", VERDICT_UNTRUSTED, "5.7.8",
    N_("The certificate of {1} was not signed by the authority that it names."),
    N_("Treat the message as a forgery; ask the sender by telephone."))
REASON(ISSUER_NOT_CA, "issuer-not-ca", VERDICT_UNTRUSTED, "5.7.8",
    N_("{1} is not an authority and may not issue certificates."),
    N_("Treat the message as a forgery; ask the sender by telephone."))
REASON(PATH_LENGTH, "path-length", VERDICT_UNTRUSTED, "5.7.8",
    N_("There are more authorities below {1} than it allows."),
    N_("Ask the sender's authority about its certificates."))
REASON(NAME_NOT_PERMITTED, "name-not-permitted", VERDICT_UNTRUSTED, "5.7.8",
    N_("An authority of {1} may not issue certificates for that name."),
    N_("Ask the sender's authority about its certificates."))
REASON(CERTIFICATE_POLICY, "certificate-policy", VERDICT_UNTRUSTED, "5.7.8",
    N_("The certificates from {1} up to the root follow no common policy, though one is "
       "required."),
    N_("Ask the sender's authority about its certificates."))
REASON(CRITICAL_EXTENSION, "critical-extension", VERDICT_UNTRUSTED, "5.7.8",
    N_("The certificate of {1} makes a condition that we do not understand."),
    N_("Ask the sender's authority about its certificates."))
REASON(CERTIFICATE_MALFORMED, "certificate-malformed", VERDICT_UNTRUSTED, "5.7.8",
    N_("The certificate of {1} is not well formed ({2})."),
    N_("Ask the sender to apply for a new certificate."))
REASON(PATH_TOO_LONG, "path-too-long", VERDICT_UNTRUSTED, "5.7.8",
    N_("The chain of authorities above {1} is longer than we follow."),
    N_("Ask the sender's authority about its certificates."))
REASON(PATH_WRONG, "path-wrong", VERDICT_UNTRUSTED, "5.7.8",
    N_("The chain of the certificate of {1} does not hold ({2})."),
    N_("Ask the sender's authority about its certificates."))

/* --- revocation --- */
REASON(REVOKED, "revoked", VERDICT_UNTRUSTED, "5.7.8",
    N_("The certificate of {1} was revoked on {2}."),
    N_("Do not use the document; ask the sender by telephone."))
REASON(CRL_MISSING, "crl-missing", VERDICT_UNCHECKABLE, "4.7.5",
    N_("There is no revocation list for the certificate of {1}."),
    N_("The administrator must fetch the revocation list of {2}."))
REASON(CRL_STALE, "crl-stale", VERDICT_UNCHECKABLE, "4.7.5",
    N_("The revocation list for the certificate of {1} ended on {2}."),
    N_("The administrator must fetch a fresh revocation list."))
REASON(CRL_UNUSABLE, "crl-unusable", VERDICT_UNCHECKABLE, "4.7.5",
    N_("The revocation list for the certificate of {1} cannot be used ({2})."),
    N_("The administrator must fetch the right revocation list."))
REASON(CRL_TOO_LATE, "crl-too-late", VERDICT_UNCHECKABLE, "4.7.5",
    N_("The revocation list is of {2}, when the certificate of {1} had already expired, so "
       "it says nothing about it."),
    N_("Give a revocation list of the time of the message."))
REASON(REVOCATION_SKIPPED, "revocation-skipped", VERDICT_VERIFIED, "2.7.0",
    N_("Revocation was not checked: no revocation list is configured."),
    N_("The administrator should configure revocation lists."))

/* --- usage: what may the certificate do? --- */
REASON(SIGNER_IS_CA, "signer-is-ca", VERDICT_UNTRUSTED, "5.7.8",
    N_("The certificate of {1} is that of an authority and may not sign messages."),
    N_("Sign with the certificate that the Government issued to the agency."))
REASON(KEY_USAGE, "key-usage", VERDICT_UNTRUSTED, "5.7.8",
    N_("The certificate of {1} is not made for signatures."),
    N_("Sign with the agency's certificate for signatures."))
REASON(EXTENDED_KEY_USAGE, "extended-key-usage", VERDICT_UNTRUSTED, "5.7.8",
    N_("The certificate of {1} is not made for signing mail."),
    N_("Sign with the agency's certificate for mail."))
REASON(ISSUER_KEY_USAGE, "issuer-extended-key-usage", VERDICT_UNTRUSTED, "5.7.8",
    N_("The authority {1} may not issue certificates for signing mail."),
    N_("Sign with the agency's certificate for mail."))
REASON(CERTIFICATE_ADDRESS, "certificate-address", VERDICT_UNTRUSTED, "5.7.8",
    N_("The certificate holds an address that is not a proper one ({1})."),
    N_("Ask the sender to apply for a new certificate."))

/* --- identity: is the signer the sender? (group C) --- */
REASON(FROM_MISSING, "from-missing", VERDICT_MISMATCH, "5.7.1",
    N_("The message names no sender."),
    N_("Send it again from the agency's official mailbox."))
REASON(FROM_SEVERAL, "from-several", VERDICT_MISMATCH, "5.7.1",
    N_("The message names more than one sender."),
    N_("Send it again with only the signer as its sender."))
REASON(FROM_AMBIGUOUS, "from-ambiguous", VERDICT_AMBIGUOUS, "5.7.1",
    N_("The sender is written so that two readers could read two senders."),
    N_("Send it again with the sender's plain address."))
REASON(FROM_DIFFERS, "from-differs", VERDICT_MISMATCH, "5.7.1",
    N_("The message says it is from {1}, but {2} signed it."),
    N_("Treat the message as a forgery; ask the sender by telephone."))
REASON(CERTIFICATE_NO_ADDRESS, "certificate-without-address", VERDICT_MISMATCH, "5.7.1",
    N_("The certificate of {1} holds no mail address, and it is not registered for {2}."),
    N_("The administrator can register the certificate for the mailbox."))
REASON(INNER_FROM_DIFFERS, "inner-from-differs", VERDICT_MISMATCH, "5.7.1",
    N_("The signed message says it is from {1}, the outer one says {2}."),
    N_("Treat the message as a forgery; ask the sender by telephone."))

/* --- notes: true beside a verdict, never the cause of one --- */
REASON(NOTE_MICALG, "micalg-differs", VERDICT_VERIFIED, "2.0.0",
    N_("The message announces the digest {1}, the signature uses {2}."), "")
REASON(NOTE_NESTED_SIGNATURE, "nested-signature", VERDICT_VERIFIED, "2.0.0",
    N_("There is another signature inside the signed message; it was not examined."), "")
REASON(NOTE_CONTENT_ENCRYPTED, "content-encrypted", VERDICT_VERIFIED, "2.0.0",
    N_("What was signed is encrypted; nothing is known of what it says."), "")
REASON(NOTE_SIGNING_TIME_ABSENT, "signing-time-absent", VERDICT_VERIFIED, "2.0.0",
    N_("The signer does not say when the message was signed."), "")
REASON(NOTE_SIGNING_TIME_FUTURE, "signing-time-future", VERDICT_VERIFIED, "2.0.0",
    N_("The signer says the message was signed on {1}, after it was received."), "")
REASON(NOTE_SIGNING_TIME_OLD, "signing-time-old", VERDICT_VERIFIED, "2.0.0",
    N_("The message was signed on {1}, long before it was received; it may be sent again "
       "by somebody else."), "")
REASON(NOTE_SIGNING_TIME_OUTSIDE, "signing-time-outside", VERDICT_VERIFIED, "2.0.0",
    N_("The signer says the message was signed on {1}, when the certificate was not "
       "valid."), "")
REASON(NOTE_DATE_DIFFERS, "date-differs", VERDICT_VERIFIED, "2.0.0",
    N_("The message is dated {1} but was signed on {2}."), "")
REASON(NOTE_EXPIRED_SINCE, "expired-since", VERDICT_VERIFIED, "2.0.0",
    N_("The certificate of {1} has expired since, on {2}."), "")
REASON(NOTE_REVOKED_LATER, "revoked-later", VERDICT_VERIFIED, "2.0.0",
    N_("The certificate of {1} was revoked later, on {2}."), "")
REASON(NOTE_CRL_LATER, "crl-later", VERDICT_VERIFIED, "2.0.0",
    N_("The revocation list for {1} is of {2}, later than the time judged."), "")
REASON(NOTE_OUTSIDE_TEXT, "text-outside", VERDICT_VERIFIED, "2.0.0",
    N_("There is text outside the signed part; it was not looked at."), "")
REASON(NOTE_MULTIPART_OPEN, "part-open", VERDICT_VERIFIED, "2.0.0",
    N_("Part {1} has no end: the message may have been cut off on its way."), "")
REASON(NOTE_HEADERS_UNSIGNED, "headers-unsigned", VERDICT_VERIFIED, "2.0.0",
    N_("The signature does not cover the subject, the date and the recipients."), "")
REASON(NOTE_SUBJECT_DIFFERS, "subject-differs", VERDICT_VERIFIED, "2.0.0",
    N_("The signed subject differs from the one shown: {1}"), "")
REASON(NOTE_INNER_DIFFERS, "inner-header-differs", VERDICT_VERIFIED, "2.0.0",
    N_("The signed {1} field differs from the one shown."), "")
REASON(NOTE_UNSIGNED_ATTRIBUTES, "unsigned-attributes", VERDICT_VERIFIED, "2.0.0",
    N_("The signature carries unsigned statements; they were ignored."), "")
REASON(NOTE_CRL_IN_MAIL, "crl-in-mail", VERDICT_VERIFIED, "2.0.0",
    N_("The message carries revocation lists; they were ignored."), "")
REASON(NOTE_BAG_UNREADABLE, "certificate-skipped", VERDICT_VERIFIED, "2.0.0",
    N_("The message carries a certificate that cannot be read; it was ignored."), "")
REASON(NOTE_BOUND_ADDRESS, "address-registered", VERDICT_VERIFIED, "2.0.0",
    N_("The certificate holds no mail address; it is registered for {1}."), "")
REASON(NOTE_SENDER_DIFFERS, "sender-differs", VERDICT_VERIFIED, "2.0.0",
    N_("The field {1} names another address than the signer: {2}"), "")
REASON(NOTE_PATH_LENIENT, "chain-lenient", VERDICT_VERIFIED, "2.0.0",
    N_("The certificate of {1} does not follow the standard in a point that does no harm "
       "({2})."), "")
REASON(RELAXED_DN_ADDRESS, "relaxed-dn-address", VERDICT_VERIFIED, "2.0.0",
    N_("Allowed by the trust profile: the address {1} stands only in the name of the "
       "certificate."), "")
REASON(RELAXED_KEY_USAGE, "relaxed-no-eku", VERDICT_VERIFIED, "2.0.0",
    N_("Allowed by the trust profile: the certificate of {1} is not limited to mail."), "")
REASON(RELAXED_SHA1, "relaxed-sha1", VERDICT_VERIFIED, "2.0.0",
    N_("Allowed by the trust profile: {1} in the signature or the chain."), "")
REASON(RELAXED_KEY, "relaxed-key", VERDICT_VERIFIED, "2.0.0",
    N_("Allowed by the trust profile: the weak key of {1} ({2})."), "")
REASON(RELAXED_CERTIFICATE, "relaxed-old-certificate", VERDICT_VERIFIED, "2.0.0",
    N_("Allowed by the trust profile: the old form of the certificate of {1}."), "")
REASON(RELAXED_ADDRESS_CASE, "relaxed-address-case", VERDICT_VERIFIED, "2.0.0",
    N_("Allowed by the trust profile: {1} and {2} differ in the case of letters."), "")

/* --- what the scanner, the policy and the delivery add --- */
REASON(NO_RULE, "no-rule", VERDICT_INVALID, "5.7.1",
    N_("No rule of the policy says what becomes of this message for {1}."),
    N_("It is kept; an administrator will look at it."))
REASON(HELD_BY_RULE, "held-by-rule", VERDICT_INVALID, "5.7.1",
    N_("The policy keeps this message back (rule {1})."),
    N_("An administrator will look at it."))
REASON(REFUSED_BY_RULE, "refused-by-rule", VERDICT_INVALID, "5.7.1",
    N_("The policy does not allow this message (rule {1})."),
    N_("Ask the administrator of the gateway."))
REASON(SENDER_NOT_INSIDE, "sender-not-inside", VERDICT_INVALID, "5.7.1",
    N_("The message did not come from inside, so nothing is signed for {1}."),
    N_("Send it through the submission server of the agency."))
REASON(SENDER_NOT_AGENCY, "sender-not-agency", VERDICT_INVALID, "5.7.1",
    N_("{1} is not a mailbox of any agency, so nothing can be signed for it."),
    N_("Send it from the agency's official mailbox."))
REASON(FROM_NOT_SENDER, "from-not-sender", VERDICT_INVALID, "5.7.1",
    N_("The address in From ({1}) is not a mailbox of the agency of the sender {2}."),
    N_("Put exactly one address in From, the agency's own, and send it again."))
REASON(LOGIN_NOT_SENDER, "login-not-sender", VERDICT_INVALID, "5.7.1",
    N_("The login {1} does not belong to the agency of the sender {2}."),
    N_("Log in with the agency's own account and send it again."))
REASON(SECRECY_MARK, "secrecy-mark", VERDICT_INVALID, "5.7.1",
    N_("The message bears a mark of secrecy. Secret documents must not go this way."),
    N_("Use the channel that the law on state secrets provides."))
REASON(MAIL_LOOP, "mail-loop", VERDICT_INVALID, "5.4.6",
    N_("The message has passed {1} servers: it goes in a circle."),
    N_("An administrator must look for the forwarding that sends it back."))
REASON(CERTIFICATE_NOT_AGENCY, "certificate-not-agency", VERDICT_UNTRUSTED, "5.7.1",
    N_("The certificate \"{1}\" is not registered for the agency of {2}."),
    N_("The agency's administrator must register its certificate in agencies.conf."))
REASON(RECIPIENT_NOT_AGENCY, "recipient-not-agency", VERDICT_INVALID, "5.1.1",
    N_("{1} is not a mailbox of any agency, so nothing can be filed for it."),
    N_("Check the address."))

/* --- the scanner: larger, deeper or more than we accept --- */
REASON(LIMIT_MESSAGE, "message-too-large", VERDICT_LIMIT, "5.3.4",
    N_("The message is larger than {1} bytes."),
    N_("Send the documents in several messages."))
REASON(LIMIT_HEADER, "header-too-large", VERDICT_LIMIT, "5.3.4",
    N_("The header of part {1} is larger than {2} bytes."),
    N_("Write the message anew and send it again."))
REASON(LIMIT_FIELD, "field-too-large", VERDICT_LIMIT, "5.3.4",
    N_("A header field of part {1} is larger than {2} bytes."),
    N_("Write the message anew and send it again."))
REASON(LIMIT_FIELDS, "too-many-fields", VERDICT_LIMIT, "5.3.4",
    N_("The header of part {1} has more than {2} fields."),
    N_("Write the message anew and send it again."))
REASON(LIMIT_LINE, "line-too-long", VERDICT_LIMIT, "5.3.4",
    N_("A line of part {1} is longer than {2} bytes."),
    N_("Send the document as an attachment."))
REASON(LIMIT_DEPTH, "too-deep", VERDICT_LIMIT, "5.3.4",
    N_("The parts of the message are nested more than {1} deep."),
    N_("Send the documents as plain attachments of a new message."))
REASON(LIMIT_PARTS, "too-many-parts", VERDICT_LIMIT, "5.3.4",
    N_("The message has more than {1} parts."),
    N_("Send the documents in several messages."))
REASON(LIMIT_PARAMETERS, "too-many-parameters", VERDICT_LIMIT, "5.3.4",
    N_("The {2} field of part {1} has too many parameters."),
    N_("Write the message anew and send it again."))
REASON(LIMIT_ADDRESSES, "too-many-addresses", VERDICT_LIMIT, "5.3.4",
    N_("The {2} field holds more than {1} addresses."),
    N_("Send the message to fewer recipients at a time."))
REASON(LIMIT_TEXT, "too-much-text", VERDICT_LIMIT, "5.3.4",
    N_("The names, types and headings of the message are longer than we keep."),
    N_("Send the documents in several messages."))
REASON(LIMIT_DOCUMENTS, "too-many-documents", VERDICT_LIMIT, "5.3.4",
    N_("The message holds more than {1} documents."),
    N_("Send the documents in several messages."))

/* --- the scanner: what two readers could read in two ways (group D) --- */
REASON(HEADER_LINE, "header-line", VERDICT_AMBIGUOUS, "5.6.0",
    N_("A line in the header of part {1} is no header field: {2}"),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(HEADER_COLON, "header-colon", VERDICT_AMBIGUOUS, "5.6.0",
    N_("A header field of part {1} has a blank before its colon: {2}"),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(HEADER_FOLD, "header-fold", VERDICT_AMBIGUOUS, "5.6.0",
    N_("The header of part {1} is continued by an empty line or continues nothing."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(HEADER_CONTROL, "header-control", VERDICT_AMBIGUOUS, "5.6.0",
    N_("The {2} field of part {1} holds a control character."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(HEADER_LINE_END, "header-line-end", VERDICT_AMBIGUOUS, "5.6.0",
    N_("The header of part {1} mixes line ends."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(HEADER_OPEN, "header-open", VERDICT_AMBIGUOUS, "5.6.0",
    N_("The header of part {1} is not ended by an empty line."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(FIELD_TWICE, "field-twice", VERDICT_AMBIGUOUS, "5.6.0",
    N_("Part {1} has more than one {2} field."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(FIELD_SYNTAX, "field-syntax", VERDICT_AMBIGUOUS, "5.6.0",
    N_("The {2} field of part {1} can be read in two ways."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(PARAMETER_TWICE, "parameter-twice", VERDICT_AMBIGUOUS, "5.6.0",
    N_("Part {1} gives the parameter {2} more than once."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(PARAMETER_SYNTAX, "parameter-syntax", VERDICT_AMBIGUOUS, "5.6.0",
    N_("The parameter {2} of part {1} can be read in two ways."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(BOUNDARY_MISSING, "boundary-missing", VERDICT_AMBIGUOUS, "5.6.0",
    N_("Part {1} should consist of parts, but does not say how they are delimited."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(BOUNDARY_SYNTAX, "boundary-syntax", VERDICT_AMBIGUOUS, "5.6.0",
    N_("The boundary of part {1} can be read in two ways."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(BOUNDARY_CLASH, "boundary-clash", VERDICT_AMBIGUOUS, "5.6.0",
    N_("The boundary of part {1} begins like that of a part around it."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(DELIMITER_ODD, "delimiter-odd", VERDICT_AMBIGUOUS, "5.6.0",
    N_("A line in part {1} could be a delimiter or not: {2}"),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(DELIMITER_LINE_END, "delimiter-line-end", VERDICT_AMBIGUOUS, "5.6.0",
    N_("A delimiter of part {1} has another line end than the rest of the message."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(MULTIPART_OPEN, "multipart-open", VERDICT_AMBIGUOUS, "5.6.0",
    N_("Part {1} has no end: its closing delimiter is missing."),
    N_("The message may be cut off; send it again."))
REASON(MULTIPART_EMPTY, "multipart-empty", VERDICT_AMBIGUOUS, "5.6.0",
    N_("Part {1} should consist of parts, but has none."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(MULTIPART_AFTER_END, "multipart-after-end", VERDICT_AMBIGUOUS, "5.6.0",
    N_("Part {1} goes on after its closing delimiter."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(HIDDEN_PART, "hidden-part", VERDICT_AMBIGUOUS, "5.6.0",
    N_("Part {1} has what looks like another part before its first or after its last "
       "delimiter: {2}"),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(ENCODING_UNKNOWN, "encoding-unknown", VERDICT_AMBIGUOUS, "5.6.0",
    N_("The transfer encoding of part {1} is not one that every reader knows: {2}"),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(ENCODING_MISPLACED, "encoding-misplaced", VERDICT_AMBIGUOUS, "5.6.0",
    N_("Part {1} consists of parts and must not be encoded, but is said to be ({2})."),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(ENCODING_BROKEN, "encoding-broken", VERDICT_AMBIGUOUS, "5.6.0",
    N_("Part {1} is not properly encoded, so two readers could see two documents ({2})."),
    N_("The attachment may be damaged; attach it anew and send it again."))
REASON(BODY_NUL, "body-nul", VERDICT_AMBIGUOUS, "5.6.0",
    N_("Part {1} holds a zero byte, at which some readers stop."),
    N_("Attach the document with an ordinary mail program and send it again."))
REASON(MIME_VERSION, "mime-version", VERDICT_AMBIGUOUS, "5.6.0",
    N_("The message names a version of MIME that does not exist: {1}"),
    N_("Write the message anew with an ordinary mail program and send it again."))
REASON(MESSAGE_PARTIAL, "message-partial", VERDICT_INVALID, "5.6.1",
    N_("Part {1} is only a piece of a message."),
    N_("Send the message whole."))
REASON(EXTERNAL_BODY, "external-body", VERDICT_INVALID, "5.6.1",
    N_("Part {1} is not in the message but somewhere else; it is never fetched."),
    N_("Attach the document itself."))

/* --- notes on documents --- */
REASON(NOTE_NAME_GUESSED, "name-guessed", VERDICT_VERIFIED, "2.0.0",
    N_("The file name {1} does not say in which character set it is written; it was "
       "guessed."), "")
REASON(NOTE_NAMES_DIFFER, "names-differ", VERDICT_VERIFIED, "2.0.0",
    N_("One document has two names: {1} and {2}"), "")
REASON(NOTE_NAME_TWICE, "name-twice", VERDICT_VERIFIED, "2.0.0",
    N_("Two documents have the same name: {1}"), "")
REASON(NOTE_HTML, "html-body", VERDICT_VERIFIED, "2.0.0",
    N_("The text of the message is HTML; what it shows can depend on the reader."), "")
REASON(INSPECTOR_DIED, "inspector-died", VERDICT_LIMIT, "5.6.0",
    N_("The message brought our examination down several times, so it was not examined."),
    N_("An administrator must look at it; do not open its attachments."))
REASON(NEXT_HOP_REFUSED, "next-hop-refused", VERDICT_INVALID, "5.0.0",
    N_("The next mail server refused the message."),
    N_("An administrator will look at it."))
