//! How a zone is reached: the layers that say so, and which of them wins.
//!
//! From weak to strong: the network, the zone, the chosen environment, the environment's entry for
//! the zone. Credentials are replaced as a whole, never mixed: a read key of a sandbox must not come
//! with a write key of production. Rates are laid over each other number by number.

use super::parts;
use super::spec::{
    CredentialsSpec, EnvironmentSpec, EnvironmentTypeSpec, NetworkSpec, RateSpec, Region, ZoneOverride,
    ZoneSpec,
};
use crate::manifest::Head;
use crate::manifest::typed::At;
use crate::model::network::{Credential, Credentials, EnvironmentType, Rate};

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
}

macro_rules! layer_of {
    ($($spec:ty),*) => {$(
        impl<'a> From<&'a $spec> for Layer<'a> {
            fn from(spec: &'a $spec) -> Self {
                Self {
                    region: spec.region.as_ref(),
                    base_url: spec.base_url.as_ref(),
                    credentials: spec.credentials.as_ref(),
                    rate: spec.rate,
                    environment_type: spec.environment_type,
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
}

/// How one zone is reached.
#[derive(Debug)]
pub struct Access {
    /// `None` where no layer names a region or a base URL that can be used.
    pub base_url: Option<String>,
    /// Where the keys are.
    pub credentials: Credentials,
    /// How fast.
    pub rate: Rate,
    /// What the zone must say it is.
    pub environment_type: Option<EnvironmentType>,
}

/// How a zone is reached when an environment has been chosen, or none.
pub fn of_zone(head: &Head, network: &NetworkSpec, zone: &ZoneSpec, chosen: Option<Chosen<'_>>) -> Access {
    let own = [Layer::from(network), Layer::from(zone)];
    let entry = chosen.and_then(|chosen| {
        chosen.spec.zones.0.iter().find(|(code, _)| code.value == zone.code.value).map(|(_, entry)| entry)
    });
    let over: Vec<Layer<'_>> =
        chosen.map(|chosen| Layer::from(chosen.spec)).into_iter().chain(entry.map(Layer::from)).collect();
    let strongest = || over.iter().rev().chain(own.iter().rev());

    let base_url = strongest().find_map(|layer| match (layer.base_url, layer.region) {
        (Some(url), _) => Some(parts::base_url(&url.value).ok()),
        (None, Some(region)) => Some(Some(region.value.base_url().to_owned())),
        (None, None) => None,
    });
    let credentials = strongest().find_map(|layer| layer.credentials);
    let key = |spec: Option<&At<super::spec::CredentialSpec>>| {
        spec.and_then(|spec| {
            let source = parts::credential(&spec.value, &zone.code.value).ok()?;
            Some(Credential { source, place: head.place(spec.extent) })
        })
    };
    let rates = || strongest().filter_map(|layer| layer.rate);
    Access {
        base_url: base_url.flatten(),
        credentials: Credentials {
            read: key(credentials.and_then(|credentials| credentials.read.as_ref())),
            write: key(credentials.and_then(|credentials| credentials.write.as_ref())),
        },
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
