use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use ndarray::ArrayD;
use ort::environment::Environment;
use ort::session::Session;
use serde::Deserialize;

use super::proto::Graph;
use super::*;
use crate::runtime::{self, RuntimeRequest};
use crate::session::{
    Input, OnnxSession, Provider, SessionConfig, SessionFactory, Terminator, TextEncoderOptions,
};

const FUSE: Edits<'static> = Edits {
    fuse_attention: true,
    token_embeddings: None,
    clip_skip: false,
};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// See `onnx/tools/make_graphs.py`.
fn testdata(name: &str) -> Vec<u8> {
    std::fs::read(repository().join("inference/testdata/graphs").join(name)).unwrap()
}

fn environment() -> &'static Environment {
    static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let request = RuntimeRequest::new(repository().join("data"));
        let library = runtime::locate_or_install(&request, &mut |_| ()).unwrap();
        runtime::load(&library).unwrap();
        runtime::environment().unwrap()
    })
}

fn open(model: &[u8]) -> OnnxSession {
    let session = Session::builder(environment())
        .unwrap()
        .commit_from_memory(model)
        .unwrap();
    OnnxSession::new(
        session,
        Path::new("test"),
        Provider::Cpu,
        Terminator::new().unwrap(),
        Arc::default(),
    )
    .unwrap()
}

/// The first output for inputs that are all different.
fn outputs(model: &[u8], shapes: &[(&str, &[usize])]) -> ArrayD<f32> {
    let mut session = open(model);
    let values: Vec<f32> = (0..1000_u16)
        .map(|index| (f32::from(index) * 1.7).sin())
        .collect();
    let specs: Vec<_> = shapes
        .iter()
        .map(|(name, _)| session.input(&[*name]).unwrap().clone())
        .collect();
    let inputs: Vec<_> = specs
        .iter()
        .zip(shapes)
        .map(|(spec, (_, shape))| {
            let input = Input::Float {
                shape: shape.to_vec(),
                values: &values[..shape.iter().product()],
            };
            (spec, input)
        })
        .collect();
    let output = session.output(&["out"]).unwrap().clone();
    session.run(&inputs, &output).unwrap()
}

fn count(graph: &Graph<'_>, op_type: &str) -> usize {
    graph.nodes.iter().filter(|node| node.op_type == op_type).count()
}

/// The attention becomes one operator, nothing is left of it, and the network computes the same.
fn fused(name: &str, shapes: &[(&str, &[usize])], tolerance: f32) {
    let before = testdata(name);
    let after = edit_bytes(&before, &FUSE)
        .unwrap()
        .unwrap_or_else(|| panic!("{name} was not changed"));
    let graph = Model::parse(&after).unwrap().graph;
    let counts = ["MultiHeadAttention", "Softmax"].map(|op_type| count(&graph, op_type));
    assert_eq!(counts, [1, 0], "{name}");
    let difference = &outputs(&before, shapes) - &outputs(&after, shapes);
    let largest = difference
        .iter()
        .fold(0.0_f32, |largest, value| largest.max(value.abs()));
    assert!(largest <= tolerance, "{name}: {largest}");
}

#[test]
fn attention_is_fused() {
    let sample: (&str, &[usize]) = ("sample", &[2, 9, 8]);
    let context: (&str, &[usize]) = ("context", &[2, 4, 6]);
    for exporter in ["sdpa", "baddbmm"] {
        fused(&format!("{exporter}_self.onnx"), &[sample], 1e-6);
        fused(&format!("{exporter}_cross.onnx"), &[sample, context], 1e-6);
    }
    fused("half.onnx", &[sample], 2e-3);
    fused("vae.onnx", &[("sample", &[2, 8, 3, 5])], 1e-6);
}

#[test]
fn other_attention_is_left_alone() {
    for name in [
        "masked.onnx",
        "half_upcast.onnx",
        "clip_opset_14.onnx",
        "clip_opset_17.onnx",
    ] {
        assert_eq!(edit_bytes(&testdata(name), &FUSE).unwrap(), None, "{name}");
    }
}

