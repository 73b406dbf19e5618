//! The UNet: noisy latents and a conditioning to a prediction.

use ndarray::{ArrayD, ArrayView, Axis, Dimension, Ix4};

use crate::error::{InferenceError, LoadError};
use crate::models::{Prediction, Row};
use crate::pipeline::LATENT_CHANNELS;
use crate::schedulers::Latents;
use crate::session::{Input, OnnxSession, TensorSpec};

/// The network with its inputs.
#[derive(Debug)]
pub(super) struct Unet {
    session: OnnxSession,
    io: Io,
    /// How many channels it reads.
    channels: usize,
}

/// The inputs and the output.
#[derive(Debug)]
pub(super) struct Io {
    sample: TensorSpec,
    timestep: TensorSpec,
    hidden_states: TensorSpec,
    output: TensorSpec,
}

impl Io {
    /// `channels` is how many the configuration says that it reads.
    pub(super) fn find(session: &OnnxSession, channels: usize) -> Result<Self, LoadError> {
        let sample = session.input(&["sample"])?.clone();
        let timestep = session.input(&["timestep"])?.clone();
        let hidden_states = session.input(&["encoder_hidden_states"])?.clone();
        let output = session.output(&["out_sample", "latent"])?.clone();
        session.expect_only(&[&sample, &timestep, &hidden_states])?;
        match sample.dims.get(1) {
            Some(&found) if found >= 0 && usize::try_from(found) != Ok(channels) => Err(session.corrupt(
                format!("it reads {found} channels, but the configuration says {channels}"),
            )),
            _ => Ok(Self {
                sample,
                timestep,
                hidden_states,
                output,
            }),
        }
    }

    /// How many tokens it reads, if the export has fixed that.
    pub(super) fn tokens(&self) -> Option<usize> {
        let tokens = *self.hidden_states.dims.get(1)?;
        usize::try_from(tokens).ok()
    }

    /// Current exports of optimum have a scalar, some others an array of length 1.
    fn has_one_timestep(&self) -> bool {
        matches!(self.timestep.dims.as_slice(), [] | [1])
    }
}

impl Unet {
    pub(super) fn new(session: OnnxSession, channels: usize) -> Result<Self, LoadError> {
        let io = Io::find(&session, channels)?;
        Ok(Self {
            session,
            io,
            channels,
        })
    }

    /// How many tokens it reads, if the export has fixed that.
    pub(super) fn tokens(&self) -> Option<usize> {
        self.io.tokens()
    }

