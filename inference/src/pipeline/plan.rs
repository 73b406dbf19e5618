//! What a request comes down to on one model.

use super::{LATENT_CHANNELS, VAE_SCALE_FACTOR};
use crate::models::Manifest;
use crate::noise::NoiseSource;
use crate::request::{GenerateRequest, RequestError, steps_done};
use crate::schedulers::{LoopOptions, Scheduler, SchedulerConfig, SchedulerError, SchedulerName};

/// The passes of a request and what the model does differently.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) first: Pass,
    pub(super) second: Option<Pass>,
    pub(super) noise_source: NoiseSource,
    /// Whether the UNet has channels for a mask and a masked picture.
    pub(super) inpainting: bool,
    pub(super) scheduler_name: SchedulerName,
}

/// A denoising loop that has not begun.
#[derive(Debug)]
pub(super) struct Pass {
    /// In pixels.
    pub(super) width: u32,
    /// In pixels.
    pub(super) height: u32,
    pub(super) scheduler: Box<dyn Scheduler>,
    /// The index of the first timestep.
    pub(super) begin: usize,
    /// How many steps people see, which may be fewer than network evaluations.
    pub(super) num_inference_steps: u32,
}

impl Plan {
    /// Checks what depends on the model.
    ///
    /// # Errors
    /// The model cannot draw this size or begin with a picture, or the scheduler is none for this model.
    pub(crate) fn new(request: &GenerateRequest, manifest: &Manifest) -> Result<Self, RequestError> {
        let info = &manifest.info;
        request.check_multiple(info.size_multiple)?;
        if request.source.is_some() && !info.image_to_image {
            return Err(RequestError::NoImageToImage {
                model: info.id.clone(),
            });
        }
        let scheduler = scheduler_config(request, manifest)?;
        let strength = request.source.as_ref().map(|source| source.strength);
        let (width, height) = (request.width, request.height);
        let schedule = Schedule {
            num_inference_steps: request.num_inference_steps,
            strength,
            eta: request.eta,
        };
        let first = Pass::new(&scheduler, &schedule, (width, height))?;
        let second = match &request.hires {
            Some(hires) => {
                let schedule = Schedule {
                    num_inference_steps: hires.steps(request.num_inference_steps),
                    strength: Some(hires.strength),
                    eta: request.eta,
                };
                let size = hires.size(request, info.size_multiple);
                Some(Pass::new(&scheduler, &schedule, size)?)
            }
            None => None,
        };
        Ok(Self {
            first,
            second,
            noise_source: request.noise_source.unwrap_or(info.noise),
            inpainting: info.inpainting,
            scheduler_name: scheduler.name(),
        })
    }

    /// The scheduler of all passes.
    pub(crate) fn scheduler_name(&self) -> SchedulerName {
        self.scheduler_name
    }

    /// The steps of all passes.
    pub(crate) fn num_inference_steps(&self) -> u32 {
        let second = self.second.as_ref().map_or(0, |pass| pass.num_inference_steps);
        self.first.num_inference_steps + second
    }
}

/// How a schedule is gone through.
struct Schedule {
    num_inference_steps: u32,
    /// How much of a picture is drawn anew; `None` when there is no picture.
    strength: Option<f32>,
    eta: Option<f32>,
}

impl Pass {
    fn new(
        config: &SchedulerConfig,
        schedule: &Schedule,
        (width, height): (u32, u32),
    ) -> Result<Self, RequestError> {
        let options = LoopOptions {
            num_inference_steps: schedule.num_inference_steps as usize,
            eta: schedule.eta,
        };
        let mut scheduler = config.build(&options).map_err(refused)?;
        let steps = schedule.num_inference_steps;
        let num_inference_steps = schedule
            .strength
            .map_or(steps, |strength| steps_done(steps, strength));
        let begin = steps.saturating_sub(num_inference_steps) as usize * scheduler.order();
        if schedule.strength.is_some() {
            if begin >= scheduler.timesteps().len() {
                return Err(RequestError::StrengthTooLow {
                    strength: schedule.strength.unwrap_or_default(),
                    num_inference_steps: steps,
                });
            }
            scheduler.set_begin_index(begin);
        }
        Ok(Self {
            width,
            height,
            scheduler,
            begin,
            num_inference_steps,
        })
    }

    /// The shape of the latents.
    pub(super) fn shape(&self) -> (usize, usize, usize, usize) {
        let side = |pixels: u32| (pixels / VAE_SCALE_FACTOR) as usize;
        (1, LATENT_CHANNELS, side(self.height), side(self.width))
    }
}

/// The scheduler asked for, or the model's own.
fn scheduler_config(request: &GenerateRequest, manifest: &Manifest) -> Result<SchedulerConfig, RequestError> {
    let own = &manifest.scheduler;
    match &request.scheduler {
        Some(name) => own.with_scheduler(name).map_err(refused),
        None => Ok(own.clone()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "map_err gives it away")]
fn refused(error: SchedulerError) -> RequestError {
    RequestError::Scheduler {
        reason: error.to_string(),
    }
}
