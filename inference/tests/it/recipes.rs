//! The text in a picture draws the picture again.

use inference::{GenerateRequest, Hires, Recipe};

use crate::support::{draw, engine};

#[test]
fn the_text_draws_the_same_picture() {
    let engine = engine();
    let model = &engine.models()[0];
    let drawn = |request: GenerateRequest| {
        let output = draw(&engine, request).unwrap();
        (output.image, output.recipe.to_string())
    };
    let plain = GenerateRequest {
        num_inference_steps: 3,
        ..model.request("(pink hair:1.2),\nsmile", 5)
    };
    let unusual = GenerateRequest {
        negative_prompt: "glasses".into(),
        scheduler: Some("DPM++ 2M Karras".parse().unwrap()),
        guidance_rescale: 0.5,
        guidance_interval: Some((0.0, 0.7)),
        hires: Some(Hires {
            scale: 1.25,
            strength: 0.5,
            num_inference_steps: Some(4),
        }),
        ..plain.clone()
    };
    for request in [plain, unusual] {
        let (image, text) = drawn(request);
        let recipe: Recipe = text.parse().unwrap();
        let (again, text_again) = drawn(GenerateRequest::from_recipe(&recipe, model).unwrap());
        assert_eq!(text, text_again);
        assert!(image == again, "{text}");
    }
    engine.shutdown();
}
