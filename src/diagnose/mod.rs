//! From evidence to findings: what is wrong, why, and what to change.
