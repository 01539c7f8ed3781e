//! Annotations of a plan at lines of the manifests, merged across zones.
//!
//! GitHub annotations, GitLab code quality and SARIF use the same list.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::text::{conflict, count, fate, last_changed, origin_text};
use super::text_difference::{brief, distinct_brief_texts};
use crate::model::cut_list::cut_list;
use crate::model::text_safety::escape_invisible;
use crate::model::{
    ApplyMode, Change, ChangeAction, ChangeOrigin, CollectionId, ContentDigest, DifferenceType, FailureClass,
    FieldChange, FieldName, Finding, FindingEffect, Plan, PlanStep, RecordKey, SourceSpan, ZoneCode,
    ZoneFailure,
};

/// Maximum number of fields shown with values.
const FIELDS: usize = 6;

/// Severity of an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnnotationLevel {
    /// Failure: an omitted write or an unknown state.
    Error,
    /// Warning to consider before approval.
    Warning,
    /// Planned change.
    Notice,
}

/// Rule of an annotation, used by CI systems to group annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnnotationRule<'a> {
    /// Finding of the named guard or policy.
    Guard(&'a str),
    /// Unreadable zone, or collection that cannot be planned.
    Failure(FailureClass),
    /// Record that differs from the desired state.
    Drift(DifferenceType),
}

/// Formats the rule ID: `guard/protected`, `failure/unreachable`, `drift/missing`.
impl std::fmt::Display for AnnotationRule<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Guard(name) => write!(f, "guard/{}", escape_invisible(name)),
            Self::Failure(class) => write!(f, "failure/{}", serialized_name(class)),
            Self::Drift(drift) => write!(f, "drift/{}", serialized_name(drift)),
        }
    }
}

/// Returns the JSON name of an enum variant.
fn serialized_name(of: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(of).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}

impl AnnotationRule<'_> {
    /// Returns the description of the rule.
    pub fn about(&self) -> &'static str {
        match self {
            Self::Guard(_) => "A guard or policy of the network reports a finding about the plan.",
            Self::Failure(_) => "A zone could not be read, or a collection could not be planned.",
            Self::Drift(DifferenceType::Missing) => "A declared record is missing in the zone.",
            Self::Drift(DifferenceType::Value) => "A record differs from its declared values.",
            Self::Drift(DifferenceType::Detached) => "A record is detached from the network.",
            Self::Drift(DifferenceType::Extra) => {
                "The zone contains an extra record (declared absent, unlisted or orphaned)."
            }
        }
    }
}

/// Key of an annotation. Equal keys merge, independent of zones and values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct AnnotationKey<'a> {
    severity: AnnotationLevel,
    rule: AnnotationRule<'a>,
    collection: Option<&'a CollectionId>,
    key: Option<&'a RecordKey>,
    fate: Option<(ApplyMode, ChangeAction)>,
    fields: Vec<&'a FieldName>,
    message: &'a str,
}

