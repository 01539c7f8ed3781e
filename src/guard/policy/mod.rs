//! Evaluates the network's own policies.
//!
//! Any result other than `true` is a denial: `false`, another type, an error, a timeout. Rules run on a
//! thread of their own, because no rule is guaranteed to end.

mod expression;
mod subject;
#[cfg(test)]
mod tests;
mod time_limit;

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
use self::time_limit::TimeLimit;
use super::{GuardInput, and_more, if_meant};
use crate::model::{
    ApplyMode, Change, ChangeAction, Finding, FindingEffect, Network, Plan, PlanStep, Policy, PolicyRule,
    PolicyScope, ZoneCode, ZonePlan,
};

/// Time limit of all rules together. One rule over the plan of a large consortium takes about a second.
const PATIENCE: Duration = Duration::from_secs(60);
/// Number of subjects per batch.
const BATCH: usize = 1_024;
/// Stack size. The evaluation recurses as deep as the expression is nested.
const STACK: usize = 64 << 20;

/// Returns the findings of all policies.
pub(super) fn find(GuardInput { plan, network, policies, .. }: GuardInput<'_>) -> Vec<Finding> {
    if policies.is_empty() {
        // A time limit is a thread of its own.
        return Vec::new();
    }
    let limit = TimeLimit::start(PATIENCE);
    policies.iter().flat_map(|policy| evaluate(plan, network, policy, &limit)).collect()
}

/// Returns the effective changes of a zone, applied and manual. Reported and deferred changes are excluded.
fn effective_changes(zone: &ZonePlan) -> impl Iterator<Item = (&PlanStep, &Change)> {
    let found = zone.collections.iter().filter(|step| step.deferral.is_none()).flat_map(|step| {
        step.diff.outcome.iter().flat_map(|found| &found.changes).map(move |change| (step, change))
    });
    found.filter(|(_, change)| match change.mode {
        ApplyMode::Apply | ApplyMode::Manual => true,
        ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs => false,
    })
}

