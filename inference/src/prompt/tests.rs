use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use insta::assert_snapshot;
use ndarray::Array2;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

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

/// CLIP's own vocabulary.
fn real_clip() -> Tokenizer {
    let merges = decompressed(include_bytes!("../../testdata/prompt/clip_merges.txt.gz"));
    let merges = String::from_utf8(merges).unwrap();
    let letters = || (0..=u8::MAX).map(words::byte_letter);
    let printable = letters().filter(|&letter| letter < '\u{100}');
    let others = letters().filter(|&letter| letter >= '\u{100}');
    let letters: Vec<String> = printable.chain(others).map(String::from).collect();
    let ends = letters.iter().map(|letter| format!("{letter}</w>"));
    let merged = merges.lines().skip(1).map(|line| line.replace(' ', ""));
    let special = ["<|startoftext|>", "<|endoftext|>"].map(str::to_owned);
    let vocab: BTreeMap<String, usize> = (letters.iter().cloned().chain(ends).chain(merged).chain(special))
        .zip(0..)
        .collect();
    Tokenizer::from_files(&TokenizerFiles {
        vocab_json: Some(json!(vocab).to_string().as_bytes()),
        merges_txt: Some(merges.as_bytes()),
        ..TokenizerFiles::default()
    })
    .unwrap()
}

fn decompressed(bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut content).unwrap();
    content
}

