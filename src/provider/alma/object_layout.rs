//! Describes a collection type other than a table: its path, JSON as records, and the PUT body.

use serde_json::Value as Json;

use super::put_client::PutBody;
use crate::model::{Change, CollectionId, ZoneCode, ZoneFailure};
use crate::provider::http::request_path::RequestPath;
use crate::provider::{CollectionSnapshot, record_changes};

/// Collection type with one GET and one whole PUT at one path.
#[derive(Debug)]
pub struct ObjectLayout {
    /// Kind of the collections, `Letter`.
    pub kind: &'static str,
    /// Returns the path of a collection.
    pub path: fn(&ZoneCode, &CollectionId) -> Result<RequestPath, ZoneFailure>,
    /// Parses the response as a collection. Fails if the response does not match the request.
    pub snapshot: fn(&ZoneCode, &CollectionId, Json) -> Result<CollectionSnapshot, ZoneFailure>,
    /// Returns the PUT body with the changes. All other content stays as read.
    pub payload: fn(&CollectionSnapshot, &[Change]) -> Result<PutBody, ZoneFailure>,
    /// Returns content outside the records and the zone's own fields; writes must not change such content.
    pub rest: fn(&Json) -> Json,
}

impl ObjectLayout {
    /// Returns the differences between `after` and the expected result of the changes to `before`.
    pub fn strays(
        &self,
        before: &CollectionSnapshot,
        changes: &[Change],
        after: &CollectionSnapshot,
    ) -> Vec<String> {
        let mut strays = record_changes::strays(before, changes, after);
        let (was, is) = ((self.rest)(&before.raw), (self.rest)(&after.raw));
        if was != is {
            strays.extend(differences(&was, &is));
        }
        strays
    }
}

fn differences(was: &Json, is: &Json) -> Vec<String> {
    let (Json::Object(was), Json::Object(is)) = (was, is) else {
        return vec![format!("content outside the changes was {was} and is {is}")];
    };
    let names: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let show = |value: Option<&Json>| value.map_or_else(|| "nothing".to_owned(), ToString::to_string);
    names
        .into_iter()
        .filter(|name| was.get(*name) != is.get(*name))
        .map(|name| format!("`{name}` is {}, was {}", show(is.get(name)), show(was.get(name))))
        .collect()
}
