//! The system calls that are refused (seccomp(2)), thread by thread: whoever takes over what reads packets runs no program, reaches no other
//! process, and opens no way out. A refused call fails with `EPERM`; nothing is killed, so that a fault is told like any other.
//!
//! Landlock knows paths and this knows calls: what both forbid holds on kernels that have only one of them.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch, apply_filter,
};
use std::collections::BTreeMap;
use std::path::Path;

/// What a thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Reads packets and everything that follows.
    Packets {
        /// Makes files.
        writes: bool,
    },
    /// Opens ports again, and sees no packet.
    Ports,
    /// Hands numbers to receivers, and sees no packet.
    Exports {
        /// Makes files.
        writes: bool,
        /// Answers who calls at a port that is open already.
        answers: bool,
    },
}

/// What no thread of this program has to do.
const NEVER: &[i64] = &[
    // Programs, and other processes' memory.
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    // Signals, and memory and messages that others have, too (System V, POSIX); `tgkill`: see below.
    libc::SYS_kill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_send_signal,
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_semget,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    // What goes around this filter, or gives the kernel programs.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_setup,
    libc::SYS_io_submit,
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_perf_event_open,
    // The machine as a whole.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_quotactl,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_open_by_handle_at,
    // Whoever waits for others to call.
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
];

#[cfg(target_arch = "x86_64")]
const NEVER_HERE: &[i64] =
    &[libc::SYS_fork, libc::SYS_vfork, libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt, libc::SYS_kexec_file_load];
#[cfg(not(target_arch = "x86_64"))]
const NEVER_HERE: &[i64] = &[];

/// What changes a file system.
const WRITING: &[i64] = &[
    libc::SYS_openat2,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_truncate,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_utimensat,
    libc::SYS_memfd_create,
    // fchmodat2, setxattrat, removexattrat: too young for every C library, and the same number on every machine.
    452,
    463,
    466,
];

#[cfg(target_arch = "x86_64")]
const WRITING_HERE: &[i64] = &[
    libc::SYS_creat,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_mknod,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
];
#[cfg(not(target_arch = "x86_64"))]
const WRITING_HERE: &[i64] = &[];

/// Kinds of sockets: the low bits of their type (`SOCK_TYPE_MASK` of linux/net.h).
const SOCKET_KIND: u64 = 0xf;

/// What sends by a descriptor, with the argument that names it.
const SENDING: &[(i64, u8)] = &[
    (libc::SYS_write, 0),
    (libc::SYS_writev, 0),
    (libc::SYS_pwrite64, 0),
    (libc::SYS_pwritev, 0),
    (libc::SYS_pwritev2, 0),
    (libc::SYS_sendto, 0),
    (libc::SYS_sendfile, 0),
    (libc::SYS_splice, 2),
    (libc::SYS_tee, 1),
    // A descriptor under another number would be another one to the filter.
    (libc::SYS_dup, 0),
    (libc::SYS_dup3, 0),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_dup2, 0),
];

/// Nobody's work here, and they hand descriptors on.
const MESSAGES: &[i64] = &[libc::SYS_sendmsg, libc::SYS_sendmmsg];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;
type Outcome<T> = Result<T, seccompiler::BackendError>;

fn when(argument: u8, compared: SeccompCmpOp, value: i32) -> Outcome<SeccompCondition> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, compared, u64::from(value.cast_unsigned()))
}

/// Refuses sockets of any other family: what asks the kernel about interfaces is all that most threads have.
fn only_families(families: &[i32]) -> Outcome<SeccompRule> {
    SeccompRule::new(families.iter().map(|&family| when(0, SeccompCmpOp::Ne, family)).collect::<Outcome<_>>()?)
}

/// Refuses the making of a file, by the argument that holds the flags.
fn no_new_file(flags: u8) -> Outcome<SeccompRule> {
    SeccompRule::new(vec![when(flags, SeccompCmpOp::MaskedEq(u64::from(libc::O_CREAT.cast_unsigned())), libc::O_CREAT)?])
}

