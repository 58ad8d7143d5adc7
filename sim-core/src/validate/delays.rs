//! Whether delays are what a step can tell apart.

use crate::quantity::Quantity;
use crate::read::Reader;
use crate::read::number::{plain, with_unit};
use crate::source::Span;
use crate::units::Dimension;
use crate::validate::simulation::{MOST_STEPS, is_whole};

impl Reader<'_> {
    /// Whether every delay that can be drawn takes at least one step, and not more than can be counted.
    pub(super) fn delay_fits(&mut self, delay: &Quantity, dt: f64, span: Span) -> bool {
        let (low, high) = delay.bounds();
        let step = with_unit(dt, Dimension::Time);
        let shortest = with_unit(low, Dimension::Time);
        if !low.is_finite() || (low < dt * (1.0 - 1e-9) && matches!(delay, Quantity::LogNormal { .. })) {
            let word = if low.is_finite() { "log-normal" } else { "normal" };
            let message = format!("a {word} distribution can give delays below dt = {step}");
            self.error_with(span, message, format!("add min: ms({}) or more", plain(dt)));
        } else if low < 0.0 {
            let message =
                format!("a delay of {shortest} is negative; a spike cannot arrive before it was sent");
            self.error_with(span, message, format!("the smallest delay here is dt = {step}"));
        } else if low < dt * (1.0 - 1e-9) {
            let message = format!("a delay of {shortest} is shorter than dt = {step}");
            let help = "the smallest delay that this simulation can carry is one step";
            self.error_with(span, message, help);
        } else if high.is_finite() && high / dt > MOST_STEPS.min(f64::from(i32::MAX)) {
            self.error(
                span,
                format!("a delay of {} is longer than can be kept", with_unit(high, Dimension::Time)),
            );
        } else {
            self.delay_rounds(delay, dt, span);
            return true;
        }
        false
    }

    fn delay_rounds(&mut self, delay: &Quantity, dt: f64, span: Span) {
        let odd = match delay {
            Quantity::Constant(value) => (!is_whole(value / dt)).then_some(*value),
            Quantity::List(values) => values.iter().copied().find(|value| !is_whole(value / dt)),
            _ => None,
        };
        let Some(value) = odd else { return };
        let used = with_unit((value / dt).round() * dt, Dimension::Time);
        let message = format!("a delay of {} is rounded to {used}", with_unit(value, Dimension::Time));
        self.warn(span, message, format!("delays are multiples of dt = {}", with_unit(dt, Dimension::Time)));
    }
}
