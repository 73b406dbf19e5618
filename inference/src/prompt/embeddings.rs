//! Textual inversion: words that a person's own files add to the vocabulary.

use std::ops::Range;
use std::path::Path;

use half::{bf16, f16};
use ndarray::{Array2, Axis};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::chunks::Unit;
use crate::error::LoadError;
use crate::models::ModelSource;

/// Where a model folder keeps its embeddings.
const FOLDER: &str = "embeddings";
/// What A1111 and its trainers call the tensor.
const A1111_NAME: &str = "emb_params";

/// The vectors of one word.
#[derive(Debug, Clone, PartialEq)]
pub struct TextualInversion {
    /// One row for each token that the word stands for, `[tokens, dimensions]`.
    pub vectors: Array2<f32>,
}

/// A file has no embedding that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddingError {
    /// The file is torch's own format.
    #[error(
        "this is a file of torch.save (.pt, .bin), which can run code when it is opened; where you trust it, convert it with \
         `safetensors.torch.save_file({{\"emb_params\": next(iter(torch.load(path)[\"string_to_param\"].values()))}}, path)`"
    )]
    Pickle,
    /// The file is not a safetensors file, or a broken one.
    #[error("this is no safetensors file: {reason}")]
    Malformed {
        /// What the library says.
        reason: String,
    },
    /// The file has no tensor, or several, none of which is called `emb_params`.
    #[error("it has not one tensor, nor one called `emb_params`, but these: [{}]", names.join(", "))]
    Ambiguous {
        /// Their names.
        names: Vec<String>,
    },
    /// The tensor is no list of vectors.
    #[error("its tensor has the shape {shape:?}, not [tokens, dimensions]")]
    Shape {
        /// Its shape.
        shape: Vec<usize>,
    },
    /// The tensor's numbers are of a type that embeddings do not have.
    #[error("its numbers are of the type {dtype}, not F32, F16 or BF16")]
    Dtype {
        /// Their type.
        dtype: String,
    },
    /// The tensor has infinite values or values that are no numbers.
    #[error("it has values that are not finite numbers")]
    NotFinite,
    /// The vectors are not as long as those of the other embeddings of the folder.
    #[error(
        "its vectors have {found} dimensions, those of other embeddings {expected}: it is for another model"
    )]
    Dimensions {
        /// What the others have.
        expected: usize,
        /// What it has.
        found: usize,
    },
}

impl TextualInversion {
    /// Reads a `.safetensors` file: the only tensor in it, as diffusers and kohya's trainer write it, or the one that is
    /// called `emb_params`, as A1111's users do.
    ///
    /// # Errors
    /// When the file is another format, broken, or not clear.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, EmbeddingError> {
        let malformed = |error: safetensors::SafeTensorError| EmbeddingError::Malformed {
            reason: error.to_string(),
        };
        let tensors = match SafeTensors::deserialize(bytes) {
            Err(_) if is_pickle(bytes) => return Err(EmbeddingError::Pickle),
            tensors => tensors.map_err(malformed)?,
        };
        let mut names: Vec<String> = tensors.names().iter().map(ToString::to_string).collect();
        names.sort_unstable();
        let name = match names.as_slice() {
            [name] => name.as_str(),
            names if names.iter().any(|name| name == A1111_NAME) => A1111_NAME,
            _ => return Err(EmbeddingError::Ambiguous { names }),
        };
        let tensor = tensors.tensor(name).map_err(malformed)?;
        let shape = || EmbeddingError::Shape {
            shape: tensor.shape().to_vec(),
        };
        let (tokens, dimensions) = match *tensor.shape() {
            [dimensions] => (1, dimensions),
            [tokens, dimensions] => (tokens, dimensions),
            _ => return Err(shape()),
        };
        if tokens == 0 || dimensions == 0 {
            return Err(shape());
        }
        let values = numbers(&tensor)?;
        if !values.iter().all(|value| value.is_finite()) {
            return Err(EmbeddingError::NotFinite);
        }
        let vectors = Array2::from_shape_vec((tokens, dimensions), values).map_err(|_| shape())?;
        Ok(Self { vectors })
    }
}

/// The archives of newer releases of torch, and the bare pickles of older ones.
fn is_pickle(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.first() == Some(&0x80)
}

fn numbers(tensor: &TensorView<'_>) -> Result<Vec<f32>, EmbeddingError> {
    let (pairs, _) = tensor.data().as_chunks::<2>();
    match tensor.dtype() {
        Dtype::F32 => {
            let (quadruples, _) = tensor.data().as_chunks::<4>();
            Ok(quadruples.iter().copied().map(f32::from_le_bytes).collect())
        }
        Dtype::F16 => Ok(pairs
            .iter()
            .map(|&pair| f16::from_le_bytes(pair).to_f32())
            .collect()),
        Dtype::BF16 => Ok(pairs
            .iter()
            .map(|&pair| bf16::from_le_bytes(pair).to_f32())
            .collect()),
        other => Err(EmbeddingError::Dtype {
            dtype: format!("{other:?}"),
        }),
    }
}

