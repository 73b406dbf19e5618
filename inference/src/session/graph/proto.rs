//! The messages of an ONNX model: model, graph and node. Whatever is not looked at is kept as bytes and written again, so nothing is lost
//! when a model is edited.

use super::field;
use super::tensor::{Tensor, ValueInfo};
use super::wire::{self, Malformed, Value, fields};

/// A model.
#[derive(Debug)]
pub(super) struct Model<'a> {
    pub(super) graph: Graph<'a>,
    /// The operator sets by domain.
    opsets: Vec<(&'a str, i64)>,
    rest: Vec<&'a [u8]>,
}

impl<'a> Model<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut graph = None;
        let mut opsets = Vec::new();
        let mut rest = Vec::new();
        for field in fields(bytes) {
            let field = field?;
            match field.number {
                field::MODEL_GRAPH => graph = Some(Graph::parse(field.value.bytes()?)?),
                field::MODEL_OPSET_IMPORT => {
                    opsets.push(parse_opset(field.value.bytes()?)?);
                    rest.push(field.raw);
                }
                _ => rest.push(field.raw),
            }
        }
        Ok(Self {
            graph: graph.ok_or(Malformed)?,
            opsets,
            rest,
        })
    }

    /// The changed model. Its weights are copied once.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut head = self.rest.concat();
        if let Some(domain) = self.missing_opset() {
            let mut opset = Vec::new();
            wire::put_bytes(&mut opset, field::OPSET_DOMAIN, domain.as_bytes());
            wire::put_integer(&mut opset, field::OPSET_VERSION, 1);
            wire::put_bytes(&mut head, field::MODEL_OPSET_IMPORT, &opset);
        }
        let mut model = self.graph.write();
        wire::put_length(&mut head, field::MODEL_GRAPH, model.len());
        model.splice(..0, head);
        model
    }

    /// The version of ONNX's own operators.
    pub(super) fn opset(&self) -> i64 {
        self.opsets
            .iter()
            .find(|(domain, _)| matches!(*domain, "" | "ai.onnx"))
            .map_or(0, |(_, version)| *version)
    }

    /// The domain of a node that was added, when the model had none of it before.
    fn missing_opset(&self) -> Option<&'static str> {
        let used = self.graph.nodes.iter().any(|node| node.domain == MICROSOFT);
        let known = self.opsets.iter().any(|(domain, _)| *domain == MICROSOFT);
        (used && !known).then_some(MICROSOFT)
    }
}

/// The domain of ONNX Runtime's own operators.
pub(super) const MICROSOFT: &str = "com.microsoft";

fn parse_opset(bytes: &[u8]) -> Result<(&str, i64), Malformed> {
    let mut opset = ("", 0);
    for field in fields(bytes) {
        let field = field?;
        match field.number {
            field::OPSET_DOMAIN => opset.0 = field.value.text()?,
            field::OPSET_VERSION => opset.1 = field.value.integer()?,
            _ => (),
        }
    }
    Ok(opset)
}

/// What a graph takes beside its weights, roughly, in bytes.
const ROOM: usize = 1 << 20;

/// The graph of a model.
#[derive(Debug, Default)]
pub(super) struct Graph<'a> {
    /// In an order in which they can run.
    pub(super) nodes: Vec<Node>,
    pub(super) initializers: Vec<Tensor<'a>>,
    pub(super) inputs: Vec<ValueInfo<'a>>,
    pub(super) outputs: Vec<ValueInfo<'a>>,
    rest: Vec<&'a [u8]>,
}

impl<'a> Graph<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut graph = Self::default();
        for field in fields(bytes) {
            let field = field?;
            match field.number {
                field::GRAPH_NODE => graph.nodes.push(Node::parse(field.value.bytes()?)?),
                field::GRAPH_INITIALIZER => graph.initializers.push(Tensor::parse(field.value.bytes()?)?),
                field::GRAPH_INPUT => graph.inputs.push(ValueInfo::parse(field.value.bytes()?)?),
                field::GRAPH_OUTPUT => graph.outputs.push(ValueInfo::parse(field.value.bytes()?)?),
                _ => graph.rest.push(field.raw),
            }
        }
        Ok(graph)
    }

    fn write(&self) -> Vec<u8> {
        let weights: usize = self.initializers.iter().map(|tensor| tensor.raw.len()).sum();
        let mut out = Vec::with_capacity(weights + ROOM);
        for raw in &self.rest {
            out.extend_from_slice(raw);
        }
        for node in &self.nodes {
            wire::put_bytes(&mut out, field::GRAPH_NODE, &node.write());
        }
        for tensor in &self.initializers {
            wire::put_bytes(&mut out, field::GRAPH_INITIALIZER, &tensor.raw);
        }
        for input in &self.inputs {
            wire::put_bytes(&mut out, field::GRAPH_INPUT, &input.raw);
        }
        for output in &self.outputs {
            wire::put_bytes(&mut out, field::GRAPH_OUTPUT, &output.raw);
        }
        out
    }
}

/// One operator.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) op_type: String,
    /// An empty name is an optional input that is not given.
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    /// Each a message.
    attributes: Vec<Vec<u8>>,
    rest: Vec<u8>,
}

