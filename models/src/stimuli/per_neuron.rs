//! Quantities of which each target neuron has its own.

use sim_core::data::DataError;
use sim_core::quantity::Quantity;
use sim_core::stimulus::Place;

/// A quantity parameter for each neuron of the block, a function of the neuron's index alone.
pub fn per_neuron(place: &Place<'_>, name: &str) -> Result<Vec<f64>, DataError> {
    let quantity = place.arguments.quantity(name);
    let key = place.key.named(name);
    let (first, end) = (place.first as usize, place.first as usize + place.len);
    if let Quantity::List(values) = &quantity {
        return values.get(first..end).map(<[f64]>::to_vec).ok_or_else(|| DataError {
            path: name.into(),
            message: format!("{} values are listed, but neuron {} needs one", values.len(), end - 1),
        });
    }
    Ok((first..end).map(|index| quantity.draw(key, index as u64)).collect())
}
