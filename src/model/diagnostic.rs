//! A problem in the user's input: place, fact and way out.

use super::place::Place;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is planned while there is one.
    Error,
    /// Worth a look; nothing stops.
    Warning,
}

/// One problem. Ordered by place, so that a list of them reads like the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable code, `Z0103`: what people search for and what CI suppresses by.
    pub code: &'static str,
    /// The fact: lowercase, no full stop, values in backticks. One line.
    pub message: String,
    /// Where; `None` for a problem of no file, such as an empty directory.
    pub place: Option<Place>,
    /// Said under the marked place, where there is more to say than the message does.
    pub label: Option<String>,
    /// Other places that matter, such as the first of two declarations.
    pub related: Vec<Label>,
    /// The way out, `did you mean ...`; lowercase, no full stop.
    pub help: Option<String>,
}

/// A second place and what to see there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where to look.
    pub place: Place,
    /// What to see there.
    pub message: String,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            place: Some(place),
            label: None,
            related: Vec::new(),
            help: None,
        }
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, place, message) }
    }

    /// An error of no place.
    pub fn nowhere(code: &'static str, message: impl Into<String>) -> Self {
        Self { place: None, ..Self::error(code, Place::file(""), message) }
    }

    /// The same with a way out.
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same with words under the marked place.
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// The same with a second place.
    pub fn related(mut self, place: Place, message: impl Into<String>) -> Self {
        self.related.push(Label { place, message: message.into() });
        self
    }
}
