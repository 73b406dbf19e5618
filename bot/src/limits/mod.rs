//! Who may draw how much, and how large one drawing may be.
//!
//! What is counted ([`Limits::check`]) is evaluated by the job log in the transaction that adds the job; a limit that
//! forbids it is a [`Refusal`]. What is only too large ([`Limits::clamp`]) is drawn smaller, and the person is told.
//! Which rule holds for whom is written at [`LimitRules`].

mod again;
mod clamp;
mod rules;
mod size;
mod specificity;
mod text;

pub use self::again::{Again, Wait, again};
pub use self::rules::{
    LimitKey, LimitOrigin, LimitOutOfBounds, LimitRule, LimitRules, LimitScope, LimitSource, LimitValue,
    LimitValues, Limits,
};
pub(crate) use self::specificity::Specificity;
pub use self::text::{LimitChange, LimitTextError};
pub use crate::store::{Clamped, ClampedParameter, LimitCheck, Refusal, Usage, Window};

#[cfg(test)]
mod tests;
