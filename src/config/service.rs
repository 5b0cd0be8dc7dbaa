//! `[service]`: the web server's address and limits, and how the process stops. Binds nothing.

use std::{net::SocketAddr, time::Duration};

use hyper::Uri;

use super::{mail, reader::Reader};

/// The web server and the way the process stops.
#[derive(Debug, Clone)]
pub struct ServiceSettings {
    /// Address and port of the pages.
    pub listen: SocketAddr,
    /// What links start with; no slash at the end.
    pub base_url: String,
    /// How long running work may take to finish after the first stop signal.
    pub shutdown_grace: Duration,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// How long a client may take to send its headers.
    pub header_timeout: Duration,
    /// The most connections served at once.
    pub max_connections: usize,
}

const BASE_URL: &str = "service.base_url";

impl ServiceSettings {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let listen = reader.parsed("service.listen", "an address and a port, as in 127.0.0.1:8080");
        let base_url = read_base_url(reader);
        let shutdown_grace = reader.number("service.shutdown_grace_seconds", 1..=600);
        let request_timeout = reader.number("service.request_timeout_seconds", 1..=300);
        let header_timeout = reader.number("service.header_timeout_seconds", 1..=60);
        let max_connections = reader.number("service.max_connections", 1..=10_000);
        Some(Self {
            listen: listen?,
            base_url: base_url?,
            shutdown_grace: Duration::from_secs(shutdown_grace?),
            request_timeout: Duration::from_secs(request_timeout?),
            header_timeout: Duration::from_secs(header_timeout?),
            max_connections: usize::try_from(max_connections?).ok()?,
        })
    }

    /// Whether people reach the pages through TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

fn read_base_url(reader: &mut Reader) -> Option<String> {
    let remedy =
        "give http:// or https://, a host, and if needed a port and a path without a slash at the end";
    let url = reader.text(BASE_URL, remedy)?;
    if mail::wants_to_leave(reader) && reader.is_default(BASE_URL) {
        reader.problem(
            BASE_URL,
            "is still the built-in address of this machine, while mails go out to clinics",
            "set the address under which clinics reach these pages",
        );
    }
    if is_base_url(&url) {
        Some(url)
    } else {
        reader.problem(BASE_URL, "cannot be the beginning of a link", remedy);
        None
    }
}

fn is_base_url(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let plain = !url.ends_with('/') && !url.contains(['?', '#', '@']) && url.is_ascii();
    let host = uri.host().is_some_and(|host| !host.is_empty());
    plain && host && matches!(uri.scheme_str(), Some("http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_scheme_host_and_perhaps_a_path() {
        for good in [
            "http://127.0.0.1:8080",
            "https://registry.example",
            "https://h.example/lobewatch",
            "http://[::1]:80",
        ] {
            assert!(is_base_url(good), "{good}");
        }
        for bad in [
            "",
            "registry.example",
            "ftp://h",
            "https://h/",
            "https://h/?a",
            "https://u:p@h",
            "https://h#x",
            "https://h h",
            "//h",
            "https://",
        ] {
            assert!(!is_base_url(bad), "{bad}");
        }
    }
}
