//! Linux: capabilities(7), no_new_privs, the user, Landlock (landlock(7)), and the system calls that are refused.

use super::calls::{self, Work};
use super::{EarlyThread, ExportRights, Needs, RightsLeft};
use crate::capture::live::WithRights;
use crate::model::text::printable;
use crossbeam_channel::{Receiver, Sender, bounded};
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, NetPort, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetStatus,
};
use nix::unistd::{Gid, Uid, User, geteuid, setgroups, setresgid, setresuid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities,
    set_keep_capabilities, set_no_new_privs,
};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What `sudo` leaves of who called it.
const SUDO_USER: &str = "SUDO_USER";
/// Whom root becomes when nobody else is known.
const NOBODY: &str = "nobody";
/// Devices that are opened for writing: terminals, and nowhere.
const DEVICES: [&str; 3] = ["/dev/tty", "/dev/null", "/dev/pts"];

type Job = Box<dyn FnOnce() + Send>;

enum Order {
    /// To be done with the rights it takes.
    Do(Job),
    /// Be ready to lose the user that has all rights, and keep what is needed; answered when done.
    Prepare,
    /// Give up everything else; answered with what was refused.
    GiveUp,
}

/// A thread that may open ports, and does nothing else.
#[derive(Debug, Clone)]
pub struct Opener {
    orders: Sender<Order>,
    answers: Receiver<Vec<String>>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Order::Do(_) => "Do",
            Order::Prepare => "Prepare",
            Order::GiveUp => "GiveUp",
        })
    }
}

impl Opener {
    /// Starts the thread, with the rights of the caller.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start() -> io::Result<Self> {
        let (orders, incoming) = bounded::<Order>(0);
        let (answer, answers) = bounded(1);
        std::thread::Builder::new().name("opener".into()).spawn(move || {
            for order in incoming {
                match order {
                    Order::Do(job) => job(),
                    Order::Prepare => {
                        narrow_bounding_set();
                        let _ = answer.send(refusals([("capabilities across a change of the user", set_keep_capabilities(true))]));
                    }
                    Order::GiveUp => {
                        let mut refused = give_up_all_but(CapabilitySet::NET_RAW);
                        refused.extend(restrict_files(None, &[], &[]).err().map(|e| format!("files ({e})")));
                        refused.extend(calls::restrict(Work::Ports).err().map(|e| format!("system calls ({e})")));
                        let _ = answer.send(refused);
                    }
                }
            }
        })?;
        Ok(Self { orders, answers })
    }

    /// Does a job in the thread and returns when it is done.
    pub fn with_rights(&self) -> WithRights {
        let orders = self.orders.clone();
        Arc::new(move |job| {
            let (done, waiting) = bounded::<()>(1);
            let told = orders.send(Order::Do(Box::new(move || {
                job();
                let _ = done.send(());
            })));
            if told.is_ok() {
                let _ = waiting.recv();
            }
        })
    }

    fn ask(&self, order: Order) -> Vec<String> {
        let told = self.orders.send(order).is_ok();
        if told { self.answers.recv().unwrap_or_default() } else { Vec::new() }
    }
}

fn refusals<E: std::fmt::Display, const N: usize>(steps: [(&str, Result<(), E>); N]) -> Vec<String> {
    steps.into_iter().filter_map(|(what, outcome)| outcome.err().map(|e| format!("{what} ({e})"))).collect()
}

/// Has no program that the calling thread may run gain a capability. Whoever may not say so cannot use it either, without new privileges.
fn narrow_bounding_set() {
    for capability in CapabilitySet::all().iter() {
        let _ = remove_capability_from_bounding_set(capability);
    }
}

/// Has the calling thread keep these capabilities only, and never gain another one, also not by running a program.
fn give_up_all_but(kept: CapabilitySet) -> Vec<String> {
    narrow_bounding_set();
    let _ = clear_ambient_capability_set();
    let have = rustix::thread::capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.permitted);
    let kept = kept & have;
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    refusals([("capabilities", set_capabilities(None, sets)), ("gaining rights", set_no_new_privs(true))])
}

/// Has a thread that was started before the sources were open give up everything, but for root's what it takes to change the user.
pub fn give_up_early() {
    if geteuid().is_root() {
        narrow_bounding_set();
        let _ = set_no_new_privs(true);
    } else {
        let _ = give_up_all_but(CapabilitySet::empty());
    }
    let _ = calls::restrict(Work::Packets { writes: false });
}

/// Has such a thread give up the rest, once the user is changed. What was refused.
pub fn give_up_late() -> Vec<String> {
    give_up_all_but(CapabilitySet::empty())
}

