//! The quantiles of the beta distribution with both parameters 0.6, which beta sigmas are spread by,
//! <https://arxiv.org/abs/2407.12173>.

/// Both parameters of the distribution.
const SHAPE: f64 = 0.6;
/// B(0.6, 0.6) = Γ(0.6)² / Γ(1.2).
const BETA_FUNCTION: f64 = 2.415_344_208_002_472;

/// The value below which a share of `probability` (0 to 1) lies; `scipy.stats.beta.ppf(probability, 0.6, 0.6)`.
pub(super) fn ppf(probability: f64) -> f64 {
    if probability > 0.5 {
        // The distribution is symmetrical.
        1.0 - lower_half(1.0 - probability)
    } else {
        lower_half(probability)
    }
}

/// Newton's method on the cumulative distribution, which is concave below one half, so that it comes from the left
/// after its first step and never leaves the interval.
fn lower_half(probability: f64) -> f64 {
    if probability <= 0.0 {
        return 0.0;
    }
    // The first term of the series, solved for x.
    let mut x = (probability * SHAPE * BETA_FUNCTION).powf(1.0 / SHAPE).min(0.5);
    for _ in 0..30 {
        let density = (x * (1.0 - x)).powf(SHAPE - 1.0) / BETA_FUNCTION;
        let step = (cumulative(x) - probability) / density;
        x -= step;
        if step.abs() <= f64::EPSILON * x {
            break;
        }
    }
    x
}

/// The regularised incomplete beta function of `x` ≤ 0.5 by its power series,
/// <https://dlmf.nist.gov/8.17#E7>: xᵃ / (a B(a, b)) · ₂F₁(a, 1 − b; a + 1; x).
fn cumulative(x: f64) -> f64 {
    let mut coefficient = 1.0;
    let mut sum = 1.0 / SHAPE;
    for index in 1..80 {
        let index = f64::from(index);
        coefficient *= (index - SHAPE) / index * x;
        sum += coefficient / (SHAPE + index);
    }
    x.powf(SHAPE) / BETA_FUNCTION * sum
}

#[cfg(test)]
mod tests {
    use super::ppf;

    /// Against `scipy.stats.beta.ppf(probability, 0.6, 0.6)`.
    #[track_caller]
    fn check(probability: f64, expected: f64) {
        let actual = ppf(probability);
        assert!(
            (actual - expected).abs() <= 1e-12 * expected.abs(),
            "{probability}: {actual}"
        );
    }

    #[test]
    fn quantiles_are_those_of_scipy() {
        check(0.0, 0.0);
        check(0.001, 1.855_873_851_745_199e-5);
        check(0.1, 0.039_584_405_588_780_85);
        check(0.25, 0.175_680_378_652_694_98);
        check(0.4999, 0.499_861_274_905_499_75);
        check(0.5, 0.5);
        check(0.7, 0.765_982_996_124_764_3);
        check(0.999, 0.999_981_441_261_482_6);
        check(1.0, 1.0);
    }
}
