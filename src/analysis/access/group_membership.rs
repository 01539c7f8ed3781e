//! Membership of users in availability groups, by institution, campus, library and IP range.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};

use super::{AccessRefusal, ZoneSettings};
use crate::analysis::settings_table::{RowView, SettingsTable, TableCompleteness};
use crate::model::ClientLocation;

/// Availability group that grants access to the user.
#[derive(Debug)]
pub struct GroupGrant<'s> {
    /// Name of the group.
    pub group: &'s str,
    /// Path of the membership.
    pub through: MembershipPath<'s>,
    /// Settings of the group at the resource.
    pub setting: RowView<'s>,
    /// Definition of the group.
    pub members: RowView<'s>,
}

/// Path by which a user belongs to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembershipPath<'s> {
    /// Institution of the user, from any location.
    Institution,
    /// Campus, by code.
    Campus(&'s str),
    /// Library, by code.
    Library(&'s str),
}

/// Campus or library of the user's member that belongs to a group, with the user outside.
#[derive(Debug)]
pub struct NearbyPlace<'s> {
    /// Name of the group.
    pub group: &'s str,
    /// Campus or library.
    pub place: MembershipPath<'s>,
    /// IP ranges of the place.
    pub ranges: AddressRanges,
    /// Definition of the group.
    pub members: RowView<'s>,
}

/// IP ranges of a campus or library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressRanges {
    /// Ranges exist, and the user is outside.
    Some,
    /// No ranges, so no user can be inside.
    None,
}

impl NearbyPlace<'_> {
    /// Returns the refusal for a user without access through any group.
    pub fn refusal(near: &[Self]) -> AccessRefusal {
        let refusals = near.iter().map(|place| match place.ranges {
            AddressRanges::Some => AccessRefusal::OutsideIpRange,
            AddressRanges::None => AccessRefusal::NoIpRange,
        });
        refusals.max().unwrap_or(AccessRefusal::NotInGroup)
    }
}

/// Result of evaluating the groups of one level for a user.
#[derive(Default)]
pub struct GroupEvaluation<'s> {
    /// Groups that grant access, by name.
    pub grants: Vec<GroupGrant<'s>>,
    /// Places of the user's member in groups, by group.
    pub near: Vec<NearbyPlace<'s>>,
    /// Names of nonexistent groups, which have no members.
    pub missing: Vec<&'s str>,
    /// First group with unknown members.
    pub unknown: Option<&'s str>,
}

/// Evaluates the groups of one level for a user.
pub fn evaluate_groups<'s>(
    level: &'s SettingsTable,
    groups: Result<&'s SettingsTable, Arc<str>>,
    member: &'s ZoneSettings,
    client: &ClientLocation,
) -> GroupEvaluation<'s> {
    let names = level.entries().filter_map(|setting| Some((setting.text_field("group")?, setting)));
    let mut names: BTreeMap<&str, RowView<'s>> = names.collect();
    let mut looked = GroupEvaluation::default();
    let Ok(groups) = groups else {
        looked.unknown = names.keys().next().copied();
        return looked;
    };
    for members in groups.entries() {
        let known = members.text_field("name").and_then(|name| names.remove_entry(name));
        let Some((group, setting)) = known else { continue };
        let inside = match members.lists("institutions", member.code.as_str()) {
            true => Some(MembershipPath::Institution),
            false => look_around(group, members, member, client, &mut looked.near),
        };
        looked.grants.extend(inside.map(|through| GroupGrant { group, through, setting, members }));
    }
    for name in groups.absent_rows().filter_map(|row| row.text_field("name")) {
        looked.missing.extend(names.remove_entry(name).map(|(name, _)| name));
    }
    match groups.extent {
        TableCompleteness::Complete => looked.missing.extend(names.into_keys()),
        TableCompleteness::DeclaredOnly => looked.unknown = names.into_keys().next(),
    }
    looked.grants.sort_by_key(|grant| grant.group);
    looked
}

