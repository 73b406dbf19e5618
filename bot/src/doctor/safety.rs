//! The safety checker: whether something looks at pictures where the settings want it.

use std::path::Path;

use async_trait::async_trait;
use inference::ModelSource;

use super::{Check, Context, Found};
use crate::config::{Config, SafetyConfig};
use crate::models;
use crate::safety::SafetyAction;

/// Where a model keeps its own.
const FOLDER: &str = "safety_checker";

pub(super) struct Safety;

#[async_trait]
impl Check for Safety {
    fn name(&self) -> &'static str {
        "safety"
    }

    async fn run(&self, context: &Context<'_>) -> Vec<Found> {
        let safety = &context.config.safety;
        vec![match &safety.model {
            Some(folder) if !folder.is_dir() => Found::fail(
                format!("the safety checker {} does not exist", folder.display()),
                "set safety.model to the folder of one, or remove the line",
            ),
            Some(folder) => Found::ok(format!("{} looks at the pictures", folder.display())),
            None if !does_something(safety) => Found::ok("every picture is shown, as [safety] says"),
            None => of_models(context.config),
        }]
    }
}

/// Whether a doubtful picture is treated in another way anywhere.
fn does_something(safety: &SafetyConfig) -> bool {
    let rules = safety.rules.iter().map(|rule| rule.action);
    [safety.action, safety.age_restricted_action]
        .into_iter()
        .chain(rules)
        .any(|action| action != SafetyAction::Allow)
}

/// Models that have none of their own are not looked at.
fn of_models(config: &Config) -> Found {
    let has_none = |source: &ModelSource| match source {
        ModelSource::Folder(folder) => !Path::new(folder).join(FOLDER).is_dir(),
        ModelSource::Embedded { .. } => true,
    };
    let without: Vec<String> = models::all(&config.inference)
        .unwrap_or_default()
        .into_iter()
        .filter(|(_, source)| has_none(source))
        .map(|(id, _)| id)
        .collect();
    if without.is_empty() {
        return Found::ok("the safety checkers of the models look at the pictures");
    }
    Found::warn(
        format!("nothing looks at the pictures of {}", without.join(", ")),
        "set safety.model to the folder of a safety checker, as Stable Diffusion's ONNX exports have it",
    )
}
