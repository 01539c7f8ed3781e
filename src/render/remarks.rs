//! What a plan has to say at the lines of the manifests: each thing once, however many zones it is
//! about. Annotations, code quality and SARIF show the same list.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::legible::{brief, visible};
use super::text::{conflict, count, fate, last_changed, moved};
use crate::model::{
    Action, Change, CollectionId, Digest, Drift, Edit, Failure, FailureClass, Field, Finding, Key, Mode,
    Origin, Place, Plan, Step, Verdict, ZoneCode,
};

/// How many of the fields of a record are shown with their values.
const FIELDS: usize = 6;

/// How much a remark matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something is not done, or not known.
    Error,
    /// Worth a look before it is approved.
    Warning,
    /// What will happen.
    Notice,
}

/// What sort of thing a remark is about: the name under which surfaces collect such remarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule<'a> {
    /// A guard or a policy found it.
    Guard(&'a str),
    /// A zone could not be asked, or a collection not be planned.
    Failure(FailureClass),
    /// A record is not as it is wanted.
    Drift(Drift),
}

/// `guard/protected`, `failure/unreachable`, `drift/missing`.
impl std::fmt::Display for Rule<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Guard(name) => write!(f, "guard/{}", visible(name)),
            Self::Failure(class) => write!(f, "failure/{}", word(class)),
            Self::Drift(drift) => write!(f, "drift/{}", word(drift)),
        }
    }
}

/// A word of a published enum, as JSON has it.
fn word(of: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(of).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}

impl Rule<'_> {
    /// What such remarks have in common.
    pub fn about(&self) -> &'static str {
        match self {
            Self::Guard(_) => "A guard or a policy of the network has something to say about the plan.",
            Self::Failure(_) => "A zone could not be asked, or a collection could not be planned.",
            Self::Drift(Drift::Missing) => "A record that the manifests want is not in the zone.",
            Self::Drift(Drift::Value) => "A record holds other values than the manifests want.",
            Self::Drift(Drift::Detached) => "A zone has detached a record from the network.",
            Self::Drift(Drift::Extra) => "A record is in the zone that the manifests do not want there.",
        }
    }
}

/// What tells one remark from another. The zone does not count, and neither do values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Identity<'a> {
    severity: Severity,
    rule: Rule<'a>,
    collection: Option<&'a CollectionId>,
    key: Option<&'a Key>,
    fate: Option<(Mode, Action)>,
    fields: Vec<&'a Field>,
    message: &'a str,
}

