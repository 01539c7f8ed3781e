//! What can be expected of a fact, as manifests write it: flags, texts, days, words and lists of them.

use std::sync::Arc;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::diagnostic_codes;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::model::FieldValue;

/// What a row says of a fact.
#[derive(Debug, Clone)]
pub enum FactSpec {
    /// This.
    Value(FieldValue),
    /// What the zone that is asked about calls so.
    Var(Spanned<String>),
}

/// What is wrong with what is said of a fact.
#[derive(Debug, Clone)]
pub struct FactError {
    /// The diagnostic's code.
    pub code: &'static str,
    /// The fact.
    pub message: String,
    /// The way out.
    pub help: &'static str,
}

/// Something that can be expected of a fact.
pub trait ExpectedValue {
    /// As facts hold it.
    ///
    /// # Errors
    /// What is wrong with it.
    fn expected_value(&self) -> Result<FactSpec, FactError>;
}

/// A day, `2027-06-30`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct DaySpec(String);

impl DaySpec {
    /// The day.
    ///
    /// # Errors
    /// It is none.
    pub fn date(&self) -> Result<Date, FactError> {
        // A time of day, or a year that nobody writes so, would silently be left out.
        let date = self.0.parse().ok().filter(|date: &Date| date.to_string() == self.0);
        date.ok_or_else(|| FactError {
            code: diagnostic_codes::NO_DATE,
            message: format!("`{}` is no date", self.0),
            help: "write a day as `2027-06-30`",
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

/// What stands in a list.
pub trait ListWord {
    /// The text.
    fn as_str(&self) -> &str;
}

impl ListWord for String {
    fn as_str(&self) -> &str {
        self
    }
}

/// Words of which there are only these.
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
    /// A way by which records reach the Network Zone.
    Way {
        /// Import profiles.
        ImportProfile = "import-profile",
        /// Share with Network.
        Share = "share-with-network",
        /// The linking job with `Contribute IZ records`.
        Contribute = "link-and-contribute",
        /// New records placed in the network.
        New = "new-record",
        /// Copies from the Community Zone.
        Copy = "copy-from-community-zone",
    }
    /// The level of an e-resource that decides.
    Decides {
        /// The e-collection.
        Collection = "e-collection",
        /// The e-service.
        Service = "e-service",
        /// The portfolio.
        Portfolio = "portfolio",
    }
    /// Why somebody cannot reach an e-resource.
    WhyNot {
        /// The member is in no group that it is available for.
        NotInGroup = "not-in-group",
        /// A part of the member that is in one has no IP range.
        NoRange = "no-ip-range",
        /// The user is in none of the IP ranges.
        OutsideRange = "outside-ip-range",
        /// The member hides it.
        Hidden = "hidden-locally",
        /// It is available on a wider level, and a narrower one leaves the member out.
        Narrowed = "narrowed",
    }
    /// What a block stops.
    Stops {
        /// Borrowing.
        Loan = "loan",
        /// Renewing.
        Renew = "renew",
        /// Placing a hold.
        Hold = "hold",
        /// Borrowing from other institutions.
        Ill = "ill",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

    use super::{DaySpec, Way};
    use crate::analysis::import::import_methods;
    use crate::model::RecordType;

    #[test]
    fn a_day_is_nothing_but_a_day() {
        assert!(DaySpec("2027-06-30".to_owned()).date().is_ok());
        for odd in
            ["2027-06-30T10:00:00", "2027-06-30[America/Toronto]", "20270630", "2027-6-30", "2027-02-29"]
        {
            assert!(DaySpec(odd.to_owned()).date().is_err(), "{odd}");
        }
    }

    #[test]
    fn every_way_of_an_answer_can_be_expected() {
        for record in [RecordType::Bibliographic, RecordType::Authority] {
            for (way, _) in import_methods(record) {
                serde_json::from_value::<Way>((*way).into()).unwrap();
            }
        }
    }
}