/// First finding, failure or change of an annotation.
#[derive(Debug, Clone, Copy)]
enum AnnotationSubject<'a> {
    Finding(&'a Finding),
    Zone(&'a ZoneFailure),
    Collection(&'a PlanStep, &'a ZoneFailure),
    Change(&'a Change),
}

/// Annotation of one or more zones.
#[derive(Debug)]
pub struct Annotation<'a> {
    identity: AnnotationKey<'a>,
    about: AnnotationSubject<'a>,
    alike: ChangeSimilarity,
    /// Number of zones with a deferral of the change.
    held: usize,
    /// Number of zones by change origin.
    moved: BTreeMap<ChangeOrigin, usize>,
    /// Affected zones; empty for the whole network.
    pub zones: Vec<&'a ZoneCode>,
    /// Locations, in the order of zones. Empty if no manifest declares the zones.
    pub places: Vec<&'a SourceSpan>,
}

/// Returns all annotations of a plan, severest first.
pub fn remarks(plan: &Plan) -> Vec<Annotation<'_>> {
    let mut found: BTreeMap<AnnotationKey<'_>, Annotation<'_>> = BTreeMap::new();
    for finding in &plan.findings {
        let mut remark = Annotation::new(identity_of_finding(finding), AnnotationSubject::Finding(finding));
        remark.zones = finding.zones.iter().collect();
        // Every output format requires a line.
        remark.places = finding.span.iter().chain(anchor(plan, &finding.zones)).take(1).collect();
        found.insert(remark.identity.clone(), remark);
    }
    for (code, zone) in &plan.zones {
        if let Some(failure) = &zone.failure {
            let place = zone.collections.first().map(|step| &step.diff.provenance.span);
            add(&mut found, failure_key(None, failure), AnnotationSubject::Zone(failure), code, place);
        }
        for step in &zone.collections {
            match &step.diff.outcome {
                Err(failure) if zone.failure.is_none() => {
                    let place = Some(&step.diff.provenance.span);
                    let about = AnnotationSubject::Collection(step, failure);
                    add(&mut found, failure_key(Some(&step.diff.id), failure), about, code, place);
                }
                Err(_) => {}
                Ok(outcome) => {
                    for change in &outcome.changes {
                        let place = Some(&change.provenance.span);
                        let remark = add(
                            &mut found,
                            identity_of_change(change),
                            AnnotationSubject::Change(change),
                            code,
                            place,
                        );
                        let is_held =
                            change.mode == ApplyMode::Apply && zone.deferral_of_step(step).is_some();
                        remark.held += usize::from(is_held);
                        if let Some(origin) = change.origin {
                            *remark.moved.entry(origin).or_default() += 1;
                        }
                    }
                }
            }
        }
    }
    found.into_values().collect()
}

/// Returns the first manifest location for any of `zones`, or for any zone if `zones` is empty.
fn anchor<'a>(plan: &'a Plan, zones: &[ZoneCode]) -> Option<&'a SourceSpan> {
    let mut all = plan.zones.iter().filter(|(code, _)| zones.is_empty() || zones.contains(code));
    all.find_map(|(_, zone)| zone.collections.first()).map(|step| &step.diff.provenance.span)
}

fn add<'f, 'a>(
    found: &'f mut BTreeMap<AnnotationKey<'a>, Annotation<'a>>,
    identity: AnnotationKey<'a>,
    about: AnnotationSubject<'a>,
    zone: &'a ZoneCode,
    place: Option<&'a SourceSpan>,
) -> &'f mut Annotation<'a> {
    let remark =
        found.entry(identity).or_insert_with_key(|identity| Annotation::new(identity.clone(), about));
    remark.alike = remark.alike.min(about.alike(remark.about));
    if remark.zones.last() != Some(&zone) {
        remark.zones.push(zone);
    }
    if let Some(place) = place
        && remark.places.len() < 10
        && !remark.places.contains(&place)
    {
        remark.places.push(place);
    }
    remark
}

fn identity_of_finding(finding: &Finding) -> AnnotationKey<'_> {
    let severity = match finding.effect {
        FindingEffect::Deny => AnnotationLevel::Error,
        FindingEffect::Defer | FindingEffect::RequireApproval | FindingEffect::Warn => {
            AnnotationLevel::Warning
        }
        FindingEffect::Overridden { .. } => AnnotationLevel::Notice,
    };
    let rule = AnnotationRule::Guard(&finding.guard);
    AnnotationKey {
        severity,
        rule,
        collection: None,
        key: None,
        fate: None,
        fields: Vec::new(),
        message: &finding.message,
    }
}

fn failure_key<'a>(collection: Option<&'a CollectionId>, failure: &'a ZoneFailure) -> AnnotationKey<'a> {
    AnnotationKey {
        severity: AnnotationLevel::Error,
        rule: AnnotationRule::Failure(failure.class),
        collection,
        key: None,
        fate: None,
        fields: Vec::new(),
        message: "",
    }
}

