//! One request without networks: the test plays them.

use std::sync::Arc;

use super::fake::{FakeModel, halves};
use super::plan::Pass;
use super::*;
use crate::error::InferenceError;
use crate::images::{GrayImage, ResizeMode, RgbImage};
use crate::models::{Manifest, ModelSource, inspect};
use crate::noise::{Noise, NoiseDtype, NoiseSource, TorchCpuNoise, Variation, generator, slerp};
use crate::request::{GenerateRequest, Hires, RequestError, Source};
use crate::schedulers::{Latents, Scheduler, SchedulerConfig, StepOutput};

/// Adds as much noise as there are steps left, answers every step with new noise.
#[derive(Debug)]
struct Counting {
    timesteps: Vec<f32>,
    order: usize,
}

impl Counting {
    fn new(evaluations: usize, order: usize) -> Self {
        Self {
            timesteps: (0..evaluations).rev().map(|step| step as f32 + 1.0).collect(),
            order,
        }
    }
}

impl Scheduler for Counting {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn order(&self) -> usize {
        self.order
    }

    fn init_noise_sigma(&self) -> f32 {
        10.0
    }

    fn scale_model_input(&self, sample: &Latents, _: usize) -> Latents {
        sample.clone()
    }

    fn step(&mut self, _: &Latents, _: usize, sample: &Latents, noise: &mut dyn Noise) -> StepOutput {
        StepOutput {
            prev_sample: noise.randn(sample.dim()),
            pred_original_sample: sample.clone(),
        }
    }

    fn add_noise(&self, original: &Latents, noise: &Latents, step: usize) -> Latents {
        original + noise * self.timesteps[step]
    }

    fn set_begin_index(&mut self, _: usize) {}
}

const SHAPE: (usize, usize, usize, usize) = (1, 4, 9, 8);

/// What torch's generator gives to this seed, in turn.
fn draws(seed: u64) -> impl FnMut() -> Latents {
    let mut noise = TorchCpuNoise::new(seed);
    move || noise.randn(SHAPE)
}

/// 64 by 72 pixels.
fn request() -> GenerateRequest {
    GenerateRequest {
        model: "tiny".into(),
        prompt: "1".into(),
        negative_prompt: "-1".into(),
        width: 64,
        height: 72,
        num_inference_steps: 4,
        guidance_scale: 2.0,
        seed: 1,
        ..GenerateRequest::default()
    }
}

