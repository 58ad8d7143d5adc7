//! One axis: its range, and where its ticks stand.

use libm::{floor, log10};
use sim_core::math::pow;

/// A range of values along one side of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    from: f64,
    to: f64,
    logarithmic: bool,
}

/// A tick: its value, and its label unless it is a minor one.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where it stands.
    pub value: f64,
    /// What it says.
    pub label: Option<String>,
}

impl Axis {
    /// A linear axis. A range too narrow for its labels to differ is widened and one that is not
    /// finite becomes [0, 1], so that every axis can be drawn.
    pub fn linear(from: f64, to: f64) -> Self {
        let size = from.abs().max(to.abs());
        let (from, to) = if !(from.is_finite() && to.is_finite()) {
            (0.0, 1.0)
        } else if to - from > (1e-9 * size).max(1e-290) {
            (from, to)
        } else {
            (from - widening(from), from + widening(from))
        };
        Axis { from, to, logarithmic: false }
    }

    /// A linear axis from 0 to a round number not below `most`.
    pub fn from_zero(most: f64) -> Self {
        if !most.is_finite() || most < 1e-280 {
            return Axis::linear(0.0, 1.0);
        }
        let step = round_step(most / 5.0);
        Axis::linear(0.0, (most / step - 1e-9).ceil() * step)
    }

    /// A logarithmic axis over whole decades around `from` > 0 and `to`.
    pub fn decades(from: f64, to: f64) -> Self {
        if !(from.is_finite() && to.is_finite() && 0.0 < from && from <= to) {
            return Axis { from: 1.0, to: 10.0, logarithmic: true };
        }
        let low = floor(log10(from) + 1e-9);
        let high = (log10(to) - 1e-9).ceil().max(low + 1.0);
        Axis { from: pow(10.0, low), to: pow(10.0, high), logarithmic: true }
    }

    /// Its lower end.
    pub fn from(&self) -> f64 {
        self.from
    }

    /// Its upper end.
    pub fn to(&self) -> f64 {
        self.to
    }

    /// Where a value stands: 0 at the lower end, 1 at the upper; held within the axis.
    pub fn place(&self, value: f64) -> f64 {
        let place = if self.logarithmic {
            log10(value / self.from) / log10(self.to / self.from)
        } else {
            (value - self.from) / (self.to - self.from)
        };
        // NaN stays NaN, a gap in a line.
        place.clamp(0.0, 1.0)
    }

    /// At most about `most` labelled ticks at round values.
    pub fn ticks(&self, most: usize) -> Vec<Tick> {
        if self.logarithmic { self.decade_ticks(most) } else { self.linear_ticks(most.max(2)) }
    }

    fn linear_ticks(&self, most: usize) -> Vec<Tick> {
        let step = round_step((self.to - self.from) / most as f64);
        let decimals = (-floor(log10(step) + 1e-9)).max(0.0) as usize;
        let first = (self.from / step - 1e-6).ceil();
        (0..=most + 1)
            .map(|index| (first + index as f64) * step)
            .take_while(|value| *value <= self.to + 1e-6 * step)
            .map(|value| Tick { value, label: Some(number(value, decimals)) })
            .collect()
    }

    fn decade_ticks(&self, most: usize) -> Vec<Tick> {
        let (low, high) = (log10(self.from).round() as i32, log10(self.to).round() as i32);
        let every = ((high - low) as usize).div_ceil(most.max(1)).max(1) as i32;
        let mut ticks = Vec::new();
        for exponent in low..=high {
            let decade = pow(10.0, f64::from(exponent));
            ticks.push(Tick {
                value: decade,
                label: ((exponent - low) % every == 0).then(|| power_of_ten(exponent)),
            });
            let minors = if exponent < high && high - low <= 8 { 2..10 } else { 2..2 };
            ticks.extend(minors.map(|digit| {
                let label = (high - low == 1 && (digit == 2 || digit == 5))
                    .then(|| number(f64::from(digit) * decade, (-exponent).max(0) as usize));
                Tick { value: f64::from(digit) * decade, label }
            }));
        }
        ticks
    }
}

/// Half the range that a single value gets.
fn widening(value: f64) -> f64 {
    if value.abs() < 1e-280 { 1.0 } else { 0.1 * value.abs() }
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `least`.
pub fn round_step(least: f64) -> f64 {
    let decade = pow(10.0, floor(log10(least.max(1e-300)) + 1e-9));
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|digit| digit * decade)
        .find(|&step| step >= least * (1.0 - 1e-9))
        .unwrap_or(10.0 * decade)
}

