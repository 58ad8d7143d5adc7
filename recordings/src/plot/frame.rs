//! A frame: two axes around a field, with ticks, labels and a light grid.

use super::axis::Axis;
use super::colour::{Colour, GREY, GRID, INK};
use super::picture::{Picture, Point, Style};

/// Size of tick labels and legends, in points.
pub const SMALL: f64 = 12.0;
/// Size of axis labels and names.
pub const NORMAL: f64 = 13.0;

/// A rectangle on the paper: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Lower edge.
    pub bottom: f64,
}

/// A field between two axes.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The field itself.
    pub field: Area,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
}

impl Area {
    /// Its width.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Its height.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

impl Frame {
    /// Fits a frame into an area, with room at the left and below for ticks and labels.
    pub fn within(area: Area, x: Axis, y: Axis) -> Self {
        let ticks = y.ticks(most_rows(area.height()));
        let widest = ticks
            .iter()
            .filter_map(|tick| tick.label.as_deref())
            .map(|label| small().width(label))
            .fold(0.0, f64::max);
        let field = Area { left: area.left + widest + 36.0, bottom: area.bottom - 44.0, ..area };
        Frame { field, x, y }
    }

    /// Where a value stands.
    pub fn at(&self, x: f64, y: f64) -> Point {
        (self.column(x), self.row(y))
    }

    /// Where a value of the horizontal axis stands.
    pub fn column(&self, x: f64) -> f64 {
        self.field.left + self.x.place(x) * self.field.width()
    }

    /// Where a value of the vertical axis stands.
    pub fn row(&self, y: f64) -> f64 {
        self.field.bottom - self.y.place(y) * self.field.height()
    }

    /// The grid; to be drawn before the data.
    pub fn draw_grid(&self, picture: &mut Picture) {
        self.draw_columns(picture);
        self.draw_rows(picture);
    }

    /// The lines of the grid that stand on the ticks of the horizontal axis.
    pub fn draw_columns(&self, picture: &mut Picture) {
        for tick in self.x.ticks(most_columns(self.field.width())).iter().filter(|tick| tick.label.is_some())
        {
            let x = self.column(tick.value);
            picture.line(&[(x, self.field.top), (x, self.field.bottom)], GRID, 0.8);
        }
    }

    fn draw_rows(&self, picture: &mut Picture) {
        for tick in self.y.ticks(most_rows(self.field.height())).iter().filter(|tick| tick.label.is_some()) {
            let y = self.row(tick.value);
            picture.line(&[(self.field.left, y), (self.field.right, y)], GRID, 0.8);
        }
    }

    /// The horizontal axis with ticks and what it shows; to be drawn after the data.
    pub fn draw_x(&self, picture: &mut Picture, label: &str) {
        let Area { left, right, bottom, .. } = self.field;
        picture.line(&[(left, bottom), (right, bottom)], INK, 1.0);
        for tick in self.x.ticks(most_columns(self.field.width())) {
            let x = self.column(tick.value);
            let length = if tick.label.is_some() { 5.0 } else { 3.0 };
            picture.line(&[(x, bottom), (x, bottom + length)], INK, 1.0);
            picture.text((x, bottom + 14.0), tick.label.unwrap_or_default(), small().centred());
        }
        picture.text(((left + right) / 2.0, bottom + 34.0), label, normal().centred());
    }

    /// The vertical axis with ticks and what it shows; to be drawn after the data.
    pub fn draw_y(&self, picture: &mut Picture, label: &str) {
        let Area { left, top, bottom, .. } = self.field;
        picture.line(&[(left, top), (left, bottom)], INK, 1.0);
        let mut widest = 0.0_f64;
        for tick in self.y.ticks(most_rows(self.field.height())) {
            let y = self.row(tick.value);
            let length = if tick.label.is_some() { 5.0 } else { 3.0 };
            picture.line(&[(left - length, y), (left, y)], INK, 1.0);
            let label = tick.label.unwrap_or_default();
            widest = widest.max(small().width(&label));
            picture.text((left - 8.0, y), label, small().ending());
        }
        picture.text((left - widest - 22.0, (top + bottom) / 2.0), label, normal().centred().upwards());
    }

    /// Says in the middle that there is nothing to show.
    pub fn draw_nothing(&self, picture: &mut Picture, why: &str) {
        let Area { left, top, right, bottom } = self.field;
        picture.text(((left + right) / 2.0, (top + bottom) / 2.0), why, Style::new(15.0, GREY).centred());
    }
}

/// An entry of a legend: colour, name, and remarks below the name.
pub struct Entry {
    /// Colour of its line.
    pub colour: Colour,
    /// Its name.
    pub name: String,
    /// Remarks, a line each.
    pub remarks: Vec<String>,
}

/// How wide a legend has to be.
pub fn legend_width(entries: &[Entry]) -> f64 {
    let names = entries.iter().map(|entry| normal().width(&entry.name));
    let remarks = entries.iter().flat_map(|entry| &entry.remarks).map(|remark| remarks_style().width(remark));
    (24.0 + names.chain(remarks).fold(0.0, f64::max)).min(250.0)
}

/// Draws a legend; entries that find no room are counted.
pub fn draw_legend(picture: &mut Picture, area: Area, entries: &[Entry]) {
    let mut y = area.top + 8.0;
    for (index, entry) in entries.iter().enumerate() {
        let height = 20.0 + 15.0 * entry.remarks.len() as f64;
        if y + height > area.bottom {
            let rest = format!("and {} more", entries.len() - index);
            picture.text((area.left + 24.0, y), rest, remarks_style());
            break;
        }
        picture.line(&[(area.left, y), (area.left + 16.0, y)], entry.colour, 2.5);
        let room = area.right - area.left - 24.0;
        picture.text((area.left + 24.0, y), normal().fit(&entry.name, room), normal());
        for (line, remark) in entry.remarks.iter().enumerate() {
            let below = y + 16.0 + 15.0 * line as f64;
            picture.text((area.left + 24.0, below), remarks_style().fit(remark, room), remarks_style());
        }
        y += height + 6.0;
    }
}

/// The style of axis labels and names.
pub fn normal() -> Style {
    Style::new(NORMAL, INK)
}

/// The style of tick labels.
pub fn small() -> Style {
    Style::new(SMALL, INK)
}

/// The style of remarks.
pub fn remarks_style() -> Style {
    Style::new(11.0, GREY)
}

fn most_columns(width: f64) -> usize {
    ((width / 75.0) as usize).clamp(2, 10)
}

fn most_rows(height: f64) -> usize {
    ((height / 32.0) as usize).clamp(2, 8)
}