#[test]
fn ids_of_random_texts_are_those_of_transformers() {
    let texts = decompressed(include_bytes!("../../testdata/prompt/random_texts.json.gz"));
    let texts: Vec<String> = serde_json::from_slice(&texts).unwrap();
    assert_eq!(texts.len(), 20_000);
    let numbers = decompressed(include_bytes!("../../testdata/prompt/random_ids.gz"));
    let mut numbers = numbers
        .chunks(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let tokenizer = real_clip();
    assert_eq!(tokenizer.vocab_size(), 49_408);
    for text in texts {
        let len = numbers.next().unwrap();
        let ids: Vec<u32> = numbers.by_ref().take(len.into()).map(u32::from).collect();
        assert_eq!(tokenizer.ids(&text).unwrap(), ids, "{text:?}");
    }
    assert_eq!(numbers.next(), None);
}

#[derive(Deserialize)]
struct FastGolden {
    cases: Vec<FastCase>,
}

#[derive(Deserialize)]
struct FastCase {
    text: String,
    ids: Vec<i64>,
    truncated: bool,
}

const TOKENIZER_JSON: &[u8] = include_bytes!("../../testdata/prompt/tokenizer.json");

#[test]
fn ids_of_tokenizer_json_are_those_of_the_fast_class() {
    let golden: FastGolden =
        serde_json::from_str(include_str!("../../testdata/prompt/fast_cases.json")).unwrap();
    assert!(golden.cases.len() > 100);
    let tokenizer = from_tokenizer_json(TOKENIZER_JSON, "{}").unwrap();
    for mut case in golden.cases {
        case.ids.resize(77, 859);
        let expected = Encoded {
            ids: case.ids,
            truncated: case.truncated,
        };
        assert_eq!(tokenizer.encode(&case.text).unwrap(), expected, "{:?}", case.text);
    }
}

#[test]
fn vocab_and_merges_come_before_tokenizer_json() {
    let both = TokenizerFiles {
        tokenizer_json: Some(TOKENIZER_JSON),
        ..clip_files()
    };
    let ids = |tokenizer: &Tokenizer| tokenizer.encode("a\u{200b}b").unwrap().ids;
    assert_eq!(
        ids(&Tokenizer::from_files(&both).unwrap()),
        ids(&clip_tokenizer())
    );
    let fast = from_tokenizer_json(TOKENIZER_JSON, "{}").unwrap();
    assert_ne!(ids(&fast), ids(&clip_tokenizer()));
}

#[derive(Deserialize)]
struct LanguageGolden {
    embeddings: Value,
    cases: Vec<LanguageCase>,
}

#[derive(Deserialize)]
struct LanguageCase {
    text: String,
    attention: Vec<(String, f64)>,
    chunks: Vec<WeightedChunk>,
    padded_with_0: Vec<ChunkIds>,
}

#[derive(Deserialize)]
struct WeightedChunk {
    ids: Vec<i64>,
    weights: Vec<f64>,
}

#[derive(Deserialize)]
struct ChunkIds {
    ids: Vec<i64>,
}

#[track_caller]
fn check_weight(text: &str, weight: f64, expected: f64) {
    let error = (weight - expected).abs();
    assert!(
        error <= 1e-6 * expected.abs(),
        "{text:?}: {weight}, not {expected}"
    );
}

#[test]
fn chunks_and_weights_are_those_of_a1111() {
    let golden = decompressed(include_bytes!("../../testdata/prompt/a1111.json.gz"));
    let golden: LanguageGolden = serde_json::from_slice(&golden).unwrap();
    assert!(golden.cases.len() > 600);
    // The words in the order of their rows.
    let mut embeddings = Embeddings::default();
    for word in ["badhand", "EasyNegative", "style a", "<cat-toy>", "long"] {
        let rows = golden.embeddings[word].as_u64().unwrap() as usize;
        let vectors = Array2::zeros((rows, 2));
        embeddings.insert(word, &TextualInversion { vectors }).unwrap();
    }
    let tokenizer = real_clip();
    let mut other_padding = tokenizer.clone();
    other_padding.layout.pad = 0;
    for case in golden.cases {
        let text = &case.text;
        let spans = attention::parse(text);
        assert_eq!(spans.len(), case.attention.len(), "{text:?}");
        for (span, (part, weight)) in spans.iter().zip(&case.attention) {
            assert_eq!(span.text, *part, "{text:?}");
            check_weight(text, span.weight, *weight);
        }
        let chunks = |tokenizer: &Tokenizer| {
            let chunks = tokenizer.chunks(text, PromptSyntax::A1111, &embeddings).unwrap();
            assert!(!chunks.truncated);
            chunks.chunks
        };
        let read = chunks(&tokenizer);
        assert_eq!(read.len(), case.chunks.len(), "{text:?}");
        for (chunk, expected) in read.iter().zip(case.chunks) {
            assert_eq!(chunk.ids, expected.ids, "{text:?}");
            assert_eq!(chunk.weights.len(), expected.weights.len(), "{text:?}");
            for (&weight, expected) in chunk.weights.iter().zip(expected.weights) {
                check_weight(text, weight.into(), expected);
            }
        }
        let ids: Vec<Vec<i64>> = chunks(&other_padding)
            .into_iter()
            .map(|chunk| chunk.ids)
            .collect();
        let expected: Vec<Vec<i64>> = case.padded_with_0.into_iter().map(|chunk| chunk.ids).collect();
        assert_eq!(ids, expected, "{text:?}");
    }
}

#[test]
fn plain_syntax_is_one_chunk_without_weights() {
    let tokenizer = clip_tokenizer();
    for text in ["(a:1.3) BREAK b", &"pink hair, ".repeat(40)] {
        let encoded = tokenizer.encode(text).unwrap();
        let chunks = tokenizer
            .chunks(text, PromptSyntax::Plain, &Embeddings::default())
            .unwrap();
        assert_eq!(chunks.truncated, encoded.truncated);
        assert_eq!(chunks.chunks.len(), 1);
        assert_eq!(chunks.chunks[0].ids, encoded.ids);
        assert_eq!(chunks.chunks[0].weights, [1.0; 77]);
    }
}

#[test]
fn plain_syntax_knows_embeddings_and_cuts_none_in_two() {
    let tokenizer = clip_tokenizer();
    let mut embeddings = Embeddings::default();
    let vectors = Array2::zeros((3, 2));
    embeddings.insert("girl", &TextualInversion { vectors }).unwrap();
    let plain = |text: &str| tokenizer.chunks(text, PromptSyntax::Plain, &embeddings).unwrap();
    let first = tokenizer.vocab_size() as i64;
    let (bos, eos) = (first - 2, first - 1);
    let short = plain("Girl");
    assert_eq!(
        short.chunks[0].ids[..6],
        [bos, first, first + 1, first + 2, eos, eos]
    );
    let long = plain(&"girl ".repeat(26));
    assert!(long.truncated && !plain(&"girl ".repeat(25)).truncated);
    let cut = plain(&format!("{}girl", "a ".repeat(73)));
    assert!(cut.truncated);
    assert_eq!(cut.chunks[0].ids[73..], [320, eos, eos, eos]);
}

#[test]
fn an_embedding_longer_than_a_chunk_is_text() {
    let tokenizer = clip_tokenizer();
    let mut embeddings = Embeddings::default();
    let vectors = Array2::zeros((76, 2));
    embeddings.insert("girl", &TextualInversion { vectors }).unwrap();
    let chunks = |embeddings| {
        tokenizer
            .chunks("a girl", PromptSyntax::A1111, embeddings)
            .unwrap()
    };
    assert_eq!(chunks(&embeddings), chunks(&Embeddings::default()));
}

static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(clip_tokenizer);

proptest! {
    #[test]
    fn any_prompt_has_chunks_of_finite_weights(prompt in r"([(){}\[\]:\\]{0,9}|[0-9]{0,400}|BREAK|[a-z,]{1,9}|\PC){0,20}") {
        let chunks = TOKENIZER.chunks(&prompt, PromptSyntax::A1111, &Embeddings::default()).unwrap();
        for chunk in chunks.chunks {
            prop_assert_eq!((chunk.ids.len(), chunk.weights.len()), (77, 77));
            prop_assert!(chunk.weights.iter().all(|weight| weight.is_finite()));
        }
    }
}

#[test]
fn brackets_too_deep_for_numbers_weigh_finitely() {
    let tokenizer = clip_tokenizer();
    for prompt in [
        format!("{}a", "(".repeat(10_000)),
        format!("{}a", "[".repeat(10_000)),
        format!("({}a:0)", "(".repeat(10_000)),
    ] {
        let chunks = tokenizer
            .chunks(&prompt, PromptSyntax::A1111, &Embeddings::default())
            .unwrap();
        assert!(chunks.chunks[0].weights.iter().all(|weight| weight.is_finite()));
    }
}

#[test]
fn tokens_can_be_read() {
    let tokenizer = clip_tokenizer();
    let encoded = tokenizer.encode("pink 髪é").unwrap();
    let end = encoded.ids.iter().position(|&id| id == encoded.ids[76]).unwrap();
    let texts: Vec<String> = encoded.ids[..=end]
        .iter()
        .map(|&id| tokenizer.token_text(id).unwrap())
        .collect();
    assert_snapshot!(texts.join(" "), @"<|startoftext|> pink</w> 髪</w> Ã ©</w> <|endoftext|>");
    assert_eq!(tokenizer.token_text(-1), None);
    assert_eq!(tokenizer.token_text(1 << 40), None);
}

#[test]
fn syntaxes_are_named_as_in_the_settings() {
    for syntax in [PromptSyntax::A1111, PromptSyntax::Plain] {
        assert_eq!(syntax.to_string().parse(), Ok(syntax));
    }
    let error = "compel".parse::<PromptSyntax>().unwrap_err();
    assert_snapshot!(error, @"there is no prompt syntax `compel` (known: a1111, plain)");
}

/// A `tokenizer.json` with keys that tokenizers of exported models have.
fn tokenizer_json(keys: &[(&str, Value)]) -> Vec<u8> {
    let mut json: Value = serde_json::from_slice(TOKENIZER_JSON).unwrap();
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
        ..TokenizerFiles::default()
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
    the special token "<|endoftext|>" is not in the vocabulary
    tokenizer_config.json: invalid type: sequence, expected a map at line 1 column 0
    tokenizer_config.json: `model_max_length` = "77" is not a number of tokens
    tokenizer_config.json: `model_max_length` = 2 leaves no room for text
    the special token "[PAD]" is not in the vocabulary
    tokenizer.json: Model missing. at line 1 column 2
    tokenizer.json: Merges text file invalid at line 1 at line 1 column 66
    tokenizer.json: its merges do not fit its vocabulary
    "#);
}
