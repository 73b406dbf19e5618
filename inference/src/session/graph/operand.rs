//! The query, key or value of an attention: where it comes from and how it was brought into shape.

use super::field::{FLOAT, FLOAT16};
use super::lookup::{Dim, Lookup};
use super::proto::Node;

/// How many operators there may be between the projection and the multiplication.
const MAX_STEPS: usize = 8;

/// What one dimension of a tensor counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Batch,
    Heads,
    /// Batch times heads.
    BatchHeads,
    Tokens,
    /// The values of one head.
    Depth,
}

impl Axis {
    /// How a projection is split into heads.
    pub(super) const SPLIT: [Self; 4] = [Self::Batch, Self::Tokens, Self::Heads, Self::Depth];

    /// What a `Transpose` makes of a layout.
    pub(super) fn transpose(layout: &[Self], perm: &[i64]) -> Option<Vec<Self>> {
        let axis = |&index: &i64| layout.get(usize::try_from(index).ok()?).copied();
        perm.iter().map(axis).collect()
    }

    /// What a `Reshape` to so many dimensions makes of a layout, when all it does is to join the batch with the heads
    /// or to part them.
    pub(super) fn reshape(layout: &[Self], rank: usize) -> Option<Vec<Self>> {
        match (layout, rank) {
            ([Self::Batch, Self::Heads, rest @ ..], 3) => Some([&[Self::BatchHeads], rest].concat()),
            ([Self::BatchHeads, rest @ ..], 4) => Some([&[Self::Batch, Self::Heads], rest].concat()),
            _ => None,
        }
    }
}

/// Something that a tensor is multiplied with or divided by.
#[derive(Debug, Clone, Copy)]
pub(super) enum Factor<'a> {
    Times(&'a str),
    Over(&'a str),
}

impl<'a> Factor<'a> {
    /// Takes a `Mul` or `Div` apart into the tensor and its factor, which has a single value.
    pub(super) fn of(lookup: &Lookup<'a>, node: &'a Node) -> Option<(&'a str, Self)> {
        let (first, second) = (node.input(0)?, node.input(1)?);
        if node.is("Div") {
            Some((first, Self::Over(second)))
        } else if lookup.float(first).is_some() {
            Some((second, Self::Times(first)))
        } else {
            Some((first, Self::Times(second)))
        }
    }
}

/// One operand of the two multiplications of an attention.
#[derive(Debug)]
pub(super) struct Operand<'a> {
    /// The projection, `[batch, tokens, heads · depth]`.
    pub(super) source: &'a str,
    /// Of ONNX's `TensorProto.DataType`, the same all the way.
    pub(super) data_type: i64,
    pub(super) num_heads: i64,
    /// The dimensions when it is multiplied.
    pub(super) layout: Vec<Axis>,
    /// What it was multiplied with before.
    pub(super) factors: Vec<Factor<'a>>,
}

impl<'a> Operand<'a> {
    /// Follows a tensor back to where it was split into heads.
    pub(super) fn find(lookup: &Lookup<'a>, name: &'a str) -> Option<Self> {
        let mut name = name;
        let mut nodes = Vec::new();
        let mut factors = Vec::new();
        for _ in 0..MAX_STEPS {
            let node = lookup.producer(name)?;
            name = match node.kind() {
                "Mul" | "Div" => {
                    let (input, factor) = Factor::of(lookup, node)?;
                    factors.push(factor);
                    input
                }
                "Reshape" => {
                    nodes.push(node);
                    if let Some(num_heads) = split(lookup, node) {
                        return Self::new(lookup, &nodes, num_heads, factors);
                    }
                    node.input(0)?
                }
                "Transpose" | "Cast" => {
                    nodes.push(node);
                    node.input(0)?
                }
                "Identity" => node.input(0)?,
                _ => return None,
            };
        }
        None
    }

    /// With the last two dimensions exchanged.
    pub(super) fn transposed(mut self) -> Self {
        if let [.., first, second] = self.layout.as_mut_slice() {
            std::mem::swap(first, second);
        }
        self
    }

    /// Whether it can take part in one attention with the other.
    pub(super) fn is_shaped_like(&self, other: &Self) -> bool {
        (self.num_heads, self.data_type, &self.layout) == (other.num_heads, other.data_type, &other.layout)
    }

    /// Follows the nodes from the split, which is the last of them, back to the multiplication.
    fn new(
        lookup: &Lookup<'a>,
        nodes: &[&'a Node],
        num_heads: i64,
        factors: Vec<Factor<'a>>,
    ) -> Option<Self> {
        let (split, nodes) = nodes.split_last()?;
        let source = split.input(0)?;
        let data_type = lookup.data_type(source)?;
        if lookup.rank(source) != Some(3) || !matches!(data_type, FLOAT | FLOAT16) {
            return None;
        }
        let mut layout = Axis::SPLIT.to_vec();
        for node in nodes.iter().rev() {
            layout = match node.kind() {
                "Transpose" => Axis::transpose(&layout, &node.integers("perm")?)?,
                "Reshape" => Axis::reshape(&layout, lookup.shape(node.input(1)?)?.len())?,
                // Attention that computes in another type on purpose stays as it is.
                _ if node.integer("to") == Some(data_type) => layout,
                _ => return None,
            };
        }
        Some(Self {
            source,
            data_type,
            num_heads,
            layout,
            factors,
        })
    }
}

/// Into how many heads a `Reshape` splits the last dimension, if that is what it does.
fn split(lookup: &Lookup<'_>, reshape: &Node) -> Option<i64> {
    let shape = lookup.shape(reshape.input(1)?)?;
    let [batch, tokens, Dim::Constant(num_heads), _] = *shape else {
        return None;
    };
    let is_batch = matches!(batch, Dim::Constant(_) | Dim::Axis(0));
    let are_tokens = matches!(tokens, Dim::Constant(_) | Dim::Axis(1));
    let is_split = is_batch && are_tokens && num_heads > 0 && lookup.rank(reshape.input(0)?) == Some(3);
    is_split.then_some(num_heads)
}

/// The node that reads a tensor once it has been cast.
pub(super) fn skip_casts<'a>(lookup: &Lookup<'a>, name: &str) -> Option<&'a Node> {
    let mut node = lookup.reader(name)?;
    for _ in 0..MAX_STEPS {
        if !node.is("Cast") && !node.is("Identity") {
            return Some(node);
        }
        node = lookup.reader(node.output())?;
    }
    None
}
