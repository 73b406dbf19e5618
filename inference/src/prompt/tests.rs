use insta::assert_snapshot;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{clip, special_tokens::SpecialTokens, *};

const VOCAB: &[u8] = include_bytes!("../../testdata/prompt/vocab.json");
const MERGES: &[u8] = include_bytes!("../../testdata/prompt/merges.txt");

#[derive(Deserialize)]
struct Golden {
    groups: Vec<Group>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Group {
    tokenizer_config: Option<Value>,
    special_tokens_map: Option<Value>,
    pad_id: i64,
}

#[derive(Deserialize)]
struct Case {
    group: usize,
    text: String,
    /// Up to the end token.
    ids: Vec<i64>,
    truncated: bool,
}

fn bytes(json: Option<&Value>) -> Option<Vec<u8>> {
    json.map(|json| json.to_string().into_bytes())
}

fn clip_files() -> TokenizerFiles<'static> {
    TokenizerFiles {
        vocab_json: Some(VOCAB),
        merges_txt: Some(MERGES),
        ..TokenizerFiles::default()
    }
}

fn clip_tokenizer() -> Tokenizer {
    Tokenizer::from_files(&clip_files()).unwrap()
}

#[test]
fn ids_are_those_of_transformers() {
    let golden: Golden = serde_json::from_str(include_str!("../../testdata/prompt/cases.json")).unwrap();
    assert!(golden.cases.len() > 300);
    for (index, group) in golden.groups.iter().enumerate() {
        let config = bytes(group.tokenizer_config.as_ref());
        let map = bytes(group.special_tokens_map.as_ref());
        let files = TokenizerFiles {
            tokenizer_config_json: config.as_deref(),
            special_tokens_map_json: map.as_deref(),
            ..clip_files()
        };
        let tokenizer = Tokenizer::from_files(&files).unwrap();
        for case in golden.cases.iter().filter(|case| case.group == index) {
            let mut ids = case.ids.clone();
            ids.resize(77, group.pad_id);
            let expected = Encoded {
                ids,
                truncated: case.truncated,
            };
            assert_eq!(
                tokenizer.encode(&case.text).unwrap(),
                expected,
                "group {index}: {:?}",
                case.text
            );
        }
    }
}

/// The `tokenizer.json` for the same vocabulary, with keys that tokenizers of exported models have.
fn tokenizer_json(keys: &[(&str, Value)]) -> Vec<u8> {
    let special = SpecialTokens::from_files(None, None).unwrap();
    let mut json = clip::tokenizer_json(VOCAB, MERGES, &special).unwrap();
    for (key, value) in keys {
        json[key] = value.clone();
    }
    json.to_string().into_bytes()
}

fn from_tokenizer_json(json: &[u8], config: &str) -> Result<Tokenizer, TokenizerError> {
    Tokenizer::from_files(&TokenizerFiles {
        tokenizer_json: Some(json),
        tokenizer_config_json: Some(config.as_bytes()),
        ..TokenizerFiles::default()
    })
}

