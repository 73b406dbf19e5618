//! Many requests at once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};

use inference::images::ResizeMode;
use inference::{
    Engine, EngineConfig, GenerateRequest, Hires, InferenceError, Progress, RgbImage, SessionConfig, Source,
};

use crate::support::{Waiting, avatar, draw, engine, load_runtime};
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

/// Finished steps, all steps, and the width of the preview, at every step of a request.
fn progress(engine: &Engine, request: GenerateRequest) -> Vec<(u32, u32, u32)> {
    let (sender, steps) = mpsc::channel::<Progress>();
    let (observer, result) = Waiting::with_progress(move |progress| sender.send(progress).unwrap());
    engine.generate(request, observer).unwrap();
    result.recv().unwrap().unwrap();
    steps
        .iter()
        .map(|progress| {
            let preview = progress.preview.unwrap();
            (progress.step, progress.num_inference_steps, preview.width())
        })
        .collect()
}

#[test]
fn progress_and_previews() {
    let engine = engine();
    let request = avatar_request(&engine, 1, 3);
    assert_eq!(
        progress(&engine, request.clone()),
        [(1, 3, 16), (2, 3, 16), (3, 3, 16)]
    );
    let from_a_picture = GenerateRequest {
        source: Some(Source {
            image: Arc::new(RgbImage::new(100, 50)),
            strength: 0.7,
            resize: ResizeMode::Fill,
            mask: None,
        }),
        ..request.clone()
    };
    assert_eq!(progress(&engine, from_a_picture), [(1, 2, 16), (2, 2, 16)]);
    let twice = GenerateRequest {
        hires: Some(Hires {
            scale: 1.5,
            strength: 0.5,
            num_inference_steps: Some(4),
        }),
        ..request
    };
    assert_eq!(
        progress(&engine, twice.clone()),
        [(1, 5, 16), (2, 5, 16), (3, 5, 16), (4, 5, 24), (5, 5, 24)]
    );
    assert_eq!(draw(&engine, twice).unwrap().image.dimensions(), (192, 192));
    engine.shutdown();
}

#[test]
fn guidance_costs_nothing_outside_its_interval() {
    let engine = engine();
    let request = GenerateRequest {
        guidance_interval: Some((0.2, 0.8)),
        ..avatar_request(&engine, 1, 10)
    };
    draw(&engine, request).unwrap();
    let stats = engine.stats();
    assert_eq!((stats.unet_calls, stats.unet_rows), (10, 10 + 6));
    engine.shutdown();
}

#[test]
fn models_take_turns_in_too_little_memory() {
    load_runtime();
    let config = EngineConfig {
        models: vec![
            ("avatar".into(), avatar()),
            ("tiny".into(), variant("unet/model.onnx")),
        ],
        session: SessionConfig::default(),
        max_batch_rows: 4,
        max_pending: 4,
        memory_budget_bytes: Some(1),
        safety_checker: None,
    };
    let engine = Engine::start(config).unwrap();
    let before = draw(&engine, avatar_request(&engine, 1, 2)).unwrap();
    draw(&engine, request(1, 1)).unwrap();
    let after = draw(&engine, avatar_request(&engine, 1, 2)).unwrap();
    assert_eq!(before.image, after.image);
    engine.shutdown();
    let stats = engine.stats();
    assert_eq!((stats.model_loads, stats.model_unloads), (3, 2));
    assert!(!stats.network_time.is_zero() && stats.network_time <= stats.busy);
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
        memory_budget_bytes: None,
        safety_checker: None,
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
    insta::assert_snapshot!(
        check(&|r| r.hires = Some(Hires { scale: 4.0, strength: 0.5, num_inference_steps: None })),
        @"a strength of 0.5 leaves none of 1 steps to do"
    );
    assert_eq!(engine.stats().ticks, 0);
    engine.shutdown();
}

#[test]
fn a_model_without_an_encoder_cannot_begin_with_a_picture() {
    let engine = tiny_engine(variant("unet/model.onnx"));
    let request = GenerateRequest {
        source: Some(Source {
            image: Arc::new(RgbImage::new(64, 64)),
            strength: 0.7,
            resize: ResizeMode::default(),
            mask: None,
        }),
        ..request(1, 4)
    };
    insta::assert_snapshot!(
        draw(&engine, request).unwrap_err(),
        @"the model `tiny` has no `vae_encoder`, which is needed to begin with a picture"
    );
    engine.shutdown();
}