/// A number with a true minus sign; large and tiny ones in powers of ten.
pub fn number(value: f64, decimals: usize) -> String {
    let size = value.abs();
    let text = if size >= 1e6 || decimals > 6 { format!("{size:e}") } else { format!("{size:.decimals$}") };
    let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if value < 0.0 && !zero { format!("−{text}") } else { text }
}

/// A count with its digits in groups of three.
pub fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A number with no more decimals than it needs, at most 6.
pub fn plain(value: f64) -> String {
    let written =
        |decimals: &usize| (number(value, *decimals).replace('−', "-").parse::<f64>()).unwrap_or(value);
    number(
        value,
        (0..6).find(|decimals| (written(decimals) - value).abs() <= 1e-9 * value.abs()).unwrap_or(6),
    )
}

/// A time in ms or s, whichever is shorter.
pub fn time(ms: f64) -> String {
    if ms.abs() < 1000.0 { format!("{} ms", plain(ms)) } else { format!("{} s", plain(ms / 1000.0)) }
}

/// A number with about three significant digits, for remarks.
pub fn brief(value: f64) -> String {
    let digits = if value == 0.0 { 0.0 } else { floor(log10(value.abs())) };
    number(value, (2.0 - digits).clamp(0.0, 6.0) as usize)
}

fn power_of_ten(exponent: i32) -> String {
    if (-2..=3).contains(&exponent) {
        return number(pow(10.0, f64::from(exponent)), (-exponent).max(0) as usize);
    }
    let superscript = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => '⁰',
    };
    format!("10{}", exponent.to_string().chars().map(superscript).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(axis: Axis, most: usize) -> Vec<String> {
        axis.ticks(most).into_iter().filter_map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_stand_at_round_values() {
        assert_eq!(labels(Axis::linear(0.0, 1000.0), 6), ["0", "200", "400", "600", "800", "1000"]);
        assert_eq!(labels(Axis::linear(-0.02, 0.03), 5), ["−0.02", "−0.01", "0.00", "0.01", "0.02", "0.03"]);
        assert_eq!(labels(Axis::linear(-71.3, -49.0), 4), ["−70", "−60", "−50"]);
        assert_eq!(labels(Axis::decades(0.004, 2.0), 9), ["10⁻³", "0.01", "0.1", "1", "10"]);
        assert_eq!(labels(Axis::decades(3.0, 9.0), 9), ["1", "2", "5", "10"]);
    }

    #[test]
    fn an_axis_from_zero_ends_at_a_round_number() {
        assert_eq!(Axis::from_zero(9.3).to(), 10.0);
        assert_eq!(Axis::from_zero(10.0).to(), 10.0);
        assert_eq!(Axis::from_zero(f64::NAN).to(), 1.0);
    }

    #[test]
    fn counts_are_grouped_in_thousands() {
        assert_eq!(
            [grouped(0), grouped(999), grouped(50_000), grouped(1_234_567)],
            ["0", "999", "50 000", "1 234 567"]
        );
    }

    #[test]
    fn numbers_have_no_more_decimals_than_they_need() {
        assert_eq!([plain(5.0), plain(0.5), plain(-0.25), plain(0.0)], ["5", "0.5", "−0.25", "0"]);
        assert_eq!(
            [time(0.0), time(999.5), time(1500.0), time(60_000.0)],
            ["0 ms", "999.5 ms", "1.5 s", "60 s"]
        );
        assert_eq!(
            [brief(0.0), brief(74.44), brief(0.00109), brief(1234.5)],
            ["0.00", "74.4", "0.00109", "1234"]
        );
    }

    proptest! {
        #[test]
        fn every_axis_has_finite_places_and_at_least_one_label(
            from in prop::num::f64::ANY, to in prop::num::f64::ANY, value in -1e9..1e9_f64
        ) {
            let within = |x: f64| if x.is_finite() { x % 1e12 } else { x };
            for axis in [Axis::linear(within(from), within(to)), Axis::from_zero(within(to))] {
                prop_assert!((0.0..=1.0).contains(&axis.place(value)), "{axis:?}");
                prop_assert!(axis.from() < axis.to());
                prop_assert!(!axis.ticks(6).is_empty(), "{axis:?}");
            }
        }
    }
}
