//! Many requests at once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};

use inference::{Engine, EngineConfig, GenerateRequest, InferenceError, Progress, SessionConfig};

use crate::support::{Waiting, draw, engine, load_runtime};
use crate::tiny::{request, tiny_engine, variant};

fn avatar_request(engine: &Engine, seed: u64, num_inference_steps: u32) -> GenerateRequest {
    GenerateRequest {
        num_inference_steps,
        ..engine.models()[0].request("pink hair", seed)
    }
}

/// Draws `first`, and `second` from its first step on; returns both pictures.
fn draw_overlapping(
    engine: &Engine,
    first: GenerateRequest,
    second: GenerateRequest,
) -> [inference::GenerateOutput; 2] {
    let (sender, second_result) = mpsc::channel();
    let mut second = Some(second);
    let handle = engine.clone();
    let (observer, first_result) = Waiting::with_progress(move |_| {
        if let Some(second) = second.take() {
            let (observer, result) = Waiting::new();
            handle.generate(second, observer).unwrap();
            sender.send(result).unwrap();
        }
    });
    engine.generate(first, observer).unwrap();
    let first = first_result.recv().unwrap().unwrap();
    let second = second_result.recv().unwrap().recv().unwrap().unwrap();
    [first, second]
}

#[test]
fn two_requests_share_calls_and_do_not_change_each_other() {
    let engine = engine();
    let (long, short) = (
        avatar_request(&engine, 7, 12),
        GenerateRequest {
            prompt: "青い髪".into(),
            ..avatar_request(&engine, 8, 5)
        },
    );
    let alone = [
        draw(&engine, long.clone()).unwrap(),
        draw(&engine, short.clone()).unwrap(),
    ];
    let before = engine.stats();
    assert_eq!((before.unet_calls, before.unet_rows), (12 + 5, 2 * (12 + 5)));

    let together = draw_overlapping(&engine, long, short);
    let after = engine.stats();
    // The second one joins at the second step of the first one and leaves long before its end.
    assert_eq!(
        (
            after.unet_calls - before.unet_calls,
            after.unet_rows - before.unet_rows
        ),
        (12, 2 * (12 + 5))
    );
    for (alone, together) in alone.iter().zip(&together) {
        assert_eq!(alone.recipe, together.recipe);
        let largest = alone
            .image
            .iter()
            .zip(together.image.iter())
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert_eq!(largest, Some(0));
    }
    engine.shutdown();
}

#[test]
fn progress_and_previews() {
    let engine = engine();
    let (sender, steps) = mpsc::channel::<Progress>();
    let (observer, result) = Waiting::with_progress(move |progress| sender.send(progress).unwrap());
    engine.generate(avatar_request(&engine, 1, 3), observer).unwrap();
    result.recv().unwrap().unwrap();
    for (expected, progress) in (1..=3).zip(steps.iter()) {
        assert_eq!((progress.step, progress.num_inference_steps), (expected, 3));
        assert_eq!(progress.preview.unwrap().dimensions(), (16, 16));
    }
    assert!(steps.recv().is_err(), "more steps than were asked for");
    engine.shutdown();
}

#[test]
fn cancelled_at_the_next_tick() {
    let engine = tiny_engine(variant("unet/model.onnx"));
    let (flags, flag) = mpsc::channel::<inference::CancelFlag>();
    let steps = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&steps);
    let (observer, result) = Waiting::with_progress(move |progress| {
        counter.store(progress.step, Ordering::Relaxed);
        if progress.step == 2 {
            flag.recv().unwrap().cancel();
        }
    });
    flags
        .send(engine.generate(request(1, 50), observer).unwrap())
        .unwrap();
    assert!(matches!(result.recv().unwrap(), Err(InferenceError::Cancelled)));
    assert_eq!((steps.load(Ordering::Relaxed), engine.stats().ticks), (2, 2));
    draw(&engine, request(1, 1)).unwrap();
    engine.shutdown();
}

#[test]
fn a_panicking_observer_disturbs_nobody() {
    let engine = tiny_engine(variant("unet/model.onnx"));
    let (observer, result) = Waiting::with_progress(|_| panic!("an observer's bug"));
    engine.generate(request(1, 2), observer).unwrap();
    result.recv().unwrap().unwrap();
    draw(&engine, request(1, 1)).unwrap();
    engine.shutdown();
}

#[test]
fn shutdown_ends_everything() {
    let engine = engine();
    let (started, has_started) = mpsc::channel();
    let (observer, running) = Waiting::with_progress(move |_| {
        // The test may have its answer and be gone.
        let _ = started.send(());
    });
    engine
        .generate(avatar_request(&engine, 1, 150), observer)
        .unwrap();
    let (observer, waiting) = Waiting::new();
    engine
        .generate(avatar_request(&engine, 2, 150), observer)
        .unwrap();
    has_started.recv().unwrap();
    engine.shutdown();
    assert!(matches!(running.recv().unwrap(), Err(InferenceError::Stopped)));
    assert!(matches!(waiting.recv().unwrap(), Err(InferenceError::Stopped)));
    let (observer, never) = Waiting::new();
    assert!(matches!(
        engine.generate(avatar_request(&engine, 3, 1), observer),
        Err(InferenceError::Stopped)
    ));
    assert!(never.recv().is_err(), "a refused request has no end");
    assert!(engine.stats().ticks < 300);
    engine.shutdown();
}

#[test]
fn no_more_than_max_pending() {
    load_runtime();
    let models = vec![("tiny".into(), variant("unet/model.onnx"))];
    let config = EngineConfig {
        models,
        session: SessionConfig::default(),
        max_batch_rows: 4,
        max_pending: 1,
    };
    let engine = Engine::start(config).unwrap();
    let handle = engine.clone();
    let again = request(2, 1);
    let (observer, result) = Waiting::with_progress(move |_| {
        let (observer, _) = Waiting::new();
        assert!(matches!(
            handle.generate(again.clone(), observer),
            Err(InferenceError::Overloaded)
        ));
    });
    engine.generate(request(1, 2), observer).unwrap();
    result.recv().unwrap().unwrap();
    draw(&engine, request(1, 1)).unwrap();
    engine.shutdown();
}

#[test]
fn refused_at_once() {
    let engine = engine();
    let check = |change: &dyn Fn(&mut GenerateRequest)| {
        let mut request = avatar_request(&engine, 1, 1);
        change(&mut request);
        draw(&engine, request).unwrap_err().to_string()
    };
    insta::assert_snapshot!(check(&|r| r.model = "sdxl".into()), @"there is no model `sdxl`");
    insta::assert_snapshot!(check(&|r| r.width = 136), @"width must be a multiple of 32 between 64 and 2048, not 136");
    insta::assert_snapshot!(check(&|r| r.num_inference_steps = 0), @"num_inference_steps must be between 1 and 150, not 0");
    assert_eq!(engine.stats().ticks, 0);
    engine.shutdown();
}
