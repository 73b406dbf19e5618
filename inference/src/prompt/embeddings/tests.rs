use std::collections::HashMap;

use insta::assert_snapshot;
use ndarray::array;
use safetensors::serialize;

use super::*;

/// A file with tensors of bytes.
fn file(tensors: &[(&str, Dtype, &[usize], &[u8])]) -> Vec<u8> {
    let tensors = tensors
        .iter()
        .map(|(name, dtype, shape, data)| (*name, TensorView::new(*dtype, shape.to_vec(), data).unwrap()));
    serialize(tensors, None).unwrap()
}

fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn error(bytes: &[u8]) -> String {
    TextualInversion::from_safetensors(bytes).unwrap_err().to_string()
}

#[test]
fn every_layout_in_use_is_read() {
    let expected = array![[1.0, 2.0], [3.0, -4.0]];
    let values = f32_bytes(&[1.0, 2.0, 3.0, -4.0]);
    let halves: Vec<u8> = expected
        .iter()
        .flat_map(|&value| f16::from_f32(value).to_le_bytes())
        .collect();
    let brains: Vec<u8> = expected
        .iter()
        .flat_map(|&value| bf16::from_f32(value).to_le_bytes())
        .collect();
    for bytes in [
        file(&[("<cat-toy>", Dtype::F32, &[2, 2], &values)]),
        file(&[("emb_params", Dtype::F16, &[2, 2], &halves)]),
        file(&[
            ("emb_params", Dtype::BF16, &[2, 2], &brains),
            ("step", Dtype::F32, &[1], &values[..4]),
        ]),
    ] {
        assert_eq!(
            TextualInversion::from_safetensors(&bytes).unwrap().vectors,
            expected
        );
    }
    let flat = file(&[("x", Dtype::F32, &[4], &values)]);
    let vectors = TextualInversion::from_safetensors(&flat).unwrap().vectors;
    assert_eq!(vectors, array![[1.0, 2.0, 3.0, -4.0]]);
}

#[test]
fn what_cannot_be_used_is_refused_with_a_reason() {
    let values = f32_bytes(&[1.0, f32::NAN]);
    let errors = [
        error(b"PK\x03\x04archive/data.pkl"),
        error(b"\x80\x02}q"),
        error(b"not a file of tensors"),
        error(&[0xff; 64]),
        error(&file(&[])),
        error(&file(&[
            ("clip_g", Dtype::F32, &[1, 2], &values),
            ("clip_l", Dtype::F32, &[1, 2], &values),
        ])),
        error(&file(&[("x", Dtype::F32, &[1, 1, 2], &values)])),
        error(&file(&[("x", Dtype::F32, &[0, 2], &[])])),
        error(&file(&[("x", Dtype::I64, &[1], &values)])),
        error(&file(&[("x", Dtype::F32, &[1, 2], &values)])),
    ];
    assert_snapshot!(errors.join("\n"), @r#"
    this is a file of torch.save (.pt, .bin), which can run code when it is opened; where you trust it, convert it with `safetensors.torch.save_file({"emb_params": next(iter(torch.load(path)["string_to_param"].values()))}, path)`
    this is a file of torch.save (.pt, .bin), which can run code when it is opened; where you trust it, convert it with `safetensors.torch.save_file({"emb_params": next(iter(torch.load(path)["string_to_param"].values()))}, path)`
    this is no safetensors file: header too large
    this is no safetensors file: header too large
    it has not one tensor, nor one called `emb_params`, but these: []
    it has not one tensor, nor one called `emb_params`, but these: [clip_g, clip_l]
    its tensor has the shape [1, 1, 2], not [tokens, dimensions]
    its tensor has the shape [0, 2], not [tokens, dimensions]
    its numbers are of the type I64, not F32, F16 or BF16
    it has values that are not finite numbers
    "#);
}

#[test]
fn no_file_is_too_broken() {
    let values = f32_bytes(&[1.0, 2.0]);
    let whole = file(&[("emb_params", Dtype::F32, &[1, 2], &values)]);
    for len in 0..whole.len() {
        error(&whole[..len]);
    }
    for index in 0..whole.len() {
        let mut broken = whole.clone();
        broken[index] ^= 0x15;
        drop(TextualInversion::from_safetensors(&broken));
    }
}

#[test]
fn rows_follow_each_other() {
    let mut embeddings = Embeddings::default();
    let inversion = |vectors| TextualInversion { vectors };
    embeddings.insert("a", &inversion(array![[1.0, 2.0]])).unwrap();
    embeddings
        .insert("b", &inversion(array![[3.0, 4.0], [5.0, 6.0]]))
        .unwrap();
    assert_eq!(embeddings.vectors(), array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    assert_eq!(embeddings.word_of(0), Some("a"));
    assert_eq!(embeddings.word_of(2), Some("b"));
    assert_eq!(embeddings.word_of(3), None);
    let error = embeddings.insert("c", &inversion(array![[1.0]])).unwrap_err();
    assert_snapshot!(error, @"its vectors have 1 dimensions, those of other embeddings 2: it is for another model");
}

#[test]
fn a_folder_of_files_is_read() {
    let values = f32_bytes(&[1.0, 2.0]);
    let tensors = file(&[("emb_params", Dtype::F32, &[1, 2], &values)]);
    let source = |files: &[(&str, &[u8])]| ModelSource::Embedded {
        name: "model".to_owned(),
        files: files
            .iter()
            .map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec().into()))
            .collect::<HashMap<_, _>>(),
    };
    assert!(Embeddings::read(&source(&[])).unwrap().is_empty());
    let files = source(&[
        ("embeddings/bad.safetensors", &tensors),
        ("embeddings/README.md", b""),
    ]);
    assert_eq!(Embeddings::read(&files).unwrap().word_of(0), Some("bad"));
    let pickle = source(&[("embeddings/bad.pt", b"")]);
    let error = Embeddings::read(&pickle).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "the model file embedded:model/embeddings/bad.pt is not usable: this is a file of torch.save"
        ),
        "{error}"
    );
}

#[test]
fn the_longest_word_is_found_first() {
    let words = vec![
        (vec![1], 0..1),
        (vec![1, 2], 1..3),
        (vec![], 3..4),
        (vec![1], 4..5),
    ];
    let triggers = Triggers::new(words, 10);
    let units: Vec<(u32, Vec<i64>)> = triggers
        .units(&[1, 2, 1, 3])
        .map(|unit| (unit.token, unit.ids))
        .collect();
    assert_eq!(units, [(1, vec![11, 12]), (1, vec![10]), (3, vec![3])]);
}
