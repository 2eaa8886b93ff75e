//! The ports of the local stack, all on 127.0.0.1, and the listeners on them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use tokio::net::TcpListener;

use super::error::StackError;

/// The port that MCP clients listen on during sign-in, unless the stack has free ports.
const CALLBACK: u16 = 8765;

/// The ports, all on 127.0.0.1, and the one that MCP clients listen on.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The port of the first front: the MCP endpoint and its metadata.
    pub edge: u16,
    /// The port that emulates the Cognito domains.
    pub sign_in: u16,
    /// The AWS endpoint.
    pub emulator: u16,
    /// The port that MCP clients listen on during sign-in: its redirect URIs are registered with the interactive app
    /// client.
    pub callback: u16,
    /// Whether the ports are free ones, of a run that keeps no state.
    pub free: bool,
}

impl Ports {
    /// `edge` and the two ports that follow it.
    #[must_use]
    pub fn starting_at(edge: u16) -> Self {
        Self {
            edge,
            sign_in: edge + 1,
            emulator: edge + 2,
            callback: CALLBACK,
            free: false,
        }
    }

    /// Ports that are free when they are bound, and a port for clients that is free now. Clients bind it later, so it
    /// is below the ranges from which systems assign ports.
    fn free() -> Result<Self, StackError> {
        let mut random = [0; 2];
        let callback = loop {
            getrandom::fill(&mut random).map_err(|cause| {
                StackError::file("random numbers")(std::io::Error::other(cause.to_string()))
            })?;
            let port = 20_000 + u16::from_ne_bytes(random) % 12_000;
            if std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
                break port;
            }
        };
        Ok(Self {
            edge: 0,
            sign_in: 0,
            emulator: 0,
            callback,
            free: true,
        })
    }

    /// The port of the program of `--with` at `index`, 0 for any.
    pub(crate) fn with(self, index: u16) -> u16 {
        if self.free { 0 } else { self.edge + 3 + index }
    }

    /// The port of Bedrock's Converse, 0 for any.
    pub(crate) fn converse(self) -> u16 {
        if self.free { 0 } else { self.edge + 9 }
    }
}

/// The listeners of the first front and of the sign-in pages, bound first, so that a port in use is reported before the
/// build.
pub(crate) struct Listeners {
    pub(crate) edge: TcpListener,
    pub(crate) sign_in: TcpListener,
}

/// Binds `port` and the ports that follow it, or free ports for 0. The emulator binds its own port: this only checks that
/// it can.
pub(crate) async fn bind_first(port: u16) -> Result<(Listeners, Ports), StackError> {
    let wanted = if port == 0 {
        Ports::free()?
    } else {
        Ports::starting_at(port)
    };
    let listeners = Listeners {
        edge: bind(wanted.edge, "MCP endpoint", port).await?,
        sign_in: bind(wanted.sign_in, "sign-in pages", port).await?,
    };
    drop(bind(wanted.emulator, "AWS endpoint", port).await?);
    let ports = Ports {
        edge: port_of(&listeners.edge)?,
        sign_in: port_of(&listeners.sign_in)?,
        ..wanted
    };
    Ok((listeners, ports))
}

/// Binds one port, or any free one for 0. `first` is the port that was asked for.
pub(crate) async fn bind(port: u16, role: &str, first: u16) -> Result<TcpListener, StackError> {
    let other = if first < 60_000 { first + 1000 } else { 3030 };
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|_| StackError::PortTaken {
            port,
            role: role.to_owned(),
            other,
        })
}

pub(crate) fn port_of(listener: &TcpListener) -> Result<u16, StackError> {
    let address = listener.local_addr();
    address
        .map(|address| address.port())
        .map_err(StackError::file("a listening port"))
}

/// The port of a front that has none yet: the next one from ten above the first front's, which leaves some to `--with`.
pub(crate) fn next_port(ports: Ports, taken: &BTreeMap<String, u16>) -> u16 {
    if ports.free {
        return 0;
    }
    let highest = taken.values().copied().max().unwrap_or_default();
    (ports.edge + 10).max(highest + 1)
}

/// The origin of a port.
pub(crate) fn origin(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
