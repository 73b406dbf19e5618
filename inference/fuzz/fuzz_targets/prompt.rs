//! Any text is cut into chunks of equal length with finite weights.
#![no_main]

use std::sync::LazyLock;

use inference::prompt::{Embeddings, PromptSyntax, Tokenizer, TokenizerFiles};
use libfuzzer_sys::fuzz_target;

static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(|| {
    let files = TokenizerFiles {
        vocab_json: Some(include_bytes!("../../testdata/prompt/vocab.json")),
        merges_txt: Some(include_bytes!("../../testdata/prompt/merges.txt")),
        ..TokenizerFiles::default()
    };
    Tokenizer::from_files(&files).expect("a tokenizer")
});

fuzz_target!(|text: &str| {
    for syntax in [PromptSyntax::A1111, PromptSyntax::Plain] {
        let prompt = TOKENIZER
            .chunks(text, syntax, &Embeddings::default())
            .expect("every text has tokens");
        assert!(!prompt.chunks.is_empty());
        for chunk in prompt.chunks {
            assert_eq!((chunk.ids.len(), chunk.weights.len()), (77, 77));
            assert!(chunk.weights.iter().all(|weight| weight.is_finite()));
        }
    }
});
