//! Words of the trade: times, addresses, link types, protocol paths, units and limits.
//!
//! The lowest floor: `std` only, no I/O and no threads. Everything else may use it; it uses nothing of the crate.

pub mod address;
pub mod app;
pub mod control;
pub mod estimate;
pub mod fast_headers;
pub mod finding;
pub mod flow;
pub mod flow_record;
pub mod frame;
pub mod host;
pub mod index;
pub mod limits;
pub mod link;
pub mod memory;
pub mod mirror;
pub mod mix;
pub mod numbers;
pub mod path;
pub mod port;
pub mod proto;
pub mod quote;
pub mod source;
pub mod stamp;
pub mod tcp;
pub mod tcp_options;
pub mod text;
pub mod time;
pub mod traffic;
pub mod trust;
pub mod units;
pub mod vlan;

pub use address::{Address, Mac};
pub use app::{AppId, AppSlot, AppStage};
pub use control::{ArpBlocks, Control, ControlFrame};
pub use estimate::{Estimate, wilson};
pub use fast_headers::FastHeaders;
pub use finding::{Finding, Severity, Value};
pub use flow::{Direction, FlowKey};
pub use flow_record::{CloseReason, FlowBatch, FlowRecord, TcpSummary};
pub use frame::{Cast, Frame, Segment, Stop};
pub use host::HostFacts;
pub use link::LinkType;
pub use mirror::{Carrier, Decap, MirrorTag, Purpose, RspanChoice, Sampling, Session, Side, Tunnel, TunnelKind};
pub use path::Path;
pub use port::Port;
pub use proto::Proto;
pub use quote::QuotedFlow;
pub use source::SourceInfo;
pub use stamp::{Stamp, StampChoice, StampKind, StampPort, Stamps};
pub use tcp_options::{SackBlocks, TcpOption, TcpOptions};
pub use time::Timestamp;
pub use traffic::Traffic;
pub use trust::{Trust, TrustPart};
pub use vlan::VlanStack;
