//! Neurons that hold a number, living on the grid.

use super::schedule::{Plan, Purpose};
use super::settings::Code;
use crate::neurons::blocks::take;
use sim_core::neuron::{Cells, Dynamics, Input};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};

/// What a neuron makes of V and the second operand: the value that it sends, with its sign.
pub type Makes = Box<dyn Fn(f64, f64) -> f64 + Send>;

/// A slice of neurons that hold a number each.
pub struct Coded<R> {
    code: Code,
    bits: u32,
    /// 1, or −1 if what is below 0 is sent.
    part: f64,
    plan: Plan,
    makes: Makes,
    /// Steps lived.
    now: i64,
    v: Vec<R>,
    operand: Vec<R>,
    /// What has been heard in the window that is open.
    heard: Vec<R>,
    /// What is added to it in every step (`Ttfs`).
    slope: Vec<R>,
    /// What is being sent, and at which step of the window.
    sent: Vec<u32>,
    position: u32,
    /// Those that were stopped.
    stopped: Vec<bool>,
}

impl<R: Real> Coded<R> {
    /// Neurons that send what `makes` makes, in grains.
    pub fn build(cells: &Cells, makes: Makes) -> Box<dyn Dynamics<R>> {
        let arguments = &cells.arguments;
        let (code, bits) = (Code::of(arguments), arguments.integer("bits") as u32);
        let nothing = || vec![R::ZERO; cells.len];
        Box::new(Self {
            code,
            bits,
            part: if arguments.word("part") == "Negative" { -1.0 } else { 1.0 },
            plan: Plan::new(arguments, cells.dt),
            position: code.steps(bits),
            makes,
            now: 0,
            v: cells.initial(0),
            operand: if cells.initial.len() > 1 { cells.initial(1) } else { nothing() },
            heard: nothing(),
            slope: if code == Code::Ttfs { nothing() } else { Vec::new() },
            sent: vec![0; cells.len],
            stopped: vec![false; cells.len],
        })
    }

    /// Hears one step of a window, the last one or not.
    fn hear(&mut self, arrived: &mut [R], purpose: Purpose, last: bool) {
        match self.code {
            _ if purpose == Purpose::Stop => {
                for (stopped, arrived) in self.stopped.iter_mut().zip(arrived) {
                    *stopped |= take(arrived) > R::ZERO;
                }
                return;
            }
            Code::Rate => add(&mut self.heard, arrived, |heard, new| heard + new),
            Code::Phase => add(&mut self.heard, arrived, |heard, new| heard + heard + new),
            Code::Ttfs => {
                add(&mut self.slope, arrived, |slope, new| slope + new);
                for (heard, slope) in self.heard.iter_mut().zip(&self.slope) {
                    *heard += *slope;
                }
            }
        }
        if last {
            let number = if purpose == Purpose::Operand { &mut self.operand } else { &mut self.v };
            add(number, &mut self.heard, |number, heard| number + heard);
            self.slope.fill(R::ZERO);
        }
    }

    /// Decides what is sent: the value in grains, to the nearest, and half a grain away from 0.
    fn decide(&mut self) {
        let most = ((1_u64 << self.bits) - 1) as f64;
        let numbers = self.v.iter().zip(&self.operand).zip(&self.stopped);
        for (sent, ((v, operand), stopped)) in self.sent.iter_mut().zip(numbers) {
            let value = self.part * (self.makes)(v.wide(), operand.wide());
            // What is below 0 or no number becomes 0.
            *sent = if *stopped { 0 } else { (value + 0.5).floor().min(most) as u32 };
        }
    }
}

/// Takes what arrived into `onto`, and leaves zeros.
#[inline(always)]
fn add<R: Real>(onto: &mut [R], arrived: &mut [R], with: impl Fn(R, R) -> R) {
    for (onto, arrived) in onto.iter_mut().zip(arrived) {
        *onto = with(*onto, take(arrived));
    }
}

impl<R: Real> Dynamics<R> for Coded<R> {
    fn step(&mut self, input: Input<'_, R>, spikes: &mut Vec<u32>) {
        let [port, _] = input.ports;
        let now = self.now;
        self.now += 1;
        if self.plan.trial_begins(now) {
            self.stopped.fill(false);
        }
        match self.plan.forgets(now) {
            Some(Purpose::Operand) => self.operand.fill(R::ZERO),
            Some(_) => self.v.fill(R::ZERO),
            None => {}
        }
        match self.plan.hearing(now) {
            Some((purpose, left)) => self.hear(port, purpose, left == 1),
            None => port.fill(R::ZERO),
        }
        if self.plan.sends_from(now) {
            self.decide();
            self.position = 0;
        }
        if self.position < self.code.steps(self.bits) {
            let fires = |number: u32| self.code.fires(number, self.bits, self.position);
            spikes.extend((0..).zip(&self.sent).filter(|(_, sent)| fires(**sent)).map(|(neuron, _)| neuron));
            self.position += 1;
        }
    }

    fn state(&self, state: usize) -> &[R] {
        if state == 0 { &self.v } else { &self.operand }
    }

    fn save(&self, out: &mut Saver) {
        out.put(self.now);
        out.put(self.position);
        for values in [&self.v, &self.operand, &self.heard, &self.slope] {
            out.list(values);
        }
        out.list(&self.sent);
        let stopped: Vec<u32> = self.stopped.iter().map(|stopped| u32::from(*stopped)).collect();
        out.list(&stopped);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.now = from.get()?;
        self.position = from.get()?;
        for values in [&mut self.v, &mut self.operand, &mut self.heard, &mut self.slope] {
            from.list_into(values)?;
        }
        from.list_into(&mut self.sent)?;
        let mut stopped = vec![0_u32; self.stopped.len()];
        from.list_into(&mut stopped)?;
        self.stopped = stopped.into_iter().map(|stopped| stopped != 0).collect();
        Ok(())
    }
}