#[test]
fn attention_whose_probabilities_are_an_output_is_left_alone() {
    let bytes = testdata("sdpa_self.onnx");
    let mut model = Model::parse(&bytes).unwrap();
    let softmax = model.graph.nodes.iter().find(|node| node.is("Softmax")).unwrap();
    let output = model.graph.outputs[0].renamed(softmax.output());
    model.graph.outputs.push(output);
    assert_eq!(edit_bytes(&model.write(), &FUSE).unwrap(), None);
}

#[test]
fn what_is_not_looked_at_is_kept() {
    let mut bytes = testdata("sdpa_self.onnx");
    let unknown = [b"\x92\x4e\x03".as_slice(), b"new"].concat();
    bytes.extend(&unknown);
    let before = Model::parse(&bytes).unwrap();
    let written = before.write();
    assert!(written.windows(unknown.len()).any(|window| window == unknown));
    assert_eq!(written.len(), bytes.len());
    assert_eq!(Model::parse(&written).unwrap().graph.nodes, before.graph.nodes);
}

#[derive(Deserialize)]
struct Clip {
    ids: Vec<i64>,
    clip_skip: std::collections::BTreeMap<u32, Vec<f32>>,
    rows: Vec<f32>,
    added_ids: Vec<i64>,
    added: Vec<f32>,
}

fn clip() -> Clip {
    serde_json::from_slice(&testdata("clip.json")).unwrap()
}

fn encode(session: &mut OnnxSession, ids: &[i64], output: &str) -> Vec<f32> {
    let spec = session.input(&["input_ids"]).unwrap().clone();
    let input = Input::Int {
        shape: vec![1, ids.len()],
        values: ids,
    };
    let output = session.output(&[output]).unwrap().clone();
    session
        .run(&[(&spec, input)], &output)
        .unwrap()
        .into_iter()
        .collect()
}

fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
}

#[test]
fn layers_are_left_out() {
    let clip = clip();
    let edits = Edits {
        clip_skip: true,
        ..Edits::default()
    };
    for name in ["clip_opset_14.onnx", "clip_opset_17.onnx"] {
        let mut session = open(&edit_bytes(&testdata(name), &edits).unwrap().unwrap());
        for (skip, expected) in &clip.clip_skip {
            let output = if *skip == 1 {
                "last_hidden_state".into()
            } else {
                TextEncoderOptions::clip_skip_output(*skip)
            };
            close(&encode(&mut session, &clip.ids, &output), expected);
        }
        assert!(
            session
                .output(&[&TextEncoderOptions::clip_skip_output(5)])
                .is_err()
        );
    }
    assert_eq!(edit_bytes(&testdata("sdpa_self.onnx"), &edits).unwrap(), None);
}

#[test]
fn tokens_are_added() {
    let clip = clip();
    let rows = Array2::from_shape_vec((2, 8), clip.rows).unwrap();
    let edits = Edits {
        token_embeddings: Some(&rows),
        ..Edits::default()
    };
    for name in ["clip_opset_14.onnx", "clip_opset_17.onnx"] {
        let mut session = open(&edit_bytes(&testdata(name), &edits).unwrap().unwrap());
        close(
            &encode(&mut session, &clip.added_ids, "last_hidden_state"),
            &clip.added,
        );
        close(
            &encode(&mut session, &clip.ids, "last_hidden_state"),
            &clip.clip_skip[&1],
        );
    }
}

#[test]
fn tokens_that_do_not_fit_are_refused() {
    let check = |name: &str, dimensions: usize| {
        let rows = Array2::zeros((1, dimensions));
        let edits = Edits {
            token_embeddings: Some(&rows),
            ..Edits::default()
        };
        edit_bytes(&testdata(name), &edits).unwrap_err().to_string()
    };
    insta::assert_snapshot!(check("clip_opset_17.onnx", 9), @"it has 8 values for a token, and the added tokens have 9");
    insta::assert_snapshot!(check("sdpa_self.onnx", 8), @"its token embeddings were not found");
}

