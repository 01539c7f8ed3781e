//! Asks the rules that a network's own people have written down.
//!
//! Whatever is not plainly `true` refuses: `false`, a value of another type, an error, an answer that takes
//! too long. A rule runs on a thread of its own, since nobody can promise that it ends.

mod expression;
mod subject;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use cel::{Context, Value as Answer};

pub use self::expression::{
    CHANGE, COUNTS, CompiledExpression, ExpressionError, LONGEST, PLAN, ZONE, compile, variables,
};
use self::subject::CelValue;
use super::{and_more, if_meant};
use crate::model::{
    ApplyMode, Change, ChangeAction, Finding, FindingEffect, Network, Plan, PlanStep, Policy, PolicyRule,
    PolicyScope, ZoneCode, ZonePlan,
};

/// How long the rules of a policy may take for a whole plan: so much for each rule. A plan of a large
/// consortium takes a second.
const PATIENCE: Duration = Duration::from_secs(10);
/// Subjects that are told at once.
const BATCH: usize = 1_024;
/// For the recursion of an expression, which is as deep as its text is nested.
const STACK: usize = 64 << 20;

/// What every policy finds.
pub fn find(plan: &Plan, network: &Network, policies: &[Policy]) -> Vec<Finding> {
    policies.iter().flat_map(|policy| evaluate(plan, network, policy, PATIENCE)).collect()
}

/// Everything that is done in a zone, by apply or by people: what is merely reported or held back is no
/// rule's business.
fn effective_changes(zone: &ZonePlan) -> impl Iterator<Item = (&PlanStep, &Change)> {
    let found = zone.collections.iter().filter(|step| step.deferral.is_none()).flat_map(|step| {
        step.diff.outcome.iter().flat_map(|found| &found.changes).map(move |change| (step, change))
    });
    found.filter(|(_, change)| match change.mode {
        ApplyMode::Apply | ApplyMode::Manual => true,
        ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs => false,
    })
}

/// What a rule is asked about.
#[derive(Clone, Copy)]
enum PolicySubject<'a> {
    Change(&'a Change),
    Zone(&'a ZoneCode),
    Plan,
}

/// One part of what a policy is asked: subjects that have the zone in common.
struct SubjectBatch {
    /// The number of the first.
    first: usize,
    plan: Option<Arc<CelValue>>,
    zone: Option<Arc<CelValue>>,
    /// `None` where there is nothing to tell of each but what they have in common.
    changes: Vec<Option<CelValue>>,
}

/// Subjects that a rule has not found to be in order.
#[derive(Default)]
struct RefusedSubjects {
    count: usize,
    first: Option<(usize, Option<String>)>,
    zones: BTreeSet<ZoneCode>,
}

/// A rule that did not say `true` to a subject: which rule, which subject, and why where it said nothing.
type RuleDenial = (usize, usize, Option<String>);

enum EvaluationMessage {
    Answers(Vec<RuleDenial>),
    TimeIsUp,
}

fn evaluate(plan: &Plan, network: &Network, policy: &Policy, patience: Duration) -> Vec<Finding> {
    let mut failed: BTreeMap<usize, String> = BTreeMap::new();
    let mut programs = Vec::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        match compile(&rule.expression, policy.scope) {
            Ok(compiled) => programs.push((index, compiled)),
            // Noticed when the manifests were validated; refused all the same.
            Err(mistake) => drop(failed.insert(index, mistake.message)),
        }
    }
    let mut subjects = Vec::new();
    let refused = answers(plan, network, policy, programs, patience, &mut subjects, &mut failed);
    let finding = |(index, rule): (usize, &PolicyRule)| match failed.get(&index) {
        Some(why) => Some(finding(plan, policy, rule, &[], None, why)),
        None => {
            let refused = refused.get(&index)?;
            let (first, why) = refused.first.as_ref()?;
            let more = refused.count - 1;
            let told = match subjects.get(*first)? {
                PolicySubject::Change(change) => {
                    let done = match change.action {
                        ChangeAction::Create => "created",
                        ChangeAction::Update => "updated",
                        ChangeAction::Delete => "deleted",
                    };
                    Some(format!("{} would be {done}{}", change.address, and_more(more, "record")))
                }
                PolicySubject::Zone(code) => Some(format!("{code}{}", and_more(more, "zone"))),
                PolicySubject::Plan => None,
            };
            let zones: Vec<ZoneCode> = refused.zones.iter().cloned().collect();
            Some(finding(plan, policy, rule, &zones, told, why.as_deref().unwrap_or_default()))
        }
    };
    // What nothing was asked about is in order, but for a rule that cannot be asked at all.
    policy.rules.iter().enumerate().filter_map(finding).collect()
}

