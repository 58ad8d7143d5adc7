//! A picture as a list of shapes, before it becomes a file.
//!
//! Figures draw into a [`Picture`] in points (1/96 inch, y downwards); `svg` and
//! `png` put the same list on paper. Whatever is not a finite number never gets in.

use super::colour::Colour;
use super::font;

/// A place on the paper.
pub type Point = (f64, f64);

/// Which end of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Height of an em in points.
    pub size: f64,
    /// Its colour.
    pub colour: Colour,
    /// Which end stands at its place.
    pub anchor: Anchor,
    /// Whether it reads upwards.
    pub upwards: bool,
}

/// One thing to draw.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A line through points.
    Line {
        /// Where it goes.
        points: Vec<Point>,
        /// Its colour.
        colour: Colour,
        /// Its width.
        width: f64,
    },
    /// A filled polygon.
    Area {
        /// Its corners.
        points: Vec<Point>,
        /// Its colour.
        colour: Colour,
        /// 1 covers what is below it.
        opacity: f64,
    },
    /// A text; the place is the middle of the height of its capitals.
    Text {
        /// Where.
        at: Point,
        /// What it says.
        text: String,
        /// How it looks.
        style: Style,
    },
    /// Many upright bars of one size, given by their centres.
    Marks {
        /// Their centres.
        centres: Vec<Point>,
        /// Width of a bar.
        width: f64,
        /// Height of a bar.
        height: f64,
        /// Their colour.
        colour: Colour,
    },
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// What it shows, in a few words.
    pub title: String,
    /// Width in points.
    pub width: f64,
    /// Height in points.
    pub height: f64,
    /// What is on it, from the bottom up.
    pub shapes: Vec<Shape>,
}

impl Picture {
    /// White paper.
    pub fn new(title: &str, width: f64, height: f64) -> Self {
        Picture { title: title.into(), width, height, shapes: Vec::new() }
    }

    /// Draws a line; it has a gap where a point is not finite.
    pub fn line(&mut self, points: &[Point], colour: Colour, width: f64) {
        for part in points.split(|&point| !finite(point)).filter(|part| part.len() > 1) {
            self.shapes.push(Shape::Line { points: part.to_vec(), colour, width });
        }
    }

    /// Draws a dashed straight line.
    pub fn dashed(&mut self, from: Point, to: Point, colour: Colour, width: f64) {
        const DASH: f64 = 5.0;
        if !finite(from) || !finite(to) {
            return;
        }
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt();
        let at = |way: f64| (from.0 + dx * way / length, from.1 + dy * way / length);
        let mut way = 0.0;
        while way < length {
            self.line(&[at(way), at((way + DASH).min(length))], colour, width);
            way += 1.8 * DASH;
        }
    }

    /// Fills a polygon.
    pub fn area(&mut self, points: Vec<Point>, colour: Colour, opacity: f64) {
        if points.len() > 2 && points.iter().all(|&point| finite(point)) {
            self.shapes.push(Shape::Area { points, colour, opacity });
        }
    }

    /// Fills a rectangle given by two opposite corners.
    pub fn rectangle(&mut self, (x0, y0): Point, (x1, y1): Point, colour: Colour, opacity: f64) {
        self.area(vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour, opacity);
    }

    /// Writes a text.
    pub fn text(&mut self, at: Point, text: impl Into<String>, style: Style) {
        let text = text.into();
        if finite(at) && !text.is_empty() {
            self.shapes.push(Shape::Text { at, text, style });
        }
    }

    /// Draws many upright bars.
    pub fn marks(&mut self, mut centres: Vec<Point>, (width, height): (f64, f64), colour: Colour) {
        centres.retain(|&centre| finite(centre));
        if !centres.is_empty() {
            self.shapes.push(Shape::Marks { centres, width, height, colour });
        }
    }
}

impl Style {
    /// A text that starts at its place.
    pub fn new(size: f64, colour: Colour) -> Self {
        Style { size, colour, anchor: Anchor::Start, upwards: false }
    }

    /// The same, centred on its place.
    pub fn centred(self) -> Self {
        Style { anchor: Anchor::Middle, ..self }
    }

    /// The same, ending at its place.
    pub fn ending(self) -> Self {
        Style { anchor: Anchor::End, ..self }
    }

    /// The same, reading upwards.
    pub fn upwards(self) -> Self {
        Style { upwards: true, ..self }
    }

    /// How long a text is in points.
    pub fn width(self, text: &str) -> f64 {
        font::width(text, self.size)
    }

    /// A text cut, with an ellipsis, to `room` points.
    pub fn fit(self, text: &str, room: f64) -> String {
        if self.width(text) <= room {
            return text.into();
        }
        let mut short: Vec<char> = text.chars().collect();
        while short.pop().is_some() {
            let candidate: String = short.iter().chain(['…'].iter()).collect();
            if self.width(&candidate) <= room {
                return candidate;
            }
        }
        String::new()
    }
}

fn finite((x, y): Point) -> bool {
    x.is_finite() && y.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::colour::INK;

    #[test]
    fn what_is_not_finite_never_gets_into_a_picture() {
        let mut picture = Picture::new("", 10.0, 10.0);
        let nan = f64::NAN;
        picture.line(
            &[(0.0, 0.0), (1.0, 1.0), (nan, 2.0), (3.0, 3.0), (4.0, 4.0), (5.0, f64::INFINITY)],
            INK,
            1.0,
        );
        picture.area(vec![(0.0, 0.0), (1.0, nan), (1.0, 1.0)], INK, 1.0);
        picture.marks(vec![(nan, 0.0)], (1.0, 1.0), INK);
        picture.text((0.0, nan), "x", Style::new(10.0, INK));
        picture.dashed((0.0, 0.0), (nan, 1.0), INK, 1.0);
        let line = |points| Shape::Line { points, colour: INK, width: 1.0 };
        assert_eq!(picture.shapes, [line(vec![(0.0, 0.0), (1.0, 1.0)]), line(vec![(3.0, 3.0), (4.0, 4.0)])]);
    }

    #[test]
    fn a_long_text_is_cut_to_its_room() {
        let style = Style::new(12.0, INK);
        assert_eq!(style.fit("E", 100.0), "E");
        let short = style.fit("parvalbumin-positive interneurons", 100.0);
        assert!(short.ends_with('…') && style.width(&short) <= 100.0, "{short}");
        assert_eq!(style.fit("E", 0.0), "");
    }
}
