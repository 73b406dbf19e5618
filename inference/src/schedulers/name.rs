//! The names of algorithms: AUTOMATIC1111's, which recipes carry, and diffusers' classes.

use std::{fmt, str::FromStr};

use serde_json::{Map, Value, json};

use super::sigmas::SigmaSchedule;

/// An algorithm with a way to spread noise levels: a preset that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SchedulerName {
    name: &'static str,
    pub(super) sampler: Sampler,
    pub(super) sigma_schedule: SigmaSchedule,
}

/// The algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Sampler {
    Ddim,
    Ddpm,
    Plms,
    Lms,
    Euler,
    EulerAncestral,
    Heun,
    KDpm2,
    KDpm2Ancestral,
    DpmPp2M,
    DpmPp2MSde,
    DpmPp2S,
    Deis,
    UniPc,
    Lcm,
    Tcd,
}

impl Sampler {
    const fn name(self) -> &'static str {
        match self {
            Self::Ddim => "DDIM",
            Self::Ddpm => "DDPM",
            Self::Plms => "PLMS",
            Self::Lms => "LMS",
            Self::Euler => "Euler",
            Self::EulerAncestral => "Euler a",
            Self::Heun => "Heun",
            Self::KDpm2 => "DPM2",
            Self::KDpm2Ancestral => "DPM2 a",
            Self::DpmPp2M => "DPM++ 2M",
            Self::DpmPp2MSde => "DPM++ 2M SDE",
            Self::DpmPp2S => "DPM++ 2S",
            Self::Deis => "DEIS",
            Self::UniPc => "UniPC",
            Self::Lcm => "LCM",
            Self::Tcd => "TCD",
        }
    }

    fn class_name(self) -> &'static str {
        match self {
            Self::Ddim => "DDIMScheduler",
            Self::Ddpm => "DDPMScheduler",
            Self::Plms => "PNDMScheduler",
            Self::Lms => "LMSDiscreteScheduler",
            Self::Euler => "EulerDiscreteScheduler",
            Self::EulerAncestral => "EulerAncestralDiscreteScheduler",
            Self::Heun => "HeunDiscreteScheduler",
            Self::KDpm2 => "KDPM2DiscreteScheduler",
            Self::KDpm2Ancestral => "KDPM2AncestralDiscreteScheduler",
            Self::DpmPp2M | Self::DpmPp2MSde => "DPMSolverMultistepScheduler",
            Self::DpmPp2S => "DPMSolverSinglestepScheduler",
            Self::Deis => "DEISMultistepScheduler",
            Self::UniPc => "UniPCMultistepScheduler",
            Self::Lcm => "LCMScheduler",
            Self::Tcd => "TCDScheduler",
        }
    }

    /// The keys that tell it from other uses of its class.
    fn keys(self) -> Vec<(&'static str, Value)> {
        let solver = |algorithm_type: &str, solver_type: &str| {
            vec![
                ("algorithm_type", json!(algorithm_type)),
                ("solver_type", json!(solver_type)),
                ("solver_order", json!(2)),
            ]
        };
        match self {
            Self::Plms => vec![("skip_prk_steps", json!(true))],
            Self::DpmPp2M | Self::DpmPp2S => solver("dpmsolver++", "midpoint"),
            Self::DpmPp2MSde => solver("sde-dpmsolver++", "midpoint"),
            Self::Deis => solver("deis", "logrho"),
            Self::UniPc => vec![
                ("predict_x0", json!(true)),
                ("solver_type", json!("bh2")),
                ("solver_order", json!(2)),
            ],
            _ => Vec::new(),
        }
    }
}

