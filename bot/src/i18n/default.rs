//! The language of people whose own is not known.

use std::sync::{Arc, PoisonError, RwLock};

use super::Locale;

/// What the settings say at this moment. Clones share it.
#[derive(Clone, Debug)]
pub struct DefaultLocale(Arc<RwLock<Locale>>);

impl DefaultLocale {
    /// The language.
    pub fn get(&self) -> Locale {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on it is this one, for all clones.
    pub(crate) fn set(&self, locale: Locale) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = locale;
    }
}

impl From<Locale> for DefaultLocale {
    fn from(locale: Locale) -> Self {
        Self(Arc::new(RwLock::new(locale)))
    }
}
