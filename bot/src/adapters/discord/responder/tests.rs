//! The ways of answers to a server on this machine. The clock of the fifteen minutes is set by the test.

mod ladder;
mod opening;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serenity::model::id::{ChannelId, MessageId};
use tempfile::TempDir;

use super::*;
use crate::adapters::discord::address::BotAccess;
use crate::adapters::discord::address::tests::{address, made_at};
use crate::adapters::discord::rest::tests::server::Server;
use crate::chat::{JobReply, Responder as _};
use crate::i18n::Locale;
use crate::queue::Clock;
use crate::store::{JobId, JobOutcome};

/// The server, and what an adapter has that talks to it.
struct Desk {
    server: Server,
    shared: Arc<Shared>,
    now: Arc<Mutex<DateTime<Utc>>>,
    _dir: TempDir,
}

impl Desk {
    async fn new() -> Self {
        let server = Server::start().await;
        let now = Arc::new(Mutex::new(made_at()));
        let clock = Arc::clone(&now);
        let clock = Clock::new(move || *clock.lock().expect("lock"));
        let (shared, dir) = server.shared(clock).await;
        Self {
            server,
            shared,
            now,
            _dir: dir,
        }
    }

    /// It is so many minutes and seconds after the command.
    fn is_after(&self, minutes: i64, seconds: i64) {
        *self.now.lock().expect("lock") = made_at() + TimeDelta::seconds(minutes * 60 + seconds);
    }

    fn begin(&self, address: DiscordAddress, opening: Opening) -> DiscordResponder {
        DiscordResponder::new(&self.shared, address, opening)
    }

    /// As another process does that finds the address in the job log.
    fn go_on(&self, address: &DiscordAddress) -> DiscordResponder {
        DiscordResponder::stored(&self.shared, &address.store()).expect("an address")
    }
}

fn thinking(address: DiscordAddress) -> DiscordAddress {
    DiscordAddress {
        answer: Answered::Original {
            message: Some(MessageId::new(50)),
        },
        ..address
    }
}

fn hidden(address: DiscordAddress) -> DiscordAddress {
    DiscordAddress {
        is_private: true,
        ..thinking(address)
    }
}

fn with_access(access: BotAccess, address: DiscordAddress) -> DiscordAddress {
    DiscordAddress { access, ..address }
}

fn news() -> JobUpdate {
    JobUpdate {
        job: JobId(12),
        text: "Your picture is next.".to_owned(),
        state: JobUpdateState::Queued {
            position: 1,
            remaining: None,
        },
        buttons: Vec::new(),
        is_private: false,
        nonce: "ekaki-12".to_owned(),
    }
}

fn end() -> Reply {
    Reply {
        text: "Job 12 was cancelled.".to_owned(),
        job: Some(JobReply {
            id: JobId(12),
            outcome: JobOutcome::Cancelled,
            recipe: None,
        }),
        nonce: Some("ekaki-12".to_owned()),
        ..Reply::default()
    }
}

fn private_end() -> Reply {
    Reply {
        is_private: true,
        ..end()
    }
}
