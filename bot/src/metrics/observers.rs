//! What stands between the rooms and counts what passes by.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::Counted;
use crate::chat::{
    Capabilities, ChatAdapter, ChatId, JobUpdate, Platform, Reply, ReplyAddress, Responder, SendError, Sent,
};
use crate::commands::Commands;
use crate::queue::{EventSink, JobEvent};
use crate::store::JobId;

/// Counts the times of jobs that end.
pub(super) struct ObservedSink {
    pub(super) counted: Arc<Counted>,
    pub(super) sink: Arc<dyn EventSink>,
}

impl EventSink for ObservedSink {
    fn wants_preview(&self, job: JobId) -> bool {
        self.sink.wants_preview(job)
    }

    fn emit(&self, job: JobId, event: JobEvent) {
        if let JobEvent::Finished(row) = &event {
            self.counted.observe(row);
        }
        self.sink.emit(job, event);
    }
}

/// Counts the messages of a platform.
pub(super) struct ObservedAdapter {
    pub(super) counted: Arc<Counted>,
    pub(super) adapter: Arc<dyn ChatAdapter>,
}

#[async_trait]
impl ChatAdapter for ObservedAdapter {
    fn platform(&self) -> Platform {
        self.adapter.platform()
    }

    fn responder(&self, address: &ReplyAddress) -> anyhow::Result<Arc<dyn Responder>> {
        Ok(Arc::new(ObservedResponder {
            counted: Arc::clone(&self.counted),
            platform: self.platform(),
            responder: self.adapter.responder(address)?,
        }))
    }

    async fn run(
        self: Arc<Self>,
        commands: Arc<Commands>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        Arc::clone(&self.adapter).run(commands, shutdown).await
    }
}

struct ObservedResponder {
    counted: Arc<Counted>,
    platform: Platform,
    responder: Arc<dyn Responder>,
}

impl ObservedResponder {
    fn count(&self, kind: &str, result: &Result<Sent, SendError>) {
        let result = match result {
            Ok(_) => "sent",
            Err(SendError::Retry { .. }) => "retry",
            Err(SendError::Gone { .. }) => "gone",
        };
        let labels = [
            ("platform", self.platform.to_string()),
            ("kind", kind.to_owned()),
            ("result", result.to_owned()),
        ];
        self.counted.messages.get_or_create(&labels).inc();
    }
}

#[async_trait]
impl Responder for ObservedResponder {
    fn address(&self) -> ReplyAddress {
        self.responder.address()
    }

    fn capabilities(&self) -> Capabilities {
        self.responder.capabilities()
    }

    fn channel_mention(&self, channel: &ChatId) -> String {
        self.responder.channel_mention(channel)
    }

    async fn acknowledge(&self) -> Result<(), SendError> {
        self.responder.acknowledge().await
    }

    async fn update(&self, update: JobUpdate) -> Result<Sent, SendError> {
        let result = self.responder.update(update).await;
        self.count("progress", &result);
        result
    }

    async fn finish(&self, reply: Reply) -> Result<Sent, SendError> {
        let result = self.responder.finish(reply).await;
        self.count("final", &result);
        result
    }

    async fn remove(&self) -> Result<(), SendError> {
        self.responder.remove().await
    }
}
