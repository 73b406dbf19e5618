//! `ekaki models`, with a hub on this machine.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{COMMIT, Ended, Faults, Hub, PATIENCE, Program};

const UNET: &str = "unet/model.onnx";
const ADD: [&str; 3] = ["models", "add", "ekaki/tiny-onnx"];

/// A program that knows this hub and has an empty models folder.
fn program(hub: &Hub) -> Program {
    let program = Program::new();
    let models = models_dir(&program);
    program
        .with("EKAKI__INFERENCE__MODELS_DIR", models)
        .with("HF_ENDPOINT", &hub.address)
        .with("HF_TOKEN", "")
        .with("NO_PROXY", "127.0.0.1,localhost")
}

fn models_dir(program: &Program) -> PathBuf {
    program.folder().join("models")
}

fn avatar() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../onnx/avatar")
}

#[track_caller]
fn succeeds(ended: &Ended) -> &str {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    &ended.stdout
}

/// The last line of a program that refused.
#[track_caller]
fn refused(program: &Program, ended: &Ended) -> String {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    let last = ended.stderr.lines().last().unwrap_or_default();
    last.replace(&format!("{}/", program.folder().display()), "")
}

#[track_caller]
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What lies in the models folder.
fn models(program: &Program) -> Vec<String> {
    let entries = fs::read_dir(models_dir(program)).into_iter().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The model is there, and every file of it is what the hub has.
#[track_caller]
fn is_complete(program: &Program, hub: &Hub) {
    assert_eq!(models(program), ["tiny-onnx"]);
    for file in ["model_index.json", UNET, "unet/model.onnx_data"] {
        let here = fs::read(models_dir(program).join("tiny-onnx").join(file)).unwrap();
        assert!(here == hub.file(file), "{file} is another one");
    }
}

#[test]
fn a_model_from_the_hub_draws() {
    let hub = Hub::with_folder(&avatar());
    hub.insert("unet/diffusion_pytorch_model.bin", b"a pickle");
    let program = program(&hub);
    let ended = program.run(&["models", "add", "ekaki/tiny-onnx", "--name", "mine", "--json"]);
    let added = json(succeeds(&ended));
    assert_eq!(
        (&added["id"], &added["commit"], &added["problem"]),
        (&"mine".into(), &COMMIT.into(), &Value::Null)
    );
    assert_eq!(models(&program), ["mine"]);
    let folder = models_dir(&program).join("mine");
    assert!(!folder.join("unet/diffusion_pytorch_model.bin").exists());
    assert!(!folder.join("README.md").exists());

    let arguments = |model| {
        [
            "draw",
            "後藤ひとり",
            "--steps",
            "2",
            "--seed",
            "7",
            "--json",
            "--model",
            model,
        ]
    };
    let drawn = program.run(&arguments("mine"));
    let drawn = json(succeeds(&drawn));
    assert_eq!(drawn["model"], "mine");
    let pixels = |path: &str| image::open(program.folder().join(path)).unwrap().into_rgb8();
    let mine = pixels("ekaki-7.png");
    succeeds(&program.run(&arguments("avatar")));
    assert_eq!(mine, pixels("ekaki-7.png"), "it is the built-in model");
}

#[test]
fn a_killed_download_goes_on() {
    let hub = Hub::with_noise();
    let program = program(&hub);
    hub.set_faults(Faults {
        stall: HashMap::from([(UNET.to_owned(), 200_000)]),
        ..Faults::default()
    });
    let mut child = program.start(&ADD);
    let part = models_dir(&program).join(format!(".partial/tiny-onnx/{COMMIT}/{UNET}.part"));
    let begun = Instant::now();
    while fs::metadata(&part).map_or(0, |part| part.len()) < 200_000 {
        assert!(begun.elapsed() < PATIENCE, "nothing arrives");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(models(&program), [".partial"], "half a model is no model");
    assert!(!succeeds(&program.run(&["models", "list"])).contains("tiny"));

    succeeds(&program.run(&ADD));
    is_complete(&program, &hub);
    let ranges: Vec<Option<String>> = hub
        .downloads(UNET)
        .into_iter()
        .map(|request| request.range)
        .collect();
    assert_eq!(ranges, [None, Some("bytes=200000-".to_owned())]);
    assert_eq!(
        hub.downloads("text_encoder/model.onnx").len(),
        1,
        "it was complete"
    );
}

#[test]
fn a_connection_that_ends_is_opened_again() {
    let hub = Hub::with_noise();
    let cuts = || HashMap::from([(UNET.to_owned(), 100_000), ("unet/model.onnx_data".to_owned(), 0)]);
    hub.set_faults(Faults {
        cut: cuts(),
        ..Faults::default()
    });
    let first = program(&hub);
    succeeds(&first.run(&ADD));
    is_complete(&first, &hub);

    hub.set_faults(Faults {
        cut: cuts(),
        ignores_ranges: true,
        ..Faults::default()
    });
    let second = program(&hub);
    succeeds(&second.run(&ADD));
    is_complete(&second, &hub);
}

#[test]
fn a_file_with_other_contents_is_refused_and_loaded_again() {
    for file in [UNET, "model_index.json"] {
        let hub = Hub::with_noise();
        let program = program(&hub);
        hub.set_faults(Faults {
            corrupt: vec![file.to_owned()],
            ..Faults::default()
        });
        let message = refused(&program, &program.run(&ADD));
        assert!(message.contains(file), "{message}");
        assert!(message.contains("instead of"), "{message}");
        assert_eq!(models(&program), [".partial"]);

        hub.set_faults(Faults::default());
        succeeds(&program.run(&ADD));
        is_complete(&program, &hub);
    }
}

#[test]
fn a_token_opens_a_model_and_is_shown_to_nobody_else() {
    let storage = Hub::with_noise();
    let hub = Hub::with_noise();
    hub.set_faults(Faults {
        token: Some("hf_secret".to_owned()),
        // The same machine by another name is another host.
        storage: Some(storage.address.replace("127.0.0.1", "localhost")),
        ..Faults::default()
    });
    let program = program(&hub);
    assert_snapshot!(refused(&program, &program.run(&ADD)), @"error: ekaki/tiny-onnx: the hub answers 401: there is no such model, or it asks for a login: accept its conditions on its page and set HF_TOKEN");

    let program = program.with("HF_TOKEN", "hf_secret");
    let ended = program.run(&ADD);
    succeeds(&ended);
    is_complete(&program, &hub);
    assert!(!ended.stdout.contains("hf_secret") && !ended.stderr.contains("hf_secret"));
    let stored = storage.downloads(UNET);
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].authorization, None, "the token stays with the hub");
}

