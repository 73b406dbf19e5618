//! The prompts of one request as the UNet reads them.

use super::guidance;
use crate::error::InferenceError;
use crate::models::{Conditioning, DiffusionModel, PromptInput};
use crate::request::GenerateRequest;

/// What the text encoder made of the prompts of a request.
#[derive(Debug)]
pub(super) struct Prompts {
    pub(super) prompt: Conditioning,
    /// The negative prompt; absent when guidance is off.
    pub(super) negative_prompt: Option<Conditioning>,
}

impl Prompts {
    /// Encodes the prompt, and the negative one if it is used.
    pub(super) fn encode(
        model: &mut dyn DiffusionModel,
        request: &GenerateRequest,
    ) -> Result<Self, InferenceError> {
        let input = |text| PromptInput {
            text,
            syntax: request.prompt_syntax,
            clip_skip: request.clip_skip,
        };
        let prompt = model.encode_prompt(&input(&request.prompt))?;
        let negative_prompt = if guidance::is_active(request.guidance_scale) {
            Some(model.encode_prompt(&input(&request.negative_prompt))?)
        } else {
            None
        };
        Ok(Self {
            prompt,
            negative_prompt,
        })
    }

    /// Whether one of them had more tokens than the model reads.
    pub(super) fn truncated(&self) -> bool {
        self.prompt.truncated
            || self
                .negative_prompt
                .as_ref()
                .is_some_and(|negative| negative.truncated)
    }
}