fn identity_of_change(change: &Change) -> AnnotationKey<'_> {
    let severity = match (change.mode, change.action, change.difference) {
        (ApplyMode::Apply, ChangeAction::Delete, _) | (_, _, DifferenceType::Detached) => {
            AnnotationLevel::Warning
        }
        (
            ApplyMode::Apply
            | ApplyMode::Report
            | ApplyMode::Manual
            | ApplyMode::Postponed
            | ApplyMode::KeptTheirs,
            _,
            _,
        ) => AnnotationLevel::Notice,
    };
    AnnotationKey {
        severity,
        rule: AnnotationRule::Drift(change.difference),
        collection: Some(&change.address.collection),
        key: Some(&change.address.key),
        fate: Some((change.mode, change.action)),
        fields: change.field_changes.iter().map(|edit| &edit.name).collect(),
        message: "",
    }
}

/// Similarity between the changes of an annotation's zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ChangeSimilarity {
    /// Equal field names.
    InFields,
    /// Equal desired values.
    InWhatComes,
    /// Equal desired and observed values.
    Wholly,
}

impl AnnotationSubject<'_> {
    fn alike(self, other: Self) -> ChangeSimilarity {
        match (self, other) {
            (Self::Zone(one) | Self::Collection(_, one), Self::Zone(other) | Self::Collection(_, other)) => {
                if one.message == other.message {
                    ChangeSimilarity::Wholly
                } else {
                    ChangeSimilarity::InFields
                }
            }
            (Self::Change(one), Self::Change(other)) => {
                let both = || one.field_changes.iter().zip(&other.field_changes);
                if one.field_changes.len() != other.field_changes.len()
                    || both().any(|(one, other)| one.after != other.after)
                {
                    ChangeSimilarity::InFields
                } else if both().any(|(one, other)| one.before != other.before) {
                    ChangeSimilarity::InWhatComes
                } else {
                    ChangeSimilarity::Wholly
                }
            }
            (Self::Finding(_) | Self::Zone(_) | Self::Collection(..) | Self::Change(_), _) => {
                ChangeSimilarity::InFields
            }
        }
    }
}