#[test]
fn through_the_factory() {
    environment();
    let clip = clip();
    let rows = Array2::from_shape_vec((2, 8), clip.rows).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str, options: &TextEncoderOptions<'_>| {
        let path = folder.path().join(name);
        std::fs::write(&path, testdata(name)).unwrap();
        let factory = SessionFactory::new(SessionConfig::default()).unwrap();
        factory.open_text_encoder(&NetworkSource::File(path), options)
    };
    let options = TextEncoderOptions {
        token_embeddings: Some(&rows),
        clip_skip: true,
    };
    let mut session = open("clip_opset_17.onnx", &options).unwrap();
    let output = TextEncoderOptions::clip_skip_output(2);
    close(&encode(&mut session, &clip.ids, &output), &clip.clip_skip[&2]);
    close(
        &encode(&mut session, &clip.added_ids, "last_hidden_state"),
        &clip.added,
    );

    let error = open("masked.onnx", &options).unwrap_err().to_string();
    let error = error.replace(&folder.path().display().to_string(), "folder");
    insta::assert_snapshot!(error, @"the model file folder/masked.onnx is not usable: its token embeddings were not found");
    let session = open(
        "masked.onnx",
        &TextEncoderOptions {
            clip_skip: true,
            ..TextEncoderOptions::default()
        },
    )
    .unwrap();
    assert!(session.output(&[&output]).is_err());
}

#[test]
fn weights_stay_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let avatar = repository().join("onnx/avatar/vae_decoder/model.onnx");
    let length = std::fs::copy(avatar, &path).unwrap();
    let (skimmed, weights) = read(&path).unwrap();
    assert!(
        (skimmed.len() as u64) < length / 4,
        "{} of {length}",
        skimmed.len()
    );
    assert_eq!(weights, folder.path());

    let whole = std::fs::read(&path).unwrap();
    let (before, after) = (Model::parse(&whole).unwrap(), Model::parse(&skimmed).unwrap());
    assert_eq!(before.graph.nodes, after.graph.nodes);
    let names = |model: &Model<'_>| -> Vec<String> {
        model
            .graph
            .initializers
            .iter()
            .map(|tensor| tensor.name.to_owned())
            .collect()
    };
    assert_eq!(names(&before), names(&after));

    let folder = folder.path().to_str().unwrap();
    let builder = Session::builder(environment()).unwrap();
    let session = builder
        .with_config_entry("session.model_external_initializers_file_folder_path", folder)
        .unwrap()
        .commit_from_memory(&skimmed)
        .unwrap();
    let terminator = Terminator::new().unwrap();
    let mut session = OnnxSession::new(session, &path, Provider::Cpu, terminator, Arc::default()).unwrap();
    let decode = |session: &mut OnnxSession| {
        let input = session.input(&["latent_sample"]).unwrap().clone();
        let output = session.output(&["sample"]).unwrap().clone();
        let values = Input::Float {
            shape: vec![1, 4, 4, 4],
            values: &[0.5; 64],
        };
        session.run(&[(&input, values)], &output).unwrap()
    };
    assert_eq!(decode(&mut session), decode(&mut open(&whole)));
}

/// Nothing that a stranger writes into a file may do harm.
#[test]
fn damaged_models_are_refused_or_left_alone() {
    let rows = Array2::zeros((1, 8));
    let edits = Edits {
        fuse_attention: true,
        token_embeddings: Some(&rows),
        clip_skip: true,
    };
    let mut refused = 0;
    let mut try_edit = |bytes: &[u8]| {
        let skimmed = skim(Cursor::new(bytes), "model.onnx");
        refused += usize::from(skimmed.is_err());
        for bytes in [bytes, skimmed.as_deref().unwrap_or_default()] {
            let _ = edit_bytes(bytes, &edits);
        }
    };
    for name in ["sdpa_self.onnx", "baddbmm_cross.onnx"] {
        let bytes = testdata(name);
        for length in (0..bytes.len()).step_by(7) {
            try_edit(&bytes[..length]);
        }
        for position in (0..bytes.len()).step_by(5) {
            let mut damaged = bytes.clone();
            damaged[position] ^= 1 << (position % 8);
            try_edit(&damaged);
        }
    }
    assert!(refused > 1000, "{refused}");
}
