//! Classifier-free guidance, <https://arxiv.org/abs/2207.12598>.

use ndarray::Zip;

use crate::schedulers::Latents;

/// Whether the negative prompt is looked at, as in diffusers.
pub(super) fn is_active(guidance_scale: f32) -> bool {
    guidance_scale > 1.0
}

/// Away from the negative prompt, towards the prompt: `negative + scale · (prompt − negative)`.
pub(super) fn guide(negative: &Latents, mut prompt: Latents, guidance_scale: f32) -> Latents {
    Zip::from(&mut prompt)
        .and(negative)
        .for_each(|prompt, &negative| *prompt = negative + guidance_scale * (*prompt - negative));
    prompt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_the_negative_prompt_through_the_prompt() {
        let guide = |scale| {
            guide(
                &Latents::from_elem((1, 1, 1, 1), 2.0),
                Latents::from_elem((1, 1, 1, 1), 3.0),
                scale,
            )[[0, 0, 0, 0]]
        };
        assert_eq!([guide(0.0), guide(1.0), guide(7.5)], [2.0, 3.0, 9.5]);
        assert!(!is_active(1.0) && is_active(1.01));
    }
}