fn finding(
    plan: &Plan,
    policy: &Policy,
    rule: &PolicyRule,
    zones: &[ZoneCode],
    told: Option<String>,
    why: &str,
) -> Finding {
    let guard = format!("policy/{}/{}", policy.name, rule.name);
    let help = match rule.action {
        FindingEffect::Deny => Some(if_meant(&guard, plan.digest)),
        FindingEffect::RequireApproval => Some("somebody must approve it with `zonal approve`".to_owned()),
        FindingEffect::Defer | FindingEffect::Warn | FindingEffect::Overridden { .. } => None,
    };
    let told = told.map_or_else(String::new, |told| format!(": {told}"));
    let why = match why {
        "" => String::new(),
        why => format!(" (the rule could not be asked: {why})"),
    };
    Finding {
        effect: rule.action.clone(),
        guard: guard.into(),
        zones: zones.to_vec(),
        message: format!("{}{told}{why}", rule.message),
        help,
        span: Some(rule.span.clone()),
    }
}

/// Tells the thread that asks one batch after the other, the next one while it is busy with the last, and
/// collects what it does not find in order.
fn answers<'a>(
    plan: &'a Plan,
    network: &Network,
    policy: &Policy,
    programs: Vec<(usize, CompiledExpression)>,
    patience: Duration,
    subjects: &mut Vec<PolicySubject<'a>>,
    failed: &mut BTreeMap<usize, String>,
) -> BTreeMap<usize, RefusedSubjects> {
    let mut refused: BTreeMap<usize, RefusedSubjects> = BTreeMap::new();
    if programs.is_empty() {
        return refused;
    }
    let rules: Vec<usize> = programs.iter().map(|(index, _)| *index).collect();
    let looked_at = looked_at(&programs);
    let asks = |variable| programs.iter().any(|(_, compiled)| compiled.uses.variables.contains(variable));
    let (asks_change, asks_zone, asks_plan) = (asks("change"), asks("zone"), asks("plan"));
    let busy_with = Arc::new(AtomicUsize::new(rules[0]));
    let (ask, asked) = mpsc::channel();
    let (answer, news) = mpsc::channel();
    let (finished, watched) = mpsc::channel::<()>();
    let (asking, up) = (answer.clone(), answer);
    let limit = patience * u32::try_from(rules.len()).unwrap_or(u32::MAX);
    let busy = Arc::clone(&busy_with);
    let worker =
        std::thread::Builder::new().stack_size(STACK).spawn(move || work(&programs, &asked, &asking, &busy));
    let clock = std::thread::Builder::new().spawn(move || {
        // Ends at once when nobody waits for it any more.
        if watched.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = up.send(EvaluationMessage::TimeIsUp);
        }
    });
    let told_plan = asks_plan.then(|| Arc::new(subject::plan(plan)));
    let looked_at = looked_at.as_ref();
    let tell = move |first: usize, zone: Option<&Arc<CelValue>>, of: &[(&PlanStep, &Change)]| SubjectBatch {
        first,
        plan: told_plan.clone(),
        zone: zone.cloned(),
        changes: match of {
            [] => vec![None],
            of => of
                .iter()
                .map(|(step, change)| asks_change.then(|| subject::change(step, change, looked_at)))
                .collect(),
        },
    };
    let mut waiting = 0;
    let mut alive = worker.is_ok() && clock.is_ok();
    let mut listen = |waiting: &mut usize, subjects: &[PolicySubject<'a>]| -> bool {
        let Ok(EvaluationMessage::Answers(answers)) = news.recv() else { return false };
        *waiting -= 1;
        for (rule, index, why) in answers {
            let refused = refused.entry(rule).or_default();
            refused.count += 1;
            refused.first.get_or_insert((index, why));
            match subjects.get(index) {
                Some(PolicySubject::Change(change)) => {
                    drop(refused.zones.insert(change.address.zone.clone()))
                }
                Some(PolicySubject::Zone(zone)) => drop(refused.zones.insert((*zone).clone())),
                Some(PolicySubject::Plan) | None => {}
            }
        }
        true
    };
    let mut hand = |batch: SubjectBatch, subjects: &[PolicySubject<'a>], alive: &mut bool| {
        // Once nobody answers, nothing more is asked.
        *alive = *alive && ask.send(batch).is_ok();
        waiting += 1;
        while *alive && waiting > 1 {
            *alive = listen(&mut waiting, subjects);
        }
    };
    match policy.scope {
        PolicyScope::Plan => {
            subjects.push(PolicySubject::Plan);
            hand(tell(0, None, &[]), subjects, &mut alive);
        }
        PolicyScope::Zone | PolicyScope::Change => {
            for (code, zone) in &plan.zones {
                let changes: Vec<(&PlanStep, &Change)> = effective_changes(zone).collect();
                let told = network.zone(code).filter(|_| asks_zone && !changes.is_empty());
                let told = told.map(|known| Arc::new(subject::zone(known, zone)));
                match policy.scope {
                    PolicyScope::Zone if !changes.is_empty() => {
                        subjects.push(PolicySubject::Zone(code));
                        hand(tell(subjects.len() - 1, told.as_ref(), &[]), subjects, &mut alive);
                    }
                    PolicyScope::Zone | PolicyScope::Plan => {}
                    PolicyScope::Change => {
                        for some in changes.chunks(BATCH) {
                            let first = subjects.len();
                            subjects.extend(some.iter().map(|(_, change)| PolicySubject::Change(change)));
                            hand(tell(first, told.as_ref(), some), subjects, &mut alive);
                        }
                    }
                }
            }
        }
    }
    while alive && waiting > 0 {
        alive = listen(&mut waiting, subjects);
    }
    drop(finished);
    if !alive {
        let late = busy_with.load(Ordering::Relaxed);
        for rule in rules {
            let why = match rule == late {
                true => "it took too long",
                false => "another rule of its policy took too long",
            };
            failed.insert(rule, why.to_owned());
        }
    }
    refused
}

