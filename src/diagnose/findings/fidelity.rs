//! Packets that are not as they were on the wire: cut, merged, damaged, without checksum.

use super::{lacking, present_if};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Limit, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Part, Tuned};
use crate::diagnose::vendor::VendorTopic;
use crate::model::evidence::{SizeEvidence, Threshold, share};
use crate::model::units::{grouped, percent};
use crate::model::{Aspect, Location, Severity, Subject, Value};

/// Packets before a share of one percent says anything.
static PACKETS: Threshold = Threshold::count(100.0);

/// The share of packets that are not as they were above which it is told.
static PART: Limit = Limit::new(0.01);

/// The same of damaged ones, and how many they are at least.
static CORRUPT: Limit = Limit::new(0.001);
static WRONG: Threshold = Threshold::count(5.0);

/// Checksums before a share of one percent, or of a thousandth, says anything.
static SUMS: Threshold = Threshold::count(50.0);
static MANY_SUMS: Threshold = Threshold::count(1_000.0);

/// Cut by the mirror.
pub struct Trunc;

/// Cut by the capture.
pub struct TruncCapture;

/// Merged by this host.
pub struct HostGro;

/// Sent as superframes by their source.
pub struct SrcTso;

/// Checksums left to the hardware.
pub struct HostTxcsum;

/// Checksums wrong.
pub struct CsumBad;

/// Frames the mirror reports as damaged.
pub struct FramesErrors;

impl Detector for Trunc {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "trunc",
            aspect: Some(Aspect::Fidelity),
            meaning: "Packets are cut before they reach the capture. Loads are right (they follow the IP length), but what is \
                      inside the packets can be read in part only.",
            measured: "IP packets whose own length exceeds the frame that carries them although the capture took the \
                       whole frame. Raised above {limit} of at least {packets} packets, cleared below {clear}.",
            cause: "The mirror session truncates, or copies are cut to the MTU of their way.",
            lookalikes: "Damaged packets with a wrong length; a capture file that was shortened without keeping original lengths.",
            remedy: "Turn truncation off in the session, or raise the MTU on the way of the copies.",
            topic: Some(VendorTopic::Whole),
            figures: &[("limit", Tuned(&PART.raise)), ("clear", Part(&PART.raise, Limit::CLEAR)), ("packets", Tuned(&PACKETS))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let sizes = &e.sizes;
        shortened(sizes, sizes.cut_by_mirror, standing, |cut| {
            let mut evidence =
                vec![("share", Value::Share(cut)), ("cut", Value::Count(sizes.cut_by_mirror)), ("packets", Value::Count(sizes.packets))];
            let mut at = String::new();
            if let Some((length, spike)) = sizes.cut_length.filter(|c| c.1 > 0.2) {
                at = format!(" to {length} bytes");
                evidence.push(("length", Value::Bytes(length.into())));
                evidence.push(("of_this_length", Value::Share(spike)));
            }
            Report::new(Severity::Warning, format!("The mirror cuts {} of the packets{at}", percent(cut)), evidence)
                .proved_by(&e.sizes.cut_by_mirror_proof)
        })
    }
}

impl Detector for TruncCapture {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "trunc.capture",
            aspect: Some(Aspect::Fidelity),
            meaning: "The capture kept only the beginning of packets. Loads are right, what is inside can be read in part only.",
            measured: "IP packets of which fewer bytes were captured than were on the wire. Raised above {limit} of at \
                       least {packets} packets, cleared below {clear}.",
            cause: "A snapshot length was set, here or by the program that wrote the file.",
            lookalikes: "None: the capture itself says so.",
            remedy: "Capture with a larger snapshot length if the contents matter; for load and health it is enough.",
            topic: None,
            figures: &[("limit", Tuned(&PART.raise)), ("clear", Part(&PART.raise, Limit::CLEAR)), ("packets", Tuned(&PACKETS))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let sizes = &e.sizes;
        shortened(sizes, sizes.cut_by_capture, standing, |cut| {
            let evidence = vec![("share", Value::Share(cut)), ("cut", Value::Count(sizes.cut_by_capture))];
            Report::new(Severity::Note, format!("The capture kept only the beginning of {} of the packets", percent(cut)), evidence)
                .proved_by(&e.sizes.cut_by_capture_proof)
        })
    }
}

