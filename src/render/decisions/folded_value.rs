//! Values that stand for many zones: texts and lists in which the zone, its subject and its variables have
//! names instead of values.

use std::fmt;
use std::sync::Arc;

use crate::model::{FieldValue, ZoneCode};

/// Value of a field or a key for all zones of a variant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FoldedValue {
    /// No value.
    Null,
    /// Flag.
    Bool(bool),
    /// Text.
    Text(FoldedText),
    /// List of texts.
    List(Vec<FoldedText>),
    /// List of members, told by its rule.
    Members(MemberRule),
}

/// Text with names in place of what depends on the zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FoldedText {
    /// Same text in all zones.
    Plain(Arc<str>),
    /// Text with names.
    Template(Vec<TextPart>),
}

/// Part of a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextPart {
    /// Same text in all zones.
    Literal(Arc<str>),
    /// Code of the record's subject: the member in its key.
    Subject,
    /// Code of the record's own zone.
    OwnCode,
    /// Name of the record's own zone.
    OwnName,
    /// Value of a variable of the zone.
    Variable(Arc<str>),
    /// Date in a variable of the zone, without the time zone that the variable writes: `2026-12-10Z`.
    DateVariable(Arc<str>),
}

/// Rule of a list of members.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberRule {
    /// True if the list leaves out the record's subject, or its own zone if it has no subject.
    pub others: bool,
    /// Label and value of the members; `None` for all members.
    pub label: Option<(Arc<str>, Arc<str>)>,
    /// Members that the list leaves out.
    pub except: Vec<ZoneCode>,
}

impl FoldedText {
    /// Returns the text if it is the same in all zones.
    pub fn plain(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Template(_) => None,
        }
    }
}

impl FoldedText {
    /// Returns the variables that the text names.
    pub fn variables(&self) -> impl Iterator<Item = &Arc<str>> {
        let parts = match self {
            Self::Plain(_) => &[][..],
            Self::Template(parts) => parts,
        };
        parts.iter().filter_map(|part| match part {
            TextPart::Variable(name) | TextPart::DateVariable(name) => Some(name),
            TextPart::Literal(_) | TextPart::Subject | TextPart::OwnCode | TextPart::OwnName => None,
        })
    }
}

impl FoldedValue {
    /// Returns the variables that the value names.
    pub fn variables(&self) -> impl Iterator<Item = &Arc<str>> {
        let texts = match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(texts) => texts,
            Self::Null | Self::Bool(_) | Self::Members(_) => &[],
        };
        texts.iter().flat_map(FoldedText::variables)
    }

    /// Returns a value that is the same in all zones.
    pub fn plain(value: &FieldValue) -> Self {
        match value {
            FieldValue::Null => Self::Null,
            FieldValue::Bool(flag) => Self::Bool(*flag),
            FieldValue::Text(text) => Self::Text(FoldedText::Plain(Arc::clone(text))),
            FieldValue::List(texts) => Self::List(texts.iter().cloned().map(FoldedText::Plain).collect()),
        }
    }
}

/// Text with `{member}`, `{code}`, `{name}` and `{variable}`. Braces of the text itself are doubled.
impl fmt::Display for FoldedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let literal =
            |f: &mut fmt::Formatter<'_>, text: &str| f.write_str(&text.replace('{', "{{").replace('}', "}}"));
        match self {
            Self::Plain(text) => literal(f, text),
            Self::Template(parts) => parts.iter().try_for_each(|part| match part {
                TextPart::Literal(text) => literal(f, text),
                TextPart::Subject => f.write_str("{member}"),
                TextPart::OwnCode => f.write_str("{code}"),
                TextPart::OwnName => f.write_str("{name}"),
                TextPart::Variable(name) | TextPart::DateVariable(name) => write!(f, "{{{name}}}"),
            }),
        }
    }
}

/// Rule in words: `every other member`, `every afn=lender but 01M_A and 01M_B`.
impl fmt::Display for MemberRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, |code| code.to_string())
    }
}

impl MemberRule {
    /// Writes the rule in words, with codes as `name` returns them.
    pub fn write(&self, f: &mut dyn fmt::Write, name: impl Fn(&ZoneCode) -> String) -> fmt::Result {
        f.write_str(if self.others { "every other " } else { "every " })?;
        match &self.label {
            Some((label, value)) => write!(f, "{label}={value}")?,
            None => f.write_str("member")?,
        }
        let names: Vec<String> = self.except.iter().map(name).collect();
        match names.as_slice() {
            [] => Ok(()),
            names => write!(f, " but {}", names.join(" and ")),
        }
    }
}
