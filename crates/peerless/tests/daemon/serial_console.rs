//! The EC2 serial console: who may sit at an instance's serial port, and that the network has no part in it.

use std::net::SocketAddr;

use crate::api::must;
use crate::lab::{Lab, eventually};
use crate::public::Public;
use crate::sandbox::with_packets;
use crate::terminal::{Terminal, ask};
use crate::websocket::Heard;

const DISABLED: &str =
    "Your account is not authorized to use the EC2 Serial Console. To authorize your account, run the EnableSerialConsoleAccess API.";
const IN_USE: &str = "The instance currently has 1 active serial console session. Only 1 session is supported at a time.";

/// `#cloud-config`, `password: correct-horse` and `chpasswd: {expire: false}`, in base64.
const USER_DATA: &str = "I2Nsb3VkLWNvbmZpZwpwYXNzd29yZDogY29ycmVjdC1ob3JzZQpjaHBhc3N3ZDoge2V4cGlyZTogZmFsc2V9Cg==";

fn order(instance: &str) -> String {
    format!(r#"{{"instance":"{instance}","via":"serial"}}"#)
}

/// A seat, once the daemon has noticed that the one before was left.
fn once_free(address: SocketAddr, instance: &str) -> Terminal {
    let mut seat = None;
    eventually("the port is free", || {
        let mut terminal = Terminal::open(address, &order(instance));
        let told = terminal.told();
        if told["type"] == "connected" {
            seat = Some(terminal);
        } else {
            assert_eq!(told["said"], serde_json::json!([IN_USE]));
        }
        seat.is_some()
    });
    seat.unwrap()
}

#[test]
fn the_account_must_have_enabled_it() {
    let mut lab = Lab::new("serial-model");
    lab.up(&["--model-only"]);
    let address = lab.address;
    let instance = lab.must_call("RunInstances", "ImageId=ami-12345678&MinCount=1&MaxCount=1").element("instanceId").to_owned();
    eventually("it runs", || must(address, "DescribeInstances", "").element("name") == "running");

    let (origin, json) = (format!("http://{address}"), ("Content-Type", "application/json"));
    let body = format!(r#"{{"instance":"{instance}","via":"serial","user":"root"}}"#);
    let reply = ask(address, &body, &[json, ("Origin", &origin)]);
    assert!(reply.status == 400 && reply.body.contains("asks for the user itself"), "{}", reply.body);

    let told = || Terminal::open(address, &order(&instance)).told();
    let refusal = told();
    assert_eq!(refusal["said"], serde_json::json!([DISABLED]));
    assert!(refusal["cause"].as_str().unwrap().ends_with("has not enabled it: aws ec2 enable-serial-console-access"), "{refusal}");
    lab.must_call("EnableSerialConsoleAccess", "");
    assert!(told()["cause"].as_str().unwrap().contains("carries no packets"));
    lab.must_call("StopInstances", &format!("InstanceId.1={instance}"));
    eventually("it is stopped", || told()["cause"].as_str().unwrap().ends_with("is stopped"));

    // It is remembered, even by a daemon that was killed.
    lab.kill();
    lab.up(&["--model-only"]);
    assert_eq!(lab.must_call("GetSerialConsoleAccessStatus", "").element("serialConsoleAccessEnabled"), "true");
    lab.must_call("DisableSerialConsoleAccess", "");
    assert_eq!(told()["said"], serde_json::json!([DISABLED]));
    lab.down(&[]);
}

/// The instance has no public address, and its VPC no route out; its group admits nobody.
#[test]
fn one_logs_in_by_password_without_a_network() {
    with_packets("serial_console::one_logs_in_by_password_without_a_network", || {
        let mut lab = Lab::new("serial");
        lab.up(&[]);
        let mut public = Public::launch(lab, &format!("UserData={USER_DATA}"));
        let (address, instance) = (public.lab.address, public.instance.clone());
        let done = ["run", &instance, "--", "test", "-e", "/var/lib/cloud/instance/boot-finished"];
        eventually("user data is done", || public.lab.run(&done).status.success());
        public.lab.must_call("EnableSerialConsoleAccess", "");

        let mut terminal = Terminal::open(address, &order(&instance));
        let told = terminal.told_of("connected");
        assert_eq!(told["port"], "ttyS0");
        for (password, answer) in [("wrong", "Login incorrect"), ("correct-horse", "]$ ")] {
            terminal.wait_for("login: ");
            terminal.type_in("ec2-user\r");
            terminal.wait_for("Password: ");
            terminal.type_in(&format!("{password}\r"));
            terminal.wait_for(answer);
        }
        terminal.type_in("tty; stty size\r");
        terminal.wait_for("/dev/ttyS0\r\n30 100\r\n");
        assert_eq!(Terminal::open(address, &order(&instance)).told()["said"], serde_json::json!([IN_USE]));
        terminal.socket.send_text(r#"{"type":"resize","columns":132,"rows":43}"#);
        terminal.type_in("until stty size | grep 132; do :; done\r");
        terminal.wait_for("43 132\r\n");
        terminal.socket.close();

        // The next one finds nobody logged in.
        let mut next = once_free(address, &instance);
        next.wait_for("login: ");
        let console = public.lab.must_call("GetConsoleOutput", &format!("InstanceId={instance}"));
        let decoded = public.lab.peerless(&["run", &instance, "--", "sh", "-c", &format!("echo {} | base64 -d", console.element("output"))]).output();
        let shown = String::from_utf8_lossy(&decoded.unwrap().stdout).into_owned();
        assert!(shown.contains("login: ec2-user") && !shown.contains("correct-horse"), "{shown}");

        // A daemon that is killed hangs up, and the one after it finds the port free.
        public.lab.kill();
        public.lab.up(&[]);
        let mut next = Terminal::open(address, &order(&instance));
        assert_eq!(next.told_of("connected")["port"], "ttyS0");
        next.wait_for("login: ");

        // With the instance ends the session.
        public.lab.must_call("StopInstances", &format!("InstanceId.1={instance}"));
        assert!(next.told_of("ended")["status"].is_null());
        assert_eq!(next.socket.hear(), Heard::Closed { code: 1000, reason: String::new() });
        public.lab.down(&[]);
    });
}
