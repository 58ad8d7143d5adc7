//! A heap of vertices whose keys change: the gain structure of the refinement.

/// Vertices with keys; the greatest key comes first, of equal keys the least vertex.
pub struct Heap {
    entries: Vec<(i64, u32)>,
    /// Where in `entries` a vertex is, `u32::MAX` if nowhere.
    places: Vec<u32>,
}

impl Heap {
    /// An empty heap for vertices `0..vertices`.
    pub fn new(vertices: usize) -> Self {
        Self { entries: Vec::new(), places: vec![u32::MAX; vertices] }
    }

    /// Whether nothing is in the heap.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The greatest key.
    pub fn top(&self) -> Option<i64> {
        self.entries.first().map(|&(key, _)| key)
    }

    /// The key of a vertex that is in the heap.
    pub fn key(&self, vertex: u32) -> Option<i64> {
        self.entries.get(self.places[vertex as usize] as usize).map(|&(key, _)| key)
    }

    /// Puts a vertex in, or changes its key.
    pub fn set(&mut self, vertex: u32, key: i64) {
        let mut place = self.places[vertex as usize] as usize;
        if place == u32::MAX as usize {
            place = self.entries.len();
            self.entries.push((key, vertex));
            self.places[vertex as usize] = place as u32;
        } else {
            self.entries[place].0 = key;
        }
        let place = self.up(place);
        self.down(place);
    }

    /// Takes out the vertex with the greatest key.
    pub fn pop(&mut self) -> Option<(u32, i64)> {
        let &(key, vertex) = self.entries.first()?;
        self.remove(vertex);
        Some((vertex, key))
    }

    /// Takes a vertex out, if it is in.
    pub fn remove(&mut self, vertex: u32) {
        let place = self.places[vertex as usize] as usize;
        if place == u32::MAX as usize {
            return;
        }
        self.places[vertex as usize] = u32::MAX;
        self.entries.swap_remove(place);
        if place < self.entries.len() {
            self.places[self.entries[place].1 as usize] = place as u32;
            let place = self.up(place);
            self.down(place);
        }
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        for &(_, vertex) in &self.entries {
            self.places[vertex as usize] = u32::MAX;
        }
        self.entries.clear();
    }

    fn before(&self, a: usize, b: usize) -> bool {
        let ((key_a, a), (key_b, b)) = (self.entries[a], self.entries[b]);
        key_a > key_b || (key_a == key_b && a < b)
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.entries.swap(a, b);
        self.places[self.entries[a].1 as usize] = a as u32;
        self.places[self.entries[b].1 as usize] = b as u32;
    }

    fn up(&mut self, mut place: usize) -> usize {
        while place > 0 && self.before(place, (place - 1) / 2) {
            self.swap(place, (place - 1) / 2);
            place = (place - 1) / 2;
        }
        place
    }

    fn down(&mut self, mut place: usize) {
        loop {
            let mut first = place;
            for child in [2 * place + 1, 2 * place + 2] {
                if child < self.entries.len() && self.before(child, first) {
                    first = child;
                }
            }
            if first == place {
                return;
            }
            self.swap(place, first);
            place = first;
        }
    }
}