/// The embeddings of a model, each with the word that stands for it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Embeddings {
    words: Vec<(String, Range<usize>)>,
    vectors: Array2<f32>,
}

impl Embeddings {
    /// Reads every `embeddings/<word>.safetensors` of a model. A model without that folder has none.
    ///
    /// # Errors
    /// When a file cannot be read or used; `.pt` and `.bin` files are refused with the way to convert them.
    pub fn read(source: &ModelSource) -> Result<Self, LoadError> {
        let mut embeddings = Self::default();
        for file in source.list(FOLDER)? {
            let path = Path::new(&file);
            let extension = path.extension().and_then(|extension| extension.to_str());
            let Some(word) = path.file_stem().and_then(|stem| stem.to_str()) else {
                continue;
            };
            let unusable = |error: EmbeddingError| source.corrupt(&file, error.to_string());
            match extension.map(str::to_ascii_lowercase).as_deref() {
                Some("safetensors") => {
                    let inversion =
                        TextualInversion::from_safetensors(&source.read(&file)?).map_err(unusable)?;
                    embeddings.insert(word, &inversion).map_err(unusable)?;
                }
                Some("pt" | "bin") => return Err(unusable(EmbeddingError::Pickle)),
                _ => {}
            }
        }
        Ok(embeddings)
    }

    /// Adds a word. Of two words with the same tokens the first counts.
    ///
    /// # Errors
    /// When the vectors have other dimensions than those that are there.
    pub fn insert(&mut self, word: &str, inversion: &TextualInversion) -> Result<(), EmbeddingError> {
        let (expected, found) = (self.vectors.ncols(), inversion.vectors.ncols());
        if self.words.is_empty() {
            self.vectors = inversion.vectors.clone();
        } else {
            let appended = self.vectors.append(Axis(0), inversion.vectors.view());
            appended.map_err(|_| EmbeddingError::Dimensions { expected, found })?;
        }
        let rows = self.vectors.nrows();
        self.words
            .push((word.to_owned(), rows - inversion.vectors.nrows()..rows));
        Ok(())
    }

    /// The rows that follow the text encoder's own table of tokens, `[tokens, dimensions]`: the first is that of the id
    /// [`Tokenizer::vocab_size`](super::Tokenizer::vocab_size).
    pub fn vectors(&self) -> &Array2<f32> {
        &self.vectors
    }

    /// Whether there are no embeddings.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The word that a row of [`vectors`](Self::vectors) belongs to.
    pub fn word_of(&self, row: usize) -> Option<&str> {
        let found = self.words.iter().find(|(_, rows)| rows.contains(&row));
        found.map(|(word, _)| word.as_str())
    }

    /// Every word with its rows.
    pub(super) fn words(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        self.words
            .iter()
            .map(|(word, rows)| (word.as_str(), rows.clone()))
    }
}

/// The words of embeddings as a tokenizer sees them.
#[derive(Debug)]
pub(super) struct Triggers {
    /// The tokens of a word with the ids of its vectors, the longest words first.
    triggers: Vec<(Vec<u32>, Range<usize>)>,
}

impl Triggers {
    /// `words` are the tokens and the rows of each embedding, `vocab_size` the id of the first row.
    pub(super) fn new(mut words: Vec<(Vec<u32>, Range<usize>)>, vocab_size: usize) -> Self {
        words.retain(|(tokens, _)| !tokens.is_empty());
        words.sort_by_key(|(tokens, _)| std::cmp::Reverse(tokens.len()));
        for (_, rows) in &mut words {
            *rows = rows.start + vocab_size..rows.end + vocab_size;
        }
        Self { triggers: words }
    }

    /// The tokens of a text, those of known words replaced.
    pub(super) fn units(&self, ids: &[u32]) -> impl Iterator<Item = Unit> {
        let mut rest = ids;
        std::iter::from_fn(move || {
            let &token = rest.first()?;
            let found = self.triggers.iter().find(|(tokens, _)| rest.starts_with(tokens));
            let (len, ids) = match found {
                Some((tokens, ids)) => (tokens.len(), ids.clone().map(|id| id as i64).collect()),
                None => (1, vec![i64::from(token)]),
            };
            rest = rest.get(len..)?;
            Some(Unit { token, ids })
        })
    }
}

#[cfg(test)]
mod tests;
