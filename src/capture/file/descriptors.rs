//! How many files may be open at once.

use crate::error::{Error, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that the program needs besides captures: the terminal, databases, an output file.
const OTHERS: u64 = 32;

/// Makes room for so many open files: the soft limit is raised as far as the hard one allows.
///
/// # Errors
/// The hard limit is too low.
pub(super) fn make_room(files: usize) -> Result<()> {
    let wanted = (files as u64).saturating_add(OTHERS);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|soft| soft >= wanted) {
        return Ok(());
    }
    let raised = Rlimit { current: Some(wanted), maximum };
    if maximum.is_none_or(|hard| hard >= wanted) && setrlimit(Resource::Nofile, raised).is_ok() {
        return Ok(());
    }
    let allowed = maximum.or(current).unwrap_or(0);
    let instead = if files > 1 { ", or merge captures in parts first" } else { "" };
    Err(Error::usage(format!(
        "{files} capture{} at once and what else is needed are {wanted} open files, and this system allows {allowed}: raise the limit (ulimit -n, ulimit -Hn){instead}",
        if files == 1 { "" } else { "s" }
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_or_it_is_said_how_many_are_allowed() {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        assert_eq!(make_room(1), Ok(()));
        assert_eq!(getrlimit(Resource::Nofile).current, current, "nothing is changed without need");
        if let (Some(soft), true) = (current, maximum.is_none_or(|hard| current.is_some_and(|soft| hard > soft + 100))) {
            assert_eq!(make_room(soft as usize), Ok(()));
            assert_eq!(getrlimit(Resource::Nofile).current, Some(soft + OTHERS));
        }
        if let Some(hard) = maximum.filter(|hard| *hard < usize::MAX as u64 / 2) {
            let error = make_room(hard as usize).unwrap_err().to_string();
            assert!(error.contains("ulimit -Hn") && error.contains(&format!("allows {hard}:")), "{error}");
        }
    }
}
