//! The numbers of the fields that are looked at, from `onnx/onnx.proto` in the ONNX repository.

pub(super) const MODEL_GRAPH: u64 = 7;
pub(super) const MODEL_OPSET_IMPORT: u64 = 8;

pub(super) const OPSET_DOMAIN: u64 = 1;
pub(super) const OPSET_VERSION: u64 = 2;

pub(super) const GRAPH_NODE: u64 = 1;
pub(super) const GRAPH_INITIALIZER: u64 = 5;
pub(super) const GRAPH_INPUT: u64 = 11;
pub(super) const GRAPH_OUTPUT: u64 = 12;

pub(super) const NODE_INPUT: u64 = 1;
pub(super) const NODE_OUTPUT: u64 = 2;
pub(super) const NODE_NAME: u64 = 3;
pub(super) const NODE_OP_TYPE: u64 = 4;
pub(super) const NODE_ATTRIBUTE: u64 = 5;
pub(super) const NODE_DOMAIN: u64 = 7;

pub(super) const ATTRIBUTE_NAME: u64 = 1;
pub(super) const ATTRIBUTE_F: u64 = 2;
pub(super) const ATTRIBUTE_I: u64 = 3;
pub(super) const ATTRIBUTE_T: u64 = 5;
pub(super) const ATTRIBUTE_G: u64 = 6;
pub(super) const ATTRIBUTE_INTS: u64 = 8;
pub(super) const ATTRIBUTE_GRAPHS: u64 = 11;
pub(super) const ATTRIBUTE_TYPE: u64 = 20;
/// Values of `ATTRIBUTE_TYPE`.
pub(super) const TYPE_FLOAT: i64 = 1;
pub(super) const TYPE_INT: i64 = 2;

pub(super) const TENSOR_DIMS: u64 = 1;
pub(super) const TENSOR_DATA_TYPE: u64 = 2;
pub(super) const TENSOR_FLOAT_DATA: u64 = 4;
pub(super) const TENSOR_INT64_DATA: u64 = 7;
pub(super) const TENSOR_NAME: u64 = 8;
pub(super) const TENSOR_RAW_DATA: u64 = 9;
pub(super) const TENSOR_EXTERNAL_DATA: u64 = 13;
pub(super) const TENSOR_DATA_LOCATION: u64 = 14;
/// The value of `TENSOR_DATA_LOCATION` for data in another file.
pub(super) const EXTERNAL: i64 = 1;

pub(super) const ENTRY_KEY: u64 = 1;
pub(super) const ENTRY_VALUE: u64 = 2;

pub(super) const VALUE_INFO_NAME: u64 = 1;
pub(super) const VALUE_INFO_TYPE: u64 = 2;
pub(super) const TYPE_TENSOR: u64 = 1;
pub(super) const TENSOR_TYPE_ELEMENT: u64 = 1;
pub(super) const TENSOR_TYPE_SHAPE: u64 = 2;

/// Values of `TENSOR_DATA_TYPE` and `TENSOR_TYPE_ELEMENT`.
pub(super) const FLOAT: i64 = 1;
pub(super) const INT64: i64 = 7;
pub(super) const FLOAT16: i64 = 10;
