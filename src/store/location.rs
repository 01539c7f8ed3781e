//! Location of a store.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr as _;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// Characters to escape in the path of a connection URL.
const PATH: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#').add(b' ');

/// Location of a store, displayed without password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// SQLite file.
    File(PathBuf),
    /// PostgreSQL database.
    Postgres(PostgresAddress),
}

/// `postgres://user:password@host/database`, displayed without password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresAddress(url::Url);

impl StoreLocation {
    /// Parses a location: `postgres://...`, or a file path, possibly relative.
    ///
    /// # Errors
    /// Returns a message for people if the address is invalid.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return Ok(Self::File(PathBuf::from(path.strip_prefix("//").unwrap_or(path))));
        }
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => match url::Url::parse(text) {
                Ok(url) => Ok(Self::Postgres(PostgresAddress(url))),
                Err(error) => Err(format!("invalid store address: {error}")),
            },
            Some((scheme, _)) => Err(format!(
                "unsupported store scheme `{scheme}://`: expected a file or `postgres://HOST/DATABASE`"
            )),
            // A typing error must not create a file with a password in its name.
            None if text.starts_with("postgres:") || text.starts_with("postgresql:") => {
                Err("a server address must start with `postgres://`".to_owned())
            }
            None if text.is_empty() => {
                Err("empty store address: expected a file or `postgres://HOST/DATABASE`".to_owned())
            }
            None => Ok(Self::File(PathBuf::from(text))),
        }
    }

    /// Returns the location with a required TLS connection, if a server is not on this machine.
    ///
    /// An address without `sslmode` requires TLS. The variable `PGSSLMODE` counts as well.
    ///
    /// # Errors
    /// Returns a message for people if the address asks for less.
    pub fn with_tls(self) -> Result<Self, String> {
        let Self::Postgres(PostgresAddress(mut url)) = self else { return Ok(self) };
        let location = Self::Postgres(PostgresAddress(url.clone()));
        // The driver's error can contain the address with its password.
        let options = PgConnectOptions::from_str(&location.address("rw"))
            .map_err(|_| format!("invalid store address `{location}`"))?;
        let host = options.get_host();
        if options.get_socket().is_some() || is_this_machine(host) {
            return Ok(location);
        }
        let is_named = url.query_pairs().any(|(name, _)| matches!(&*name, "sslmode" | "ssl-mode"));
        match options.get_ssl_mode() {
            PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull => Ok(location),
            PgSslMode::Prefer if !is_named => {
                url.query_pairs_mut().append_pair("sslmode", "require");
                Ok(Self::Postgres(PostgresAddress(url)))
            }
            PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => Err(format!(
                "`{host}` is another machine, and the address does not require TLS; use `sslmode=require`, or \
                 `sslmode=verify-full` to verify the name of the server, too"
            )),
        }
    }

    /// Returns the reason why no file can exist at this location, if obvious.
    pub(super) fn obstacle(&self) -> Option<String> {
        match self {
            Self::File(path) if path.is_dir() => Some("is a directory, not a file".to_owned()),
            Self::File(path) => {
                let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty())?;
                (!directory.is_dir()).then(|| format!("missing directory `{}`", directory.display()))
            }
            Self::Postgres(_) => None,
        }
    }

    /// Returns the files of a store: the database, its write-ahead log and its shared memory. SQLite removes
    /// the last two when it closes the database. `None` on a server.
    pub fn files(&self) -> Option<[PathBuf; 3]> {
        let Self::File(path) = self else { return None };
        Some(["", "-wal", "-shm"].map(|suffix| {
            let mut file = path.clone().into_os_string();
            file.push(suffix);
            file.into()
        }))
    }

    /// Returns `Some` for a file that was closed properly, without a separate write-ahead log.
    pub(super) fn is_at_rest(&self) -> Option<()> {
        let [_, log, _] = self.files()?;
        (!log.exists()).then_some(())
    }

    /// Returns the connection URL for the driver, including the password.
    pub(super) fn address(&self, mode: &str) -> String {
        match self {
            Self::File(path) => {
                let path = path.to_string_lossy();
                format!("sqlite://{}?mode={mode}", utf8_percent_encode(&path, PATH))
            }
            Self::Postgres(PostgresAddress(url)) => match url.host_str() {
                // The driver would resolve an IPv6 address together with its brackets.
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

/// Returns true for a loopback address, and for the directory of a Unix socket.
fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    address.map_or(host == "localhost" || host.starts_with('/'), |address| address.is_loopback())
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
        // Fails only for URLs without a host, and these have no password.
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
    #![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

    use super::StoreLocation;

    #[test]
    fn location_is_displayed_without_password() {
        let location =
            StoreLocation::parse("postgres://zonal:hidden@db.example/zonal?sslmode=require").unwrap();
        assert_eq!(location.to_string(), "postgres://zonal@db.example/zonal");
        assert!(!format!("{location:?}").contains("hidden"));
    }

    #[test]
    fn file_path_can_contain_special_characters() {
        let location = StoreLocation::parse("a b/50%?#.db").unwrap();
        assert_eq!(location.address("rw"), "sqlite://a%20b/50%25%3F%23.db?mode=rw");
        assert_eq!(StoreLocation::parse("sqlite:x.db").unwrap(), StoreLocation::parse("x.db").unwrap());
    }

    #[test]
    fn server_can_have_an_ipv6_address() {
        let location = StoreLocation::parse("postgres://zonal@[::1]:5433/zonal?sslmode=require").unwrap();
        let wanted = "postgres://zonal@[::1]:5433/zonal?sslmode=require&host=%3A%3A1";
        assert_eq!(location.address("rw"), wanted);
    }

    #[test]
    fn server_on_another_machine_requires_tls() {
        let secured = |text: &str| StoreLocation::parse(text).unwrap().with_tls();
        let address = |text: &str| secured(text).map(|location| location.address("rw"));
        assert_eq!(
            address("postgres://db.example/zonal").unwrap(),
            "postgres://db.example/zonal?sslmode=require"
        );
        let kept = "postgres://zonal@db.example/zonal?sslmode=verify-full";
        assert_eq!(address(kept).unwrap(), kept);
        let unencrypted =
            ["prefer", "allow", "disable"].map(|mode| format!("postgres://zonal:hidden@db/z?sslmode={mode}"));
        let by_parameter = "postgres://127.0.0.1/z?host=db.example&sslmode=disable".to_owned();
        for refused in unencrypted.into_iter().chain([by_parameter]) {
            let reason = secured(&refused).unwrap_err();
            assert!(reason.contains("require TLS") && !reason.contains("hidden"), "{reason}");
        }
        for local in ["127.0.0.1", "127.9.9.9:5433", "localhost", "[::1]", "%2Frun%2Fpostgresql"] {
            let local = format!("postgres://{local}/zonal?sslmode=disable");
            assert!(secured(&local).is_ok(), "{local}");
        }
    }

    #[test]
    fn invalid_locations_are_refused() {
        for wrong in ["", "postgres:hidden@localhost/x", "mysql://localhost/x", "postgres://host:port/x"] {
            assert!(StoreLocation::parse(wrong).is_err(), "{wrong}");
        }
    }
}