/// Has a thread that exports give up all but what its exporters need: no capability, their directories, their ports. What was refused.
pub fn give_up_for_exports(rights: &ExportRights) -> Vec<String> {
    let mut refused = give_up_all_but(CapabilitySet::empty());
    refused.extend(restrict_files(None, &rights.folders, &rights.connects).err().map(|e| format!("files ({e})")));
    let work = Work::Exports { writes: !rights.folders.is_empty(), answers: rights.answers };
    refused.extend(calls::restrict(work).err().map(|e| format!("system calls ({e})")));
    refused
}

/// A user and its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Who {
    uid: Uid,
    gid: Gid,
}

/// Whom to become: who was asked for; for root who called `sudo`, else nobody. `None`: as it is.
fn whom(user: Option<&str>) -> Result<Option<Who>, String> {
    let named = |name: &str| User::from_name(name).ok().flatten().map(|u| Who { uid: u.uid, gid: u.gid });
    match user {
        Some(name) => named(name).map(Some).ok_or_else(|| format!("--user {name}: there is no such user")),
        None if !geteuid().is_root() => Ok(None),
        None => Ok(std::env::var(SUDO_USER).ok().and_then(|name| named(&name)).filter(|who| !who.uid.is_root()).or_else(|| named(NOBODY))),
    }
}

/// The permission bits that somebody without further rights has of a file.
fn may(who: Who, file: &fs::Metadata, bits: u32) -> bool {
    let shift = match (file.uid() == who.uid.as_raw(), file.gid() == who.gid.as_raw()) {
        (true, _) => 6,
        (false, true) => 3,
        (false, false) => 0,
    };
    file.mode() >> shift & bits == bits
}

fn may_reach(who: Who, path: &Path) -> bool {
    let path = fs::canonicalize(parent(path)).unwrap_or_default();
    path.ancestors().all(|p| fs::metadata(p).is_ok_and(|directory| may(who, &directory, 0o1)))
}

fn may_read(who: Who, path: &Path) -> bool {
    may_reach(who, path) && fs::metadata(path).is_ok_and(|file| may(who, &file, 0o4))
}

/// Whether somebody may write a file: a device in its place, any other by replacing it.
fn may_write(who: Who, path: &Path) -> bool {
    let file = fs::metadata(path).ok();
    if let Some(device) = file.as_ref().filter(|f| !f.is_file()) {
        return may_reach(who, path) && may(who, device, 0o2);
    }
    let Ok(directory) = fs::metadata(parent(path)) else { return false };
    // In a sticky directory only its owner replaces a file.
    let kept = directory.mode() & 0o1000 != 0 && file.is_some_and(|f| f.uid() != who.uid.as_raw());
    may_reach(who, path) && may(who, &directory, 0o3) && !kept
}

