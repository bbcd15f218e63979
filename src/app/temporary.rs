//! A file that takes another one's place when it is complete, with that one's mode and owner, and is gone whatever ends the program before.

use rustix::fs::{CWD, FlockOperation, Mode, OFlags, fchown, flock, openat};
use rustix::process::{getegid, geteuid};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, ErrorKind, Seek};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Permissions of a file that replaces none, before the user's mask.
const NEW: u32 = 0o666;

/// A file that is to take the place of another one.
#[derive(Debug)]
pub struct Temporary {
    file: File,
    place: PathBuf,
    /// Its name beside the place. `None`: it has none, and the system forgets it with the program, by whatever that ends (`O_TMPFILE`).
    name: Option<PathBuf>,
    /// Whether it belongs to whom the other file belongs, if there is one.
    is_owners: bool,
    /// Whether it was given to somebody else.
    is_given: bool,
}

impl Temporary {
    /// Makes one for this place, with the mode and, where the system allows, the owner of what is there.
    ///
    /// # Errors
    /// The directory takes no file.
    pub fn create(place: &Path) -> io::Result<Self> {
        let old = fs::metadata(place).ok().filter(Metadata::is_file);
        let mode = Mode::from_raw_mode(old.as_ref().map_or(NEW, Metadata::mode) & 0o777);
        // Who has given a file away may not name it any more (proc_sys_fs(5), protected_hardlinks); only root gives files away.
        let is_others =
            geteuid().is_root() && old.as_ref().is_some_and(|old| (old.uid(), old.gid()) != (geteuid().as_raw(), getegid().as_raw()));
        let (file, name) = match unnamed(folder(place), mode) {
            Ok(file) if !is_others => (file, None),
            _ => {
                sweep(place);
                named(place, mode).map(|(file, name)| (file, Some(name)))?
            }
        };
        let mut new = Self { file, place: place.to_owned(), name, is_owners: true, is_given: false };
        if let Some(old) = &old {
            new.take_after(old)?;
        }
        Ok(new)
    }

    /// Whether it was given to somebody else, which may take rights that the program has only at first.
    pub fn is_given(&self) -> bool {
        self.is_given
    }

    /// Where its contents are written.
    pub fn file(&self) -> &File {
        &self.file
    }

    fn take_after(&mut self, old: &Metadata) -> io::Result<()> {
        let new = self.file.metadata()?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            let (uid, gid) = (rustix::fs::Uid::from_raw(old.uid()), rustix::fs::Gid::from_raw(old.gid()));
            self.is_owners = fchown(&self.file, Some(uid), Some(gid)).is_ok();
            self.is_given = self.is_owners;
        }
        // The user's mask is about new files.
        let _ = self.file.set_permissions(Permissions::from_mode(old.mode() & 0o7777));
        Ok(())
    }

    /// Moves it to its place. `old`: what is there, where it was opened for writing with rights that the program has only at first.
    ///
    /// # Errors
    /// The system's; what was in the place is still there then.
    pub fn persist(mut self, old: Option<&File>) -> io::Result<()> {
        self.file.sync_all()?;
        // Who may not give a file away may still write into it.
        if !self.is_owners {
            if let Some(old) = old.filter(|old| self.is_place(old)) {
                return self.copy_into(old);
            }
            if let Ok(old) = File::options().write(true).open(&self.place) {
                return self.copy_into(&old);
            }
        }
        if self.name.is_none() {
            self.give_name()?;
        }
        if let Some(name) = &self.name {
            fs::rename(name, &self.place)?;
        }
        self.name = None;
        Ok(())
    }

    /// Whether an open file is still the one in the place.
    fn is_place(&self, file: &File) -> bool {
        let same = |a: &Metadata, b: &Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        file.metadata().is_ok_and(|file| fs::metadata(&self.place).is_ok_and(|place| same(&file, &place)))
    }

    /// Replaces another file's contents; there is room for them before the old ones go.
    fn copy_into(&mut self, mut old: &File) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        #[cfg(target_os = "linux")]
        if let Err(rustix::io::Errno::NOSPC) = rustix::fs::fallocate(old, rustix::fs::FallocateFlags::KEEP_SIZE, 0, length.max(1)) {
            return Err(rustix::io::Errno::NOSPC.into());
        }
        self.file.rewind()?;
        io::copy(&mut &self.file, &mut old)?;
        old.set_len(length)?;
        old.sync_all()
    }

    /// Gives it a name beside its place: the same file, or where the system does not give names later, a copy.
    fn give_name(&mut self) -> io::Result<()> {
        let path = beside(&self.place)?;
        if linked(&self.file, &path).is_err() {
            let about = self.file.metadata()?;
            let (copy, name) = named(&self.place, Mode::from_raw_mode(about.mode() & 0o777))?;
            self.name = Some(name);
            self.file.rewind()?;
            io::copy(&mut &self.file, &mut &copy)?;
            let _ = fchown(&copy, Some(rustix::fs::Uid::from_raw(about.uid())), Some(rustix::fs::Gid::from_raw(about.gid())));
            copy.set_permissions(about.permissions())?;
            return copy.sync_all();
        }
        self.name = Some(path);
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = fs::remove_file(name);
        }
    }
}

