//! What is done with doubtful pictures, by place.

use super::PlaceRules;
use super::places::scope_of;
use crate::chat::{Place, Platform};
use crate::config::{LimitScope, SafetyConfig, SafetyRule};
use crate::limits::Specificity;
use crate::safety::SafetyAction;
use crate::store::RuledPlace;

/// The section `[safety]`, and what admins have set.
#[derive(Clone, Debug, Default)]
pub struct SafetyRules {
    action: SafetyAction,
    age_restricted_action: SafetyAction,
    /// Those of the settings, then those of admins of everything.
    rules: Vec<ScopedAction>,
    /// Those of moderators. They can only make it stricter: the service belongs to somebody else.
    moderated: Vec<ScopedAction>,
}

type ScopedAction = (LimitScope, SafetyAction);

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
            moderated: Vec::new(),
        }
    }

    /// The same with what admins have set for places.
    pub(super) fn with(mut self, places: &PlaceRules) -> Self {
        for (place, rule) in places.all() {
            let Some(set) = &rule.safety else { continue };
            let rules = if set.by_owner {
                &mut self.rules
            } else {
                &mut self.moderated
            };
            rules.push((scope_of(place), set.value));
        }
        self
    }

    /// What is done in a place: what the most specific rule says, the later one of two that are about the same place; or
    /// else what is usual for such places. What a moderator has set holds when it is stricter.
    pub fn action(&self, platform: &Platform, place: &Place) -> SafetyAction {
        let moderated = strongest(&self.moderated, platform, place).unwrap_or_default();
        self.owners_action(platform, place).max(moderated)
    }

    /// The mildest action that a moderator can set for a place.
    pub fn mildest(&self, place: &RuledPlace) -> SafetyAction {
        let RuledPlace {
            platform,
            server,
            channel,
        } = place;
        let actions = [false, true].map(|age_restricted| {
            let place = Place {
                server: Some(server.clone()),
                age_restricted,
                ..Place::direct(channel.clone().unwrap_or_default())
            };
            self.owners_action(platform, &place)
        });
        actions.into_iter().min().unwrap_or_default()
    }

    fn owners_action(&self, platform: &Platform, place: &Place) -> SafetyAction {
        match strongest(&self.rules, platform, place) {
            Some(action) => action,
            None if place.age_restricted => self.age_restricted_action,
            None => self.action,
        }
    }
}

fn strongest(rules: &[ScopedAction], platform: &Platform, place: &Place) -> Option<SafetyAction> {
    let holding = rules.iter().filter(|(scope, _)| scope.is_at(platform, place));
    let strongest = holding.max_by_key(|(scope, _)| -> Specificity { scope.specificity_at(place) });
    strongest.map(|(_, action)| *action)
}
