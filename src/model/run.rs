//! One time that zonal was at work in a network: what it was asked, by whom, and how it ended.

use std::fmt;
use std::str::FromStr;

use super::digest::Digest;

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
pub struct NoRunId;

impl FromStr for RunId {
    type Err = NoRunId;

    fn from_str(text: &str) -> Result<Self, NoRunId> {
        let digits =
            text.strip_prefix("run-").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).map(Self).ok_or(NoRunId)
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
    pub deed: RunDeed,
    /// The network's name.
    pub network: String,
    /// The environment; absent for the manifest as it stands.
    pub environment: Option<String>,
    /// What it was narrowed to, in words; absent where it covered everything.
    pub selection: Option<String>,
    /// The part of the zones that it took, where several runs share them.
    pub shard: Option<Shard>,
    /// The name that runs which belong together share.
    pub group: Option<String>,
    /// Of the plan that it carried out.
    pub plan: Digest,
    /// Who and what set it off.
    pub author: Author,
    /// Where it ran.
    pub host: Host,
    /// When it began, in RFC 3339.
    pub started: String,
    /// When it ended; absent while it runs, or where it was killed.
    pub ended: Option<String>,
    /// How it stands.
    pub state: RunState,
    /// The exit codes that apply, the gravest first; empty while it runs.
    pub exits: Vec<u8>,
    /// The run that it takes back, where it does.
    pub reverts: Option<RunId>,
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
pub enum RunDeed {
    /// It writes what the manifests say.
    Apply,
    /// It writes what was there before another run.
    Revert,
    /// It looks for drift, and writes nothing.
    Drift,
    /// It plans, and writes nothing.
    Plan,
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
pub struct Author {
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
pub struct Host {
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
pub struct Shard {
    /// Which one, from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::RunId;

    #[test]
    fn a_run_is_read_as_it_is_written_and_nothing_else_is_one() {
        assert_eq!(RunId(12).to_string().parse(), Ok(RunId(12)));
        for wrong in ["12", "run-", "run-x", "run-+1", "Run-1", "run-99999999999999999999999"] {
            assert!(wrong.parse::<RunId>().is_err(), "{wrong}");
        }
    }
}