/// Whether a file may be replaced as far as sticky directories go (unlink(2), `EPERM`): by the owner of either.
fn may_replace(who: Who, path: &Path) -> bool {
    let is_sticky = |folder: &fs::Metadata| folder.mode() & 0o1000 != 0 && folder.uid() != who.uid.as_raw();
    let is_others = |file: &fs::Metadata| file.uid() != who.uid.as_raw();
    !(fs::metadata(parent(path)).is_ok_and(|folder| is_sticky(&folder)) && fs::symlink_metadata(path).is_ok_and(|file| is_others(&file)))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn become_user(who: Who) -> Result<(), nix::Error> {
    if !geteuid().is_root() {
        return Err(nix::Error::EPERM);
    }
    setgroups(&[])?;
    setresgid(who.gid, who.gid, who.gid)?;
    // In every thread of the process: so does the C library.
    setresuid(who.uid, who.uid, who.uid)
}

/// Gives up rights for good; see [`super::give_up`].
///
/// # Errors
/// The user does not exist, or may not do what is needed.
pub fn give_up(user: Option<&str>, needs: &Needs, opener: Option<&Opener>) -> Result<RightsLeft, String> {
    let mut standing = RightsLeft::default();
    let (whom, kept) = who_and_what_is_kept(user, needs)?;
    if let Some(opener) = opener {
        standing.refused.extend(opener.ask(Order::Prepare));
    }
    narrow_bounding_set();
    if let Some(who) = whom {
        match become_user(who) {
            Ok(()) => standing.holds.push(format!("runs as uid {}", who.uid)),
            Err(e) => standing.refused.push(format!("the user ({e})")),
        }
    } else if geteuid().is_root() {
        standing.holds.push("stays uid 0, for others may not write or read what was named".into());
    }
    standing.refused.extend(needs.early.iter().flat_map(EarlyThread::give_up));
    standing.refused.extend(give_up_all_but(kept));
    match kept.is_empty() {
        true => standing.holds.push("no capability".into()),
        false => standing.holds.push(format!("no capability but for files ({})", names(kept))),
    }
    if let Some(opener) = opener {
        standing.refused.extend(opener.ask(Order::GiveUp));
        standing.holds.push("one thread may open ports again (NET_RAW)".into());
    }
    standing.holds.push("no new privileges".into());
    restrict_process(needs, &mut standing);
    Ok(standing)
}

/// Who the process becomes, where that is another user, and the capabilities that it keeps. What was asked for has to be possible: for the user it is
/// given up to, for root as the owner of files, or for root as ever.
fn who_and_what_is_kept(user: Option<&str>, needs: &Needs) -> Result<(Option<Who>, CapabilitySet), String> {
    // A file in each directory stands for those to come.
    let made: Vec<PathBuf> =
        needs.writes.iter().cloned().chain(needs.folders.iter().chain(&needs.exports).map(|folder| folder.join("new"))).collect();
    let (reads, writes) = (|who| needs.reads.iter().all(|p| may_read(who, p)), |who| made.iter().all(|p| may_write(who, p)));
    let whom = whom(user)?;
    if let (Some(name), Some(who)) = (user, whom)
        && let Some(path) = needs.reads.iter().find(|p| p.exists() && !may_read(who, p)).or(made.iter().find(|p| !may_write(who, p)))
    {
        return Err(format!(
            "--user {name} may not use {}; give that user the right, or name another",
            printable(&path.display().to_string())
        ));
    }
    let whom = whom.filter(|&who| reads(who) && writes(who));
    let mut kept = CapabilitySet::empty();
    if whom.is_none() && geteuid().is_root() {
        let root = Who { uid: Uid::from_raw(0), gid: Gid::from_raw(0) };
        kept.set(CapabilitySet::DAC_READ_SEARCH, !reads(root));
        kept.set(CapabilitySet::DAC_OVERRIDE, !writes(root));
        // In a directory where only its owner may replace a file (sticky), root does so as ever.
        kept.set(CapabilitySet::FOWNER, needs.writes.as_ref().is_some_and(|path| !may_replace(root, path)));
    }
    Ok((whom, kept))
}

/// Forbids files and system calls that are not needed, in every thread that is started from here on.
fn restrict_process(needs: &Needs, standing: &mut RightsLeft) {
    match restrict_files(needs.writes.as_deref(), &needs.folders, &[]) {
        Ok(true) => standing.holds.push(match needs.writes.as_deref().map(parent).or(needs.folders.first().map(PathBuf::as_path)) {
            Some(path) => format!("writes only to {} (Landlock)", printable(&path.display().to_string())),
            None => "writes no file (Landlock)".into(),
        }),
        // An old kernel is no fault of anybody's: it is told where everything is told.
        Ok(false) => standing.holds.push("this kernel has no Landlock: files as the user may".into()),
        Err(e) => standing.refused.push(format!("files ({e})")),
    }
    let writes = needs.writes.is_some() || !needs.folders.is_empty();
    match calls::restrict(Work::Packets { writes }) {
        Ok(()) => standing.holds.push("runs no program, opens no socket but to ask the kernel (seccomp)".into()),
        Err(e) => standing.refused.push(format!("system calls ({e})")),
    }
}

fn names(set: CapabilitySet) -> String {
    set.iter_names().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}

/// Forbids writing, running programs and TCP, but for the file's directory, terminals, and connections to these ports. Reading stays as it is: captures, `/sys` and `/proc`
/// are read all the time. False where the kernel has no Landlock.
fn restrict_files(writes: Option<&Path>, folders: &[PathBuf], connects: &[u16]) -> Result<bool, landlock::RulesetError> {
    // Without the device controls of the fifth version: a terminal opened by its name is asked for its size.
    let write = AccessFs::from_write(ABI::V4);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(write | AccessFs::Execute)?
        .handle_access(AccessNet::from_all(ABI::V4))?
        .create()?;
    let places = DEVICES.iter().map(Path::new);
    let files = places.map(|p| (p, AccessFs::WriteFile.into())).chain(writes.map(|p| (p, write & AccessFs::from_file(ABI::V4))));
    // A file is written beside its place; a device or a pipe is written as it is.
    let is_replaced = |path: &&Path| fs::metadata(path).map_or(true, |about| about.is_file());
    let folders = folders.iter().map(|p| (p.as_path(), write));
    for (path, access) in files.chain(writes.filter(is_replaced).map(|p| (parent(p), write))).chain(folders) {
        if let Ok(descriptor) = PathFd::new(path) {
            rules = rules.add_rule(PathBeneath::new(descriptor, access))?;
        }
    }
    for &port in connects {
        rules = rules.add_rule(NetPort::new(port, AccessNet::ConnectTcp))?;
    }
    Ok(rules.restrict_self()?.ruleset != RulesetStatus::NotEnforced)
}
