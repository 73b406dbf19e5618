//! The UNet: noisy latents and a conditioning to a prediction.

use ndarray::{ArrayD, Axis, Ix4};

use crate::error::{InferenceError, LoadError};
use crate::models::{Prediction, Row};
use crate::schedulers::Latents;
use crate::session::{Input, OnnxSession, TensorSpec};

/// The network with its inputs.
#[derive(Debug)]
pub(super) struct Unet {
    session: OnnxSession,
    sample: TensorSpec,
    timestep: TensorSpec,
    hidden_states: TensorSpec,
    output: TensorSpec,
}

impl Unet {
    pub(super) fn new(session: OnnxSession) -> Result<Self, LoadError> {
        let sample = session.input(&["sample"])?.clone();
        let timestep = session.input(&["timestep"])?.clone();
        let hidden_states = session.input(&["encoder_hidden_states"])?.clone();
        let output = session.output(&["out_sample", "latent"])?.clone();
        session.expect_only(&[&sample, &timestep, &hidden_states])?;
        Ok(Self {
            session,
            sample,
            timestep,
            hidden_states,
            output,
        })
    }

    /// The outputs for all rows, in order: in one call, or in one for each timestep if the network takes only one.
    pub(super) fn predict(&mut self, rows: &[Row<'_>]) -> Result<Prediction, InferenceError> {
        let groups = if self.has_one_timestep() {
            by_timestep(rows)
        } else {
            vec![(0..rows.len()).collect()]
        };
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

    /// Current exports of optimum have a scalar, some others an array of length 1.
    fn has_one_timestep(&self) -> bool {
        matches!(self.timestep.dims.as_slice(), [] | [1])
    }

    fn call(&mut self, rows: &[&Row<'_>]) -> Result<Vec<Latents>, InferenceError> {
        let Some(first) = rows.first() else {
            return Ok(Vec::new());
        };
        let (_, channels, height, width) = first.sample.dim();
        let (tokens, dimensions) = first.conditioning.hidden_states.dim();
        let sample: Vec<f32> = rows.iter().flat_map(|row| row.sample.iter().copied()).collect();
        let hidden_states: Vec<f32> = rows
            .iter()
            .flat_map(|row| row.conditioning.hidden_states.iter().copied())
            .collect();
        let (timesteps, timestep_shape): (Vec<f32>, _) = if self.has_one_timestep() {
            (
                vec![first.timestep],
                self.timestep.dims.iter().map(|_| 1).collect(),
            )
        } else {
            (rows.iter().map(|row| row.timestep).collect(), vec![rows.len()])
        };
        let inputs = [
            (
                &self.sample,
                Input::Float {
                    shape: vec![rows.len(), channels, height, width],
                    values: &sample,
                },
            ),
            (
                &self.timestep,
                Input::Float {
                    shape: timestep_shape,
                    values: &timesteps,
                },
            ),
            (
                &self.hidden_states,
                Input::Float {
                    shape: vec![rows.len(), tokens, dimensions],
                    values: &hidden_states,
                },
            ),
        ];
        let output = self.session.run(&inputs, &self.output)?;
        let expected = [rows.len(), channels, height, width];
        self.split(output, expected)
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

/// The indices of the rows with equal timesteps, in the order of their first row.
fn by_timestep(rows: &[Row<'_>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(f32, Vec<usize>)> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        match groups.iter_mut().find(|(timestep, _)| *timestep == row.timestep) {
            Some((_, group)) => group.push(index),
            None => groups.push((row.timestep, vec![index])),
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
    fn rows_with_one_timestep_stay_together() {
        let sample = Array4::zeros((1, 4, 1, 1));
        let conditioning = Conditioning {
            hidden_states: Arc::new(Array2::zeros((1, 1))),
            truncated: false,
        };
        let row = |timestep| Row {
            sample: &sample,
            timestep,
            conditioning: &conditioning,
        };
        let rows = [row(999.0), row(999.0), row(12.5), row(999.0), row(12.5)];
        assert_eq!(by_timestep(&rows), [vec![0, 1, 3], vec![2, 4]]);
    }
}
