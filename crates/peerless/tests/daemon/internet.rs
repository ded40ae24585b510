//! From the simulated internet, and over a stop.

use crate::public::Public;
use crate::sandbox::with_packets;

#[test]
fn strangers_knock_and_a_stopped_instance_comes_back() {
    with_packets("internet::strangers_knock_and_a_stopped_instance_comes_back", || {
        let mut public = Public::new("internet");
        public.route_out(&public.main_table);
        let (lab, id) = (&public.lab, public.instance.clone());

        let nobody = lab.run(&["probe", "instance-connect", &id, "--tcp", "22"]);
        assert_eq!(nobody.status.code(), Some(1));
        assert!(String::from_utf8(nobody.stdout).unwrap().contains("has no public IPv4 address"));

        public.give_address();
        public.ssh_rule("Authorize", "18.206.107.24/29");
        let silence = lab.run(&["probe", "laptop", &id, "--tcp", "22"]);
        assert_eq!(silence.status.code(), Some(1));
        let why = String::from_utf8(silence.stdout).unwrap();
        assert!(why.contains("the rule for TCP 22 from 18.206.107.24/29 does not mean 203.0.113.10"), "{why}");
        assert!(lab.must(&["probe", "instance-connect", &id, "--tcp", "22"]).contains("answered"));

        lab.must(&["run", &id, "--", "sh", "-c", "echo kept > ~/note"]);
        lab.must_call("StopInstances", &format!("InstanceId.1={id}"));
        public.wait_for("stopped");
        assert_eq!(lab.run(&["run", &id, "--", "true"]).status.code(), Some(3));
        lab.must_call("StartInstances", &format!("InstanceId.1={id}"));
        public.wait_for("running");
        assert_eq!(lab.must(&["run", &id, "--", "sh", "-c", "cat ~/note"]), "kept\n");
        assert!(lab.must(&["probe", "instance-connect", &id, "--tcp", "22"]).contains("answered"));
        public.lab.down(&[]);
    });
}
