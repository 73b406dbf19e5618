//! `ekaki tokens`: what a model reads of a prompt.

use std::io::{BufRead, Write};

use anyhow::Context as _;
use clap::Args;
use inference::prompt::{Chunk, Embeddings, PromptChunks, PromptSyntax, Tokenizer};
use serde_json::{Value, json};

use crate::config::Config;
use crate::models;

/// `ekaki tokens …`
#[derive(Debug, Args)]
pub(super) struct TokensArgs {
    /// The prompt, read exactly as it is
    #[arg(required_unless_present = "stdin", conflicts_with = "stdin")]
    prompt: Option<String>,
    /// Id of a model or path of its folder [default: inference.model of the settings]
    #[arg(long, value_name = "ID or FOLDER")]
    model: Option<String>,
    /// Take brackets and BREAK as text, and cut what is too long, as diffusers does
    #[arg(long)]
    plain_prompt: bool,
    /// Print one JSON object for each prompt
    #[arg(long)]
    pub(super) json: bool,
    /// Read prompts from standard input, one a line
    #[arg(long)]
    stdin: bool,
}

/// Prints the chunks of one prompt, or of every line.
pub(super) fn run(config: &Config, args: &TokensArgs) -> anyhow::Result<()> {
    let name = args.model.as_ref().unwrap_or(&config.inference.model);
    let (_, source) = models::resolve(&config.inference.models_dir, name)?;
    let reader = Reader {
        tokenizer: source.tokenizer()?,
        embeddings: Embeddings::read(&source)?,
        syntax: if args.plain_prompt {
            PromptSyntax::Plain
        } else {
            PromptSyntax::A1111
        },
        json: args.json,
    };
    let output = std::io::stdout().lock();
    match &args.prompt {
        Some(prompt) => reader.answer(prompt, output),
        None => reader.answer_lines(std::io::stdin().lock(), output),
    }
}

/// A model's way of reading prompts.
struct Reader {
    tokenizer: Tokenizer,
    embeddings: Embeddings,
    syntax: PromptSyntax,
    json: bool,
}

impl Reader {
    fn answer_lines(&self, mut input: impl BufRead, mut output: impl Write) -> anyhow::Result<()> {
        let mut line = Vec::new();
        while input
            .read_until(b'\n', &mut line)
            .context("cannot read standard input")?
            > 0
        {
            let prompt = line.strip_suffix(b"\n").unwrap_or(&line);
            self.answer(&String::from_utf8_lossy(prompt), &mut output)?;
            line.clear();
        }
        Ok(())
    }

    fn answer(&self, prompt: &str, mut output: impl Write) -> anyhow::Result<()> {
        let read = self.tokenizer.chunks(prompt, self.syntax, &self.embeddings)?;
        let text = if self.json {
            format!("{}\n", chunks_json(&read))
        } else {
            self.tables(&read)
        };
        output
            .write_all(text.as_bytes())
            .and_then(|()| output.flush())
            .context("cannot write to standard output")
    }

    /// A table for each chunk.
    fn tables(&self, read: &PromptChunks) -> String {
        let total = read.chunks.len();
        let mut text: String = (1..)
            .zip(&read.chunks)
            .map(|(number, chunk)| format!("chunk {number} of {total}\n{}", self.table(chunk)))
            .collect();
        if read.truncated {
            text.push_str("The end of the prompt is cut: it is longer than the model reads.\n");
        }
        text
    }

    /// A line for each token; what the chunk is filled up with takes one line.
    fn table(&self, chunk: &Chunk) -> String {
        let rows: Vec<(i64, f32)> = chunk
            .ids
            .iter()
            .copied()
            .zip(chunk.weights.iter().copied())
            .collect();
        let padding = rows
            .last()
            .map_or(0, |last| rows.iter().rev().take_while(|row| *row == last).count());
        let (shown, times) = match padding {
            0..=2 => (rows.len(), String::new()),
            _ => (rows.len() - padding + 1, format!("  × {padding}")),
        };
        let mut table = format!("{:>8}  {:>6}  token\n", "id", "weight");
        for (index, (id, weight)) in rows.iter().take(shown).enumerate() {
            let times = if index + 1 == shown { times.as_str() } else { "" };
            let weight = weight_text(*weight);
            table.push_str(&format!("{id:>8}  {weight:>6}  {}{times}\n", self.token(*id)));
        }
        table
    }

