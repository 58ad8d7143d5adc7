//! When a neuron hears and when it sends.

use sim_core::parameter::{Argument, Arguments, Complaint};

/// What a window of hearing is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// V is forgotten, and begins anew.
    Anew,
    /// V goes on.
    Further,
    /// The second operand, which begins anew.
    Operand,
    /// Anything heard silences the neuron until the next trial.
    Stop,
}

/// A window as it stands in a network file: a list of starts, and how long each is.
#[derive(Clone, Copy)]
pub struct Windows {
    /// The parameter with the starts.
    pub name: &'static str,
    /// What for.
    pub purpose: Purpose,
    /// The parameter with the length.
    pub length: &'static str,
}

/// All kinds of windows in which neurons hear in every period; each model has some of them.
pub const HEARING: &[Windows] = &[
    Windows { name: "hear", purpose: Purpose::Anew, length: "window" },
    Windows { name: "hear_on", purpose: Purpose::Further, length: "window" },
    Windows { name: "operand", purpose: Purpose::Operand, length: "operand_window" },
    Windows { name: "stop", purpose: Purpose::Stop, length: "window" },
];

/// Steps in a period at most: a table holds an entry for each.
const MOST_STEPS: f64 = 1e7;

/// What a neuron does in each step, again and again.
pub struct Plan {
    /// By step of the period: what is heard, and how many steps of the window are left, this one among them.
    hears: Vec<Option<(Purpose, u32)>>,
    /// Whether a window of hearing begins in the step before which V, or the operand, is forgotten.
    begins: Vec<bool>,
    /// Whether a window of sending begins in the step.
    sends: Vec<bool>,
    /// Steps in which V is set at the start of every trial, and of the trial.
    set: Option<(std::ops::Range<i64>, i64)>,
}

impl Plan {
    /// That of `arguments`, which [`check`] has seen.
    pub fn new(arguments: &Arguments, dt: f64) -> Self {
        let count = |ms: f64| (ms / dt).round() as usize;
        let period = count(arguments.number("period")).max(1);
        let mut plan = Self {
            hears: vec![None; period],
            begins: vec![false; period],
            sends: vec![false; period],
            set: None,
        };
        for windows in HEARING {
            for start in starts(arguments, windows.name).into_iter().map(count) {
                let end = start + count(arguments.number(windows.length));
                for at in start..end.min(period) {
                    plan.hears[at] = Some((windows.purpose, (end - at) as u32));
                    plan.begins[at] = at == start;
                }
            }
        }
        for start in starts(arguments, "send") {
            if let Some(sends) = plan.sends.get_mut(count(start)) {
                *sends = true;
            }
        }
        plan.set = arguments.try_number("set").map(|start| {
            let trial = arguments.try_number("trial").unwrap_or(arguments.number("period"));
            let start = count(start) as i64;
            (start..start + count(arguments.number("window")) as i64, (count(trial) as i64).max(1))
        });
        plan
    }

    fn place(&self, step: i64) -> usize {
        (step % self.hears.len() as i64) as usize
    }

    /// The steps of the window in which a trial begins that are left, if `step` is one.
    fn setting(&self, step: i64) -> Option<u32> {
        let (window, trial) = self.set.as_ref()?;
        let now = step % trial;
        window.contains(&now).then(|| (window.end - now) as u32)
    }

    /// What is heard in `step`, the first being 0, and how many steps of the window are left, this one among them.
    pub fn hearing(&self, step: i64) -> Option<(Purpose, i64)> {
        let set = self.setting(step).map(|left| (Purpose::Anew, left));
        set.or(self.hears[self.place(step)]).map(|(purpose, left)| (purpose, i64::from(left)))
    }

    /// Whether a trial begins in `step`.
    pub fn trial_begins(&self, step: i64) -> bool {
        self.set.as_ref().is_some_and(|(window, trial)| step % trial == window.start)
    }

    /// Whether V, or the operand, is forgotten before `step`.
    pub fn forgets(&self, step: i64) -> Option<Purpose> {
        if self.trial_begins(step) {
            return Some(Purpose::Anew);
        }
        let at = self.place(step);
        let purpose = self.hears[at]?.0;
        (self.begins[at] && matches!(purpose, Purpose::Anew | Purpose::Operand)).then_some(purpose)
    }

    /// Whether sending begins in `step`.
    pub fn sends_from(&self, step: i64) -> bool {
        self.sends[self.place(step)]
    }
}

fn has(arguments: &Arguments, name: &str) -> bool {
    arguments.table().iter().any(|parameter| parameter.name == name)
}

/// The starts of windows in ms; none if the model has no such windows or the file does not say.
fn starts(arguments: &Arguments, name: &str) -> Vec<f64> {
    if !has(arguments, name) || matches!(arguments.get(name), Argument::Absent) {
        return Vec::new();
    }
    arguments.values(name).to_vec()
}

/// Windows that do not lie in the period, or over each other.
pub fn check(arguments: &Arguments) -> Vec<Complaint> {
    let period = arguments.number("period");
    let mut taken: Vec<(f64, f64, &'static str)> = Vec::new();
    for windows in HEARING.iter().filter(|windows| has(arguments, windows.name)) {
        let length = arguments.number(windows.length);
        taken.extend(starts(arguments, windows.name).into_iter().map(|at| (at, at + length, windows.name)));
    }
    let late = taken.iter().find(|window| window.1 > period + SLACK);
    let late = late.map(|&(at, end, name)| {
        Complaint::about(
            name,
            format!("the window from {at} to {end} ms does not end in the period of {period} ms"),
        )
    });
    taken.sort_by(|a, b| a.0.total_cmp(&b.0));
    let twice = taken.windows(2).find(|pair| pair[1].0 + SLACK < pair[0].1).map(|pair| {
        let ((at, end, other), (next, _, name)) = (pair[0], pair[1]);
        Complaint::about(
            name,
            format!("at {next} ms the window of `{other}` from {at} to {end} ms is not over"),
        )
    });
    let long = (period > MOST_STEPS).then(|| Complaint::about("period", format!("at most {MOST_STEPS} ms")));
    late.into_iter().chain(twice).chain(long).collect()
}

/// Times that differ by less are the same.
const SLACK: f64 = 1e-9;