#[test]
fn a_mirror_without_checksums_in_its_list_is_asked_for_each_file() {
    let hub = Hub::with_noise();
    hub.set_faults(Faults {
        names_only: true,
        corrupt: vec![UNET.to_owned()],
        ..Faults::default()
    });
    let program = program(&hub);
    let message = refused(&program, &program.run(&ADD));
    assert!(message.contains("the SHA-256"), "{message}");
    hub.set_faults(Faults {
        names_only: true,
        storage: Some(Hub::with_noise().address),
        ..Faults::default()
    });
    succeeds(&program.run(&ADD));
    is_complete(&program, &hub);
}

#[test]
fn what_the_hub_does_not_have() {
    let hub = Hub::with_noise();
    let program = program(&hub);
    assert_snapshot!(refused(&program, &program.run(&["models", "add", "ekaki/other"])), @"error: ekaki/other: the hub answers 404: there is no model or no revision of this name");
    hub.remove(UNET);
    hub.insert("unet/diffusion_pytorch_model.safetensors", b"weights");
    assert_snapshot!(refused(&program, &program.run(&ADD)), @"error: ekaki/tiny-onnx is no ONNX export, it has no unet/model.onnx: an ONNX export is a folder with model_index.json and a network in each of text_encoder/, unet/ and vae_decoder/ (model.onnx); make one with: python3 onnx/tools/export.py MODEL onnx/NAME");
    hub.insert("unet/../../evil.onnx", b"");
    assert_snapshot!(refused(&program, &program.run(&ADD)), @r#"error: ekaki/tiny-onnx has a file "unet/../../evil.onnx", whose name would lead out of it"#);
    assert_snapshot!(refused(&program, &program.run(&["models", "add", "no-such-folder"])), @r#"error: "no-such-folder" is neither a folder here nor the name of a model on the hub; possible are a folder, owner/name[@revision] and https://huggingface.co/owner/name[/tree/revision[/folder]]"#);
    assert!(models(&program).is_empty());

    let nobody = program.with("HF_ENDPOINT", "http://127.0.0.1:9");
    assert!(refused(&nobody, &nobody.run(&ADD)).contains("127.0.0.1:9"));
}

#[test]
fn a_kind_that_cannot_draw_is_refused_before_its_networks_are_loaded() {
    let hub = Hub::with_noise();
    hub.insert("model_index.json", br#"{"_class_name": "AudioLDMPipeline"}"#);
    let program = program(&hub);
    let message = refused(&program, &program.run(&ADD));
    assert!(message.contains("AudioLDMPipeline"), "{message}");
    assert!(hub.downloads(UNET).is_empty());
}

#[test]
fn what_is_there_stays_unless_it_is_to_be_replaced() {
    let hub = Hub::with_noise();
    let program = program(&hub);
    succeeds(&program.run(&ADD));
    assert_snapshot!(refused(&program, &program.run(&ADD)), @"error: models/tiny-onnx is already there; choose another id with --name, or replace it with --force");
    hub.insert("vae_encoder/model.onnx", b"more");
    succeeds(&program.run(&["models", "add", "ekaki/tiny-onnx", "--force"]));
    is_complete(&program, &hub);
    assert!(
        models_dir(&program)
            .join("tiny-onnx/vae_encoder/model.onnx")
            .exists()
    );
}

#[test]
fn a_folder_is_copied_examined_and_checked() {
    let program = program(&Hub::with_noise());
    let avatar = avatar();
    let folder = avatar.to_str().unwrap();
    succeeds(&program.run(&["models", "add", folder, "--name", "copy"]));
    assert_eq!(models(&program), ["copy"]);
    assert!(!models_dir(&program).join("copy/train").exists());

    let report = program.run(&["models", "info", "copy", "--json"]);
    let report = json(succeeds(&report));
    assert_eq!(report["info"]["id"], "copy");
    assert_eq!(report["prediction_type"], "v_prediction");
    assert_eq!(report["networks"][1]["file"], UNET);
    assert_eq!(report["networks"][1]["inputs"][0]["name"], "sample");
    assert_eq!(report["problems"], Value::Array(Vec::new()));
    assert!(succeeds(&program.run(&["models", "info", "copy"])).contains("Stable Diffusion"));

    let checked = program.run(&["models", "check", "copy", "--json"]);
    assert_eq!(json(succeeds(&checked))["ok"], true);

    let unet = models_dir(&program).join("copy").join(UNET);
    let bytes = fs::read(&unet).unwrap();
    fs::write(&unet, &bytes[..bytes.len() / 2]).unwrap();
    let checked = program.run(&["models", "check", "copy", "--json"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    let error = json(&checked.stdout)["error"].to_string();
    assert!(
        error.contains("copy cannot draw") && error.contains(UNET),
        "{error}"
    );
    let report = program.run(&["models", "info", "copy", "--json"]);
    let problems = json(succeeds(&report))["problems"].to_string();
    assert!(problems.contains(UNET), "{problems}");

    fs::remove_file(models_dir(&program).join("copy/vae_decoder/model.onnx")).unwrap();
    let listed = program.run(&["models", "list", "--json"]);
    let listed = json(succeeds(&listed));
    assert_eq!(
        (&listed[0]["id"], &listed[0]["default"]),
        (&"avatar".into(), &true.into())
    );
    assert_eq!(listed[1]["id"], "copy");
    let error = listed[1]["error"].to_string();
    assert!(error.contains("vae_decoder/model.onnx"), "{error}");
}
