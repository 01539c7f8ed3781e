//! Zones that store texts in another form than they got them.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value as Json;
use zonal::emulator::EmulatorTransport;
use zonal::provider::transport::{Transport, TransportFuture};

use crate::case_runner::{CaseNetwork, case, paused};

const TABLE: &str = "UserBlockDescription";

/// Transport of zones that show the descriptions of a table in upper case.
#[derive(Clone)]
struct UpperCaseTransport(EmulatorTransport);

fn in_upper_case(body: &[u8]) -> Bytes {
    let Ok(mut table) = serde_json::from_slice::<Json>(body) else { return Bytes::copy_from_slice(body) };
    for row in table["row"].as_array_mut().into_iter().flatten() {
        let text = row["description"].as_str().unwrap_or_default().to_uppercase();
        row["description"] = text.into();
    }
    table.to_string().into()
}

impl Transport for UpperCaseTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            let is_table = request.uri().path().ends_with(TABLE);
            let response = self.0.send(request).await?;
            Ok(if is_table { response.map(|body| in_upper_case(&body)) } else { response })
        })
    }
}

/// Returns the network with these lines in the spec of its manifest.
fn network(lines: &str) -> CaseNetwork {
    let mut stage = CaseNetwork::new(&case("similar-keys"));
    let rows =
        "  rows:\n    - {code: ONE, description: One text}\n    - {code: TWO, description: Two texts}\n";
    let manifest = format!(
        "apiVersion: zonal/v1\nkind: CodeTable\nmetadata: {{name: texts}}\nspec:\n  table: {TABLE}\n{lines}{rows}"
    );
    stage.happen(&format!("write groups.yaml {}", manifest.replace('\n', "\\n")));
    stage.transport = Arc::new(UpperCaseTransport(stage.emulator.transport()));
    stage
}

#[test]
fn comparison_in_the_manifest_accepts_the_form_of_the_zone() {
    paused(async {
        let stage = network("  compare: {description: caseInsensitive}\n");
        stage.expect("zonal apply --yes", 0).await;
        stage.expect("zonal plan --detailed-exitcode", 0).await;
        stage.expect("zonal drift", 0).await;
    });
}

#[test]
fn form_of_the_zone_is_named_once_for_a_collection_with_the_way_out() {
    paused(async {
        let stage = network("");
        let output = stage.expect("zonal apply --yes", 7).await;
        let text = output.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(text.matches("the zone stores the text in another letter case").count(), 1, "{text}");
        let way_out = "or set `compare: {description: caseInsensitive}` in CodeTable/texts";
        assert!(text.contains(way_out), "{text}");
    });
}
