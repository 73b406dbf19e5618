//! A job as programs read it. The names of the fields are part of the interface.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::store::{DrawParameters, ErrorClass, JobKind, JobOutcome, JobRow, JobState};

#[derive(Debug, Serialize)]
pub(super) struct Record<'a> {
    pub(super) id: i64,
    pub(super) platform: &'a str,
    pub(super) user: &'a str,
    pub(super) chat: &'a str,
    pub(super) server: Option<&'a str>,
    pub(super) kind: JobKind,
    pub(super) parent: Option<i64>,
    pub(super) private: bool,
    pub(super) state: JobState,
    pub(super) outcome: Option<JobOutcome>,
    pub(super) error: Option<ErrorClass>,
    pub(super) attempt: u32,
    pub(super) created_at: String,
    pub(super) started_at: Option<String>,
    pub(super) finished_at: Option<String>,
    pub(super) prompt_typed: &'a str,
    pub(super) draw: &'a DrawParameters,
    pub(super) images: Vec<ImageRecord<'a>>,
    pub(super) withheld: u32,
    pub(super) deleted: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct ImageRecord<'a> {
    /// SHA-256 of the file.
    pub(super) hash: &'a str,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bytes: u64,
    pub(super) seed: u64,
    /// The file was deleted.
    pub(super) gone: bool,
}

impl<'a> Record<'a> {
    pub(super) fn new(job: &'a JobRow) -> Self {
        Self {
            id: job.id.0,
            platform: job.user.platform.as_str(),
            user: &job.user.id,
            chat: &job.place.chat.0,
            server: job.place.server.as_deref(),
            kind: job.kind,
            parent: job.parent.map(|parent| parent.0),
            private: job.is_private,
            state: job.state,
            outcome: job.outcome,
            error: job.error_class,
            attempt: job.attempt,
            created_at: time(job.created_at),
            started_at: job.started_at.map(time),
            finished_at: job.finished_at.map(time),
            prompt_typed: &job.prompt_typed,
            draw: &job.draw,
            images: job
                .images
                .iter()
                .map(|image| ImageRecord {
                    hash: &image.hash,
                    width: image.width,
                    height: image.height,
                    bytes: image.bytes,
                    seed: image.seed,
                    gone: image.is_gone,
                })
                .collect(),
            withheld: job.withheld,
            deleted: job.is_deleted,
        }
    }
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
