//! What was offered in answer to a query, and how it is found again when somebody presses the button.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::adapters::telegram::recent::Recent;
use crate::adapters::telegram::{PLATFORM, Shared};
use crate::chat::UserId;
use crate::queue::Clock;
use crate::store::Offer;

/// Queries that are remembered without the database.
const MOST: usize = 4096;

/// How long a query has to be the newest one of a person before it is written down: one comes for every few letters that
/// somebody types.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// The version of the text, so that later releases can still read it.
const VERSION: &str = "i1";

/// The longest text that a button can carry, in bytes. A result has the same text as its button.
const MAX_BYTES: usize = 64;

/// One of the pictures that were offered for a query: `i1:<query>:<variant>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::adapters::telegram) struct Offered {
    /// Our own number of the query.
    pub(super) offer: String,
    /// What was added to it.
    pub(super) variant: Variant,
}

/// What is added to a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    /// Nothing.
    Plain,
    /// The shape of the picture, by the name of a size.
    Size(Shape),
    /// The style of this name.
    Style(String),
}

/// A shape of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    /// As high as wide.
    Square,
    /// Higher than wide.
    Portrait,
    /// Wider than high.
    Landscape,
}

impl Shape {
    /// Every shape.
    pub(super) const ALL: [Self; 3] = [Self::Square, Self::Portrait, Self::Landscape];

    /// Its name as a size.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Square => "square",
            Self::Portrait => "portrait",
            Self::Landscape => "landscape",
        }
    }
}

impl Variant {
    /// The command for this prompt.
    pub(super) fn command(&self, prompt: &str) -> String {
        match self {
            Self::Plain => format!("/draw {prompt}"),
            Self::Size(shape) => format!("/draw {prompt} --size {}", shape.name()),
            Self::Style(style) => format!("/draw {prompt} --style \"{style}\""),
        }
    }
}

impl fmt::Display for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION}:{}:", self.offer)?;
        match &self.variant {
            Variant::Plain => Ok(()),
            Variant::Size(shape) => f.write_str(shape.name()),
            Variant::Style(style) => write!(f, "={style}"),
        }
    }
}

/// The text is not one that this release writes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the text of an offer")]
pub(in crate::adapters::telegram) struct UnknownOffer;

impl FromStr for Offered {
    type Err = UnknownOffer;

    fn from_str(text: &str) -> Result<Self, UnknownOffer> {
        let mut parts = text.splitn(3, ':');
        let (Some(VERSION), Some(offer), Some(variant)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(UnknownOffer);
        };
        let shape = Shape::ALL.into_iter().find(|shape| shape.name() == variant);
        let variant = match (shape, variant.strip_prefix('=')) {
            (Some(shape), _) => Variant::Size(shape),
            (None, Some(style)) => Variant::Style(style.to_owned()),
            (None, None) if variant.is_empty() => Variant::Plain,
            (None, None) => return Err(UnknownOffer),
        };
        Ok(Self {
            offer: offer.to_owned(),
            variant,
        })
    }
}

impl Offered {
    /// Whether a button can carry it: the name of a style can be too long.
    pub(super) fn fits(&self) -> bool {
        self.to_string().len() <= MAX_BYTES
    }
}

/// The queries that were answered lately; older ones are in the database.
#[derive(Debug)]
pub(super) struct Offers {
    known: Recent<String, Offer>,
    /// The newest query of each person.
    newest: Recent<UserId, String>,
}

impl Default for Offers {
    fn default() -> Self {
        Self {
            known: Recent::new(MOST),
            newest: Recent::new(MOST),
        }
    }
}

impl Offers {
    /// Remembers a query and returns its number.
    pub(super) fn add(&self, user: UserId, prompt: &str) -> String {
        let (_, random) = Uuid::now_v7().as_u64_pair();
        let id = format!("{random:x}");
        self.newest.insert(user.clone(), id.clone());
        let offer = Offer {
            platform: PLATFORM,
            id: id.clone(),
            user: user.id,
            prompt: prompt.to_owned(),
        };
        self.known.insert(id.clone(), offer);
        id
    }

    /// Writes a query down, unless the person has typed on meanwhile.
    pub(super) async fn keep(&self, shared: &Shared, clock: &Clock, user: &UserId, id: &str) {
        tokio::time::sleep(SETTLED_AFTER).await;
        if self.newest.get(user).as_deref() != Some(id) {
            return;
        }
        let Some(offer) = self.known.get(&id.to_owned()) else {
            return;
        };
        if let Err(error) = shared.deps.store.offers().keep(offer, clock.now()).await {
            tracing::warn!(%error, "an inline query cannot be written down");
        }
    }

    /// What was asked for, and by whom; `None` when it is too long ago.
    pub(super) async fn get(&self, shared: &Shared, id: &str, now: DateTime<Utc>) -> Option<Offer> {
        if let Some(offer) = self.known.get(&id.to_owned()) {
            return Some(offer);
        }
        match shared.deps.store.offers().get(&PLATFORM, id, now).await {
            Ok(offer) => offer,
            Err(error) => {
                tracing::warn!(%error, "an inline query cannot be read");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(variant: Variant) -> Offered {
        Offered {
            offer: "8f00ba5".to_owned(),
            variant,
        }
    }

    #[test]
    fn offers_are_read_as_they_are_written() {
        let check = |variant: Variant, text: &str| {
            let offered = offered(variant);
            assert_eq!(offered.to_string(), text);
            assert_eq!(text.parse(), Ok(offered));
        };
        check(Variant::Plain, "i1:8f00ba5:");
        check(Variant::Size(Shape::Portrait), "i1:8f00ba5:portrait");
        check(Variant::Style("水彩: soft".to_owned()), "i1:8f00ba5:=水彩: soft");
        for text in [
            "",
            "i1",
            "i1:8f00ba5",
            "i2:8f00ba5:",
            "i1:8f00ba5:huge",
            "v1:again:12",
        ] {
            assert_eq!(text.parse::<Offered>(), Err(UnknownOffer), "{text}");
        }
    }

    #[test]
    fn a_variant_is_an_option_of_the_command() {
        let check = |variant: Variant, command: &str| assert_eq!(variant.command("a cat"), command);
        check(Variant::Plain, "/draw a cat");
        check(Variant::Size(Shape::Landscape), "/draw a cat --size landscape");
        check(
            Variant::Style("line art".to_owned()),
            "/draw a cat --style \"line art\"",
        );
    }

    #[test]
    fn a_button_has_room_for_short_names_only() {
        assert!(offered(Variant::Style("水彩".to_owned())).fits());
        assert!(!offered(Variant::Style("a".repeat(60))).fits());
    }

    #[test]
    fn each_query_has_its_own_number() {
        let offers = Offers::default();
        let user = crate::store::tests::user("1");
        let first = offers.add(user.clone(), "a cat");
        let second = offers.add(user.clone(), "a cat with a guitar");
        assert_ne!(first, second);
        assert_eq!(offers.newest.get(&user), Some(second));
    }
}
