//! Commands in the menus of messages and of people.

use super::payload::kind;
use crate::i18n::Locale;
use crate::i18n::messages::discord as texts;

/// A command that is chosen in a menu, and not typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Menu {
    /// A drawing begins with the picture of a message.
    UseAsSource,
    /// How the picture of a message was made.
    ShowRecipe,
    /// A drawing begins with the picture of a person.
    DrawAvatar,
}

impl Menu {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::UseAsSource, Self::ShowRecipe, Self::DrawAvatar];

    /// The command that Discord calls so.
    pub(in super::super) fn of(kind: u8, name: &str) -> Option<Self> {
        let is_it = |menu: &Self| menu.kind() == kind && menu.name(Locale::EN) == name;
        Self::ALL.into_iter().find(is_it)
    }

    /// Whose menu it is in.
    pub(super) fn kind(self) -> u8 {
        match self {
            Self::UseAsSource | Self::ShowRecipe => kind::OF_MESSAGE,
            Self::DrawAvatar => kind::OF_PERSON,
        }
    }

    /// What it is called. Discord tells the English name.
    pub(super) fn name(self, locale: Locale) -> String {
        match self {
            Self::UseAsSource => texts::menu_use_as_source(locale),
            Self::ShowRecipe => texts::menu_show_recipe(locale),
            Self::DrawAvatar => texts::menu_draw_avatar(locale),
        }
    }
}
