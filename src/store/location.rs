//! Where a store is.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What a path must not hold as it is where it stands in an address.
const PATH: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#').add(b' ');

/// Where a store is. Shown without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// A file of SQLite.
    File(PathBuf),
    /// A database of PostgreSQL.
    Postgres(PostgresAddress),
}

/// `postgres://user:password@host/database`. Does not print its password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresAddress(url::Url);

impl StoreLocation {
    /// A location as people write it: `postgres://...`, or the path of a file, which may be relative.
    ///
    /// # Errors
    /// In words, where it is an address that cannot be understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return Ok(Self::File(PathBuf::from(path.strip_prefix("//").unwrap_or(path))));
        }
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => match url::Url::parse(text) {
                Ok(url) => Ok(Self::Postgres(PostgresAddress(url))),
                Err(error) => Err(format!("the address of the store cannot be understood: {error}")),
            },
            Some((scheme, _)) => {
                Err(format!("a store is a file or `postgres://HOST/DATABASE`, and not `{scheme}://`"))
            }
            // A slip of the pen must not make a file whose name holds a password.
            None if text.starts_with("postgres:") || text.starts_with("postgresql:") => {
                Err("the address of a server begins with `postgres://`".to_owned())
            }
            None if text.is_empty() => Err("a store is a file or `postgres://HOST/DATABASE`".to_owned()),
            None => Ok(Self::File(PathBuf::from(text))),
        }
    }

    /// Why there can be no file at this place, where one look says so.
    pub(super) fn obstacle(&self) -> Option<String> {
        match self {
            Self::File(path) if path.is_dir() => Some("is a directory, and not a file".to_owned()),
            Self::File(path) => {
                let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty())?;
                (!directory.is_dir()).then(|| format!("there is no directory `{}`", directory.display()))
            }
            Self::Postgres(_) => None,
        }
    }

    /// Whether it is a file that was closed in order, so that all of it is in that one file.
    pub(super) fn is_at_rest(&self) -> Option<()> {
        match self {
            Self::File(path) => {
                let mut beside = path.clone().into_os_string();
                beside.push("-wal");
                (!PathBuf::from(beside).exists()).then_some(())
            }
            Self::Postgres(_) => None,
        }
    }

    /// As the driver wants it. Holds the password.
    pub(super) fn address(&self, mode: &str) -> String {
        match self {
            Self::File(path) => {
                let path = path.to_string_lossy();
                format!("sqlite://{}?mode={mode}", utf8_percent_encode(&path, PATH))
            }
            Self::Postgres(PostgresAddress(url)) => match url.host_str() {
                // The driver would look the address up together with its brackets.
                Some(host) if host.starts_with('[') => {
                    let mut url = url.clone();
                    url.query_pairs_mut().append_pair("host", host.trim_matches(['[', ']']));
                    url.to_string()
                }
                Some(_) | None => url.to_string(),
            },
        }
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Postgres(address) => write!(f, "{address}"),
        }
    }
}

impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.0.clone();
        // Neither can fail for an address that has a host; one that has none has no password either.
        let _ = url.set_password(None);
        url.set_query(None);
        write!(f, "{url}")
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

    use super::StoreLocation;

    #[test]
    fn a_location_is_shown_without_its_password() {
        let location =
            StoreLocation::parse("postgres://zonal:hidden@db.example/zonal?sslmode=require").unwrap();
        assert_eq!(location.to_string(), "postgres://zonal@db.example/zonal");
        assert!(!format!("{location:?}").contains("hidden"));
    }

    #[test]
    fn a_file_may_have_any_name() {
        let location = StoreLocation::parse("a b/50%?#.db").unwrap();
        assert_eq!(location.address("rw"), "sqlite://a%20b/50%25%3F%23.db?mode=rw");
        assert_eq!(StoreLocation::parse("sqlite:x.db").unwrap(), StoreLocation::parse("x.db").unwrap());
    }

    #[test]
    fn a_server_may_be_called_by_its_number() {
        let location = StoreLocation::parse("postgres://zonal@[::1]:5433/zonal?sslmode=require").unwrap();
        let wanted = "postgres://zonal@[::1]:5433/zonal?sslmode=require&host=%3A%3A1";
        assert_eq!(location.address("rw"), wanted);
    }

    #[test]
    fn what_is_no_store_is_refused() {
        for wrong in ["", "postgres:hidden@localhost/x", "mysql://localhost/x", "postgres://host:port/x"] {
            assert!(StoreLocation::parse(wrong).is_err(), "{wrong}");
        }
    }
}
