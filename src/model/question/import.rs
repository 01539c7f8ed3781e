//! Question: may a member contribute records to the Network Zone?

use std::fmt;

use super::definition::{
    ArgumentPresence, ArgumentType, FactDefinition, FactType, QuestionArgument, QuestionDefinition,
};
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
        row: "Expected permission of members to contribute records to the Network Zone, and the available channels.",
        arguments: &[
            QuestionArgument {
                field: "member",
                flag: "member",
                value: ArgumentType::Zone(ZoneCoverage::Members),
                presence: ArgumentPresence::Required,
                help: "Code of the member",
                description: "Member: a code, a list of codes, or a selector of members.",
            },
            QuestionArgument {
                field: "record",
                flag: "record",
                value: ArgumentType::Word { words: RecordType::WORDS, value_name: "TYPE", unknown: None },
                presence: ArgumentPresence::AllByDefault,
                help: "Type of record (default: both)",
                description: "Record type, or both.",
            },
        ],
        facts: &[
            FactDefinition::new("allowed", FactType::Flag, "True if the member may contribute records."),
            FactDefinition::new(
                "channels",
                FactType::Words(ImportChannel::WORDS),
                "Complete list of the available channels.",
            ),
            FactDefinition::new(
                "linking",
                FactType::Flag,
                "True if the member may link its own records to existing Network Zone records.",
            ),
        ],
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
