//! The nouns: everything that flows between the stages, and nothing that does anything.
//!
//! Imports nothing of ours, so that a stage can be understood by reading it and this folder.

pub mod address;
pub mod approval;
pub mod change;
pub mod channel;
pub mod desired;
pub mod diagnostic;
pub mod difference;
pub mod digest;
pub mod event;
pub mod expectation;
pub mod explanation;
pub mod failure;
pub mod guard;
pub mod impact;
pub mod journal;
pub mod ledger;
pub mod network;
pub mod number;
pub mod observed;
pub mod place;
pub mod plan;
pub mod question;
pub mod review;
pub mod rollout;
pub mod run;
pub mod value;

pub use address::{Address, CollectionId, CollectionName, Key, Table, ZoneCode};
pub use approval::{Approval, Approved, Overridden, UnderReview};
pub use change::{Action, Change, Conflict, Drift, Edit, Effect, Mode, Origin};
pub use channel::Channel;
pub use desired::{
    Amend, AmendTo, Amended, Amendment, Desired, DesiredCollection, DesiredRecord, DesiredValue, Enforcement,
    Expected, IN_LIST, NOT_IN_LIST, Reference, Shape, Standing, Unlisted,
};
pub use diagnostic::{Diagnostic, Label, Severity};
pub use difference::{CollectionChanges, CollectionDiff, Differences, Released};
pub use digest::Digest;
pub use event::{Event, Outcome, Report, WaveEnd, WaveReport, ZoneReport};
pub use expectation::{
    Broken, Expectation, ExpectedFact, Judged, Others, Outlook, Shortfall, Tally, Tested, UnmetFact,
};
pub use explanation::{Agreement, Explanation, Ground, Reason, Told};
pub use failure::{Failure, FailureClass};
pub use guard::{Deed, Each, Extent, Freeze, Guards, Kept, Limit, Override, Policy, PolicyRule, Protected};
pub use impact::Impact;
pub use journal::{Answer, Done, Entry, HistoryEntry, Moment, Proof, REVERT_OF, Setting};
pub use ledger::{
    Base, Farewell, Known, Learned, Ledger, LedgerCollection, LedgerEntry, Maker, OnConflict, Orphans, Prune,
    Pruning,
};
pub use network::Network;
pub use number::Thousands;
pub use observed::{Observed, ObservedCollection, ObservedRecord, ObservedZone, Witness, looks_truncated};
pub use place::{Place, Position, Provenance};
pub use plan::{Compared, Cost, Counts, Group, GroupState, MadeFrom, Plan, Step, ZonePlan};
pub use question::{
    AccessQuestion, Client, ImportQuestion, Level, PatronQuestion, Question, RecordType, Resource,
    TasksQuestion, VisibilityQuestion,
};
pub use review::{Finding, Hold, Verdict};
pub use rollout::{ApprovalRule, OnFailure, Rollout, StopRule, Wave};
pub use run::{Author, Host, NoRunId, NoShard, Run, RunDeed, RunId, RunState, Shard};
pub use value::{Field, Record, Value};
