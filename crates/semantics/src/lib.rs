//! What becomes of a packet in a VPC, and why.
//!
//! [`evaluate`] is the one author of truth: the kernel caches its verdicts, `explain` prints its trace. It is pure: a
//! snapshot, a packet, the interface that it leaves from and the connections that are open go in; a [`Decision`] comes
//! out, and the connections that the packet opened come back as data.

mod connection;
mod decision;
mod evaluate;
mod evidence;
mod explain;
mod map;
mod matching;
mod packet;
mod reachability;
mod routing;
mod trace;
mod walk;
mod way;

pub use connection::{ConnectionKey, Connections, Opened, Tracking};
pub use decision::{Decision, Delivery, Denial, Departure, Origin, Rewrite, Served, Verdict};
pub use evaluate::evaluate;
pub use evidence::{Evidence, Fit, PeerMismatch, RouteFit, Rows};
pub use explain::{
    Counted, Endpoint, Explanation, Flip, Flips, Line, Mark, Outcome, Question, Rendered, RenderedCall, RenderedFix, RenderedLeg, RenderedLine,
    RenderedRow, Repair, Service, Tally, Unanswerable, describe, explain, explain_from_port, meant,
};
pub use map::{Map, MapLine, Node, NodeKind, region_map, vpc_map};
pub use matching::{TrafficMismatch, matches};
pub use packet::{ECHO_REPLY, ECHO_REPLY_V6, ECHO_REQUEST, ECHO_REQUEST_V6, Packet, Quoted, Transport};
pub use reachability::analyze;
pub use routing::{Route, RouteState, Target, routes, target_state};
pub use trace::{Admission, Recorder, Step, Trace};
pub use way::{Stop, grave, way};
