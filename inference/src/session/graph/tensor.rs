//! The messages of an ONNX model that describe tensors.

use std::borrow::Cow;

use half::f16;
use ndarray::Array2;

use super::field::{self, FLOAT, FLOAT16, INT64};
use super::wire::{self, Malformed, Value, fields};

/// Weights or other constants.
#[derive(Debug, Default)]
pub(super) struct Tensor<'a> {
    pub(super) name: &'a str,
    /// One of ONNX's `TensorProto.DataType`.
    pub(super) data_type: i64,
    pub(super) dims: Vec<i64>,
    /// The message.
    pub(super) raw: Cow<'a, [u8]>,
}

impl<'a> Tensor<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut tensor = Self {
            raw: Cow::Borrowed(bytes),
            ..Self::default()
        };
        for field in fields(bytes) {
            let field = field?;
            match field.number {
                field::TENSOR_NAME => tensor.name = field.value.text()?,
                field::TENSOR_DATA_TYPE => tensor.data_type = field.value.integer()?,
                field::TENSOR_DIMS => field.value.integers(&mut tensor.dims)?,
                _ => (),
            }
        }
        Ok(tensor)
    }

    /// A tensor of `f32` or, converted, of `f16`.
    pub(super) fn floats(name: &'a str, data_type: i64, values: &Array2<f32>) -> Result<Self, Malformed> {
        let data: Vec<u8> = match data_type {
            FLOAT => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            FLOAT16 => values
                .iter()
                .flat_map(|value| f16::from_f32(*value).to_le_bytes())
                .collect(),
            _ => return Err(Malformed),
        };
        let dims: Vec<i64> = values.shape().iter().map(|&length| length as i64).collect();
        let mut raw = Vec::with_capacity(data.len() + name.len() + 64);
        for length in &dims {
            wire::put_integer(&mut raw, field::TENSOR_DIMS, *length);
        }
        wire::put_integer(&mut raw, field::TENSOR_DATA_TYPE, data_type);
        wire::put_bytes(&mut raw, field::TENSOR_NAME, name.as_bytes());
        wire::put_bytes(&mut raw, field::TENSOR_RAW_DATA, &data);
        Ok(Self {
            name,
            data_type,
            dims,
            raw: Cow::Owned(raw),
        })
    }

    /// The values of a small tensor of integers.
    pub(super) fn integers(&self) -> Option<Vec<i64>> {
        if self.data_type != INT64 {
            return None;
        }
        let mut values = Vec::new();
        for field in fields(&self.raw).flatten() {
            match (field.number, field.value) {
                (field::TENSOR_INT64_DATA, value) => value.integers(&mut values).ok()?,
                (field::TENSOR_RAW_DATA, Value::Bytes(data)) => {
                    values.extend(data.as_chunks().0.iter().map(|chunk| i64::from_le_bytes(*chunk)));
                }
                _ => (),
            }
        }
        (!values.is_empty()).then_some(values)
    }

    /// The value of a tensor that has only one.
    pub(super) fn float(&self) -> Option<f32> {
        if self.dims.iter().any(|&length| length != 1) {
            return None;
        }
        fields(&self.raw)
            .flatten()
            .find_map(|field| match (field.number, field.value, self.data_type) {
                (field::TENSOR_RAW_DATA, Value::Bytes(data), FLOAT) => {
                    data.try_into().ok().map(f32::from_le_bytes)
                }
                (field::TENSOR_FLOAT_DATA, Value::Bytes(data), FLOAT) => {
                    data.try_into().ok().map(f32::from_le_bytes)
                }
                (field::TENSOR_FLOAT_DATA, Value::Fixed32(data), FLOAT) => Some(f32::from_le_bytes(data)),
                (field::TENSOR_RAW_DATA, Value::Bytes(data), FLOAT16) => {
                    data.try_into().ok().map(|data| f16::from_le_bytes(data).to_f32())
                }
                _ => None,
            })
    }
}

/// An input or output of the graph.
#[derive(Debug)]
pub(super) struct ValueInfo<'a> {
    pub(super) name: Cow<'a, str>,
    /// One of ONNX's `TensorProto.DataType`, 0 for what is not a tensor.
    pub(super) data_type: i64,
    /// How many dimensions it has, if that is said.
    pub(super) rank: Option<usize>,
    /// The message.
    pub(super) raw: Cow<'a, [u8]>,
}

impl<'a> ValueInfo<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut info = Self {
            name: Cow::Borrowed(""),
            data_type: 0,
            rank: None,
            raw: Cow::Borrowed(bytes),
        };
        for field in fields(bytes) {
            let field = field?;
            match field.number {
                field::VALUE_INFO_NAME => info.name = Cow::Borrowed(field.value.text()?),
                field::VALUE_INFO_TYPE => info.read_type(field.value.bytes()?)?,
                _ => (),
            }
        }
        Ok(info)
    }

    fn read_type(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        for tensor in fields(bytes) {
            let tensor = tensor?;
            if tensor.number != field::TYPE_TENSOR {
                continue;
            }
            for field in fields(tensor.value.bytes()?) {
                let field = field?;
                match field.number {
                    field::TENSOR_TYPE_ELEMENT => self.data_type = field.value.integer()?,
                    field::TENSOR_TYPE_SHAPE => self.rank = Some(fields(field.value.bytes()?).count()),
                    _ => (),
                }
            }
        }
        Ok(())
    }

    /// The same under another name.
    pub(super) fn renamed(&self, name: &str) -> Self {
        let mut raw = Vec::new();
        wire::put_bytes(&mut raw, field::VALUE_INFO_NAME, name.as_bytes());
        for field in fields(&self.raw)
            .flatten()
            .filter(|field| field.number != field::VALUE_INFO_NAME)
        {
            raw.extend_from_slice(field.raw);
        }
        Self {
            name: Cow::Owned(name.to_owned()),
            data_type: self.data_type,
            rank: self.rank,
            raw: Cow::Owned(raw),
        }
    }
}
