//! The rules of `[limits]`: which of them hold for whom.

use chrono::TimeDelta;

use super::LimitCheck;
use super::specificity::{Specificity, is_more_generous, least_generous, most_generous};
use crate::chat::{CommandRequest, Place, Standing, UserId};
pub use crate::config::{LimitKey, LimitOutOfBounds, LimitRule, LimitScope, LimitValue, LimitValues};

static EVERYBODY: LimitScope = LimitScope {
    platform: None,
    chat: None,
    channel: None,
    role: None,
    user: None,
};

/// Every rule: those of the settings and those that admins have set.
///
/// Each value is decided by itself: of all rules that are about the person and the place and set this value, the most
/// specific one decides.
///
/// 1. A rule about a user beats one about a role, that one beats a channel, a chat, a platform, and everything beats what
///    holds for everybody.
/// 2. When the strongest field is the same, the rule with more fields wins, and then the one whose other fields are
///    stronger. In a thread a rule about it beats one about the channel that it is in, which holds there, too.
/// 3. Two rules about the same people: the one that an admin has set with a command beats the one of the settings, and
///    there the later one wins.
/// 4. A person who has several roles with such rules gets the most generous value, and the models of all of them.
/// 5. A rule of a moderator, an admin of one server, never gives a person more than they would have without the rules of
///    moderators: the computer belongs to somebody else.
#[derive(Clone, Debug, Default)]
pub struct LimitRules {
    /// What holds for everybody; every field is set.
    pub(crate) defaults: LimitValues,
    /// The rules of the settings, in their order.
    pub(crate) rules: Vec<LimitRule>,
    /// The rules that admins of everything have set with commands, at most one for each scope.
    pub(crate) overrides: Vec<LimitRule>,
    /// Those that moderators have set for their servers, for other scopes.
    pub(crate) moderated: Vec<LimitRule>,
    /// How many jobs of all people may wait.
    pub(crate) max_queued: u32,
    /// Longest prompt and longest negative prompt, in characters.
    pub(crate) max_prompt_chars: usize,
}

/// The limits of one person in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What the job log counts.
    pub check: LimitCheck,
    /// How many jobs may be drawn at once.
    pub running: Option<u32>,
    /// Most denoising steps.
    pub max_steps: u32,
    /// Most pixels of one picture.
    pub max_pixels: u32,
    /// Most pictures of one job.
    pub max_count: u32,
    /// Longest prompt and longest negative prompt, in characters.
    pub max_prompt_chars: usize,
    /// The models that may be used; empty: all.
    pub models: Vec<String>,
    /// A larger number is drawn earlier.
    pub priority: i32,
}

impl Limits {
    /// Whether this model may be used. Upper and lower case are the same.
    pub fn allows_model(&self, model: &str) -> bool {
        self.models.is_empty()
            || self
                .models
                .iter()
                .any(|allowed| allowed.eq_ignore_ascii_case(model))
    }
}

/// Who has written a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitOrigin {
    /// `[limits]`: it holds for everybody.
    Default,
    /// `[[limits.rules]]`
    Settings,
    /// An admin of everything, with a command.
    Admin,
    /// An admin of one server, with a command.
    Moderator,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitSource {
    /// Which limit.
    pub key: LimitKey,
    /// Its value.
    pub value: LimitValue,
    /// Whom the rule that sets it is about.
    pub scope: LimitScope,
    /// Who has written that rule.
    pub origin: LimitOrigin,
}

impl LimitRules {
    /// What holds for a person in a place: of each value the one of the most specific rule that sets it.
    pub fn of(&self, user: &UserId, standing: &Standing, place: &Place) -> Limits {
        let mut values = LimitValues::default();
        for source in self.explain(user, standing, place) {
            source.key.set(&mut values, source.value);
        }
        let positive = |value: Option<u32>| value.filter(|value| *value > 0);
        Limits {
            check: LimitCheck {
                per_minute: positive(values.per_minute),
                per_hour: positive(values.per_hour),
                per_day: positive(values.per_day),
                cooldown: positive(values.cooldown_s).map(|seconds| TimeDelta::seconds(seconds.into())),
                queued: positive(values.queued),
                max_queued: self.max_queued,
            },
            running: positive(values.running),
            // Unset values forbid; the settings set all of them.
            max_steps: values.max_steps.unwrap_or_default(),
            max_pixels: values.max_pixels.unwrap_or_default(),
            max_count: values.max_count.unwrap_or_default(),
            max_prompt_chars: self.max_prompt_chars,
            models: values.models.unwrap_or_default(),
            priority: values.priority.unwrap_or_default(),
        }
    }

    /// The same for the person who gives a command.
    pub fn of_request(&self, request: &CommandRequest) -> Limits {
        self.of(&request.user, &request.standing, &request.place)
    }

    /// Where each value comes from that holds for a person in a place, in the order of [`LimitKey::ALL`].
    pub fn explain(&self, user: &UserId, standing: &Standing, place: &Place) -> Vec<LimitSource> {
        self.decide(|scope| {
            let holds = scope.holds(user, standing, place);
            holds.then(|| scope.specificity_at(place))
        })
    }

    /// Where each value comes from that holds for everybody a scope is about.
    pub fn show(&self, scope: &LimitScope) -> Vec<LimitSource> {
        self.decide(|wide| wide.includes(scope).then(|| wide.specificity()))
    }