impl Node {
    /// A node of this type with one output and without attributes. It has the name of its output.
    pub(super) fn new(op_type: &str, inputs: &[&str], output: &str) -> Self {
        Self {
            name: output.to_owned(),
            op_type: op_type.to_owned(),
            inputs: inputs.iter().map(|&input| input.to_owned()).collect(),
            outputs: vec![output.to_owned()],
            ..Self::default()
        }
    }

    /// Sets an attribute that it does not have yet.
    pub(super) fn with_integer(mut self, name: &str, value: i64) -> Self {
        let mut attribute = Vec::new();
        wire::put_bytes(&mut attribute, field::ATTRIBUTE_NAME, name.as_bytes());
        wire::put_integer(&mut attribute, field::ATTRIBUTE_I, value);
        wire::put_integer(&mut attribute, field::ATTRIBUTE_TYPE, field::TYPE_INT);
        self.attributes.push(attribute);
        self
    }

    /// Sets an attribute that it does not have yet.
    pub(super) fn with_float(mut self, name: &str, value: f32) -> Self {
        let mut attribute = Vec::new();
        wire::put_bytes(&mut attribute, field::ATTRIBUTE_NAME, name.as_bytes());
        wire::put_float(&mut attribute, field::ATTRIBUTE_F, value);
        wire::put_integer(&mut attribute, field::ATTRIBUTE_TYPE, field::TYPE_FLOAT);
        self.attributes.push(attribute);
        self
    }

    fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut node = Self::default();
        for field in fields(bytes) {
            let field = field?;
            match field.number {
                field::NODE_INPUT => node.inputs.push(field.value.text()?.to_owned()),
                field::NODE_OUTPUT => node.outputs.push(field.value.text()?.to_owned()),
                field::NODE_NAME => field.value.text()?.clone_into(&mut node.name),
                field::NODE_OP_TYPE => field.value.text()?.clone_into(&mut node.op_type),
                field::NODE_DOMAIN => field.value.text()?.clone_into(&mut node.domain),
                field::NODE_ATTRIBUTE => node.attributes.push(field.value.bytes()?.to_vec()),
                _ => node.rest.extend_from_slice(field.raw),
            }
        }
        Ok(node)
    }

    fn write(&self) -> Vec<u8> {
        let mut out = self.rest.clone();
        for input in &self.inputs {
            wire::put_bytes(&mut out, field::NODE_INPUT, input.as_bytes());
        }
        for output in &self.outputs {
            wire::put_bytes(&mut out, field::NODE_OUTPUT, output.as_bytes());
        }
        let texts = [
            (field::NODE_NAME, &self.name),
            (field::NODE_OP_TYPE, &self.op_type),
            (field::NODE_DOMAIN, &self.domain),
        ];
        for (number, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            wire::put_bytes(&mut out, number, text.as_bytes());
        }
        for attribute in &self.attributes {
            wire::put_bytes(&mut out, field::NODE_ATTRIBUTE, attribute);
        }
        out
    }

    /// Which of ONNX's own operators it is; empty for those of others.
    pub(super) fn kind(&self) -> &str {
        match self.domain.as_str() {
            "" | "ai.onnx" => &self.op_type,
            _ => "",
        }
    }

    /// Whether it is this one of ONNX's own operators.
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind() == kind
    }

    /// The first output.
    pub(super) fn output(&self) -> &str {
        self.outputs.first().map_or("", String::as_str)
    }

    /// An input, `None` when it is not given.
    pub(super) fn input(&self, index: usize) -> Option<&str> {
        self.inputs
            .get(index)
            .map(String::as_str)
            .filter(|name| !name.is_empty())
    }

    /// An integer attribute.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.attribute(name, field::ATTRIBUTE_I)?.integer().ok()
    }

    /// An attribute of many integers.
    pub(super) fn integers(&self, name: &str) -> Option<Vec<i64>> {
        let mut values = Vec::new();
        for field in fields(self.message(name)?) {
            let field = field.ok()?;
            if field.number == field::ATTRIBUTE_INTS {
                field.value.integers(&mut values).ok()?;
            }
        }
        Some(values)
    }

    /// A tensor attribute.
    pub(super) fn tensor(&self, name: &str) -> Option<Tensor<'_>> {
        Tensor::parse(self.attribute(name, field::ATTRIBUTE_T)?.bytes().ok()?).ok()
    }

    /// Whether it holds graphs of its own, which see the tensors around it.
    pub(super) fn has_graph(&self) -> bool {
        let is_graph = |number| matches!(number, field::ATTRIBUTE_G | field::ATTRIBUTE_GRAPHS);
        self.attributes
            .iter()
            .any(|attribute| fields(attribute).flatten().any(|field| is_graph(field.number)))
    }

    fn attribute(&self, name: &str, number: u64) -> Option<Value<'_>> {
        let mut found = fields(self.message(name)?)
            .flatten()
            .filter(|field| field.number == number);
        found.next().map(|field| field.value)
    }

    fn message(&self, name: &str) -> Option<&[u8]> {
        self.attributes.iter().map(Vec::as_slice).find(|attribute| {
            fields(attribute).flatten().any(|field| {
                field.number == field::ATTRIBUTE_NAME && field.value == Value::Bytes(name.as_bytes())
            })
        })
    }
}
