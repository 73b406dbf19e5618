//! What comes with a finished picture: snapshots, and what the safety checker says.

use super::*;
use crate::request::Snapshot;
use crate::safety::SafetyVerdict;
use crate::schedulers::SchedulerName;

fn verdict(flagged: bool) -> Result<Option<SafetyVerdict>, InferenceError> {
    Ok(Some(SafetyVerdict { flagged }))
}

/// An engine whose models have doubts like these.
fn engine_that_says(verdict: Result<Option<SafetyVerdict>, InferenceError>) -> Engine {
    engine_with(LIMITS, move |_| {
        let mut model = FakeModel::new();
        model.verdict = verdict.clone();
        Ok(model)
    })
}

#[test]
fn the_verdict_comes_with_the_picture() {
    for said in [verdict(true), verdict(false), Ok(None)] {
        let engine = engine_that_says(said.clone());
        let safety = draw(&engine, request(0, "1")).unwrap().safety;
        assert_eq!(safety, said.unwrap());
    }
}

#[test]
fn a_checker_that_fails_fails_the_picture() {
    let engine = engine_that_says(Err(run_error("no")));
    insta::assert_snapshot!(draw(&engine, request(0, "1")).unwrap_err(), @"unet/model.onnx failed: no");
    let unchecked = GenerateRequest {
        check_safety: false,
        ..request(0, "1")
    };
    assert_eq!(draw(&engine, unchecked).unwrap().safety, None);
}

#[test]
fn snapshots_change_nothing() {
    let engine = engine_with(LIMITS, |_| Ok(FakeModel::new()));
    for name in ["Euler", "Euler a", "Heun", "DPM++ 2M Karras", "PLMS"] {
        let scheduler: SchedulerName = name.parse().unwrap();
        let request = GenerateRequest {
            scheduler: Some(scheduler),
            num_inference_steps: 6,
            ..request(0, "1")
        };
        let plain = draw(&engine, request.clone()).unwrap();
        assert!(plain.snapshots.is_empty());
        let seen = draw(
            &engine,
            GenerateRequest {
                snapshots: vec![1, 3, 30],
                ..request
            },
        )
        .unwrap();
        assert_eq!(seen.image, plain.image, "{name}");
        let steps: Vec<u32> = seen.snapshots.iter().map(|snapshot| snapshot.step).collect();
        assert_eq!(steps, [1, 3, 6], "{name}");
        assert_eq!(seen.snapshots[2].image, plain.image, "{name}");
        assert_ne!(seen.snapshots[0].image, plain.image, "{name}");
    }
}

#[test]
fn snapshots_of_a_first_pass_are_smaller() {
    let engine = engine_with(LIMITS, |_| Ok(FakeModel::new()));
    let request = GenerateRequest {
        hires: Some(crate::Hires {
            scale: 2.0,
            strength: 0.5,
            num_inference_steps: None,
        }),
        num_inference_steps: 4,
        snapshots: vec![4, 5, u32::MAX],
        ..request(0, "1")
    };
    let output = draw(&engine, request).unwrap();
    let seen = |Snapshot { step, image }: &Snapshot| (*step, image.width());
    let seen: Vec<_> = output.snapshots.iter().map(seen).collect();
    assert_eq!(seen, [(4, 64), (5, 128), (6, 128)]);
}
