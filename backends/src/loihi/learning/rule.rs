//! Sums of products: `2^-4*x1*y0 - 2^-3*y1*x0`.
//!
//! ```text
//! rule    = [sign] product { sign product }
//! product = factor { "*" factor }
//! factor  = number | "2^" exponent | variable | "(" variable sign number ")"
//! ```
//!
//! Variables are the traces x1, x2, y1, y2, y3 and the synapse's own w, d, t. The dependencies x0 (a
//! presynaptic spike), y0 (a postsynaptic spike) and u0, u1 … (the end of every 2ᵏ-th epoch) gate the
//! product they stand in; `u` is u0.

use std::fmt;

/// What a rule changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The weight, eight bits and sign.
    Weight,
    /// The delay, six bits.
    Delay,
    /// The tag, eight bits and sign.
    Tag,
}

/// A sum of products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The products.
    pub products: Vec<Product>,
}

/// One product: `mantissa · 2^exponent · Π (variable + constant)`, when all its gates are open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Whole number with sign.
    pub mantissa: i32,
    /// Power of two.
    pub exponent: i32,
    /// What it depends on.
    pub gates: Vec<Gate>,
    /// The factors.
    pub factors: Vec<Factor>,
}

/// When a product counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gate {
    /// At a presynaptic spike.
    Pre,
    /// At a postsynaptic spike.
    Post,
    /// Every 2ᵏ-th epoch.
    Every(u32),
}

/// A variable and what is added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor {
    /// The variable.
    pub variable: Variable,
    /// Added.
    pub constant: i32,
}

/// What a factor looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variable {
    /// Presynaptic trace 0 or 1: x1 or x2.
    Pre(usize),
    /// Postsynaptic trace 0, 1 or 2: y1, y2 or y3.
    Post(usize),
    /// The synapse's own number.
    Own(Target),
}

impl Variable {
    /// Bits of it, without sign for traces and delays, with sign for weights and tags.
    pub fn width(self) -> u32 {
        match self {
            Variable::Pre(_) | Variable::Post(_) => 7,
            Variable::Own(Target::Delay) => 6,
            Variable::Own(Target::Weight | Target::Tag) => 9,
        }
    }
}

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// In bytes from the start.
    pub at: usize,
    /// What should stand there.
    pub expected: &'static str,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {} of the rule there should be {}", self.at, self.expected)
    }
}

impl std::error::Error for RuleError {}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// Where the text stops being one.
    pub fn parse(text: &str) -> Result<Rule, RuleError> {
        let mut reader = Reader { text: text.as_bytes(), at: 0 };
        let mut products = Vec::new();
        let mut sign = if reader.take(b'-') { -1 } else { 1 };
        loop {
            products.push(reader.product(sign)?);
            sign = match reader.next() {
                None => return Ok(Rule { products }),
                Some(b'+') => 1,
                Some(b'-') => -1,
                Some(_) => return Err(reader.wrong("+, - or *")),
            };
            reader.at += 1;
        }
    }

    /// The variables it looks at.
    pub fn variables(&self) -> impl Iterator<Item = Variable> {
        self.products.iter().flat_map(|product| product.factors.iter().map(|factor| factor.variable))
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// The next byte that is not a space.
    fn next(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.next() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn wrong(&self, expected: &'static str) -> RuleError {
        RuleError { at: self.at, expected }
    }

    fn product(&mut self, sign: i32) -> Result<Product, RuleError> {
        let mut product = Product { mantissa: sign, exponent: 0, gates: Vec::new(), factors: Vec::new() };
        loop {
            self.factor(&mut product)?;
            if !self.take(b'*') {
                return Ok(product);
            }
        }
    }

    fn factor(&mut self, product: &mut Product) -> Result<(), RuleError> {
        match self.next() {
            Some(b'(') => {
                self.at += 1;
                let variable = self.variable()?;
                let constant = match (self.take(b'+'), self.take(b'-')) {
                    (true, _) => self.number()?,
                    (_, true) => -self.number()?,
                    _ => return Err(self.wrong("+ or -")),
                };
                product.factors.push(Factor { variable, constant });
                if self.take(b')') { Ok(()) } else { Err(self.wrong(")")) }
            }
            Some(b'0'..=b'9') => {
                let number = self.number()?;
                if number == 2 && self.take(b'^') {
                    let sign = if self.take(b'-') { -1 } else { 1 };
                    product.exponent = product.exponent.saturating_add(sign * self.number()?);
                } else {
                    product.mantissa = product.mantissa.saturating_mul(number);
                }
                Ok(())
            }
            _ => match self.gate()? {
                Some(gate) => {
                    product.gates.push(gate);
                    Ok(())
                }
                None => {
                    product.factors.push(Factor { variable: self.variable()?, constant: 0 });
                    Ok(())
                }
            },
        }
    }

    fn number(&mut self) -> Result<i32, RuleError> {
        self.next();
        let digits = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = std::str::from_utf8(&self.text[self.at..self.at + digits]).unwrap_or_default();
        let number = text.parse().ok().filter(|number| *number < 1 << 20);
        let number = number.ok_or_else(|| self.wrong("a number below 2^20"))?;
        self.at += digits;
        Ok(number)
    }

    fn word(&mut self) -> (usize, &[u8]) {
        self.next();
        let length = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        (length, &self.text[self.at..self.at + length])
    }

    fn gate(&mut self) -> Result<Option<Gate>, RuleError> {
        let (length, word) = self.word();
        let gate = match word {
            b"x0" => Gate::Pre,
            b"y0" => Gate::Post,
            b"u" => Gate::Every(0),
            [b'u', digit @ b'0'..=b'9'] => Gate::Every(u32::from(digit - b'0')),
            _ => return Ok(None),
        };
        self.at += length;
        Ok(Some(gate))
    }

    fn variable(&mut self) -> Result<Variable, RuleError> {
        let (length, word) = self.word();
        let variable = match word {
            b"x1" => Variable::Pre(0),
            b"x2" => Variable::Pre(1),
            b"y1" => Variable::Post(0),
            b"y2" => Variable::Post(1),
            b"y3" => Variable::Post(2),
            b"w" => Variable::Own(Target::Weight),
            b"d" => Variable::Own(Target::Delay),
            b"t" => Variable::Own(Target::Tag),
            _ => return Err(self.wrong("a number, x0 to x2, y0 to y3, u0 to u9, w, d or t")),
        };
        self.at += length;
        Ok(variable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_a_sum_of_products_with_gates() {
        let rule = Rule::parse("2^-4*x1*y0 - 3 * 2^-3*(w + 5)*x0 + u3*2^0").unwrap();
        let factor = |variable, constant| Factor { variable, constant };
        assert_eq!(rule.products.len(), 3);
        assert_eq!(
            rule.products[0],
            Product {
                mantissa: 1,
                exponent: -4,
                gates: vec![Gate::Post],
                factors: vec![factor(Variable::Pre(0), 0)]
            }
        );
        assert_eq!(rule.products[1].mantissa, -3);
        assert_eq!(rule.products[1].factors, [factor(Variable::Own(Target::Weight), 5)]);
        assert_eq!(rule.products[2].gates, [Gate::Every(3)]);
    }

    #[test]
    fn what_is_no_rule_is_refused_at_its_place() {
        for (text, at) in
            [("", 0), ("x1*", 3), ("x1 y0", 3), ("2^*x1", 2), ("(w*3)", 2), ("z1", 0), ("x9", 0)]
        {
            assert_eq!(Rule::parse(text).unwrap_err().at, at, "{text}");
        }
    }
}
