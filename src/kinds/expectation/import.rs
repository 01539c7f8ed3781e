//! Rows about who may bring records into the Network Zone.

use super::fact::Way;
use super::places::{self, Places};
use super::row::{Row, missing, row};
use crate::kinds::Reach;
use crate::kinds::scope::Scope;
use crate::manifest::node::Extent;
use crate::manifest::several::Several;
use crate::manifest::typed::At;
use crate::model::network::Zone;
use crate::model::{ImportQuestion, Question, RecordType};

row! {
    /// May members bring records into the Network Zone, and by which ways?
    ImportRow;
    asks {
        /// The member: a code, a list of codes, or a selection of members.
        member: Places,
        /// The sort of record, or both.
        record: Several<RecordType>,
    }
    expects {
        /// Whether it may.
        allowed "allowed": bool,
        /// The ways that are open to it, all of them.
        channels "channels": Vec<At<Way>>,
        /// Whether it may link its own records to those that are there.
        linking "linking": bool,
    }
}

impl Row for ImportRow {
    fn lacks(&self) -> Vec<&'static str> {
        missing([("member", self.member.is_some()), ("record", self.record.is_some())])
    }

    fn ask<'n>(&self, _: Extent, scope: &mut Scope<'_, 'n>) -> Vec<(Question, &'n Zone)> {
        let (Some(member), Some(record)) = (&self.member, &self.record) else { return Vec::new() };
        let members = places::zones(member, Reach::Members, scope).unwrap_or_default();
        let mut questions = Vec::new();
        for member in members {
            for At { value: record, .. } in record.each() {
                let question = ImportQuestion { member: member.code.clone(), record: *record };
                questions.push((Question::Import(question), member));
            }
        }
        questions
    }
}
