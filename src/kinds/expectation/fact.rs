//! Expected values of facts in manifests: flags, texts, dates, words and lists.

use std::sync::Arc;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::diagnostic_codes;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::model::FieldValue;

/// Expected value of a fact, as declared.
#[derive(Debug, Clone)]
pub enum FactSpec {
    /// Literal value.
    Value(FieldValue),
    /// Variable of the zone in question.
    Var(Spanned<String>),
}

/// Problem of an expected value.
#[derive(Debug, Clone)]
pub struct FactError {
    /// Diagnostic code.
    pub code: &'static str,
    /// Message.
    pub message: String,
    /// Help text.
    pub help: &'static str,
}

/// Type of an expected value.
pub trait ExpectedValue {
    /// Returns the value as facts store it.
    ///
    /// # Errors
    /// Returns the problem of an invalid value.
    fn expected_value(&self) -> Result<FactSpec, FactError>;
}

/// Date, such as `2027-06-30`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct DaySpec(String);

impl DaySpec {
    /// Returns the parsed date.
    ///
    /// # Errors
    /// Returns the problem of an invalid date.
    pub fn date(&self) -> Result<Date, FactError> {
        // Rejects a time of day or an unusual spelling, because parsing would ignore them silently.
        let date = self.0.parse().ok().filter(|date: &Date| date.to_string() == self.0);
        date.ok_or_else(|| FactError {
            code: diagnostic_codes::NO_DATE,
            message: format!("`{}` is not a valid date", self.0),
            help: "write the date as `YYYY-MM-DD`, such as `2027-06-30`",
        })
    }
}

impl ExpectedValue for bool {
    fn expected_value(&self) -> Result<FactSpec, FactError> {
        Ok(FactSpec::Value(FieldValue::Bool(*self)))
    }
}

impl ExpectedValue for String {
    fn expected_value(&self) -> Result<FactSpec, FactError> {
        Ok(FactSpec::Value(FieldValue::from_text(self)))
    }
}

impl ExpectedValue for TextOrVariable {
    fn expected_value(&self) -> Result<FactSpec, FactError> {
        Ok(match self {
            Self::Plain(text) => FactSpec::Value(FieldValue::from(Arc::clone(text))),
            Self::Var(name) => FactSpec::Var(name.clone()),
        })
    }
}

impl ExpectedValue for DaySpec {
    fn expected_value(&self) -> Result<FactSpec, FactError> {
        self.date().map(|date| FactSpec::Value(FieldValue::from_text(date.to_string())))
    }
}

impl<T: ExpectedValue> ExpectedValue for Nullable<T> {
    fn expected_value(&self) -> Result<FactSpec, FactError> {
        match self {
            Self::Null => Ok(FactSpec::Value(FieldValue::Null)),
            Self::Value(value) => value.expected_value(),
        }
    }
}

impl<T: ListWord> ExpectedValue for Vec<Spanned<T>> {
    fn expected_value(&self) -> Result<FactSpec, FactError> {
        Ok(FactSpec::Value(FieldValue::list(self.iter().map(|each| each.value.as_str()))))
    }
}

/// List item.
pub trait ListWord {
    /// Returns the text.
    fn as_str(&self) -> &str;
}

impl ListWord for String {
    fn as_str(&self) -> &str {
        self
    }
}

/// Declares enums of fixed words.
macro_rules! words {
    ($($(#[$about:meta])* $name:ident { $($(#[$of:meta])* $word:ident = $text:literal,)* })*) => { $(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$of])* #[serde(rename = $text)] $word,)*
        }

        impl ListWord for $name {
            fn as_str(&self) -> &str {
                match self {
                    $(Self::$word => $text,)*
                }
            }
        }

        impl ExpectedValue for $name {
            fn expected_value(&self) -> Result<FactSpec, FactError> {
                Ok(FactSpec::Value(FieldValue::from_text(self.as_str())))
            }
        }
    )* };
}

words! {
    /// Channel of records into the Network Zone.
    Way {
        /// Import profiles.
        ImportProfile = "import-profile",
        /// Share with Network.
        Share = "share-with-network",
        /// Linking job with `Contribute IZ records`.
        Contribute = "link-and-contribute",
        /// New records placed in the network.
        New = "new-record",
        /// Copies from the Community Zone.
        Copy = "copy-from-community-zone",
    }
    /// Decisive level of an e-resource.
    Decides {
        /// E-collection.
        Collection = "e-collection",
        /// E-service.
        Service = "e-service",
        /// Portfolio.
        Portfolio = "portfolio",
    }
    /// Reason for no access to an e-resource.
    WhyNot {
        /// No group with access includes the member.
        NotInGroup = "not-in-group",
        /// The part of the member with access has no IP range.
        NoRange = "no-ip-range",
        /// The user's address is outside all IP ranges.
        OutsideRange = "outside-ip-range",
        /// The member hides the resource.
        Hidden = "hidden-locally",
        /// A wider level grants access, but a narrower level excludes the member.
        Narrowed = "narrowed",
    }
    /// Action blocked by a patron block.
    Stops {
        /// Loan.
        Loan = "loan",
        /// Renewal.
        Renew = "renew",
        /// Hold request.
        Hold = "hold",
        /// Interlibrary loan.
        Ill = "ill",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test reports its location")]

    use super::{DaySpec, Way};
    use crate::analysis::import::import_methods;
    use crate::model::RecordType;

    #[test]
    fn date_with_time_or_odd_spelling_is_rejected() {
        assert!(DaySpec("2027-06-30".to_owned()).date().is_ok());
        for odd in
            ["2027-06-30T10:00:00", "2027-06-30[America/Toronto]", "20270630", "2027-6-30", "2027-02-29"]
        {
            assert!(DaySpec(odd.to_owned()).date().is_err(), "{odd}");
        }
    }

    #[test]
    fn every_import_channel_can_be_expected() {
        for record in [RecordType::Bibliographic, RecordType::Authority] {
            for (way, _) in import_methods(record) {
                serde_json::from_value::<Way>((*way).into()).unwrap();
            }
        }
    }
}
