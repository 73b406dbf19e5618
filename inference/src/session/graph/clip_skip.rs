//! Giving a text encoder outputs for "clip skip": what it says when its last layers are left out.
//!
//! diffusers' `clip_skip` (`encode_prompt` in `pipelines/stable_diffusion/pipeline_stable_diffusion.py`) and A1111's
//! take the hidden state before the skipped layers and apply the final layer norm to it. Exporters that do not write
//! the hidden states have them in the graph all the same.

use std::collections::HashSet;

use super::lookup::Lookup;
use super::proto::{Model, Node};
use super::tensor::ValueInfo;
use crate::session::TextEncoderOptions;

/// What the output is called, in the order of preference.
const OUTPUTS: [&str; 2] = ["last_hidden_state", "text_embeddings"];

/// Adds [`clip_skip_output`](TextEncoderOptions::clip_skip_output) for every number from 2 to the one that leaves out all layers; how many these are, 0 when
/// the layers are not recognised.
pub(super) fn expose(model: &mut Model<'_>) -> usize {
    let lookup = Lookup::new(&model.graph);
    let Some((nodes, outputs)) = additions(model, &lookup) else {
        return 0;
    };
    let count = outputs.len();
    model.graph.nodes.extend(nodes);
    model.graph.outputs.extend(outputs);
    count
}

fn additions<'a>(model: &Model<'a>, lookup: &Lookup<'_>) -> Option<(Vec<Node>, Vec<ValueInfo<'a>>)> {
    let find = |name: &&str| model.graph.outputs.iter().find(|output| output.name == *name);
    let output = OUTPUTS.iter().find_map(find)?;
    let state = normed(lookup, &output.name)?;
    let norm = between(&model.graph.nodes, state, &output.name);
    let states = states(lookup, state);
    let mut nodes = Vec::new();
    let mut outputs = Vec::new();
    // Every layer adds to its input twice: after its attention and at its end.
    for (skipped, state_before) in states.iter().step_by(2).enumerate().skip(1) {
        let name = TextEncoderOptions::clip_skip_output(u32::try_from(skipped + 1).ok()?);
        let rename = |tensor: &String| match tensor.as_str() {
            tensor if tensor == state => (*state_before).to_owned(),
            tensor if tensor == output.name => name.clone(),
            tensor if norm.iter().any(|node| node.output() == tensor) => format!("{name}/{tensor}"),
            tensor => tensor.to_owned(),
        };
        nodes.extend(norm.iter().map(|&node| {
            let mut copy = node.clone();
            // Unnamed nodes may be many, named ones may not share a name.
            if !node.name.is_empty() {
                copy.name = format!("{name}/{}", node.name);
            }
            copy.inputs = node.inputs.iter().map(rename).collect();
            copy.outputs = node.outputs.iter().map(rename).collect();
            copy
        }));
        outputs.push(output.renamed(&name));
    }
    (!outputs.is_empty()).then_some((nodes, outputs))
}

/// What the final layer norm is applied to. Before operator set 17 it is written out: the mean is subtracted, the
/// result divided, scaled and shifted.
fn normed<'a>(lookup: &Lookup<'a>, name: &str) -> Option<&'a str> {
    const MAX_STEPS: usize = 8;
    let mut node = lookup.producer(name)?;
    for _ in 0..MAX_STEPS {
        let input = match node.kind() {
            "LayerNormalization" | "Sub" => return node.input(0),
            "Add" | "Mul" if lookup.weights(node.input(0)?).is_some() => node.input(1)?,
            "Add" | "Mul" | "Div" | "Cast" | "Identity" => node.input(0)?,
            _ => return None,
        };
        node = lookup.producer(input)?;
    }
    None
}

/// The nodes on the way from one tensor to another, in order.
fn between<'a>(nodes: &'a [Node], from: &str, to: &str) -> Vec<&'a Node> {
    let mut reached = HashSet::from([from]);
    let mut after = Vec::new();
    for node in nodes {
        if node.inputs.iter().any(|input| reached.contains(input.as_str())) {
            reached.extend(node.outputs.iter().map(String::as_str));
            after.push(node);
        }
    }
    let mut needed = HashSet::from([to]);
    let mut way: Vec<&Node> = Vec::new();
    for node in after.into_iter().rev() {
        if node.outputs.iter().any(|output| needed.contains(output.as_str())) {
            needed.extend(node.inputs.iter().map(String::as_str));
            way.push(node);
        }
    }
    way.reverse();
    way
}

/// The sums along the layers, from the last one to the embeddings.
fn states<'a>(lookup: &Lookup<'a>, last: &'a str) -> Vec<&'a str> {
    const MAX_LAYERS: usize = 64;
    let mut states = vec![last];
    let mut state = last;
    for _ in 0..2 * MAX_LAYERS {
        match residual(lookup, state) {
            Some(before) => state = before,
            None => break,
        }
        states.push(state);
    }
    states
}

/// What a layer adds its projection to.
fn residual<'a>(lookup: &Lookup<'a>, state: &str) -> Option<&'a str> {
    let node = lookup.producer(state).filter(|node| node.is("Add"))?;
    let (first, second) = (node.input(0)?, node.input(1)?);
    match (is_projection(lookup, first), is_projection(lookup, second)) {
        (false, true) => Some(first),
        (true, false) => Some(second),
        _ => None,
    }
}

/// Whether a tensor is a matrix product with a bias.
fn is_projection(lookup: &Lookup<'_>, name: &str) -> bool {
    let Some(node) = lookup.producer(name) else {
        return false;
    };
    let has_bias = || node.inputs.iter().any(|input| lookup.weights(input).is_some());
    match node.kind() {
        "Gemm" | "MatMul" => true,
        "Add" => has_bias(),
        _ => false,
    }
}