/// Reports packets of which so many are not whole, by their share, where that is over the limit.
fn shortened(sizes: &SizeEvidence, cut: u64, standing: StandingFindings<'_>, report: impl FnOnce(f64) -> Report) -> Detection {
    if sizes.packets < PACKETS.number() {
        return lacking(sizes.packets, PACKETS.number(), "IP packets");
    }
    let cut = share(cut, sizes.packets);
    present_if(PART.exceeded(cut, standing.at_all()), || report(cut))
}

/// Superframes: the share of segments that are several in one, when it is above one percent or frames are impossible.
fn merged(e: &Evidence, active: bool) -> Option<Report> {
    let sizes = &e.sizes;
    let found = sizes.segments >= PACKETS.number() && PART.exceeded(sizes.merged(), active) || sizes.impossible >= PACKETS.number();
    found.then(|| {
        let evidence = vec![
            ("share", Value::Share(sizes.merged())),
            ("larger_than_allowed", Value::Count(sizes.above_mss)),
            ("segments", Value::Count(sizes.segments)),
            ("impossible_frames", Value::Count(sizes.impossible)),
            ("largest", Value::Bytes(sizes.largest.into())),
        ];
        let title = format!("Packets larger than the wire carries: several in one, up to {} bytes", grouped(sizes.largest.into()));
        Report::new(Severity::Warning, title, evidence)
    })
}

impl Detector for HostGro {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "host.gro",
            aspect: Some(Aspect::Fidelity),
            meaning: "The capturing host merges packets before they are captured. Bytes are about right, packet counts and rates are \
                      too low, and small bursts and times between packets mean nothing.",
            measured: "TCP segments larger than the size agreed in their handshake: above {limit} of at least \
                       {packets}, cleared below {clear}; or at least {packets} frames beyond any Ethernet. On a live \
                       port also a note when the offload is merely on.",
            cause: "Generic or large receive offload is on at the capturing interface.",
            lookalikes: "A virtual switch that mirrors before segmentation (src.tso), when the capturing host is not known.",
            remedy: "`ethtool -K IF gro off lro off` (and on the physical interface below, when this one is virtual).",
            topic: None,
            figures: &[("limit", Tuned(&PART.raise)), ("clear", Part(&PART.raise, Limit::CLEAR)), ("packets", Tuned(&PACKETS))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        if e.host.receive_offload == Some(false) {
            return Detection::Clear;
        }
        if let Some(report) = merged(e, active) {
            return Detection::from(report.mend(super::host::remedy(e, self.page())));
        }
        if e.live && e.host.receive_offload == Some(true) {
            let evidence = vec![("interface", Value::Text(e.host.interface.clone())), ("merged", Value::Count(e.sizes.above_mss))];
            let report = Report::new(Severity::Note, "This host may merge packets: receive offload is on", evidence);
            return Detection::from(report.mend(super::host::remedy(e, self.page())));
        }
        if e.sizes.segments < PACKETS.number() {
            lacking(e.sizes.segments, PACKETS.number(), "segments of known size")
        } else {
            Detection::Clear
        }
    }
}

impl Detector for SrcTso {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "src.tso",
            aspect: Some(Aspect::Fidelity),
            meaning: "Packets are mirrored before their sender's hardware divides them. Bytes are about right, packet counts and \
                      rates are too low.",
            measured: "As host.gro, on a live port whose receive offloads are off, so that it cannot be this host.",
            cause: "A virtual switch or the sending host itself mirrors what its network card would have segmented.",
            lookalikes: "A network card that merges regardless of its settings.",
            remedy: "Mirror on the physical switch instead of the virtual one, or switch segmentation offload off in the guests \
                     (`ethtool -K IF tso off gso off`).",
            topic: None,
            figures: &[],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        match e.host.receive_offload {
            Some(false) => merged(e, active).map_or(Detection::Clear, Detection::from),
            Some(true) => Detection::Clear,
            None => Detection::Unknown("not known whether the capturing host joined segments (GRO, LRO)".into()),
        }
    }
}

