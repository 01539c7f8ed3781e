//! Runs: executions of zonal that the store records, with operation, author and result.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::address::ZoneCode;
use super::digest::ContentDigest;

/// Identifier of a run: `run-12`, counted by the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("run-{}", self.0))
    }
}

/// Error for a text other than `run-12`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid run ID: expected a form like `run-12`; `zonal runs` lists all runs")]
pub struct InvalidRunId;

impl FromStr for RunId {
    type Err = InvalidRunId;

    fn from_str(text: &str) -> Result<Self, InvalidRunId> {
        let digits =
            text.strip_prefix("run-").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).map(Self).ok_or(InvalidRunId)
    }
}

impl serde::Serialize for RunId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for RunId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for RunId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RunId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^run-[0-9]+$", "description": "Identifier of a run."})
    }
}

/// Run, as recorded in the store.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Run {
    /// Identifier.
    pub id: RunId,
    /// Operation.
    pub operation: RunOperation,
    /// Name of the network.
    pub network: String,
    /// Environment; absent for the manifest without an environment.
    pub environment: Option<String>,
    /// Selection in words; absent for everything.
    pub selection: Option<String>,
    /// Shard of the zones, if several runs share them.
    pub shard: Option<ZoneShard>,
    /// Run group: the common name of related runs.
    pub group: Option<String>,
    /// Digest of the executed plan.
    pub plan: ContentDigest,
    /// Author.
    pub author: RunAuthor,
    /// Host.
    pub host: RunHost,
    /// Start time, in RFC 3339.
    pub started_at: String,
    /// End time; absent for a running or killed run.
    pub ended_at: Option<String>,
    /// State.
    pub state: RunState,
    /// Exit codes, most severe first; empty while running.
    pub exit_codes: Vec<u8>,
    /// Reverted run, if any.
    pub reverts: Option<RunId>,
    /// Codes of its zones.
    #[serde(default)]
    pub zones: Vec<Arc<str>>,
}

/// Operation of a run.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RunOperation {
    /// Writes the desired state.
    Apply,
    /// Restores the state before another run.
    Revert,
    /// Detects drift; writes nothing.
    Drift,
    /// Plans; writes nothing.
    Plan,
    /// Stops managing records; writes nothing to any zone.
    Unmanage,
}

impl RunOperation {
    /// Returns the command's name: `apply`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Revert => "revert",
            Self::Drift => "drift",
            Self::Plan => "plan",
            Self::Unmanage => "unmanage",
        }
    }
}

/// State of a run.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Running, or killed.
    Running,
    /// Ended by itself, successfully or not.
    Ended,
    /// Interrupted by the user; can be resumed.
    Interrupted,
}

/// Author of a run; unknown parts are absent.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct RunAuthor {
    /// Committer of the manifests, `Name <address>`.
    pub committer: Option<String>,
    /// Commit of the manifests, with a trailing `+` for uncommitted changes.
    pub commit: Option<String>,
    /// Starter of the pipeline, or logged-in user.
    pub actor: Option<String>,
    /// URL of the pipeline run.
    pub pipeline: Option<String>,
}

/// Host of a run, to determine if the run is still alive.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct RunHost {
    /// Name of the machine.
    pub name: String,
    /// Process ID.
    pub process: u32,
}

/// Shard of the zones: part `index` of `of`, from 1.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub struct ZoneShard {
    /// Index, from 1.
    pub index: u32,
    /// Number of shards.
    pub of: u32,
}

impl fmt::Display for ZoneShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// Error for an invalid shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected INDEX/COUNT, counted from 1: `2/4` is the second of four shards")]
pub struct InvalidShard;

impl FromStr for ZoneShard {
    type Err = InvalidShard;

    fn from_str(text: &str) -> Result<Self, InvalidShard> {
        let number = |digits: &str| match digits.bytes().all(|byte| byte.is_ascii_digit()) {
            true => digits.parse().map_err(|_| InvalidShard),
            false => Err(InvalidShard),
        };
        let (index, of) = text.split_once('/').ok_or(InvalidShard)?;
        let shard = Self { index: number(index)?, of: number(of)? };
        if (1..=shard.of).contains(&shard.index) { Ok(shard) } else { Err(InvalidShard) }
    }
}

impl ZoneShard {
    /// Returns true if the shard contains a zone.
    ///
    /// Depends only on the zone's code, so a zone that joins or leaves the network moves no other zone.
    /// Shards can differ in size.
    pub fn contains_zone(self, zone: &ZoneCode) -> bool {
        // FNV-1a; its low bits alone depend too little on the start of the code.
        let hash = zone.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let hash = hash ^ (hash >> 32);
        hash % u64::from(self.of.max(1)) == u64::from(self.index.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::{RunId, ZoneCode, ZoneShard};

    #[test]
    fn shard_parses_only_its_own_format() {
        assert_eq!("2/4".parse(), Ok(ZoneShard { index: 2, of: 4 }));
        for wrong in ["", "2", "0/4", "5/4", "1/0", "a/4", "+1/4", "1/4/2", "1 / 4"] {
            assert!(wrong.parse::<ZoneShard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_zone_belongs_to_one_shard_of_similar_size() {
        for of in [1, 2, 3, 4, 7] {
            let mut sizes = vec![0; of as usize];
            for number in 0..120 {
                let zone = ZoneCode::from(format!("01OMNI_{number:03}").as_str());
                let holders: Vec<u32> =
                    (1..=of).filter(|index| ZoneShard { index: *index, of }.contains_zone(&zone)).collect();
                assert_eq!(holders.len(), 1, "{zone} of {of}");
                sizes[holders[0] as usize - 1] += 1;
            }
            let fair = 120 / of as usize;
            assert!(sizes.iter().all(|size| *size * 3 > fair && *size < fair * 3), "{sizes:?}");
        }
    }

    #[test]
    fn zone_keeps_its_shard_across_versions() {
        let shard =
            |code: &str| (1..=4).find(|index| ZoneShard { index: *index, of: 4 }.contains_zone(&code.into()));
        let found: Vec<_> =
            ["01OMNI_ALPHA", "01OMNI_BETA", "01OMNI_GAMMA", "01OMNI_NETWORK"].map(shard).into();
        assert_eq!(found, SHARDS.map(Some));
    }

    /// Shards of the zones above, constant because runs of two versions may share a network.
    const SHARDS: [u32; 4] = [4, 4, 3, 4];

    #[test]
    fn run_id_parses_only_its_own_format() {
        assert_eq!(RunId(12).to_string().parse(), Ok(RunId(12)));
        for wrong in ["12", "run-", "run-x", "run-+1", "Run-1", "run-99999999999999999999999"] {
            assert!(wrong.parse::<RunId>().is_err(), "{wrong}");
        }
    }
}
