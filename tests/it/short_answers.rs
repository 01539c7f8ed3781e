//! Answers of a zone that lack rows: nothing is planned from them, and nothing is written back.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::Value as Json;
use zonal::emulator::EmulatorTransport;
use zonal::provider::transport::{Transport, TransportFuture};

use crate::case_runner::{CaseNetwork, case, paused};

const TABLE: &str = "UserBlockDescription";
const ZONE: &str = "01OMNI_ALPHA";

/// Damage of an answer.
#[derive(Clone, Copy, Debug)]
enum Damage {
    NoRowMember,
    EmptyList,
    HalfOfTheRows,
    AllButOneRow,
    LargerTotal,
    RowsElsewhere,
    RepeatedMember,
}

/// Transport that damages the answers for one table of one zone.
#[derive(Clone)]
struct DamagingTransport {
    inner: EmulatorTransport,
    damage: Arc<Mutex<Option<Damage>>>,
}

impl Damage {
    fn damaged(self, body: &[u8]) -> Bytes {
        let mut table: Json = serde_json::from_slice(body).expect("a table");
        let rows = table["row"].as_array().cloned().expect("rows");
        match self {
            Self::NoRowMember => drop(table.as_object_mut().expect("object").remove("row")),
            Self::EmptyList => table["row"] = Json::Array(Vec::new()),
            Self::HalfOfTheRows => table["row"] = rows[..rows.len() / 2].into(),
            Self::AllButOneRow => table["row"] = rows[..rows.len() - 1].into(),
            Self::LargerTotal => table["total_record_count"] = (rows.len() + 1).into(),
            Self::RowsElsewhere => {
                table.as_object_mut().expect("object").remove("row");
                table["entry"] = rows.into();
            }
            Self::RepeatedMember => {
                let text = table.to_string();
                return format!("{},\"row\":[]}}", text.strip_suffix('}').expect("object")).into();
            }
        }
        table.to_string().into()
    }
}

impl Transport for DamagingTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            let is_table = request.method() == http::Method::GET && request.uri().path().ends_with(TABLE);
            let key = request.headers().get("authorization").and_then(|key| key.to_str().ok());
            let is_zone = key.is_some_and(|key| key.ends_with(ZONE));
            let damage = *self.damage.lock().expect("lock");
            let response = self.inner.send(request).await?;
            Ok(match damage {
                Some(damage) if is_table && is_zone => response.map(|body| damage.damaged(&body)),
                _ => response,
            })
        })
    }
}

/// Returns the network after an apply, and its transport.
async fn applied_network() -> (CaseNetwork, DamagingTransport) {
    let mut stage = CaseNetwork::new(&case("network-blocks"));
    let transport = DamagingTransport { inner: stage.emulator.transport(), damage: Arc::default() };
    stage.transport = Arc::new(transport.clone());
    stage.expect("zonal apply --yes", 0).await;
    (stage, transport)
}

fn rows(stage: &CaseNetwork) -> Vec<String> {
    let table = stage.emulator.control().code_table(ZONE, TABLE).expect("table should exist");
    table.rows[""].iter().map(|row| row.code.clone()).collect()
}

#[test]
fn short_answer_is_neither_planned_nor_written() {
    paused(async {
        let (stage, transport) = applied_network().await;
        let before = rows(&stage);
        assert!(before.len() >= 4, "{before:?}");
        for damage in [
            Damage::NoRowMember,
            Damage::EmptyList,
            Damage::HalfOfTheRows,
            Damage::LargerTotal,
            Damage::RowsElsewhere,
            Damage::RepeatedMember,
        ] {
            *transport.damage.lock().expect("lock") = Some(damage);
            for command in ["zonal plan", "zonal apply --yes", "zonal drift"] {
                let output = stage.output(command).await;
                assert_eq!(output.code, 6, "{damage:?}, {command}: {}{}", output.out, output.err);
            }
            assert_eq!(rows(&stage), before, "{damage:?}");
        }
        *transport.damage.lock().expect("lock") = None;
        stage.expect("zonal plan --detailed-exitcode", 0).await;
    });
}

#[test]
fn few_lost_rows_are_drift() {
    paused(async {
        let (stage, transport) = applied_network().await;
        *transport.damage.lock().expect("lock") = Some(Damage::AllButOneRow);
        stage.expect("zonal plan", 0).await;
    });
}

#[test]
fn person_accepts_a_short_answer_by_the_digest_of_the_plan() {
    paused(async {
        let (stage, _) = applied_network().await;
        let mut table = stage.emulator.control().code_table(ZONE, TABLE).expect("table should exist");
        table.rows.get_mut("").expect("rows").truncate(3);
        stage.emulator.control().put_table(ZONE, table).expect("zone should exist");
        let plan: Json = serde_json::from_str(&stage.output("zonal plan --json").await.out).expect("JSON");
        let digest = plan["reconciler"]["digest"].as_str().expect("digest").to_owned();
        let accept = |digest: &str| {
            format!("zonal apply --yes --override short-answer --reason checked --plan-digest {digest}")
        };
        let other = stage.expect(&accept(&digest.replace(['a', '1'], "b")), 1).await;
        assert!(other.err.contains("is for another plan"), "{}", other.err);
        stage.expect(&accept(&digest), 0).await;
        assert!(
            rows(&stage).len() < 7 && rows(&stage).contains(&"CONSORTIA".to_owned()),
            "{:?}",
            rows(&stage)
        );
        // The accepted answer is the new measure.
        stage.expect("zonal plan", 0).await;
    });
}
