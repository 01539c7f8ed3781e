//! Arguments of `zonal explain`: parses and validates the flags, and creates the questions.

use std::net::IpAddr;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::kinds::report_names;
use crate::manifest::suggestions::{self, among};
use crate::model::network::{Zone, ZoneRole};
use crate::model::{
    AccessQuestion, ClientLocation, ImportQuestion, Network, PatronQuestion, Question, RecordType,
    ResourceId, TasksQuestion, VisibilityQuestion, ZoneCode,
};

/// Topic of a question.
#[derive(Debug, Clone, Subcommand)]
pub enum ExplainTopic {
    /// Explain whether a member may contribute records to the Network Zone
    Import(ImportArgs),
    /// Explain whether a user can access an electronic resource
    Access(AccessArgs),
    /// Explain which linked account a patron gets at another member
    Patron(PatronArgs),
    /// Explain whether partners can find a user group
    Visibility(VisibilityArgs),
    /// Explain what a role may do in the authority control task list
    Tasks(TasksArgs),
}

/// Flags of `import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// Code of the member
    #[arg(long, value_name = "CODE")]
    member: String,
    /// Type of record (default: both)
    #[arg(long, value_name = "TYPE")]
    record: Option<RecordTypeArg>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RecordTypeArg {
    Bibliographic,
    Authority,
}

/// Flags of `access`.
#[derive(Debug, Clone, Args)]
pub struct AccessArgs {
    /// Code of the user's member
    #[arg(long, value_name = "CODE")]
    member: String,
    /// Resource as one to three IDs joined by dots: e-collection, e-service, portfolio
    #[arg(long, value_name = "ID[.ID[.ID]]", value_parser = resource)]
    resource: ResourceId,
    /// Client address of the user
    #[arg(long, value_name = "IP", conflicts_with_all = ["library", "campus"])]
    address: Option<IpAddr>,
    /// Code of the library that the user visits
    #[arg(long, value_name = "CODE", conflicts_with = "campus")]
    library: Option<String>,
    /// Code of the campus that the user visits, outside its libraries
    #[arg(long, value_name = "CODE")]
    campus: Option<String>,
    /// User group, for rules that hide a resource from some groups
    #[arg(long, value_name = "CODE")]
    user_group: Option<String>,
}

fn resource(text: &str) -> Result<ResourceId, String> {
    ResourceId::parse(text).ok_or_else(|| "expected one to three IDs, joined by dots: 61100.62110".to_owned())
}

/// Flags of `patron`.
#[derive(Debug, Clone, Args)]
pub struct PatronArgs {
    /// Code of the source institution: the patron's own member
    #[arg(long, value_name = "CODE")]
    source: String,
    /// User group of the patron at the source institution
    #[arg(long, value_name = "CODE")]
    user_group: String,
    /// Code of the target institution: the member that gives the linked account
    #[arg(long, value_name = "CODE")]
    target: String,
    /// Expiry date of the account at the source institution
    #[arg(long, value_name = "DATE")]
    expires: Option<Date>,
    /// Code of a third member, to show which patron blocks are copied to it
    #[arg(long, value_name = "CODE")]
    next_target: Option<String>,
}

/// Flags of `visibility`.
#[derive(Debug, Clone, Args)]
pub struct VisibilityArgs {
    /// Code of the member
    #[arg(long, value_name = "CODE")]
    member: String,
    /// User group
    #[arg(long, value_name = "CODE")]
    user_group: String,
}

/// Flags of `tasks`.
#[derive(Debug, Clone, Args)]
pub struct TasksArgs {
    /// Code of the zone that owns the task list
    #[arg(long, value_name = "CODE")]
    zone: String,
    /// Role (default: all three roles)
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Report type, as written on Alma's page
    #[arg(long, value_name = "TYPE")]
    report: Option<String>,
}

/// Roles that work with the task list, from Alma's documentation.
const ROLES: [&str; 3] = ["Cataloger", "Catalog Manager", "Catalog Administrator"];

