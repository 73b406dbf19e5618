//! Asking Telegram for updates.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::api::{ApiError, Call};
use super::connect::{Patience, refused};
use super::receive::{KINDS, Receiver, update_id};

/// How long Telegram keeps a question open when there is nothing to tell, in seconds.
const OPEN_FOR_S: u64 = 50;
/// How long the answer may take; a line that is dead says nothing.
const ANSWER_WITHIN: Duration = Duration::from_secs(OPEN_FOR_S + 15);
/// How long the last word to Telegram may take.
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);
/// The most updates of one answer; Telegram knows no more.
const MOST: u64 = 100;

/// Asks until `stop` is cancelled.
///
/// Telegram forgets an update as soon as it is asked for those after it, so that is not done before the update was handed
/// over: one that was under way when the service died comes again, and its command is known by its key.
///
/// # Errors
/// When Telegram does not know the token any more.
pub(super) async fn run(receiver: &Arc<Receiver>, stop: &CancellationToken) -> anyhow::Result<()> {
    let api = &receiver.shared.api;
    let mut next: Option<u64> = None;
    let mut patience = Patience::default();
    loop {
        let asking = api.call::<Vec<Value>>(question(next, OPEN_FOR_S, MOST).within(ANSWER_WITHIN));
        let Some(answer) = stop.run_until_cancelled(asking).await else {
            return Ok(());
        };
        let pause = match answer {
            Ok(updates) => {
                patience = Patience::default();
                let newest = updates.iter().filter_map(update_id).max();
                receiver.take(updates).await;
                next = newest.map(|newest| newest + 1).or(next);
                if stop.is_cancelled() {
                    say_goodbye(receiver, next).await;
                    return Ok(());
                }
                continue;
            }
            Err(ApiError::TokenRefused) => match patience.refused_again() {
                Some(pause) => pause,
                None => return Err(refused()),
            },
            Err(error @ ApiError::Conflict(_)) => {
                tracing::warn!(
                    %error,
                    "another program asks with the same token: stop it, or give each its own bot"
                );
                patience.next_pause()
            }
            Err(ApiError::Flood { after }) => after,
            Err(error) => {
                patience.complain(&error);
                patience.next_pause()
            }
        };
        if stop
            .run_until_cancelled(tokio::time::sleep(pause))
            .await
            .is_none()
        {
            return Ok(());
        }
    }
}

fn question(next: Option<u64>, open_for_s: u64, most: u64) -> Call {
    Call::new("getUpdates")
        .with("timeout", open_for_s)
        .with("limit", most)
        .with("allowed_updates", KINDS.to_vec())
        .with_some("offset", next)
}

/// Tells Telegram what is done, so that it does not come again at the next start. What comes with the answer does.
async fn say_goodbye(receiver: &Receiver, next: Option<u64>) {
    let goodbye = question(next, 0, 1).within(GOODBYE_WITHIN);
    if let Err(error) = receiver.shared.api.call::<Value>(goodbye).await {
        tracing::debug!(%error, "Telegram will tell the last updates once more");
    }
}
