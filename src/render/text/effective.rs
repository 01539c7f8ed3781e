//! Text of the layers that set the effective values of a zone.

use std::fmt::Write as _;

use super::formatting::{BOLD, DIM, safe, styled};
use crate::render::json::effective::EffectiveZoneJson;

/// Returns each declared value below an address, with the declaration that set it and what it replaced; `None`
/// if the manifests declare nothing below the address.
///
/// `address` is that of a record or a collection without the zone, or a manifest as `KIND/NAME`.
pub fn effective_layers(zone: &EffectiveZoneJson, address: &str) -> Option<String> {
    let mut out = String::new();
    for collection in &zone.collections {
        let is_whole = collection.collection == address || collection.manifest == address;
        for record in collection.records.iter().filter(|record| is_whole || record.address == address) {
            // Writing to a String cannot fail; this also holds below.
            let _ = writeln!(
                out,
                "{}  {}",
                styled(BOLD, &record.address),
                styled(DIM, format_args!("{}, {}", collection.manifest, record.declared_at))
            );
            if record.absent {
                let _ = writeln!(out, "  absent");
            }
            for field in &record.fields {
                let (name, value) = (safe(&field.name), safe(&field.value));
                let _ = writeln!(out, "  {name}: {value}  {}", styled(DIM, &field.declared_at));
                for layer in &field.replaced {
                    let value = safe(&layer.value);
                    let _ = writeln!(out, "      instead of {value}  {}", styled(DIM, &layer.declared_at));
                }
            }
        }
        for amendment in collection.amendments.iter().filter(|_| is_whole) {
            let (field, value) = (safe(&amendment.field), safe(&amendment.value));
            let of = match amendment.select.is_empty() {
                true => "all records".to_owned(),
                false => {
                    let select = amendment.select.iter().map(|(name, value)| format!("{name} {value}"));
                    safe(select.collect::<Vec<_>>().join(", "))
                }
            };
            let place = styled(DIM, format_args!("{}, {}", collection.manifest, amendment.declared_at));
            let _ = writeln!(out, "{of}: {field}: {} {value}  {place}", amendment.operation);
        }
    }
    (!out.is_empty()).then_some(out)
}
