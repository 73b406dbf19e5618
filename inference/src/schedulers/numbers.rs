//! Arithmetic that comes out the same on every machine.
//!
//! torch's and numpy's elementary functions in single precision may be off by an ulp or more, differently on each
//! processor. Where such an error would be magnified, the reference vectors are made with correctly rounded
//! functions, and these are their counterparts.

use ndarray::Zip;

use super::Latents;

/// ln x, rounded once.
pub(super) fn ln(x: f32) -> f32 {
    f64::from(x).ln() as f32
}

/// eˣ, rounded once.
pub(super) fn exp(x: f32) -> f32 {
    f64::from(x).exp() as f32
}

/// eˣ − 1, rounded once.
pub(super) fn exp_m1(x: f32) -> f32 {
    f64::from(x).exp_m1() as f32
}

/// `numpy.linspace(start, end, len)`; its last value is `end` itself.
pub(super) fn linspace(start: f64, end: f64, len: usize) -> Vec<f64> {
    let increment = (end - start) / len.saturating_sub(1).max(1) as f64;
    (0..len)
        .map(|index| match index {
            index if index > 0 && index + 1 == len => end,
            index => index as f64 * increment + start,
        })
        .collect()
}

/// The sum of coefficient × tensor, added from left to right.
pub(super) fn combine(first: (f32, &Latents), others: &[(f32, &Latents)]) -> Latents {
    let (coefficient, tensor) = first;
    let mut sum = tensor.mapv(|value| coefficient * value);
    for &(coefficient, tensor) in others {
        sum.zip_mut_with(tensor, |sum, &value| *sum += coefficient * value);
    }
    sum
}

/// Each value of two tensors through a function.
pub(super) fn map(a: &Latents, b: &Latents, f: impl Fn(f32, f32) -> f32) -> Latents {
    Zip::from(a).and(b).map_collect(|&a, &b| f(a, b))
}

/// coefficient × (a − b).
pub(super) fn difference(coefficient: f32, a: &Latents, b: &Latents) -> Latents {
    map(a, b, |a, b| coefficient * (a - b))
}
