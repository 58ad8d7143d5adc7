//! What the vertices of a level stand for.

/// Clusters of neurons: which neurons each vertex of a level stands for.
pub struct Members {
    starts: Vec<usize>,
    neurons: Vec<u32>,
}

impl Members {
    /// Every neuron a vertex.
    pub fn single(neurons: usize) -> Self {
        Self { starts: (0..=neurons).collect(), neurons: (0..neurons as u32).collect() }
    }

    /// The members of clusters of clusters.
    pub fn joined(&self, cluster_of: &[u32], clusters: usize) -> Self {
        let mut starts = vec![0; clusters + 1];
        for (vertex, &cluster) in cluster_of.iter().enumerate() {
            starts[cluster as usize + 1] += self.of(vertex as u32).len();
        }
        for cluster in 0..clusters {
            starts[cluster + 1] += starts[cluster];
        }
        let mut next = starts.clone();
        let mut neurons = vec![0; self.neurons.len()];
        for (vertex, &cluster) in cluster_of.iter().enumerate() {
            let members = self.of(vertex as u32);
            let first = next[cluster as usize];
            neurons[first..first + members.len()].copy_from_slice(members);
            next[cluster as usize] += members.len();
        }
        Self { starts, neurons }
    }

    /// The neurons of a vertex.
    pub fn of(&self, vertex: u32) -> &[u32] {
        &self.neurons[self.starts[vertex as usize]..self.starts[vertex as usize + 1]]
    }

    /// How many neurons each vertex stands for.
    pub fn sizes(&self) -> Vec<u32> {
        self.starts.windows(2).map(|ends| (ends[1] - ends[0]) as u32).collect()
    }
}
