//! The scale of a panel: from 0 to a round number, with a few lines between.

/// Most lines above 0.
const MOST_TICKS: f32 = 4.0;

/// A scale that begins at 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    /// From one line to the next: 1, 2 or 5 with some zeros.
    step: f32,
    /// Lines above 0.
    steps: u16,
}

impl Axis {
    /// The scale on which values up to `highest` have room.
    pub(super) fn up_to(highest: f32) -> Self {
        let mut step = 1.0;
        let mut factors = [2.0, 2.5, 2.0].iter().cycle();
        while highest / step > MOST_TICKS {
            step *= factors.next().copied().unwrap_or(2.0);
        }
        Self {
            step,
            steps: (highest / step).ceil().max(1.0) as u16,
        }
    }

    /// How far up a value lies, from 0 to 1.
    pub(super) fn share(&self, value: f32) -> f32 {
        (value / (self.step * f32::from(self.steps))).clamp(0.0, 1.0)
    }

    /// Each line with its number.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (f32, String)> {
        let step = self.step;
        (0..=self.steps).map(move |number| {
            let value = f32::from(number) * step;
            (value, label(value))
        })
    }
}

/// A number in at most five characters.
fn label(value: f32) -> String {
    let (value, unit) = match value {
        ..10e3 => (value, ""),
        ..10e6 => (value / 1e3, "k"),
        _ => (value / 1e6, "M"),
    };
    format!("{value:.0}{unit}")
}

#[cfg(test)]
mod tests {
    use super::Axis;

    fn check(highest: f32, expected: &str) {
        let labels: Vec<String> = Axis::up_to(highest).ticks().map(|(_, label)| label).collect();
        assert_eq!(labels.join(" "), expected, "{highest}");
    }

    #[test]
    fn scales_are_round_and_hold_the_highest_value() {
        check(0.0, "0 1");
        check(1.0, "0 1");
        check(3.0, "0 1 2 3");
        check(5.0, "0 2 4 6");
        check(17.0, "0 5 10 15 20");
        check(24.0, "0 10 20 30");
        check(999.0, "0 500 1000");
        check(38_000.0, "0 10k 20k 30k 40k");
        check(12_345_678.0, "0 5000k 10M 15M");
    }

    #[test]
    fn values_lie_on_the_scale() {
        let axis = Axis::up_to(17.0);
        assert_eq!(axis.share(0.0), 0.0);
        assert_eq!(axis.share(10.0), 0.5);
        assert_eq!(axis.share(30.0), 1.0);
    }
}