impl ExplainTopic {
    /// Returns the questions.
    ///
    /// # Errors
    /// Returns the invalid flag and how to fix it.
    pub fn questions(&self, network: &Network) -> Result<Vec<Question>, String> {
        Ok(match self {
            Self::Import(ImportArgs { member, record }) => {
                let member = find(network, "--member", member, ZoneRole::Member)?;
                let records = match record {
                    Some(RecordTypeArg::Bibliographic) => vec![RecordType::Bibliographic],
                    Some(RecordTypeArg::Authority) => vec![RecordType::Authority],
                    None => vec![RecordType::Bibliographic, RecordType::Authority],
                };
                let question =
                    |record| Question::Import(ImportQuestion { member: member.code.clone(), record });
                records.into_iter().map(question).collect()
            }
            Self::Access(asked) => vec![access(asked, network)?],
            Self::Patron(PatronArgs { source, user_group, target, expires, next_target }) => {
                let source = find(network, "--source", source, ZoneRole::Member)?.code.clone();
                let target = find(network, "--target", target, ZoneRole::Member)?.code.clone();
                let next_target = match next_target {
                    Some(code) => Some(find(network, "--next-target", code, ZoneRole::Member)?.code.clone()),
                    None => None,
                };
                let all = [Some(&source), Some(&target), next_target.as_ref()];
                if all.iter().enumerate().any(|(index, one)| one.is_some() && all[..index].contains(one)) {
                    return Err(
                        "the members must differ: a member is never its own target institution".to_owned()
                    );
                }
                let user_group = user_group.as_str().into();
                vec![Question::Patron(PatronQuestion {
                    source,
                    user_group,
                    target,
                    expires: *expires,
                    next_target,
                })]
            }
            Self::Visibility(VisibilityArgs { member, user_group }) => {
                let member = find(network, "--member", member, ZoneRole::Member)?.code.clone();
                let user_group = user_group.as_str().into();
                vec![Question::Visibility(VisibilityQuestion { member, user_group })]
            }
            Self::Tasks(TasksArgs { zone, role, report }) => {
                let zone = find_zone(network, "--zone", zone)?.code.clone();
                let roles: Vec<&str> = match role {
                    Some(role) => vec![role],
                    None => ROLES.to_vec(),
                };
                if let Some(unknown) = roles.iter().find(|role| !ROLES.contains(role)) {
                    let near = among(unknown, ROLES);
                    return Err(format!("--role {unknown}: not a role of the task list; {near}"));
                }
                let unknown = report.as_deref().filter(|report| report_names().all(|name| name != *report));
                if let Some(unknown) = unknown {
                    let near = among(unknown, report_names());
                    return Err(format!("--report {unknown}: unknown report type; {near}"));
                }
                let report = report.as_deref().map(Into::into);
                let question = |role: &str| {
                    let (zone, report) = (zone.clone(), report.clone());
                    Question::Tasks(TasksQuestion { zone, role: role.into(), report })
                };
                roles.into_iter().map(question).collect()
            }
        })
    }
}

fn access(asked: &AccessArgs, network: &Network) -> Result<Question, String> {
    let AccessArgs { member, resource, address, library, campus, user_group } = asked;
    let member = find(network, "--member", member, ZoneRole::Member)?;
    let from = match (address, library, campus) {
        (Some(address), _, _) => ClientLocation::Address(*address),
        (None, Some(library), _) => {
            let known: Vec<&str> = member.libraries.iter().map(|each| each.code.as_str()).collect();
            ClientLocation::Library(known_one("--library", library, &known, member)?.into())
        }
        (None, None, Some(campus)) => {
            let known: Vec<&str> = member.campuses.iter().map(|each| each.code.as_str()).collect();
            ClientLocation::Campus(known_one("--campus", campus, &known, member)?.into())
        }
        (None, None, None) => ClientLocation::Elsewhere,
    };
    let user_group = user_group.as_deref().map(Into::into);
    let (member, resource) = (member.code.clone(), resource.clone());
    Ok(Question::Access(AccessQuestion { member, from, resource, user_group }))
}

fn known_one<'a>(flag: &str, code: &'a str, known: &[&str], zone: &Zone) -> Result<&'a str, String> {
    match known.contains(&code) {
        true => Ok(code),
        false => {
            let near = among(code, known.iter().copied());
            Err(format!("{flag} {code}: not found in {}; {near}", zone.code))
        }
    }
}

/// Returns the zone with this code if it has the given role.
fn find<'n>(network: &'n Network, flag: &str, code: &str, role: ZoneRole) -> Result<&'n Zone, String> {
    let zone = find_zone(network, flag, code)?;
    match zone.role == role {
        true => Ok(zone),
        false => Err(format!("{flag} {code}: the zone is the Network Zone, expected a member")),
    }
}

fn find_zone<'n>(network: &'n Network, flag: &str, code: &str) -> Result<&'n Zone, String> {
    network.zone(&ZoneCode::from(code)).ok_or_else(|| {
        let near = suggestions::code(code, network.zones.iter().map(|zone| zone.code.as_str()));
        format!("{flag} {code}: zone not found in network {}; {near}", network.name)
    })
}