/// The fields of changes that any rule looks at; `None` for all.
fn looked_at(programs: &[(usize, CompiledExpression)]) -> Option<BTreeSet<&'static str>> {
    programs.iter().try_fold(BTreeSet::new(), |mut fields, (_, compiled)| {
        fields.extend(compiled.uses.change.as_ref()?);
        Some(fields)
    })
}

/// Asks every rule about every subject, until nobody asks or listens any more.
fn work(
    programs: &[(usize, CompiledExpression)],
    asked: &Receiver<SubjectBatch>,
    answer: &Sender<EvaluationMessage>,
    busy_with: &AtomicUsize,
) {
    let mut context = Context::default();
    for SubjectBatch { first, plan, zone, changes } in asked {
        for (name, told) in [("plan", plan), ("zone", zone)] {
            if let Some(told) = told {
                context.add_variable_as_val(name, told.clone_as_boxed());
            }
        }
        let mut noes = Vec::new();
        for (index, change) in (first..).zip(changes) {
            if let Some(change) = change {
                context.add_variable_as_val("change", change);
            }
            for (rule, compiled) in programs {
                busy_with.store(*rule, Ordering::Relaxed);
                let why = match compiled.program.execute(&context) {
                    Ok(Answer::Bool(true)) => continue,
                    Ok(Answer::Bool(false)) => None,
                    Ok(other) => Some(format!("it says neither true nor false, but a {}", other.type_of())),
                    Err(error) => Some(error.to_string().chars().take(200).collect()),
                };
                noes.push((*rule, index, why));
            }
        }
        if answer.send(EvaluationMessage::Answers(noes)).is_err() {
            return;
        }
    }
}