    /// The text of a token, or the word whose vector it is.
    fn token(&self, id: i64) -> String {
        if let Some(text) = self.tokenizer.token_text(id) {
            return text;
        }
        let row = usize::try_from(id)
            .ok()
            .and_then(|id| id.checked_sub(self.tokenizer.vocab_size()));
        match row.and_then(|row| self.embeddings.word_of(row)) {
            Some(word) => format!("embedding {word}"),
            None => "?".to_owned(),
        }
    }
}

/// Three decimals, unless the number is so large that they mean nothing.
fn weight_text(weight: f32) -> String {
    if weight.abs() < 100_000.0 {
        format!("{weight:.3}")
    } else {
        format!("{weight:.1e}")
    }
}

fn chunks_json(read: &PromptChunks) -> Value {
    let chunks = read.chunks.iter();
    let chunks: Vec<Value> = chunks
        .map(|chunk| json!({ "ids": chunk.ids, "weights": chunk.weights }))
        .collect();
    json!({ "chunks": chunks })
}

#[cfg(test)]
mod tests {
    use inference::prompt::{Embeddings, PromptSyntax, TextualInversion, Tokenizer, TokenizerFiles};
    use insta::assert_snapshot;
    use serde_json::{Value, json};

    use super::Reader;

    fn reader(json: bool) -> Reader {
        let tokenizer = Tokenizer::from_files(&TokenizerFiles {
            vocab_json: Some(include_bytes!("../../../inference/testdata/prompt/vocab.json")),
            merges_txt: Some(include_bytes!("../../../inference/testdata/prompt/merges.txt")),
            ..TokenizerFiles::default()
        })
        .expect("a tokenizer");
        let header = br#"{"emb_params":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}  "#;
        let file = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 8]].concat();
        let badhand = TextualInversion::from_safetensors(&file).expect("an embedding");
        let mut embeddings = Embeddings::default();
        embeddings.insert("badhand", &badhand).expect("room for it");
        Reader {
            tokenizer,
            embeddings,
            syntax: PromptSyntax::A1111,
            json,
        }
    }

    fn answers(reader: &Reader, lines: &[u8]) -> String {
        let mut output = Vec::new();
        reader.answer_lines(lines, &mut output).expect("an answer");
        String::from_utf8(output).expect("text")
    }

    #[test]
    fn people_read_a_table() {
        assert_snapshot!(answers(&reader(false), "(pink:1.3) hair BREAK badhand 後\n".as_bytes()), @"
        chunk 1 of 2
              id  weight  token
             858   1.000  <|startoftext|>
             573   1.300  pink</w>
             582   1.000  hair</w>
             859   1.000  <|endoftext|>  × 74
        chunk 2 of 2
              id  weight  token
             858   1.000  <|startoftext|>
             860   1.000  embedding badhand
             861   1.000  embedding badhand
             657   1.000  å¾
             490   1.000  Į</w>
             859   1.000  <|endoftext|>  × 72
        ");
    }

    #[test]
    fn huge_weights_stay_short() {
        let text = answers(&reader(false), b"(pink:1234567)");
        assert!(text.contains("  1.2e6  pink</w>"), "{text}");
    }

    #[test]
    fn a_cut_prompt_says_so() {
        let plain = Reader {
            syntax: PromptSyntax::Plain,
            ..reader(false)
        };
        let text = answers(&plain, "pink ".repeat(80).as_bytes());
        assert!(
            text.ends_with("The end of the prompt is cut: it is longer than the model reads.\n"),
            "{text}"
        );
    }

    #[test]
    fn scripts_read_one_object_a_line() {
        let answers = answers(&reader(true), b"(girl:1.3)\n\nno \xff newline");
        let objects: Vec<Value> = answers
            .lines()
            .map(|line| serde_json::from_str(line).expect("an object"))
            .collect();
        assert_eq!(objects.len(), 3);
        let chunk = &objects[0]["chunks"][0];
        assert_eq!(chunk["ids"].as_array().map(Vec::len), Some(77));
        assert_eq!(chunk["weights"][1], json!(1.3_f32));
        assert_eq!(objects[1]["chunks"].as_array().map(Vec::len), Some(1));
    }
}
