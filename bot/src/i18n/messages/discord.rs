//! Texts that only Discord shows.

use super::{number, plain};
use crate::i18n::Locale;
use crate::i18n::catalog::text;
use crate::store::JobId;

/// The command in the menu of a message that begins a drawing with its picture, at most 32 characters.
pub fn menu_use_as_source(locale: Locale) -> String {
    text(locale, "discord-menu-use-as-source", &[])
}

/// The command in the menu of a message that tells how its picture was made, at most 32 characters.
pub fn menu_show_recipe(locale: Locale) -> String {
    text(locale, "discord-menu-show-recipe", &[])
}

/// The command in the menu of a person that begins a drawing with their picture, at most 32 characters.
pub fn menu_draw_avatar(locale: Locale) -> String {
    text(locale, "discord-menu-draw-avatar", &[])
}

/// What is asked for when a picture to begin with was chosen, at most 45 characters.
pub fn prompt_label(locale: Locale) -> String {
    text(locale, "discord-prompt-label", &[])
}

/// There is no picture in the message.
pub fn no_picture_there(locale: Locale) -> String {
    text(locale, "discord-no-picture-there", &[])
}

/// The picture that was chosen is not kept any more.
pub fn picture_forgotten(locale: Locale) -> String {
    text(locale, "discord-picture-forgotten", &[])
}

/// Discord has sent something that this release does not know.
pub fn not_understood(locale: Locale) -> String {
    text(locale, "discord-not-understood", &[])
}

/// Above the prompt that a picture was drawn from.
pub fn prompt(locale: Locale) -> String {
    text(locale, "discord-prompt", &[])
}

/// Above what should not be in a picture.
pub fn negative_prompt(locale: Locale) -> String {
    text(locale, "discord-negative-prompt", &[])
}

/// Below a picture: which job it is, and what it was drawn with.
pub fn footer(locale: Locale, job: JobId, recipe: &str) -> String {
    let arguments = [("job", plain(&job)), ("recipe", plain(&recipe))];
    text(locale, "discord-footer", &arguments)
}

/// Pictures are not shown as they were drawn, because their files are too large.
pub fn note_smaller(locale: Locale, count: u32) -> String {
    text(locale, "discord-note-smaller", &[("count", number(count))])
}

/// Files are missing because there is no room for them.
pub fn note_left_out(locale: Locale, files: &[String]) -> String {
    let files = listed(locale, files);
    text(locale, "discord-note-left-out", &[("files", plain(&files))])
}

/// Above an answer that comes as a direct message: where it was asked for.
pub fn from_elsewhere(locale: Locale, channel: &str) -> String {
    text(locale, "discord-from-elsewhere", &[("channel", plain(&channel))])
}

/// An answer, or the end of a job, cannot be brought to the person.
pub fn not_delivered(locale: Locale, job: Option<JobId>) -> String {
    match job {
        Some(job) => text(locale, "discord-not-delivered-job", &[("job", plain(&job))]),
        None => text(locale, "discord-not-delivered", &[]),
    }
}

/// The end of a job is shown without everything that Discord may not have understood.
pub fn not_taken(locale: Locale, job: JobId) -> String {
    text(locale, "discord-not-taken", &[("job", plain(&job))])
}

/// What the bot must be allowed to do where it draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// To see the channel.
    ViewChannel,
    /// To write there.
    SendMessages,
    /// To write in threads there.
    SendMessagesInThreads,
    /// To bring pictures.
    AttachFiles,
    /// To show pictures with text beside them.
    EmbedLinks,
}

/// The bot may not do everything in a channel that is needed.
pub fn missing_permissions(locale: Locale, missing: &[Permission]) -> String {
    let names: Vec<String> = missing
        .iter()
        .map(|permission| {
            let key = match permission {
                Permission::ViewChannel => "discord-permission-view-channel",
                Permission::SendMessages => "discord-permission-send-messages",
                Permission::SendMessagesInThreads => "discord-permission-send-messages-in-threads",
                Permission::AttachFiles => "discord-permission-attach-files",
                Permission::EmbedLinks => "discord-permission-embed-links",
            };
            text(locale, key, &[])
        })
        .collect();
    let permissions = listed(locale, &names);
    text(
        locale,
        "discord-missing-permissions",
        &[("permissions", plain(&permissions))],
    )
}

fn listed(locale: Locale, names: &[String]) -> String {
    names.join(&text(locale, "discord-comma", &[]))
}
