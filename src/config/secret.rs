//! Text that must not be seen: redacted wherever it is printed, and read only from files that nobody else can read.

use std::{fmt, fs, io, path::Path};

use thiserror::Error;

/// What stands in place of a secret.
pub(super) const HIDDEN: &str = "[hidden]";

/// The largest secret file that is read, in bytes; more is a mistaken path.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// A text that prints as `[hidden]`, whatever the formatting. Read it with [`Secret::expose`] at the last moment.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself. Never log it, never put it into an error.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// Why a secret file was refused.
#[derive(Debug, Error)]
pub(super) enum SecretFileError {
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("can be read or changed by others (mode {mode:04o})")]
    TooOpen { mode: u32 },
    #[error("is empty")]
    Empty,
    #[error("holds {bytes} bytes, more than a secret has")]
    TooLarge { bytes: u64 },
}

/// Reads a secret from a file of mode 0600 or narrower and drops one line break at its end.
pub(super) fn read_secret_file(path: &Path) -> Result<Secret, SecretFileError> {
    let metadata = fs::metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & !0o600 != 0 {
            return Err(SecretFileError::TooOpen { mode });
        }
    }
    if metadata.len() > MAX_SECRET_BYTES {
        return Err(SecretFileError::TooLarge { bytes: metadata.len() });
    }
    let text = fs::read_to_string(path)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(SecretFileError::Empty);
    }
    Ok(Secret::new(text.to_owned()))
}

/// The URL with its password replaced, for showing. A URL without a password comes back unchanged.
pub(super) fn hide_url_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    // A password may itself hold `/` or `@` unescaped: hide up to the last `@` rather than too little.
    let shown = match rest.rsplit_once('@') {
        Some((userinfo, host)) => match userinfo.split_once(':') {
            Some((user, _)) => format!("{user}:{HIDDEN}@{host}"),
            None => rest.to_owned(),
        },
        None => rest.to_owned(),
    };
    // `?password=` is the other place PostgreSQL takes it from.
    let shown = match shown.split_once('?') {
        Some((before, query)) => format!("{before}?{}", hide_query_password(query)),
        None => shown,
    };
    format!("{scheme}://{shown}")
}

fn hide_query_password(query: &str) -> String {
    let parts: Vec<String> = query
        .split('&')
        .map(|part| match part.split_once('=') {
            Some((name, _)) if name.eq_ignore_ascii_case("password") => format!("{name}={HIDDEN}"),
            _ => part.to_owned(),
        })
        .collect();
    parts.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::new("tr0ub4dor".to_owned());
        assert_eq!(format!("{secret} {secret:?} {secret:#?}"), "[hidden] [hidden] [hidden]");
        assert_eq!(secret.expose(), "tr0ub4dor");
    }

    #[test]
    fn passwords_in_urls_are_hidden_wherever_they_stand() {
        let cases = [
            ("postgres://u:p@db/x", "postgres://u:[hidden]@db/x"),
            (
                "postgres://u:p@ss/w:d@db:5432/x?sslmode=require",
                "postgres://u:[hidden]@db:5432/x?sslmode=require",
            ),
            ("postgres://u@db/x?password=p&a=b", "postgres://u@db/x?password=[hidden]&a=b"),
            ("postgres://db/x", "postgres://db/x"),
            ("sqlite://data/lobewatch.db?mode=rwc", "sqlite://data/lobewatch.db?mode=rwc"),
        ];
        for (url, shown) in cases {
            assert_eq!(hide_url_password(url), shown);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "pass word\n").unwrap();
        for mode in [0o644, 0o640, 0o604, 0o700] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = read_secret_file(&path).unwrap_err();
            assert!(
                matches!(error, SecretFileError::TooOpen { mode: found } if found == mode),
                "{mode:o}: {error}"
            );
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read_secret_file(&path).unwrap().expose(), "pass word");
        }
    }

    #[test]
    fn only_one_line_break_at_the_end_is_dropped_and_an_empty_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let read = |text: &str| {
            fs::write(&path, text).unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            }
            read_secret_file(&path)
        };
        assert_eq!(read("a\n\n").unwrap().expose(), "a\n");
        assert_eq!(read(" a \r\n").unwrap().expose(), " a ");
        assert!(matches!(read("\n").unwrap_err(), SecretFileError::Empty));
    }
}
