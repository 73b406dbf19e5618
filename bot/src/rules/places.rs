//! What admins have set for servers and their channels.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::chat::{Place, Platform};
use crate::config::LimitScope;
use crate::i18n::Locale;
use crate::safety::SafetyAction;
use crate::store::{PlaceRuleKind, RuledPlace, StoredPlaceRule};

/// Everything that is set for places.
#[derive(Clone, Debug, Default)]
pub struct PlaceRules {
    rules: BTreeMap<RuledPlace, PlaceRule>,
}

/// What is set for one server or channel.
#[derive(Clone, Debug, Default)]
pub struct PlaceRule {
    /// Whether the bot draws there.
    pub drawing: Option<Ruled<bool>>,
    /// What is drawn with when people say nothing else.
    pub defaults: Option<Ruled<PlaceDefaults>>,
    /// What is done with doubtful pictures.
    pub safety: Option<Ruled<SafetyAction>>,
}

impl PlaceRule {
    /// Whether something of this kind is set.
    pub fn has(&self, kind: PlaceRuleKind) -> bool {
        match kind {
            PlaceRuleKind::Drawing => self.drawing.is_some(),
            PlaceRuleKind::Defaults => self.defaults.is_some(),
            PlaceRuleKind::Safety => self.safety.is_some(),
        }
    }
}

/// A value, and who has set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled<T> {
    /// The value.
    pub value: T,
    /// An admin of everything has set it.
    pub by_owner: bool,
}

/// What holds in a place when people say nothing else, neither with the command nor in their own settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceDefaults {
    /// Size of pictures, as it was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The style.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// Denoising steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// The language of what everybody there can read. It beats the settings of the person who asks: others read it, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Locale>,
}

impl PlaceDefaults {
    /// What is set, and else what `wider` says.
    fn or(self, wider: &Self) -> Self {
        Self {
            size: self.size.or_else(|| wider.size.clone()),
            model: self.model.or_else(|| wider.model.clone()),
            style: self.style.or_else(|| wider.style.clone()),
            steps: self.steps.or(wider.steps),
            language: self.language.or(wider.language),
        }
    }
}

/// As admins read it: `size=portrait steps=9`.
impl fmt::Display for PlaceDefaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            size,
            model,
            style,
            steps,
            language,
        } = self;
        let values = [
            ("size", size.clone()),
            ("model", model.clone()),
            ("style", style.clone()),
            ("steps", steps.map(|steps| steps.to_string())),
            ("language", language.map(|language| language.to_string())),
        ];
        let values = values
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        f.write_str(&values.collect::<Vec<_>>().join(" "))
    }
}

/// Whether the bot draws in a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drawing {
    /// It does.
    Allowed,
    /// It does not.
    Denied {
        /// The channel of the server where it does, when one is known.
        instead: Option<String>,
    },
}

impl PlaceRules {
    /// Takes over what is stored.
    ///
    /// # Errors
    /// When the value cannot be used.
    pub(super) fn add(&mut self, stored: &StoredPlaceRule) -> Result<(), serde_json::Error> {
        let StoredPlaceRule {
            place,
            kind,
            value,
            by_owner,
        } = stored;
        let rule = self.rules.entry(place.clone()).or_default();
        match kind {
            PlaceRuleKind::Drawing => rule.drawing = Some(read(value, *by_owner)?),
            PlaceRuleKind::Defaults => rule.defaults = Some(read(value, *by_owner)?),
            PlaceRuleKind::Safety => rule.safety = Some(read(value, *by_owner)?),
        }
        Ok(())
    }

    /// Whether the bot draws in a place: both the admins of everything and the moderators of the server must let it.
    pub fn drawing(&self, platform: &Platform, place: &Place) -> Drawing {
        if self.draws(platform, place) {
            return Drawing::Allowed;
        }
        let server = place.server.as_deref().unwrap_or_default();
        let mut others = self
            .of_server(platform, server)
            .filter(|(_, rule)| rule.drawing.as_ref().is_some_and(|drawing| drawing.value))
            .filter_map(|(at, _)| at.channel.as_ref())
            .filter(|channel| **channel != place.chat.0);
        let instead = others.find(|channel| {
            let other = Place {
                server: place.server.clone(),
                ..Place::direct(channel.as_str())
            };
            self.draws(platform, &other)
        });
        Drawing::Denied {
            instead: instead.cloned(),
        }
    }

    /// Moderators can only make it stricter: the service belongs to somebody else.
    fn draws(&self, platform: &Platform, place: &Place) -> bool {
        [true, false]
            .into_iter()
            .all(|by_owner| self.is_let(platform, place, by_owner))
    }

