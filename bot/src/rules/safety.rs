//! What is done with doubtful pictures, by place.

use crate::chat::{Place, Platform};
use crate::config::{LimitScope, SafetyConfig, SafetyRule};
use crate::limits::Specificity;
use crate::safety::SafetyAction;

/// The section `[safety]`.
#[derive(Clone, Debug, Default)]
pub struct SafetyRules {
    action: SafetyAction,
    age_restricted_action: SafetyAction,
    rules: Vec<(LimitScope, SafetyAction)>,
}

impl SafetyRules {
    /// The rules of the settings.
    pub fn new(config: &SafetyConfig) -> Self {
        let rules = config.rules.iter().cloned().map(|rule| {
            let SafetyRule {
                platform,
                chat,
                channel,
                action,
            } = rule;
            let scope = LimitScope {
                platform,
                chat,
                channel,
                ..LimitScope::default()
            };
            (scope, action)
        });
        Self {
            action: config.action,
            age_restricted_action: config.age_restricted_action,
            rules: rules.collect(),
        }
    }

    /// What is done in a place: what the most specific rule says, the later one of two that are about the same place; or
    /// else what is usual for such places.
    pub fn action(&self, platform: &Platform, place: &Place) -> SafetyAction {
        let holding = self
            .rules
            .iter()
            .filter(|(scope, _)| scope.is_at(platform, place));
        let strongest = holding.max_by_key(|(scope, _)| -> Specificity { scope.specificity() });
        match strongest {
            Some((_, action)) => *action,
            None if place.age_restricted => self.age_restricted_action,
            None => self.action,
        }
    }
}