fn manifest() -> Manifest {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tiny");
    let mut manifest = inspect("tiny", &ModelSource::Folder(folder.into())).unwrap();
    manifest.info.image_to_image = true;
    manifest.scheduler = SchedulerConfig::from_json(r#"{"_class_name": "EulerDiscreteScheduler"}"#).unwrap();
    manifest
}

fn pass(size: (u32, u32), num_inference_steps: u32, begin: usize) -> Pass {
    Pass {
        width: size.0,
        height: size.1,
        scheduler: Box::new(Counting::new(4, 1)),
        begin,
        num_inference_steps,
    }
}

/// Four steps of the counting scheduler, of which those before `begin` are left out.
fn plan(begin: usize) -> Plan {
    Plan {
        first: pass((64, 72), 4 - begin as u32, begin),
        second: None,
        noise_source: NoiseSource::Cpu,
        inpainting: false,
        scheduler_name: manifest().scheduler.name(),
    }
}

fn begin(request: GenerateRequest, plan: Plan) -> Generation {
    Generation::begin(&mut FakeModel::new(), request, plan).unwrap()
}

fn step(generation: &mut Generation) {
    let answers = halves(&generation.rows().collect::<Vec<_>>());
    generation.advance(answers).unwrap();
}

/// Gray, with one white pixel in the corner of every latent pixel.
fn picture() -> RgbImage {
    RgbImage::from_fn(64, 72, |x, y| {
        let corner = x % 8 == 0 && y % 8 == 0;
        image::Rgb([if corner { 255 } else { 100 }; 3])
    })
}

/// White in its right half.
fn mask() -> GrayImage {
    GrayImage::from_fn(64, 72, |x, _| image::Luma([if x < 32 { 0 } else { 255 }]))
}

fn source(strength: f32, mask: Option<GrayImage>) -> GenerateRequest {
    GenerateRequest {
        source: Some(Source {
            image: Arc::new(picture()),
            strength,
            resize: ResizeMode::Stretch,
            mask: mask.map(Arc::new),
        }),
        ..request()
    }
}

#[test]
fn begins_with_torchs_noise() {
    let plan = Plan::new(&request(), &manifest()).unwrap();
    let sigma = plan.first.scheduler.init_noise_sigma();
    let generation = begin(request(), plan);
    assert_eq!(generation.latents(), &(draws(1)() * sigma));
    assert_eq!(generation.pred_original_sample(), None);
}

#[test]
fn the_request_overrules_whose_noise_the_model_draws_with() {
    let mut manifest = manifest();
    manifest.info.noise = NoiseSource::Cuda;
    assert_eq!(
        Plan::new(&request(), &manifest).unwrap().noise_source,
        NoiseSource::Cuda
    );
    let request = GenerateRequest {
        noise_source: Some(NoiseSource::Cpu),
        ..request()
    };
    assert_eq!(
        Plan::new(&request, &manifest).unwrap().noise_source,
        NoiseSource::Cpu
    );
    let plan = Plan {
        noise_source: NoiseSource::Cuda,
        ..plan(0)
    };
    let mut cuda = generator(NoiseSource::Cuda, NoiseDtype::F32, 1);
    assert_eq!(begin(request, plan).latents(), &(cuda.randn(SHAPE) * 10.0));
}

#[test]
fn a_variation_is_mixed_into_the_first_noise_alone() {
    let variation = Some(Variation {
        seed: 7,
        strength: 0.3,
    });
    let mut generation = begin(
        GenerateRequest {
            variation,
            ..request()
        },
        plan(0),
    );
    let mut draw = draws(1);
    let expected = slerp(0.3, &draw(), &draws(7)()) * 10.0;
    assert_eq!(generation.latents(), &expected);
    step(&mut generation);
    assert_eq!(generation.latents(), &draw());
}

#[test]
fn the_negative_prompt_comes_first_and_only_with_guidance() {
    let who = |generation: &Generation| -> Vec<f32> {
        generation
            .rows()
            .map(|row| row.conditioning.hidden_states[[0, 0]])
            .collect()
    };
    let of = |guidance_scale, guidance_interval| {
        let request = GenerateRequest {
            guidance_scale,
            guidance_interval,
            ..request()
        };
        begin(request, plan(0))
    };
    assert_eq!(who(&of(1.0, None)), [1.0]);
    assert_eq!(who(&of(2.0, None)), [-1.0, 1.0]);
    let mut generation = of(2.0, Some((0.25, 0.75)));
    for expected in [vec![1.0], vec![-1.0, 1.0], vec![-1.0, 1.0], vec![1.0]] {
        assert_eq!(who(&generation), expected);
        step(&mut generation);
    }
    assert!(generation.is_finished());
}

#[test]
fn steps_to_the_end() {
    let plan = Plan::new(&request(), &manifest()).unwrap();
    assert_eq!(plan.num_inference_steps(), 4);
    let mut generation = begin(request(), plan);
    let mut timesteps = Vec::new();
    while !generation.is_finished() {
        timesteps.extend(generation.rows().map(|row| row.timestep));
        step(&mut generation);
    }
    assert_eq!(timesteps, [999.0, 999.0, 666.0, 666.0, 333.0, 333.0, 0.0, 0.0]);
    assert_eq!((generation.step(), generation.rows().count()), (4, 0));
    assert!(generation.latents().iter().all(|value| value.is_finite()));
}

#[test]
fn steps_are_counted_as_diffusers_counts_them() {
    let done = |scheduler: Counting, begin_index, num_inference_steps| -> Vec<u32> {
        let mut plan = plan(0);
        plan.first = Pass {
            scheduler: Box::new(scheduler),
            begin: begin_index,
            num_inference_steps,
            ..plan.first
        };
        let mut generation = begin(request(), plan);
        let mut done = Vec::new();
        while !generation.is_finished() {
            step(&mut generation);
            done.push(generation.step());
        }
        done
    };
    assert_eq!(done(Counting::new(4, 1), 0, 4), [1, 2, 3, 4]);
    assert_eq!(done(Counting::new(4, 1), 2, 2), [1, 2]);
    // Heun's method evaluates the network twice in all steps but the last.
    assert_eq!(done(Counting::new(7, 2), 0, 4), [0, 1, 1, 2, 2, 3, 4]);
    assert_eq!(done(Counting::new(7, 2), 4, 2), [0, 1, 2]);
    // PNDM has one more evaluation than steps.
    assert_eq!(done(Counting::new(5, 1), 0, 4), [0, 1, 2, 3, 4]);
}

#[test]
fn what_is_no_answer_is_an_error() {
    let mut generation = begin(request(), plan(0));
    let answer = generation.latents().clone();
    assert!(matches!(
        generation.advance(vec![answer.clone()]),
        Err(InferenceError::Internal { .. })
    ));
    for wrong in [f32::NAN, f32::INFINITY] {
        let mut answers = vec![answer.clone(), answer.clone()];
        answers[1][[0, 3, 8, 7]] = wrong;
        assert!(matches!(
            generation.advance(answers),
            Err(InferenceError::NotFinite)
        ));
    }
    assert_eq!(generation.step(), 0);
}

#[test]
fn image_to_image_begins_with_the_picture() {
    let request = source(0.5, None);
    let planned = Plan::new(&request, &manifest()).unwrap();
    assert_eq!((planned.first.begin, planned.num_inference_steps()), (2, 2));

    let mut generation = begin(request, plan(2));
    let mut draw = draws(1);
    // The autoencoder comes before the noise.
    draw();
    let noise = draw();
    assert_eq!(generation.latents(), &(1.0 + noise * 2.0));
    assert_eq!(generation.rows().next().unwrap().timestep, 2.0);
    step(&mut generation);
    assert_eq!(generation.latents(), &draw());
    assert_eq!(
        generation.compose(RgbImage::new(64, 72)).unwrap(),
        RgbImage::new(64, 72)
    );
}

#[test]
fn inpainting_puts_the_rest_back() {
    let mut generation = begin(source(0.5, Some(mask())), plan(2));
    let mut draw = draws(1);
    draw();
    let noise = draw();
    assert_eq!(generation.latents(), &(1.0 + &noise * 2.0));
    // The masked picture, which only inpainting UNets see, has taken numbers too.
    draw();
    for level in [1.0, 0.0] {
        step(&mut generation);
        let (around, drawn) = (1.0 + &noise * level, draw());
        let expected = Latents::from_shape_fn(
            SHAPE,
            |index| {
                if index.3 < 4 { around[index] } else { drawn[index] }
            },
        );
        assert_eq!(generation.latents(), &expected);
    }
    assert!(generation.is_finished());
    assert!(generation.rows().all(|row| row.inpaint.is_none()));
    let composed = generation.compose(RgbImage::new(64, 72)).unwrap();
    assert_eq!(composed.get_pixel(31, 0).0, [100; 3]);
    assert_eq!(composed.get_pixel(32, 0).0, [0; 3]);
}

#[test]
fn inpainting_everything_anew_begins_with_noise() {
    let generation = begin(source(1.0, Some(mask())), plan(0));
    let mut draw = draws(1);
    draw();
    assert_eq!(generation.latents(), &(draw() * 10.0));
}

/// What an inpainting UNet sees, the pictures that were encoded, and the latents divided by the first noise.
fn inpainted(request: GenerateRequest, plan_begin: usize) -> (Generation, Vec<Latents>) {
    let mut model = FakeModel::new();
    let plan = Plan {
        inpainting: true,
        ..plan(plan_begin)
    };
    let generation = Generation::begin(&mut model, request, plan).unwrap();
    (generation, model.encoded)
}

fn channels(generation: &Generation) -> Latents {
    generation.rows().next().unwrap().inpaint.unwrap().clone()
}

#[test]
fn inpainting_networks_see_the_mask_and_the_masked_picture() {
    let (generation, encoded) = inpainted(source(0.5, Some(mask())), 2);
    let mut draw = draws(1);
    draw();
    assert_eq!(generation.latents(), &(1.0 + draw() * 2.0));
    assert_eq!(encoded.len(), 2);
    let channels = channels(&generation);
    assert_eq!(channels.dim(), (1, 5, 9, 8));
    for x in 0..8 {
        let (mask, picture) = if x < 4 { (0.0, 1.0) } else { (1.0, 0.0) };
        assert_eq!([channels[[0, 0, 3, x]], channels[[0, 1, 3, x]]], [mask, picture]);
    }
    let composed = generation.compose(RgbImage::new(64, 72)).unwrap();
    assert_eq!(composed.get_pixel(0, 1).0, [100; 3]);
}

#[test]
fn inpainting_networks_do_not_need_the_picture_to_draw_all_of_it() {
    let (generation, encoded) = inpainted(source(1.0, Some(mask())), 0);
    assert_eq!(generation.latents(), &(draws(1)() * 10.0));
    assert_eq!(encoded.len(), 1);
}

#[test]
fn inpainting_networks_draw_from_a_prompt_alone() {
    let (generation, encoded) = inpainted(request(), 0);
    assert_eq!(generation.latents(), &(draws(1)() * 10.0));
    assert_eq!(encoded, [Latents::zeros((1, 3, 72, 64))]);
    let channels = channels(&generation);
    assert!((0..8).all(|x| channels[[0, 0, 0, x]] == 1.0 && channels[[0, 1, 0, x]] == 0.0));
}

#[test]
fn a_second_pass_goes_on_from_the_enlarged_latents() {
    let hires = Hires {
        scale: 2.0,
        strength: 0.5,
        num_inference_steps: Some(6),
    };
    let request = GenerateRequest {
        hires: Some(hires),
        ..request()
    };
    let planned = Plan::new(&request, &manifest()).unwrap();
    assert_eq!(planned.num_inference_steps(), 4 + 3);
    let second = planned.second.as_ref().unwrap();
    assert_eq!((second.width, second.height, second.begin), (128, 144, 3));

    let plan = Plan {
        second: Some(pass((128, 144), 2, 2)),
        ..plan(0)
    };
    let mut generation = begin(request, plan);
    while !generation.is_pass_finished() {
        step(&mut generation);
    }
    assert!(!generation.is_finished());
    assert_eq!((generation.size(), generation.step()), ((64, 72), 4));
    let small = generation.latents().clone();

    generation.begin_second_pass(&mut FakeModel::new()).unwrap();
    assert_eq!((generation.size(), generation.step()), ((128, 144), 4));
    let mut noise = TorchCpuNoise::new(1);
    for _ in 0..5 {
        noise.randn(SHAPE);
    }
    let enlarged = crate::images::upscale_latents(&small, 18, 16, crate::images::LatentUpscaler::default());
    let expected = enlarged + noise.randn((1, 4, 18, 16)) * 2.0;
    assert_eq!(generation.latents(), &expected);
    step(&mut generation);
    step(&mut generation);
    assert!(generation.is_finished());
    assert_eq!(generation.step(), 6);
}

#[test]
fn what_the_model_cannot_do_is_refused() {
    let refused = |request: &GenerateRequest, change: &dyn Fn(&mut Manifest)| {
        let mut manifest = manifest();
        change(&mut manifest);
        Plan::new(request, &manifest).unwrap_err().to_string()
    };
    insta::assert_snapshot!(
        refused(&source(0.5, None), &|manifest| manifest.info.image_to_image = false),
        @"the model `tiny` has no `vae_encoder`, which is needed to begin with a picture"
    );
    insta::assert_snapshot!(
        refused(&request(), &|manifest| manifest.info.size_multiple = 64),
        @"height must be a multiple of 64 between 64 and 2048, not 72"
    );
    let error = RequestError::StrengthTooLow {
        strength: 0.1,
        num_inference_steps: 4,
    };
    assert_eq!(source(0.1, None).validate(), Err(error));
}