impl Detector for HostTxcsum {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "host.txcsum",
            aspect: Some(Aspect::Fidelity),
            meaning: "Packets have no checksum yet: they were copied before their sender's network card filled it in. They are \
                      counted as good here; other tools may discard them.",
            measured: "Checksums of a sample of whole TCP and UDP packets (a bounded number a second) that equal the \
                       sum of the pseudo header alone or, in TCP, are zero. Raised above {limit} of at least {sums}, \
                       cleared below {clear}.",
            cause: "The copy was taken on the sending host or its virtual switch.",
            lookalikes: "None: damage does not leave exactly the pseudo header's sum.",
            remedy: "Nothing for this program. For others: `ethtool -K IF tx off` on the sender, or let them ignore checksums.",
            topic: None,
            figures: &[("limit", Tuned(&PART.raise)), ("clear", Part(&PART.raise, Limit::CLEAR)), ("sums", Tuned(&SUMS))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Whole]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let sums = &e.checksums;
        if sums.all() < SUMS.number() {
            return lacking(sums.all(), SUMS.number(), "checksums");
        }
        let partial = share(sums.partial, sums.all());
        present_if(PART.exceeded(partial, active), || {
            let evidence = vec![("share", Value::Share(partial)), ("partial", Value::Count(sums.partial)), ("n", Value::Count(sums.all()))];
            Report::new(
                Severity::Note,
                format!("{} of the packets were copied before their checksum was filled in", percent(partial)),
                evidence,
            )
            .proved_by(&e.checksums.partial_proof)
        })
    }
}

impl Detector for CsumBad {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "csum.bad",
            aspect: Some(Aspect::Fidelity),
            meaning: "Packets are damaged: their checksum is wrong.",
            measured: "Wrong checksums in a sample of whole TCP and UDP packets, other than those left to the hardware. \
                       Raised above {limit} of at least {sums}, with at least {least}.",
            cause: "A bad cable, transceiver, memory or middlebox. Switches drop frames damaged on a cable, so it happened inside a \
                    device, or after the copy was made.",
            lookalikes: "Offloads that leave an odd value in the field; address translation that forgets the checksum.",
            remedy: "Find the common device: compare by VLAN, MAC address and conversation; check error counters of the ports.",
            topic: None,
            figures: &[("limit", Tuned(&CORRUPT.raise)), ("sums", Tuned(&MANY_SUMS)), ("least", Tuned(&WRONG))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Whole, Need::Unmerged]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let sums = &e.checksums;
        if sums.all() < MANY_SUMS.number() {
            return lacking(sums.all(), MANY_SUMS.number(), "checksums");
        }
        let wrong = share(sums.wrong, sums.all());
        present_if(sums.wrong >= WRONG.number() && CORRUPT.exceeded(wrong, active), || {
            let evidence = vec![("share", Value::Share(wrong)), ("wrong", Value::Count(sums.wrong)), ("n", Value::Count(sums.all()))];
            Report::new(Severity::Warning, format!("{} of the packets have a wrong checksum", percent(wrong)), evidence)
                .proved_by(&e.checksums.wrong_proof)
        })
    }
}

impl Detector for FramesErrors {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "frames.errors",
            aspect: Some(Aspect::Fidelity),
            meaning: "The mirroring device reports that frames reached it damaged, too short or too long.",
            measured: "Error bits of ERSPAN III and TZSP. Most mirrors never show such frames, so their absence proves nothing.",
            cause: "A bad cable or transceiver, or a duplex mismatch, on a mirrored port.",
            lookalikes: "A device that fills the bits with other values.",
            remedy: "Check error counters, cable, transceiver and duplex of the mirrored ports.",
            topic: None,
            figures: &[],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let all = e.sizes.errors;
        let damaged = |n: u64, packets: u64| {
            let evidence = vec![("frames", Value::Count(n)), ("share", Value::Share(share(n, packets.max(n))))];
            Report::new(Severity::Warning, format!("The switch received {} damaged frames", grouped(n)), evidence)
                .located(Location::BeforeMirror, None)
        };
        // By session where they are known: the ports of one device are looked at, not those of all.
        let sessions = e.loss.by_session.iter().filter(|s| s.errors > 0);
        let own: Vec<Report> =
            sessions.map(|s| damaged(s.errors, s.packets).about(Subject::Session(s.tunnel)).held(e.of_file(&[s.span]))).collect();
        if own.is_empty() { present_if(all > 0, || damaged(all, e.packets)) } else { Detection::Present(own) }
    }
}
