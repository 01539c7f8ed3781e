//! What a type of collection that is not a table has to say for itself: where it stands, how its JSON
//! becomes records, and how records become what is put back.

use serde_json::Value as Json;

use super::put_client::PutBody;
use crate::model::{Change, CollectionId, ZoneCode, ZoneFailure};
use crate::provider::http::request_path::RequestPath;
use crate::provider::{CollectionSnapshot, record_changes};

/// One type of collection: one GET, one PUT of the whole, at one path.
#[derive(Debug)]
pub struct ObjectLayout {
    /// What collections of the type are called, `Letter`.
    pub kind: &'static str,
    /// Where one stands.
    pub path: fn(&ZoneCode, &CollectionId) -> Result<RequestPath, ZoneFailure>,
    /// The answer as a collection; a failure where it is not what was asked for.
    pub snapshot: fn(&ZoneCode, &CollectionId, Json) -> Result<CollectionSnapshot, ZoneFailure>,
    /// What is put so that the changes are made and everything else stays as it was just read.
    pub payload: fn(&CollectionSnapshot, &[Change]) -> Result<PutBody, ZoneFailure>,
    /// What of the answer is neither a record nor set by the zone itself: it must not change.
    pub rest: fn(&Json) -> Json,
}

impl ObjectLayout {
    /// What differs between `after` and what `before` should have become.
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
        return vec![format!("what nobody asked to change was {was} and is {is}")];
    };
    let names: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let show = |value: Option<&Json>| value.map_or_else(|| "nothing".to_owned(), ToString::to_string);
    names
        .into_iter()
        .filter(|name| was.get(*name) != is.get(*name))
        .map(|name| format!("`{name}` is {}, was {}", show(is.get(name)), show(was.get(name))))
        .collect()
}