    /// Every rule with who has written it: first what holds for everybody, then the settings', then the admins'.
    pub fn all(&self) -> Vec<(LimitOrigin, LimitRule)> {
        let copy = |(origin, scope, values): (LimitOrigin, &LimitScope, &LimitValues)| {
            let (scope, values) = (scope.clone(), values.clone());
            (origin, LimitRule { scope, values })
        };
        self.written().map(copy).collect()
    }

    /// The rules of the settings: first what holds for everybody.
    pub fn of_settings(&self) -> impl Iterator<Item = (&LimitScope, &LimitValues)> {
        let is_of_settings = |origin| matches!(origin, LimitOrigin::Default | LimitOrigin::Settings);
        self.written()
            .filter(move |(origin, ..)| is_of_settings(*origin))
            .map(|(_, scope, values)| (scope, values))
    }

    /// What admins of everything have set for exactly this scope.
    pub fn override_of(&self, scope: &LimitScope) -> Option<&LimitValues> {
        values_of(&self.overrides, scope)
    }

    /// What moderators have set for exactly this scope.
    pub fn moderated_of(&self, scope: &LimitScope) -> Option<&LimitValues> {
        values_of(&self.moderated, scope)
    }

    /// The scopes for which admins have set something.
    pub fn set_scopes(&self) -> impl Iterator<Item = &LimitScope> {
        self.overrides
            .iter()
            .chain(&self.moderated)
            .map(|rule| &rule.scope)
    }

    /// Which of `values` would let everybody of a scope do more than they may without the rules of moderators. A moderator
    /// learns at once that these have no effect.
    pub fn beyond_owners(&self, scope: &LimitScope, values: &LimitValues) -> Vec<LimitKey> {
        let owners = Self {
            moderated: Vec::new(),
            ..self.clone()
        };
        owners
            .show(scope)
            .into_iter()
            .filter(|held| {
                let value = held.key.of(values);
                value.is_some_and(|value| is_more_generous(held.key, &value, &held.value))
            })
            .map(|held| held.key)
            .collect()
    }

    fn written(&self) -> impl Iterator<Item = (LimitOrigin, &LimitScope, &LimitValues)> {
        let defaults = (LimitOrigin::Default, &EVERYBODY, &self.defaults);
        let settings = self.rules.iter().map(|rule| (LimitOrigin::Settings, rule));
        let admins = self.overrides.iter().map(|rule| (LimitOrigin::Admin, rule));
        let moderators = self.moderated.iter().map(|rule| (LimitOrigin::Moderator, rule));
        let written = settings
            .chain(admins)
            .chain(moderators)
            .map(|(origin, rule)| (origin, &rule.scope, &rule.values));
        std::iter::once(defaults).chain(written)
    }

    /// `holds` says of a scope how specific it is, when it holds.
    fn decide(&self, holds: impl Fn(&LimitScope) -> Option<Specificity>) -> Vec<LimitSource> {
        let holding: Vec<Held<'_>> = self
            .written()
            .filter_map(|(origin, scope, values)| {
                Some(Held {
                    origin,
                    scope,
                    values,
                    specificity: holds(scope)?,
                })
            })
            .collect();
        LimitKey::ALL
            .into_iter()
            .filter_map(|key| decide_within(key, &holding))
            .collect()
    }
}

/// A rule that holds for somebody.
struct Held<'r> {
    origin: LimitOrigin,
    scope: &'r LimitScope,
    values: &'r LimitValues,
    specificity: Specificity,
}

fn values_of<'r>(rules: &'r [LimitRule], scope: &LimitScope) -> Option<&'r LimitValues> {
    let found = rules.iter().find(|rule| rule.scope == *scope);
    found.map(|rule| &rule.values)
}

/// The value of one limit among the rules that hold, and at most what it would be without those of moderators.
fn decide_within(key: LimitKey, holding: &[Held<'_>]) -> Option<LimitSource> {
    let decided = decide_one(key, holding.iter())?;
    let is_owners = |held: &&Held<'_>| held.origin != LimitOrigin::Moderator;
    let Some(bound) = decide_one(key, holding.iter().filter(is_owners)) else {
        return Some(decided);
    };
    let value = least_generous(key, decided.value.clone(), bound.value.clone());
    let source = if value == decided.value { decided } else { bound };
    Some(LimitSource { value, ..source })
}

/// The value of one limit among some rules.
fn decide_one<'r>(key: LimitKey, rules: impl Iterator<Item = &'r Held<'r>>) -> Option<LimitSource> {
    let setting: Vec<&Held<'_>> = rules.filter(|held| key.is_in(held.values)).collect();
    let strongest = setting.iter().map(|held| held.specificity).max()?;
    // What is left can differ in nothing but the role. The later rule for the same role replaces the earlier one.
    let mut by_role: Vec<&Held<'_>> = Vec::new();
    for held in setting.into_iter().filter(|held| held.specificity == strongest) {
        match by_role.iter_mut().find(|other| other.scope == held.scope) {
            Some(other) => *other = held,
            None => by_role.push(held),
        }
    }
    let sources = by_role.into_iter().filter_map(|held| {
        Some(LimitSource {
            key,
            value: key.of(held.values)?,
            scope: held.scope.clone(),
            origin: held.origin,
        })
    });
    sources.reduce(|one, other| {
        let value = most_generous(key, one.value.clone(), other.value.clone());
        let winner = if value == one.value { one } else { other };
        LimitSource { value, ..winner }
    })
}
