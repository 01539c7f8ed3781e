//! One time that zonal was at work in a network: what it was asked, by whom, and how it ended.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::address::ZoneCode;
use super::digest::ContentDigest;

/// What a run is called: `run-12`, counted by the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("run-{}", self.0))
    }
}

/// A text that is not `run-12`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a run is called `run-12`; `zonal runs` lists them")]
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
        schemars::json_schema!({"type": "string", "pattern": "^run-[0-9]+$", "description": "What a run is called."})
    }
}

/// A run, as the store remembers it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Run {
    /// What it is called.
    pub id: RunId,
    /// What it did.
    pub operation: RunOperation,
    /// The network's name.
    pub network: String,
    /// The environment; absent for the manifest as it stands.
    pub environment: Option<String>,
    /// What it was narrowed to, in words; absent where it covered everything.
    pub selection: Option<String>,
    /// The part of the zones that it took, where several runs share them.
    pub shard: Option<ZoneShard>,
    /// The name that runs which belong together share.
    pub group: Option<String>,
    /// Of the plan that it carried out.
    pub plan: ContentDigest,
    /// Who and what set it off.
    pub author: RunAuthor,
    /// Where it ran.
    pub host: RunHost,
    /// When it began, in RFC 3339.
    pub started_at: String,
    /// When it ended; absent while it runs, or where it was killed.
    pub ended_at: Option<String>,
    /// How it stands.
    pub state: RunState,
    /// The exit codes that apply, the gravest first; empty while it runs.
    pub exit_codes: Vec<u8>,
    /// The run that it takes back, where it does.
    pub reverts: Option<RunId>,
    /// Codes of the zones that it is about.
    #[serde(default)]
    pub zones: Vec<Arc<str>>,
}

/// What a run does.
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
    /// It writes what the manifests say.
    Apply,
    /// It writes what was there before another run.
    Revert,
    /// It looks for drift, and writes nothing.
    Drift,
    /// It plans, and writes nothing.
    Plan,
    /// It stops managing records, and writes nothing to any zone.
    Unmanage,
}

impl RunOperation {
    /// As commands are called: `apply`.
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

/// How a run stands.
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
    /// It is at work, or was killed.
    Running,
    /// It ended of its own accord, well or not.
    Ended,
    /// The user stopped it; what is left can be resumed.
    Interrupted,
}

/// Who and what set a run off. Everything is absent where nothing says so.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct RunAuthor {
    /// The person who committed the manifests, `Name <address>`.
    pub committer: Option<String>,
    /// The commit that the manifests are at, with `+` at its end where they differ from it.
    pub commit: Option<String>,
    /// Who set the pipeline off, or is logged in.
    pub actor: Option<String>,
    /// The address of the pipeline's run.
    pub pipeline: Option<String>,
}

/// Where a run is at work: enough to tell whether it still is.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct RunHost {
    /// The machine's name.
    pub name: String,
    /// The process's number on it.
    pub process: u32,
}

/// A part of the zones: the `index`th of `of`, counted from 1.
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
    /// Which one, from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

impl fmt::Display for ZoneShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// A text that is no part of the zones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write it as INDEX/COUNT, counted from 1: `2/4` is the second of four")]
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
    /// Whether a zone is in this part. Its code decides, and nothing else: so a zone that joins the network or
    /// leaves it moves no other one from its part to another. That parts are of the same size is not promised.
    pub fn contains_zone(self, zone: &ZoneCode) -> bool {
        // FNV-1a; its low digits alone would tell too little of the code's beginning.
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
    fn a_shard_is_read_as_it_is_written_and_nothing_else_is_one() {
        assert_eq!("2/4".parse(), Ok(ZoneShard { index: 2, of: 4 }));
        for wrong in ["", "2", "0/4", "5/4", "1/0", "a/4", "+1/4", "1/4/2", "1 / 4"] {
            assert!(wrong.parse::<ZoneShard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_zone_is_in_one_shard_of_several_and_they_are_of_a_size_that_is_not_absurd() {
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
    fn a_zone_stays_in_its_shard_from_one_version_to_the_next() {
        let shard =
            |code: &str| (1..=4).find(|index| ZoneShard { index: *index, of: 4 }.contains_zone(&code.into()));
        let found: Vec<_> =
            ["01OMNI_ALPHA", "01OMNI_BETA", "01OMNI_GAMMA", "01OMNI_NETWORK"].map(shard).into();
        assert_eq!(found, SHARDS.map(Some));
    }

    /// Of the zones above: a constant, because runs of two versions may share a network.
    const SHARDS: [u32; 4] = [4, 4, 3, 4];

    #[test]
    fn a_run_is_read_as_it_is_written_and_nothing_else_is_one() {
        assert_eq!(RunId(12).to_string().parse(), Ok(RunId(12)));
        for wrong in ["12", "run-", "run-x", "run-+1", "Run-1", "run-99999999999999999999999"] {
            assert!(wrong.parse::<RunId>().is_err(), "{wrong}");
        }
    }
}
