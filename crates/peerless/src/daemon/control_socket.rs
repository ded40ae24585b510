//! The daemon's end of the control socket.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use ec2::NewImage;
use instance::images::Images;
use model::{Draft, Image, ImageId, Instance, Scope, Snapshot, Vpc};
use semantics::{Question, explain, region_map, vpc_map};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Notify, RwLock, oneshot};

use super::captures::{Bounds, Captures};
use super::control_loop::{Event, Published};
use super::edge::NO_PACKETS;
use super::flow_watch::FlowWatch;
use super::guests::chain;
use super::instance_connect::{self, Failure, InstanceConnect, Session, Wish, relay};
use super::live_flows::LiveFlows;
use super::prober::Prober;
use super::world::random;
use crate::control::{Connected, Explanation, Registration, Request, Response, Service, Status};
use crate::map::Map;
use crate::resolve;

/// The longest request.
const LONGEST_REQUEST: u64 = 64 * 1024;

/// The longest wait for an instance to answer, in seconds.
const LONGEST_PATIENCE: u64 = 300;

/// What the socket can speak about.
pub struct Desk {
    /// The state.
    pub published: Published,
    /// What does not change while the daemon runs.
    pub facts: Status,
    /// Where the writer hears what is to change.
    pub events: Sender<Event>,
    /// What goes on.
    pub live: LiveFlows,
    /// The same, for those who watch.
    pub flows: Arc<FlowWatch>,
    /// What sends packets to see what becomes of them.
    pub prober: Arc<Prober>,
    /// What captures packets.
    pub captures: Arc<Captures>,
    /// What opens sessions in instances.
    pub instance_connect: Arc<InstanceConnect>,
    /// Told when the daemon is asked to go.
    pub leave: Arc<Notify>,
    /// Becomes true when nothing is left on the host.
    pub left: tokio::sync::watch::Receiver<bool>,
    /// Read-locked by whoever asked the daemon to go and has no answer yet.
    pub unanswered: Arc<RwLock<()>>,
}

