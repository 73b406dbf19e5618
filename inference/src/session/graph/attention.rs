//! Fusing attention: `softmax(q kᵀ · scale) v` in one operator.
//!
//! Exporters write attention as two multiplications with a softmax between them, whose scores are kept whole: 512 MiB
//! for one row of Stable Diffusion 1.5 at 512 by 512. ONNX Runtime's `com.microsoft.MultiHeadAttention` never has all
//! of them (it is `FlashAttention`, arXiv 2205.14135), but its own optimiser does not find the pattern in a UNet. On two
//! cores a call of that UNet with two rows takes 10 s of processor time instead of 18 s and 0.4 GB beside the weights
//! instead of 4.5 GB; see `BENCHMARKS.md`.
//!
//! The patterns are what torch's exporter makes of diffusers' `AttnProcessor` (`baddbmm` on `[batch · heads, …]`) and
//! `AttnProcessor2_0` (`scaled_dot_product_attention` on `[batch, heads, …]`) in
//! `src/diffusers/models/attention_processor.py`. A mask, or anything else that is not known, is left alone.

use std::collections::{HashMap, HashSet};

use super::lookup::Lookup;
use super::operand::{Axis, Factor, Operand, skip_casts};
use super::proto::{Graph, MICROSOFT, Model, Node};
use super::scale::Scale;

/// Replaces every attention that can be replaced; how many that were.
pub(super) fn fuse(model: &mut Model<'_>) -> usize {
    // Before operator set 13 a softmax flattens what it is given. A graph inside a node may read any tensor by name.
    if model.opset() < 13 || model.graph.nodes.iter().any(Node::has_graph) {
        return 0;
    }
    let lookup = Lookup::new(&model.graph);
    let softmaxes = model.graph.nodes.iter().filter(|node| node.is("Softmax"));
    let found: Vec<Attention<'_>> = softmaxes
        .filter_map(|node| Attention::find(&lookup, node))
        .collect();
    // Where somebody else reads what is inside an attention, it would be computed twice.
    let live = live_tensors(&model.graph, &nodes(&found));
    let is_read = |attention: &Attention<'_>| live.contains(attention.probabilities);
    let (read, unread): (Vec<_>, Vec<_>) = found.into_iter().partition(is_read);
    tracing::debug!(fused = unread.len(), kept = read.len(), "attention");
    let fused = nodes(&unread);
    let count = fused.len();
    if count > 0 {
        replace(&mut model.graph, fused);
    }
    count
}

/// What replaces the nodes with the same output.
fn nodes(attentions: &[Attention<'_>]) -> HashMap<String, Node> {
    attentions
        .iter()
        .map(|attention| (attention.output.to_owned(), attention.node()))
        .collect()
}

/// The tensors that the outputs of a graph depend on, once these nodes stand for those that had the same output.
fn live_tensors(graph: &Graph<'_>, fused: &HashMap<String, Node>) -> HashSet<String> {
    let mut live: HashSet<String> = graph
        .outputs
        .iter()
        .map(|output| output.name.to_string())
        .collect();
    for node in graph.nodes.iter().rev() {
        let node = fused.get(node.output()).unwrap_or(node);
        if node.outputs.iter().any(|output| live.contains(output)) {
            live.extend(node.inputs.iter().cloned());
        }
    }
    live
}

/// Puts these nodes in the places of those with the same output, and removes what nobody needs then.
fn replace(graph: &mut Graph<'_>, mut fused: HashMap<String, Node>) {
    let live = live_tensors(graph, &fused);
    for node in &mut graph.nodes {
        if let Some(fused) = fused.remove(node.output()) {
            *node = fused;
        }
    }
    let is_live = |output: &String| live.contains(output);
    graph.nodes.retain(|node| node.outputs.iter().any(is_live));
    graph.initializers.retain(|tensor| live.contains(tensor.name));
}

/// How many operators there may be between two that matter.
const MAX_STEPS: usize = 16;

/// An attention as it stands in the graph.
struct Attention<'a> {
    /// `[batch, tokens, heads · depth]`.
    query: &'a str,
    /// `[batch, context tokens, heads · depth]`.
    key: &'a str,
    /// `[batch, context tokens, heads · depth]`.
    value: &'a str,
    num_heads: i64,
    /// `None` for one by the square root of the depth.
    scale: Option<f32>,
    /// The output of the softmax.
    probabilities: &'a str,
    /// `[batch, tokens, heads · depth]`.
    output: &'a str,
}

