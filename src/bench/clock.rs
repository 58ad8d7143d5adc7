//! Three clocks: on the wall, of the processor's time, and of its cycles where it lets us count them.

use std::time::Instant;

/// Clocks that are read together.
pub struct Clock {
    cycles: Option<cycles::Counter>,
}

/// What the clocks showed.
pub struct Reading {
    wall: Instant,
    cpu_s: Option<f64>,
    cycles: Option<u64>,
}

/// What something took.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    /// Seconds on the wall.
    pub wall_s: f64,
    /// Seconds of the processor, over all threads.
    pub cpu_s: Option<f64>,
    /// Cycles of the processor, over all threads, outside the kernel.
    pub cycles: Option<f64>,
}

impl Clock {
    /// Clocks for this thread and those it starts from now on.
    pub fn start() -> Clock {
        Clock { cycles: cycles::counter() }
    }

    /// Reads them.
    pub fn read(&mut self) -> Reading {
        let cycles = self.cycles.as_mut().and_then(cycles::read);
        Reading { wall: Instant::now(), cpu_s: cpu_s(), cycles }
    }

    /// What has been spent since an earlier reading.
    pub fn since(&mut self, then: &Reading) -> Spent {
        let now = self.read();
        Spent {
            wall_s: (now.wall - then.wall).as_secs_f64(),
            cpu_s: now.cpu_s.zip(then.cpu_s).map(|(now, then)| now - then),
            cycles: now.cycles.zip(then.cycles).map(|(now, then)| now.saturating_sub(then) as f64),
        }
    }
}

#[cfg(unix)]
fn cpu_s() -> Option<f64> {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Some(time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9)
}

#[cfg(not(unix))]
fn cpu_s() -> Option<f64> {
    None
}

#[cfg(target_os = "linux")]
mod cycles {
    use perf_event::Builder;
    pub use perf_event::Counter;
    use perf_event::events::Hardware;

    /// None on most virtual machines, and where the system keeps its counters to itself.
    pub fn counter() -> Option<Counter> {
        let mut counter = Builder::new(Hardware::CPU_CYCLES).inherit(true).build().ok()?;
        counter.enable().ok()?;
        Some(counter)
    }

    pub fn read(counter: &mut Counter) -> Option<u64> {
        counter.read().ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod cycles {
    pub enum Counter {}

    pub fn counter() -> Option<Counter> {
        None
    }

    pub fn read(counter: &mut Counter) -> Option<u64> {
        match *counter {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_thread_that_works_is_paid_for_by_the_process() {
        let mut clock = Clock::start();
        let begin = clock.read();
        let until = Instant::now() + std::time::Duration::from_millis(20);
        let count = std::thread::spawn(move || (0_u64..).take_while(|_| Instant::now() < until).count());
        assert!(count.join().unwrap() > 0);
        let spent = clock.since(&begin);
        assert!(spent.wall_s >= 0.02);
        assert!(spent.cpu_s.is_some_and(|seconds| seconds > 0.0));
        assert!(spent.cycles.is_none_or(|cycles| cycles > 0.0));
    }
}
