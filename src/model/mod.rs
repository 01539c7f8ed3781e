//! Domain types: data that flows between the stages, without behavior.
//!
//! Imports no other module of the crate, so each stage can be understood with this folder alone.

pub mod address;
pub mod alma_codes;
pub mod applied_state;
pub mod approval;
pub mod calendar;
pub mod change;
pub mod channel;
mod collection_image;
pub mod cut_list;
pub mod desired;
pub mod diagnostic;
pub mod differences;
pub mod digest;
pub mod error_chain;
pub mod event;
pub mod expectation;
pub mod explanation;
pub mod failure;
pub mod finding;
pub mod grouped_number;
pub mod guard;
pub mod impact;
pub mod institution;
pub mod journal;
mod key_patterns;
pub mod network;
pub mod observed;
pub mod plan;
pub mod population;
pub mod question;
pub mod rollout;
pub mod run;
pub mod secret_text;
pub mod service;
pub mod source_span;
pub mod table_listing;
pub mod text_safety;
pub mod value;
mod value_comparison;

pub use address::{CollectionId, CollectionName, RecordAddress, RecordKey, TableName, ZoneCode};
pub use alma_codes::{RecordType, ResourceLevel};
pub use applied_state::{
    AppliedCollection, AppliedRecord, AppliedState, AppliedStateUpdate, ComparisonBase, ConflictPolicy,
    ManagementOrigin, OrphanAction, OrphanedRecords, PruneConfig, PruneMode,
};
pub use approval::{AppliedOverride, Approval, ApprovedItem, ReviewSubject};
pub use change::{
    ApplyMode, Change, ChangeAction, ChangeConflict, ChangeEffect, ChangeOrigin, DifferenceType, FieldChange,
};
pub use channel::Channel;
pub use collection_image::{CollectionImage, ImageMoment};
pub use desired::{
    Amendment, AmendmentOperation, AmendmentResult, AmendmentTarget, CollectionOwner, CollectionRole,
    CollectionShape, ComparisonOptions, DesiredCollection, DesiredRecord, DesiredState, DesiredValue,
    Enforcement, FieldAmendment, IN_LIST, NOT_IN_LIST, RecordReference, UnlistedPolicy,
};
pub use diagnostic::{Diagnostic, SecondarySpan, Severity};
pub use differences::{
    CollectionChanges, CollectionDiff, Differences, SimilarKey, UndeclaredRecords, UnmanagedCollection,
};
pub use digest::ContentDigest;
pub use error_chain::error_chain_text;
pub use event::{ApplyEvent, ApplyReport, WaveReport, WaveResult, WriteOutcome, ZoneReport};
pub use expectation::{
    BrokenExpectation, Expectation, ExpectationCounts, ExpectationFailure, ExpectationForecast,
    ExpectationResult, ExpectationVerdict, ExpectedFact, OtherExpectations, UnmetFact,
};
pub use explanation::{Explanation, FactComparison, MaybeKnown, Reason, ReasonSource};
pub use failure::{FailureClass, ZoneFailure};
pub use finding::{Deferral, Finding, FindingEffect};
pub use grouped_number::GroupedNumber;
pub use guard::{
    ExpectationGuard, FreezeWindow, GuardConfig, GuardLimit, GuardOverride, LimitScope, LimitedAction,
    Policy, PolicyRule, PolicyScope, ProtectedRecords, SurpriseAction, TWO_WAY, TwoWayWrites,
};
pub use impact::{ImpactEffect, PlanImpact, sort_impacts};
pub use institution::{InstitutionProfile, LibraryListing};
pub use journal::{
    AppliedChange, AppliedField, HistoryEntry, JournalEntry, REVERT_OF, VerificationStatus, WritePhase,
    WriteResponse,
};
pub use key_patterns::KeyPatterns;
pub use network::Network;
pub use observed::{
    ObservationSource, ObservedCollection, ObservedRecord, ObservedState, ObservedZone, looks_truncated,
};
pub use plan::{
    ChangeGroup, ChangeGroupState, ComparisonMode, Plan, PlanCost, PlanCounts, PlanInputs, PlanOrigin,
    PlanStep, ZonePlan,
};
pub use population::{ManifestReach, PlanPopulation, PopulationZone, RowReach, ZoneCodeIndex};
pub use question::{
    AccessQuestion, ClientLocation, ImportQuestion, PatronQuestion, Question, ResourceId, TasksQuestion,
    VisibilityQuestion,
};
pub use rollout::{ApprovalRule, Rollout, RolloutWave, StopRule, WaveFailureAction};
pub use run::{
    InvalidRunId, InvalidShard, Run, RunAuthor, RunHost, RunId, RunOperation, RunState, ZoneShard,
};
pub use service::{MemberValue, SelectedMembers, ServiceSettings, ServiceValue};
pub use source_span::{Provenance, SourcePosition, SourceSpan, manifest_kind};
pub use table_listing::TableListing;
pub use value::{FieldName, FieldValue, Record};
pub use value_comparison::ValueComparison;
