//! Giving a text encoder more tokens, as textual inversion does (arXiv 2208.01618).

use ndarray::Array2;

use super::lookup::Lookup;
use super::proto::{Model, Node};
use super::tensor::Tensor;

/// How many operators there may be between the ids and the table.
const MAX_STEPS: usize = 8;
const ROWS: &str = "ekaki.token_embeddings";
const TABLE: &str = "ekaki.token_table";

/// Appends rows `[n, dimensions]` to the table of token embeddings, so that the ids from the size of the vocabulary
/// upwards are theirs.
///
/// The table itself stays where it is, in the file: the rows are joined to it in the graph, which ONNX Runtime does
/// once, when it opens the network. The ids are larger than that of the end of the text, so `pooler_output`, which is
/// read at the largest id, is not what it should be; Stable Diffusion 1.x and 2.x do not use it.
///
/// # Errors
/// Why the table cannot be extended.
pub(super) fn extend(model: &mut Model<'_>, rows: &Array2<f32>) -> Result<(), String> {
    let lookup = Lookup::new(&model.graph);
    let (index, node, table) =
        find(&model.graph.nodes, &lookup).ok_or("its token embeddings were not found")?;
    let (&[_, dimensions], [_, given]) = (table.dims.as_slice(), rows.shape()) else {
        return Err("its token embeddings were not found".into());
    };
    if usize::try_from(dimensions) != Ok(*given) {
        return Err(format!(
            "it has {dimensions} values for a token, and the added tokens have {given}"
        ));
    }
    let data = node.input(0).unwrap_or_default();
    let data_type = lookup.data_type(data).unwrap_or(table.data_type);
    let tensor = Tensor::floats(ROWS, data_type, rows).map_err(|_| "its token embeddings are not floats")?;
    let concat = Node::new("Concat", &[data, ROWS], TABLE).with_integer("axis", 0);
    if let Some(input) = model
        .graph
        .nodes
        .get_mut(index)
        .and_then(|node| node.inputs.first_mut())
    {
        TABLE.clone_into(input);
    }
    model.graph.nodes.insert(index, concat);
    model.graph.initializers.push(tensor);
    Ok(())
}

/// The node that looks the ids up, and its table.
fn find<'a>(nodes: &'a [Node], lookup: &Lookup<'a>) -> Option<(usize, &'a Node, &'a Tensor<'a>)> {
    nodes.iter().enumerate().find_map(|(index, node)| {
        let is_lookup = node.is("Gather") && node.integer("axis").unwrap_or(0) == 0;
        let table = lookup
            .weights(node.input(0)?)
            .filter(|table| is_lookup && table.dims.len() == 2)?;
        reads_ids(lookup, node.input(1)?).then_some((index, node, table))
    })
}

/// Whether a tensor is the ids, perhaps in another type or shape.
fn reads_ids(lookup: &Lookup<'_>, name: &str) -> bool {
    let mut name = name;
    for _ in 0..MAX_STEPS {
        if name == "input_ids" {
            return true;
        }
        let node = lookup.producer(name);
        let passes = |node: &&Node| matches!(node.kind(), "Cast" | "Identity" | "Reshape");
        match node.filter(passes).and_then(|node| node.input(0)) {
            Some(input) => name = input,
            None => return false,
        }
    }
    false
}
