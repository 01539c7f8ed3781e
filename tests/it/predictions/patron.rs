//! Linked account of a patron: creation, refresh, and the path of patron blocks.

use http::Method;
use serde_json::{Value, json};
use zonal::model::{PatronQuestion, Question};

use super::SeenOutcomes;
use super::generated_settings::{BLOCKS, CODES};
use super::network::{PredictedFacts, PredictionNetwork};
use super::questions::PatronJourney;

/// Emulated date.
const TODAY: &str = "2026-03-02";

/// Institutions of a patron.
struct LinkedJourney {
    from: &'static str,
    at: &'static str,
    on_to: Option<&'static str>,
    group: &'static str,
}

impl LinkedJourney {
    fn question(&self, expires: Option<&str>) -> Question {
        Question::Patron(PatronQuestion {
            source: self.from.into(),
            user_group: self.group.into(),
            target: self.at.into(),
            expires: expires.map(|date| date.parse().expect("should be a date")),
            next_target: self.on_to.map(Into::into),
        })
    }
}

/// Account in the format of the API.
struct ApiAccount(Value);

impl ApiAccount {
    fn id(&self) -> &str {
        self.0["primary_id"].as_str().expect("account should have an ID")
    }

    fn date(&self, field: &str) -> Option<&str> {
        self.0[field].as_str()?.strip_suffix('Z')
    }

    fn group(&self) -> Option<&str> {
        self.0["user_group"]["value"].as_str()
    }

    /// Returns the notes of the patron blocks that have a note.
    fn notes(&self) -> Vec<String> {
        let blocks = self.0["user_block"].as_array().into_iter().flatten();
        let mut notes: Vec<String> =
            blocks.filter_map(|block| block["block_note"].as_str()).map(str::to_owned).collect();
        notes.sort();
        notes
    }
}

pub async fn does_as_predicted(stage: &PredictionNetwork, patron: &PatronJourney, seen: &SeenOutcomes) {
    let code = |number: usize| CODES[1 + number % stage.members()];
    let (from, at, on_to) = (code(patron.from), code(patron.at), code(patron.on_to));
    if at == from {
        return;
    }
    let on_to = Some(on_to).filter(|on_to| *on_to != from && *on_to != at);
    let journey = LinkedJourney { from, at, on_to, group: patron.group };
    let [first, then] = patron.expires.map(|expires| journey.question(expires));
    let settings = stage.observe(&[first.clone(), then.clone()]).await;
    let (first, then) = (stage.explain(first, &settings), stage.explain(then, &settings));
    dates_and_copies(stage, &journey, patron, [&first, &then], seen).await;
    home_and_onwards(stage, &journey, &first, seen).await;
}

async fn user(stage: &PredictionNetwork, zone: &str, id: &str) -> ApiAccount {
    ApiAccount(
        stage.api(Method::GET, zone, &format!("/{id}"), &Value::Null).await.expect("user should exist"),
    )
}

/// Creates or replaces the patron at the source institution. Returns `None` if the user group is not allowed.
async fn at_home(
    stage: &PredictionNetwork,
    journey: &LinkedJourney,
    id: &str,
    expires: Option<&str>,
    blocks: [bool; 3],
    method: Method,
) -> Option<()> {
    let chosen = BLOCKS.iter().zip(blocks).filter(|(_, chosen)| *chosen);
    let blocks = chosen.map(|((_, kind, description), _)| block(kind, description));
    let body = json!({
        "primary_id": id, "last_name": "Byron", "account_type": {"value": "INTERNAL"},
        "user_group": {"value": journey.group}, "expiry_date": expires.map(|date| format!("{date}Z")),
        "user_block": blocks.collect::<Vec<_>>(),
    });
    let path = if method == Method::PUT { format!("/{id}") } else { String::new() };
    match stage.api(method, journey.from, &path, &body).await {
        Ok(_) => Some(()),
        // The user group is disabled at the source, and no rule refers to it.
        Err(code) if code == "401852" => None,
        Err(code) => panic!("{code}: {body}"),
    }
}

fn block(kind: &str, description: &str) -> Value {
    json!({"block_type": {"value": kind}, "block_description": {"value": description}})
}

