//! Limits, words, styles, dictionaries: whether those of the settings and those of admins make sense.

use async_trait::async_trait;

use super::{Check, Context, Found};
use crate::rules::{RulesError, check};
use crate::store::Store;

pub(super) struct Rules;

#[async_trait]
impl Check for Rules {
    fn name(&self) -> &'static str {
        "rules"
    }

    async fn run(&self, context: &Context<'_>) -> Vec<Found> {
        // What keeps the job log from being read is told by another check.
        let store = Store::open_readonly(&context.config.data.dir)
            .await
            .ok()
            .flatten();
        let checked = check(context.config, store.as_ref()).await;
        if let Some(store) = store {
            store.close().await;
        }
        vec![match checked {
            Ok(rules) => Found::ok(format!(
                "limits, words, {} styles and {} dictionaries can be used",
                rules.styles.all().len(),
                context.config.dictionaries.len()
            )),
            Err(RulesError::Invalid(reason)) => Found::warn(
                reason,
                "an admin takes it back: admin limit reset, or admin words remove; it is left out until then",
            ),
            Err(error) => Found::fail(
                error.to_string(),
                "correct the line of the settings that is named",
            ),
        }]
    }
}
