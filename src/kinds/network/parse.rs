//! Parses short texts of a network: base URLs, IP ranges, and credentials with `{code}`.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

use super::spec::{CommandSpec, CredentialSpec};
use crate::model::network::CredentialSource;
use crate::model::secret_text::{has_alma_key, looks_like_key};

/// Returns a base URL without `/almaws/v1` and trailing slash.
///
/// # Errors
/// Returns the reason for an invalid URL.
pub fn base_url(text: &str) -> Result<String, String> {
    // A URL parser would remove whitespace silently.
    if text.trim().contains(char::is_whitespace) {
        return Err("spaces are not allowed".to_owned());
    }
    let url = url::Url::parse(text.trim()).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("expected `https://` or `http://`".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user name or password is not allowed".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("`?` and `#` are not allowed".to_owned());
    }
    let text = url.as_str().trim_end_matches('/');
    Ok(text.strip_suffix("/almaws/v1").unwrap_or(text).trim_end_matches('/').to_owned())
}

/// Returns true if API keys would be sent unencrypted to this base URL.
pub fn is_exposed(base_url: &str) -> bool {
    let Ok(url) = url::Url::parse(base_url) else { return false };
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(domain)) => domain == "localhost" || domain.ends_with(".localhost"),
        None => false,
    };
    url.scheme() == "http" && !loopback
}

/// Returns the networks of an IP range: `192.0.2.0/24`, `192.0.2.7` or `192.0.2.1-192.0.2.9`.
pub fn ip_range(text: &str) -> Option<Vec<IpNet>> {
    let text = text.trim();
    if let Ok(net) = text.parse::<IpNet>() {
        return Some(vec![net.trunc()]);
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(vec![address.into()]);
    }
    let (first, last) = text.split_once('-')?;
    match (first.trim().parse().ok()?, last.trim().parse().ok()?) {
        (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => {
            Some(Ipv4Subnets::new(first, last, 0).map(IpNet::V4).collect())
        }
        (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => {
            Some(Ipv6Subnets::new(first, last, 0).map(IpNet::V6).collect())
        }
        (IpAddr::V4(_) | IpAddr::V6(_), IpAddr::V4(_) | IpAddr::V6(_)) => None,
    }
}

/// Problem of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialProblem {
    /// Unknown placeholder; only `{code}` is allowed.
    Placeholder,
    /// API key in place of its source.
    Key,
    /// Empty credential.
    Empty,
}

/// Returns the source of a zone's API key, with its code inserted.
///
/// # Errors
/// Returns the problem of an invalid credential.
pub fn credential(spec: &CredentialSpec, code: &str) -> Result<CredentialSource, CredentialProblem> {
    let filled = |text: &str| match text.trim() {
        "" => Err(CredentialProblem::Empty),
        text if has_alma_key(text) => Err(CredentialProblem::Key),
        _ => fill(text, code).map_err(|_| CredentialProblem::Placeholder),
    };
    match (&spec.env, &spec.file, &spec.command) {
        (Some(name), _, _) if looks_like_key(&name.value) => Err(CredentialProblem::Key),
        (Some(name), _, _) => Ok(CredentialSource::Env(filled(&name.value)?.into())),
        (None, Some(path), _) => Ok(CredentialSource::File(filled(&path.value)?.into())),
        (None, None, Some(command)) => {
            let words = match &command.value {
                CommandSpec::Line(line) => vec!["sh".to_owned(), "-c".to_owned(), filled(line)?],
                CommandSpec::Program(words) => {
                    let program = words.first().map(|program| filled(program)).transpose()?;
                    let arguments = words.iter().skip(1).map(|word| fill(word, code));
                    let arguments: Result<Vec<_>, _> = arguments.collect();
                    let arguments = arguments.map_err(|_| CredentialProblem::Placeholder)?;
                    program.into_iter().chain(arguments).collect()
                }
            };
            match words.is_empty() {
                true => Err(CredentialProblem::Empty),
                false => Ok(CredentialSource::Command(words)),
            }
        }
        (None, None, None) => Err(CredentialProblem::Empty),
    }
}

/// Replaces `{code}`. Only a word in braces is a placeholder; `${HOME}` belongs to the shell.
///
/// # Errors
/// Returns the name of an unknown placeholder.
pub fn fill(text: &str, code: &str) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, braced) = rest.split_at(open);
        filled.push_str(before);
        let word = braced[1..].split('}').next().filter(|word| braced.len() > word.len() + 1).unwrap_or("");
        let is_word = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        match word {
            "code" if !before.ends_with('$') => {
                filled.push_str(code);
                rest = &braced["{code}".len()..];
            }
            word if is_word && !before.ends_with('$') => return Err(word.to_owned()),
            _ => {
                filled.push('{');
                rest = &braced[1..];
            }
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::{base_url, fill, ip_range, is_exposed};

    #[test]
    fn base_url_is_trimmed_to_host_and_path() {
        for text in [
            "https://a.example",
            "https://a.example/",
            "https://a.example/almaws/v1",
            "https://a.example/almaws/v1/",
        ] {
            assert_eq!(base_url(text).as_deref(), Ok("https://a.example"), "{text}");
        }
        assert_eq!(base_url("http://127.0.0.1:8080/alma/").as_deref(), Ok("http://127.0.0.1:8080/alma"));
        for text in [
            "a.example",
            "/almaws",
            "ftp://a.example",
            "https://u:p@a.example",
            "https://a.example/?x=1",
            "https://a.example/x\ty",
            "",
        ] {
            assert!(base_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_loopback_allows_plain_http() {
        assert!(is_exposed("http://alma.example"));
        for text in ["https://alma.example", "http://127.0.0.1:80", "http://[::1]:80", "http://localhost:1"] {
            assert!(!is_exposed(text), "{text}");
        }
    }

    #[test]
    fn ip_range_accepts_networks_addresses_and_spans() {
        let count = |text| ip_range(text).map(|nets| nets.len());
        assert_eq!(count("192.0.2.0/24"), Some(1));
        assert_eq!(count("192.0.2.7"), Some(1));
        assert_eq!(count("192.0.2.0-192.0.2.255"), Some(1));
        assert_eq!(count("192.0.2.1-192.0.2.4"), Some(3));
        assert_eq!(count("2001:db8::/32"), Some(1));
        for text in ["192.0.2.9-192.0.2.1", "192.0.2.0/33", "192.0.2", "", "a-b", "192.0.2.1-::1"] {
            assert_eq!(count(text), None, "{text}");
        }
    }

    #[test]
    fn only_code_is_a_placeholder() {
        assert_eq!(fill("KEY_{code}_{code}", "A").as_deref(), Ok("KEY_A_A"));
        assert_eq!(
            fill("pass ${HOME} | awk '{print $1}' {", "A").as_deref(),
            Ok("pass ${HOME} | awk '{print $1}' {")
        );
        assert_eq!(fill("KEY_{zone}", "A"), Err("zone".to_owned()));
    }
}