/// Subject of a rule.
#[derive(Clone, Copy)]
enum PolicySubject<'a> {
    Change(&'a Change),
    Zone(&'a ZoneCode),
    Plan,
}

/// Batch of subjects in the same zone.
struct SubjectBatch {
    /// Index of the first subject.
    first: usize,
    plan: Option<Arc<CelValue>>,
    zone: Option<Arc<CelValue>>,
    /// `None` for a subject without data of its own.
    changes: Vec<Option<CelValue>>,
}

/// Subjects denied by a rule.
#[derive(Default)]
struct RefusedSubjects {
    count: usize,
    first: Option<(usize, Option<String>)>,
    zones: BTreeSet<ZoneCode>,
}

/// Denial: index of the rule, index of the subject, and the cause of a failed evaluation.
type RuleDenial = (usize, usize, Option<String>);

enum EvaluationMessage {
    Answers(Vec<RuleDenial>),
    TimeIsUp,
}

fn evaluate(plan: &Plan, network: &Network, policy: &Policy, limit: &TimeLimit) -> Vec<Finding> {
    let mut failed: BTreeMap<usize, String> = BTreeMap::new();
    let mut programs = Vec::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        match compile(&rule.expression, policy.scope) {
            Ok(compiled) => programs.push((index, compiled)),
            // Validation already reports such a rule; it still denies here.
            Err(mistake) => drop(failed.insert(index, mistake.message)),
        }
    }
    let mut subjects = Vec::new();
    let refused = answers(plan, network, policy, programs, limit, &mut subjects, &mut failed);
    let finding = |(index, rule): (usize, &PolicyRule)| match failed.get(&index) {
        Some(why) => Some(finding(plan, policy, rule, &[], None, why)),
        None => {
            let refused = refused.get(&index)?;
            let (first, why) = refused.first.as_ref()?;
            let more = refused.count - 1;
            let subject_text = match subjects.get(*first)? {
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
            Some(finding(plan, policy, rule, &zones, subject_text, why.as_deref().unwrap_or_default()))
        }
    };
    // A plan without subjects passes, unless a rule cannot be evaluated at all.
    policy.rules.iter().enumerate().filter_map(finding).collect()
}

fn finding(
    plan: &Plan,
    policy: &Policy,
    rule: &PolicyRule,
    zones: &[ZoneCode],
    subject_text: Option<String>,
    why: &str,
) -> Finding {
    let guard = format!("policy/{}/{}", policy.name, rule.name);
    let help = match rule.action {
        FindingEffect::Deny => Some(if_meant(&guard, plan.digest)),
        FindingEffect::RequireApproval => Some("approve with `zonal approve`".to_owned()),
        FindingEffect::Defer | FindingEffect::Warn | FindingEffect::Overridden { .. } => None,
    };
    let subject_text = subject_text.map_or_else(String::new, |subject_text| format!(": {subject_text}"));
    let why = match why {
        "" => String::new(),
        why => format!(" (the rule could not be evaluated: {why})"),
    };
    Finding {
        effect: rule.action.clone(),
        guard: guard.into(),
        zones: zones.to_vec(),
        message: format!("{}{subject_text}{why}", rule.message),
        help,
        span: Some(rule.span.clone()),
    }
}

/// Sends batches to the worker thread, one ahead of the evaluation, and collects the denials.
fn answers<'a>(
    plan: &'a Plan,
    network: &Network,
    policy: &Policy,
    programs: Vec<(usize, CompiledExpression)>,
    limit: &TimeLimit,
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
    let busy_with = Arc::new(AtomicUsize::new(usize::MAX));
    let (ask, asked) = mpsc::channel();
    let (answer, news) = mpsc::channel();
    let mut alive = limit.tell(answer.clone());
    let busy = Arc::clone(&busy_with);
    let worker =
        std::thread::Builder::new().stack_size(STACK).spawn(move || work(&programs, &asked, &answer, &busy));
    alive &= worker.is_ok();
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
    let mut listen = |waiting: &mut usize, subjects: &[PolicySubject<'a>]| -> bool {
        let Ok(EvaluationMessage::Answers(answers)) = news.recv() else { return false };
        *waiting -= 1;
        for (rule, index, why) in answers {
            let refused = refused.entry(rule).or_default();
            refused.count += 1;
            refused.first.get_or_insert((index, why));
            match subjects.get(index) {
                Some(PolicySubject::Change(change)) => _ = refused.zones.insert(change.address.zone.clone()),
                Some(PolicySubject::Zone(zone)) => drop(refused.zones.insert((*zone).clone())),
                Some(PolicySubject::Plan) | None => {}
            }
        }
        true
    };
    let mut hand = |batch: SubjectBatch, subjects: &[PolicySubject<'a>], alive: &mut bool| {
        // After a timeout, no more batches are sent.
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
                let zone_value = network.zone(code).filter(|_| asks_zone && !changes.is_empty());
                let zone_value = zone_value.map(|known| Arc::new(subject::zone(known, zone)));
                match policy.scope {
                    PolicyScope::Zone if !changes.is_empty() => {
                        subjects.push(PolicySubject::Zone(code));
                        hand(tell(subjects.len() - 1, zone_value.as_ref(), &[]), subjects, &mut alive);
                    }
                    PolicyScope::Zone | PolicyScope::Plan => {}
                    PolicyScope::Change => {
                        for some in changes.chunks(BATCH) {
                            let first = subjects.len();
                            subjects.extend(some.iter().map(|(_, change)| PolicySubject::Change(change)));
                            hand(tell(first, zone_value.as_ref(), some), subjects, &mut alive);
                        }
                    }
                }
            }
        }
    }
    while alive && waiting > 0 {
        alive = listen(&mut waiting, subjects);
    }
    if !alive {
        let late = busy_with.load(Ordering::Relaxed);
        for rule in rules {
            let why = match rule == late {
                true => "timeout",
                false => "timeout of another rule",
            };
            failed.insert(rule, why.to_owned());
        }
    }
    refused
}

/// Returns the fields of changes used by the rules; `None` for all.
fn looked_at(programs: &[(usize, CompiledExpression)]) -> Option<BTreeSet<&'static str>> {
    programs.iter().try_fold(BTreeSet::new(), |mut fields, (_, compiled)| {
        fields.extend(compiled.uses.change.as_ref()?);
        Some(fields)
    })
}

/// Evaluates every rule for every subject, until the sender or the receiver is dropped.
fn work(
    programs: &[(usize, CompiledExpression)],
    asked: &Receiver<SubjectBatch>,
    answer: &Sender<EvaluationMessage>,
    busy_with: &AtomicUsize,
) {
    let mut context = Context::default();
    for SubjectBatch { first, plan, zone, changes } in asked {
        for (name, value) in [("plan", plan), ("zone", zone)] {
            if let Some(value) = value {
                context.add_variable_as_val(name, value.clone_as_boxed());
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
                    Ok(other) => Some(format!("expected a boolean, found a {}", other.type_of())),
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
