//! Resolves the connection of a zone from several layers.
//!
//! Later layers take precedence: the network, the zone, the selected environment, the environment's entry for
//! the zone. Credentials are replaced as a whole: a sandbox read key must not be combined with a production
//! write key. Rates merge number by number.

use super::parse;
use super::spec::{
    AlmaRegion, CredentialSpec, CredentialsSpec, EnvironmentSpec, EnvironmentTypeSpec, NetworkSpec, RateSpec,
    ZoneOverrideSpec, ZoneSpec,
};
use crate::manifest::ManifestHeader;
use crate::manifest::deserialize::Spanned;
use crate::manifest::unreadable::UnreadableParts;
use crate::model::network::{Credential, EnvironmentType, RateLimit};

/// Connection settings of one layer.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLayer<'a> {
    /// `region`.
    pub region: Option<&'a Spanned<AlmaRegion>>,
    /// `baseUrl`.
    pub base_url: Option<&'a Spanned<String>>,
    /// `credentials`.
    pub credentials: Option<&'a CredentialsSpec>,
    /// `rate`.
    pub rate: Option<RateSpec>,
    /// `environmentType`.
    pub environment_type: Option<EnvironmentTypeSpec>,
    /// Unreadable parts of the layer.
    pub lost: &'a UnreadableParts,
}

macro_rules! layer_of {
    ($($spec:ty),*) => {$(
        impl<'a> From<(&'a $spec, &'a UnreadableParts)> for ConnectionLayer<'a> {
            fn from((spec, lost): (&'a $spec, &'a UnreadableParts)) -> Self {
                Self {
                    region: spec.region.as_ref(),
                    base_url: spec.base_url.as_ref(),
                    credentials: spec.credentials.as_ref(),
                    rate: spec.rate,
                    environment_type: spec.environment_type,
                    lost,
                }
            }
        }
    )*};
}
layer_of!(NetworkSpec, ZoneSpec, EnvironmentSpec, ZoneOverrideSpec);

/// Selected environment.
#[derive(Debug, Clone, Copy)]
pub struct SelectedEnvironment<'a> {
    /// Name.
    pub name: &'a str,
    /// Settings.
    pub spec: &'a EnvironmentSpec,
    /// Unreadable parts of the environment.
    pub lost: &'a UnreadableParts,
}

/// Value resolved from the layers.
#[derive(Debug, PartialEq, Eq)]
pub enum LayeredValue<T> {
    /// Valid value.
    Known(T),
    /// Invalid value, already reported at its location.
    Invalid,
    /// No value.
    NotSet,
}

impl<T> LayeredValue<T> {
    /// Returns the value, if valid.
    pub fn usable_value(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Invalid | Self::NotSet => None,
        }
    }
}

/// Connection of one zone.
#[derive(Debug)]
pub struct ZoneConnection {
    /// Base URL of the API.
    pub base_url: LayeredValue<String>,
    /// API key for reading.
    pub read: LayeredValue<Credential>,
    /// API key for writing.
    pub write: LayeredValue<Credential>,
    /// Request rate.
    pub rate: RateLimit,
    /// Required environment type of the zone.
    pub environment_type: Option<EnvironmentType>,
}

/// Returns the connection of a zone, with the selected environment, if any.
pub fn of_zone(
    head: &ManifestHeader,
    network: &NetworkSpec,
    (zone, lost): (&ZoneSpec, &UnreadableParts),
    chosen: Option<SelectedEnvironment<'_>>,
) -> ZoneConnection {
    let own = [ConnectionLayer::from((network, head.lost_spec())), ConnectionLayer::from((zone, lost))];
    let nothing = ZoneOverrideSpec::default();
    let entry = chosen.and_then(|SelectedEnvironment { spec, lost, .. }| {
        let code = zone.code.value.as_str();
        let entry = spec.zones.0.iter().find(|(each, _)| each.value == code).map(|(_, entry)| entry);
        let lost = lost.field("zones").field(code);
        (entry.is_some() || !lost.is_nothing()).then(|| (entry.unwrap_or(&nothing), lost))
    });
    let over: Vec<ConnectionLayer<'_>> = chosen
        .map(|chosen| ConnectionLayer::from((chosen.spec, chosen.lost)))
        .into_iter()
        .chain(entry.map(ConnectionLayer::from))
        .collect();
    let strongest = || over.iter().rev().chain(own.iter().rev());

    let base_url = strongest().find_map(|layer| match (layer.base_url, layer.region) {
        _ if !layer.lost.has_all(&["region", "baseUrl"]) => Some(LayeredValue::Invalid),
        (Some(url), _) => {
            Some(parse::base_url(&url.value).map_or(LayeredValue::Invalid, LayeredValue::Known))
        }
        (None, Some(region)) => Some(LayeredValue::Known(region.value.base_url().to_owned())),
        (None, None) => None,
    });
    let credentials = strongest()
        .map(|layer| (layer.credentials, layer.lost.field("credentials")))
        .find(|(credentials, lost)| credentials.is_some() || !lost.is_nothing());
    let key = |name: &str, of: fn(&CredentialsSpec) -> &Option<Spanned<CredentialSpec>>| {
        let Some((credentials, lost)) = credentials else { return LayeredValue::NotSet };
        match credentials.and_then(|credentials| of(credentials).as_ref()) {
            _ if !lost.field(name).is_nothing() => LayeredValue::Invalid,
            Some(spec) => match parse::credential(&spec.value, &zone.code.value) {
                Ok(source) => LayeredValue::Known(Credential { source, span: head.place(spec.extent) }),
                Err(_) => LayeredValue::Invalid,
            },
            None => LayeredValue::NotSet,
        }
    };
    let rates = || strongest().filter_map(|layer| layer.rate);
    ZoneConnection {
        base_url: base_url.unwrap_or(LayeredValue::NotSet),
        read: key("read", |credentials| &credentials.read),
        write: key("write", |credentials| &credentials.write),
        rate: RateLimit {
            per_second: rates().find_map(|rate| rate.per_second).unwrap_or(20),
            daily_reserve: rates().find_map(|rate| rate.daily_reserve).unwrap_or(0),
        },
        environment_type: environment_type(&own, &over, chosen.map(|chosen| chosen.name)),
    }
}

/// Returns the required environment type of a zone. The type declared outside environments belongs to the
/// connection declared there. An environment with another connection ignores it.
fn environment_type(
    own: &[ConnectionLayer<'_>],
    over: &[ConnectionLayer<'_>],
    chosen: Option<&str>,
) -> Option<EnvironmentType> {
    let said = |layers: &[ConnectionLayer<'_>]| {
        layers.iter().rev().find_map(|layer| layer.environment_type).map(Into::into)
    };
    let elsewhere = over
        .iter()
        .any(|layer| layer.region.is_some() || layer.base_url.is_some() || layer.credentials.is_some());
    said(over).or(match chosen {
        Some("production") => Some(EnvironmentType::Production),
        Some("sandbox") => Some(EnvironmentType::Sandbox),
        Some(_) if elsewhere => None,
        Some(_) | None => said(own).or(Some(EnvironmentType::Production)),
    })
}
