//! Physical dimensions, the units a file may write them in, and the one unit each has inside.
//!
//! At the door a number carries its unit (`ms(10.0)`); inside, every number of a dimension is in
//! the dimension's base unit, the one NEST uses: ms, mV, pF, pA, nS, Hz, µm, rad.

/// What a number measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// A plain number, written without a unit.
    Number,
    /// Time, in ms.
    Time,
    /// Voltage, in mV.
    Voltage,
    /// Capacitance, in pF.
    Capacitance,
    /// Current, in pA.
    Current,
    /// Conductance, in nS.
    Conductance,
    /// Rate, in Hz.
    Rate,
    /// Length, in µm.
    Length,
    /// Angle, in rad.
    Angle,
}

/// A unit's word in a network file, and how many base units it is.
pub type Unit = (&'static str, f64);

impl Dimension {
    /// All dimensions that are written with a unit.
    pub const WITH_UNIT: [Dimension; 8] = [
        Dimension::Time,
        Dimension::Voltage,
        Dimension::Capacitance,
        Dimension::Current,
        Dimension::Conductance,
        Dimension::Rate,
        Dimension::Length,
        Dimension::Angle,
    ];

    /// The units a file may use, the base unit among them with factor 1.
    pub fn units(self) -> &'static [Unit] {
        match self {
            Dimension::Number => &[],
            Dimension::Time => &[("s", 1e3), ("ms", 1.0), ("us", 1e-3)],
            Dimension::Voltage => &[("V", 1e3), ("mV", 1.0), ("uV", 1e-3)],
            Dimension::Capacitance => &[("uF", 1e6), ("nF", 1e3), ("pF", 1.0)],
            Dimension::Current => &[("uA", 1e6), ("nA", 1e3), ("pA", 1.0)],
            Dimension::Conductance => &[("mS", 1e6), ("uS", 1e3), ("nS", 1.0), ("pS", 1e-3)],
            Dimension::Rate => &[("kHz", 1e3), ("Hz", 1.0)],
            Dimension::Length => &[("mm", 1e3), ("um", 1.0)],
            Dimension::Angle => &[("rad", 1.0), ("deg", std::f64::consts::PI / 180.0)],
        }
    }

    /// The word of the base unit, empty for plain numbers.
    pub fn base(self) -> &'static str {
        self.units().iter().find(|unit| unit.1 == 1.0).map_or("", |unit| unit.0)
    }

    /// The dimension's name in a sentence: "a time", "a voltage".
    pub fn noun(self) -> &'static str {
        match self {
            Dimension::Number => "a plain number",
            Dimension::Time => "a time",
            Dimension::Voltage => "a voltage",
            Dimension::Capacitance => "a capacitance",
            Dimension::Current => "a current",
            Dimension::Conductance => "a conductance",
            Dimension::Rate => "a rate",
            Dimension::Length => "a length",
            Dimension::Angle => "an angle",
        }
    }

    /// The dimension and factor of a unit's word, if any dimension has it.
    pub fn of_unit(word: &str) -> Option<(Dimension, f64)> {
        Self::WITH_UNIT.into_iter().find_map(|dimension| {
            let unit = dimension.units().iter().find(|unit| unit.0 == word)?;
            Some((dimension, unit.1))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_with_units_has_one_base_unit() {
        for dimension in Dimension::WITH_UNIT {
            let bases = dimension.units().iter().filter(|unit| unit.1 == 1.0).count();
            assert_eq!(bases, 1, "{dimension:?}");
        }
    }

    #[test]
    fn a_unit_word_belongs_to_one_dimension_only() {
        let mut words: Vec<_> =
            Dimension::WITH_UNIT.iter().flat_map(|d| d.units()).map(|unit| unit.0).collect();
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }
}
