//! Initial letters of every zone: Alma's codes with the project's own texts.

use crate::emulator::letter::EmulatedLetter;

pub(super) fn letters() -> Vec<EmulatedLetter> {
    vec![
        letter("FulOverdueAndLostLoanLetter", "Overdue and Lost Loan Letter", "Please return"),
        letter("FulPlaceOnHoldShelfLetter", "On Hold Shelf Letter", "Your item is on the hold shelf"),
        letter("ResourceSharingReceiveSlipLetter", "Resource Sharing Receive Slip Letter", "Received"),
        EmulatedLetter { patron_facing: false, ..letter("footer", "footer.xsl", "Sincerely") },
    ]
}

fn letter(code: &str, name: &str, says: &str) -> EmulatedLetter {
    EmulatedLetter {
        code: code.to_owned(),
        name: name.to_owned(),
        description: format!("{name}, as delivered"),
        channel: "EMAIL".to_owned(),
        retention_period: "60".to_owned(),
        enabled: true,
        patron_facing: true,
        customized: false,
        updated: None,
        xsl: format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\">\n  \
             <xsl:template match=\"/\">\n    <html><body><p>{says} &amp;c.</p></body></html>\n  \
             </xsl:template>\n</xsl:stylesheet>\n"
        ),
    }
}