/// Opens the socket, for its owner alone.
pub fn bind(path: &Path) -> std::io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // The folder is closed to others, so that nobody gets in between the two steps.
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers until the process ends.
pub async fn serve(listener: UnixListener, desk: Arc<Desk>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let desk = Arc::clone(&desk);
                tokio::spawn(async move {
                    if let Err(error) = converse(stream, &desk).await {
                        tracing::debug!(%error, "a conversation on the control socket broke off");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the control socket");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse(stream: UnixStream, desk: &Desk) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(reader.take(LONGEST_REQUEST));
    reader.read_line(&mut line).await?;
    let response = match serde_json::from_str(&line) {
        Ok(Request::Connect { word, via, user, command, terminal, patience }) => {
            let wish = |login: &str| Wish {
                via,
                user: user.unwrap_or_else(|| login.to_owned()),
                command,
                terminal,
                patience: Duration::from_secs(patience.min(LONGEST_PATIENCE)),
            };
            match connect(desk, &word, wish).await {
                Ok((session, connected)) => {
                    say(&mut writer, &Response::Connected(connected)).await?;
                    // From here on it is a conversation, of any length.
                    reader.get_mut().set_limit(u64::MAX);
                    return relay(session, &mut reader, &mut writer).await;
                }
                Err(response) => response,
            }
        }
        Ok(Request::Down) => {
            let _unanswered = desk.unanswered.read().await;
            desk.leave.notify_one();
            // The sender lives until the process ends.
            let _ = desk.left.clone().wait_for(|&left| left).await;
            say(&mut writer, &Response::Down).await?;
            // The kernel closes it with the process, so that whoever asked can wait for that, too.
            std::mem::forget((reader, writer));
            return Ok(());
        }
        Ok(Request::RegisterImage(registration)) => match register(desk, registration).await {
            Ok(id) => Response::Registered { id: id.to_string() },
            Err(message) => Response::Failed { message },
        },
        Ok(Request::Flows(wanted)) => match desk.flows.flows(&wanted).await {
            Some(flows) => Response::Flows(flows),
            None => Response::Failed { message: NO_PACKETS.to_owned() },
        },
        Ok(Request::Capture { word, packets, seconds, snapshot_length }) => {
            let time = seconds.map_or(Duration::MAX, Duration::from_secs);
            let bounds = Bounds { packets: packets.unwrap_or(u64::MAX), time, snapshot_length };
            match desk.captures.begin(&word, bounds) {
                Ok(mut begun) => {
                    say(&mut writer, &Response::Capturing { interface: begun.interface.to_string() }).await?;
                    // Who goes away is noticed at the next piece; a capture without packets has none, so it is watched for.
                    loop {
                        tokio::select! {
                            piece = begun.pieces.recv() => match piece {
                                Some(piece) => writer.write_all(&piece).await?,
                                None => return Ok(()),
                            },
                            () = gone(&mut reader) => return Ok(()),
                        }
                    }
                }
                Err(message) => Response::Unclear { message },
            }
        }
        Ok(Request::Probe(question)) => match desk.prober.probe(&question).await {
            Ok(probed) => Response::Probed(Box::new(probed)),
            Err(message) => Response::Unclear { message },
        },
        Ok(Request::Explain { from, to, service, flips }) => explanation(&desk.published, &desk.live, Asked { from, to, service, flips }).await,
        Ok(request) => answer(desk, &request),
        Err(error) => Response::Failed { message: error.to_string() },
    };
    say(&mut writer, &response).await
}

/// Returns when the other side has closed; what it says until then is not listened to.
async fn gone(reader: &mut (impl AsyncReadExt + Unpin)) {
    let mut ignored = [0; 64];
    while !matches!(reader.read(&mut ignored).await, Ok(0) | Err(_)) {}
}

async fn say(writer: &mut (impl AsyncWrite + Unpin), response: &Response) -> std::io::Result<()> {
    let mut line = serde_json::to_string(response)?;
    line.push('\n');
    writer.write_all(line.as_bytes()).await
}

/// Makes of what was imported an image: its files first, so that nobody meets one without.
async fn register(desk: &Desk, registration: Registration) -> Result<ImageId, String> {
    let Registration { folder, name, description, login, account, region } = registration;
    let account = account.parse().map_err(|_| format!("'{account}' is not an account: twelve digits"))?;
    let region = region.parse().map_err(|_| format!("'{region}' is not a region"))?;
    instance::check_login(&login).map_err(|error| error.to_string())?;
    let draft = Draft::new(&desk.published.load());
    let id = std::iter::repeat_with(|| ec2::image_id(&draft, random())).flatten().next().ok_or("there is no id left")?;
    let images = Images::of(&desk.facts.state);
    let keep = move |images: &Images| images.keep(&folder, &id.to_string());
    let kept = tokio::task::spawn_blocking(move || keep(&images).map(|()| images).map_err(|error| chain(&error)));
    let images = kept.await.map_err(|error| error.to_string())??;
    let (asker, answer) = oneshot::channel();
    let image = NewImage { scope: Scope { account, region }, name, description, login };
    // A loop that is gone has said why, and answers nothing.
    let _ = desk.events.send(Event::Image(image, id, asker));
    let registered = answer.await.unwrap_or_else(|_| Err("the daemon is stopping".to_owned()));
    if registered.is_err()
        && let Err(error) = images.remove(&id.to_string())
    {
        tracing::warn!(error = chain(&error), "an image that was refused could not be removed");
    }
    registered.map(|()| id)
}

/// A session in the instance that is meant, or the answer that there is none.
async fn connect(desk: &Desk, word: &str, wish: impl FnOnce(&str) -> Wish) -> Result<(Session, Connected), Response> {
    let instance = resolve::instance(&desk.published.load(), word).cloned();
    let instance = instance.map_err(|unclear| Response::Unclear { message: unclear.to_string() })?;
    let wish = wish(Image::login_of(&desk.published.load(), &instance));
    let via = wish.via;
    let opened = desk.instance_connect.open(instance.id, &wish).await;
    let snapshot = desk.published.load_full();
    // Its groups may be others by now, and it may be gone.
    let instance = snapshot.get(instance.id).cloned().unwrap_or(instance);
    match opened {
        Ok((session, route)) => {
            let note = instance_connect::note(&snapshot, &instance, via);
            Ok((session, Connected { from: route.from.into(), to: route.to.into(), note }))
        }
        Err(Failure::Unavailable(message)) => Err(Response::Failed { message }),
        Err(failure) => Err(Response::NotConnected(desk.instance_connect.why(&instance, via, failure).await)),
    }
}

fn answer(desk: &Desk, request: &Request) -> Response {
    let snapshot = desk.published.load();
    match request {
        Request::Status => Response::Status(status(&desk.facts, &snapshot, &desk.instance_connect, &desk.flows)),
        Request::Instance { word } => match resolve::instance(&snapshot, word) {
            Ok(instance) => facts_of(&snapshot, instance),
            Err(unclear) => Response::Unclear { message: unclear.to_string() },
        },
        Request::Map { vpc } => match maps(&snapshot, vpc.as_deref()) {
            Ok(maps) => Response::Maps(maps),
            Err(unclear) => Response::Unclear { message: unclear.to_string() },
        },
        Request::Explain { .. }
        | Request::Connect { .. }
        | Request::RegisterImage(_)
        | Request::Flows(_)
        | Request::Probe(_)
        | Request::Capture { .. }
        | Request::Down => {
            unreachable!("they are more than a question")
        }
    }
}

fn facts_of(snapshot: &Snapshot, instance: &Instance) -> Response {
    match instance.interfaces.first() {
        Some(&primary) => {
            let interface = snapshot.resolve(primary);
            Response::Instance {
                id: instance.id.to_string(),
                login: Image::login_of(snapshot, instance).to_owned(),
                address: interface.private_ip.into(),
                public: interface.public_ip().map(Into::into),
                region: instance.scope.region.to_string(),
            }
        }
        None => Response::Failed { message: format!("{} is {}", instance.id, instance.state) },
    }
}

/// The map of that VPC; without one, of each account's Regions.
fn maps(snapshot: &Snapshot, vpc: Option<&str>) -> Result<Vec<Map>, resolve::Unclear> {
    if let Some(word) = vpc {
        let vpc = resolve::vpc(snapshot, word)?;
        return Ok(vec![Map::new(vpc.id.to_string(), vpc_map(snapshot, vpc))]);
    }
    let scopes: BTreeSet<Scope> = snapshot.all::<Vpc>().map(|vpc| vpc.scope).collect();
    Ok(scopes.into_iter().map(|scope| Map::new(format!("{} {}", scope.account, scope.region), region_map(snapshot, scope))).collect())
}

/// The facts as they are now.
pub fn status(facts: &Status, snapshot: &Snapshot, sessions: &InstanceConnect, flows: &FlowWatch) -> Status {
    let (generation, vpcs) = (snapshot.generation(), resolve::count::<Vpc>(snapshot));
    let mut status = Status { generation, vpcs, sessions: sessions.open_now(), watchers: flows.watchers(), ..facts.clone() };
    for instance in snapshot.all::<Instance>() {
        *status.instances.entry(instance.state.to_string()).or_default() += 1;
    }
    status
}

/// What is asked to be explained.
pub struct Asked {
    /// Who begins.
    pub from: String,
    /// Whom it is for.
    pub to: String,
    /// What is carried.
    pub service: Service,
    /// Whether it is to be said what else the fix would open.
    pub flips: bool,
}

/// What is between two things, or why the question is unclear. It takes its time: with a hundred interfaces there are ten
/// thousand pairs to be asked about.
pub async fn explanation(published: &Published, live: &LiveFlows, asked: Asked) -> Response {
    let (snapshot, live) = (published.load_full(), live.clone());
    let explained = tokio::task::spawn_blocking(move || explain_here(&snapshot, &live, &asked));
    explained.await.unwrap_or_else(|error| Response::Failed { message: error.to_string() })
}

fn explain_here(snapshot: &Snapshot, live: &LiveFlows, asked: &Asked) -> Response {
    let service = match asked.service {
        Service::Icmp => semantics::Service::Icmp,
        Service::Tcp(port) => semantics::Service::Tcp(port),
        Service::Udp(port) => semantics::Service::Udp(port),
    };
    let question = match question(snapshot, &asked.from, &asked.to, service) {
        Ok(question) => question,
        Err(message) => return Response::Unclear { message },
    };
    let explained = match explain(snapshot, &question) {
        Ok(explained) => explained,
        Err(unanswerable) => return Response::Unclear { message: unanswerable.to_string() },
    };
    let seen = live.about(&question, &explained);
    let [there, back] = seen.as_ref().map_or([&[][..], &[]], |seen| seen.counted.each_ref().map(Vec::as_slice));
    let mut explanation: Explanation = explained.render_with(snapshot, [there, back]).into();
    if let Some(seen) = seen {
        explanation.counted = Some(seen.sums);
        explanation.live = if explanation.reachable { Vec::new() } else { seen.live };
    }
    if asked.flips && !explanation.fixes.is_empty() {
        explanation.flips = Some(explained.flips(snapshot).into());
    }
    Response::Explanation(Box::new(explanation))
}

/// The question that is meant by these words, or why it is unclear.
pub fn question(snapshot: &Snapshot, from: &str, to: &str, service: semantics::Service) -> Result<Question, String> {
    let (from, to) = resolve::ends(snapshot, from, to).map_err(|unclear| unclear.to_string())?;
    Ok(Question { from, to, service })
}
