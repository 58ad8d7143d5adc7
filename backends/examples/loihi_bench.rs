use backends::loihi::build::{Integers, Layout, shards};
use backends::loihi::compartment::Compartment;
use backends::loihi::drive::Drive;
use backends::loihi::network::{Quantised, Synapse};
use backends::loihi::placed::Placed;
use backends::loihi::running::Running;
use backends::loihi::semantics::NENGO;
use backends::loihi::weights::{Signs, WeightFormat};
use sim_core::backend::Epoch;
use sim_core::rng::Key;
use std::time::Instant;

fn cpu() -> f64 {
    let t = std::fs::read_to_string("/proc/self/stat").unwrap();
    let f: Vec<&str> = t.rsplit(')').next().unwrap().split_whitespace().collect();
    (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) / 100.0
}
fn main() {
    let arg = |n: usize, d: i64| std::env::args().nth(n).and_then(|a| a.parse().ok()).unwrap_or(d);
    let (threads, longest, mapped, steps) = (arg(1, 2) as usize, arg(2, 1), arg(3, 0) == 1, arg(4, 1000));
    let hetero = arg(5, 0) == 1;
    let (cores, per) = (128_u32, 1024_u32);
    let n = cores * per;
    let mut stream = Key::new(1).named("bench").stream(0);
    let mut all = Vec::with_capacity(n as usize * 128);
    for source in 0..n {
        for _ in 0..4 {
            let core = stream.below(cores);
            for _ in 0..32 {
                let target = core * per + stream.below(per);
                let sign = if stream.below(2) == 0 { 0 } else { 1 };
                let mantissa =
                    if sign == 0 { 1 + stream.below(20) as i16 } else { -1 - stream.below(20) as i16 };
                let delay = 1 + stream.below(longest as u32) as u8;
                all.push((source, Synapse { target, mantissa, delay, format: sign }));
            }
        }
    }
    let compartment = |i: u32| Compartment {
        du: 1023,
        dv: 0,
        threshold: 5000 + if hetero { i % 16 } else { 0 },
        bias_mantissa: 3200,
        bias_exponent: 1,
        ..Compartment::default()
    };
    let f = |signs| WeightFormat { bits: 8, signs, exponent: 0 };
    let mut q = Quantised::new(
        &NENGO,
        (0..n).map(compartment).collect(),
        0,
        vec![f(Signs::Excitatory), f(Signs::Inhibitory)],
        &all,
    );
    drop(all);
    q.starts_at = Some((0..n).map(|_| (0, stream.below(320000) as i32)).collect());
    let placed =
        mapped.then(|| Placed::new(&q, &(0..n).map(|i| i / per).collect::<Vec<_>>()));
    let layout = match &placed {
        Some(p) => Layout::mapped(n as usize, p, longest as u8, 2),
        None => Layout::unmapped(&q, longest as u8, 2),
    };
    let begin = Instant::now();
    let shards = shards(&q, (&layout, placed.as_ref()), &Integers { network: &q, noise: None }, &|_| {
        Ok(Drive::new(Vec::new()))
    })
    .unwrap();
    println!("built {} shards in {:.2} s", shards.len(), begin.elapsed().as_secs_f64());
    let mut running = Running::new(shards, threads);
    let mut epoch = Epoch::default();
    for window in 0..5 {
        let (begin, before) = (Instant::now(), cpu());
        let (mut spikes, mut hash) = (0, 0_u64);
        for step in 1..=steps {
            running.advance(window * steps + step, &[], &mut epoch);
            spikes += epoch.spikes.len();
            for s in &epoch.spikes {
                hash = (hash ^ (u64::from(s.neuron) << 32 | s.step as u64)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        let mut stages = [0.0; 3];
        let mut events = 0;
        running.team.visit(|s| {
            events += s.events;
            for (a, b) in stages.iter_mut().zip(s.stages) {
                *a += b.as_secs_f64();
            }
        });
        println!(
            "RTF {:.3} cpu {:.3} rate {:.1} Hz hash {hash:x} events {events} stages {stages:?}",
            begin.elapsed().as_secs_f64() / (steps as f64 * 1e-3),
            (cpu() - before) / (steps as f64 * 1e-3),
            spikes as f64 / f64::from(n) / (steps as f64 * 1e-3)
        );
    }
}
