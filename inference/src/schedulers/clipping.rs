//! Keeps the predicted finished sample within bounds.

use super::{Latents, SchedulerError, keys::Keys};

/// How the predicted finished sample is bounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Clipping {
    Off,
    /// `clip_sample` with `clip_sample_range`.
    Range(f32),
    /// `thresholding`: <https://arxiv.org/abs/2205.11487> section 2.3.
    Dynamic {
        /// The quantile of magnitudes that becomes 1.
        ratio: f32,
        /// The largest magnitude that is scaled down.
        sample_max_value: f32,
    },
}

impl Clipping {
    /// Both ways, of which thresholding goes first; `clip_by_default` is what the class does without the key.
    pub(super) fn from_keys(keys: Keys<'_>, clip_by_default: bool) -> Result<Self, SchedulerError> {
        match Self::dynamic(keys)? {
            Self::Off => Self::range(keys, clip_by_default),
            dynamic => Ok(dynamic),
        }
    }

    /// `clip_sample` alone.
    pub(super) fn range(keys: Keys<'_>, clip_by_default: bool) -> Result<Self, SchedulerError> {
        let range = keys.positive("clip_sample_range", 1.0)? as f32;
        let clip = keys.bool("clip_sample", clip_by_default)?;
        Ok(if clip { Self::Range(range) } else { Self::Off })
    }

    /// `thresholding` alone.
    pub(super) fn dynamic(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        if !keys.bool("thresholding", false)? {
            return Ok(Self::Off);
        }
        Ok(Self::Dynamic {
            ratio: keys.fraction("dynamic_thresholding_ratio", 0.995)? as f32,
            sample_max_value: keys.positive("sample_max_value", 1.0)? as f32,
        })
    }

    pub(super) fn apply(self, mut original: Latents) -> Latents {
        match self {
            Self::Off => {}
            Self::Range(range) => original.mapv_inplace(|value| clamp(value, range)),
            Self::Dynamic {
                ratio,
                sample_max_value,
            } => {
                let mut magnitudes: Vec<f32> = original.iter().map(|value| value.abs()).collect();
                let bound = quantile(&mut magnitudes, ratio).max(1.0).min(sample_max_value);
                original.mapv_inplace(|value| clamp(value, bound) / bound);
            }
        }
        original
    }
}

/// `value` between −`bound` and `bound`; NaN stays NaN.
fn clamp(value: f32, bound: f32) -> f32 {
    if value > bound {
        bound
    } else if value < -bound {
        -bound
    } else {
        value
    }
}

/// `torch.quantile`: linear between the two nearest values.
fn quantile(values: &mut [f32], ratio: f32) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    let rank = ratio * values.len().saturating_sub(1) as f32;
    let below = rank.floor();
    let weight = rank - below;
    let at = |rank: f32| values.get(rank as usize).copied().unwrap_or_default();
    let (low, high) = (at(below), at(rank.ceil()));
    if weight < 0.5 {
        low + weight * (high - low)
    } else {
        high - (high - low) * (1.0 - weight)
    }
}
