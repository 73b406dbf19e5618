//! What lies around a tensor in a graph, and what is known of it without running anything.

use std::collections::HashMap;

use super::field::INT64;
use super::proto::{Graph, Node};
use super::tensor::Tensor;

/// The nodes of a graph by their tensors.
pub(super) struct Lookup<'a> {
    graph: &'a Graph<'a>,
    producers: HashMap<&'a str, &'a Node>,
    consumers: HashMap<&'a str, Vec<&'a Node>>,
    initializers: HashMap<&'a str, &'a Tensor<'a>>,
}

/// What is known of one dimension of a shape that is computed in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dim {
    /// A number; 0 and -1 mean what they mean to `Reshape`.
    Constant(i64),
    /// The length of this axis of some tensor.
    Axis(i64),
    /// Anything else.
    Computed,
}

/// How many operators there may be between a number and where it comes from.
const MAX_STEPS: usize = 16;
/// How many operators are looked at to see what a tensor is.
const MAX_WALK: usize = 10_000;

/// Whether a node gives what it is given, perhaps as another type.
fn is_copy(node: &Node) -> bool {
    node.is("Cast") || node.is("Identity")
}

impl<'a> Lookup<'a> {
    pub(super) fn new(graph: &'a Graph<'a>) -> Self {
        let mut producers = HashMap::new();
        let mut consumers: HashMap<_, Vec<_>> = HashMap::new();
        for node in &graph.nodes {
            for output in &node.outputs {
                producers.insert(output.as_str(), node);
            }
            for input in &node.inputs {
                consumers.entry(input.as_str()).or_default().push(node);
            }
        }
        Self {
            graph,
            producers,
            consumers,
            initializers: graph
                .initializers
                .iter()
                .map(|tensor| (tensor.name, tensor))
                .collect(),
        }
    }

    /// The node that computes a tensor.
    pub(super) fn producer(&self, name: &str) -> Option<&'a Node> {
        self.producers.get(name).copied()
    }

    /// The nodes that read a tensor, without those that read only its shape.
    pub(super) fn readers(&self, name: &str) -> impl Iterator<Item = &'a Node> {
        let consumers = self.consumers.get(name).map_or(&[][..], Vec::as_slice);
        consumers.iter().copied().filter(|node| !node.is("Shape"))
    }

    /// The only node that reads a tensor.
    pub(super) fn reader(&self, name: &str) -> Option<&'a Node> {
        let mut readers = self.readers(name);
        let reader = readers.next()?;
        readers.next().is_none().then_some(reader)
    }

    /// Weights, wherever they are kept.
    pub(super) fn initializer(&self, name: &str) -> Option<&'a Tensor<'a>> {
        self.initializers.get(name).copied()
    }

    /// Weights that may be kept as another type, or under another name, than they are used.
    pub(super) fn weights(&self, name: &str) -> Option<&'a Tensor<'a>> {
        let mut name = name;
        for _ in 0..MAX_STEPS {
            if let Some(tensor) = self.initializer(name) {
                return Some(tensor);
            }
            name = self.producer(name).filter(|node| is_copy(node))?.input(0)?;
        }
        None
    }

    /// Constant integers.
    pub(super) fn integers(&self, name: &str) -> Option<Vec<i64>> {
        match self.initializer(name) {
            Some(tensor) => tensor.integers(),
            None => self.constant(name)?.integers(),
        }
    }

    /// A constant number.
    pub(super) fn float(&self, name: &str) -> Option<f32> {
        match self.initializer(name) {
            Some(tensor) => tensor.float(),
            None => self.constant(name)?.float(),
        }
    }

    fn constant(&self, name: &str) -> Option<Tensor<'a>> {
        let node = self.producer(name)?;
        if node.is("Constant") {
            node.tensor("value")
        } else {
            None
        }
    }

    /// The dimensions in a tensor that holds a shape: constants, or several numbers joined.
    pub(super) fn shape(&self, name: &str) -> Option<Vec<Dim>> {
        let mut name = name;
        for _ in 0..MAX_STEPS {
            let Some(node) = self.producer(name) else { break };
            if node.is("Concat") {
                let parts: Option<Vec<_>> = node.inputs.iter().map(|input| self.dims(input)).collect();
                return Some(parts?.concat());
            }
            if !is_copy(node) {
                break;
            }
            name = node.input(0)?;
        }
        self.dims(name)
    }

    /// Constant dimensions, or one that is computed.
    fn dims(&self, name: &str) -> Option<Vec<Dim>> {
        let mut name = name;
        let mut is_single = false;
        for _ in 0..MAX_STEPS {
            if let Some(values) = self.integers(name) {
                return Some(values.into_iter().map(Dim::Constant).collect());
            }
            let Some(node) = self.producer(name) else { break };
            match node.kind() {
                "Unsqueeze" => is_single = true,
                "Squeeze" => (),
                _ if is_copy(node) => (),
                "Gather" if self.producer(node.input(0)?)?.is("Shape") => {
                    let [axis] = self.integers(node.input(1)?)?.try_into().ok()?;
                    return Some(vec![Dim::Axis(axis)]);
                }
                _ => break,
            }
            name = node.input(0)?;
        }
        is_single.then(|| vec![Dim::Computed])
    }

    /// The tensor of whose shape this is the last dimension.
    pub(super) fn last_axis_of(&self, name: &str) -> Option<&'a str> {
        let node = self.producer(name)?;
        let index = self.integers(node.input(1)?)?;
        let shape = self.producer(node.input(0)?)?;
        let is_last = (node.is("Slice") || node.is("Gather")) && shape.is("Shape") && index == [-1];
        if is_last { shape.input(0) } else { None }
    }

    /// Of what type the values of a tensor are, one of ONNX's `TensorProto.DataType`.
    pub(super) fn data_type(&self, name: &str) -> Option<i64> {
        let mut name = name;
        for _ in 0..MAX_WALK {
            if let Some(tensor) = self.initializer(name) {
                return Some(tensor.data_type);
            }
            let Some(node) = self.producer(name) else {
                let input = self.graph.inputs.iter().find(|input| input.name == name)?;
                return Some(input.data_type);
            };
            name = match node.kind() {
                "Cast" => return node.integer("to"),
                "Constant" | "ConstantOfShape" => return Some(node.tensor("value")?.data_type),
                "Shape" | "Size" | "ArgMax" => return Some(INT64),
                "Where" => node.input(1)?,
                _ => node.input(0)?,
            };
        }
        None
    }

    /// How many dimensions a tensor has, as far as that is easily seen.
    pub(super) fn rank(&self, name: &str) -> Option<usize> {
        let mut name = name;
        for _ in 0..MAX_WALK {
            if let Some(tensor) = self.initializer(name) {
                return Some(tensor.dims.len());
            }
            let Some(node) = self.producer(name) else {
                return self.graph.inputs.iter().find(|input| input.name == name)?.rank;
            };
            name = match node.kind() {
                "Reshape" => return Some(self.shape(node.input(1)?)?.len()),
                "Transpose" => return Some(node.integers("perm")?.len()),
                // The bias of a projection is its first operand as often as its second.
                "Add" | "Mul" if self.weights(node.input(0)?).is_some() => node.input(1)?,
                "Add" | "Sub" | "Mul" | "Div" | "MatMul" | "Cast" | "Identity" | "LayerNormalization" => {
                    node.input(0)?
                }
                _ => return None,
            };
        }
        None
    }
}
