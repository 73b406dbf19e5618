//! What is done with a picture that the safety checker has doubts about.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What is done with it. The later ones are stricter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SafetyAction {
    /// It is shown.
    #[default]
    Allow,
    /// It is covered until somebody wants to see it.
    Spoiler,
    /// Only a blurred one is kept and shown.
    Blur,
    /// It is not kept; the person is told so.
    Block,
}

impl SafetyAction {
    /// Every action, the mildest first.
    pub const ALL: [Self; 4] = [Self::Allow, Self::Spoiler, Self::Blur, Self::Block];

    /// Its name in settings and in the job log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Spoiler => "spoiler",
            Self::Blur => "blur",
            Self::Block => "block",
        }
    }
}

impl fmt::Display for SafetyAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SafetyAction {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|action| action.name() == name);
        found.ok_or_else(|| format!("\"{name}\" is none of allow, spoiler, blur, block"))
    }
}
