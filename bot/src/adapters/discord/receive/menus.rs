//! Commands in the menu of a message or of a person.

use serenity::model::id::{ApplicationId, GuildId};

use super::payload::{CommandData, File, Message, Resolved, named};
use crate::adapters::discord::register::Menu;
use crate::chat::ButtonId;
use crate::store::JobId;

/// Pixels of the picture of a person, at most.
const AVATAR_SIZE: u32 = 512;
/// How many pictures there are for people without one of their own.
const USUAL_AVATARS: u64 = 6;

/// What a command in a menu is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A job whose pictures are in the message.
    Job(JobId),
    /// A picture.
    Picture(File),
    /// There is nothing to begin with.
    Nothing,
}

/// Where a command of a menu was given.
pub(super) struct Scene<'a> {
    pub(super) application: ApplicationId,
    pub(super) guild: Option<GuildId>,
    /// Where Discord's pictures of people are.
    pub(super) cdn_url: &'a str,
}

impl Scene<'_> {
    /// What a command is about.
    pub(super) fn target(&self, menu: Menu, data: &CommandData) -> Target {
        let found = data.resolved.as_ref().zip(data.target_id.as_deref());
        let Some((resolved, id)) = found else {
            return Target::Nothing;
        };
        match menu {
            Menu::UseAsSource | Menu::ShowRecipe => resolved
                .messages
                .get(id)
                .map_or(Target::Nothing, |message| self.in_message(message)),
            Menu::DrawAvatar => self.avatar(resolved, id).map_or(Target::Nothing, Target::Picture),
        }
    }

    /// A message of the bot about a job, or the first picture in a message.
    fn in_message(&self, message: &Message) -> Target {
        let author = message.author.as_ref().map(|author| author.id.get());
        if author == Some(self.application.get())
            && let Some(job) = job_of(message)
        {
            return Target::Job(job);
        }
        let mut files = message.attachments.iter().flatten();
        let boxes = message.embeds.iter().flatten();
        let attached = files.find(|file| file.is_picture()).cloned();
        let shown = boxes.filter_map(|embed| embed.image.as_ref()).map(|image| File {
            filename: "image.png".to_owned(),
            size: 0,
            url: image.url.clone(),
            content_type: None,
        });
        attached
            .into_iter()
            .chain(shown)
            .next()
            .map_or(Target::Nothing, Target::Picture)
    }

    /// The picture that a person shows of themselves, in this server if there is another one.
    fn avatar(&self, resolved: &Resolved, id: &str) -> Option<File> {
        let user = resolved.users.get(id)?;
        let here = resolved.members.get(id).and_then(|member| member.avatar.as_ref());
        let path = match (self.guild.zip(here), &user.avatar) {
            (Some((guild, hash)), _) if is_hash(hash) => {
                format!(
                    "guilds/{guild}/users/{}/avatars/{hash}.png?size={AVATAR_SIZE}",
                    user.id
                )
            }
            (_, Some(hash)) if is_hash(hash) => format!("avatars/{}/{hash}.png?size={AVATAR_SIZE}", user.id),
            _ => format!("embed/avatars/{}.png", (user.id.get() >> 22) % USUAL_AVATARS),
        };
        Some(File {
            filename: "avatar.png".to_owned(),
            size: 0,
            url: format!("{}/{path}", self.cdn_url),
            content_type: Some("image/png".to_owned()),
        })
    }
}

/// It becomes part of an address.
fn is_hash(hash: &str) -> bool {
    !hash.is_empty()
        && hash
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The job that the buttons of a message are about.
fn job_of(message: &Message) -> Option<JobId> {
    named(&message.components)
        .into_iter()
        .find_map(|(name, _)| name.parse::<ButtonId>().ok())
        .map(|button| button.job)
}
