//! The ports of the local stack, all on 127.0.0.1, and the listeners on them.

use std::net::Ipv4Addr;

use tokio::net::TcpListener;

use super::error::StackError;

/// The port that MCP clients listen on during sign-in, unless the stack has free ports.
const CALLBACK: u16 = 8765;

/// The four ports, all on 127.0.0.1, and the one that MCP clients listen on.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The port that emulates CloudFront: the MCP endpoint and its metadata.
    pub edge: u16,
    /// The port that emulates the Cognito domain.
    pub sign_in: u16,
    /// The AWS endpoint.
    pub emulator: u16,
    /// The port that emulates dogapi.dog.
    pub dog_api: u16,
    /// The port that MCP clients listen on during sign-in: its redirect URIs are registered with the interactive app
    /// client.
    pub callback: u16,
    /// Whether the ports are free ones, of a run that keeps no state.
    pub free: bool,
}

impl Ports {
    /// `edge` and the three ports that follow it.
    #[must_use]
    pub fn starting_at(edge: u16) -> Self {
        Self {
            edge,
            sign_in: edge + 1,
            emulator: edge + 2,
            dog_api: edge + 3,
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
            dog_api: 0,
            callback,
            free: true,
        })
    }
}

/// The listeners, bound first, so that a port in use is reported before the build.
pub(crate) struct Listeners {
    pub(crate) edge: TcpListener,
    pub(crate) sign_in: TcpListener,
    pub(crate) dog_api: TcpListener,
}

/// Binds `port` and the ports that follow it, or free ports for 0. The emulator binds its own port: this only checks that
/// it can.
pub(crate) async fn bind(port: u16) -> Result<(Listeners, Ports), StackError> {
    let other = if port < 60_000 { port + 1000 } else { 3030 };
    let bind = async |port: u16, role: &'static str| {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(|_| StackError::PortTaken { port, role, other })
    };
    let wanted = if port == 0 {
        Ports::free()?
    } else {
        Ports::starting_at(port)
    };
    let listeners = Listeners {
        edge: bind(wanted.edge, "MCP endpoint").await?,
        sign_in: bind(wanted.sign_in, "sign-in pages").await?,
        dog_api: bind(wanted.dog_api, "Dog API imitation").await?,
    };
    drop(bind(wanted.emulator, "AWS endpoint").await?);
    let bound = |listener: &TcpListener| {
        let address = listener.local_addr();
        address
            .map(|address| address.port())
            .map_err(StackError::file("a listening port"))
    };
    let ports = Ports {
        edge: bound(&listeners.edge)?,
        sign_in: bound(&listeners.sign_in)?,
        dog_api: bound(&listeners.dog_api)?,
        ..wanted
    };
    Ok((listeners, ports))
}
