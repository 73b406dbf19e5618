//! A command that somebody has typed, taken apart by Discord.

use std::sync::Arc;

use serde_json::Value;

use super::payload::{CommandData, CommandOption, File, Resolved};
use crate::adapters::discord::Shared;
use crate::adapters::discord::source::CdnFile;
use crate::chat::{Attachment, CommandInput};

/// Kinds of options.
mod kind {
    pub(super) const SUBCOMMAND: u8 = 1;
    pub(super) const GROUP: u8 = 2;
    pub(super) const ATTACHMENT: u8 = 11;
}

/// A command with its words and its options.
#[derive(Debug)]
pub(super) struct Typed<'d> {
    /// The whole name, with blanks between its words.
    pub(super) name: String,
    /// Its options.
    pub(super) options: &'d [CommandOption],
}

impl<'d> Typed<'d> {
    /// Reads the name: words of it may stand where options stand.
    pub(super) fn new(data: &'d CommandData) -> Self {
        let mut typed = Self {
            name: data.name.clone(),
            options: &data.options,
        };
        while let [word] = typed.options
            && matches!(word.kind, kind::SUBCOMMAND | kind::GROUP)
        {
            typed.name = format!("{} {}", typed.name, word.name);
            typed.options = &word.options;
        }
        typed
    }

    /// The option that somebody is typing, and what is there of it.
    pub(super) fn focused(&self) -> Option<(&'d str, String)> {
        let option = self.options.iter().find(|option| option.focused)?;
        Some((&option.name, text(&option.value)))
    }

    /// The command for the bot, without its files.
    pub(super) fn input(&self) -> CommandInput {
        let options = self
            .options
            .iter()
            .filter(|option| option.kind != kind::ATTACHMENT);
        CommandInput::Options {
            name: self.name.clone(),
            options: options
                .map(|option| (option.name.clone(), text(&option.value)))
                .collect(),
        }
    }

    /// Its files.
    pub(super) fn files<'r>(&self, resolved: Option<&'r Resolved>) -> Vec<&'r File> {
        let ids = self
            .options
            .iter()
            .filter(|option| option.kind == kind::ATTACHMENT)
            .filter_map(|option| option.value.as_str());
        ids.filter_map(|id| resolved?.attachments.get(id)).collect()
    }
}

/// A value as somebody would type it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

impl File {
    /// The file for a command that wants it.
    pub(super) fn attachment(&self, shared: &Arc<Shared>) -> Attachment {
        Attachment {
            file_name: self.filename.clone(),
            content: Arc::new(CdnFile::new(shared, self.url.as_str(), self.size)),
        }
    }

    /// Whether it says of itself that it is a picture. What it really is turns out when it is read.
    pub(super) fn is_picture(&self) -> bool {
        const ENDINGS: [&str; 5] = [".png", ".jpg", ".jpeg", ".webp", ".gif"];
        match &self.content_type {
            Some(kind) => kind.starts_with("image/"),
            None => {
                let name = self.filename.to_ascii_lowercase();
                ENDINGS.iter().any(|ending| name.ends_with(ending))
            }
        }
    }
}
