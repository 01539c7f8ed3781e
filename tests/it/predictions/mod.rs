//! The network behaves as `explain` predicts: tested on generated settings.
//!
//! The usual readers read the settings, and requests to the zones' API show the behavior.

mod generated_settings;
mod network;
mod patron;
mod questions;

use std::collections::BTreeMap;
use std::sync::Mutex;

use http::Method;
use proptest::collection::vec;
use proptest::prelude::Strategy;
use serde_json::{Value, json};
use zonal::analysis;
use zonal::model::{
    AccessQuestion, ClientLocation, ImportQuestion, Question, TasksQuestion, VisibilityQuestion,
};

use self::generated_settings::{CODES, GeneratedSettings, settings};
use self::network::PredictionNetwork;
use crate::case_runner::paused;
use crate::simulated_network::runner;

/// Stores generated settings, then tests a generated question.
fn for_every_network<Q: std::fmt::Debug>(
    cases: u32,
    questions: impl Strategy<Value = Q>,
    hold: impl AsyncFn(&PredictionNetwork, &Q),
) {
    let tried =
        runner(cases).run(&(settings(), questions), |(settings, question): (GeneratedSettings, Q)| {
            paused(async {
                hold(&PredictionNetwork::new(&settings), &question).await;
            });
            Ok(())
        });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Counts of observed outcomes. A test must observe every possible outcome.
#[derive(Default)]
struct SeenOutcomes(Mutex<BTreeMap<String, usize>>);

impl SeenOutcomes {
    fn note(&self, what: impl Into<String>) {
        *self.0.lock().expect("lock should not be poisoned").entry(what.into()).or_default() += 1;
    }

    fn each(&self, expected: &[&str]) {
        let seen = self.0.lock().expect("lock should not be poisoned");
        let never: Vec<_> = expected.iter().filter(|what| !seen.contains_key(**what)).collect();
        assert!(never.is_empty(), "no case of {never:?}, only {seen:#?}");
    }
}

#[test]
fn linked_account_and_blocks_match_the_prediction() {
    let seen = SeenOutcomes::default();
    for_every_network(200, questions::patron(), async |stage, patron| {
        patron::does_as_predicted(stage, patron, &seen).await;
    });
    seen.each(&[
        "60226",
        "60232",
        "expires",
        "never expires",
        "can be purged",
        "copies",
        "copies block actions",
        "copies block nothing",
        "new expiry date",
        "old expiry date",
        "expired",
        "new purge date",
        "old purge date",
        "other copies",
        "sent to source",
        "not sent to source",
        "sent to next target",
        "not sent to next target",
    ]);
}

#[test]
fn link_resolver_admits_users_as_predicted() {
    let seen = SeenOutcomes::default();
    for_every_network(64, vec(questions::access(), 12), async |stage, questions| {
        let asked: Vec<Question> = questions.iter().cloned().map(Question::Access).collect();
        let settings = stage.observe(&asked).await;
        for question in questions {
            let facts = stage.explain(Question::Access(question.clone()), &settings);
            let AccessQuestion { member, from, resource, user_group } = question;
            let place = match from {
                ClientLocation::Elsewhere => String::new(),
                ClientLocation::Address(address) => format!("&address={address}"),
                ClientLocation::Library(code) => format!("&library={code}"),
                ClientLocation::Campus(code) => format!("&campus={code}"),
            };
            let group = user_group.as_ref().map(|group| format!("&user_group={group}")).unwrap_or_default();
            let path = format!("resolver?resource={resource}&member={member}{place}{group}");
            let done = stage.door(Method::GET, &path, None).await;
            let Some(reach) = facts.get("reach") else {
                assert!(done.is_err(), "{facts:#?}");
                continue;
            };
            let done = done.expect("endpoint should answer");
            seen.note(facts.text("refusal").unwrap_or_else(|| facts.text("level").unwrap_or_default()));
            let groups = facts.texts("groups").expect("fact should be known");
            let predicted = json!({
                "available": reach, "groups": groups, "group": facts.get("group"),
                "proxy_enabled": facts.get("proxyEnabled"), "proxy": facts.get("proxy"),
                "public_name": facts.get("publicName"), "authentication_note": facts.get("authenticationNote"),
                "public_note": facts.get("publicNote"), "title_shown": facts.get("titleShown"),
            });
            assert_eq!(done, predicted, "{path}");
        }
    });
    seen.each(&["", "e-collection", "e-service", "portfolio"]);
    seen.each(&["not-in-group", "no-ip-range", "outside-ip-range", "hidden-locally", "narrowed"]);
}

#[test]
fn record_contribution_matches_the_prediction() {
    let seen = SeenOutcomes::default();
    for_every_network(64, vec(questions::import(), 6), async |stage, questions| {
        let asked: Vec<Question> =
            questions.iter().map(|(question, _)| Question::Import(question.clone())).collect();
        let settings = stage.observe(&asked).await;
        let mut came = 0;
        for (ImportQuestion { member, record }, channel) in questions {
            let question = ImportQuestion { member: member.clone(), record: *record };
            let facts = stage.explain(Question::Import(question), &settings);
            let body = json!({"member": member.as_str(), "record": record, "channel": channel});
            let done = stage.door(Method::POST, "contributions", Some(body)).await;
            seen.note(format!("{record} {}", facts.is("allowed")));
            let ways = facts.texts("channels").expect("fact should be known");
            assert_eq!(facts.is("allowed"), ways.iter().any(|way| way == channel), "{facts:#?}");
            match facts.is("allowed") {
                true => came += usize::from(done.is_ok()),
                false => assert_eq!(done, Err("402119".to_owned()), "{facts:#?}"),
            }
            let held =
                stage.door(Method::GET, "contributions", None).await.expect("contributions should be listed");
            assert_eq!(held.as_array().map(Vec::len), Some(came), "{facts:#?}");
        }
    });
    seen.each(&["bibliographic true", "bibliographic false", "authority true", "authority false"]);
}

#[test]
fn task_list_permissions_match_the_prediction() {
    let seen = SeenOutcomes::default();
    for_every_network(64, vec(questions::tasks(), 8), async |stage, questions| {
        let asked: Vec<Question> = questions.iter().cloned().map(Question::Tasks).collect();
        let settings = stage.observe(&asked).await;
        for question in questions {
            let facts = stage.explain(Question::Tasks(question.clone()), &settings);
            let TasksQuestion { zone, role, report } = question;
            let path = format!("tasks?zone={zone}&role={}", role.replace(' ', "%20"));
            let path = match report {
                Some(report) => format!("{path}&report={}", report.replace(' ', "%20")),
                None => path,
            };
            let done = stage.door(Method::GET, &path, None).await;
            let mut predicted = vec![("view", "view"), ("process", "process"), ("dismiss", "dismiss")];
            if zone.as_str() != CODES[0] {
                predicted.push(("dismissForNetwork", "dismiss_for_network"));
            }
            predicted.extend(report.iter().map(|_| ("listed", "listed")));
            let unknown = predicted.iter().any(|(fact, _)| facts.get(fact).is_none());
            assert_eq!(done.is_err(), unknown, "{path}: {done:?} {facts:#?}");
            for (fact, field) in predicted.iter().filter(|_| !unknown) {
                let done = done.as_ref().ok().and_then(|done| done.get(field));
                assert_eq!(done, facts.get(fact).as_ref(), "{path}: {fact}");
                seen.note(format!("{fact} {}", facts.is(fact)));
            }
        }
    });
    for fact in ["view", "process", "dismiss", "dismissForNetwork", "listed"] {
        seen.each(&[&format!("{fact} true"), &format!("{fact} false")]);
    }
}

#[test]
fn partner_search_matches_the_prediction() {
    let seen = SeenOutcomes::default();
    for_every_network(64, vec(questions::visibility(), 8), async |stage, questions| {
        let asked: Vec<Question> = questions.iter().cloned().map(Question::Visibility).collect();
        let settings: analysis::NetworkSettings = stage.observe(&asked).await;
        for question in questions {
            let facts = stage.explain(Question::Visibility(question.clone()), &settings);
            let VisibilityQuestion { member, user_group } = question;
            let path = format!("partners?member={member}&user_group={user_group}");
            let done: Value = stage.door(Method::GET, &path, None).await.expect("endpoint should answer");
            assert_eq!(Some(&done["visible"]), facts.get("visible").as_ref(), "{path}");
            seen.note(done["visible"].to_string());
        }
    });
    seen.each(&["true", "false"]);
}