async fn link(
    stage: &PredictionNetwork,
    journey: &LinkedJourney,
    at: &str,
    id: &str,
) -> Result<ApiAccount, String> {
    let path = format!("?source_institution_code={}&source_user_id={id}", journey.from);
    stage.api(Method::POST, at, &path, &json!({})).await.map(ApiAccount)
}

async fn refresh(stage: &PredictionNetwork, at: &str, account: &ApiAccount) -> ApiAccount {
    let path = format!("/{}?op=refresh", account.id());
    stage.api(Method::POST, at, &path, &json!({})).await.expect("account should be refreshed");
    user(stage, at, account.id()).await
}

async fn kept_from(stage: &PredictionNetwork, zone: &str, id: &str) -> Vec<String> {
    let path = format!("circulation?zone={zone}&user={id}");
    let answer = stage.door(Method::GET, &path, None).await.expect("endpoint should answer");
    let words = answer["kept_from"].as_array().expect("should be a list").iter();
    words.map(|word| word.as_str().expect("should be a text").to_owned()).collect()
}

/// Returns true if the expiry date is in the past.
fn is_past(date: Option<&str>) -> bool {
    date.is_some_and(|date| date < TODAY)
}

/// Returns the copied blocks that the prediction expects on a linked account.
fn copies(journey: &LinkedJourney, facts: &PredictedFacts, blocks: [bool; 3]) -> Vec<String> {
    let ids = facts.texts("blocks").expect("fact should be known");
    let chosen =
        BLOCKS.iter().zip(blocks).filter(|((id, _, _), chosen)| *chosen && ids.iter().any(|each| each == id));
    let mut notes: Vec<String> =
        chosen.map(|((_, _, description), _)| format!("{}: {description}", journey.from)).collect();
    notes.sort();
    notes
}

async fn dates_and_copies(
    stage: &PredictionNetwork,
    journey: &LinkedJourney,
    patron: &PatronJourney,
    [first, then]: [&PredictedFacts; 2],
    seen: &SeenOutcomes,
) {
    let made = at_home(stage, journey, "ada", patron.expires[0], patron.blocks[0], Method::POST).await;
    if made.is_none() {
        return;
    }
    let linked = link(stage, journey, journey.at, "ada").await;
    assert_eq!(linked.is_ok(), first.is("linked"), "{:?} {first:#?}", linked.err());
    let linked = match linked {
        Ok(linked) => linked,
        Err(code) => {
            seen.note(code.as_str());
            return assert_eq!(Some(code), first.text("error"), "{first:#?}");
        }
    };
    assert_eq!(linked.group().map(str::to_owned), first.text("group"));
    let date = |facts: &PredictedFacts, fact: &str| facts.text(fact);
    assert_eq!(linked.date("expiry_date").map(str::to_owned), date(first, "expiry"), "{first:#?}");
    assert_eq!(linked.date("purge_date").map(str::to_owned), date(first, "purge"), "{first:#?}");
    assert_eq!(linked.notes(), copies(journey, first, patron.blocks[0]), "{first:#?}");
    seen.note(if linked.date("expiry_date").is_some() { "expires" } else { "never expires" });
    seen.note(if linked.date("purge_date").is_some() { "can be purged" } else { "is never purged" });
    seen.note(if linked.notes().is_empty() { "no copies" } else { "copies" });
    let stops = if linked.notes().is_empty() { Some(Vec::new()) } else { first.texts("blockedActions") };
    if let Some(stops) = stops {
        let mut kept = kept_from(stage, journey.at, linked.id()).await;
        kept.sort();
        assert_eq!(kept, stops, "{first:#?}");
        if !linked.notes().is_empty() {
            seen.note(if stops.is_empty() { "copies block nothing" } else { "copies block actions" });
        }
    }
    let again = link(stage, journey, journey.at, "ada").await;
    assert_eq!(again.err().as_deref(), Some("60227"));

    // The account changes at the source, then the test requests a refresh.
    at_home(stage, journey, "ada", patron.expires[1], patron.blocks[1], Method::PUT).await;
    let refreshed = refresh(stage, journey.at, &linked).await;
    assert_eq!(refreshed.group(), linked.group(), "a refresh should keep the user group");
    let past = is_past(linked.date("expiry_date"));
    let changed = |field: &str| linked.date(field) != refreshed.date(field);
    seen.note(if past { "expired" } else { "not expired" });
    for (fact, field) in [("expiry", "expiry_date"), ("purge", "purge_date")] {
        // If a new link has the same date, a refresh shows no difference.
        let other = date(then, fact).as_deref() != linked.date(field);
        seen.note(match (changed(field), other) {
            (true, _) => format!("new {fact} date"),
            (false, true) => format!("old {fact} date"),
            (false, false) => format!("the same {fact} date"),
        });
    }
    seen.note(if linked.notes() == refreshed.notes() { "same copies" } else { "other copies" });
    let anew = |fact: &str| first.is(fact) || past;
    let expiry = match anew("refreshExpiry") {
        true => date(then, "expiry"),
        false => linked.date("expiry_date").map(str::to_owned),
    };
    assert_eq!(refreshed.date("expiry_date").map(str::to_owned), expiry, "{first:#?} {then:#?}");
    match anew("refreshPurge") {
        // Predictions assume the new expiry date. If the account keeps the old date, they do not apply.
        true if expiry == date(then, "expiry") => {
            assert_eq!(refreshed.date("purge_date").map(str::to_owned), date(then, "purge"), "{then:#?}");
        }
        true => {}
        false => assert_eq!(refreshed.date("purge_date"), linked.date("purge_date"), "{first:#?}"),
    }
    assert_eq!(refreshed.notes(), copies(journey, then, patron.blocks[1]), "{then:#?}");

    stage.api(Method::DELETE, journey.from, "/ada", &Value::Null).await.expect("account should be deleted");
    let path = format!("/{}?op=refresh", linked.id());
    let gone = stage.api(Method::POST, journey.at, &path, &json!({})).await;
    assert_eq!(gone.err().as_deref(), Some("60226"));
}

