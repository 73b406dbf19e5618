//! What the network's output means, and how the finished sample or the noise is taken from it.

use std::fmt;

use super::{
    Latents, SchedulerError,
    keys::Keys,
    numbers::{combine, map},
};

/// What the network's output means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PredictionType {
    /// The noise in the sample.
    Epsilon,
    /// The velocity, <https://arxiv.org/abs/2202.00512> appendix D.
    VPrediction,
    /// The finished sample.
    Sample,
}

impl PredictionType {
    const ALL: [(&'static str, Self); 3] = [
        ("epsilon", Self::Epsilon),
        ("v_prediction", Self::VPrediction),
        ("sample", Self::Sample),
    ];

    /// The word for it in `scheduler_config.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Epsilon => "epsilon",
            Self::VPrediction => "v_prediction",
            Self::Sample => "sample",
        }
    }

    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        keys.word("prediction_type", &Self::ALL, Self::Epsilon)
    }

    /// For the classes that cannot work with a network that predicts the finished sample.
    pub(super) fn from_keys_without_sample(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let [epsilon, velocity, _] = Self::ALL;
        keys.word("prediction_type", &[epsilon, velocity], Self::Epsilon)
    }

    /// Euler's class knows another word for the finished sample.
    pub(super) fn from_keys_of_euler(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let [epsilon, velocity, sample] = Self::ALL;
        let choices = [epsilon, velocity, sample, ("original_sample", Self::Sample)];
        keys.word("prediction_type", &choices, Self::Epsilon)
    }

    /// The finished sample, where the noisy one is `alpha` × finished + `sigma` × noise.
    pub(super) fn original(self, output: &Latents, sample: &Latents, alpha: f32, sigma: f32) -> Latents {
        match self {
            Self::Epsilon => map(sample, output, |sample, output| (sample - sigma * output) / alpha),
            Self::VPrediction => combine((alpha, sample), &[(-sigma, output)]),
            Self::Sample => output.clone(),
        }
    }

    /// The noise, where the noisy sample is `alpha` × finished + `sigma` × noise.
    pub(super) fn noise(self, output: &Latents, sample: &Latents, alpha: f32, sigma: f32) -> Latents {
        match self {
            Self::Epsilon => output.clone(),
            Self::VPrediction => combine((alpha, output), &[(sigma, sample)]),
            Self::Sample => map(sample, output, |sample, output| (sample - alpha * output) / sigma),
        }
    }

    /// The finished sample, where the noisy one is finished + `sigma` × noise.
    pub(super) fn original_at_sigma(self, output: &Latents, sample: &Latents, sigma: f32) -> Latents {
        match self {
            Self::Epsilon => combine((1.0, sample), &[(-sigma, output)]),
            Self::VPrediction => {
                let variance = sigma * sigma + 1.0;
                let scale = -sigma / variance.sqrt();
                map(output, sample, |output, sample| {
                    output * scale + sample / variance
                })
            }
            Self::Sample => output.clone(),
        }
    }
}

impl fmt::Display for PredictionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
