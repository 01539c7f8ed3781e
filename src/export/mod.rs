//! Turns the rows that many zones have into shared rows and overrides, as short as they get.
//!
//! Pure: equal rows give equal results, and an expansion of the result gives exactly the rows.

mod factoring;
mod outliers;
mod row_key;
mod table_rows;
mod variables;
mod zone_set;
mod zone_terms;

pub use factoring::{FactoredOverride, FactoredRow, FactoredTable, RowContent, factor};
pub use outliers::{OutlierZone, RowOutlier};
pub use row_key::choose_key;
pub use table_rows::{ExportRow, FieldTerm, RowValues, TableRows};
pub use variables::{common_variables, recognize_variables};
pub use zone_set::ZoneSet;
pub use zone_terms::{PricedSelector, SelectorFinder, SelectorTerms};
