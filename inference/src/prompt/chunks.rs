//! Tokens in chunks as long as the text encoder reads, as `tokenize_line` in A1111's `modules/sd_hijack_clip.py` cuts
//! them.

use super::Chunk;

/// A chunk that would end at most this many tokens after a comma ends at the comma.
const COMMA_BACKTRACK: usize = 20;

/// What is around the text in every chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) bos: u32,
    pub(super) eos: u32,
    pub(super) pad: u32,
    /// The token of a comma that ends a word.
    pub(super) comma: Option<u32>,
    /// How many tokens of text there are in a chunk: 75 in CLIP.
    pub(super) len: usize,
}

/// What cannot be divided: a token of text, or all vectors of an embedding.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unit {
    /// The token in the text; the first one of an embedding's trigger word.
    pub(super) token: u32,
    /// What the text encoder reads instead. No longer than a chunk.
    pub(super) ids: Vec<i64>,
}

/// Collects chunks.
#[derive(Debug)]
pub(super) struct Chunker {
    layout: Layout,
    chunks: Vec<Chunk>,
    ids: Vec<i64>,
    weights: Vec<f32>,
    /// Where in the unfinished chunk the last comma is.
    last_comma: Option<usize>,
}

impl Chunker {
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            layout,
            chunks: Vec::new(),
            ids: Vec::new(),
            weights: Vec::new(),
            last_comma: None,
        }
    }

    pub(super) fn push(&mut self, unit: &Unit, weight: f32) {
        let len = self.layout.len;
        if self.layout.comma == Some(unit.token) {
            self.last_comma = Some(self.ids.len());
        } else if self.ids.len() == len {
            self.move_what_follows_a_comma();
        }
        if self.ids.len() == len || self.ids.len() + unit.ids.len() > len {
            self.end_chunk();
        }
        self.ids.extend(&unit.ids);
        self.weights.resize(self.ids.len(), weight);
    }

    /// Takes what follows a near comma from a full chunk into the next one.
    fn move_what_follows_a_comma(&mut self) {
        let Some(comma) = self
            .last_comma
            .filter(|comma| self.ids.len() - comma <= COMMA_BACKTRACK)
        else {
            return;
        };
        let ids = self.ids.split_off(comma + 1);
        let weights = self.weights.split_off(comma + 1);
        self.end_chunk();
        self.ids = ids;
        self.weights = weights;
    }

    /// Fills the chunk up and begins a new one.
    pub(super) fn end_chunk(&mut self) {
        let Layout {
            bos, eos, pad, len, ..
        } = self.layout;
        let mut ids = vec![i64::from(bos)];
        ids.append(&mut self.ids);
        ids.resize(len + 2, i64::from(eos));
        if let Some(end) = ids.iter().position(|&id| id == i64::from(eos)) {
            // Where padding is another token (Stable Diffusion 2), even text after an end token is padding.
            if pad != eos {
                ids[end + 1..].fill(i64::from(pad));
            }
        }
        let mut weights = vec![1.0];
        weights.append(&mut self.weights);
        weights.resize(len + 2, 1.0);
        self.chunks.push(Chunk { ids, weights });
        self.last_comma = None;
    }

    /// All chunks: at least one, and none of padding alone after others.
    pub(super) fn finish(mut self) -> Vec<Chunk> {
        if !self.ids.is_empty() || self.chunks.is_empty() {
            self.end_chunk();
        }
        self.chunks
    }
}
