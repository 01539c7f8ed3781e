//! Answers of a table that lack rows.

use bytes::Bytes;
use serde_json::Value as Json;

use super::random::StormRandom;

/// Way in which an answer lacks rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shortness {
    NoRowMember,
    EmptyList,
    HalfOfTheRows,
    LargerTotal,
    RowsElsewhere,
    RepeatedMember,
}

/// Answer that lacks rows, for the law of a PUT that rests on it.
#[derive(Debug, Clone, Copy)]
pub struct ShortAnswer {
    pub shortness: Shortness,
    /// Rows that the answer shows.
    pub shown: usize,
}

impl Shortness {
    pub fn random(random: &mut StormRandom) -> Self {
        random.pick(&[
            Self::NoRowMember,
            Self::EmptyList,
            Self::HalfOfTheRows,
            Self::HalfOfTheRows,
            Self::LargerTotal,
            Self::RowsElsewhere,
            Self::RepeatedMember,
        ])
    }

    /// Returns true if the answer itself shows that rows are missing.
    pub fn is_evident(self) -> bool {
        matches!(self, Self::LargerTotal | Self::RowsElsewhere | Self::RepeatedMember)
    }

    /// Returns the answer without rows, or `None` for a table without rows or another document.
    ///
    /// Half of the rows is half of those `known` before: with more rows, nobody can tell that some are missing.
    pub fn shorten(self, body: &[u8], known: Option<usize>) -> Option<(Bytes, ShortAnswer)> {
        let mut table: Json = serde_json::from_slice(body).ok()?;
        let rows = table.get("row")?.as_array().filter(|rows| !rows.is_empty())?.clone();
        let mut shown = 0;
        match self {
            Self::NoRowMember => drop(table.as_object_mut()?.remove("row")),
            Self::EmptyList => table["row"] = Json::Array(Vec::new()),
            Self::HalfOfTheRows => {
                shown = rows.len().min(known.unwrap_or(rows.len())) / 2;
                (shown >= 2).then_some(())?;
                table["row"] = rows[..shown].into();
            }
            Self::LargerTotal => {
                shown = rows.len();
                table["total_record_count"] = (rows.len() + 1).into();
            }
            Self::RowsElsewhere => {
                table.as_object_mut()?.remove("row");
                table["entry"] = rows.into();
            }
            Self::RepeatedMember => {
                let text = format!("{},\"row\":[]}}", table.to_string().strip_suffix('}')?);
                return Some((text.into(), ShortAnswer { shortness: self, shown }));
            }
        }
        // A total of the true rows would give the loss away.
        if matches!(self, Self::NoRowMember | Self::EmptyList | Self::HalfOfTheRows) {
            table.as_object_mut()?.remove("total_record_count");
        }
        Some((table.to_string().into(), ShortAnswer { shortness: self, shown }))
    }
}

impl ShortAnswer {
    /// Returns true if nothing may be written from the answer. `accepted` is the smallest number of rows since
    /// the last accepted reading, if there was one.
    pub fn forbids_write(self, accepted: Option<usize>) -> bool {
        match self.shortness {
            Shortness::LargerTotal | Shortness::RowsElsewhere | Shortness::RepeatedMember => true,
            Shortness::NoRowMember | Shortness::EmptyList | Shortness::HalfOfTheRows => {
                let is_short = |accepted| {
                    accepted >= 2 && self.shown == 0 || accepted >= 4 && self.shown * 2 <= accepted
                };
                accepted.is_some_and(is_short)
            }
        }
    }
}
