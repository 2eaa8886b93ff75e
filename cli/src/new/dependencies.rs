//! Where a new project gets the crates and npm packages of this library from.

use std::path::{Path, PathBuf};

use serde_json::json;

/// The version of the command, which is that of all crates and packages of this library.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The registries, or a checkout of this library.
#[derive(Debug, Clone, Default)]
pub struct Dependencies {
    checkout: Option<PathBuf>,
}

impl Dependencies {
    /// The version of this command, from the registries.
    #[must_use]
    pub fn registries() -> Self {
        Self::default()
    }

    /// A checkout, by its absolute path.
    #[must_use]
    pub fn checkout(root: PathBuf) -> Self {
        Self {
            checkout: Some(root),
        }
    }

    /// The directory of the checkout.
    #[must_use]
    pub fn source(&self) -> Option<&Path> {
        self.checkout.as_deref()
    }

    /// The value of a dependency on `name` in a `Cargo.toml`; its directory in a checkout is `path`.
    pub(super) fn rust(&self, path: &str, features: &[&str]) -> String {
        let source = match &self.checkout {
            None if features.is_empty() => return json!(VERSION).to_string(),
            None => format!("version = {}", json!(VERSION)),
            Some(root) => format!("path = {}", json!(root.join(path))),
        };
        let features = match features {
            [] => String::new(),
            features => format!(", features = {}", json!(features)),
        };
        // A JSON string is a TOML string.
        format!("{{ {source}{features} }}")
    }

    /// The value of a dependency in a `package.json`, without its quotation marks; its directory in a checkout is `path`.
    pub(super) fn npm(&self, path: &str) -> String {
        match &self.checkout {
            None => VERSION.to_owned(),
            Some(root) => {
                let quoted = json!(format!("file:{}", root.join(path).display())).to_string();
                quoted.trim_matches('"').to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Dependencies, VERSION};

    #[test]
    fn are_of_the_commands_version_or_in_the_checkout() {
        let (registries, checkout) = (
            Dependencies::registries(),
            Dependencies::checkout("/src/it".into()),
        );
        assert_eq!(registries.rust("a/b", &[]), format!("\"{VERSION}\""));
        assert_eq!(
            registries.rust("a/b", &["state"]),
            format!("{{ version = \"{VERSION}\", features = [\"state\"] }}")
        );
        assert_eq!(checkout.rust("a/b", &[]), "{ path = \"/src/it/a/b\" }");
        assert_eq!(registries.npm("cdk"), VERSION);
        assert_eq!(checkout.npm("cdk"), "file:/src/it/cdk");
    }
}
