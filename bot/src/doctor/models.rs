//! The models: whether each can be read, and what runs it.

use async_trait::async_trait;
use inference::models::{ModelReport, describe, report};
use inference::runtime::RuntimeRequest;

use super::{Check, Context, Depth, Found, runtime};
use crate::app::{load_runtime, runtime_request, session_config};
use crate::models::{self, NamedModel};

pub(super) struct Models;

#[async_trait]
impl Check for Models {
    fn name(&self) -> &'static str {
        "models"
    }

    async fn run(&self, context: &Context<'_>) -> Vec<Found> {
        let named = match models::all(&context.config.inference) {
            Ok(named) => named,
            Err(error) => {
                let remedy = "set inference.model to one of them, or add it: ekaki models add";
                return vec![Found::fail(error.to_string(), remedy)];
            }
        };
        let request = RuntimeRequest {
            allow_install: false,
            ..runtime_request(context.config)
        };
        // What keeps it from being loaded is told by another check.
        let loaded = context.depth == Depth::Full && load_runtime(&request, Box::new(|_| {})).is_ok();
        let mut found = Vec::new();
        let mut provider = None;
        for model in &named {
            found.push(if loaded {
                match report(&model.0, &model.1, &session_config(context.config)) {
                    Ok(report) => {
                        provider = provider.or(report.networks.first().map(|network| network.provider));
                        opened(&report)
                    }
                    Err(error) => unusable(&model.0, &error.to_string()),
                }
            } else {
                described(model)
            });
        }
        found.extend(provider.map(|used| runtime::provider(context.config.runtime.provider, used)));
        found
    }
}

fn described((id, source): &NamedModel) -> Found {
    match describe(id, source) {
        Ok(info) => Found::ok(format!("{id}: {}", info.family)),
        Err(error) => unusable(id, &error.to_string()),
    }
}

fn opened(report: &ModelReport) -> Found {
    let id = &report.info.id;
    if report.problems.is_empty() {
        return Found::ok(format!("{id}: {}, every network opens", report.info.family));
    }
    Found::warn(
        format!("{id}: {}", report.problems.join("; ")),
        format!("ekaki models check {id} says whether it draws nevertheless; export it again if it does not"),
    )
}

fn unusable(id: &str, error: &str) -> Found {
    // The service reads the configuration of every model at its start and does not start without.
    Found::fail(
        format!("{id}: {error}"),
        "add the model again (ekaki models add), export it again, or move its folder away",
    )
}
