//! What a button carries: enough to find everything else in the job log.

use std::fmt;
use std::str::FromStr;

use crate::store::JobId;

/// The version of the text, so that later releases can still read the buttons of this one.
const VERSION: &str = "v1";

/// `v1:<action>:<job>[:<image>]`, at most 64 bytes, which is what Telegram allows. Nothing else is in it: who pressed,
/// what they may do and what the job was is looked up when it is pressed, so it works after a restart and a year later.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ButtonId {
    /// The name of the command it stands for.
    pub action: String,
    /// The job it is about, or the number that the command understands.
    pub job: JobId,
    /// Which picture of the job, counted from 0; `None` when it is about the whole job.
    pub image: Option<u32>,
}

impl ButtonId {
    /// A button about a whole job.
    pub fn new(action: &str, job: JobId) -> Self {
        Self {
            action: action.to_owned(),
            job,
            image: None,
        }
    }

    /// A button about one picture.
    pub fn of_image(action: &str, job: JobId, image: u32) -> Self {
        Self {
            image: Some(image),
            ..Self::new(action, job)
        }
    }
}

impl fmt::Display for ButtonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION}:{}:{}", self.action, self.job)?;
        match self.image {
            Some(image) => write!(f, ":{image}"),
            None => Ok(()),
        }
    }
}

/// The text is not one that this release writes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the text of a button")]
pub struct UnknownButton;

impl FromStr for ButtonId {
    type Err = UnknownButton;

    fn from_str(text: &str) -> Result<Self, UnknownButton> {
        let mut parts = text.split(':');
        if parts.next() != Some(VERSION) {
            return Err(UnknownButton);
        }
        let action = parts
            .next()
            .filter(|action| !action.is_empty())
            .ok_or(UnknownButton)?;
        let job = parts
            .next()
            .and_then(|job| job.parse().ok())
            .ok_or(UnknownButton)?;
        let image = match parts.next() {
            Some(image) => Some(image.parse().map_err(|_| UnknownButton)?),
            None => None,
        };
        match parts.next() {
            None => Ok(Self {
                action: action.to_owned(),
                job,
                image,
            }),
            Some(_) => Err(UnknownButton),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<ButtonId>) {
        assert_eq!(text.parse().ok(), expected);
        if let Some(id) = expected {
            assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn buttons_are_read_as_they_are_written() {
        check("v1:again:12", Some(ButtonId::new("again", JobId(12))));
        check(
            "v1:upscale:12:3",
            Some(ButtonId::of_image("upscale", JobId(12), 3)),
        );
        for text in [
            "",
            "v1",
            "v1:again",
            "v1::12",
            "v1:again:",
            "v1:again:x",
            "v2:again:1",
            "v1:again:1:",
            "v1:again:1:2:3",
            "v1:again:1:-1",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn the_longest_button_fits_telegram() {
        assert!(
            ButtonId::of_image("upscale", JobId(i64::MAX), u32::MAX)
                .to_string()
                .len()
                <= 64
        );
    }
}
