//! Set-up on systems other than this one: what `tests/setup.sh` asks of each package manager. Managers, compiler and system are stand-ins;
//! the script is the real one.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What the script may only meet as a stand-in.
const REPLACED: &[&str] = &["apt-get", "dpkg-deb", "dnf", "pacman", "zypper", "apk", "brew", "sudo", "cc", "uname", "id"];

struct System {
    folder: PathBuf,
}

impl System {
    /// A system with a shell's tools and Rust, without libpcap until its `manager` has installed something.
    fn new(name: &str, manager: Option<&str>, kernel: &str, user: u32) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("setup-{name}"));
        let _ = fs::remove_dir_all(&folder);
        let bin = folder.join("bin");
        fs::create_dir_all(&bin).unwrap();
        let path = std::env::var_os("PATH").unwrap();
        for tool in std::env::split_paths(&path).filter_map(|p| fs::read_dir(p).ok()).flatten().flatten() {
            if !REPLACED.iter().any(|r| tool.file_name() == *r) {
                let _ = symlink(tool.path(), bin.join(tool.file_name()));
            }
        }
        let system = Self { folder };
        let installed = system.folder.join("installed");
        system.program("uname", &format!("echo {kernel}"));
        system.program("id", &format!("echo {user}"));
        system.program("cc", &format!("cat >/dev/null; case \"$*\" in *-lpcap*) test -e {} ;; esac", installed.display()));
        if let Some(manager) = manager {
            system.program(manager, &format!("echo {manager} \"$@\" >>{0}", installed.display()));
        }
        system
    }

    fn program(&self, name: &str, body: &str) {
        let path = self.folder.join("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn set_up(&self) -> Output {
        Command::new("bash")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/setup.sh"))
            .arg("build")
            .env("PATH", self.folder.join("bin"))
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .output()
            .unwrap()
    }

    fn asked(&self) -> String {
        fs::read_to_string(self.folder.join("installed")).unwrap_or_default()
    }
}

#[test]
fn each_system_is_asked_for_libpcap_by_its_name_there() {
    for (manager, kernel, user, call) in [
        ("apt-get", "Linux", 0, "apt-get install -qq -y --no-install-recommends libpcap-dev\n"),
        ("dnf", "Linux", 0, "dnf install -q -y libpcap-devel\n"),
        ("pacman", "Linux", 0, "pacman -S --needed --noconfirm libpcap\n"),
        ("zypper", "Linux", 0, "zypper --non-interactive install libpcap-devel\n"),
        ("apk", "Linux", 0, "apk add -q libpcap-dev\n"),
        // Homebrew refuses to be run by root.
        ("brew", "Darwin", 501, "brew install --quiet libpcap\n"),
    ] {
        let system = System::new(manager, Some(manager), kernel, user);
        let output = system.set_up();
        assert!(output.status.success(), "{manager}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(system.asked(), call, "{manager}");
        // The second time there is nothing to do.
        assert!(system.set_up().status.success(), "{manager}");
        assert_eq!(system.asked(), call, "{manager}, again");
    }
}

#[test]
fn sudo_is_used_where_it_asks_nothing() {
    let system = System::new("sudo", Some("dnf"), "Linux", 1000);
    system.program("sudo", "if [ \"$1\" = -n ]; then shift; fi; \"$@\"");
    assert!(system.set_up().status.success());
    assert_eq!(system.asked(), "dnf install -q -y libpcap-devel\n");
}

#[test]
fn who_may_not_install_is_told_what_to_install() {
    let system = System::new("nobody", Some("pacman"), "Linux", 1000);
    let output = system.set_up();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(told.contains("As root: install libpcap"), "{told}");
    assert_eq!(system.asked(), "");
}