    /// The outputs for all rows, in order, in as few calls as possible.
    pub(super) fn predict(&mut self, rows: &[Row<'_>]) -> Result<Prediction, InferenceError> {
        let one_timestep = self.io.has_one_timestep();
        let groups = grouped(rows, |a, b| {
            tokens(a) == tokens(b) && (!one_timestep || a.timestep == b.timestep)
        });
        let calls = groups.len() as u64;
        let mut outputs: Vec<Option<Latents>> = vec![None; rows.len()];
        for group in groups {
            let group_rows: Vec<&Row<'_>> = group.iter().filter_map(|&index| rows.get(index)).collect();
            for (index, output) in group.into_iter().zip(self.call(&group_rows)?) {
                if let Some(place) = outputs.get_mut(index) {
                    *place = Some(output);
                }
            }
        }
        Ok(Prediction {
            outputs: outputs.into_iter().flatten().collect(),
            calls,
        })
    }

    fn call(&mut self, rows: &[&Row<'_>]) -> Result<Vec<Latents>, InferenceError> {
        let Some(first) = rows.first() else {
            return Ok(Vec::new());
        };
        let (_, _, height, width) = first.sample.dim();
        let (tokens, dimensions) = first.conditioning.hidden_states.dim();
        let sample = self.samples(rows)?;
        let mut hidden_states = Vec::with_capacity(rows.len() * tokens * dimensions);
        for row in rows {
            append(&mut hidden_states, row.conditioning.hidden_states.view());
        }
        let (timesteps, timestep_shape): (Vec<f32>, _) = if self.io.has_one_timestep() {
            (
                vec![first.timestep],
                self.io.timestep.dims.iter().map(|_| 1).collect(),
            )
        } else {
            (rows.iter().map(|row| row.timestep).collect(), vec![rows.len()])
        };
        let inputs = [
            (
                &self.io.sample,
                Input::Float {
                    shape: vec![rows.len(), self.channels, height, width],
                    values: &sample,
                },
            ),
            (
                &self.io.timestep,
                Input::Float {
                    shape: timestep_shape,
                    values: &timesteps,
                },
            ),
            (
                &self.io.hidden_states,
                Input::Float {
                    shape: vec![rows.len(), tokens, dimensions],
                    values: &hidden_states,
                },
            ),
        ];
        let output = self.session.run(&inputs, &self.io.output)?;
        self.split(output, [rows.len(), LATENT_CHANNELS, height, width])
    }

    /// The samples of all rows, each followed by what an inpainting UNet sees beside it.
    fn samples(&self, rows: &[&Row<'_>]) -> Result<Vec<f32>, InferenceError> {
        let mut values = Vec::with_capacity(rows.iter().map(|row| row.sample.len()).sum());
        for row in rows {
            let channels = row.sample.dim().1 + row.inpaint.map_or(0, |inpaint| inpaint.dim().1);
            if channels != self.channels {
                let reason = format!("it reads {} channels, not {channels}", self.channels);
                return Err(self.session.failed(reason));
            }
            append(&mut values, row.sample.view());
            if let Some(inpaint) = row.inpaint {
                append(&mut values, inpaint.view());
            }
        }
        Ok(values)
    }

    /// One array for each row.
    fn split(&self, output: ArrayD<f32>, expected: [usize; 4]) -> Result<Vec<Latents>, InferenceError> {
        let found = format!("{:?}", output.shape());
        match output.into_dimensionality::<Ix4>() {
            Ok(output) if output.shape() == expected => Ok(output
                .axis_iter(Axis(0))
                .map(|row| row.insert_axis(Axis(0)).to_owned())
                .collect()),
            _ => Err(self.session.failed(format!(
                "its output has the shape {found} instead of {expected:?}"
            ))),
        }
    }
}

/// Adds all values of an array, in one go where they lie one after another, as they nearly always do.
fn append<D: Dimension>(values: &mut Vec<f32>, array: ArrayView<'_, f32, D>) {
    match array.as_slice() {
        Some(slice) => values.extend_from_slice(slice),
        None => values.extend(array),
    }
}

fn tokens(row: &Row<'_>) -> usize {
    row.conditioning.hidden_states.nrows()
}

/// The indices of the rows that can share a call, in the order of their first row.
fn grouped(rows: &[Row<'_>], together: impl Fn(&Row<'_>, &Row<'_>) -> bool) -> Vec<Vec<usize>> {
    let mut groups: Vec<(&Row<'_>, Vec<usize>)> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        match groups.iter_mut().find(|(first, _)| together(first, row)) {
            Some((_, group)) => group.push(index),
            None => groups.push((row, vec![index])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ndarray::{Array2, Array4};

    use super::*;
    use crate::models::Conditioning;

    #[test]
    fn rows_that_agree_stay_together() {
        let sample = Array4::zeros((1, 4, 1, 1));
        let conditioning = [77, 154].map(|tokens| Conditioning {
            hidden_states: Arc::new(Array2::zeros((tokens, 1))),
            truncated: false,
        });
        let row = |timestep, chunks: usize| Row {
            sample: &sample,
            timestep,
            conditioning: &conditioning[chunks - 1],
            inpaint: None,
        };
        let rows = [
            row(999.0, 1),
            row(999.0, 1),
            row(12.5, 1),
            row(999.0, 2),
            row(12.5, 1),
        ];
        let timestep = |a: &Row<'_>, b: &Row<'_>| a.timestep == b.timestep;
        assert_eq!(grouped(&rows, timestep), [vec![0, 1, 3], vec![2, 4]]);
        let chunks = |a: &Row<'_>, b: &Row<'_>| tokens(a) == tokens(b);
        assert_eq!(grouped(&rows, chunks), [vec![0, 1, 2, 4], vec![3]]);
        assert!(grouped(&[], chunks).is_empty());
    }
}
