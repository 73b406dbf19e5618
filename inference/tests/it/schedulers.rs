//! Loops of every algorithm beside those of diffusers, on random configurations.

use std::io::{BufRead, BufReader};

use flate2::read::GzDecoder;
use serde::Deserialize;

use crate::scheduler_replay::{Case, Run};

/// What diffusers made of a case.
#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    Run(Run),
    /// It stopped with an exception.
    Refused {
        #[expect(dead_code, reason = "tells the variants apart, and readers of the file why")]
        refused: String,
    },
    /// It went on with values that are not finite.
    Nan {
        #[expect(dead_code, reason = "tells the variants apart")]
        nan: bool,
    },
}

#[derive(Deserialize)]
struct Golden {
    #[serde(flatten)]
    case: Case,
    expected: Expected,
}

fn golden() -> Vec<Golden> {
    let file = include_bytes!("../../testdata/schedulers/golden.jsonl.gz");
    BufReader::new(GzDecoder::new(file.as_slice()))
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect()
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |largest, value| value.abs().max(largest))
}

/// The differences of two lists, each measured by a scale; a length that differs is an infinite one.
fn errors(actual: &[f32], expected: &[f32], scale: f32) -> f32 {
    if actual.len() != expected.len() {
        return f32::INFINITY;
    }
    let differences = actual.iter().zip(expected).map(|(actual, expected)| {
        let difference = (actual - expected).abs() / scale;
        if difference.is_nan() {
            f32::INFINITY
        } else {
            difference
        }
    });
    differences.fold(0.0, f32::max)
}

/// The largest difference, measured by the largest latent of the step or of that before it: a step that leaves little
/// of a large sample keeps the rounding of the large one.
fn relative_error(actual: &Run, expected: &Run) -> f32 {
    let sigma = expected.init_noise_sigma;
    let mut worst = errors(&actual.timesteps, &expected.timesteps, 1000.0)
        .max((actual.init_noise_sigma - sigma).abs() / sigma);
    if actual.steps.len() != expected.steps.len() {
        return f32::INFINITY;
    }
    let mut before = 0.0;
    for (index, (actual_step, step)) in actual.steps.iter().zip(&expected.steps).enumerate() {
        let scale = largest(step).max(before);
        worst = worst.max(errors(actual_step, step, scale));
        let probes = [
            (&actual.originals, &expected.originals, index.checked_sub(1)),
            (&actual.known, &expected.known, index.checked_sub(1)),
        ];
        for (actual, expected, index) in probes {
            let Some((index, &value)) = index.and_then(|index| Some((index, expected.get(index)?))) else {
                continue;
            };
            let actual = actual.get(index).copied().unwrap_or(f32::NAN);
            worst = worst.max(errors(&[actual], &[value], scale.max(value.abs())));
        }
        before = largest(step);
    }
    worst
}

#[test]
fn loops_of_random_configurations_are_those_of_diffusers() {
    let golden = golden();
    assert!(golden.len() >= 500);
    let mut failures = Vec::new();
    for Golden { case, expected } in &golden {
        let verdict = match (expected, case.run()) {
            (Expected::Run(expected), Ok(actual)) => match relative_error(&actual, expected) {
                error if error <= 1e-5 => continue,
                error => format!("error {error:e}"),
            },
            (Expected::Run(_), Err(error)) => format!("refused: {error}"),
            (Expected::Refused { .. } | Expected::Nan { .. }, Ok(_)) => "not refused".to_owned(),
            (Expected::Refused { .. } | Expected::Nan { .. }, Err(_)) => continue,
        };
        failures.push(format!("{verdict}: {case:?}"));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
