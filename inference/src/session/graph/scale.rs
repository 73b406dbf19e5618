//! What the scores of an attention are multiplied with.

use super::lookup::Lookup;
use super::operand::{Axis, Factor, Operand};

/// How deep a number may be nested.
const MAX_DEPTH: usize = 8;

/// A number: `factor · depth ^ power`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    factor: f32,
    power: f32,
}

impl Scale {
    const ONE: Self = Self {
        factor: 1.0,
        power: 0.0,
    };
    const DEPTH: Self = Self {
        factor: 1.0,
        power: 1.0,
    };

    /// All factors together.
    pub(super) fn product(lookup: &Lookup<'_>, factors: &[Factor<'_>]) -> Option<Self> {
        factors
            .iter()
            .try_fold(Self::ONE, |product, factor| match factor {
                Factor::Times(name) => Some(product.times(Self::find(lookup, name, 0)?)),
                Factor::Over(name) => Some(product.over(Self::find(lookup, name, 0)?)),
            })
    }

    /// The attribute `scale` of `MultiHeadAttention`, which has the inner option as its default: one by the square
    /// root of the depth. `None` for what cannot be said so.
    #[expect(
        clippy::option_option,
        reason = "the outer option is whether there is such an attribute"
    )]
    pub(super) fn attribute(self) -> Option<Option<f32>> {
        const DEFAULT: f32 = -0.5;
        if self.power == 0.0 {
            Some(Some(self.factor))
        } else {
            (self.power == DEFAULT && self.factor == 1.0).then_some(None)
        }
    }

    fn find(lookup: &Lookup<'_>, name: &str, nesting: usize) -> Option<Self> {
        if let Some(factor) = lookup.float(name) {
            return Some(Self { factor, power: 0.0 });
        }
        let node = lookup.producer(name).filter(|_| nesting < MAX_DEPTH)?;
        let inner = |index: usize| Self::find(lookup, node.input(index)?, nesting + 1);
        match node.kind() {
            "Cast" | "Identity" => inner(0),
            "Sqrt" => Some(inner(0)?.sqrt()),
            "Div" => Some(inner(0)?.over(inner(1)?)),
            "Mul" => Some(inner(0)?.times(inner(1)?)),
            "Slice" | "Gather" => {
                let operand = Operand::find(lookup, lookup.last_axis_of(name)?)?;
                (operand.layout.last() == Some(&Axis::Depth)).then_some(Self::DEPTH)
            }
            _ => None,
        }
    }

    fn times(self, other: Self) -> Self {
        Self {
            factor: self.factor * other.factor,
            power: self.power + other.power,
        }
    }

    fn over(self, other: Self) -> Self {
        Self {
            factor: self.factor / other.factor,
            power: self.power - other.power,
        }
    }

    fn sqrt(self) -> Self {
        Self {
            factor: self.factor.sqrt(),
            power: self.power / 2.0,
        }
    }
}