    /// Whether some of the admins let the bot draw in a place. What they say of a thread beats what they say of its channel.
    /// Where they say nothing, it draws, unless they allow another channel of the server.
    fn is_let(&self, platform: &Platform, place: &Place, by_owner: bool) -> bool {
        let said_of = |rule: &PlaceRule| {
            let said = rule.drawing.as_ref().filter(|said| said.by_owner == by_owner)?;
            Some(said.value)
        };
        self.at(platform, place).find_map(said_of).unwrap_or_else(|| {
            let server = place.server.as_deref().unwrap_or_default();
            let mut others = self.of_server(platform, server);
            !others.any(|(at, rule)| at.channel.is_some() && said_of(rule) == Some(true))
        })
    }

    /// What holds in a place when people say nothing else: of each value the one of the thread, of its channel, or of the
    /// server.
    pub fn defaults(&self, platform: &Platform, place: &Place) -> PlaceDefaults {
        self.at(platform, place)
            .filter_map(|rule| rule.defaults.as_ref())
            .fold(PlaceDefaults::default(), |nearer, wider| nearer.or(&wider.value))
    }

    /// What is set for exactly this place.
    pub fn get(&self, place: &RuledPlace) -> Option<&PlaceRule> {
        self.rules.get(place)
    }

    /// Every place for which something is set.
    pub fn all(&self) -> impl Iterator<Item = (&RuledPlace, &PlaceRule)> {
        self.rules.iter()
    }

    /// The places of one server for which something is set.
    pub fn of_server<'r>(
        &'r self,
        platform: &'r Platform,
        server: &'r str,
    ) -> impl Iterator<Item = (&'r RuledPlace, &'r PlaceRule)> {
        let whole = RuledPlace {
            platform: platform.clone(),
            server: server.to_owned(),
            channel: None,
        };
        self.rules
            .range(whole..)
            .take_while(move |(place, _)| place.platform == *platform && place.server == server)
    }

    /// What is set for a place, the nearest first: the thread or channel, the channel of the thread, the server.
    fn at(&self, platform: &Platform, place: &Place) -> impl Iterator<Item = &PlaceRule> {
        let channels = std::iter::once(&place.chat).chain(&place.parent);
        let levels = channels.map(|channel| Some(channel.0.clone())).chain([None]);
        // A conversation with one person is in no server.
        let places = place.server.iter().flat_map(move |server| {
            levels.clone().map(move |channel| RuledPlace {
                platform: platform.clone(),
                server: server.clone(),
                channel,
            })
        });
        let places: Vec<RuledPlace> = places.collect();
        places.into_iter().filter_map(|place| self.rules.get(&place))
    }
}

/// The place as rules of the settings name it.
pub(super) fn scope_of(place: &RuledPlace) -> LimitScope {
    LimitScope {
        platform: Some(place.platform.as_str().to_owned()),
        chat: Some(place.server.clone()),
        channel: place.channel.clone(),
        ..LimitScope::default()
    }
}

