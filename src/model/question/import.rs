//! Question: may a member contribute records to the Network Zone?

use std::fmt;

use super::definition::{QuestionDefinition, arguments, facts};
use crate::model::address::ZoneCode;
use crate::model::alma_codes::{ImportChannel, RecordType, ZoneCoverage};

/// Question: may a member contribute records to the Network Zone?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct ImportQuestion {
    /// Member.
    #[schemars(with = "String")]
    pub member: ZoneCode,
    /// Type of record.
    pub record: RecordType,
}

impl ImportQuestion {
    /// Definition.
    pub const DEFINITION: QuestionDefinition = QuestionDefinition {
        topic: "import",
        help: "Explain whether a member may contribute records to the Network Zone",
        table: "Expectations about contributing records to the Network Zone.",
        row: "Expected permission of members to contribute records to the Network Zone, and the available \
              channels.",
        arguments: arguments! {
            /// Member: a code, a list of codes, or a selector of members.
            "member" "member" Required Zone(ZoneCoverage::Members) => "Code of the member";
            /// Record type, or both.
            "record" "record" AllByDefault Word(RecordType::WORDS, "TYPE", None)
                => "Type of record (default: both)";
        },
        facts: facts! {
            /// True if the member may contribute records.
            "allowed" Flag;
            /// Complete list of the available channels.
            "channels" Words(ImportChannel::WORDS);
            /// True if the member may link its own records to existing Network Zone records.
            "linking" Flag;
        },
        answering_zone: "member",
        build: |values| {
            let record = RecordType::from_word(&values.text("record")?)?;
            Some(Self { member: values.zone("member")?, record }.into())
        },
    };
}

impl fmt::Display for ImportQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { member, record } = self;
        write!(f, "may {member} contribute {record} records to the Network Zone")
    }
}
