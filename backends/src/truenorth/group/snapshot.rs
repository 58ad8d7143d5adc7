//! What of a group goes into a checkpoint.

use super::{Group, all_of};
use crate::truenorth::limits::{AXONS, SLOTS};
use sim_core::snapshot::{Loader, Saver, SnapshotError};

impl Group {
    /// Writes everything that lives, core by core, so that it does not matter how cores are grouped.
    pub fn save(&mut self, out: &mut Saver) {
        self.settle();
        let mut slots: Vec<Vec<u16>> = vec![Vec::new(); self.cores.len()];
        for (slot, events) in self.lists[..SLOTS].iter().enumerate() {
            for &event in events {
                let (core, axon) = (event as usize / AXONS, event as usize % AXONS);
                slots[core].push((slot * AXONS + axon) as u16);
            }
        }
        for (core, mut slots) in self.cores.iter().zip(slots) {
            out.list(&core.potentials());
            // In an order that does not tell who was first.
            slots.sort_unstable();
            out.list(&slots);
            core.save_draws(out);
        }
    }

    /// Reads what [`Group::save`] wrote.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.settle();
        self.lists.iter_mut().for_each(Vec::clear);
        // One tick will show who rests.
        self.restless = all_of(self.cores.len());
        for core in 0..self.cores.len() {
            let mut potentials = self.cores[core].potentials();
            from.list_into(&mut potentials)?;
            self.cores[core].set_potentials(&potentials, self.semantics);
            for event in from.list::<u16>()? {
                let (slot, axon) = (usize::from(event) / AXONS, usize::from(event) % AXONS);
                let events = self.lists[..SLOTS].get_mut(slot).ok_or(SnapshotError::Truncated)?;
                events.push((core * AXONS + axon) as u32);
            }
            self.cores[core].restore_draws(from)?;
        }
        Ok(())
    }
}
