//! One network: what it declares, and running it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use half::f16;
use ndarray::ArrayD;
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, Outlet, Tensor, TensorElementType, TensorRef, ValueType};

use super::Terminator;
use super::ep::Provider;
use super::network_time::NetworkTime;
use crate::error::{InferenceError, LoadError};

/// An input or output as the network declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TensorSpec {
    /// Its name.
    pub(crate) name: String,
    /// The dimensions, -1 for those that are free.
    pub(crate) dims: Vec<i64>,
    element: TensorElementType,
}

impl TensorSpec {
    /// The type of its numbers, as ONNX Runtime calls it: `f32`, `i64`, ….
    pub(crate) fn dtype(&self) -> String {
        self.element.to_string()
    }

    fn new(outlet: &Outlet) -> Option<Self> {
        match outlet.dtype() {
            ValueType::Tensor { ty, shape, .. } => Some(Self {
                name: outlet.name().to_owned(),
                dims: shape.to_vec(),
                element: *ty,
            }),
            _ => None,
        }
    }
}

/// The values of one input, in row-major order. They are converted to what the network declares.
#[derive(Debug)]
pub(crate) enum Input<'a> {
    /// Numbers, for an input of `f32`, `f16`, `f64` or an integer.
    Float {
        /// The shape.
        shape: Vec<usize>,
        /// As many values as the shape says.
        values: &'a [f32],
    },
    /// Token ids, for an input of `i64` or `i32`.
    Int {
        /// The shape.
        shape: Vec<usize>,
        /// As many values as the shape says.
        values: &'a [i64],
    },
}

/// A network that can be run.
#[derive(Debug)]
pub(crate) struct OnnxSession {
    session: Session,
    path: PathBuf,
    inputs: Vec<TensorSpec>,
    outputs: Vec<TensorSpec>,
    provider: Provider,
    terminator: Terminator,
    network_time: Arc<NetworkTime>,
}

impl OnnxSession {
    pub(super) fn new(
        session: Session,
        path: &Path,
        provider: Provider,
        terminator: Terminator,
        network_time: Arc<NetworkTime>,
    ) -> Result<Self, LoadError> {
        let inputs = session.inputs().iter().filter_map(TensorSpec::new).collect();
        let outputs = session.outputs().iter().filter_map(TensorSpec::new).collect();
        Ok(Self {
            session,
            path: path.to_path_buf(),
            inputs,
            outputs,
            provider,
            terminator,
            network_time,
        })
    }

    /// What runs it.
    pub(crate) fn provider(&self) -> Provider {
        self.provider
    }

    /// Every input that is a tensor.
    pub(crate) fn inputs(&self) -> &[TensorSpec] {
        &self.inputs
    }

    /// Every output that is a tensor.
    pub(crate) fn outputs(&self) -> &[TensorSpec] {
        &self.outputs
    }

    /// The input with one of these names.
    pub(crate) fn input(&self, names: &[&str]) -> Result<&TensorSpec, LoadError> {
        find(&self.inputs, names).ok_or_else(|| self.not_found("input", names, &self.inputs))
    }

    /// The output with one of these names.
    pub(crate) fn output(&self, names: &[&str]) -> Result<&TensorSpec, LoadError> {
        find(&self.outputs, names).ok_or_else(|| self.not_found("output", names, &self.outputs))
    }

    /// Refuses a network with an input that nobody would fill.
    pub(crate) fn expect_only(&self, known: &[&TensorSpec]) -> Result<(), LoadError> {
        match self.inputs.iter().find(|input| !known.contains(input)) {
            Some(input) => Err(self.corrupt(format!("its input `{}` is not supported", input.name))),
            None => Ok(()),
        }
    }

