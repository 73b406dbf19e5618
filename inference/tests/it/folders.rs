//! Model folders: other exporters' and broken ones.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::mpsc;

use inference::prompt::PromptSyntax;
use inference::{
    Engine, EngineConfig, GenerateRequest, InferenceError, LoadError, ModelSource, Provider, RgbImage,
    SessionConfig,
};

use crate::support::{Waiting, avatar, draw, engine_with, load_runtime};
use crate::tiny::{FILES, request, tiny_engine, tiny_folder, variant};

/// Starts an engine that may not start.
pub(crate) fn start(models: Vec<(String, ModelSource)>, provider: Provider) -> Result<Engine, LoadError> {
    load_runtime();
    Engine::start(EngineConfig {
        models,
        session: SessionConfig {
            provider,
            intra_threads: Some(1),
        },
        max_batch_rows: 1,
        max_pending: 1,
        memory_budget_bytes: None,
        safety_checker: None,
    })
}

fn picture(source: ModelSource) -> RgbImage {
    let engine = tiny_engine(source);
    let output = draw(&engine, request(1, 4)).unwrap();
    engine.shutdown();
    output.image
}

#[test]
fn every_variant_draws_the_same_picture() {
    let expected = picture(ModelSource::Folder(tiny_folder()));
    assert!(
        expected.iter().any(|value| *value != expected[(0, 0)][0]),
        "the picture is empty"
    );
    let check = |network: &str, tolerance: u8| {
        let found = picture(variant(network));
        let largest = found
            .iter()
            .zip(expected.iter())
            .map(|(a, b)| a.abs_diff(*b))
            .max()
            .unwrap();
        assert!(largest <= tolerance, "{network}: {largest}");
    };
    check("unet/model.onnx", 0);
    check("unet/scalar_timestep.onnx", 0);
    check("unet/one_timestep.onnx", 0);
    check("unet/int64_timestep.onnx", 0);
    check("text_encoder/int32_ids.onnx", 0);
    check("vae_decoder/other_names.onnx", 0);
    check("unet/half.onnx", 2);
    check("vae_decoder/half.onnx", 1);
}

/// As Stable Diffusion's own folders have it.
#[test]
fn a_tokenizer_of_vocab_and_merges() {
    let ModelSource::Embedded { name, mut files } = variant("unet/model.onnx") else {
        panic!("it is embedded")
    };
    files.remove("tokenizer/tokenizer.json");
    for file in ["vocab.json", "merges.txt"] {
        let path = tiny_folder().join("../prompt").join(file);
        files.insert(format!("tokenizer/{file}"), fs::read(path).unwrap().into());
    }
    let engine = tiny_engine(ModelSource::Embedded { name, files });
    let short = draw(&engine, request(1, 2)).unwrap();
    let long = GenerateRequest {
        prompt: "pink hair, ".repeat(20),
        prompt_syntax: PromptSyntax::Plain,
        ..request(1, 2)
    };
    assert_eq!(
        (
            short.truncated_prompt,
            draw(&engine, long).unwrap().truncated_prompt
        ),
        (false, true)
    );
    engine.shutdown();
}

#[test]
fn one_timestep_for_all_rows_takes_a_call_for_each() {
    let calls = |source: ModelSource| {
        let engine = tiny_engine(source);
        let handle = engine.clone();
        let (observer, result) = Waiting::with_progress(move |progress| {
            if progress.step == 1 {
                let (observer, _) = Waiting::new();
                handle.generate(request(2, 3), observer).unwrap();
            }
        });
        engine.generate(request(1, 4), observer).unwrap();
        result.recv().unwrap().unwrap();
        let stats = engine.stats();
        engine.shutdown();
        (stats.unet_rows, stats.unet_calls)
    };
    assert_eq!(calls(variant("unet/model.onnx")), (2 * 4 + 2 * 3, 4));
    // Both take their last step at the same timestep.
    assert_eq!(
        calls(variant("unet/scalar_timestep.onnx")),
        (2 * 4 + 2 * 3, 4 + 3 - 1)
    );
}

#[test]
fn sizes_take_turns() {
    let engine = tiny_engine(variant("unet/model.onnx"));
    let handle = engine.clone();
    let (steps, seen) = mpsc::channel();
    let (narrow, wide) = (steps.clone(), steps);
    let mut join = Some(move || {
        let (observer, _) =
            Waiting::with_progress(move |progress| wide.send(("wide", progress.step)).unwrap());
        handle
            .generate(
                GenerateRequest {
                    width: 128,
                    ..request(2, 3)
                },
                observer,
            )
            .unwrap();
    });
    let (observer, _) = Waiting::with_progress(move |progress| {
        narrow.send(("narrow", progress.step)).unwrap();
        if let Some(join) = join.take() {
            join();
        }
    });
    engine.generate(request(1, 5), observer).unwrap();
    let order: Vec<(&str, u32)> = seen.iter().collect();
    assert_eq!(
        order,
        [
            ("narrow", 1),
            ("wide", 1),
            ("narrow", 2),
            ("wide", 2),
            ("narrow", 3),
            ("wide", 3),
            ("narrow", 4),
            ("narrow", 5)
        ]
    );
    engine.shutdown();
}

