/* SPDX-License-Identifier: Apache-2.0 */
/* The reasons; see reason.h for the form. No include guard: it is read several times. */

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
