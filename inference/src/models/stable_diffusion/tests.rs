//! The parts on ONNX Runtime against what diffusers computes with the same weights in torch. The folders are
//! `testdata/exports/`, written by `onnx/tools/make_export_variants.py`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ndarray::{Array4, Axis, Slice, concatenate};
use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::images::tensor_from_rgb;
use crate::models::card::CARD_FILE;
use crate::noise::TorchCpuNoise;
use crate::prompt::{Chunk, PromptSyntax};
use crate::runtime::{self, RuntimeRequest};
use crate::session::{Provider, SessionConfig};

/// Every way to export the first model in single precision.
const SAME: [&str; 6] = [
    "optimum",
    "optimum_old",
    "legacy",
    "ort_cuda",
    "external",
    "ekaki",
];

fn exports() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/exports")
}

fn source(export: &str) -> ModelSource {
    ModelSource::Folder(exports().join(export))
}

fn factory() -> SessionFactory {
    static LOADED: OnceLock<()> = OnceLock::new();
    LOADED.get_or_init(|| {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
        let library = runtime::locate_or_install(&RuntimeRequest::new(data), &mut |_| ()).unwrap();
        runtime::load(&library).unwrap();
    });
    let config = SessionConfig {
        provider: Provider::Cpu,
        intra_threads: Some(1),
    };
    SessionFactory::new(config).unwrap()
}

fn model(export: &str) -> StableDiffusion {
    StableDiffusion::load(&source(export), Task::Draw, &factory()).unwrap()
}

/// A tensor of `tensors.json`.
#[derive(Deserialize)]
struct Tensor {
    shape: Vec<usize>,
    values: Vec<f32>,
}

fn golden() -> Value {
    serde_json::from_slice(&fs::read(exports().join("tensors.json")).unwrap()).unwrap()
}

fn tensor(value: &Value) -> Tensor {
    serde_json::from_value(value.clone()).unwrap()
}

fn picture(file: &str) -> RgbImage {
    image::open(exports().join(file)).unwrap().into_rgb8()
}

fn assert_close<'a>(what: &str, found: impl IntoIterator<Item = &'a f32>, expected: &[f32], tolerance: f32) {
    let found: Vec<f32> = found.into_iter().copied().collect();
    assert_eq!(found.len(), expected.len(), "{what}");
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    let largest = differences.fold(0.0, f32::max);
    assert!(largest <= tolerance, "{what}: {largest}");
}

fn prompt(text: &str, clip_skip: Option<u32>) -> PromptInput<'_> {
    PromptInput {
        text,
        syntax: PromptSyntax::A1111,
        clip_skip,
    }
}

#[test]
fn conditioning_equals_diffusers() {
    let golden = &golden()["conditioning"];
    let text = golden["prompt"].as_str().unwrap();
    let check = |export: &str, clip_skip: Option<u32>, expected: &str, tolerance: f32| {
        let expected = tensor(&golden[expected]);
        let found = model(export).encode_prompt(&prompt(text, clip_skip)).unwrap();
        assert_eq!(found.hidden_states.shape(), &expected.shape[1..]);
        assert_close(export, &*found.hidden_states, &expected.values, tolerance);
        assert!(!found.truncated);
    };
    for export in SAME {
        check(export, None, "1", 1e-4);
        check(export, Some(2), "2", 1e-4);
        check(export, Some(3), "3", 1e-4);
    }
    check("fp16", Some(1), "1", 1e-1);
    check("fp16", Some(2), "2", 1e-1);
}

