//! The programs that are compared, each on a port of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use model::{Draft, NetworkAcl, RouteTable, SecurityGroup, Vpc};
use scenario::{Statement, World};
use store::{SqliteStore, Store};

use super::client::Client;

/// A program that answers EC2's API.
#[derive(Clone, Debug)]
pub struct Kind {
    pub name: &'static str,
    program: PathBuf,
    arguments: fn(port: &str, folder: &str) -> Vec<String>,
}

impl Kind {
    /// Ours first, then moto, if it is here.
    pub fn all() -> Vec<Kind> {
        let mut kinds = vec![Kind {
            name: "peerless",
            program: env!("CARGO_BIN_EXE_peerless").into(),
            arguments: |port, folder| {
                let listen = format!("127.0.0.1:{port}");
                ["up", "--model-only", "--name", "bench", "--listen", &listen, "--state", folder].map(str::to_owned).to_vec()
            },
        }];
        match std::env::var_os("PEERLESS_BENCH_MOTO") {
            Some(program) => kinds.push(Kind {
                name: "moto",
                program: program.into(),
                arguments: |port, _| ["-H", "127.0.0.1", "-p", port].map(str::to_owned).to_vec(),
            }),
            None => println!("moto is not compared: PEERLESS_BENCH_MOTO does not say where its server is"),
        }
        kinds
    }

    fn is_ours(&self) -> bool {
        self.name == "peerless"
    }
}

/// One that runs, in a folder of its own. Its end is the end of the program.
pub struct Server {
    pub kind: Kind,
    address: SocketAddr,
    folder: PathBuf,
    child: Child,
}

impl Server {
    /// Starts it, with that many VPCs of the account whose client is number 0, and waits until it answers.
    pub fn start(kind: &Kind, vpcs: usize) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let folder = std::env::temp_dir().join(format!("peerless-bench-{}-{}", std::process::id(), address.port()));
        std::fs::create_dir_all(&folder).unwrap();
        if kind.is_ours() && vpcs > 0 {
            fill(&folder.join("state"), vpcs);
        }
        let arguments = (kind.arguments)(&address.port().to_string(), &folder.join("state").display().to_string());
        let mut command = Command::new(&kind.program);
        command.args(arguments).env("PEERLESS_RUNTIME_DIR", folder.join("run")).env("PEERLESS_LOG", "warn").current_dir(&folder);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.unwrap_or_else(|error| panic!("{}: {error}", kind.program.display()));
        let server = Self { kind: kind.clone(), address, folder, child };
        let deadline = Instant::now() + Duration::from_secs(60);
        while !matches!(server.client(0).try_call("DescribeRegions", ""), Ok((200, _))) {
            assert!(Instant::now() < deadline, "{} never answers", kind.name);
            thread::sleep(Duration::from_millis(1));
        }
        if !kind.is_ours() {
            let mut client = server.client(0);
            for number in 0..vpcs {
                client.call("CreateVpc", &format!("CidrBlock=10.{}.0.0/16", number % 256));
            }
        }
        server
    }

    /// A client; each number has an account of its own.
    pub fn client(&self, number: usize) -> Client {
        Client::new(self.address, &format!("{number:012}"))
    }

    /// Its resident memory in megabytes.
    pub fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A state folder with VPCs, more than an account may make.
fn fill(folder: &std::path::Path, vpcs: usize) {
    let mut world = World::default();
    for number in 0..vpcs {
        let statement: Statement = format!("vpc number-{number} 10.{}.0.0/16", number % 256).parse().unwrap();
        world.apply(&statement).unwrap();
    }
    let mut store = SqliteStore::open(folder).unwrap();
    let mut draft = Draft::new(&store.load().unwrap());
    let snapshot = world.snapshot();
    snapshot.all::<Vpc>().for_each(|vpc| draft.put(vpc.clone()));
    snapshot.all::<RouteTable>().for_each(|table| draft.put(table.clone()));
    snapshot.all::<NetworkAcl>().for_each(|acl| draft.put(acl.clone()));
    snapshot.all::<SecurityGroup>().for_each(|group| draft.put(group.clone()));
    let (_, change) = draft.finish();
    store.commit(&change).unwrap();
}
