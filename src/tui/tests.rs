//! Sessions without a terminal.
