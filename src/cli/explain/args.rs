//! From flags to questions: who is meant, and what is wrong with that.

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

/// What is asked about.
#[derive(Debug, Clone, Subcommand)]
pub enum ExplainTopic {
    /// May a member bring a record into the Network Zone, and by which ways
    Import(ImportArgs),
    /// Can somebody at a member reach an e-resource of the Network Zone, and why not
    Access(AccessArgs),
    /// What a patron of one member is at another
    Patron(PatronArgs),
    /// Which of a member's user groups partners see
    Visibility(VisibilityArgs),
    /// Who sees, works on and dismisses the task list of authority control
    Tasks(TasksArgs),
}

/// Flags of `import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// The member's code
    #[arg(long, value_name = "CODE")]
    member: String,
    /// The sort of record; both where nothing is said
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
    /// The code of the member whose user it is
    #[arg(long, value_name = "CODE")]
    member: String,
    /// The resource by its ids: e-collection, e-service, portfolio, joined by dots
    #[arg(long, value_name = "ID[.ID[.ID]]", value_parser = resource)]
    resource: ResourceId,
    /// The user's client address
    #[arg(long, value_name = "IP", conflicts_with_all = ["library", "campus"])]
    address: Option<IpAddr>,
    /// Code of the library that the user is in
    #[arg(long, value_name = "CODE", conflicts_with = "campus")]
    library: Option<String>,
    /// Code of the campus that the user is on, in none of its libraries
    #[arg(long, value_name = "CODE")]
    campus: Option<String>,
    /// The user's group, for rules that hide a resource from some
    #[arg(long, value_name = "CODE")]
    user_group: Option<String>,
}

fn resource(text: &str) -> Result<ResourceId, String> {
    ResourceId::parse(text).ok_or_else(|| "write one to three ids, joined by dots: 61100.62110".to_owned())
}

/// Flags of `patron`.
#[derive(Debug, Clone, Args)]
pub struct PatronArgs {
    /// The code of the patron's own member
    #[arg(long, value_name = "CODE")]
    source: String,
    /// The patron's user group there
    #[arg(long, value_name = "CODE")]
    user_group: String,
    /// The code of the member that the patron comes to
    #[arg(long, value_name = "CODE")]
    target: String,
    /// When the patron's own account expires
    #[arg(long, value_name = "DATE")]
    expires: Option<Date>,
    /// A third member, for what of the patron's blocks would reach it
    #[arg(long, value_name = "CODE")]
    next_target: Option<String>,
}

/// Flags of `visibility`.
#[derive(Debug, Clone, Args)]
pub struct VisibilityArgs {
    /// The member's code
    #[arg(long, value_name = "CODE")]
    member: String,
    /// The user group
    #[arg(long, value_name = "CODE")]
    user_group: String,
}

/// Flags of `tasks`.
#[derive(Debug, Clone, Args)]
pub struct TasksArgs {
    /// The code of the zone whose list it is
    #[arg(long, value_name = "CODE")]
    zone: String,
    /// The role; all three where nothing is said
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// A report type, in the words of Alma's page
    #[arg(long, value_name = "TYPE")]
    report: Option<String>,
}

/// The roles that work with the list (the vendor's help).
const ROLES: [&str; 3] = ["Cataloger", "Catalog Manager", "Catalog Administrator"];

impl ExplainTopic {
    /// The questions.
    ///
    /// # Errors
    /// What is wrong with the flags, and the way out.
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
                        "name different members: a patron is linked to none that is their own".to_owned()
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
                    return Err(format!("--role {unknown}: no such role works with the list; {near}"));
                }
                let unknown = report.as_deref().filter(|report| report_names().all(|name| name != *report));
                if let Some(unknown) = unknown {
                    let near = among(unknown, report_names());
                    return Err(format!("--report {unknown}: there is no such report; {near}"));
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
            Err(format!("{flag} {code}: {} has no such one; {near}", zone.code))
        }
    }
}

/// The zone with a code, if it is one of the right role.
fn find<'n>(network: &'n Network, flag: &str, code: &str, role: ZoneRole) -> Result<&'n Zone, String> {
    let zone = find_zone(network, flag, code)?;
    match zone.role == role {
        true => Ok(zone),
        false => Err(format!("{flag} {code}: that is the network zone; name a member")),
    }
}

fn find_zone<'n>(network: &'n Network, flag: &str, code: &str) -> Result<&'n Zone, String> {
    network.zone(&ZoneCode::from(code)).ok_or_else(|| {
        let near = suggestions::code(code, network.zones.iter().map(|zone| zone.code.as_str()));
        format!("{flag} {code}: the network {} has no such zone; {near}", network.name)
    })
}
