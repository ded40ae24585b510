//! EC2 Instance Connect Endpoints: interfaces without a guest, from which the daemon connects.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use crate::lab::{Lab, apply, is_root};

const WORLD: &str = "
    vpc blue 10.1.0.0/16
    subnet blue/a 10.1.0.0/24
    subnet blue/doors 10.1.1.0/24
    group blue/door
    instance blue/a/1 10.1.0.10
    endpoint blue/doors/1 group blue/door
    allow blue/default ingress tcp 22 group blue/door
";

/// Whether the endpoint gets a connection, from its own address.
fn connects(lab: &Lab, listener: &TcpListener) -> bool {
    let own = lab.world.address("blue/doors/1").unwrap();
    let target = (lab.world.address("blue/a/1").unwrap(), 22).into();
    let connected = lab.guest("blue/doors/1").run(|| TcpStream::connect_timeout(&target, Duration::from_secs(2))).is_ok();
    connected && listener.accept().unwrap().1.ip() == own
}

fn namespaces(lab: &Lab) -> usize {
    std::fs::read_dir(lab.config.runtime_dir.join("endpoints")).unwrap().count()
}

#[test]
fn an_endpoint_outlives_the_daemon_and_ends_with_its_deletion() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.change(WORLD);
    let listener = lab.guest("blue/a/1").run(|| TcpListener::bind("0.0.0.0:22").unwrap());
    assert!(connects(&lab, &listener));

    lab.restart();
    lab.settle().unwrap();
    assert!(connects(&lab, &listener), "after a restart");

    lab.change("revoke blue/door egress all 0.0.0.0/0");
    assert!(!connects(&lab, &listener), "its group lets nothing out");
    lab.change("allow blue/door egress tcp 22 10.1.0.0/16");
    assert!(connects(&lab, &listener));

    assert_eq!(namespaces(&lab), 1);
    apply(&mut lab.world, "close blue/doors/1");
    lab.restart();
    assert_eq!(namespaces(&lab), 0, "one that was deleted in between is not taken over");
    lab.change("endpoint blue/doors/2 group blue/door");
    assert_eq!(namespaces(&lab), 1);
    lab.change("close blue/doors/2");
    assert_eq!(namespaces(&lab), 0);
}
