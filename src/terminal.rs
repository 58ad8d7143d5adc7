//! What the program says: a terminal that cannot take it is no reason to panic.

use std::fmt;
use std::io::{ErrorKind, Write, stderr, stdout};
use std::process::exit;

/// Like `println!`; a reader that has gone away (`saltus list | head`) is not missed.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => { $crate::terminal::say(format_args!($($text)*)) };
}

/// Like `eprintln!`; what nobody can be told is left unsaid.
#[macro_export]
macro_rules! complain {
    ($($text:tt)*) => { $crate::terminal::complain(format_args!($($text)*)) };
}

/// Writes a line to standard output; ends the program with 1 if there is no room for it.
pub fn say(text: fmt::Arguments<'_>) {
    if let Err(error) = writeln!(stdout(), "{text}")
        && error.kind() != ErrorKind::BrokenPipe
    {
        complain(format_args!("error: standard output cannot be written: {error}"));
        exit(1);
    }
}

/// Writes a line to standard error.
pub fn complain(text: fmt::Arguments<'_>) {
    // There is nobody left to tell that this failed.
    let _ = writeln!(stderr(), "{text}");
}