fn read<T: serde::de::DeserializeOwned>(
    value: &Value,
    by_owner: bool,
) -> Result<Ruled<T>, serde_json::Error> {
    Ok(Ruled {
        value: T::deserialize(value)?,
        by_owner,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::chat::ChatId;

    const DISCORD: Platform = Platform::new("discord");

    /// What is set for channels of the server `1`; no channel is the whole server.
    fn rules(kind: PlaceRuleKind, values: &[(Option<&str>, Value)]) -> PlaceRules {
        let mut rules = PlaceRules::default();
        for (channel, value) in values {
            let stored = StoredPlaceRule {
                place: RuledPlace {
                    platform: DISCORD,
                    server: "1".to_owned(),
                    channel: channel.map(str::to_owned),
                },
                kind,
                value: value.clone(),
                by_owner: false,
            };
            rules.add(&stored).expect("usable");
        }
        rules
    }

    fn place(server: Option<&str>, chat: &str, parent: Option<&str>) -> Place {
        Place {
            server: server.map(str::to_owned),
            parent: parent.map(|parent| ChatId(parent.to_owned())),
            ..Place::direct(chat)
        }
    }

    #[test]
    fn where_the_bot_draws() {
        let check =
            |channels: &[(&str, bool)], chat: (&str, Option<&str>), expected: Result<(), Option<&str>>| {
                let values: Vec<_> = channels
                    .iter()
                    .map(|(channel, is_allowed)| (Some(*channel), json!(is_allowed)))
                    .collect();
                let rules = rules(PlaceRuleKind::Drawing, &values);
                let expected = match expected {
                    Ok(()) => Drawing::Allowed,
                    Err(instead) => Drawing::Denied {
                        instead: instead.map(str::to_owned),
                    },
                };
                let found = rules.drawing(&DISCORD, &place(Some("1"), chat.0, chat.1));
                assert_eq!(found, expected, "{channels:?} {chat:?}");
                for elsewhere in [
                    place(Some("2"), "7", None),
                    place(None, "7", None),
                    place(Some("0"), "7", None),
                ] {
                    assert_eq!(rules.drawing(&DISCORD, &elsewhere), Drawing::Allowed);
                }
            };
        check(&[], ("7", None), Ok(()));
        check(&[("7", true)], ("7", None), Ok(()));
        check(&[("7", true)], ("8", None), Err(Some("7")));
        check(&[("7", false)], ("7", None), Err(None));
        check(&[("7", false)], ("8", None), Ok(()));
        check(&[("7", false), ("8", true)], ("7", None), Err(Some("8")));
        check(&[("7", false), ("8", true)], ("9", None), Err(Some("8")));
        check(&[("7", true)], ("77", Some("7")), Ok(()));
        check(&[("7", true), ("77", false)], ("77", Some("7")), Err(Some("7")));
        check(&[("7", false), ("77", true)], ("77", Some("7")), Ok(()));
    }

    #[test]
    fn moderators_loosen_nothing_that_an_owner_has_set() {
        let check = |owners: &[(&str, bool)],
                     moderators: &[(&str, bool)],
                     chat: (&str, Option<&str>),
                     expected: Result<(), Option<&str>>| {
            let mut rules = PlaceRules::default();
            for (channels, by_owner) in [(owners, true), (moderators, false)] {
                for (channel, is_allowed) in channels {
                    let place = RuledPlace {
                        platform: DISCORD,
                        server: "1".to_owned(),
                        channel: Some((*channel).to_owned()),
                    };
                    let stored = StoredPlaceRule {
                        place,
                        kind: PlaceRuleKind::Drawing,
                        value: json!(is_allowed),
                        by_owner,
                    };
                    rules.add(&stored).expect("usable");
                }
            }
            let found = match rules.drawing(&DISCORD, &place(Some("1"), chat.0, chat.1)) {
                Drawing::Allowed => Ok(()),
                Drawing::Denied { instead } => Err(instead),
            };
            let expected = expected.map_err(|instead| instead.map(str::to_owned));
            assert_eq!(found, expected, "{owners:?} {moderators:?} {chat:?}");
        };
        // A thread of a channel that an owner has denied.
        check(&[("7", false)], &[("77", true)], ("77", Some("7")), Err(None));
        check(&[("7", false), ("77", true)], &[], ("77", Some("7")), Ok(()));
        // The list of an owner gets no longer.
        check(&[("7", true)], &[("8", true)], ("8", None), Err(None));
        check(&[("7", true)], &[("71", true)], ("8", None), Err(None));
        check(&[("7", true)], &[], ("8", None), Err(Some("7")));
        // It gets shorter.
        check(
            &[("7", true)],
            &[("77", false)],
            ("77", Some("7")),
            Err(Some("7")),
        );
        check(&[("7", false)], &[("8", true)], ("8", None), Ok(()));
        check(&[("7", false)], &[("8", true)], ("9", None), Err(Some("8")));
        check(&[("7", false)], &[("8", true)], ("7", None), Err(Some("8")));
    }

    #[test]
    fn the_nearest_default_holds() {
        let rules = rules(
            PlaceRuleKind::Defaults,
            &[
                (None, json!({ "size": "square", "steps": 5, "language": "ja" })),
                (Some("7"), json!({ "size": "portrait", "model": "sd15" })),
                (Some("77"), json!({ "steps": 9 })),
            ],
        );
        let check = |server, chat, parent, expected| {
            let found = rules.defaults(&DISCORD, &place(server, chat, parent));
            assert_eq!(serde_json::to_string(&found).expect("JSON"), expected);
        };
        check(
            Some("1"),
            "8",
            None,
            r#"{"size":"square","steps":5,"language":"ja"}"#,
        );
        check(
            Some("1"),
            "77",
            Some("7"),
            r#"{"size":"portrait","model":"sd15","steps":9,"language":"ja"}"#,
        );
        check(Some("2"), "7", None, "{}");
        check(None, "7", None, "{}");
    }
}