/// The packet sockets that this process has open: it reads from them, and the system would let it write as well (packet(7)).
fn packet_sockets() -> Vec<i32> {
    let all = std::fs::read_to_string("/proc/self/net/packet").unwrap_or_default();
    // The last column is the socket's number, by which its descriptor is called too (proc(5)).
    let sockets: Vec<String> = all.lines().filter_map(|line| Some(format!("socket:[{}]", line.split_whitespace().last()?))).collect();
    let open = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let is_packet = |path: &Path| std::fs::read_link(path).is_ok_and(|name| sockets.iter().any(|socket| Path::new(socket) == name));
    open.filter(|entry| is_packet(&entry.path())).filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Lets nothing be sent by these descriptors, nor by others that are made of them.
fn only_read(rules: &mut Rules, descriptors: &[i32]) -> Outcome<()> {
    for &descriptor in descriptors {
        for &(call, argument) in SENDING {
            rules.entry(call).or_default().push(SeccompRule::new(vec![when(argument, SeccompCmpOp::Eq, descriptor)?])?);
        }
        for copies in [libc::F_DUPFD, libc::F_DUPFD_CLOEXEC] {
            let rule = SeccompRule::new(vec![when(0, SeccompCmpOp::Eq, descriptor)?, when(1, SeccompCmpOp::Eq, copies)?])?;
            rules.entry(libc::SYS_fcntl).or_default().push(rule);
        }
    }
    Ok(())
}

fn refused(work: Work) -> Outcome<Rules> {
    let answers = matches!(work, Work::Exports { answers: true, .. });
    let is_never = |call: &i64| !(answers && [libc::SYS_accept, libc::SYS_accept4].contains(call));
    let never = NEVER.iter().chain(NEVER_HERE).copied().filter(is_never);
    let mut rules: Rules = never.map(|call| (call, Vec::new())).collect();
    let sockets = match work {
        Work::Packets { .. } => vec![only_families(&[libc::AF_NETLINK])?],
        // Receivers, a name server, the system's log; nothing raw.
        Work::Exports { .. } => {
            let raw = |family| {
                SeccompRule::new(vec![when(0, SeccompCmpOp::Eq, family)?, when(1, SeccompCmpOp::MaskedEq(SOCKET_KIND), libc::SOCK_RAW)?])
            };
            vec![
                only_families(&[libc::AF_NETLINK, libc::AF_INET, libc::AF_INET6, libc::AF_UNIX])?,
                raw(libc::AF_INET)?,
                raw(libc::AF_INET6)?,
            ]
        }
        // libpcap asks for an interface's properties through any socket that it gets.
        Work::Ports => vec![
            only_families(&[libc::AF_NETLINK, libc::AF_PACKET, libc::AF_INET, libc::AF_UNIX])?,
            SeccompRule::new(vec![
                when(0, SeccompCmpOp::Eq, libc::AF_INET)?,
                when(1, SeccompCmpOp::MaskedEq(SOCKET_KIND), libc::SOCK_RAW)?,
            ])?,
            SeccompRule::new(vec![
                when(0, SeccompCmpOp::Eq, libc::AF_INET)?,
                when(1, SeccompCmpOp::MaskedEq(SOCKET_KIND), libc::SOCK_STREAM)?,
            ])?,
        ],
    };
    rules.insert(libc::SYS_socket, sockets);
    // Threads are made, no processes (clone(2): the flags are the first argument); the newer call's flags cannot be seen: see `refuse_by_number`.
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![when(0, SeccompCmpOp::MaskedEq(libc::CLONE_THREAD as u64), 0)?])?]);
    if matches!(work, Work::Packets { .. }) {
        rules.extend(MESSAGES.iter().map(|&call| (call, Vec::new())));
        only_read(&mut rules, &packet_sockets())?;
    }
    // Its own threads it stops and ends (raise(3), abort(3)), nobody else's; limits are its own, too.
    let own = i32::try_from(std::process::id()).unwrap_or(0);
    rules.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![when(0, SeccompCmpOp::Ne, own)?])?]);
    rules.insert(libc::SYS_prlimit64, vec![SeccompRule::new(vec![when(0, SeccompCmpOp::Ne, 0)?])?]);
    // With musl raise(3) is this call, which does not say whose thread it is.
    if !cfg!(target_env = "musl") {
        rules.insert(libc::SYS_tkill, Vec::new());
    }
    // Two ends in this program, by which signals wake what waits for keys: they reach nobody else.
    rules.insert(libc::SYS_socketpair, vec![only_families(&[libc::AF_UNIX])?]);
    if !matches!(work, Work::Packets { writes: true } | Work::Exports { writes: true, .. }) {
        rules.extend(WRITING.iter().chain(WRITING_HERE).map(|&call| (call, Vec::new())));
        rules.insert(libc::SYS_openat, vec![no_new_file(2)?]);
        #[cfg(target_arch = "x86_64")]
        rules.insert(libc::SYS_open, vec![no_new_file(1)?]);
    }
    Ok(rules)
}

/// Refuses what the rules cannot look into: the younger call that makes threads and processes, whose flags lie in memory (the C library makes its
/// threads by the older one where there is none), and every call by its number of the x32 ABI, which kernels of this machine may have besides: to the
/// filter those would be other calls.
///
/// # Errors
/// As [`restrict`].
pub fn refuse_by_number() -> Result<(), String> {
    /// `__X32_SYSCALL_BIT` of asm/unistd.h.
    const X32: u32 = 0x4000_0000;
    let step = |code: u32, jt, jf, k| seccompiler::sock_filter { code: code as u16, jt, jf, k };
    let refuse = |errno: i32| step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | errno.cast_unsigned());
    let is = |how, number, skipped| step(libc::BPF_JMP | how | libc::BPF_K, 0, skipped, number);
    // The number is the first word of what a filter is shown (struct seccomp_data).
    let mut program: BpfProgram = vec![step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0)];
    program.extend([is(libc::BPF_JEQ, libc::SYS_clone3 as u32, 1), refuse(libc::ENOSYS)]);
    if cfg!(target_arch = "x86_64") {
        program.extend([is(libc::BPF_JGE, X32, 1), refuse(libc::EPERM)]);
    }
    program.push(step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW));
    apply_filter(&program).map_err(|e| e.to_string())
}

/// Refuses the calling thread, and those it starts from now on, what their work does not need. It wants `no_new_privs`.
///
/// # Errors
/// The kernel has no seccomp, or the filter is not known for this machine; in words.
pub fn restrict(work: Work) -> Result<(), String> {
    let machine = TargetArch::try_from(std::env::consts::ARCH).map_err(|_| "not known for this machine".to_owned())?;
    let denied = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let filter = refused(work).and_then(|rules| SeccompFilter::new(rules, SeccompAction::Allow, denied, machine));
    let program: BpfProgram = filter.and_then(BpfProgram::try_from).map_err(|e| e.to_string())?;
    refuse_by_number()?;
    apply_filter(&program).map_err(|e| e.to_string())
}