#[test]
fn length_and_padding_come_from_the_configuration() {
    let truncation = json!({"direction": "Left", "max_length": 5, "strategy": "LongestFirst", "stride": 2});
    let json = tokenizer_json(&[("truncation", truncation)]);
    let tokenizer = from_tokenizer_json(&json, r#"{"model_max_length": 8, "pad_token": "!"}"#).unwrap();
    let whole = clip_tokenizer().encode("a girl!").unwrap().ids;
    let short = tokenizer.encode("a girl").unwrap();
    assert_eq!(short.ids, [&whole[..3], &[whole[76], 0, 0, 0, 0]].concat());
    assert!(!short.truncated);
    assert!(tokenizer.encode("a girl, a girl, a girl").unwrap().truncated);
    // What pads is no ordinary letter any more.
    assert_eq!(tokenizer.encode("a!").unwrap().ids[2], 0);
}

#[test]
fn the_newer_configuration_outweighs_the_special_tokens_map() {
    let tokenizer = |config: &[u8]| {
        let map = br#"{"pad_token": {"content": "!"}}"#;
        let files = TokenizerFiles {
            tokenizer_config_json: Some(config),
            special_tokens_map_json: Some(map),
            ..clip_files()
        };
        Tokenizer::from_files(&files).unwrap().encode("").unwrap().ids[76]
    };
    let end = clip_tokenizer().encode("").unwrap().ids[1];
    assert_eq!(tokenizer(br#"{"pad_token": "<|endoftext|>"}"#), 0);
    assert_eq!(
        tokenizer(br#"{"pad_token": "<|endoftext|>", "added_tokens_decoder": {}}"#),
        end
    );
}

#[test]
fn hostile_texts_end_in_time() {
    let tokenizer = clip_tokenizer();
    for text in [
        "a",
        "\0",
        " ",
        "<|endoftext|>",
        "'s",
        "\u{301}",
        "😀",
        "後藤",
        "\u{1100}\u{1161}",
    ] {
        let long = text.repeat(10_000_000 / text.len());
        let encoded = tokenizer.encode(&long).unwrap();
        assert_eq!((encoded.ids.len(), encoded.truncated), (77, true), "{text:?}");
    }
}

fn error(files: &TokenizerFiles<'_>) -> String {
    Tokenizer::from_files(files).unwrap_err().to_string()
}

#[test]
fn errors_say_which_file_is_wrong_and_why() {
    let merges = |text: &'static str| TokenizerFiles {
        merges_txt: Some(text.as_bytes()),
        ..clip_files()
    };
    let vocab = |text: &'static str| TokenizerFiles {
        vocab_json: Some(text.as_bytes()),
        ..clip_files()
    };
    let config = |text: &'static str| TokenizerFiles {
        tokenizer_config_json: Some(text.as_bytes()),
        ..clip_files()
    };
    let json = |text: &'static str| TokenizerFiles {
        tokenizer_json: Some(text.as_bytes()),
        ..clip_files()
    };
    let long_merge = r#"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": [["a", "b"]]}}"#;
    let errors = [
        error(&TokenizerFiles {
            merges_txt: None,
            ..clip_files()
        }),
        error(&merges("#version\na b c")),
        error(&merges("#version\na b\n\nc d")),
        error(&merges("#version\na 後")),
        error(&TokenizerFiles {
            merges_txt: Some(b"#version\n\xff"),
            ..clip_files()
        }),
        error(&vocab("{")),
        error(&vocab(r#"{"a": -1}"#)),
        error(&vocab("{}")),
        error(&TokenizerFiles {
            merges_txt: Some(b""),
            ..vocab(r#"{"a": 0}"#)
        }),
        error(&config("[]")),
        error(&config(r#"{"model_max_length": "77"}"#)),
        error(&config(r#"{"model_max_length": 2}"#)),
        error(&config(r#"{"pad_token": "[PAD]"}"#)),
        error(&json("{}")),
        error(&json(
            r#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a a a"]}}"#,
        )),
        error(&json(long_merge)),
    ];
    assert_snapshot!(errors.join("\n"), @r#"
    there is neither tokenizer.json nor vocab.json with merges.txt
    merges.txt: line 2 is not a pair of pieces
    merges.txt: line 2 needs "ab", which vocab.json lacks
    merges.txt: line 2 needs "後", which vocab.json lacks
    merges.txt: invalid utf-8 sequence of 1 bytes from index 9
    vocab.json: EOF while parsing an object at line 1 column 1
    vocab.json: invalid value: integer `-1`, expected u32 at line 1 column 8
    merges.txt: line 2 needs "ã", which vocab.json lacks
    the special token "<|startoftext|>" is not in the vocabulary
    tokenizer_config.json: invalid type: sequence, expected a map at line 1 column 0
    tokenizer_config.json: `model_max_length` = "77" is not a number of tokens
    tokenizer_config.json: `model_max_length` = 2 leaves no room for text
    the special token "[PAD]" is not in the vocabulary
    tokenizer.json: Model missing. at line 1 column 2
    tokenizer.json: Merges text file invalid at line 1 at line 1 column 66
    tokenizer.json: its merges do not fit its vocabulary
    "#);
}
