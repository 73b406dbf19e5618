//! The first answer, within the three seconds that Discord gives.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::{Conversation, Opening, calls};
use crate::adapters::discord::address::Answered;
use crate::adapters::discord::rest::{Meaning, RestError};
use crate::chat::SendError;

/// How long to go on trying. The interaction was on its way for a while, too.
const WITHIN: Duration = Duration::from_millis(2600);
/// How long one try may take, and how long the last one may take however late it is.
pub(super) const TRY_WITHIN: Duration = Duration::from_millis(1500);
const SHORTEST_TRY: Duration = Duration::from_millis(400);
/// The pause after a failure.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a command has that may ask for a text.
const ASKING_WITHIN: Duration = Duration::from_millis(1800);

/// Gives the first answer. A second call does nothing.
pub(super) async fn open(conversation: &Arc<Conversation>, opening: Opening) -> Result<(), SendError> {
    match opening {
        Opening::Thinking { is_private } => think(conversation, is_private).await,
        Opening::Asking => {
            let conversation = Arc::clone(conversation);
            let at_last = Instant::now() + ASKING_WITHIN;
            tokio::spawn(async move {
                sleep_until(at_last).await;
                if let Err(error) = think(&conversation, true).await {
                    tracing::debug!(%error, "a command that takes long was not acknowledged");
                }
            });
            Ok(())
        }
    }
}

/// Shows "Thinking…", unless something was said before.
async fn think(conversation: &Conversation, is_private: bool) -> Result<(), SendError> {
    let _turn = conversation.turn.lock().await;
    if conversation.address().answer != Answered::Nothing {
        return Ok(());
    }
    let thinking = try_for_a_while(conversation, is_private).await;
    if let Err(error) = &thinking {
        // It may have arrived all the same; a try to fill it in will tell.
        conversation.change(|address| {
            address.answer = Answered::Original { message: None };
            address.is_private = is_private;
            address.is_token_dead = error.meaning() == Meaning::TokenDead;
        });
    }
    Ok(thinking?)
}

async fn try_for_a_while(conversation: &Conversation, is_private: bool) -> Result<(), RestError> {
    let tries = Tries::since(conversation.begun);
    loop {
        let call = calls::think(&conversation.address(), is_private)?;
        match conversation.send(call.within(tries.within())).await {
            Ok(answer) => {
                conversation.responded(&answer, is_private);
                return Ok(());
            }
            Err(error) if error.meaning() == Meaning::AcknowledgedBefore => {
                conversation.change(|address| {
                    address.answer = Answered::Original { message: None };
                    address.is_private = is_private;
                });
                return Ok(());
            }
            Err(error) => tries.again(error).await?,
        }
    }
}

/// The tries of a first answer.
pub(super) struct Tries {
    until: Instant,
}

impl Tries {
    /// As many as there is time for after an interaction has come.
    pub(super) fn since(begun: Instant) -> Self {
        Self {
            until: begun + WITHIN,
        }
    }

    /// How long the next one may take.
    pub(super) fn within(&self) -> Duration {
        let left = self.until.saturating_duration_since(Instant::now());
        left.clamp(SHORTEST_TRY, TRY_WITHIN)
    }

    /// Waits for the next one.
    ///
    /// # Errors
    /// The error of the last one, when another one is of no use or comes too late.
    pub(super) async fn again(&self, error: RestError) -> Result<(), RestError> {
        let Meaning::Later(after) = error.meaning() else {
            return Err(error);
        };
        let pause = after.unwrap_or(PAUSE);
        if Instant::now() + pause >= self.until {
            return Err(error);
        }
        sleep(pause).await;
        Ok(())
    }
}
