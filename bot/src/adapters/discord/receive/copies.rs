//! Copies of messages, which `/show` makes: when what they show is deleted, the one in hand goes, too.

use serenity::model::id::MessageId;

use super::{Interaction, Receiver};
use crate::adapters::discord::address::{Answered, BotAccess, DiscordAddress};
use crate::adapters::discord::responder;
use crate::chat::ButtonId;
use crate::store::JobRow;

/// The command that deletes what a button belongs to.
const DELETE: &str = "delete";

impl Receiver {
    /// Takes away the message with the button that was pressed, when its job has been deleted and it is another message
    /// than the job's own, which is gone by then. It is no part of the answer, so nobody is told when it does not work.
    pub(super) async fn remove_copy(&self, interaction: &Interaction, button: &str) {
        let button = button.parse::<ButtonId>().ok();
        let Some(button) = button.filter(|button| button.action == DELETE) else {
            return;
        };
        let surroundings = &interaction.surroundings;
        let Some(message) = surroundings.message.as_ref().map(|message| message.id) else {
            return;
        };
        if surroundings.access() == BotAccess::None {
            return;
        }
        match self.shared.deps.store.jobs().get(button.job).await {
            Ok(Some(job)) if job.is_deleted && message_of(&job) != Some(message) => {
                let call = responder::delete(surroundings.channel_id, message);
                if let Err(error) = self.shared.rest.send(call).await {
                    tracing::debug!(job = %button.job, %error, "a copy of what was deleted is still there");
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(job = %button.job, %error, "a copy of what was deleted is still there")
            }
        }
    }
}

/// The job's own message, where it is known.
fn message_of(job: &JobRow) -> Option<MessageId> {
    match DiscordAddress::load(&job.reply_address).ok()?.answer {
        Answered::Nothing | Answered::Quietly => None,
        Answered::Original { message } => message,
        Answered::FollowUp { message, .. } | Answered::Own { message, .. } => Some(message),
    }
}