impl<'a> Annotation<'a> {
    fn new(identity: AnnotationKey<'a>, about: AnnotationSubject<'a>) -> Self {
        Self {
            identity,
            about,
            alike: ChangeSimilarity::Wholly,
            held: 0,
            moved: BTreeMap::new(),
            zones: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Returns the severity.
    pub fn severity(&self) -> AnnotationLevel {
        self.identity.severity
    }

    /// Returns the rule.
    pub fn rule(&self) -> AnnotationRule<'a> {
        self.identity.rule
    }

    /// Returns the subject, as a short title.
    pub fn subject(&self) -> String {
        match self.about {
            AnnotationSubject::Finding(finding) => format!("guard `{}`", escape_invisible(&finding.guard)),
            AnnotationSubject::Zone(_) => zones(&self.zones),
            AnnotationSubject::Collection(step, _) => escape_invisible(&step.diff.id.to_string()),
            AnnotationSubject::Change(change) => record(change),
        }
    }

    /// Returns the message, in one line.
    pub fn message(&self) -> String {
        let of_zones = match self.zones.is_empty() {
            true => String::new(),
            false => format!(" in {}", zones(&self.zones)),
        };
        match self.about {
            AnnotationSubject::Finding(finding) => {
                let (before, after) = match &finding.effect {
                    FindingEffect::Deny => ("forbids it", String::new()),
                    FindingEffect::Defer => ("holds it back", String::new()),
                    FindingEffect::RequireApproval => ("asks for an approval", String::new()),
                    FindingEffect::Warn => ("warns", String::new()),
                    FindingEffect::Overridden { reason } => {
                        ("was overridden", format!(" ({})", escape_invisible(reason)))
                    }
                };
                let help = help(finding.help.as_deref());
                format!("{before}{after}{of_zones}: {}{help}", escape_invisible(&finding.message))
            }
            AnnotationSubject::Zone(failure) => format!("could not be asked: {}", self.failure(failure)),
            AnnotationSubject::Collection(_, failure) => {
                format!("cannot be planned{of_zones}: {}", self.failure(failure))
            }
            AnnotationSubject::Change(change) => {
                let mut words = format!("{}{of_zones}", fate(change.mode, change.action, change.difference));
                match self.held {
                    0 => {}
                    all if all >= self.zones.len() => words.push_str(", held back for now"),
                    some => words.push_str(&format!(", held back in {}", count(some, "zone"))),
                }
                self.fields(change, &mut words);
                for (origin, zones) in &self.moved {
                    match *zones >= self.zones.len() {
                        true => words.push_str(&format!("; {}", origin_text(*origin))),
                        false => words.push_str(&format!(
                            "; in {}, {}",
                            count(*zones, "zone"),
                            origin_text(*origin)
                        )),
                    }
                }
                // Conflict and author differ between zones.
                if self.zones.len() == 1 {
                    for told in conflict(change).into_iter().chain(last_changed(change)) {
                        words.push_str(&format!("; {}", escape_invisible(&told)));
                    }
                }
                words
            }
        }
    }

    fn failure(&self, failure: &ZoneFailure) -> String {
        let more = if self.alike == ChangeSimilarity::Wholly { "" } else { ", and the like" };
        format!("{}{more}{}", escape_invisible(&failure.message), help(failure.help.as_deref()))
    }

    fn fields(&self, change: &Change, words: &mut String) {
        let (shown, omitted) = cut_list(&change.field_changes, FIELDS);
        for (index, FieldChange { field: _, name, before, after, provenance: _ }) in shown.iter().enumerate()
        {
            words.push_str(if index == 0 { ": " } else { ", " });
            // Writing to a String cannot fail.
            let _ = match (before, self.alike) {
                (_, ChangeSimilarity::InFields) => write!(words, "{}", escape_invisible(name)),
                (Some(before), ChangeSimilarity::Wholly)
                    if change.action == ChangeAction::Update && change.matches.is_none() =>
                {
                    let (before, after) = distinct_brief_texts(before, after);
                    write!(words, "{} {before} -> {after}", escape_invisible(name))
                }
                (_, ChangeSimilarity::InWhatComes | ChangeSimilarity::Wholly) => {
                    write!(words, "{} = {}", escape_invisible(name), brief(after))
                }
            };
        }
        words.extend(omitted.map(|omitted| format!(" {}", omitted.of("field"))));
    }

    /// Returns the SHA-256 fingerprint, stable across plans and independent of zones.
    pub fn fingerprint(&self) -> ContentDigest {
        // Messages of guards contain numbers, which differ between plans.
        let AnnotationKey { severity: _, rule, collection, key, fate, fields, message: _ } = &self.identity;
        let rule_at = match self.about {
            AnnotationSubject::Finding(finding) => finding.span.as_ref().map(ToString::to_string),
            AnnotationSubject::Zone(_) | AnnotationSubject::Collection(..) | AnnotationSubject::Change(_) => {
                None
            }
        };
        let content = (rule.to_string(), collection, key, fate, fields, rule_at);
        // A tuple of texts has no keys, so serialization cannot fail.
        ContentDigest(Sha256::digest(serde_json::to_vec(&content).unwrap_or_default()).into())
    }
}

/// Returns a record address without the zone: `CodeTable/T/A`.
fn record(change: &Change) -> String {
    let address = &change.address;
    escape_invisible(&match address.key.0.is_empty() {
        true => address.collection.to_string(),
        false => format!("{}/{}", address.collection, address.key),
    })
}

fn help(help: Option<&str>) -> String {
    help.map(|help| format!("; {}", escape_invisible(help))).unwrap_or_default()
}

/// Returns the codes of up to three zones, otherwise their number.
pub fn zones(zones: &[&ZoneCode]) -> String {
    match zones {
        [] => "the network".to_owned(),
        [one] => escape_invisible(one.as_str()),
        [one, other] => {
            format!("{} and {}", escape_invisible(one.as_str()), escape_invisible(other.as_str()))
        }
        [one, two, three] => {
            format!(
                "{}, {} and {}",
                escape_invisible(one.as_str()),
                escape_invisible(two.as_str()),
                escape_invisible(three.as_str())
            )
        }
        more => count(more.len(), "zone"),
    }
}
