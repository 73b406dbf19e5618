//! Where the settings come from.

use async_trait::async_trait;

use super::{Check, Context, Finding, Found};
use crate::config::ConfigError;

const NAME: &str = "settings";

pub(super) struct Settings;

#[async_trait]
impl Check for Settings {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn run(&self, context: &Context<'_>) -> Vec<Found> {
        let sources = context.sources;
        let mut from = vec!["the built-in config.toml".to_owned()];
        from.extend(sources.file_in_use().map(|file| file.display().to_string()));
        // Only their names: some of them are secrets.
        from.extend(sources.environment.variables.iter().map(|(name, _)| name.clone()));
        vec![Found::ok(format!("read from {}", from.join(", ")))]
    }
}

/// The settings cannot be read, so nothing else can be looked at.
pub fn unusable(error: &ConfigError) -> Finding {
    let remedy =
        "correct the line or the variable that is named; config.toml in the source explains every setting";
    Found::fail(error.to_string(), remedy).of(NAME)
}
