//! Answers to commands that are not about the message of a job.

use super::super::address::TelegramAddress;
use super::super::api::{Call, SentMessage};
use super::super::question::Question;
use super::super::render::{self, Plan, Rich, Style};
use super::pictures::Caption;
use super::progress::text_call;
use super::state::State;
use crate::chat::{Form, Reply, SendError};
use crate::i18n::messages::telegram as messages;

/// What stands at the beginning of a question and carries its link.
const PENCIL: &str = "✏️";

impl State {
    /// Answers a command. The answer is a message of its own, or appears over the chat when a button was pressed and few
    /// words are enough.
    pub(super) async fn answer(&self, reply: &Reply) -> Result<(), SendError> {
        if self.is_told_already(reply).await {
            self.answer_query().await;
            return Ok(());
        }
        if self.address().inline_message.is_some() {
            return self.answer_inline(reply).await;
        }
        let is_plain = reply.images.is_empty() && reply.form.is_none() && reply.buttons.is_empty();
        let is_short = reply.text.encode_utf16().count() <= render::MAX_ALERT;
        if is_plain && is_short && reply.is_private && self.alert(&reply.text).await {
            return Ok(());
        }
        self.answer_query().await;
        // Whoever is asked for a text is asked where they are, unless others would read an old one that was not for them.
        if reply.is_private && reply.form.as_ref().is_none_or(|form| form.is_private) {
            self.go_to_person();
        }
        match self.answer_here(reply).await {
            Err(SendError::Gone { source }) if self.address().asked_in.is_some() => {
                self.explain_privacy(format!("{source:#}"), None).await
            }
            answered => answered,
        }
    }

    /// Whether this is the end of the job that the same command began when Telegram told of it before: it was said in the
    /// message of the job, or will be.
    async fn is_told_already(&self, reply: &Reply) -> bool {
        let Some(job) = reply.job.as_ref().filter(|_| !reply.as_files) else {
            return false;
        };
        let Ok(Some(row)) = self.shared.deps.store.jobs().get(job.id).await else {
            return false;
        };
        let told = TelegramAddress::read(&row.reply_address);
        told.is_ok_and(|told| self.address().is_of_command_of(&told))
    }

    /// Answers in a message.
    pub(super) async fn answer_here(&self, reply: &Reply) -> Result<(), SendError> {
        if let Some(form) = &reply.form {
            return self.ask(&reply.text, form).await;
        }
        let job = reply.job.as_ref().map(|job| job.id);
        let locale = self.locale_of(reply, None).await;
        let keyboard = render::of_reply(reply, locale);
        let plan = Plan::of(reply, false);
        let text = plan.explained(render::reply_text(reply), locale, job);
        let already = self.address().parts_sent;
        for part in plan.parts.iter().skip(already) {
            self.send_part(part).await?;
            self.change(|address| address.parts_sent += 1);
        }
        let Some((kind, image)) = &plan.main else {
            let call = text_call("sendMessage", &text).with_some("reply_markup", keyboard);
            self.say::<SentMessage>(&call).await.map_err(SendError::from)?;
            return Ok(());
        };
        let caption = Caption {
            text: &text,
            keyboard: keyboard.as_ref(),
        };
        let shown = self.send_picture(*kind, image, caption).await;
        match (shown, job) {
            (Err(error), Some(job)) if error.is_about_content() => {
                tracing::warn!(%job, %error, "Telegram does not take a picture");
                let text = Rich::plain(&messages::not_taken(locale, job));
                let call = text_call("sendMessage", &text).with_some("reply_markup", keyboard);
                self.say::<SentMessage>(&call).await.map_err(SendError::from)?;
                Ok(())
            }
            (shown, _) => Ok(shown?),
        }
    }

    /// Asks for a text. The person's app shows a field for it, and the answer brings the question along.
    async fn ask(&self, text: &str, form: &Form) -> Result<(), SendError> {
        let question = Question {
            command: form.command.to_owned(),
            field: Some((form.job, form.field.to_owned())),
        };
        let mut asked = Rich::default();
        match self.shared.me.get() {
            Some(bot) => asked.add(Style::Link(question.link(&bot.username)), PENCIL),
            None => asked.add(Style::Plain, PENCIL),
        }
        // The question answers the bot's own message, so only a mention makes the field appear, and for nobody else.
        let address = self.address();
        if let Some(name) = self.presser().filter(|_| address.is_group()) {
            asked.add(Style::Plain, " ");
            asked.add(Style::mention(address.user), name);
        }
        asked.add(Style::Plain, &format!(" {text}\n"));
        // What stood there so far can be copied by a touch and changed.
        asked.add(Style::Code, &form.value);
        let call: Call =
            text_call("sendMessage", &asked).with("reply_markup", render::force_reply(&form.label));
        match self.say::<SentMessage>(&call).await {
            Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
