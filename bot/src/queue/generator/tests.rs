//! The real engine with the committed model.

use std::path::Path;
use std::sync::{Mutex, OnceLock};

use inference::runtime::{self, RuntimeRequest};
use inference::{Engine, EngineConfig, InferenceError, ModelSource, SessionConfig};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::store::tests::new_job;

/// The engine of all tests here, with room for two pictures. ONNX Runtime is installed in the repository's `data/` on
/// the first run, where the service that is started from the repository finds it too.
fn engine() -> Engine {
    static ENGINE: OnceLock<Mutex<Engine>> = OnceLock::new();
    let start = || {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let request = RuntimeRequest::new(repository.join("data"));
        let library = runtime::locate_or_install(&request, &mut |_| ()).expect("ONNX Runtime");
        runtime::load(&library).expect("ONNX Runtime");
        let config = EngineConfig {
            models: vec![(
                "avatar".into(),
                ModelSource::Folder(repository.join("onnx/avatar")),
            )],
            session: SessionConfig::default(),
            max_batch_rows: 4,
            max_pending: 2,
            memory_budget_bytes: None,
            safety_checker: None,
        };
        Mutex::new(Engine::start(config).expect("an engine"))
    };
    ENGINE.get_or_init(start).lock().expect("no panic").clone()
}

/// Remembers progress, and cancels at the first step when it is told to.
#[derive(Default)]
struct Recorder {
    seen: Mutex<Vec<GenerateProgress>>,
    cancel: Option<CancellationToken>,
}

impl ProgressSink for Recorder {
    fn wants_preview(&self) -> bool {
        true
    }

    fn report(&self, progress: GenerateProgress) {
        if let Some(cancel) = &self.cancel {
            cancel.cancel();
        }
        self.seen.lock().expect("no panic").push(progress);
    }
}

fn job(change: impl FnOnce(&mut DrawParameters), progress: Arc<Recorder>) -> GenerateJob {
    let mut draw = DrawParameters {
        height: 128,
        num_inference_steps: 2,
        ..new_job("a").draw
    };
    change(&mut draw);
    GenerateJob {
        id: JobId(1),
        source: None,
        check_safety: true,
        draw,
        progress,
    }
}

async fn generate(change: impl FnOnce(&mut DrawParameters)) -> Result<Vec<GenerateOutput>, InferenceError> {
    let job = job(change, Arc::default());
    EngineGenerator::new(engine())
        .generate(job, CancellationToken::new())
        .await
}

/// All that the engine has to be asked for in turn, because it has room for one job.
#[tokio::test]
async fn jobs_are_drawn_by_the_engine() {
    let progress = Arc::<Recorder>::default();
    let two = job(
        |draw| (draw.seed, draw.count) = (u64::MAX, 2),
        Arc::clone(&progress),
    );
    let outputs = EngineGenerator::new(engine())
        .generate(two, CancellationToken::new())
        .await
        .expect("drawn");
    assert_eq!(
        outputs
            .iter()
            .map(|output| output.recipe.seed)
            .collect::<Vec<_>>(),
        [u64::MAX, 0]
    );
    let alone = generate(|draw| draw.seed = 0).await.expect("drawn");
    assert_eq!(
        alone.first().map(|output| &output.image),
        outputs.get(1).map(|output| &output.image)
    );
    let seen = std::mem::take(&mut *progress.seen.lock().expect("no panic"));
    assert!(seen.is_sorted_by_key(|progress| progress.step), "{seen:?}");
    assert_eq!(
        seen.last()
            .map(|progress| (progress.step, progress.num_inference_steps)),
        Some((2, 2))
    );
    for picture in 0..2 {
        assert!(seen.iter().any(|progress| {
            progress
                .preview
                .as_ref()
                .is_some_and(|(index, _)| *index == picture)
        }));
    }

    // Each cancelled job leaves the engine with room for the next one.
    for _ in 0..3 {
        let cancel = CancellationToken::new();
        let progress = Arc::new(Recorder {
            cancel: Some(cancel.clone()),
            ..Recorder::default()
        });
        let endless = job(|draw| (draw.num_inference_steps, draw.count) = (150, 2), progress);
        let ended = EngineGenerator::new(engine()).generate(endless, cancel).await;
        assert!(matches!(ended, Err(InferenceError::Cancelled)), "{ended:?}");
    }
    generate(|draw| draw.count = 2).await.expect("there is room");
    check_filmstrip().await;
}

async fn check_filmstrip() {
    let outputs = generate(|draw| {
        draw.num_inference_steps = 6;
        draw.filmstrip = Some(crate::store::Filmstrip::Strip);
    });
    let outputs = outputs.await.expect("drawn");
    let output = outputs.first().expect("a picture");
    let steps: Vec<u32> = output.snapshots.iter().map(|snapshot| snapshot.step).collect();
    assert_eq!(steps, [1, 5, 6]);
    assert_eq!(
        output.snapshots.last().map(|snapshot| &snapshot.image),
        Some(&output.image)
    );
}

async fn check_error(change: impl FnOnce(&mut DrawParameters), expected: &str) {
    let error = generate(change).await.expect_err("not possible");
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[tokio::test]
async fn what_cannot_be_drawn_is_an_error() {
    check_error(|draw| draw.model = "nobody".into(), "there is no model `nobody`").await;
    check_error(
        |draw| draw.width = 100,
        "width must be a multiple of 8 between 64 and 2048, not 100",
    )
    .await;
    check_error(
        |draw| draw.scheduler = Some("nothing".into()),
        "the scheduler cannot be used: unknown scheduler \"nothing\"",
    )
    .await;
}

#[test]
fn the_models_are_those_of_the_engine() {
    let models = EngineGenerator::new(engine()).models();
    assert_eq!(
        models.iter().map(|model| model.id.as_str()).collect::<Vec<_>>(),
        ["avatar"]
    );
}