impl SchedulerName {
    /// Every preset, in the order in which they are shown to people; the plain form of an algorithm comes first.
    pub const ALL: &'static [Self] = &[
        Self::plain(Sampler::Ddim),
        Self::plain(Sampler::Ddpm),
        Self::plain(Sampler::Plms),
        Self::plain(Sampler::Lms),
        Self::new("LMS Karras", Sampler::Lms, SigmaSchedule::Karras),
        Self::new("LMS Exponential", Sampler::Lms, SigmaSchedule::Exponential),
        Self::new("LMS Beta", Sampler::Lms, SigmaSchedule::Beta),
        Self::plain(Sampler::Euler),
        Self::new("Euler Karras", Sampler::Euler, SigmaSchedule::Karras),
        Self::new("Euler Exponential", Sampler::Euler, SigmaSchedule::Exponential),
        Self::new("Euler Beta", Sampler::Euler, SigmaSchedule::Beta),
        Self::plain(Sampler::EulerAncestral),
        Self::plain(Sampler::Heun),
        Self::new("Heun Karras", Sampler::Heun, SigmaSchedule::Karras),
        Self::new("Heun Exponential", Sampler::Heun, SigmaSchedule::Exponential),
        Self::new("Heun Beta", Sampler::Heun, SigmaSchedule::Beta),
        Self::plain(Sampler::KDpm2),
        Self::new("DPM2 Karras", Sampler::KDpm2, SigmaSchedule::Karras),
        Self::new("DPM2 Exponential", Sampler::KDpm2, SigmaSchedule::Exponential),
        Self::new("DPM2 Beta", Sampler::KDpm2, SigmaSchedule::Beta),
        Self::plain(Sampler::KDpm2Ancestral),
        Self::new("DPM2 a Karras", Sampler::KDpm2Ancestral, SigmaSchedule::Karras),
        Self::new(
            "DPM2 a Exponential",
            Sampler::KDpm2Ancestral,
            SigmaSchedule::Exponential,
        ),
        Self::new("DPM2 a Beta", Sampler::KDpm2Ancestral, SigmaSchedule::Beta),
        Self::plain(Sampler::DpmPp2M),
        Self::new("DPM++ 2M Karras", Sampler::DpmPp2M, SigmaSchedule::Karras),
        Self::new(
            "DPM++ 2M Exponential",
            Sampler::DpmPp2M,
            SigmaSchedule::Exponential,
        ),
        Self::new("DPM++ 2M Beta", Sampler::DpmPp2M, SigmaSchedule::Beta),
        Self::new("DPM++ 2M Lu", Sampler::DpmPp2M, SigmaSchedule::Lu),
        Self::plain(Sampler::DpmPp2MSde),
        Self::new("DPM++ 2M SDE Karras", Sampler::DpmPp2MSde, SigmaSchedule::Karras),
        Self::new(
            "DPM++ 2M SDE Exponential",
            Sampler::DpmPp2MSde,
            SigmaSchedule::Exponential,
        ),
        Self::new("DPM++ 2M SDE Beta", Sampler::DpmPp2MSde, SigmaSchedule::Beta),
        Self::new("DPM++ 2M SDE Lu", Sampler::DpmPp2MSde, SigmaSchedule::Lu),
        Self::plain(Sampler::DpmPp2S),
        Self::new("DPM++ 2S Karras", Sampler::DpmPp2S, SigmaSchedule::Karras),
        Self::new(
            "DPM++ 2S Exponential",
            Sampler::DpmPp2S,
            SigmaSchedule::Exponential,
        ),
        Self::new("DPM++ 2S Beta", Sampler::DpmPp2S, SigmaSchedule::Beta),
        Self::plain(Sampler::Deis),
        Self::new("DEIS Karras", Sampler::Deis, SigmaSchedule::Karras),
        Self::new("DEIS Exponential", Sampler::Deis, SigmaSchedule::Exponential),
        Self::new("DEIS Beta", Sampler::Deis, SigmaSchedule::Beta),
        Self::plain(Sampler::UniPc),
        Self::new("UniPC Karras", Sampler::UniPc, SigmaSchedule::Karras),
        Self::new("UniPC Exponential", Sampler::UniPc, SigmaSchedule::Exponential),
        Self::new("UniPC Beta", Sampler::UniPc, SigmaSchedule::Beta),
        Self::plain(Sampler::Lcm),
        Self::plain(Sampler::Tcd),
    ];

    const fn plain(sampler: Sampler) -> Self {
        Self::new(sampler.name(), sampler, SigmaSchedule::Timesteps)
    }

    const fn new(name: &'static str, sampler: Sampler, sigma_schedule: SigmaSchedule) -> Self {
        Self {
            name,
            sampler,
            sigma_schedule,
        }
    }

    /// The name as AUTOMATIC1111's web UI had it in one word, for example `DPM++ 2M Karras`.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The algorithm as AUTOMATIC1111's web UI calls it since version 1.9, for example `DPM++ 2M`.
    pub fn sampler(self) -> &'static str {
        self.sampler.name()
    }

    /// The way to spread noise levels as AUTOMATIC1111's web UI calls it since version 1.9, for example `Karras`;
    /// `None` for the noise levels of the visited timesteps.
    pub fn schedule_type(self) -> Option<&'static str> {
        match self.sigma_schedule {
            SigmaSchedule::Timesteps => None,
            SigmaSchedule::Karras => Some("Karras"),
            SigmaSchedule::Exponential => Some("Exponential"),
            SigmaSchedule::Beta => Some("Beta"),
            SigmaSchedule::Lu => Some("Lu"),
        }
    }

    /// The class name in diffusers' `scheduler_config.json`.
    pub fn class_name(self) -> &'static str {
        self.sampler.class_name()
    }

    /// The preset of an algorithm and a way to spread noise levels, as recipes since AUTOMATIC1111's web UI 1.9 have
    /// them apart. `Automatic` is that UI's choice for the algorithm; `Uniform` and `Normal` are the plain form.
    ///
    /// # Errors
    /// When there is no such algorithm, or it cannot spread its noise levels so.
    pub fn from_sampler(sampler: &str, schedule_type: Option<&str>) -> Result<Self, UnknownScheduler> {
        let base: Self = sampler.parse()?;
        let wanted = match schedule_type.map(str::trim) {
            None => return Ok(base),
            Some(word) if word.eq_ignore_ascii_case("Automatic") => match base.sampler {
                Sampler::DpmPp2M | Sampler::DpmPp2S | Sampler::KDpm2 | Sampler::KDpm2Ancestral => {
                    Some("Karras")
                }
                Sampler::DpmPp2MSde => Some("Exponential"),
                _ => None,
            },
            Some(word)
                if ["Uniform", "Normal"]
                    .iter()
                    .any(|plain| word.eq_ignore_ascii_case(plain)) =>
            {
                None
            }
            Some(word) => Some(word),
        };
        let matches = |known: &Self| match (known.schedule_type(), wanted) {
            (Some(known), Some(wanted)) => known.eq_ignore_ascii_case(wanted),
            (known, wanted) => known == wanted,
        };
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.sampler == base.sampler && matches(known))
            .ok_or_else(|| UnknownScheduler {
                name: format!("{} {}", base.sampler(), wanted.unwrap_or_default()),
            })
    }

    /// `keys` of a configuration with what this preset means, over what was there.
    pub(super) fn overlay(self, keys: &mut Map<String, Value>) {
        keys.insert("_class_name".to_owned(), json!(self.class_name()));
        let flags = [
            ("use_karras_sigmas", SigmaSchedule::Karras),
            ("use_exponential_sigmas", SigmaSchedule::Exponential),
            ("use_beta_sigmas", SigmaSchedule::Beta),
            ("use_lu_lambdas", SigmaSchedule::Lu),
        ];
        for (key, schedule) in flags {
            keys.insert(key.to_owned(), json!(self.sigma_schedule == schedule));
        }
        for (key, value) in self.sampler.keys() {
            keys.insert(key.to_owned(), value);
        }
    }

    /// The preset with these parts.
    pub(super) fn from_parts(sampler: Sampler, sigma_schedule: SigmaSchedule) -> Self {
        let plain = Self::plain(sampler);
        let is_it = |known: &&Self| known.sampler == sampler && known.sigma_schedule == sigma_schedule;
        Self::ALL.iter().find(is_it).copied().unwrap_or(plain)
    }
}

impl fmt::Display for SchedulerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Accepts AUTOMATIC1111's and diffusers' names, in any case.
impl FromStr for SchedulerName {
    type Err = UnknownScheduler;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let name = name.trim();
        Self::ALL
            .iter()
            .copied()
            .find(|known| {
                name.eq_ignore_ascii_case(known.name()) || name.eq_ignore_ascii_case(known.class_name())
            })
            .ok_or_else(|| UnknownScheduler {
                name: name.to_owned(),
            })
    }
}

/// No algorithm has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scheduler {name:?}, known are {}", known_names())]
pub struct UnknownScheduler {
    /// The name as it was given.
    pub name: String,
}

fn known_names() -> String {
    let plain = SchedulerName::ALL
        .iter()
        .filter(|known| known.schedule_type().is_none());
    let names: Vec<_> = plain.map(|known| known.name()).collect();
    format!(
        "{}, and most of them followed by Karras, Exponential or Beta",
        names.join(", ")
    )
}
