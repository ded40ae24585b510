//! What a terminal is on: a session of EC2 Instance Connect, or an instance's serial port.

use model::{Image, InstanceId};
use serde::Serialize;

use super::tickets::{Order, Way};
use crate::control::{Connected, NotConnected, Size, Via};
use crate::daemon::edge::Edge;
use crate::daemon::instance_connect::{self, Failure, Shown};
use crate::daemon::serial_console;

/// Where somebody has got to.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Place {
    /// By the network.
    Network(Connected),
    /// Around it.
    Port {
        /// Its name in the instance.
        port: &'static str,
    },
}

/// What goes in.
pub enum Keyboard {
    Ssh(instance_connect::Input),
    Serial(serial_console::Input),
}

/// What comes out.
pub enum Screen {
    Ssh(instance_connect::Output),
    Serial(serial_console::Output),
}

/// What there is once it is open.
pub struct Opened {
    /// The instance.
    pub instance: InstanceId,
    /// What goes in.
    pub keyboard: Keyboard,
    /// What comes out.
    pub screen: Screen,
    /// Where it is.
    pub place: Place,
}

/// A session, or why there is none.
pub async fn open(edge: &Edge, order: &Order, size: Size) -> Result<Opened, NotConnected> {
    let unavailable = |cause: String| NotConnected { said: Vec::new(), cause, explanation: None };
    let snapshot = edge.published.load_full();
    let Some(instance) = snapshot.get(order.instance).cloned() else {
        return Err(unavailable(format!("there is no {} any more", order.instance)));
    };
    let via = match order.way {
        Way::Eic => Via::InstanceConnect,
        Way::Eice => Via::Endpoint,
        Way::Serial => {
            let (input, output) = edge.serial_consoles.open(&snapshot, &instance, size).await?.split();
            let (keyboard, screen) = (Keyboard::Serial(input), Screen::Serial(output));
            return Ok(Opened { instance: instance.id, keyboard, screen, place: Place::Port { port: "ttyS0" } });
        }
    };
    let wish = order.wish(via, Image::login_of(&snapshot, &instance), size);
    match edge.instance_connect.open(instance.id, &wish).await {
        Ok((session, route)) => {
            let note = instance_connect::note(&edge.published.load(), &instance, via);
            let (input, output) = session.split();
            let place = Place::Network(Connected { from: route.from.into(), to: route.to.into(), note });
            Ok(Opened { instance: instance.id, keyboard: Keyboard::Ssh(input), screen: Screen::Ssh(output), place })
        }
        Err(Failure::Unavailable(cause)) => Err(unavailable(cause)),
        Err(failure) => Err(edge.instance_connect.why(&instance, via, failure).await),
    }
}

impl Keyboard {
    /// Types it in, as fast as the instance takes it; false if it takes no more.
    pub async fn type_in(&mut self, bytes: Vec<u8>) -> bool {
        match self {
            Keyboard::Ssh(input) => input.type_in(bytes).await.is_ok(),
            Keyboard::Serial(input) => input.type_in(&bytes).await.is_ok(),
        }
    }

    /// The window has another size; false if that is of no interest any more.
    pub async fn resize(&mut self, Size { columns, rows }: Size) -> bool {
        match self {
            Keyboard::Ssh(input) => input.resize(columns, rows).await.is_ok(),
            Keyboard::Serial(input) => input.resize(columns, rows).await.is_ok(),
        }
    }
}

impl Screen {
    /// The next piece. After the end there is nothing.
    pub async fn next(&mut self) -> Shown {
        match self {
            Screen::Ssh(output) => output.next().await,
            Screen::Serial(output) => output.next().await,
        }
    }
}
