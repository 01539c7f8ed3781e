//! How a zone is reached: the layers that say so, and which of them wins.
//!
//! From weak to strong: the network, the zone, the chosen environment, the environment's entry for
//! the zone. Credentials are replaced as a whole, never mixed: a read key of a sandbox must not come
//! with a write key of production. Rates are laid over each other number by number.

use super::parts;
use super::spec::{
    CredentialSpec, CredentialsSpec, EnvironmentSpec, EnvironmentTypeSpec, NetworkSpec, RateSpec, Region,
    ZoneOverride, ZoneSpec,
};
use crate::manifest::Head;
use crate::manifest::lost::Lost;
use crate::manifest::typed::At;
use crate::model::network::{Credential, EnvironmentType, Rate};

/// What one layer says.
#[derive(Debug, Clone, Copy)]
pub struct Layer<'a> {
    /// `region`.
    pub region: Option<&'a At<Region>>,
    /// `baseUrl`.
    pub base_url: Option<&'a At<String>>,
    /// `credentials`.
    pub credentials: Option<&'a CredentialsSpec>,
    /// `rate`.
    pub rate: Option<RateSpec>,
    /// `environmentType`.
    pub environment_type: Option<EnvironmentTypeSpec>,
    /// What of the layer could not be read.
    pub lost: &'a Lost,
}

macro_rules! layer_of {
    ($($spec:ty),*) => {$(
        impl<'a> From<(&'a $spec, &'a Lost)> for Layer<'a> {
            fn from((spec, lost): (&'a $spec, &'a Lost)) -> Self {
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
layer_of!(NetworkSpec, ZoneSpec, EnvironmentSpec, ZoneOverride);

/// The environment that was chosen.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it says.
    pub spec: &'a EnvironmentSpec,
    /// What of it could not be read.
    pub lost: &'a Lost,
}

/// What the layers say of one thing.
#[derive(Debug, PartialEq, Eq)]
pub enum Said<T> {
    /// This.
    Known(T),
    /// Something wrong, which is told where it stands.
    Wrong,
    /// Nothing.
    Nothing,
}

impl<T> Said<T> {
    /// What can be used of it.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Wrong | Self::Nothing => None,
        }
    }
}

/// How one zone is reached.
#[derive(Debug)]
pub struct Access {
    /// Where the API answers.
    pub base_url: Said<String>,
    /// The key to read with.
    pub read: Said<Credential>,
    /// The key to write with.
    pub write: Said<Credential>,
    /// How fast.
    pub rate: Rate,
    /// What the zone must say it is.
    pub environment_type: Option<EnvironmentType>,
}

/// How a zone is reached when an environment has been chosen, or none.
pub fn of_zone(
    head: &Head,
    network: &NetworkSpec,
    (zone, lost): (&ZoneSpec, &Lost),
    chosen: Option<Chosen<'_>>,
) -> Access {
    let own = [Layer::from((network, head.lost_spec())), Layer::from((zone, lost))];
    let nothing = ZoneOverride::default();
    let entry = chosen.and_then(|Chosen { spec, lost, .. }| {
        let code = zone.code.value.as_str();
        let entry = spec.zones.0.iter().find(|(each, _)| each.value == code).map(|(_, entry)| entry);
        let lost = lost.field("zones").field(code);
        (entry.is_some() || !lost.is_nothing()).then(|| (entry.unwrap_or(&nothing), lost))
    });
    let over: Vec<Layer<'_>> = chosen
        .map(|chosen| Layer::from((chosen.spec, chosen.lost)))
        .into_iter()
        .chain(entry.map(Layer::from))
        .collect();
    let strongest = || over.iter().rev().chain(own.iter().rev());

    let base_url = strongest().find_map(|layer| match (layer.base_url, layer.region) {
        _ if !layer.lost.has_all(&["region", "baseUrl"]) => Some(Said::Wrong),
        (Some(url), _) => Some(parts::base_url(&url.value).map_or(Said::Wrong, Said::Known)),
        (None, Some(region)) => Some(Said::Known(region.value.base_url().to_owned())),
        (None, None) => None,
    });
    let credentials = strongest()
        .map(|layer| (layer.credentials, layer.lost.field("credentials")))
        .find(|(credentials, lost)| credentials.is_some() || !lost.is_nothing());
    let key = |name: &str, of: fn(&CredentialsSpec) -> &Option<At<CredentialSpec>>| {
        let Some((credentials, lost)) = credentials else { return Said::Nothing };
        match credentials.and_then(|credentials| of(credentials).as_ref()) {
            _ if !lost.field(name).is_nothing() => Said::Wrong,
            Some(spec) => match parts::credential(&spec.value, &zone.code.value) {
                Ok(source) => Said::Known(Credential { source, place: head.place(spec.extent) }),
                Err(_) => Said::Wrong,
            },
            None => Said::Nothing,
        }
    };
    let rates = || strongest().filter_map(|layer| layer.rate);
    Access {
        base_url: base_url.unwrap_or(Said::Nothing),
        read: key("read", |credentials| &credentials.read),
        write: key("write", |credentials| &credentials.write),
        rate: Rate {
            per_second: rates().find_map(|rate| rate.per_second).unwrap_or(20),
            daily_reserve: rates().find_map(|rate| rate.daily_reserve).unwrap_or(0),
        },
        environment_type: environment_type(&own, &over, chosen.map(|chosen| chosen.name)),
    }
}

/// What a zone must say it is. What the manifest says outside its environments is about the zone that
/// those fields reach: an environment that leads elsewhere leaves it behind.
fn environment_type(own: &[Layer<'_>], over: &[Layer<'_>], chosen: Option<&str>) -> Option<EnvironmentType> {
    let said =
        |layers: &[Layer<'_>]| layers.iter().rev().find_map(|layer| layer.environment_type).map(Into::into);
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
