//! JSON output of `zonal doctor`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::ZoneCode;

/// Result of all checks.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal doctor --json")]
pub struct DoctorJson {
    /// Name of the network.
    pub network: String,
    /// Selected environment; null without an environment.
    pub environment: Option<String>,
    /// Number of checked zones.
    pub zones: usize,
    /// Number of failures; equal failures of several zones count once.
    pub failures: usize,
    /// Number of warnings; equal warnings of several zones count once.
    pub warnings: usize,
    /// Results, equal results of several zones once.
    pub checks: Vec<CheckResult>,
}

/// Result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckResult {
    /// Checked thing.
    pub check: CheckSubject,
    /// Side that has to act on a failure.
    pub side: CheckSide,
    /// Status.
    pub status: CheckStatus,
    /// Zones; empty for a check of this machine alone.
    pub zones: Vec<ZoneCode>,
    /// Smallest number of the zones, if the message is about a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<u64>,
    /// Largest number of the zones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
    /// Fact; behind the number, if there is one.
    pub message: String,
    /// Fix of a failure or a warning.
    pub fix: Option<String>,
}

/// Checked thing, in the order of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckSubject {
    /// Manifests in the config directory.
    Manifests,
    /// Git repository of the config directory.
    Git,
    /// Store.
    Store,
    /// Read key: set on this machine, and a key of the zone.
    Key,
    /// Environment type of the zone.
    Environment,
    /// Areas that the read key opens.
    Areas,
    /// Write key.
    WriteKey,
    /// Requests left today.
    Calls,
    /// Requests a second.
    Pace,
    /// Clock of this machine against the zone's.
    Clock,
    /// Tables that the manifests need.
    Tables,
    /// Rows that the network's distribution jobs also write.
    Distribution,
    /// Libraries and campuses in Alma against the manifest.
    Libraries,
}

impl CheckSubject {
    /// Returns the name of the check in text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manifests => "manifests",
            Self::Git => "git",
            Self::Store => "store",
            Self::Key => "key",
            Self::Environment => "environment",
            Self::Areas => "areas",
            Self::WriteKey => "write key",
            Self::Calls => "calls",
            Self::Pace => "pace",
            Self::Clock => "clock",
            Self::Tables => "tables",
            Self::Distribution => "distribution",
            Self::Libraries => "libraries",
        }
    }
}

/// Side of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckSide {
    /// This machine: files, variables, store.
    Local,
    /// Zones.
    Zone,
}

/// Status of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// Nothing to do.
    Ok,
    /// Works, with a surprise ahead.
    Warning,
    /// Does not work.
    Failure,
}

impl CheckResult {
    /// Returns a successful check of this machine.
    pub fn ok(check: CheckSubject, message: impl Into<String>) -> Self {
        Self {
            check,
            side: CheckSide::Local,
            status: CheckStatus::Ok,
            zones: Vec::new(),
            least: None,
            most: None,
            message: message.into(),
            fix: None,
        }
    }

    /// Returns a warning about this machine.
    pub fn warning(check: CheckSubject, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { status: CheckStatus::Warning, fix: Some(fix.into()), ..Self::ok(check, message) }
    }

    /// Returns a failure of this machine.
    pub fn failure(check: CheckSubject, message: impl Into<String>, fix: Option<String>) -> Self {
        Self { status: CheckStatus::Failure, fix, ..Self::ok(check, message) }
    }

    /// Turns the result into one of a zone.
    pub fn of_zone(self, zone: &ZoneCode) -> Self {
        Self { side: CheckSide::Zone, zones: vec![zone.clone()], ..self }
    }

    /// Puts a number before the message.
    pub fn with_number(self, number: u64) -> Self {
        Self { least: Some(number), most: Some(number), ..self }
    }
}

/// Joins equal results of several zones, and sorts them by check.
pub fn join_equal(results: Vec<CheckResult>) -> Vec<CheckResult> {
    let mut joined: Vec<CheckResult> = Vec::new();
    for result in results {
        let is_equal = |known: &&mut CheckResult| {
            (known.check, known.side, known.status) == (result.check, result.side, result.status)
                && (&known.message, &known.fix) == (&result.message, &result.fix)
        };
        match joined.iter_mut().find(is_equal) {
            None => joined.push(result),
            Some(known) => {
                known.zones.extend(
                    result.zones.into_iter().filter(|zone| !known.zones.contains(zone)).collect::<Vec<_>>(),
                );
                known.least = known.least.min(result.least);
                known.most = known.most.max(result.most);
            }
        }
    }
    joined.sort_by_key(|result| (result.check, result.status));
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_results_of_many_zones_are_one_with_a_range() {
        let left = |zone: &str, number| {
            CheckResult::ok(CheckSubject::Calls, "calls left").of_zone(&zone.into()).with_number(number)
        };
        let wrong = CheckResult::failure(CheckSubject::Key, "no", None).of_zone(&"C".into());
        let joined = join_equal(vec![left("A", 7), left("B", 3), wrong.clone()]);
        assert_eq!(joined[0], wrong);
        assert_eq!((joined[1].least, joined[1].most), (Some(3), Some(7)));
        assert_eq!(joined[1].zones, ["A".into(), "B".into()]);
    }
}
