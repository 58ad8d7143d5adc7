//! What networks learn: data read from files, or made by the program.

pub mod abstracts;
pub mod aedat;
pub mod arc;
pub mod bigrams;
pub mod camera;
pub mod code;
pub mod counting;
pub mod decoding;
pub mod encoding;
pub mod file;
pub mod frames;
pub mod grids;
pub mod heidelberg;
pub mod images;
pub mod labelled;
pub mod maze;
pub mod pieces;
pub mod puzzle;
pub mod recall;
pub mod rouge;
pub mod sudoku;
pub mod symmetry;
pub mod text;
pub mod words;