/// Returns the user's place in a group; otherwise collects all places of the member in the group.
fn look_around<'s>(
    group: &'s str,
    members: RowView<'s>,
    member: &'s ZoneSettings,
    client: &ClientLocation,
    near: &mut Vec<NearbyPlace<'s>>,
) -> Option<MembershipPath<'s>> {
    let own = |text: &'s Arc<str>| text.strip_prefix(member.code.as_str())?.strip_prefix('/');
    let libraries = members.texts("libraries").iter().filter_map(own).map(MembershipPath::Library);
    let campuses = members.texts("campuses").iter().filter_map(own).map(MembershipPath::Campus);
    let mut outside = Vec::new();
    for place in libraries.chain(campuses) {
        match whether_inside(place, member, client) {
            Ok(()) => return Some(place),
            Err(ranges) => outside.push(NearbyPlace { group, place, ranges, members }),
        }
    }
    near.extend(outside);
    None
}

/// Converts an IPv4-mapped IPv6 range, `::ffff:192.0.2.0/120`, to its IPv4 range.
fn canonical(range: IpNet) -> IpNet {
    match range {
        IpNet::V6(range) if range.prefix_len() >= 96 => {
            let mapped = range.network().to_ipv4_mapped();
            let mapped = mapped.and_then(|network| Ipv4Net::new(network, range.prefix_len() - 96).ok());
            mapped.map_or(IpNet::V6(range), IpNet::V4)
        }
        IpNet::V4(_) | IpNet::V6(_) => range,
    }
}

/// Returns `Ok` if the client is inside a place, judged by IP address only.
///
/// A place missing from the Network manifest has no known ranges.
fn whether_inside(
    place: MembershipPath<'_>,
    member: &ZoneSettings,
    client: &ClientLocation,
) -> Result<(), AddressRanges> {
    let holds = |ranges: &[IpNet], address: &IpAddr| {
        let address = address.to_canonical();
        ranges.iter().any(|range| canonical(*range).contains(&address))
    };
    let libraries = member.libraries.iter();
    let (has_ranges, inside) = match place {
        MembershipPath::Institution => return Ok(()),
        MembershipPath::Library(code) => {
            let Some(library) = libraries.into_iter().find(|library| library.code == code) else {
                return Err(AddressRanges::None);
            };
            let inside = match client {
                ClientLocation::Elsewhere | ClientLocation::Campus(_) => false,
                ClientLocation::Library(at) => **at == *code,
                ClientLocation::Address(address) => holds(&library.ip_ranges, address),
            };
            (!library.ip_ranges.is_empty(), inside)
        }
        MembershipPath::Campus(code) => {
            // A library's campus contains the clients of the library.
            let own = member.campuses.iter().filter(|campus| campus.code == code);
            let own: Vec<&[IpNet]> = own.map(|campus| campus.ip_ranges.as_slice()).collect();
            let of = libraries.into_iter().filter(|library| library.campus.as_deref() == Some(code));
            let of: Vec<_> = of.collect();
            let own_has = own.iter().any(|ranges| !ranges.is_empty());
            let inside = match client {
                ClientLocation::Elsewhere => false,
                // A client on the campus and outside its libraries needs a range of the campus.
                ClientLocation::Campus(at) => **at == *code && own_has,
                ClientLocation::Library(at) => of.iter().any(|library| *library.code == **at),
                ClientLocation::Address(address) => {
                    let of_libraries = of.iter().map(|library| library.ip_ranges.as_slice());
                    own.iter().copied().chain(of_libraries).any(|ranges| holds(ranges, address))
                }
            };
            (own_has || of.iter().any(|library| !library.ip_ranges.is_empty()), inside)
        }
    };
    match (has_ranges, inside) {
        (false, _) => Err(AddressRanges::None),
        (true, false) => Err(AddressRanges::Some),
        (true, true) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{IpNet, canonical};

    #[test]
    fn ipv4_mapped_ipv6_range_is_canonicalized() {
        let of = |text: &str| text.parse::<IpNet>().map(|range| canonical(range).to_string());
        assert_eq!(of("::ffff:192.0.2.0/120"), Ok("192.0.2.0/24".to_owned()));
        assert_eq!(of("::ffff:0.0.0.0/96"), Ok("0.0.0.0/0".to_owned()));
        for other in ["192.0.2.0/24", "2001:db8::/32", "::/0", "2001:db8::7/128"] {
            assert_eq!(of(other), Ok(other.to_owned()));
        }
    }
}
