//! Expectation rows about contributing records to the Network Zone.

use super::fact::Way;
use super::row::{ExpectationRow, names_of_missing, row};
use super::zones::{self, ZonesSpec};
use crate::kinds::ZoneCoverage;
use crate::kinds::manifest_expansion::ManifestExpansion;
use crate::manifest::deserialize::Spanned;
use crate::manifest::value_or_list::ValueOrList;
use crate::manifest::yaml_node::NodeSpan;
use crate::model::network::Zone;
use crate::model::{ImportQuestion, Question, RecordType};

row! {
    /// Expected permission of members to contribute records to the Network Zone, and the available channels.
    ImportRow;
    asks {
        /// Member: a code, a list of codes, or a selector of members.
        member: ZonesSpec,
        /// Record type, or both.
        record: ValueOrList<RecordType>,
    }
    expects {
        /// True if the member may contribute records.
        allowed "allowed": bool,
        /// Complete list of the available channels.
        channels "channels": Vec<Spanned<Way>>,
        /// True if the member may link its own records to existing Network Zone records.
        linking "linking": bool,
    }
}

impl ExpectationRow for ImportRow {
    fn missing_fields(&self) -> Vec<&'static str> {
        names_of_missing([("member", self.member.is_some()), ("record", self.record.is_some())])
    }

    fn questions<'n>(&self, _: NodeSpan, scope: &mut ManifestExpansion<'_, 'n>) -> Vec<(Question, &'n Zone)> {
        let (Some(member), Some(record)) = (&self.member, &self.record) else { return Vec::new() };
        let members = zones::zones(member, ZoneCoverage::Members, scope).unwrap_or_default();
        let mut questions = Vec::new();
        for member in members {
            for Spanned { value: record, .. } in record.values() {
                let question = ImportQuestion { member: member.code.clone(), record: *record };
                questions.push((Question::Import(question), member));
            }
        }
        questions
    }
}
