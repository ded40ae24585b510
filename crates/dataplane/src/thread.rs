//! The one thread that moves packets and changes maps, so that installs and sweeps cannot race.
//!
//! Others give it orders and wait for its word.

use std::collections::BTreeSet;
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use aya::maps::{MapData, PerCpuArray};
use model::{NetworkInterfaceId, Snapshot};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use semantics::{Origin, Packet};

use crate::clock::{self, Nanoseconds, SECOND};
use crate::error::{Doing, Error, Result};
use crate::hash::HashMap;
use crate::ports::Port;
use crate::priority;
use crate::report::{Begun, FlowReport, LatestFlows, Statistics};
use crate::slow_path::SlowPath;
use crate::tap::Frame;

/// Packets are answered in batches of this size; between two an order never waits longer.
const BATCH: usize = 64;
/// How often flows age.
const TICK: Nanoseconds = SECOND;

/// What the thread can be told to do, with where to answer.
pub(crate) enum Order {
    Publish(Arc<Snapshot>, SyncSender<Result<()>>),
    Attach(Port, SyncSender<Result<()>>),
    Detach(Origin, SyncSender<Result<()>>),
    /// Where the interface is attached, if it is.
    Port(Origin, SyncSender<Result<Option<Port>>>),
    Flows(SyncSender<Result<Vec<FlowReport>>>),
    /// So many of them, those that were heard of last.
    LatestFlows(usize, SyncSender<Result<LatestFlows>>),
    /// Those that packets are of.
    FlowsOf(Vec<(Origin, Packet)>, SyncSender<Result<Vec<Option<FlowReport>>>>),
    /// Those that were begun at interfaces.
    FlowsBegunAt(BTreeSet<NetworkInterfaceId>, SyncSender<Result<Vec<Begun>>>),
    /// What is behind each host end, by its index.
    Origins(SyncSender<Result<HashMap<u32, Origin>>>),
    Statistics(SyncSender<Result<Statistics>>),
    Stop,
}

/// The thread, as others see it.
pub(crate) struct Worker {
    orders: Mutex<Sender<Order>>,
    bell: Arc<EventFd>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread.
    pub fn start(slow_path: SlowPath, drops: PerCpuArray<MapData, u64>) -> Result<Self> {
        let bell = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK).doing(|| "create an eventfd".to_owned())?;
        let bell = Arc::new(bell);
        let (sender, orders) = channel();
        let mut work = Work { slow_path, drops, orders, bell: Arc::clone(&bell), frame: Frame::new(), next_tick: 0 };
        let thread = thread::Builder::new().name("slow path".to_owned()).spawn(move || {
            priority::raise();
            if let Err(error) = work.run() {
                tracing::error!(error = &error as &dyn std::error::Error, "the data plane stops; established flows go on");
            }
        });
        let thread = thread.doing(|| "start a thread".to_owned())?;
        Ok(Self { orders: Mutex::new(sender), bell, thread: Some(thread) })
    }

    /// Gives an order and waits for the answer.
    pub fn ask<T>(&self, order: impl FnOnce(SyncSender<Result<T>>) -> Order) -> Result<T> {
        let (sender, answer) = sync_channel(1);
        self.give(order(sender))?;
        answer.recv().map_err(|_| Error::Stopped)?
    }

    fn give(&self, order: Order) -> Result<()> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).send(order).map_err(|_| Error::Stopped)?;
        self.bell.write(1).doing(|| "wake the data plane".to_owned())?;
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It has stopped already if this fails.
        let _ = self.give(Order::Stop);
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!(?panic, "the data plane's thread panicked");
        }
    }
}

struct Work {
    slow_path: SlowPath,
    drops: PerCpuArray<MapData, u64>,
    orders: Receiver<Order>,
    bell: Arc<EventFd>,
    frame: Frame,
    next_tick: Nanoseconds,
}

impl Work {
    fn run(&mut self) -> Result<()> {
        loop {
            if self.wait()? {
                // An order that comes later rings again.
                let _ = self.bell.read();
            }
            while let Ok(order) = self.orders.try_recv() {
                if matches!(order, Order::Stop) {
                    return Ok(());
                }
                self.obey(order);
            }
            self.slow_path.answer(&mut self.frame, BATCH).doing(|| "read from the TAP".to_owned())?;
            if self.slow_path.now >= self.next_tick {
                self.slow_path.age();
                self.next_tick = self.slow_path.now + TICK;
            }
        }
    }

    /// Until there is something to do; whether the bell rang.
    fn wait(&self) -> Result<bool> {
        if !self.slow_path.is_idle() {
            return Ok(false);
        }
        let mut watched = [PollFd::new(self.slow_path.tap().as_fd(), PollFlags::POLLIN), PollFd::new(self.bell.as_fd(), PollFlags::POLLIN)];
        let until_tick = self.next_tick.saturating_sub(clock::now()).div_ceil(SECOND / 1000);
        match poll(&mut watched, u16::try_from(until_tick).map_or(PollTimeout::MAX, PollTimeout::from)) {
            Ok(_) => Ok(watched[1].any().unwrap_or(true)),
            Err(nix::errno::Errno::EINTR) => Ok(false),
            Err(error) => Err(error).doing(|| "wait for packets".to_owned()),
        }
    }

    /// Who gave the order may be gone; then nobody wants the answer.
    fn obey(&mut self, order: Order) {
        match order {
            Order::Publish(snapshot, answer) => drop(answer.send(self.slow_path.publish(snapshot))),
            Order::Attach(port, answer) => drop(answer.send(self.slow_path.attach(port))),
            Order::Detach(origin, answer) => drop(answer.send(self.slow_path.detach(origin))),
            Order::Port(origin, answer) => drop(answer.send(Ok(self.slow_path.ports.of(origin)))),
            Order::Flows(answer) => drop(answer.send(Ok(self.slow_path.flow_reports()))),
            Order::LatestFlows(limit, answer) => {
                let latest = LatestFlows { total: self.slow_path.flows.len(), flows: self.slow_path.latest_flows(limit) };
                drop(answer.send(Ok(latest)));
            }
            Order::FlowsOf(packets, answer) => drop(answer.send(Ok(self.slow_path.flows_of(&packets)))),
            Order::FlowsBegunAt(interfaces, answer) => drop(answer.send(Ok(self.slow_path.flows_begun_at(&interfaces)))),
            Order::Origins(answer) => drop(answer.send(Ok(self.slow_path.ports.by_ifindex()))),
            Order::Statistics(answer) => drop(answer.send(self.slow_path.statistics(&self.drops))),
            Order::Stop => {}
        }
    }
}
