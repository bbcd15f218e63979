//! The switch, where it is asked: in a thread of its own, at most once in ten seconds, so that neither packets nor the switch wait.

use crate::ask::SharedAgent;
use crate::model::clock;
use crate::model::{AskedSwitch, SwitchAnswer};
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time between the beginnings of two walks.
const EVERY: Duration = Duration::from_secs(10);

/// How often it is looked whether to stop.
const LOOK: Duration = Duration::from_millis(200);

/// What the switch said last, and who asks it.
#[derive(Default)]
pub struct SwitchWatch {
    shared: Option<Arc<Mutex<Arc<AskedSwitch>>>>,
    /// Its end ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SwitchWatch {
    /// Begins to ask; nothing where no switch is to be asked.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(agent: Option<&SharedAgent>) -> std::io::Result<Self> {
        let Some(agent) = agent else { return Ok(Self::default()) };
        let settings = agent.lock().unwrap_or_else(PoisonError::into_inner).settings().clone();
        let begun = AskedSwitch { target: settings.target(), mirror_port: settings.mirror_port.clone(), ..AskedSwitch::default() };
        let shared = Arc::new(Mutex::new(Arc::new(begun)));
        let (stop, stopped) = bounded::<()>(0);
        let thread = std::thread::Builder::new().name("switch".into()).spawn({
            let (shared, agent) = (Arc::clone(&shared), Arc::clone(agent));
            move || loop {
                let begun = clock::now();
                // What an agent answers is not ours to trust, nor is who reads it: whatever happens is an answer that could not be read.
                let outcome = catch_unwind(AssertUnwindSafe(|| agent.lock().unwrap_or_else(PoisonError::into_inner).walk()));
                note(&shared, outcome.unwrap_or_else(|_| Err("its answer cannot be read".into())));
                while clock::since(begun) < EVERY {
                    if stopped.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
            }
        })?;
        Ok(Self { shared: Some(shared), stop: Some(stop), thread: Some(thread) })
    }

    /// What is known; `None` where no switch is asked.
    pub fn asked(&self) -> Option<Arc<AskedSwitch>> {
        let shared = self.shared.as_ref()?;
        Some(Arc::clone(&shared.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Counts anew, from the newest answer on.
    pub fn forget(&self) {
        if let Some(shared) = &self.shared {
            let mut known = shared.lock().unwrap_or_else(PoisonError::into_inner);
            *known = Arc::new(AskedSwitch { first: known.newest.clone(), before: None, ..AskedSwitch::clone(&known) });
        }
    }
}

/// Takes in an answer, or why there is none.
fn note(shared: &Mutex<Arc<AskedSwitch>>, outcome: Result<SwitchAnswer, String>) {
    let mut known = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let mut next = AskedSwitch::clone(&known);
    match outcome {
        Ok(answer) => {
            let answer = Arc::new(SwitchAnswer { at: clock::wall(), ..answer });
            next.answers = next.answers.saturating_add(1);
            next.first.get_or_insert_with(|| Arc::clone(&answer));
            next.before = next.newest.replace(answer);
            next.trouble = None;
        }
        Err(words) => next.trouble = Some(words),
    }
    *known = Arc::new(next);
}

impl Drop for SwitchWatch {
    fn drop(&mut self) {
        self.stop = None;
        // A question that is under way is not waited for: its answer goes to nobody.
        drop(self.thread.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_asked_unless_told_to() {
        let watch = SwitchWatch::start(None).unwrap();
        watch.forget();
        assert_eq!(watch.asked(), None);
    }

    #[test]
    fn answers_follow_each_other_and_trouble_is_kept_beside_them() {
        let shared = Mutex::new(Arc::new(AskedSwitch::default()));
        let answer = |uptime| Ok(SwitchAnswer { uptime, ..SwitchAnswer::default() });
        for outcome in [answer(1), answer(2), answer(3), Err("does not answer".to_owned())] {
            note(&shared, outcome);
        }
        let known = Arc::clone(&shared.lock().unwrap());
        let times = [&known.first, &known.before, &known.newest].map(|a| a.as_ref().map(|a| a.uptime));
        assert_eq!((known.answers, times, known.trouble.as_deref()), (3, [Some(1), Some(2), Some(3)], Some("does not answer")));
    }
}
