//! Classifier-free guidance, <https://arxiv.org/abs/2207.12598>.

use ndarray::Zip;

use crate::request::{GenerateRequest, decimal};
use crate::schedulers::Latents;

/// Whether the negative prompt is looked at, as in diffusers.
pub(super) fn is_active(guidance_scale: f32) -> bool {
    guidance_scale > 1.0
}

/// Whether step `step` of a schedule of `steps` lies in the interval; see [`GenerateRequest::guidance_interval`].
pub(super) fn is_in_interval(interval: Option<(f32, f32)>, step: usize, steps: usize) -> bool {
    let index = |fraction| (decimal(fraction) * steps as f64) as usize;
    interval.is_none_or(|(start, stop)| (index(start)..index(stop)).contains(&step))
}

/// The network's answers to the negative prompt and to the prompt as one.
pub(super) fn combine(negative: &Latents, prompt: Latents, request: &GenerateRequest) -> Latents {
    if request.guidance_rescale > 0.0 {
        let deviation = standard_deviation(&prompt);
        let guided = guide(negative, prompt, request.guidance_scale);
        rescale(guided, deviation, request.guidance_rescale)
    } else {
        guide(negative, prompt, request.guidance_scale)
    }
}

/// Away from the negative prompt, towards the prompt: `negative + scale · (prompt − negative)`.
fn guide(negative: &Latents, mut prompt: Latents, guidance_scale: f32) -> Latents {
    Zip::from(&mut prompt)
        .and(negative)
        .for_each(|prompt, &negative| *prompt = negative + guidance_scale * (*prompt - negative));
    prompt
}

/// Brings the standard deviation back to that of the prompt's own answer, by the part `rescale` of the way: section 3.4
/// of <https://arxiv.org/abs/2305.08891>, as `rescale_noise_cfg` of diffusers' `pipeline_stable_diffusion.py`.
fn rescale(guided: Latents, deviation: f32, rescale: f32) -> Latents {
    let ratio = deviation / standard_deviation(&guided);
    guided.mapv_into(|value| rescale * (value * ratio) + (1.0 - rescale) * value)
}

/// With Bessel's correction, over everything: the latents are those of one picture.
fn standard_deviation(latents: &Latents) -> f32 {
    let count = latents.len() as f64;
    let mean = latents.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let squares: f64 = latents
        .iter()
        .map(|&value| (f64::from(value) - mean).powi(2))
        .sum();
    (squares / (count - 1.0)).sqrt() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latents(values: [f32; 2]) -> Latents {
        Latents::from_shape_fn((1, 1, 1, 2), |(.., x)| values[x])
    }

    #[test]
    fn from_the_negative_prompt_through_the_prompt() {
        let guide = |scale| guide(&latents([2.0, 0.0]), latents([3.0, 0.0]), scale)[[0, 0, 0, 0]];
        assert_eq!([guide(0.0), guide(1.0), guide(7.5)], [2.0, 3.0, 9.5]);
        assert!(!is_active(1.0) && is_active(1.01));
    }

    #[test]
    fn rescaled_to_the_contrast_of_the_prompts_answer() {
        let combine = |guidance_rescale| {
            let request = GenerateRequest {
                guidance_scale: 3.0,
                guidance_rescale,
                ..GenerateRequest::default()
            };
            combine(&latents([0.0, 0.0]), latents([1.0, -1.0]), &request)
        };
        assert_eq!(combine(0.0), latents([3.0, -3.0]));
        assert_eq!(combine(1.0), latents([1.0, -1.0]));
        assert_eq!(combine(0.5), latents([2.0, -2.0]));
    }

    #[test]
    fn the_interval_has_a_start_and_a_stop() {
        let steps = |interval| -> Vec<usize> {
            (0..10)
                .filter(|&step| is_in_interval(interval, step, 10))
                .collect()
        };
        assert_eq!(steps(None).len(), 10);
        assert_eq!(steps(Some((0.0, 1.0))).len(), 10);
        assert_eq!(steps(Some((0.29, 0.7))), [2, 3, 4, 5, 6]);
        assert_eq!(steps(Some((0.5, 0.5))), [0; 0]);
    }
}
