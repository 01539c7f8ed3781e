//! Lists of the tables that zones show.

use std::collections::BTreeMap;

use crate::model::{TableListing, ZoneCode, ZoneFailure};

/// Lists of tables by zone, or the failure of a zone.
pub type TableLists = BTreeMap<ZoneCode, Result<Vec<TableListing>, ZoneFailure>>;
