use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use inference::EngineStats;

use super::Metrics;
use crate::chat::{ChatAdapter as _, JobUpdate, JobUpdateState, Reply, ReplyAddress};
use crate::queue::{Clock, EventSink, JobEvent, JobQueue, QueueParts, QueueSettings};
use crate::store::tests::{NO_LIMITS, NOW, new_job};
use crate::store::{ImageRow, JobId, JobRow, Store};
use crate::tests::fakes::{FakeChat, FakeGenerator, Fault};

/// Remembers whose events came.
#[derive(Default)]
struct Sink(Mutex<Vec<JobId>>);

impl EventSink for Sink {
    fn wants_preview(&self, _job: JobId) -> bool {
        true
    }

    fn emit(&self, job: JobId, _event: JobEvent) {
        self.0.lock().expect("no panic").push(job);
    }
}

async fn store() -> (tempfile::TempDir, Store, JobRow) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).await.expect("a store");
    let inserted = store
        .jobs()
        .insert(&new_job("kita"), &NO_LIMITS)
        .await
        .expect("accepted");
    let row = store.jobs().get(inserted.job).await.expect("read");
    (folder, store, row.expect("the job"))
}

async fn rendered(metrics: &Metrics) -> String {
    let queue = JobQueue::new(QueueParts {
        store: metrics.store.clone(),
        settings: QueueSettings {
            concurrency: 1,
            lease: Duration::MAX,
            expire_after: Duration::MAX,
            drain: Duration::ZERO,
        },
        generator: Arc::new(FakeGenerator::default()),
        events: Arc::new(Sink::default()),
        clock: Clock::new(|| *NOW),
    });
    metrics.render(&queue).await.expect("text")
}

/// The lines that begin with this.
async fn lines(metrics: &Metrics, prefix: &str) -> String {
    let text = rendered(metrics).await;
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(prefix)).collect();
    lines.join("\n")
}

#[tokio::test]
async fn jobs_are_counted_from_the_log() {
    let (_folder, store, _) = store().await;
    let metrics = Metrics::new(store, None);
    insta::assert_snapshot!(lines(&metrics, "ekaki_jobs").await, @r#"ekaki_jobs{platform="test",state="queued"} 1"#);
    insta::assert_snapshot!(lines(&metrics, "ekaki_queue").await, @"
    ekaki_queue_length 0
    ekaki_queue_running 0
    ekaki_queue_open 1
    ");
    assert!(rendered(&metrics).await.ends_with("# EOF\n"));
}

#[tokio::test]
async fn times_are_counted_once_for_each_job_that_was_drawn() {
    let (_folder, store, row) = store().await;
    let metrics = Metrics::new(store, None);
    let sink = Arc::new(Sink::default());
    let observed = metrics.observe_jobs(sink.clone());
    assert!(observed.wants_preview(row.id));
    let waited = JobEvent::Queued {
        position: 1,
        remaining: None,
    };
    observed.emit(row.id, waited);
    // Nobody began to draw this one.
    observed.emit(row.id, JobEvent::Finished(Box::new(row.clone())));
    let mut drawn = JobRow {
        started_at: Some(*NOW + TimeDelta::seconds(4)),
        finished_at: Some(*NOW + TimeDelta::seconds(14)),
        images: vec![ImageRow::default(), ImageRow::default()],
        ..row.clone()
    };
    drawn.draw.num_inference_steps = 10;
    drawn.draw.count = 2;
    observed.emit(row.id, JobEvent::Finished(Box::new(drawn)));
    assert_eq!(sink.0.lock().expect("no panic").len(), 3, "every event goes on");
    for (name, sum) in [
        ("job_wait_seconds", "4.0"),
        ("job_draw_seconds", "10.0"),
        ("step_seconds", "0.5"),
    ] {
        let prefix = format!("ekaki_{name}_");
        let text = lines(&metrics, &prefix).await;
        assert!(text.contains(&format!("{prefix}sum {sum}\n")), "{text}");
        assert!(text.contains(&format!("{prefix}count 1\n")), "{text}");
    }
}

#[tokio::test]
async fn messages_are_counted_by_what_became_of_them() {
    let (_folder, store, row) = store().await;
    let metrics = Metrics::new(store, None);
    let (chat, _lines) = FakeChat::new();
    chat.fail([Fault::Retry(None), Fault::Gone]);
    let adapter = metrics.observe_messages(Arc::new(chat.clone()));
    assert_eq!(adapter.platform(), chat.platform());
    let responder = adapter.responder(&chat.at("m1").address()).expect("a responder");
    assert!(adapter.responder(&ReplyAddress(serde_json::Value::Null)).is_err());
    let update = JobUpdate {
        job: row.id,
        text: "soon".to_owned(),
        state: JobUpdateState::Queued {
            position: 1,
            remaining: None,
        },
        buttons: Vec::new(),
        is_private: false,
        nonce: "ekaki-1".to_owned(),
    };
    responder.update(update).await.expect("sent");
    for failed in [true, true, false] {
        assert_eq!(responder.finish(Reply::text("x")).await.is_err(), failed);
    }
    let mut messages: Vec<String> = lines(&metrics, "ekaki_messages")
        .await
        .lines()
        .map(str::to_owned)
        .collect();
    messages.sort();
    insta::assert_snapshot!(messages.join("\n"), @r#"
    ekaki_messages_total{platform="fake",kind="final",result="gone"} 1
    ekaki_messages_total{platform="fake",kind="final",result="retry"} 1
    ekaki_messages_total{platform="fake",kind="final",result="sent"} 1
    ekaki_messages_total{platform="fake",kind="progress",result="sent"} 1
    "#);
}

#[tokio::test]
async fn the_engine_is_read_when_somebody_asks() {
    let (_folder, store, _) = store().await;
    assert_eq!(lines(&Metrics::new(store.clone(), None), "ekaki_unet").await, "");
    let stats = EngineStats {
        unet_calls: 10,
        unet_rows: 35,
        ..EngineStats::default()
    };
    let metrics = Metrics::new(store, Some(Arc::new(move || stats)));
    insta::assert_snapshot!(lines(&metrics, "ekaki_unet").await, @"
    ekaki_unet_calls_total 10
    ekaki_unet_rows_total 35
    ");
}
