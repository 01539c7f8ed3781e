//! What a row of expectations is, whatever it asks: fields of the question, facts of the answer, and why.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fact::{FactError, FactSpec};
use crate::kinds::manifest_expansion::ManifestExpansion;
use crate::manifest::ManifestHeader;
use crate::manifest::deserialize::Spanned;
use crate::manifest::yaml_node::NodeSpan;
use crate::model::network::Zone;
use crate::model::{Diagnostic, Question};

/// Expectations of one sort of question.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectationTable<R> {
    /// What holds for every row that does not say it otherwise: of the question, or of the answer.
    pub given: Option<R>,
    /// The rows. One that means several members, groups or the like stands for each combination of them.
    #[schemars(length(min = 1))]
    pub rows: Vec<Spanned<R>>,
}

/// What a row says of one fact, and where.
pub type FactCell = (&'static str, NodeSpan, Result<FactSpec, FactError>);

/// What follows from the fields of a row alone: [`row!`] makes it.
pub trait ExpectationFields: Clone {
    /// The row, and field by field what is given where it says nothing.
    fn field_by_field(&self, given: &Self) -> Self;

    /// What it expects.
    fn facts(&self) -> Vec<FactCell>;

    /// Why.
    fn reason(&self) -> Option<&str>;
}

/// One row of expectations.
pub trait ExpectationRow: ExpectationFields {
    /// The row, and what is given where it says nothing.
    fn with_defaults(&self, given: &Self) -> Self {
        self.field_by_field(given)
    }

    /// Fields without which it asks nothing, those that it lacks.
    fn missing_fields(&self) -> Vec<&'static str>;

    /// What else is wrong with it, whatever the network is.
    fn check(&self, _: &ManifestHeader) -> Vec<Diagnostic> {
        Vec::new()
    }

    /// The questions, each with the zone whose variables its answer may name. What cannot be asked of this network is
    /// told. None where something is wrong with the row.
    fn questions<'n>(
        &self,
        extent: NodeSpan,
        scope: &mut ManifestExpansion<'_, 'n>,
    ) -> Vec<(Question, &'n Zone)>;
}

/// Makes the type of a row: every field may be left to what is given.
macro_rules! row {
    (
        $(#[$about:meta])* $name:ident;
        asks { $($(#[$of_field:meta])* $field:ident: $type:ty,)* }
        expects { $($(#[$of_fact:meta])* $fact:ident $called:literal: $value:ty,)* }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($(#[$of_field])* pub $field: Option<crate::manifest::deserialize::Spanned<$type>>,)*
            $($(#[$of_fact])* pub $fact: Option<crate::manifest::deserialize::Spanned<$value>>,)*
            /// Why it is expected, for whoever finds that it is not so.
            pub because: Option<String>,
        }

        impl $crate::kinds::expectation::row::ExpectationFields for $name {
            fn field_by_field(&self, given: &Self) -> Self {
                Self {
                    $($field: self.$field.clone().or_else(|| given.$field.clone()),)*
                    $($fact: self.$fact.clone().or_else(|| given.$fact.clone()),)*
                    because: self.because.clone().or_else(|| given.because.clone()),
                }
            }

            fn facts(&self) -> Vec<$crate::kinds::expectation::row::FactCell> {
                let mut facts = Vec::new();
                $(if let Some(at) = &self.$fact {
                    facts.push(($called, at.extent, $crate::kinds::expectation::fact::ExpectedValue::expected_value(&at.value)));
                })*
                facts
            }

            fn reason(&self) -> Option<&str> {
                self.because.as_deref()
            }
        }
    };
}
pub(super) use row;

/// The names of the fields that are not there.
pub fn names_of_missing<const N: usize>(fields: [(&'static str, bool); N]) -> Vec<&'static str> {
    fields.into_iter().filter(|(_, is_said)| !is_said).map(|(name, _)| name).collect()
}

/// A diagnostic of something that is wrong at a place.
pub fn fact_diagnostic(wrong: FactError, head: &ManifestHeader, extent: NodeSpan) -> Diagnostic {
    Diagnostic::error(wrong.code, head.place(extent), wrong.message).help(wrong.help)
}
