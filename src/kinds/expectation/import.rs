//! Rows about who may bring records into the Network Zone.

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
    /// May members bring records into the Network Zone, and by which ways?
    ImportRow;
    asks {
        /// The member: a code, a list of codes, or a selection of members.
        member: ZonesSpec,
        /// The sort of record, or both.
        record: ValueOrList<RecordType>,
    }
    expects {
        /// Whether it may.
        allowed "allowed": bool,
        /// The ways that are open to it, all of them.
        channels "channels": Vec<Spanned<Way>>,
        /// Whether it may link its own records to those that are there.
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
