//! Spherical interpolation between two tensors of noise.

use ndarray::{Axis, Zip};

use crate::schedulers::Latents;

/// Vectors that point the same way, to this cosine, are interpolated along the straight line.
const PARALLEL: f32 = 0.9995;

/// A1111's mixture of two tensors `[1, channels, height, width]` of noise (`slerp` in its `modules/rng.py`).
///
/// The vectors between which it interpolates are the columns: each runs along the height, so every column of every
/// channel turns by its own angle. When the columns are parallel on average, A1111 mixes linearly and the other way
/// round, `strength` being the part of `low`. Both are kept because pictures depend on them. Columns without an angle
/// between them (a height of one, a column of zeros), which are not numbers in A1111, are mixed linearly.
pub fn slerp(strength: f32, low: &Latents, high: &Latents) -> Latents {
    const HEIGHT: Axis = Axis(2);
    let norm = |tensor: &Latents| {
        (tensor * tensor)
            .sum_axis(HEIGHT)
            .mapv(f32::sqrt)
            .insert_axis(HEIGHT)
    };
    let cosines = ((low / &norm(low)) * (high / &norm(high))).sum_axis(HEIGHT);
    if cosines.mean().is_some_and(|mean| mean > PARALLEL) {
        return low * strength + high * (1.0 - strength);
    }
    let (low_parts, high_parts) = {
        let parts = cosines.mapv(|cosine| parts(strength, cosine));
        (parts.mapv(|(low, _)| low), parts.mapv(|(_, high)| high))
    };
    let mut mixed = low * &low_parts.insert_axis(HEIGHT);
    Zip::from(&mut mixed)
        .and(high)
        .and_broadcast(&high_parts.insert_axis(HEIGHT))
        .for_each(|mixed, high, part| *mixed += high * part);
    mixed
}

/// How much of each vector is in the mixture of two with this cosine between them.
fn parts(strength: f32, cosine: f32) -> (f32, f32) {
    let angle = cosine.acos();
    let sine = angle.sin();
    // Not a number where the cosine is none or beyond one; tiny and meaningless at half a turn.
    if sine.is_nan() || sine.abs() < 1e-6 {
        return (1.0 - strength, strength);
    }
    (
        ((1.0 - strength) * angle).sin() / sine,
        (strength * angle).sin() / sine,
    )
}
