//! Threads that live through epochs together.
//!
//! Worker `w` of `n` owns every n-th shard. Between two epochs everybody meets at a
//! [barrier](crate::barrier). Where there are as many workers as cores, each has a core of its own:
//! left alone, the system likes to wake a worker on the core of whoever it waits for.

use crate::barrier::Barrier;
use sim_core::spike::Spike;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;

/// A part of a network that lives an epoch on its own: a shard of a CPU machine, a core of a chip.
pub trait Shard: Send {
    /// Lives the steps `from + 1 ..= until`; `incoming` are the network's spikes of the epoch before, in
    /// (step, lead descending, neuron) order.
    fn live(&mut self, from: i64, until: i64, incoming: &[Spike]);
}

/// Shards and the threads that let them live.
pub struct Team<S> {
    work: Arc<Work<S>>,
    threads: Vec<JoinHandle<()>>,
}

struct Work<S> {
    shards: Vec<Mutex<S>>,
    workers: usize,
    incoming: RwLock<Vec<Spike>>,
    from: AtomicI64,
    until: AtomicI64,
    over: AtomicBool,
    failed: AtomicBool,
    start: Barrier,
    end: Barrier,
}

impl<S: Shard + 'static> Team<S> {
    /// A team of `threads` threads, this one among them.
    pub fn new(shards: Vec<S>, threads: usize) -> Self {
        let workers = threads.clamp(1, shards.len().max(1));
        let work = Arc::new(Work {
            shards: shards.into_iter().map(Mutex::new).collect(),
            workers,
            incoming: RwLock::new(Vec::new()),
            from: AtomicI64::new(0),
            until: AtomicI64::new(0),
            over: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            start: Barrier::new(workers),
            end: Barrier::new(workers),
        });
        let spawn = |worker: usize| {
            let work = Arc::clone(&work);
            std::thread::spawn(move || {
                stay_on_own_core(worker, work.workers);
                work.serve(worker)
            })
        };
        let threads = (1..workers).map(spawn).collect();
        Team { work, threads }
    }

    /// All shards live the steps `from + 1 ..= until`, given the spikes of the epoch before.
    ///
    /// # Panics
    /// If a shard panicked: that is a defect of a plug-in, never of an input.
    pub fn live(&self, from: i64, until: i64, incoming: Vec<Spike>) {
        let work = &*self.work;
        *work.incoming.write().unwrap_or_else(PoisonError::into_inner) = incoming;
        work.from.store(from, Ordering::Relaxed);
        work.until.store(until, Ordering::Relaxed);
        work.start.meet();
        work.epoch(0);
        work.end.meet();
        assert!(!work.failed.load(Ordering::Relaxed), "a worker thread panicked, see above");
    }

    /// Calls `each` with every shard in turn.
    pub fn visit(&self, mut each: impl FnMut(&mut S)) {
        self.work.shards.iter().for_each(|shard| each(&mut lock(shard)));
    }
}

impl<S> Drop for Team<S> {
    fn drop(&mut self) {
        self.work.over.store(true, Ordering::Relaxed);
        if self.work.workers > 1 {
            self.work.start.meet();
        }
        for thread in self.threads.drain(..) {
            // A worker that panicked has said so already.
            let _ = thread.join();
        }
    }
}

impl<S: Shard> Work<S> {
    fn serve(&self, worker: usize) {
        loop {
            self.start.meet();
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            self.epoch(worker);
            self.end.meet();
        }
    }

    /// One worker's part of an epoch. A panic is kept until everybody has met, or all would wait.
    fn epoch(&self, worker: usize) {
        let (from, until) = (self.from.load(Ordering::Relaxed), self.until.load(Ordering::Relaxed));
        let incoming = self.incoming.read().unwrap_or_else(PoisonError::into_inner);
        let own = self.shards.iter().skip(worker).step_by(self.workers);
        let lived = catch_unwind(AssertUnwindSafe(|| {
            own.for_each(|shard| lock(shard).live(from, until, &incoming));
        }));
        if lived.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
    }
}

/// Binds this thread to core number `worker`, if the workers are as many as the cores that this process
/// may use. The first worker is the thread that called and stays free: what it starts later would be
/// bound with it.
#[cfg(target_os = "linux")]
fn stay_on_own_core(worker: usize, workers: usize) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let Ok(allowed) = sched_getaffinity(None) else { return };
    if allowed.count() as usize != workers {
        return;
    }
    if let Some(core) = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core)).nth(worker) {
        let mut own = CpuSet::new();
        own.set(core);
        // A wish; without it the worker is a little slower.
        let _ = sched_setaffinity(None, &own);
    }
}

#[cfg(not(target_os = "linux"))]
fn stay_on_own_core(_: usize, _: usize) {}

fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
