//! How a zone is reached: the layers that say so, and which of them wins.
//!
//! From weak to strong: the network, the zone, the chosen environment, the environment's entry for
//! the zone. Credentials are replaced as a whole, never mixed: a read key of a sandbox must not come
//! with a write key of production. Rates are laid over each other number by number.

use super::parse;
use super::spec::{
    AlmaRegion, CredentialSpec, CredentialsSpec, EnvironmentSpec, EnvironmentTypeSpec, NetworkSpec, RateSpec,
    ZoneOverrideSpec, ZoneSpec,
};
use crate::manifest::ManifestHeader;
use crate::manifest::deserialize::Spanned;
use crate::manifest::unreadable::UnreadableParts;
use crate::model::network::{Credential, EnvironmentType, RateLimit};

/// What one layer says.
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
    /// What of the layer could not be read.
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

/// The environment that was chosen.
#[derive(Debug, Clone, Copy)]
pub struct SelectedEnvironment<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it says.
    pub spec: &'a EnvironmentSpec,
    /// What of it could not be read.
    pub lost: &'a UnreadableParts,
}

/// What the layers say of one thing.
#[derive(Debug, PartialEq, Eq)]
pub enum LayeredValue<T> {
    /// This.
    Known(T),
    /// Something wrong, which is told where it stands.
    Invalid,
    /// Nothing.
    NotSet,
}

impl<T> LayeredValue<T> {
    /// What can be used of it.
    pub fn usable_value(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Invalid | Self::NotSet => None,
        }
    }
}

/// How one zone is reached.
#[derive(Debug)]
pub struct ZoneConnection {
    /// Where the API answers.
    pub base_url: LayeredValue<String>,
    /// The key to read with.
    pub read: LayeredValue<Credential>,
    /// The key to write with.
    pub write: LayeredValue<Credential>,
    /// How fast.
    pub rate: RateLimit,
    /// What the zone must say it is.
    pub environment_type: Option<EnvironmentType>,
}

/// How a zone is reached when an environment has been chosen, or none.
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

/// What a zone must say it is. What the manifest says outside its environments is about the zone that
/// those fields reach: an environment that leads elsewhere leaves it behind.
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