#[test]
fn a_second_model_is_loaded_when_it_is_needed() {
    let mut broken = HashMap::new();
    for file in FILES {
        broken.insert(
            file.to_owned(),
            Cow::from(fs::read(tiny_folder().join(file)).unwrap()),
        );
    }
    broken.insert("unet/model.onnx".into(), Cow::Borrowed(&b"not a network"[..]));
    let engine = engine_with(vec![
        ("tiny".into(), variant("unet/model.onnx")),
        ("avatar".into(), avatar()),
        (
            "broken".into(),
            ModelSource::Embedded {
                name: "broken".into(),
                files: broken,
            },
        ),
    ]);
    let ids: Vec<String> = engine.models().into_iter().map(|info| info.id).collect();
    assert_eq!(ids, ["tiny", "avatar", "broken"]);
    let avatar = GenerateRequest {
        num_inference_steps: 1,
        ..engine.models()[1].request("pink hair", 1)
    };
    draw(&engine, avatar).unwrap();
    let error = draw(
        &engine,
        GenerateRequest {
            model: "broken".into(),
            ..request(1, 1)
        },
    )
    .unwrap_err();
    assert!(matches!(&error, InferenceError::Load(_)), "{error}");
    draw(&engine, request(1, 1)).unwrap();
    engine.shutdown();
}

/// The error of starting an engine with the tiny model after `change` was done to its folder.
fn start_error(change: impl FnOnce(&Path)) -> String {
    let folder = tempfile::tempdir().unwrap();
    for file in FILES {
        let target = folder.path().join(file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(tiny_folder().join(file), target).unwrap();
    }
    change(folder.path());
    let models = vec![("tiny".into(), ModelSource::Folder(folder.path().into()))];
    let error = start(models, Provider::Auto).unwrap_err().to_string();
    error.replace(&folder.path().display().to_string(), "tiny")
}

#[test]
fn every_truncated_file_is_named() {
    for file in FILES {
        let error = start_error(|folder| {
            let path = folder.join(file);
            let bytes = fs::read(&path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        });
        let name = file
            .split_once('/')
            .filter(|(part, _)| *part == "tokenizer")
            .map_or(file, |(part, _)| part);
        assert!(error.contains(&format!("tiny/{name}")), "{file}: {error}");
    }
}

#[test]
fn every_missing_file_is_named() {
    for file in FILES
        .into_iter()
        .filter(|file| !file.ends_with("config.json") || file.starts_with("scheduler"))
    {
        let error = start_error(|folder| fs::remove_file(folder.join(file)).unwrap());
        let name = file
            .split_once('/')
            .filter(|(part, _)| *part == "tokenizer")
            .map_or(file, |(part, _)| part);
        assert!(error.contains(&format!("tiny/{name}")), "{file}: {error}");
    }
}

#[test]
fn errors_read_well() {
    let swap = |from: &'static str, to: &'static str| {
        start_error(move |folder| {
            fs::copy(tiny_folder().join(from), folder.join(to)).unwrap();
        })
    };
    insta::assert_snapshot!(swap("unet/text_embeds.onnx", "unet/model.onnx"), @"the model file tiny/unet/model.onnx is not usable: its input `text_embeds` is not supported");
    insta::assert_snapshot!(swap("vae_decoder/model.onnx", "unet/model.onnx"), @"the model file tiny/unet/model.onnx is not usable: it has no input `sample`, only `latent_sample`");
    insta::assert_snapshot!(start_error(|folder| fs::write(folder.join("unet/model.onnx"), "not a network").unwrap()), @"the model file tiny/unet/model.onnx is not usable: Load model from tiny/unet/model.onnx failed:Protobuf parsing failed.");
    insta::assert_snapshot!(start_error(|folder| fs::remove_file(folder.join("tokenizer/tokenizer.json")).unwrap()), @"the model file tiny/tokenizer is not usable: there is neither tokenizer.json nor vocab.json with merges.txt");
}

#[test]
fn a_provider_asked_for_by_name_has_no_substitute() {
    let start = |provider| {
        let models = vec![("tiny".into(), variant("unet/model.onnx"))];
        start(models, provider).map(|engine| engine.shutdown())
    };
    start(Provider::Cpu).unwrap();
    start(Provider::Auto).unwrap();
    let error = start(Provider::Cuda).unwrap_err();
    assert!(
        matches!(
            error,
            LoadError::Provider {
                provider: Provider::Cuda,
                ..
            }
        ),
        "{error}"
    );
    let error = start(Provider::DirectMl).unwrap_err();
    insta::assert_snapshot!(error, @"the execution provider `directml` cannot be used: DirectML is not supported in this build of ONNX Runtime");
}

#[test]
fn the_list_of_models_is_checked() {
    let start = |models| start(models, Provider::Auto).unwrap_err();
    insta::assert_snapshot!(start(Vec::new()), @"the list of models is not usable: it is empty");
    let twice = ["a", "a"].map(|id| (id.to_owned(), variant("unet/model.onnx")));
    insta::assert_snapshot!(start(twice.to_vec()), @"the list of models is not usable: `a` is there twice");
}