    /// Runs the network and returns one output. What is true is 1 and what is false 0.
    ///
    /// # Errors
    /// ONNX Runtime's, also when the call was ended by a [`Terminator`].
    pub(crate) fn run(
        &mut self,
        inputs: &[(&TensorSpec, Input<'_>)],
        output: &TensorSpec,
    ) -> Result<ArrayD<f32>, InferenceError> {
        let network = &self.path;
        let failed = |error: ort::Error| failed(network, error.to_string());
        let values = inputs
            .iter()
            .map(|(spec, input)| Ok((spec.name.as_str(), to_value(spec, input)?)))
            .collect::<ort::Result<Vec<_>>>()
            .map_err(failed)?;
        let begin = Instant::now();
        let result = self
            .session
            .run_with_options(values, self.terminator.run_options());
        self.network_time.add(begin.elapsed());
        let outputs = result.map_err(failed)?;
        let value = outputs
            .get(&output.name)
            .ok_or_else(|| failed(ort::Error::new(format!("there is no output `{}`", output.name))))?;
        to_array(value).map_err(failed)
    }

    /// The error for an output that is not what it should be.
    pub(crate) fn failed(&self, reason: impl Into<String>) -> InferenceError {
        failed(&self.path, reason)
    }

    fn not_found(&self, what: &str, names: &[&str], specs: &[TensorSpec]) -> LoadError {
        let found: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        self.corrupt(format!(
            "it has no {what} `{}`, only `{}`",
            names.join("` or `"),
            found.join("`, `")
        ))
    }

    /// The error for a network that is not what it should be.
    pub(crate) fn corrupt(&self, reason: impl Into<String>) -> LoadError {
        LoadError::Corrupt {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }
}

fn failed(network: &Path, reason: impl Into<String>) -> InferenceError {
    InferenceError::Run {
        network: network.display().to_string(),
        reason: reason.into(),
    }
}

fn find<'a>(specs: &'a [TensorSpec], names: &[&str]) -> Option<&'a TensorSpec> {
    names
        .iter()
        .find_map(|name| specs.iter().find(|spec| spec.name == *name))
}

fn to_value<'a>(spec: &TensorSpec, input: &Input<'a>) -> ort::Result<SessionInputValue<'a>> {
    match input {
        Input::Float { shape, values } => float_value(spec, shape.clone(), values),
        Input::Int { shape, values } => int_value(spec, shape.clone(), values),
    }
}

fn float_value<'a>(
    spec: &TensorSpec,
    shape: Vec<usize>,
    values: &'a [f32],
) -> ort::Result<SessionInputValue<'a>> {
    Ok(match spec.element {
        TensorElementType::Float32 => TensorRef::from_array_view((shape, values))?.into(),
        TensorElementType::Float16 => owned(shape, values, f16::from_f32)?,
        TensorElementType::Float64 => owned(shape, values, f64::from)?,
        // Old exports declare the timestep as an integer; fractions are cut off as torch does it.
        TensorElementType::Int64 => owned(shape, values, |value| value as i64)?,
        TensorElementType::Int32 => owned(shape, values, |value| value as i32)?,
        other => return Err(unsupported(spec, other)),
    })
}

fn int_value<'a>(
    spec: &TensorSpec,
    shape: Vec<usize>,
    values: &'a [i64],
) -> ort::Result<SessionInputValue<'a>> {
    Ok(match spec.element {
        TensorElementType::Int64 => TensorRef::from_array_view((shape, values))?.into(),
        TensorElementType::Int32 => owned(shape, values, |value| i32::try_from(value).unwrap_or(i32::MAX))?,
        other => return Err(unsupported(spec, other)),
    })
}

fn owned<'a, S: Copy, T>(
    shape: Vec<usize>,
    values: &[S],
    convert: impl Fn(S) -> T,
) -> ort::Result<SessionInputValue<'a>>
where
    T: ort::value::PrimitiveTensorElementType + std::fmt::Debug + Clone + 'static,
{
    let values: Vec<T> = values.iter().map(|&value| convert(value)).collect();
    Ok(Tensor::from_array((shape, values))?.into())
}

fn unsupported(spec: &TensorSpec, element: TensorElementType) -> ort::Error {
    ort::Error::new(format!(
        "the input `{}` of type {element} is not supported",
        spec.name
    ))
}

fn to_array(value: &DynValue) -> ort::Result<ArrayD<f32>> {
    match value.dtype().tensor_type() {
        Some(TensorElementType::Float16) => Ok(value.try_extract_array::<f16>()?.mapv(f16::to_f32)),
        Some(TensorElementType::Float64) => {
            Ok(value.try_extract_array::<f64>()?.mapv(|number| number as f32))
        }
        Some(TensorElementType::Bool) => Ok(value
            .try_extract_array::<bool>()?
            .mapv(|truth| f32::from(u8::from(truth)))),
        _ => Ok(value.try_extract_array::<f32>()?.to_owned()),
    }
}
