//! Network namespaces of a test's own: it runs itself again inside one that ends with the process. Without root or the tools it
//! needs it says so and passes.

use std::process::{Command, Stdio};

/// Set in the process that runs inside the namespace.
const INSIDE: &str = "SPANTOP_LIVE_TEST";

/// Longest time any test may take in its namespace, in seconds.
const TEST_SECONDS: &str = "60";

/// Whether this process is the one inside. The other one starts it, waits for it and fails with it.
pub fn inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let uid = Command::new("id").arg("-u").output().map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    if uid.as_deref().unwrap_or_default() != "0" {
        eprintln!("skipped {test}: needs root");
        return false;
    }
    for tool in ["ip", "trafgen", "unshare", "timeout", "mount", "setpriv"] {
        if !Command::new("sh").args(["-c", &format!("command -v {tool}")]).stdout(Stdio::null()).status().is_ok_and(|s| s.success()) {
            eprintln!("skipped {test}: needs the program {tool}");
            return false;
        }
    }
    if !Command::new("unshare").args(["--net", "--mount", "mount", "-t", "sysfs", "sysfs", "/sys"]).status().is_ok_and(|s| s.success()) {
        eprintln!("skipped {test}: cannot make a network namespace here");
        return false;
    }
    let program = std::env::current_exe().expect("the path of this test");
    let output = Command::new("timeout")
        .args(["--kill-after=5", TEST_SECONDS, "unshare", "--net", "--mount", "sh", "-c"])
        .args(["mount -t sysfs sysfs /sys && exec \"$0\" \"$@\""])
        .arg(program)
        .args(["--exact", test, "--nocapture", "--test-threads=1", "--include-ignored"])
        .env(INSIDE, "1")
        .output()
        .expect("the test inside");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{test} failed inside its namespace:\n{out}\n{err}");
    eprint!("{err}");
    false
}

/// Whether these programs are here; the test says so and passes where they are not.
pub fn needs(test: &str, tools: &[&str]) -> bool {
    let lacking = tools.iter().find(|tool| !works(&format!("command -v {tool}")));
    if let Some(tool) = lacking {
        eprintln!("skipped {test}: needs the program {tool}");
    }
    lacking.is_none()
}

/// Whether a command works here.
pub fn works(line: &str) -> bool {
    let quiet = Command::new("sh").args(["-c", line]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// Runs a command that has to work.
pub fn run(line: &str) {
    let output = Command::new("sh").args(["-c", line]).output().expect("a shell");
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A veth pair without addresses, up unless said otherwise.
pub fn pair(a: &str, b: &str) {
    run("echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    run(&format!("ip link add name {a} type veth peer name {b} && ip link set dev {a} up && ip link set dev {b} up"));
}

/// Sends `count` frames of 60 bytes with this trafgen text after the addresses.
pub fn send(device: &str, count: u32, after_addresses: &str, payload: usize) {
    let frame = format!("{{ 2,0,0,0,0,2, 2,0,0,0,0,1, {after_addresses}, fill(0x5a, {payload}) }}");
    run(&format!("trafgen --no-cpu-stats -P 1 -q -n {count} -o {device} '{frame}' >/dev/null"));
}

/// Sends plain frames of 60 bytes.
pub fn send_plain(device: &str, count: u32) {
    send(device, count, "0x88, 0xb5", 46);
}
