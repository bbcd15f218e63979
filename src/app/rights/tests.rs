use super::*;
use std::process::Command;

/// Says to the test that it is the process whose rights are given up.
const INSIDE: &str = "SPANTOP_RIGHTS_INSIDE";

/// Runs the named test of this file in a process of its own, for rights do not come back; false inside of it.
fn outside(name: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return false;
    }
    let program = std::env::current_exe().unwrap();
    let test = format!("app::rights::tests::{name}");
    let output = Command::new(program).args(["--exact", &test, "--nocapture"]).env(INSIDE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    true
}

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("spantop-rights-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

#[cfg(target_os = "linux")]
mod linux {
    use super::*;
    use std::fs;

    /// A line of this thread's status.
    fn status(name: &str) -> String {
        let all = fs::read_to_string("/proc/thread-self/status").unwrap();
        all.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}")).trim().to_owned()
    }

    fn has_landlock() -> bool {
        fs::read_to_string("/sys/kernel/security/lsm").map_or(true, |list| list.contains("landlock"))
    }

    #[test]
    fn nothing_is_written_but_what_was_asked_for() {
        if outside("linux::nothing_is_written_but_what_was_asked_for") {
            return;
        }
        let (asked, other) = (folder("asked"), folder("other"));
        let report = asked.join("report.json");
        let standing = system::give_up(None, &Needs { writes: Some(report.clone()), ..Needs::default() }, None).unwrap();
        assert_eq!(standing.refused, Vec::<String>::new());
        fs::write(&report, "{}").unwrap();
        fs::rename(&report, asked.join("moved.json")).unwrap();
        assert_eq!((status("NoNewPrivs:").as_str(), status("Seccomp:").as_str()), ("1", "2"));
        assert_eq!(u64::from_str_radix(&status("CapEff:"), 16), Ok(0));
        assert_eq!(status("CapPrm:"), status("CapEff:"));
        if has_landlock() && standing.line().contains("writes only to") {
            let refused = |outcome: std::io::Result<()>| outcome.unwrap_err().kind() == std::io::ErrorKind::PermissionDenied;
            assert!(refused(fs::write(other.join("stolen"), "x")), "{standing:?}");
            assert!(refused(Command::new("/bin/true").status().map(drop)), "a program was run");
            assert!(refused(std::net::TcpListener::bind("127.0.0.1:0").map(drop)), "a socket was bound");
            assert!(refused(std::net::UdpSocket::bind("127.0.0.1:0").map(drop)), "a socket was made");
            // So do threads started later.
            let late = std::thread::spawn(move || fs::write(other.join("stolen"), "x")).join().unwrap();
            assert!(refused(late));
        } else {
            assert!(standing.line().contains("no Landlock"), "{standing:?}");
        }
        assert!(fs::read_dir("/proc/self").is_ok(), "reading goes on");
    }

    #[test]
    fn root_becomes_nobody_and_one_thread_may_open_ports() {
        if outside("linux::root_becomes_nobody_and_one_thread_may_open_ports") {
            return;
        }
        let root = status("Uid:").starts_with('0');
        let may_all = u64::from_str_radix(&status("CapEff:"), 16).unwrap();
        let opener = Opener::start().unwrap();
        let standing = system::give_up(None, &Needs::default(), Some(&opener)).unwrap();
        assert_eq!(standing.refused, Vec::<String>::new());
        assert_eq!(u64::from_str_radix(&status("CapEff:"), 16), Ok(0));
        if !root || std::env::var_os("SUDO_USER").is_some() {
            return;
        }
        assert_eq!(status("Uid:").split_whitespace().next(), Some("65534"), "{standing:?}");
        assert_eq!(status("Groups:"), "");
        let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let told = std::sync::Arc::clone(&seen);
        (opener.with_rights())(Box::new(move || *told.lock().unwrap() = format!("{} {}", status("CapPrm:"), status("NoNewPrivs:"))));
        let net_raw = may_all & 1 << 13;
        assert_eq!(*seen.lock().unwrap(), format!("{net_raw:016x} 1"));
        let late = std::thread::spawn(|| status("CapPrm:")).join().unwrap();
        assert_eq!(u64::from_str_radix(&late, 16), Ok(0));
    }

    #[test]
    fn whoever_makes_no_file_cannot_also_without_landlock() {
        if outside("linux::whoever_makes_no_file_cannot_also_without_landlock") {
            return;
        }
        let other = folder("calls");
        fs::write(other.join("old"), "x").unwrap();
        rustix::thread::set_no_new_privs(true).unwrap();
        calls::restrict(calls::Work::Packets { writes: false }).unwrap();
        let refused = |outcome: std::io::Result<()>| outcome.unwrap_err().kind() == std::io::ErrorKind::PermissionDenied;
        assert!(refused(fs::write(other.join("new"), "x")), "a file was made");
        assert!(refused(fs::rename(other.join("old"), other.join("new"))), "a file was renamed");
        assert!(refused(fs::remove_file(other.join("old"))), "a file was removed");
        assert!(refused(Command::new("/bin/true").status().map(drop)), "a program was run");
        assert!(std::os::unix::net::UnixStream::pair().is_ok(), "what waits for keys is woken by a pair of its own");
        assert_eq!(fs::read_to_string(other.join("old")).unwrap(), "x", "reading goes on");
        assert!(refused(std::net::UdpSocket::bind("127.0.0.1:0").map(drop)), "a socket was made");
    }

    #[test]
    fn nobody_else_is_reached() {
        if outside("linux::nobody_else_is_reached") {
            return;
        }
        // It ends with this process, which holds the other end of what it reads.
        let mut other = Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let pid = rustix::process::Pid::from_child(&other);
        rustix::thread::set_no_new_privs(true).unwrap();
        calls::restrict(calls::Work::Exports { writes: true, answers: false }).unwrap();
        let denied = Err(rustix::io::Errno::PERM);
        assert_eq!(rustix::process::kill_process(pid, rustix::process::Signal::KILL), denied);
        assert_eq!(rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).map(drop), denied);
        assert!(other.try_wait().unwrap().is_none(), "it lives");
        // What a thread does to itself goes on: a signal that is looked at, and its own limits.
        let told = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        signal_hook::flag::register(signal_hook::consts::SIGUSR1, std::sync::Arc::clone(&told)).unwrap();
        signal_hook::low_level::raise(signal_hook::consts::SIGUSR1).unwrap();
        assert!(told.load(std::sync::atomic::Ordering::Relaxed));
        assert!(rustix::process::getrlimit(rustix::process::Resource::Nofile).current.is_some());
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn a_call_by_its_x32_number_is_refused() {
        if outside("linux::a_call_by_its_x32_number_is_refused") {
            return;
        }
        // getpid; a kernel without x32 says ENOSYS, so that what refuses is told apart.
        let script =
            "import ctypes; c = ctypes.CDLL(None, use_errno=True); print(c.syscall(0x40000000 | 39), ctypes.get_errno(), c.getpid() > 0)";
        let say = || Command::new("python3").args(["-c", script]).output();
        let Ok(before) = say() else { return eprintln!("skipped: no python3 makes the call") };
        assert!(!String::from_utf8_lossy(&before.stdout).starts_with("-1 1 "), "{before:?}");
        rustix::thread::set_no_new_privs(true).unwrap();
        calls::refuse_by_number().unwrap();
        assert_eq!(String::from_utf8_lossy(&say().unwrap().stdout).trim(), format!("-1 {} True", libc::EPERM));
    }

    #[test]
    fn what_reads_packets_sends_none_and_makes_no_process() {
        use nix::errno::Errno;
        use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
        if outside("linux::what_reads_packets_sends_none_and_makes_no_process") {
            return;
        }
        let Ok(socket) = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None) else {
            return eprintln!("skipped: a packet socket takes the right to capture");
        };
        let file = fs::File::options().write(true).open("/dev/null").unwrap();
        let frame = [0u8; 60];
        // It is bound to no interface, so that nothing leaves; the call is allowed.
        assert_eq!(nix::unistd::write(&socket, &frame), Err(Errno::ENXIO));
        assert!(nix::unistd::dup(&socket).is_ok());
        rustix::thread::set_no_new_privs(true).unwrap();
        calls::restrict(calls::Work::Packets { writes: true }).unwrap();
        assert_eq!(nix::unistd::write(&socket, &frame), Err(Errno::EPERM));
        assert_eq!(nix::unistd::dup(&socket).map(drop), Err(Errno::EPERM), "to the filter it would be another one");
        assert_eq!(socket.try_clone().map(drop).map_err(|e| e.kind()), Err(std::io::ErrorKind::PermissionDenied));
        assert_eq!(nix::unistd::write(&file, &frame), Ok(60), "files are written");
        assert!(std::thread::spawn(|| true).join().unwrap(), "threads are started");
        assert!(Command::new("/bin/true").status().is_err(), "a process was made");
    }

    #[test]
    fn what_opens_ports_speaks_to_nobody() {
        if outside("linux::what_opens_ports_speaks_to_nobody") {
            return;
        }
        rustix::thread::set_no_new_privs(true).unwrap();
        calls::restrict(calls::Work::Ports).unwrap();
        let refused = |outcome: std::io::Result<()>| outcome.unwrap_err().kind() == std::io::ErrorKind::PermissionDenied;
        assert!(refused(std::net::TcpStream::connect("127.0.0.1:9").map(drop)), "a connection was tried");
        assert!(std::net::UdpSocket::bind("127.0.0.1:0").is_ok(), "a socket to ask about interfaces");
        assert!(refused(Command::new("/bin/true").status().map(drop)), "a program was run");
    }

    #[test]
    fn a_user_that_does_not_exist_is_a_mistake() {
        let error = system::give_up(Some("no-such-user-here"), &Needs::default(), None).unwrap_err();
        assert_eq!(error, "--user no-such-user-here: there is no such user");
    }
}