/// A file without a name in a directory.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path, mode: Mode) -> io::Result<File> {
    Ok(openat(CWD, folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, mode)?.into())
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path, _: Mode) -> io::Result<File> {
    Err(ErrorKind::Unsupported.into())
}

/// Gives a file without a name one (open(2), `O_TMPFILE`).
#[cfg(target_os = "linux")]
fn linked(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(CWD, descriptor, CWD, path, rustix::fs::AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn linked(_: &File, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// A file with a name of its own, locked for as long as it is open: who finds one without a lock knows that nobody writes it any more.
fn named(place: &Path, mode: Mode) -> io::Result<(File, PathBuf)> {
    let path = beside(place)?;
    let file: File = openat(CWD, &path, OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC, mode)?.into();
    let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
    Ok((file, path))
}

/// Removes what a program that was ended from outside (SIGQUIT, SIGKILL) has left of files with a name.
fn sweep(place: &Path) {
    let Some(name) = place.file_name() else { return };
    for entry in fs::read_dir(folder(place)).into_iter().flatten().flatten() {
        if !is_beside(&entry.file_name(), name) || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let path = entry.path();
        // Somebody may have put something else in its place meanwhile.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = openat(CWD, &path, OFlags::RDONLY | flags, Mode::empty()).map(File::from);
        let is_left = opened.is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok());
        if is_left {
            let _ = fs::remove_file(path);
        }
    }
}

/// The name of a file beside a place: `.NAME.PID.tmp`.
fn beside(place: &Path) -> io::Result<PathBuf> {
    let name = place.file_name().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "names no file"))?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.tmp", std::process::id()));
    Ok(place.with_file_name(hidden))
}

fn is_beside(hidden: &OsStr, name: &OsStr) -> bool {
    let rest = hidden.as_encoded_bytes().strip_prefix(b".").and_then(|rest| rest.strip_prefix(name.as_encoded_bytes()));
    let number = rest.and_then(|rest| rest.strip_prefix(b".")).and_then(|rest| rest.strip_suffix(b".tmp"));
    number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}

fn folder(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn in_folder(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("spantop-temporary-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn names(folder: &Path) -> Vec<OsString> {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    /// As on a file system that knows no files without a name.
    fn by_name(place: &Path) -> Temporary {
        let mode = Mode::from_raw_mode(fs::metadata(place).map_or(NEW, |old| old.mode()) & 0o777);
        let (file, name) = named(place, mode).unwrap();
        Temporary { file, place: place.to_owned(), name: Some(name), is_owners: true, is_given: false }
    }

    #[test]
    fn it_is_in_its_place_with_the_mode_of_what_was_there_or_nowhere() {
        let folder = in_folder("mode");
        let place = folder.join("report.json");
        for make in [|place: &Path| Temporary::create(place).unwrap(), by_name] {
            for wanted in [0o600, 0o640, 0o666, 0o604] {
                fs::write(&place, "old").unwrap();
                fs::set_permissions(&place, Permissions::from_mode(wanted)).unwrap();
                let new = make(&place);
                // Nobody may read what is being written who may not read what is replaced.
                assert_eq!(new.file.metadata().unwrap().mode() & 0o777 & !wanted, 0, "{wanted:o}");
                new.file().write_all(b"new").unwrap();
                drop(new);
                assert_eq!((names(&folder), fs::read_to_string(&place).unwrap()), (vec!["report.json".into()], "old".into()));
                let mut new = make(&place);
                new.take_after(&fs::metadata(&place).unwrap()).unwrap();
                new.file().write_all(b"new").unwrap();
                new.persist(None).unwrap();
                assert_eq!((names(&folder), fs::read_to_string(&place).unwrap()), (vec!["report.json".into()], "new".into()));
                assert_eq!(mode(&place), wanted);
            }
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_file_that_cannot_be_given_away_is_written_into() {
        let folder = in_folder("owner");
        let place = folder.join("report.json");
        fs::write(&place, "what was there is longer").unwrap();
        let inode = fs::metadata(&place).unwrap().ino();
        let mut new = Temporary::create(&place).unwrap();
        new.is_owners = false;
        new.file().write_all(b"new").unwrap();
        new.persist(None).unwrap();
        assert_eq!((fs::read_to_string(&place).unwrap(), fs::metadata(&place).unwrap().ino()), ("new".into(), inode));
        assert_eq!(names(&folder).len(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_a_killed_program_left_is_swept_and_nothing_else() {
        let folder = in_folder("sweep");
        let place = folder.join("a.json");
        let others = [".a.json.tmp", ".a.json.12x.tmp", ".ab.json.1.tmp", "a.json.1.tmp"];
        others.iter().for_each(|name| fs::write(folder.join(name), "kept").unwrap());
        fs::write(folder.join(".a.json.4711.tmp"), "left").unwrap();
        let (being_written, path) = named(&place, Mode::from_raw_mode(0o600)).unwrap();
        sweep(&place);
        assert!(path.exists(), "somebody writes it");
        assert!(!folder.join(".a.json.4711.tmp").exists());
        assert_eq!(names(&folder).len(), others.len() + 1);
        drop(being_written);
        sweep(&place);
        assert_eq!(names(&folder).len(), others.len());
        fs::remove_dir_all(&folder).unwrap();
    }
}
