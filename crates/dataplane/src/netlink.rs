//! Requests to the kernel about links, addresses, routes and neighbours.
//!
//! One request, one answer, over a blocking socket. The socket belongs to the namespace of the thread that opened it,
//! whichever thread uses it later.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::thread;
use std::time::{Duration, Instant};

use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkAttribute, LinkMessage, State};
use netlink_packet_route::nsid::{NsidAttribute, NsidMessage};
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};

/// It takes some milliseconds, or up to a second when links come and go.
const LINK_PATIENCE: Duration = Duration::from_secs(5);

/// `RTNLGRP_LINK`: whatever happens to links.
const LINK_GROUP: u32 = 1;

/// A socket for requests.
pub(crate) struct Netlink(Socket);

/// A socket that hears of links that come, go and change.
pub(crate) struct LinkEvents(Socket);

/// The other end of a veth pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FarEnd {
    /// Its index there.
    pub index: u32,
    /// The number of the namespace that it is in, among those that this namespace knows.
    pub namespace: i32,
}

/// Whether what a request makes may be there already.
#[derive(Clone, Copy)]
pub(crate) enum Existing {
    /// It must not.
    Refuse,
    /// It is replaced.
    Replace,
}

impl Netlink {
    /// A socket in the namespace of the calling thread.
    pub fn open() -> io::Result<Self> {
        let socket = Socket::new(NETLINK_ROUTE)?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self(socket))
    }

    /// Makes something.
    pub fn create(&self, message: RouteNetlinkMessage, existing: Existing) -> io::Result<()> {
        let existing = match existing {
            Existing::Refuse => NLM_F_EXCL,
            Existing::Replace => NLM_F_REPLACE,
        };
        self.request(message, NLM_F_CREATE | existing).map(drop)
    }

    /// Everything of a kind.
    pub fn dump(&self, message: RouteNetlinkMessage) -> io::Result<Vec<RouteNetlinkMessage>> {
        self.request(message, NLM_F_DUMP)
    }

    /// Changes something.
    pub fn change(&self, message: RouteNetlinkMessage) -> io::Result<()> {
        self.request(message, 0).map(drop)
    }

    /// The index of the link of that name.
    pub fn link_index(&self, name: &str) -> io::Result<u32> {
        self.link(vec![LinkAttribute::IfName(name.to_owned())]).map(|link| link.header.index)
    }

    /// The same in another namespace.
    pub fn link_index_in(&self, namespace: i32, name: &str) -> io::Result<u32> {
        self.link(vec![LinkAttribute::IfName(name.to_owned()), LinkAttribute::IfNetnsId(namespace)]).map(|link| link.header.index)
    }

    /// The other end of the veth pair of that name, if it is in another namespace.
    pub fn far_end(&self, name: &str) -> io::Result<Option<FarEnd>> {
        let link = self.link(vec![LinkAttribute::IfName(name.to_owned())])?;
        let (mut index, mut namespace) = (None, None);
        for attribute in link.attributes {
            match attribute {
                LinkAttribute::Link(far) => index = Some(far),
                LinkAttribute::LinkNetNsId(number) => namespace = Some(number),
                _ => {}
            }
        }
        Ok(index.zip(namespace).map(|(index, namespace)| FarEnd { index, namespace }))
    }

    /// The number by which this namespace knows another, if it does.
    pub fn namespace_number(&self, namespace: BorrowedFd<'_>) -> io::Result<Option<i32>> {
        let mut message = NsidMessage::default();
        message.attributes.push(NsidAttribute::Fd(namespace.as_raw_fd().cast_unsigned()));
        let answers = self.request(RouteNetlinkMessage::GetNsId(message), 0)?;
        let attributes = answers.into_iter().filter_map(|answer| match answer {
            RouteNetlinkMessage::NewNsId(answer) => Some(answer.attributes),
            _ => None,
        });
        Ok(attributes.flatten().find_map(|attribute| match attribute {
            NsidAttribute::Id(number) => Some(number).filter(|&number| number >= 0),
            _ => None,
        }))
    }

    fn link(&self, attributes: Vec<LinkAttribute>) -> io::Result<LinkMessage> {
        let mut message = LinkMessage::default();
        message.attributes = attributes;
        let answers = self.request(RouteNetlinkMessage::GetLink(message), 0)?;
        let link = answers.into_iter().find_map(|answer| match answer {
            RouteNetlinkMessage::NewLink(link) => Some(link),
            _ => None,
        });
        link.ok_or_else(|| io::Error::from_raw_os_error(libc::ENODEV))
    }

    /// Name and index of every link.
    pub fn links(&self) -> io::Result<Vec<(String, u32)>> {
        let answers = self.dump(RouteNetlinkMessage::GetLink(LinkMessage::default()))?;
        let named = answers.into_iter().filter_map(|answer| match answer {
            RouteNetlinkMessage::NewLink(link) => {
                let index = link.header.index;
                name_of(link).map(|name| (name, index))
            }
            _ => None,
        });
        Ok(named.collect())
    }

    /// Waits until a link that has been brought up, its other end too, carries packets. The kernel sees to that by
    /// itself, a moment later (`linkwatch_event`), and drops what is sent before.
    pub fn await_link(&self, index: u32) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        let is_up = |answer: &RouteNetlinkMessage| match answer {
            RouteNetlinkMessage::NewLink(link) => link.attributes.contains(&LinkAttribute::OperState(State::Up)),
            _ => false,
        };
        let until = Instant::now() + LINK_PATIENCE;
        while !self.request(RouteNetlinkMessage::GetLink(message.clone()), 0)?.iter().any(is_up) {
            if Instant::now() > until {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Deletes the link of that name; false if there is none.
    pub fn delete_link(&self, name: &str) -> io::Result<bool> {
        self.delete(LinkAttribute::IfName(name.to_owned()))
    }

    /// Deletes all links of a group; false if there is none.
    pub fn delete_links(&self, group: u32) -> io::Result<bool> {
        self.delete(LinkAttribute::Group(group))
    }

    fn delete(&self, which: LinkAttribute) -> io::Result<bool> {
        let mut message = LinkMessage::default();
        message.attributes.push(which);
        absent(self.request(RouteNetlinkMessage::DelLink(message), 0)).map(|deleted| deleted.is_some())
    }

    fn request(&self, message: RouteNetlinkMessage, flags: u16) -> io::Result<Vec<RouteNetlinkMessage>> {
        let mut request = NetlinkMessage::from(message);
        request.header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        request.finalize();
        let mut buffer = vec![0; request.buffer_len()];
        request.serialize(&mut buffer);
        self.0.send(&buffer, 0)?;
        self.answers()
    }

    /// Everything up to the acknowledgement, which is an error message that says "no error", or up to the end of a dump.
    fn answers(&self) -> io::Result<Vec<RouteNetlinkMessage>> {
        let mut answers = Vec::new();
        loop {
            let (datagram, _) = self.0.recv_from_full()?;
            for payload in messages(&datagram)? {
                match payload {
                    NetlinkPayload::Error(error) if error.code.is_none() => return Ok(answers),
                    NetlinkPayload::Done(_) => return Ok(answers),
                    NetlinkPayload::Error(error) => return Err(error.to_io()),
                    NetlinkPayload::InnerMessage(answer) => answers.push(answer),
                    _ => {}
                }
            }
        }
    }
}

impl LinkEvents {
    /// Of the links in the namespace of the calling thread.
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.add_membership(LINK_GROUP)?;
        socket.set_non_blocking(true)?;
        Ok(Self(socket))
    }

    /// The names of the links that the next event is about; `None` if there is none yet. `ENOBUFS` says that some were
    /// lost.
    pub fn next_names(&self) -> io::Result<Option<Vec<String>>> {
        let datagram = match self.0.recv_from_full() {
            Ok((datagram, _)) => datagram,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        };
        let names = messages(&datagram)?.into_iter().filter_map(|payload| match payload {
            NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(link) | RouteNetlinkMessage::DelLink(link)) => name_of(link),
            _ => None,
        });
        Ok(Some(names.collect()))
    }
}

/// What is in a datagram, in order.
fn messages(datagram: &[u8]) -> io::Result<Vec<NetlinkPayload<RouteNetlinkMessage>>> {
    let (mut rest, mut found) = (datagram, Vec::new());
    while !rest.is_empty() {
        let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest).map_err(io::Error::other)?;
        let length = (message.header.length as usize).next_multiple_of(4).clamp(1, rest.len());
        rest = &rest[length..];
        found.push(message.payload);
    }
    Ok(found)
}

fn name_of(link: LinkMessage) -> Option<String> {
    link.attributes.into_iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(name) => Some(name),
        _ => None,
    })
}

/// What was asked about a link; `None` if there is no such link.
pub(crate) fn absent<T>(answer: io::Result<T>) -> io::Result<Option<T>> {
    match answer {
        Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Ok(None),
        answer => answer.map(Some),
    }
}

/// The attribute that puts a link into a namespace.
pub(crate) fn in_namespace(fd: BorrowedFd<'_>) -> LinkAttribute {
    LinkAttribute::NetNsFd(fd.as_raw_fd())
}
