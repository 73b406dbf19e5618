//! The first sign that a command was heard.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::api::{ApiError, Call};
use super::super::render;
use super::state::State;

/// How long a button may look as if it was still pressed. Most answers are there before, and can be given with it.
const ANSWER_QUERY_AFTER: Duration = Duration::from_millis(700);

const SEEN: &str = "👀";
const DONE: &str = "👍";

impl State {
    /// Puts a pair of eyes below the command. Nothing depends on it: not every chat allows it.
    pub(super) fn react_to_command(self: &Arc<Self>) {
        if self.address().command.is_some() {
            self.change(|address| address.has_reaction = true);
            let state = Arc::clone(self);
            tokio::spawn(async move { state.react(SEEN).await });
        }
    }

    /// Says below the command that its job is done, if the job's end was told elsewhere.
    pub(super) async fn react_to_end(&self) {
        if self.address().has_reaction {
            self.react(DONE).await;
        }
    }

    async fn react(&self, emoji: &str) {
        let address = self.address();
        let (Some(chat), Some(message)) = (address.chat, address.command) else {
            return;
        };
        let call = Call::new("setMessageReaction")
            .with("chat_id", chat)
            .with("message_id", message)
            .with("reaction", json!([{ "type": "emoji", "emoji": emoji }]));
        // A refusal is in the log of calls.
        let _: Result<Value, ApiError> = self.api().call(call).await;
    }

    /// Answers the button's query, unless the answer to the command has done so before.
    pub(super) fn answer_query_soon(self: &Arc<Self>) {
        let state = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(ANSWER_QUERY_AFTER).await;
            state.answer_query().await;
        });
    }

    /// Answers the button's query without a word.
    pub(super) async fn answer_query(&self) {
        if let Some(query) = self.take_query() {
            let call = Call::new("answerCallbackQuery").with("callback_query_id", query);
            let _: Result<Value, ApiError> = self.api().call(call).await;
        }
    }

    /// Shows a text over the chat to the person who has pressed the button. Returns whether they see it.
    pub(super) async fn alert(&self, text: &str) -> bool {
        let Some(query) = self.take_query() else {
            return false;
        };
        let call = Call::new("answerCallbackQuery")
            .with("callback_query_id", query)
            .with("text", render::cut(text, render::MAX_ALERT))
            .with("show_alert", true);
        let answered: Result<Value, ApiError> = self.api().call(call).await;
        answered.is_ok()
    }
}