/// The first of the things that one remark is about.
#[derive(Debug, Clone, Copy)]
enum About<'a> {
    Finding(&'a Finding),
    Zone(&'a Failure),
    Collection(&'a Step, &'a Failure),
    Change(&'a Change),
}

/// One thing to say.
#[derive(Debug)]
pub struct Remark<'a> {
    identity: Identity<'a>,
    about: About<'a>,
    alike: Alike,
    /// In how many of its zones apply does not begin it.
    held: usize,
    /// Who moved, and in how many of its zones.
    moved: BTreeMap<Origin, usize>,
    /// The zones it is about; empty for the network as a whole.
    pub zones: Vec<&'a ZoneCode>,
    /// Where it comes from: the place of the first zone first. Empty where nobody can point at anything.
    pub places: Vec<&'a Place>,
}

/// Everything that a plan has to say, what matters most first.
pub fn remarks(plan: &Plan) -> Vec<Remark<'_>> {
    let mut found: BTreeMap<Identity<'_>, Remark<'_>> = BTreeMap::new();
    for finding in &plan.findings {
        let mut remark = Remark::new(identity_of_finding(finding), About::Finding(finding));
        remark.zones = finding.zones.iter().collect();
        // Every surface needs a line to show something at.
        remark.places = finding.place.iter().chain(anchor(plan, &finding.zones)).take(1).collect();
        found.insert(remark.identity.clone(), remark);
    }
    for (code, zone) in &plan.zones {
        if let Some(failure) = &zone.failure {
            let place = zone.collections.first().map(|step| &step.diff.provenance.place);
            add(&mut found, failed(None, failure), About::Zone(failure), code, place);
        }
        for step in &zone.collections {
            match &step.diff.outcome {
                Err(failure) if zone.failure.is_none() => {
                    let place = Some(&step.diff.provenance.place);
                    let about = About::Collection(step, failure);
                    add(&mut found, failed(Some(&step.diff.id), failure), about, code, place);
                }
                Err(_) => {}
                Ok(outcome) => {
                    for change in &outcome.changes {
                        let place = Some(&change.provenance.place);
                        let remark =
                            add(&mut found, identity_of_change(change), About::Change(change), code, place);
                        let is_held = change.mode == Mode::Apply && zone.held(step).is_some();
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

/// The first manifest that speaks of any of these zones, of any zone where there are none.
fn anchor<'a>(plan: &'a Plan, zones: &[ZoneCode]) -> Option<&'a Place> {
    let mut all = plan.zones.iter().filter(|(code, _)| zones.is_empty() || zones.contains(code));
    all.find_map(|(_, zone)| zone.collections.first()).map(|step| &step.diff.provenance.place)
}

fn add<'f, 'a>(
    found: &'f mut BTreeMap<Identity<'a>, Remark<'a>>,
    identity: Identity<'a>,
    about: About<'a>,
    zone: &'a ZoneCode,
    place: Option<&'a Place>,
) -> &'f mut Remark<'a> {
    let remark = found.entry(identity).or_insert_with_key(|identity| Remark::new(identity.clone(), about));
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

fn identity_of_finding(finding: &Finding) -> Identity<'_> {
    let severity = match finding.verdict {
        Verdict::Deny => Severity::Error,
        Verdict::Hold | Verdict::RequireApproval | Verdict::Warn => Severity::Warning,
        Verdict::Overridden { .. } => Severity::Notice,
    };
    let rule = Rule::Guard(&finding.guard);
    Identity {
        severity,
        rule,
        collection: None,
        key: None,
        fate: None,
        fields: Vec::new(),
        message: &finding.message,
    }
}

fn failed<'a>(collection: Option<&'a CollectionId>, failure: &'a Failure) -> Identity<'a> {
    Identity {
        severity: Severity::Error,
        rule: Rule::Failure(failure.class),
        collection,
        key: None,
        fate: None,
        fields: Vec::new(),
        message: "",
    }
}

fn identity_of_change(change: &Change) -> Identity<'_> {
    let severity = match (change.mode, change.action, change.drift) {
        (Mode::Apply, Action::Delete, _) | (_, _, Drift::Detached) => Severity::Warning,
        (Mode::Apply | Mode::Report | Mode::ByHand | Mode::Later | Mode::Left, _, _) => Severity::Notice,
    };
    Identity {
        severity,
        rule: Rule::Drift(change.drift),
        collection: Some(&change.address.collection),
        key: Some(&change.address.key),
        fate: Some((change.mode, change.action)),
        fields: change.edits.iter().map(|edit| &edit.name).collect(),
        message: "",
    }
}

/// What the zones of a remark have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Alike {
    /// That they are about the same fields.
    InFields,
    /// What comes as well.
    InWhatComes,
    /// What is there as well.
    Wholly,
}

impl About<'_> {
    fn alike(self, other: Self) -> Alike {
        match (self, other) {
            (Self::Zone(one) | Self::Collection(_, one), Self::Zone(other) | Self::Collection(_, other)) => {
                if one.message == other.message {
                    Alike::Wholly
                } else {
                    Alike::InFields
                }
            }
            (Self::Change(one), Self::Change(other)) => {
                let both = || one.edits.iter().zip(&other.edits);
                if one.edits.len() != other.edits.len() || both().any(|(one, other)| one.after != other.after)
                {
                    Alike::InFields
                } else if both().any(|(one, other)| one.before != other.before) {
                    Alike::InWhatComes
                } else {
                    Alike::Wholly
                }
            }
            (Self::Finding(_) | Self::Zone(_) | Self::Collection(..) | Self::Change(_), _) => Alike::InFields,
        }
    }
}

impl<'a> Remark<'a> {
    fn new(identity: Identity<'a>, about: About<'a>) -> Self {
        Self {
            identity,
            about,
            alike: Alike::Wholly,
            held: 0,
            moved: BTreeMap::new(),
            zones: Vec::new(),
            places: Vec::new(),
        }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        self.identity.severity
    }

    /// What sort of thing it is.
    pub fn rule(&self) -> Rule<'a> {
        self.identity.rule
    }

    /// What it is about, in a few words.
    pub fn subject(&self) -> String {
        match self.about {
            About::Finding(finding) => format!("guard `{}`", visible(&finding.guard)),
            About::Zone(_) => zones(&self.zones),
            About::Collection(step, _) => visible(&step.diff.id.to_string()),
            About::Change(change) => record(change),
        }
    }

    /// What there is to say of it, in one line.
    pub fn words(&self) -> String {
        let of_zones = match self.zones.is_empty() {
            true => String::new(),
            false => format!(" in {}", zones(&self.zones)),
        };
        match self.about {
            About::Finding(finding) => {
                let (before, after) = match &finding.verdict {
                    Verdict::Deny => ("forbids it", String::new()),
                    Verdict::Hold => ("holds it back", String::new()),
                    Verdict::RequireApproval => ("asks for an approval", String::new()),
                    Verdict::Warn => ("warns", String::new()),
                    Verdict::Overridden { reason } => ("was overridden", format!(" ({})", visible(reason))),
                };
                let help = help(finding.help.as_deref());
                format!("{before}{after}{of_zones}: {}{help}", visible(&finding.message))
            }
            About::Zone(failure) => format!("could not be asked: {}", self.failure(failure)),
            About::Collection(_, failure) => {
                format!("cannot be planned{of_zones}: {}", self.failure(failure))
            }
            About::Change(change) => {
                let mut words = format!("{}{of_zones}", fate(change.mode, change.action, change.drift));
                match self.held {
                    0 => {}
                    all if all >= self.zones.len() => words.push_str(", held back for now"),
                    some => words.push_str(&format!(", held back in {}", count(some, "zone"))),
                }
                self.fields(change, &mut words);
                for (origin, zones) in &self.moved {
                    match *zones >= self.zones.len() {
                        true => words.push_str(&format!("; {}", moved(*origin))),
                        false => {
                            words.push_str(&format!("; in {}, {}", count(*zones, "zone"), moved(*origin)))
                        }
                    }
                }
                // Several zones have each somebody else who was there last.
                if self.zones.len() == 1 {
                    for told in conflict(change).into_iter().chain(last_changed(change)) {
                        words.push_str(&format!("; {}", visible(&told)));
                    }
                }
                words
            }
        }
    }

    fn failure(&self, failure: &Failure) -> String {
        let more = if self.alike == Alike::Wholly { "" } else { ", and the like" };
        format!("{}{more}{}", visible(&failure.message), help(failure.help.as_deref()))
    }

    fn fields(&self, change: &Change, words: &mut String) {
        for (index, Edit { field: _, name, before, after, provenance: _ }) in
            change.edits.iter().enumerate().take(FIELDS)
        {
            words.push_str(if index == 0 { ": " } else { ", " });
            // Writing to a String cannot fail.
            let _ = match (before, self.alike) {
                (_, Alike::InFields) => write!(words, "{}", visible(name)),
                (Some(before), Alike::Wholly) if change.action == Action::Update && change.each.is_none() => {
                    write!(words, "{} {} -> {}", visible(name), brief(before), brief(after))
                }
                (_, Alike::InWhatComes | Alike::Wholly) => {
                    write!(words, "{} = {}", visible(name), brief(after))
                }
            };
        }
        if let Some(more) = change.edits.len().checked_sub(FIELDS).filter(|more| *more > 0) {
            let _ = write!(words, " and {} more", count(more, "field"));
        }
    }

    /// What stays the same from one plan to the next, in whichever zones it is: SHA-256.
    pub fn fingerprint(&self) -> Digest {
        // What a guard says has numbers in it, which differ from one plan to the next.
        let Identity { severity: _, rule, collection, key, fate, fields, message: _ } = &self.identity;
        let rule_at = match self.about {
            About::Finding(finding) => finding.place.as_ref().map(ToString::to_string),
            About::Zone(_) | About::Collection(..) | About::Change(_) => None,
        };
        let content = (rule.to_string(), collection, key, fate, fields, rule_at);
        // A tuple of texts has no key that could fail.
        Digest(Sha256::digest(serde_json::to_vec(&content).unwrap_or_default()).into())
    }
}

/// `CodeTable/T/A`, without the zone.
fn record(change: &Change) -> String {
    let address = &change.address;
    visible(&match address.key.0.is_empty() {
        true => address.collection.to_string(),
        false => format!("{}/{}", address.collection, address.key),
    })
}

fn help(help: Option<&str>) -> String {
    help.map(|help| format!("; {}", visible(help))).unwrap_or_default()
}

/// Three zones by name, more by number.
pub fn zones(zones: &[&ZoneCode]) -> String {
    match zones {
        [] => "the network".to_owned(),
        [one] => visible(one.as_str()),
        [one, other] => format!("{} and {}", visible(one.as_str()), visible(other.as_str())),
        [one, two, three] => {
            format!("{}, {} and {}", visible(one.as_str()), visible(two.as_str()), visible(three.as_str()))
        }
        more => count(more.len(), "zone"),
    }
}
