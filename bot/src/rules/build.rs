//! Makes rules of the settings and of what admins have changed.

use serde::Deserialize as _;

use super::places::scope_of;
use super::{Admins, PlaceRules, Rules, RulesError, SafetyRules};
use crate::config::Config;
use crate::limits::{LimitRule, LimitRules, LimitScope, LimitValues};
use crate::prompts::{Dictionaries, Styles, WordRules, WordScope};
use crate::store::{Store, StoreError, StoredLimits, StoredPlaceRule, StoredWord};

/// What admins have changed.
#[derive(Debug)]
pub(super) struct Stored {
    limits: Vec<StoredLimits>,
    words: Vec<StoredWord>,
    places: Vec<StoredPlaceRule>,
    on_unusable: OnUnusable,
}

/// What happens when something in the store cannot be used, for example because a newer release has other bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnUnusable {
    /// It is an error.
    Refuse,
    /// It is logged and left out: only a running service can take it out of the store.
    LeaveOut,
}

impl OnUnusable {
    fn apply(self, used: Result<(), RulesError>) -> Result<(), RulesError> {
        match (self, used) {
            (Self::LeaveOut, Err(error)) => {
                tracing::error!(%error, "a rule is left out");
                Ok(())
            }
            (_, used) => used,
        }
    }
}

impl Stored {
    pub(super) async fn read(store: &Store, on_unusable: OnUnusable) -> Result<Self, StoreError> {
        Ok(Self {
            limits: store.admin().limits().await?,
            words: store.admin().words().await?,
            places: store.admin().place_rules().await?,
            on_unusable,
        })
    }
}

/// The rules of these settings and of what admins have changed, if there is a store; nothing is left out.
///
/// # Errors
/// When a rule makes no sense; the text names it.
pub async fn check(config: &Config, store: Option<&Store>) -> Result<Rules, RulesError> {
    let stored = match store {
        Some(store) => Stored::read(store, OnUnusable::Refuse).await?,
        None => Stored {
            limits: Vec::new(),
            words: Vec::new(),
            places: Vec::new(),
            on_unusable: OnUnusable::Refuse,
        },
    };
    rules(config, &stored, dictionaries(config)?)
}

/// Reads the files that the settings name. It takes as long as they are large.
pub(super) fn dictionaries(config: &Config) -> Result<Dictionaries, RulesError> {
    let read = Dictionaries::read(&config.dictionaries);
    read.map_err(|error| {
        let named = config.dictionaries.iter().position(|one| one.file == error.path);
        let key = format!("dictionaries[{}].file", named.unwrap_or_default());
        config.invalid(&key, error.to_string()).into()
    })
}

pub(super) fn rules(
    config: &Config,
    stored: &Stored,
    dictionaries: Dictionaries,
) -> Result<Rules, RulesError> {
    let (overrides, moderated) = overrides(stored)?;
    let places = places(stored)?;
    Ok(Rules {
        limits: LimitRules {
            defaults: config.limits.values(),
            rules: config.limits.rules.clone(),
            overrides,
            moderated,
            max_queued: config.queue.max_queued,
            max_prompt_chars: config.limits.max_prompt_chars,
        },
        words: words(config, stored)?,
        styles: Styles::new(config.styles.clone()),
        dictionaries,
        safety: SafetyRules::new(&config.safety).with(&places),
        places,
        admins: Admins::new(&config.admins),
        time_zone: config.i18n.time_zone,
        default_locale: config.i18n.default_locale,
    })
}

/// The rules of admins of everything, and those of admins of one server.
fn overrides(stored: &Stored) -> Result<(Vec<LimitRule>, Vec<LimitRule>), RulesError> {
    let (mut owners, mut moderators) = (Vec::new(), Vec::new());
    for StoredLimits {
        scope,
        limits,
        by_owner,
    } in &stored.limits
    {
        let rules = if *by_owner { &mut owners } else { &mut moderators };
        let read = read_override(scope, limits).map(|rule| rules.push(rule));
        stored.on_unusable.apply(read.map_err(|error| {
            RulesError::Invalid(format!("the limits that an admin has set for {scope}: {error}"))
        }))?;
    }
    Ok((owners, moderators))
}

fn read_override(scope: &str, values: &serde_json::Value) -> Result<LimitRule, String> {
    let scope = scope.parse::<LimitScope>().map_err(|error| error.to_string())?;
    let values = LimitValues::deserialize(values).map_err(|error| error.to_string())?;
    values
        .check()
        .map_err(|error| format!("`{}` {error}", error.key.name()))?;
    Ok(LimitRule { scope, values })
}

fn places(stored: &Stored) -> Result<PlaceRules, RulesError> {
    let mut places = PlaceRules::default();
    for rule in &stored.places {
        let added = places.add(rule);
        stored.on_unusable.apply(added.map_err(|error| {
            let place = scope_of(&rule.place);
            RulesError::Invalid(format!(
                "what an admin has set for {place} ({}): {error}",
                rule.kind
            ))
        }))?;
    }
    Ok(places)
}

fn words(config: &Config, stored: &Stored) -> Result<WordRules, RulesError> {
    let lists = &config.words;
    let mut words = WordRules::new(&lists.forbidden, &lists.allowed).map_err(|error| {
        let place = |list: &[String]| list.iter().position(|rule| *rule == error.rule);
        let key = match (place(&lists.forbidden), place(&lists.allowed)) {
            (Some(index), _) => format!("words.forbidden[{index}]"),
            (None, Some(index)) => format!("words.allowed[{index}]"),
            (None, None) => "words.forbidden".to_owned(),
        };
        config.invalid(&key, error.to_string())
    })?;
    for word in &stored.words {
        let StoredWord {
            id,
            platform,
            server,
            rule,
            by_owner,
        } = word;
        let scope = WordScope {
            platform: platform.as_ref().map(|platform| platform.as_str().to_owned()),
            server: server.clone(),
            is_moderators: !by_owner,
        };
        let added = words.add(rule, scope);
        stored.on_unusable.apply(
            added.map_err(|error| RulesError::Invalid(format!("the word rule {id} of an admin: {error}"))),
        )?;
    }
    Ok(words)
}
