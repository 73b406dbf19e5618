//! Asking a UNet about many rows with the memory there is.

use super::guard::guarded;
use crate::error::InferenceError;
use crate::models::{DiffusionModel, Row};
use crate::schedulers::Latents;

/// What became of a row.
pub(super) type Answer = Result<Latents, InferenceError>;

/// The rows of one tick on their way through a UNet.
pub(super) struct Batch<'a> {
    model: &'a mut dyn DiffusionModel,
    limit: usize,
    goes_on: &'a dyn Fn() -> bool,
    calls: u64,
    answers: Vec<Answer>,
}

/// What became of all rows.
#[derive(Debug)]
pub(super) struct Answers {
    /// For each row, in order.
    pub(super) answers: Vec<Answer>,
    /// How many network calls it took.
    pub(super) calls: u64,
    /// How many rows a call may have from now on.
    pub(super) limit: usize,
}

impl<'a> Batch<'a> {
    /// With calls of at most `limit` rows. A call that fails is not tried again when `goes_on` says no.
    pub(super) fn new(
        model: &'a mut dyn DiffusionModel,
        limit: usize,
        goes_on: &'a dyn Fn() -> bool,
    ) -> Self {
        Self {
            model,
            limit: limit.max(1),
            goes_on,
            calls: 0,
            answers: Vec::new(),
        }
    }

    /// Asks about all rows.
    pub(super) fn ask(mut self, rows: &[Row<'_>]) -> Answers {
        self.answer(rows);
        Answers {
            answers: self.answers,
            calls: self.calls,
            limit: self.limit,
        }
    }

    /// A call that fails is tried again in halves: with less memory if that was the reason, and so that whatever one
    /// row has done to it fails that row alone.
    fn answer(&mut self, rows: &[Row<'_>]) {
        if rows.len() > self.limit {
            for part in rows.chunks(self.limit) {
                self.answer(part);
            }
            return;
        }
        match self.call(rows) {
            Ok(outputs) => self.answers.extend(outputs.into_iter().map(Ok)),
            Err(error) if rows.len() > 1 && self.is_worth_another_try(&error) => {
                let half = rows.len().div_ceil(2);
                if error.is_out_of_memory() {
                    tracing::warn!(%error, rows = rows.len(), "not enough memory for this many rows, going on with half of them");
                    self.limit = self.limit.min(half);
                }
                for part in rows.chunks(half) {
                    self.answer(part);
                }
            }
            Err(error) => self.answers.extend(rows.iter().map(|_| Err(error.clone()))),
        }
    }

    fn is_worth_another_try(&self, error: &InferenceError) -> bool {
        matches!(error, InferenceError::Run { .. }) && (self.goes_on)()
    }

    fn call(&mut self, rows: &[Row<'_>]) -> Result<Vec<Latents>, InferenceError> {
        let prediction = guarded(|| self.model.predict_noise(rows))?;
        self.calls += prediction.calls;
        if prediction.outputs.len() == rows.len() {
            Ok(prediction.outputs)
        } else {
            Err(InferenceError::Internal {
                reason: "the UNet has not answered every row".into(),
            })
        }
    }
}