impl<'a> Attention<'a> {
    /// The attention around a softmax.
    fn find(lookup: &Lookup<'a>, softmax: &'a Node) -> Option<Self> {
        let (product, factors) = scores(lookup, softmax.input(0)?)?;
        let query = Operand::find(lookup, product.input(0)?)?;
        let key = Operand::find(lookup, product.input(1)?)?.transposed();
        let mixture = skip_casts(lookup, softmax.output()).filter(|node| node.is("MatMul"))?;
        let value = Operand::find(lookup, mixture.input(1)?)?;
        let is_split = matches!(
            query.layout.as_slice(),
            [Axis::Batch, Axis::Heads, Axis::Tokens, Axis::Depth]
                | [Axis::BatchHeads, Axis::Tokens, Axis::Depth]
        );
        let axis = softmax.integer("axis").unwrap_or(-1);
        let is_last = axis == -1 || axis + 1 == query.layout.len() as i64;
        let agree = key.is_shaped_like(&query) && value.is_shaped_like(&query);
        if !is_split || !is_last || !agree || !value.factors.is_empty() {
            return None;
        }
        Some(Self {
            query: query.source,
            key: key.source,
            value: value.source,
            num_heads: query.num_heads,
            scale: Scale::product(lookup, &[factors, query.factors, key.factors].concat())?.attribute()?,
            probabilities: softmax.output(),
            output: output(lookup, mixture.output(), query.data_type, &query.layout)?,
        })
    }

    /// What replaces it.
    fn node(&self) -> Node {
        let inputs = [self.query, self.key, self.value];
        let mut node =
            Node::new("MultiHeadAttention", &inputs, self.output).with_integer("num_heads", self.num_heads);
        node.domain = MICROSOFT.to_owned();
        match self.scale {
            Some(scale) => node.with_float("scale", scale),
            None => node,
        }
    }
}

/// From the input of a softmax back to the multiplication of query and key, and the factors between them.
fn scores<'a>(lookup: &Lookup<'a>, name: &'a str) -> Option<(&'a Node, Vec<Factor<'a>>)> {
    let mut name = name;
    let mut factors = Vec::new();
    for _ in 0..MAX_STEPS {
        let node = lookup.producer(name)?;
        name = match node.kind() {
            "MatMul" => return Some((node, factors)),
            "Cast" | "Identity" => node.input(0)?,
            "Mul" | "Div" => {
                let (input, factor) = Factor::of(lookup, node)?;
                factors.push(factor);
                input
            }
            // `baddbmm` adds the tensor that it was given, which diffusers leaves empty.
            "Add" if is_zero(lookup, node.input(1)?) => node.input(0)?,
            "Add" if is_zero(lookup, node.input(0)?) => node.input(1)?,
            _ => return None,
        };
    }
    None
}

/// Whether a tensor is filled with zeros.
fn is_zero(lookup: &Lookup<'_>, name: &str) -> bool {
    let mut name = name;
    for _ in 0..MAX_STEPS {
        let Some(node) = lookup.producer(name) else {
            return lookup.float(name) == Some(0.0);
        };
        let inner = match node.kind() {
            "ConstantOfShape" => {
                return node
                    .tensor("value")
                    .is_none_or(|value| value.float() == Some(0.0));
            }
            "Mul"
                if lookup
                    .float(node.input(1).unwrap_or_default())
                    .is_some_and(f32::is_finite) =>
            {
                node.input(0)
            }
            "Cast" | "Expand" | "Identity" => node.input(0),
            _ => return false,
        };
        let Some(inner) = inner else { return false };
        name = inner;
    }
    false
}

/// From the output of the second multiplication to the tensor in which the heads lie side by side again.
fn output<'a>(lookup: &Lookup<'a>, name: &'a str, data_type: i64, layout: &[Axis]) -> Option<&'a str> {
    let mut name = name;
    let mut layout = layout.to_vec();
    for _ in 0..MAX_STEPS {
        let node = lookup.reader(name)?;
        match node.kind() {
            "Cast" if node.integer("to") == Some(data_type) => (),
            "Identity" => (),
            "Transpose" => layout = Axis::transpose(&layout, &node.integers("perm")?)?,
            "Reshape" => {
                let shape = lookup.shape(node.input(1)?)?;
                if layout == Axis::SPLIT && shape.len() == 3 {
                    return Some(node.output());
                }
                layout = Axis::reshape(&layout, shape.len())?;
            }
            _ => return None,
        }
        name = node.output();
    }
    None
}
