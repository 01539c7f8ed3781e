//! Time to factor one table of 2,000 rows in 120 zones: mostly shared, different by label, and without order.

use divan::Bencher;
use zonal::export::{ExportRow, FieldTerm, TableRows, ZoneSet, factor};
use zonal::model::{FieldValue, Network, RecordKey};
use zonal::{kinds, manifest};

const ZONES: usize = 120;
const ROWS: usize = 2_000;

fn main() {
    divan::main();
}

/// Differences between zones.
#[derive(Debug, Clone, Copy)]
enum ZoneNoise {
    /// Every fiftieth row differs in one zone.
    Few,
    /// Rows differ by label, and every tenth also in one zone.
    Labels,
    /// Rows have one of four values in each zone.
    Random,
    /// Every zone has its own values.
    All,
}

#[expect(clippy::expect_used, reason = "a failing benchmark panics")]
fn network() -> Network {
    let mut text = "apiVersion: zonal/v1\nkind: Network\nmetadata: {name: n}\nspec:\n  region: eu\n  \
                    credentials: {read: {env: \"R_{code}\"}}\n  networkZone: {code: 01_N, name: N}\n  members:\n"
        .to_owned();
    for zone in 0..ZONES {
        let labels =
            format!("size: s{}, type: t{}, law: l{}, state: z{}", zone % 3, zone % 5, zone % 2, zone % 11);
        text.push_str(&format!(
            "    - {{code: 01_{zone:03}, name: Z, labels: {{{labels}}}, vars: {{v: V{zone}}}}}\n"
        ));
    }
    let source = manifest::SourceFile { file: "network.yaml".into(), text: Ok(text) };
    manifest::load(&kinds::KINDS, &[source], None).network.expect("network should be valid")
}

fn table(noise: ZoneNoise) -> TableRows {
    let mut table = TableRows { zones: ZoneSet::from_indices(1..=ZONES), ..TableRows::default() };
    for row in 0..ROWS {
        let rows = (1..=ZONES).map(|zone| {
            let mixed = (row * 7_919 + zone * 104_729) % 1_009;
            let text = match noise {
                ZoneNoise::Few if row % 50 == 0 && zone == row % ZONES => "other".to_owned(),
                ZoneNoise::Few => "same".to_owned(),
                ZoneNoise::Labels if row % 10 == 0 && zone == row % ZONES => "other".to_owned(),
                ZoneNoise::Labels => format!("label {}", zone % [2, 3, 5][row % 3]),
                ZoneNoise::Random => format!("value {}", mixed % 4),
                ZoneNoise::All => format!("value {zone}"),
            };
            let values =
                [("description", FieldValue::from(text.as_str())), ("enabled", FieldValue::Bool(true))];
            let values = values.into_iter().map(|(field, value)| (field.into(), FieldTerm::Value(value)));
            (zone, ExportRow { values: values.collect(), ..ExportRow::default() })
        });
        table.rows.insert(RecordKey(vec![format!("R{row:04}").into()]), rows.collect());
    }
    table
}

#[divan::bench(args = [ZoneNoise::Few, ZoneNoise::Labels, ZoneNoise::Random, ZoneNoise::All], sample_count = 3, sample_size = 1)]
fn factor_table(bencher: Bencher<'_, '_>, noise: ZoneNoise) {
    let network = network();
    bencher.with_inputs(|| table(noise)).bench_values(|table| factor(table, &network));
}
