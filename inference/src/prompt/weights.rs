//! What the weights of tokens do to the text encoder's output.

use ndarray::{Array2, Axis};

/// Multiplies the hidden states of each token with its weight, and then all of them so that their mean is what it was
/// (`EmphasisOriginal` in A1111's `modules/sd_emphasis.py`).
///
/// `hidden_states` are those of one chunk, `[tokens, dimensions]`; tokens without a weight keep theirs. The mean is left
/// as it is when it cannot be restored, because the weighted states have the mean zero.
pub fn apply_weights(hidden_states: &mut Array2<f32>, weights: &[f32]) {
    if weights.iter().all(|&weight| weight == 1.0) {
        return;
    }
    let weight = |row: usize| f64::from(weights.get(row).copied().unwrap_or(1.0));
    let (mut sum, mut weighted_sum) = (0.0, 0.0);
    for (row, states) in hidden_states.axis_iter(Axis(0)).enumerate() {
        let row_sum: f64 = states.iter().copied().map(f64::from).sum();
        sum += row_sum;
        weighted_sum += row_sum * weight(row);
    }
    let restored = sum / weighted_sum;
    let scale = if restored.is_finite() { restored } else { 1.0 };
    for (row, mut states) in hidden_states.axis_iter_mut(Axis(0)).enumerate() {
        let factor = weight(row) * scale;
        states.mapv_inplace(|state| (f64::from(state) * factor) as f32);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use serde::Deserialize;

    use super::apply_weights;

    #[derive(Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        weights: Vec<f32>,
        hidden_states: Vec<f32>,
        weighted: Vec<f32>,
    }

    #[test]
    fn weighted_states_are_those_of_a1111() {
        let golden: Golden =
            serde_json::from_str(include_str!("../../testdata/prompt/weights.json")).unwrap();
        for case in golden.cases {
            let mut states = Array2::from_shape_vec((4, 6), case.hidden_states).unwrap();
            apply_weights(&mut states, &case.weights);
            for (state, expected) in states.iter().zip(case.weighted) {
                assert!(
                    (state - expected).abs() <= 1e-4 * expected.abs().max(1.0),
                    "{state}, not {expected}"
                );
            }
        }
    }

    #[test]
    fn a_mean_of_zero_is_no_reason_for_infinite_states() {
        let mut states = array![[1.0, 2.0], [1.0, 2.0]];
        apply_weights(&mut states, &[1.0, -1.0]);
        assert_eq!(states, array![[1.0, 2.0], [-1.0, -2.0]]);
    }

    #[test]
    fn huge_weights_stay_numbers() {
        let mut states = array![[1.0, 2.0], [3.0, 2.0]];
        apply_weights(&mut states, &[1.0, f32::MAX]);
        assert!(states.iter().all(|state| state.is_finite()), "{states}");
    }
}
