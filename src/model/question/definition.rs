//! Definition of a question as data: arguments, facts, texts, and the constructor.
//!
//! `zonal explain` makes its flags from the definition, and manifests the rows of `Expectation`.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::civil::Date;

use super::{Question, ResourceId};
use crate::model::address::ZoneCode;
use crate::model::alma_codes::{WordList, ZoneCoverage};

/// Definition of a question.
#[derive(Debug)]
pub struct QuestionDefinition {
    /// Topic in commands, manifests and impacts: `tasks`.
    pub topic: &'static str,
    /// Summary of the subcommand.
    pub help: &'static str,
    /// Description of the table of expectations.
    pub table: &'static str,
    /// Description of a row of the table.
    pub row: &'static str,
    /// Arguments. The first one selects a zone.
    pub arguments: &'static [QuestionArgument],
    /// Facts of the answer.
    pub facts: &'static [FactDefinition],
    /// Argument that selects the zone of the answer, for variables in expected facts.
    pub answering_zone: &'static str,
    /// Constructor; `None` if an argument is missing or invalid.
    pub build: fn(&ArgumentValues) -> Option<Question>,
}

impl QuestionDefinition {
    /// Returns the names of the facts.
    pub fn fact_names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.facts.iter().map(|fact| fact.name)
    }
}

/// Argument of a question.
#[derive(Debug)]
pub struct QuestionArgument {
    /// Field in manifests.
    pub field: &'static str,
    /// Flag in commands, without dashes.
    pub flag: &'static str,
    /// Type of the value.
    pub value: ArgumentType,
    /// Presence.
    pub presence: ArgumentPresence,
    /// Help of the flag.
    pub help: &'static str,
    /// Description of the field, by line.
    pub description: &'static [&'static str],
}

/// Type of an argument.
#[derive(Debug, Clone, Copy)]
pub enum ArgumentType {
    /// Zone by code. Manifests also accept lists and selectors.
    Zone(ZoneCoverage),
    /// Word of a list, with the name of the value in help, and the error text for an unknown word; `None` if
    /// the help lists the words.
    Word(WordList, &'static str, Option<&'static str>),
    /// User group of the first zone. Manifests also accept lists and variables.
    UserGroup,
    /// E-resource by IDs.
    Resource,
    /// IP address of a client; excludes library and campus.
    Address,
    /// Library of the first zone; excludes address and campus.
    Library,
    /// Campus of the first zone; excludes address and library.
    Campus,
    /// Date.
    Date,
}

impl ArgumentType {
    /// Returns true for the types of a user's location, which exclude each other.
    pub fn is_location(self) -> bool {
        matches!(self, Self::Address | Self::Library | Self::Campus)
    }
}

/// Presence of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentPresence {
    /// Required.
    Required,
    /// Optional flag, all words by default. Manifests require the field, and accept lists.
    AllByDefault,
    /// Optional.
    Optional,
}

/// Fact of an answer.
#[derive(Debug)]
pub struct FactDefinition {
    /// Name in manifests and answers.
    pub name: &'static str,
    /// Type of the expected value.
    pub value: FactType,
    /// Description, by line.
    pub description: &'static [&'static str],
    /// Optional argument that the fact requires.
    pub requires: Option<&'static str>,
}

/// Type of an expected value.
#[derive(Debug, Clone, Copy)]
pub enum FactType {
    /// Flag.
    Flag,
    /// Flag, or null.
    NullableFlag,
    /// Text, or null.
    NullableText,
    /// Text or variable of the answering zone, or null.
    NullableVariable,
    /// Date, or null.
    NullableDate,
    /// Word of a list, or null.
    NullableWord(WordList),
    /// List of texts.
    Texts,
    /// List of words.
    Words(WordList),
}

/// Lists arguments: description, field, flag, presence, type and help.
macro_rules! arguments {
    ($($(#[doc = $line:literal])+ $field:literal $flag:literal $presence:ident $kind:ident
        $(($($part:tt)*))? => $help:literal;)*) => {
        &[$(crate::model::question::definition::QuestionArgument {
            field: $field,
            flag: $flag,
            value: crate::model::question::definition::ArgumentType::$kind $(($($part)*))?,
            presence: crate::model::question::definition::ArgumentPresence::$presence,
            help: $help,
            description: &[$($line),+],
        }),*]
    };
}
pub(super) use arguments;

/// Lists facts: description, name, type, and the optional argument that the fact requires.
macro_rules! facts {
    ($($(#[doc = $line:literal])+ $name:literal $kind:ident $(($($part:tt)*))?
        $(requires $argument:literal)?;)*) => {
        &[$(crate::model::question::definition::FactDefinition {
            name: $name,
            value: crate::model::question::definition::FactType::$kind $(($($part)*))?,
            description: &[$($line),+],
            requires: [$(Some($argument),)? None][0],
        }),*]
    };
}
pub(super) use facts;

/// Values of a question's arguments, by field.
#[derive(Debug, Clone, Default)]
pub struct ArgumentValues(Vec<(&'static str, ArgumentValue)>);

/// Value of an argument.
#[derive(Debug, Clone)]
pub enum ArgumentValue {
    /// Zone.
    Zone(ZoneCode),
    /// Text: a word, user group, library or campus.
    Text(Arc<str>),
    /// E-resource.
    Resource(ResourceId),
    /// IP address.
    Address(IpAddr),
    /// Date.
    Date(Date),
}

/// Declares getters of argument values by type.
macro_rules! getters {
    ($($(#[$about:meta])* $name:ident: $variant:ident($type:ty);)*) => { $(
        $(#[$about])*
        pub fn $name(&self, field: &str) -> Option<$type> {
            self.0.iter().find_map(|(name, value)| match value {
                ArgumentValue::$variant(value) if *name == field => Some(value.clone()),
                _ => None,
            })
        }
    )* };
}

impl ArgumentValues {
    /// Returns the values with one more.
    pub fn with(&self, field: &'static str, value: ArgumentValue) -> Self {
        let mut values = self.clone();
        values.0.push((field, value));
        values
    }

    getters! {
        /// Returns a zone.
        zone: Zone(ZoneCode);
        /// Returns a text.
        text: Text(Arc<str>);
        /// Returns an e-resource.
        resource: Resource(ResourceId);
        /// Returns an IP address.
        address: Address(IpAddr);
        /// Returns a date.
        date: Date(Date);
    }
}
