//! What the bot says by itself, without a command: a greeting, and questions.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use teloxide::types::Message;

use super::text::topic_of;
use crate::adapters::telegram::api::{ApiError, Call};
use crate::adapters::telegram::question::Question;
use crate::adapters::telegram::render::force_reply;
use crate::adapters::telegram::{Me, Shared};
use crate::i18n::Locale;
use crate::i18n::messages::telegram as texts;

/// How often something is tried that Telegram does not take at once.
const TRIES: u32 = 3;
/// The pause when Telegram does not say how long it wants to be left alone.
const PAUSE: Duration = Duration::from_secs(2);

/// What stands in front of a question and carries its link.
const MARK: &str = "✏️";

/// Something that is said in answer to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Saying {
    /// What the bot is for.
    Hello,
    /// What it does in other chats.
    Inline,
    /// How a picture is drawn anew.
    PictureNeedsWords,
    /// A text is needed.
    Ask(Question),
}

/// Says something in answer to `message`. What cannot be said after some tries is not.
pub(super) async fn say(shared: &Arc<Shared>, me: &Me, message: &Message, saying: &Saying, locale: Locale) {
    let call = call(me, message, saying, locale);
    for _ in 0..TRIES {
        let pause = match shared.api.call::<Value>(call.clone()).await {
            Ok(_) => return,
            Err(ApiError::Flood { after }) => after,
            Err(ApiError::Unreachable(_)) => PAUSE,
            Err(error) => return tracing::debug!(%error, "an answer is not taken"),
        };
        tokio::time::sleep(pause).await;
    }
    tracing::debug!("an answer was not taken in several tries");
}

fn call(me: &Me, message: &Message, saying: &Saying, locale: Locale) -> Call {
    let call = Call::new("sendMessage")
        .with("chat_id", message.chat.id.0)
        .with_some("message_thread_id", topic_of(message))
        .with(
            "reply_parameters",
            json!({ "message_id": message.id.0, "allow_sending_without_reply": true }),
        )
        .with("link_preview_options", json!({ "is_disabled": true }));
    match saying {
        Saying::Hello => {
            let keyboard = switch_button(&texts::try_inline(locale));
            call.with("text", texts::hello(locale, &me.username))
                .with("reply_markup", keyboard)
        }
        Saying::Inline => {
            let keyboard = switch_button(&texts::try_inline(locale));
            call.with("text", texts::inline_hello(locale, &me.username))
                .with("reply_markup", keyboard)
        }
        Saying::PictureNeedsWords => call.with("text", texts::picture_needs_words(locale)),
        Saying::Ask(question) => {
            let mark_units = MARK.encode_utf16().count();
            let link = question.link(&me.username);
            call.with("text", format!("{MARK} {}", texts::ask_prompt(locale)))
                .with(
                    "entities",
                    json!([{ "type": "text_link", "offset": 0, "length": mark_units, "url": link }]),
                )
                .with("reply_markup", force_reply(&texts::ask_prompt_example(locale)))
        }
    }
}

/// A button with which somebody chooses a chat and begins to write the bot's name there.
fn switch_button(label: &str) -> Value {
    json!({ "inline_keyboard": [[{ "text": label, "switch_inline_query": "" }]] })
}
