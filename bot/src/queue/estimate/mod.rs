//! How fast this machine draws, and how long it will take.
//!
//! Jobs that are drawn together share the machine, so no job tells its own speed. What is measured is how many seconds
//! the machine was busy for one unit of [`work`](crate::store::DrawParameters::work), for each model, and apart for each
//! number of jobs that were drawn together, because a machine may draw four at once in less than four times the time.

mod forecast;

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

pub(super) use self::forecast::Forecast;

/// After how much busy time a measurement counts only about a third.
const MEMORY: Duration = Duration::from_secs(300);

/// How much busy time is measured at once, at least while nothing else changes.
const SAMPLE: Duration = Duration::from_secs(1);

/// Numbers of jobs that are told apart. With more the machine is as fast as with this many.
const MAX_TOGETHER: usize = 64;

/// What a job asks of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Share {
    /// The number of its model, by [`Speeds::number`].
    pub(crate) model: usize,
    /// See [`DrawParameters::work`](crate::store::DrawParameters::work).
    pub(crate) work: f64,
    /// See [`DrawParameters::steps`](crate::store::DrawParameters::steps).
    pub(crate) steps: f64,
}

impl Share {
    /// What is left of it when this part is done.
    pub(super) fn left(self, done: f64) -> Self {
        Self {
            work: self.work * (1.0 - done),
            steps: self.steps * (1.0 - done),
            ..self
        }
    }
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Speeds {
    models: Vec<Model>,
    /// What has happened since the last sample.
    sample: Sample,
}

#[derive(Clone, Debug, Default)]
struct Model {
    name: String,
    /// By how many jobs were drawn together, from one on.
    together: Vec<Measured>,
}

/// Sums in which older times count less.
#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    busy_seconds: f64,
    work: f64,
}

#[derive(Clone, Debug, Default)]
struct Sample {
    /// `None` while nothing is drawn.
    since: Option<Instant>,
    /// How many jobs are being drawn.
    together: usize,
    /// Work that was done, by the number of the model.
    work: Vec<f64>,
}

impl Measured {
    fn seconds_per_work(self) -> Option<f64> {
        let speed = self.busy_seconds / self.work;
        (self.work > 0.0 && speed.is_finite() && speed > 0.0).then_some(speed)
    }

    fn add(&mut self, busy_seconds: f64, work: f64) {
        let kept = (-busy_seconds / MEMORY.as_secs_f64()).exp();
        self.busy_seconds = self.busy_seconds * kept + busy_seconds;
        self.work = self.work * kept + work;
    }
}

impl Speeds {
    /// The number of a model.
    pub(super) fn number(&mut self, model: &str) -> usize {
        if let Some(number) = self.models.iter().position(|known| known.name == model) {
            return number;
        }
        self.models.push(Model {
            name: model.to_owned(),
            ..Model::default()
        });
        self.models.len() - 1
    }

    /// How many seconds a unit of work takes while this many jobs are drawn together; when that was not measured, the
    /// next number that was.
    pub(super) fn seconds_per_work(&self, model: usize, together: usize) -> Option<f64> {
        let measured = &self.models.get(model)?.together;
        let wanted = slot(together);
        let known = measured
            .iter()
            .enumerate()
            .filter_map(|(slot, measured)| Some((slot, measured.seconds_per_work()?)));
        known
            .min_by_key(|(slot, _)| slot.abs_diff(wanted))
            .map(|(_, speed)| speed)
    }

    /// From now on this many jobs are drawn together.
    pub(super) fn set_together(&mut self, together: usize, now: Instant) {
        self.measure(now);
        self.sample.together = together;
        if together == 0 {
            self.sample = Sample::default();
        } else {
            self.sample.since.get_or_insert(now);
        }
    }

    /// Work was done.
    pub(super) fn done(&mut self, model: usize, work: f64, now: Instant) {
        let sums = &mut self.sample.work;
        if sums.len() <= model {
            sums.resize(model + 1, 0.0);
        }
        if let Some(sum) = sums.get_mut(model) {
            *sum += work;
        }
        let since = self.sample.since.unwrap_or(now);
        if now.saturating_duration_since(since) >= SAMPLE {
            self.measure(now);
        }
    }

    /// Ends the sample. Time in which no step was finished belongs to the next one.
    fn measure(&mut self, now: Instant) {
        let Some(since) = self.sample.since else { return };
        let seconds = now.saturating_duration_since(since).as_secs_f64();
        let together = self.sample.together;
        let shares = self.expected_seconds(together);
        let expected: f64 = shares.iter().sum();
        if seconds <= 0.0 || expected <= 0.0 {
            return;
        }
        let work = std::mem::take(&mut self.sample.work);
        for ((model, work), share) in self.models.iter_mut().zip(work).zip(shares) {
            if work <= 0.0 {
                continue;
            }
            let slot = slot(together);
            if model.together.len() <= slot {
                model.together.resize(slot + 1, Measured::default());
            }
            if let Some(measured) = model.together.get_mut(slot) {
                measured.add(seconds * share / expected, work);
            }
        }
        self.sample.since = Some(now);
    }

    /// How long the work of the sample should have taken, by model. One that was never measured is taken to be like
    /// the others.
    fn expected_seconds(&self, together: usize) -> Vec<f64> {
        let work = &self.sample.work;
        let speeds: Vec<Option<f64>> = (0..work.len())
            .map(|model| self.seconds_per_work(model, together))
            .collect();
        let known: Vec<f64> = speeds
            .iter()
            .zip(work)
            .filter_map(|(speed, work)| speed.filter(|_| *work > 0.0))
            .collect();
        let like_others = if known.is_empty() {
            1.0
        } else {
            known.iter().sum::<f64>() / known.len() as f64
        };
        speeds
            .iter()
            .zip(work)
            .map(|(speed, work)| speed.unwrap_or(like_others) * work)
            .collect()
    }

    /// What was measured, to be kept.
    pub(super) fn to_json(&self) -> Value {
        let models = self.models.iter().filter(|model| !model.together.is_empty());
        let entry = |model: &Model| {
            let measured = model.together.iter();
            let sums: Vec<Value> = measured
                .map(|measured| json!([measured.busy_seconds, measured.work]))
                .collect();
            (model.name.clone(), Value::Array(sums))
        };
        Value::Object(models.map(entry).collect::<Map<_, _>>())
    }

    /// Goes on from what was kept, where nothing has been measured yet. What cannot be read is measured anew.
    pub(super) fn restore(&mut self, kept: &Value) {
        for (name, sums) in kept.as_object().into_iter().flatten() {
            let Ok(sums) = serde_json::from_value::<Vec<[f64; 2]>>(sums.clone()) else {
                continue;
            };
            let number = self.number(name);
            if let Some(model) = self.models.get_mut(number)
                && model.together.is_empty()
            {
                let measured = sums.into_iter().take(MAX_TOGETHER);
                model.together = measured
                    .map(|[busy_seconds, work]| Measured { busy_seconds, work })
                    .collect();
            }
        }
    }
}

fn slot(together: usize) -> usize {
    together.clamp(1, MAX_TOGETHER) - 1
}

#[cfg(test)]
mod tests;
