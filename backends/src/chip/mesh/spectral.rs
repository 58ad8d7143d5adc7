//! Cores in the order of the Fiedler vector: who talks much stands near.

use super::Flows;

/// Steps of the power iteration. The order is a start for annealing, so it need not converge.
const STEPS: usize = 300;

/// The cores in spectral order.
pub fn order(flows: &Flows) -> Vec<u32> {
    let cores = flows.cores();
    let mut degrees = vec![0.0; cores];
    let pairs: Vec<(usize, usize, f64)> =
        flows.iter().map(|(a, b, n)| (a as usize, b as usize, n as f64)).collect();
    for &(a, b, messages) in &pairs {
        degrees[a] += messages;
        degrees[b] += messages;
    }
    let most = degrees.iter().copied().fold(0.0, f64::max);
    let mut order: Vec<u32> = (0..cores as u32).collect();
    if most == 0.0 {
        return order;
    }
    // The greatest eigenvector of 2·most − L that is orthogonal to the constant one is the least of L.
    let mut vector: Vec<f64> = (0..cores).map(|core| core as f64).collect();
    for _ in 0..STEPS {
        normalise(&mut vector);
        let mut next: Vec<f64> =
            vector.iter().zip(&degrees).map(|(x, degree)| (2.0 * most - degree) * x).collect();
        for &(a, b, messages) in &pairs {
            next[a] += messages * vector[b];
            next[b] += messages * vector[a];
        }
        vector = next;
    }
    order.sort_by(|&a, &b| vector[a as usize].total_cmp(&vector[b as usize]).then(a.cmp(&b)));
    order
}

fn normalise(vector: &mut [f64]) {
    let mean = vector.iter().sum::<f64>() / vector.len() as f64;
    vector.iter_mut().for_each(|x| *x -= mean);
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_in_hidden_order_is_found() {
        let at = |i: u32| i * 5 % 12;
        let flows = Flows { cores: 12, flows: (0..11).map(|i| ((at(i), at(i + 1)), 9)).collect() };
        let mut order = order(&flows);
        if order[0] != 0 {
            order.reverse();
        }
        assert_eq!(order, (0..12).map(at).collect::<Vec<_>>());
    }
}
