//! A text that the bot has asked for, found again in the answer.
//!
//! Telegram shows the person the field to answer in and brings the question along with the answer, with its links. The
//! link in the question says what it is about, so nothing has to be remembered here, also not over a restart.

use crate::store::JobId;

/// What every start parameter of a question begins with.
const PREFIX: &str = "ask-";

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// Name of the command that the answer is for.
    pub(super) command: String,
    /// The job and the option that the answer is the value of; `None` when the whole answer is the command's text.
    pub(super) field: Option<(JobId, String)>,
}

impl Question {
    /// The link that a question carries.
    pub(super) fn link(&self, bot: &str) -> String {
        let about = match &self.field {
            Some((job, field)) => format!("{}-{job}-{field}", self.command),
            None => self.command.clone(),
        };
        format!("https://t.me/{bot}?start={PREFIX}{about}")
    }

    /// What the link of a question is about; `None` for any other link.
    pub(super) fn read(link: &str) -> Option<Self> {
        let (address, about) = link.split_once("?start=")?;
        let is_ours = address.starts_with("https://t.me/") || address.starts_with("http://t.me/");
        let mut words = about.strip_prefix(PREFIX).filter(|_| is_ours)?.split('-');
        let command = words.next().filter(|command| !command.is_empty())?.to_owned();
        let field = match (words.next(), words.next()) {
            (None, _) => None,
            (Some(job), Some(field)) => Some((job.parse().ok()?, field.to_owned())),
            (Some(_), None) => return None,
        };
        Some(Self { command, field })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(question: &Question, link: &str) {
        assert_eq!(question.link("ekaki_bot"), link);
        assert_eq!(Question::read(link).as_ref(), Some(question));
    }

    #[test]
    fn a_question_is_found_again_in_its_link() {
        let draw = Question {
            command: "draw".to_owned(),
            field: None,
        };
        check(&draw, "https://t.me/ekaki_bot?start=ask-draw");
        let edit = Question {
            command: "edit".to_owned(),
            field: Some((JobId(12), "prompt".to_owned())),
        };
        check(&edit, "https://t.me/ekaki_bot?start=ask-edit-12-prompt");
    }

    #[test]
    fn other_links_are_no_questions() {
        for link in [
            "https://t.me/ekaki_bot?start=help",
            "https://t.me/ekaki_bot?start=ask-",
            "https://t.me/ekaki_bot?start=ask-edit-12",
            "https://t.me/ekaki_bot?start=ask-edit-x-prompt",
            "https://example.org/?start=ask-draw",
            "https://t.me/ekaki_bot",
        ] {
            assert_eq!(Question::read(link), None, "{link}");
        }
    }
}