/// Adds a block at the target institution. The patron has no other blocks.
async fn home_and_onwards(
    stage: &PredictionNetwork,
    journey: &LinkedJourney,
    facts: &PredictedFacts,
    seen: &SeenOutcomes,
) {
    let LinkedJourney { from, at, on_to, group: _ } = journey;
    if at_home(stage, journey, "eve", None, [false; 3], Method::POST).await.is_none() {
        return;
    }
    let Ok(mut linked) = link(stage, journey, at, "eve").await else {
        assert!(!facts.is("sentToSource") && !facts.is("sentToOtherTargets"), "{facts:#?}");
        return;
    };
    let third = match on_to {
        Some(on_to) => link(stage, journey, on_to, "eve").await.ok().map(|account| (on_to, account)),
        None => None,
    };
    let blocks = json!([block("GENERAL", "03")]);
    linked.0["user_block"] = blocks;
    let path = format!("/{}", linked.id());
    stage.api(Method::PUT, at, &path, &linked.0).await.expect("account should be updated");

    let home = user(stage, from, "eve").await;
    let Some(sent) = facts.get("sentToSource") else { return };
    seen.note(if sent == json!(true) { "sent to source" } else { "not sent to source" });
    let notes = if sent == json!(true) { vec![format!("{at}: 03")] } else { Vec::new() };
    assert_eq!(home.notes(), notes, "{facts:#?}");
    let mut kept = kept_from(stage, from, "eve").await;
    kept.sort();
    assert_eq!(Some(kept), facts.texts("blockedAtSource"), "{facts:#?}");

    let back = refresh(stage, at, &linked).await;
    assert_eq!(back.0["user_block"].as_array().map(Vec::len), Some(1), "the block returns: {}", back.0);
    let on = match &third {
        Some((on_to, account)) => !refresh(stage, on_to, account).await.notes().is_empty(),
        None => false,
    };
    match on_to {
        Some(_) => {
            seen.note(if on { "sent to next target" } else { "not sent to next target" });
            assert_eq!(Some(json!(on)), facts.get("sentToOtherTargets"), "{facts:#?}");
        }
        None => assert!(third.is_none()),
    }
}