#[test]
fn clip_skip_that_the_export_cannot() {
    let error = |export: &str, clip_skip| {
        let mut model = model(export);
        model
            .encode_prompt(&prompt("", Some(clip_skip)))
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(error("optimum", 12), @"the model cannot draw this: clip_skip can be at most 4 with this export, not 12");
    insta::assert_snapshot!(error("ekaki", 12), @"the model cannot draw this: clip_skip can be at most 4 with this export, not 12");
}

#[test]
fn the_models_own_clip_skip() {
    let with_card = |export: &str, clip_skip: u32| {
        let folder = tempfile::tempdir().unwrap();
        copy(&exports().join(export), folder.path());
        let card = format!(r#"{{"clip_skip": {clip_skip}}}"#);
        fs::write(folder.path().join(CARD_FILE), card).unwrap();
        let source = ModelSource::Folder(folder.path().into());
        let model = StableDiffusion::load(&source, Task::Draw, &factory());
        model.map_err(|error| {
            error
                .to_string()
                .replace(&folder.path().display().to_string(), export)
        })
    };
    insta::assert_snapshot!(with_card("optimum", 12).unwrap_err(), @"the model file optimum/text_encoder/model.onnx is not usable: clip_skip can be at most 4 with this export, not 12");
    let golden = &golden()["conditioning"];
    let text = golden["prompt"].as_str().unwrap();
    let mut model = with_card("ekaki", 2).unwrap();
    for (clip_skip, expected) in [(None, "2"), (Some(1), "1"), (Some(0), "1")] {
        let found = model.encode_prompt(&prompt(text, clip_skip)).unwrap();
        let expected = tensor(&golden[expected]).values;
        assert_close("ekaki", &*found.hidden_states, &expected, 1e-4);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The vectors of a word as its file has them.
fn safetensors(vectors: &[[f32; 8]]) -> Vec<u8> {
    let bytes: Vec<u8> = vectors
        .iter()
        .flatten()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let (rows, end) = (vectors.len(), bytes.len());
    let header = format!(r#"{{"emb_params":{{"dtype":"F32","shape":[{rows},8],"data_offsets":[0,{end}]}}}}"#);
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &bytes].concat()
}

#[test]
fn textual_inversion() {
    let states = |export: &str, vectors: &[[f32; 8]]| {
        let folder = tempfile::tempdir().unwrap();
        copy(&exports().join(export), folder.path());
        fs::create_dir(folder.path().join("embeddings")).unwrap();
        let file = folder.path().join("embeddings/bocchi.safetensors");
        fs::write(file, safetensors(vectors)).unwrap();
        let source = ModelSource::Folder(folder.path().into());
        let mut model = StableDiffusion::load(&source, Task::Draw, &factory()).unwrap();
        let mut encode = |text: &str| model.encode_prompt(&prompt(text, None)).unwrap().hidden_states;
        (encode("blue eyes"), encode("bocchi eyes"))
    };
    for export in ["optimum", "legacy", "ort_cuda", "ekaki", "fp16"] {
        let (plain, one) = states(export, &[[0.5; 8]]);
        let (again, other) = states(export, &[[-0.5; 8], [0.25; 8]]);
        assert_eq!(plain, again, "{export}: other prompts change");
        assert_eq!(one.dim(), (77, 8));
        assert!(one.iter().all(|value| value.is_finite()), "{export}");
        // Nothing of the word is seen by the first token, which begins every prompt.
        assert_close(export, one.row(0), plain.row(0).as_slice().unwrap(), 1e-3);
        assert_ne!(one.row(1), other.row(1), "{export}: the vectors do not matter");
    }
}

#[test]
fn weights_leave_the_cache_alone() {
    let mut model = model("optimum");
    let plain = model.encode_prompt(&prompt("blue eyes", None)).unwrap();
    let ids = source("optimum")
        .tokenizer()
        .unwrap()
        .encode("blue eyes")
        .unwrap()
        .ids;
    let mut chunk = |weight: f32| {
        let ids = ids.clone();
        let mut weights = vec![1.0; ids.len()];
        weights[1] = weight;
        model.text_encoder.chunk(Chunk { ids, weights }, 1).unwrap()
    };
    let weighted = chunk(1.5);
    assert_ne!(weighted, plain.hidden_states);
    assert_eq!(chunk(1.0), plain.hidden_states);
    let joined = model
        .text_encoder
        .join(vec![weighted, Arc::clone(&plain.hidden_states)])
        .unwrap();
    assert_eq!(joined.dim(), (2 * 77, 8));
    assert_eq!(
        joined.slice_axis(Axis(0), Slice::from(77..)),
        plain.hidden_states.view()
    );
    let again = model.encode_prompt(&prompt("blue eyes", None)).unwrap();
    assert!(Arc::ptr_eq(&again.hidden_states, &plain.hidden_states));
}

#[test]
fn encoded_pictures_equal_diffusers() {
    let expected = tensor(&golden()["encode_image"]);
    let image = tensor_from_rgb(&picture("source.png"));
    let encode = |export: &str| {
        let mut noise = TorchCpuNoise::new(3);
        let latents = model(export).encode_image(&image, &mut noise).unwrap();
        assert_eq!(latents.shape(), expected.shape);
        (latents, noise.randn((1, 4, 8, 8)))
    };
    let mut next = TorchCpuNoise::new(3);
    next.randn((1, 4, 8, 8));
    let next = next.randn((1, 4, 8, 8));
    for (export, tolerance) in [
        ("optimum", 1e-5),
        ("external", 1e-5),
        ("ekaki", 1e-5),
        ("fp16", 1e-2),
    ] {
        let (latents, then) = encode(export);
        assert_close(export, &latents, &expected.values, tolerance);
        assert_eq!(then, next, "{export}");
    }
    // These draw in the network: what is drawn is not known, but the noise after it is.
    for export in ["optimum_old", "legacy", "ort_cuda"] {
        let (latents, then) = encode(export);
        assert!(latents.iter().all(|value| value.is_finite()), "{export}");
        assert_eq!(then, next, "{export}");
    }
}

#[test]
fn tiles_equal_diffusers() {
    let factory = factory();
    let source = source("optimum");
    let config = VaeConfig {
        scaling_factor: 0.18215,
        max_pixels: 0,
        tile_size: 64,
    };
    let open = |network: &str| factory.open(&source.network(network).unwrap()).unwrap();
    let mut encoder = VaeEncoder::new(open(VAE_ENCODER), config).unwrap();
    let expected = tensor(&golden()["encode_tiled_mean"]);
    let moments = encoder.moments(&tensor_from_rgb(&picture("wide.png"))).unwrap();
    let mean = moments.slice_axis(Axis(1), Slice::from(..4)).to_owned() * config.scaling_factor;
    assert_eq!(mean.shape(), expected.shape);
    assert_close("encoder", &mean, &expected.values, 1e-5);

    let latents = TorchCpuNoise::new(5).randn((1, 4, 12, 16));
    let expected = picture("tiled.png");
    let check = |config: VaeConfig| {
        let mut decoder = VaeDecoder::new(open(VAE_DECODER), config).unwrap();
        let found = decoder.decode(&latents).unwrap();
        assert_eq!(found.dimensions(), expected.dimensions());
        found
            .iter()
            .zip(expected.iter())
            .filter(|(a, b)| a.abs_diff(**b) > 1)
            .count()
    };
    assert_eq!(check(config), 0);
    let whole = VaeConfig {
        max_pixels: 128 * 96,
        ..config
    };
    assert!(
        check(whole) > 1000,
        "tiles make no difference, so the test shows nothing"
    );
}

#[test]
fn rows_in_a_batch_equal_rows_alone() {
    let check = |export: &str, tolerance: f32, expected_calls: u64| {
        let mut model = model(export);
        let conditioning =
            ["pink hair", "blue eyes", ""].map(|text| model.encode_prompt(&prompt(text, None)).unwrap());
        let mut long = conditioning[0].clone();
        let twice = [long.hidden_states.view(), long.hidden_states.view()];
        long.hidden_states = Arc::new(concatenate(Axis(0), &twice).unwrap());
        let mut noise = TorchCpuNoise::new(1);
        let samples = [(); 4].map(|()| noise.randn((1, 4, 8, 10)));
        let row = |sample: usize, timestep, conditioning| Row {
            sample: &samples[sample],
            timestep,
            conditioning,
            inpaint: None,
        };
        let mut rows = vec![
            row(0, 901.0, &conditioning[0]),
            row(1, 901.0, &conditioning[1]),
            row(2, 31.0, &conditioning[2]),
        ];
        // The text encoders of the demonstrations always have 77 tokens, and so have their UNets.
        if export != "ort_cuda" {
            rows.push(row(3, 31.0, &long));
        }
        let together = model.predict_noise(&rows).unwrap();
        assert_eq!(together.calls, expected_calls, "{export}");
        for (row, found) in rows.iter().zip(&together.outputs) {
            let alone = model.predict_noise(&[*row]).unwrap().outputs.remove(0);
            assert_close(export, found, alone.as_slice().unwrap(), tolerance);
        }
        let different = together.outputs.windows(2).all(|pair| pair[0] != pair[1]);
        assert!(different, "{export}: rows do not matter");
    };
    check("optimum", 1e-5, 3);
    check("external", 1e-5, 3);
    check("ort_cuda", 1e-5, 2);
    check("optimum_old", 1e-5, 2);
    check("legacy", 1e-5, 2);
    check("ekaki", 1e-5, 2);
    check("fp16", 5e-2, 3);
}

#[test]
fn an_inpainting_unet_wants_the_mask() {
    let mut model = model("inpaint");
    let conditioning = model.encode_prompt(&prompt("", None)).unwrap();
    let mut noise = TorchCpuNoise::new(1);
    let (sample, inpaint) = (noise.randn((1, 4, 8, 8)), noise.randn((1, 5, 8, 8)));
    let mut predict = |inpaint| {
        let row = Row {
            sample: &sample,
            timestep: 1.0,
            conditioning: &conditioning,
            inpaint,
        };
        model.predict_noise(&[row, row])
    };
    let outputs = predict(Some(&inpaint)).unwrap().outputs;
    assert_eq!((outputs.len(), outputs[0].dim()), (2, (1, 4, 8, 8)));
    let error = predict(None).unwrap_err().to_string();
    assert!(error.ends_with("it reads 9 channels, not 4"), "{error}");
}

#[test]
fn pictures_that_are_no_numbers() {
    let mut model = model("optimum");
    let latents = Array4::from_elem((1, 4, 8, 8), f32::NAN);
    let readable = |error: InferenceError| {
        error
            .to_string()
            .replace(&exports().display().to_string(), "exports")
    };
    insta::assert_snapshot!(readable(model.decode(&latents).unwrap_err()), @"exports/optimum/vae_decoder/model.onnx failed: the picture has values that are no numbers; half precision overflows in some autoencoders");
    let image = Array4::from_elem((1, 3, 64, 64), f32::INFINITY);
    let error = model
        .encode_image(&image, &mut TorchCpuNoise::new(1))
        .unwrap_err();
    insta::assert_snapshot!(readable(error), @"exports/optimum/vae_encoder/model.onnx failed: the latents have values that are no numbers; half precision overflows in some autoencoders");
}

#[test]
fn a_folder_without_an_encoder() {
    let folder = tempfile::tempdir().unwrap();
    copy(&exports().join("legacy"), folder.path());
    fs::remove_dir_all(folder.path().join("vae_encoder")).unwrap();
    let source = ModelSource::Folder(folder.path().into());
    let manifest = inspect("legacy", &source, Task::Draw).unwrap();
    assert!(!manifest.info.image_to_image);
    let mut model = StableDiffusion::load(&source, Task::Draw, &factory()).unwrap();
    model.decode(&Array4::zeros((1, 4, 8, 8))).unwrap();
    let image = Array4::zeros((1, 3, 64, 64));
    let error = model
        .encode_image(&image, &mut TorchCpuNoise::new(1))
        .unwrap_err();
    insta::assert_snapshot!(error, @"the model cannot draw this: it cannot begin with a picture, because its folder has no vae_encoder/model.onnx");
}

#[test]
fn memory_counts_external_weights() {
    let bytes = |file: &str| fs::metadata(exports().join("legacy").join(file)).unwrap().len();
    let files = [TEXT_ENCODER, UNET, "unet/weights.pb", VAE_DECODER, VAE_ENCODER];
    assert_eq!(
        model("legacy").memory_bytes(),
        files.map(bytes).iter().sum::<u64>()
    );
}
