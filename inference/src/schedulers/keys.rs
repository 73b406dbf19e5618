//! Reads single keys of a `scheduler_config.json`, with diffusers' defaults and errors that name the key.

use serde_json::{Map, Value};

use super::SchedulerError;

/// The keys that the schedulers of diffusers know. One that the chosen class does not have changes nothing there,
/// and is common: configurations are handed from class to class. A key outside this list is refused, because
/// nobody can say what it would change.
const DIFFUSERS_KEYS: &[&str] = &[
    "algorithm_type",
    "beta_end",
    "beta_schedule",
    "beta_start",
    "clip_sample",
    "clip_sample_range",
    "disable_corrector",
    "dynamic_thresholding_ratio",
    "euler_at_final",
    "final_sigmas_type",
    "flow_shift",
    "interpolation_type",
    "lambda_min_clipped",
    "lower_order_final",
    "num_train_timesteps",
    "original_inference_steps",
    "predict_x0",
    "prediction_type",
    "rescale_betas_zero_snr",
    "sample_max_value",
    "set_alpha_to_one",
    "sigma_max",
    "sigma_min",
    "skip_prk_steps",
    "solver_order",
    "solver_p",
    "solver_type",
    "steps_offset",
    "thresholding",
    "time_shift_type",
    "timestep_scaling",
    "timestep_spacing",
    "timestep_type",
    "trained_betas",
    "use_beta_sigmas",
    "use_dynamic_shifting",
    "use_exponential_sigmas",
    "use_flow_sigmas",
    "use_karras_sigmas",
    "use_lu_lambdas",
    "variance_type",
];

/// The keys of one configuration. A key that is absent or `null` has the default of the class.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Keys<'a> {
    /// Refuses keys that diffusers does not have. Names with a leading underscore are metadata.
    pub(super) fn refuse_unknown(self) -> Result<(), SchedulerError> {
        match self
            .0
            .iter()
            .find(|(key, _)| !key.starts_with('_') && !DIFFUSERS_KEYS.contains(&key.as_str()))
        {
            Some((key, value)) => Err(unsupported(key, value)),
            None => Ok(()),
        }
    }

    /// Refuses a key of which only `neutral` values (those that change nothing) are supported.
    pub(super) fn only(self, key: &str, neutral: &[Value]) -> Result<(), SchedulerError> {
        match self.get(key) {
            Some(value) if !neutral.contains(value) => Err(unsupported(key, value)),
            _ => Ok(()),
        }
    }

    /// Refuses some values of a key.
    pub(super) fn never(self, key: &str, refused: &[Value]) -> Result<(), SchedulerError> {
        match self.get(key) {
            Some(value) if refused.contains(value) => Err(unsupported(key, value)),
            _ => Ok(()),
        }
    }

    /// Whether a key has this word.
    pub(super) fn is(self, key: &str, word: &str) -> bool {
        self.get(key).and_then(Value::as_str) == Some(word)
    }

    pub(super) fn bool(self, key: &str, default: bool) -> Result<bool, SchedulerError> {
        self.read(key, Value::as_bool, default)
    }

    /// A count between 0 and 100,000, which is far beyond every real value and keeps tables small.
    pub(super) fn count(self, key: &str, default: usize) -> Result<usize, SchedulerError> {
        let count = |value: &Value| {
            value
                .as_u64()
                .filter(|&count| count <= 100_000)
                .map(|count| count as usize)
        };
        self.read(key, count, default)
    }

    pub(super) fn f64(self, key: &str, default: f64) -> Result<f64, SchedulerError> {
        self.read(key, Value::as_f64, default)
    }

    /// A number above 0.
    pub(super) fn positive(self, key: &str, default: f64) -> Result<f64, SchedulerError> {
        self.read(
            key,
            |value| value.as_f64().filter(|&number| number > 0.0),
            default,
        )
    }

    /// A number from 0 to 1.
    pub(super) fn fraction(self, key: &str, default: f64) -> Result<f64, SchedulerError> {
        let fraction = |value: &Value| value.as_f64().filter(|number| (0.0..=1.0).contains(number));
        self.read(key, fraction, default)
    }

    /// A number above 0 that may be left out.
    pub(super) fn optional_positive(self, key: &str) -> Result<Option<f64>, SchedulerError> {
        self.get(key).map(|_| self.positive(key, 1.0)).transpose()
    }

    /// The order of a multistep or singlestep solver, 1 to 3.
    pub(super) fn solver_order(self) -> Result<usize, SchedulerError> {
        let order = |value: &Value| match value.as_u64() {
            Some(order @ 1..=3) => Some(order as usize),
            _ => None,
        };
        self.read("solver_order", order, 2)
    }

    /// One of the words in `choices`.
    pub(super) fn word<T: Copy>(
        self,
        key: &str,
        choices: &[(&str, T)],
        default: T,
    ) -> Result<T, SchedulerError> {
        let choice = |value: &Value| {
            let word = value.as_str()?;
            choices
                .iter()
                .find(|(name, _)| *name == word)
                .map(|&(_, choice)| choice)
        };
        self.read(key, choice, default)
    }

    /// A list of numbers.
    pub(super) fn list(self, key: &str) -> Result<Option<Vec<f32>>, SchedulerError> {
        let list = |value: &Value| -> Option<Vec<f32>> {
            value
                .as_array()?
                .iter()
                .map(|number| number.as_f64().map(|number| number as f32))
                .collect()
        };
        self.get(key)
            .map(|value| list(value).ok_or_else(|| unsupported(key, value)))
            .transpose()
    }

    /// A list of counts; empty by default.
    pub(super) fn counts(self, key: &str) -> Result<Vec<usize>, SchedulerError> {
        let counts = |value: &Value| -> Option<Vec<usize>> {
            let counts = value.as_array()?.iter();
            counts
                .map(|count| count.as_u64().and_then(|count| usize::try_from(count).ok()))
                .collect()
        };
        self.read(key, counts, Vec::new())
    }

    fn read<T>(
        self,
        key: &str,
        parse: impl Fn(&Value) -> Option<T>,
        default: T,
    ) -> Result<T, SchedulerError> {
        match self.get(key) {
            Some(value) => parse(value).ok_or_else(|| unsupported(key, value)),
            None => Ok(default),
        }
    }

    fn get(self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }
}

/// The error for a key, with its value shortened to what fits a sentence.
fn unsupported(key: &str, value: &Value) -> SchedulerError {
    const LONGEST: usize = 80;
    let mut shown = value.to_string();
    if let Some((end, _)) = shown.char_indices().nth(LONGEST) {
        shown.truncate(end);
        shown.push('…');
    }
    SchedulerError::UnsupportedKey {
        key: key.to_owned(),
        value: shown,
    }
}
