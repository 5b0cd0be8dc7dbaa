//! The four layers and their order. Parses, names each value's source and merges; knows no section.

use std::{fs, path::PathBuf};

use figment::{
    Figment, Metadata, Profile, Provider,
    value::{Dict, Map, Value},
};

use super::{DEFAULT_TOML, problem::ConfigProblem};

/// What every variable of the environment that is a setting starts with.
const PREFIX: &str = "LOBEWATCH__";

/// Variables that name the signed-in user: no settings, but commands record who did something.
const ACCOUNT: [&str; 2] = ["USER", "LOGNAME"];

/// The name of the first layer as a source.
pub(super) const BUILT_IN: &str = "built-in default";

/// The mark of layers whose values all arrive as text, so that `"8"` may be a number.
pub(super) const TEXT_LAYER: &str = "text";

/// What [`super::Settings::load`] reads besides the embedded defaults. The default is: nothing else.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// The file of `--config`.
    pub file: Option<PathBuf>,
    /// Full key and value of each explicit option; they win over everything.
    pub overrides: Vec<(String, String)>,
    /// Name and value of the variables to look at; those without the prefix `LOBEWATCH__` are ignored.
    pub env: Vec<(String, String)>,
}

impl LoadOptions {
    /// Adds the environment of this process. Only the shell calls this; tests hand over their own variables.
    #[must_use]
    pub fn with_process_environment(mut self) -> Self {
        // Text that is not UTF-8 keeps a replacement character, which `merge` reports instead of using it.
        self.env.extend(
            std::env::vars_os()
                .map(|(name, value)| {
                    (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
                })
                .filter(|(name, _)| name.starts_with(PREFIX) || ACCOUNT.contains(&name.as_str())),
        );
        self
    }
}

/// One layer: values with one source.
struct Layer {
    metadata: Metadata,
    values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        self.metadata.clone()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

impl Layer {
    /// A layer with one value at `path`; text, because that is all an environment or an option can hold.
    fn single(source: String, path: &[&str], value: String) -> Self {
        let mut nested = Value::from(value);
        for part in path.iter().skip(1).rev() {
            nested = Value::from(Dict::from([((*part).to_owned(), nested)]));
        }
        let first = path.first().copied().unwrap_or_default().to_owned();
        let metadata = Metadata::named(source).source(figment::Source::Custom(TEXT_LAYER.to_owned()));
        Self { metadata, values: Dict::from([(first, nested)]) }
    }
}

/// Merges the layers. A file that cannot be read at all is the one problem that hides the others, because everything
/// it would have said is missing.
pub(super) fn merge(options: LoadOptions) -> Result<(Figment, Vec<ConfigProblem>), ConfigProblem> {
    let mut problems = Vec::new();
    let mut figment = Figment::new().merge(toml_layer(DEFAULT_TOML, BUILT_IN.to_owned())?);
    if let Some(path) = options.file {
        let source = format!("file {}", path.display());
        let text = fs::read_to_string(&path).map_err(|error| ConfigProblem {
            key: "--config".to_owned(),
            source: source.clone(),
            problem: format!("cannot be read: {error}"),
            remedy: "name a file that exists and that this user may read".to_owned(),
        })?;
        figment = figment.merge(toml_layer(&text, source)?);
    }
    let mut env = options.env;
    env.sort();
    for (name, value) in env {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let source = format!("environment variable {name}");
        let path = rest.to_lowercase();
        let path: Vec<&str> = path.split("__").collect();
        if value.contains(char::REPLACEMENT_CHARACTER) {
            problems.push(ConfigProblem {
                key: path.join("."),
                source,
                problem: "is not UTF-8 text".to_owned(),
                remedy: "set it again as UTF-8, or use a file".to_owned(),
            });
        } else {
            figment = figment.merge(Layer::single(source, &path, value));
        }
    }
    for (key, value) in options.overrides {
        let path: Vec<&str> = key.split('.').collect();
        figment = figment.merge(Layer::single("command line".to_owned(), &path, value));
    }
    Ok((figment, problems))
}

fn toml_layer(text: &str, source: String) -> Result<Layer, ConfigProblem> {
    match toml::from_str::<Dict>(text) {
        Ok(values) => Ok(Layer { metadata: Metadata::named(source), values }),
        Err(error) => {
            // The error's own text quotes the line, which may hold a password: name the place only.
            let place = error.span().and_then(|span| text.get(..span.start)).map(|before| {
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                format!(" at line {line}, column {column}")
            });
            Err(ConfigProblem {
                key: "--config".to_owned(),
                source,
                problem: format!("is not valid TOML{}: {}", place.unwrap_or_default(), error.message()),
                remedy: "put the line right; the built-in default.toml shows the form of every key"
                    .to_owned(),
            })
        }
    }
}
