//! The order of things: ports, tools, emulator, template, deployment, servers, and the end of it all.

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::emulator::{self, Outputs};
use crate::prepare;
use crate::process::{Service, command, step};
use crate::progress::Progress;
use crate::sign_in::PasswordPolicy;
use crate::{
    Command, Failure, LoopbackHost, Options, Places, Ports, Routes, Upstream, announcement,
    dog_api, edge, sign_in,
};

/// Runs what the command line asks for. The stack runs until a signal ends it (which is no failure) or a part of it
/// ends by itself (which is one); no child is left either way.
///
/// # Errors
///
/// See [`Failure`]: each names the cause and what mends it.
pub async fn run(options: Options) -> Result<(), Failure> {
    let root = std::fs::canonicalize(&options.root).map_err(Failure::file(&options.root))?;
    let places = Places::below(&root, options.port);
    match options.command {
        Some(Command::Token) => token(&places, options.port).await,
        None => up(&options, &places).await,
    }
}

/// Prints an access token of the machine client of the running stack.
async fn token(places: &Places, port: u16) -> Result<(), Failure> {
    let outputs = places.outputs();
    if !outputs.exists() {
        return Err(Failure::NotStarted { port });
    }
    let mend = "start the stack with `npm start` in another terminal and try again";
    let mut ask = command(places.python(), &places.root);
    ask.arg(places.emulator("machine_token.py"))
        .arg("--outputs")
        .arg(&outputs);
    let token = step("asking for a machine token", mend, &mut ask).await?;
    std::io::stdout()
        .write_all(&token)
        .map_err(Failure::file("standard output"))
}

/// The listeners, bound before anything else so that a taken port costs nobody a build.
struct Listeners {
    edge: TcpListener,
    sign_in: TcpListener,
    dog_api: TcpListener,
}

async fn up(options: &Options, places: &Places) -> Result<(), Failure> {
    let started = Instant::now();
    let ports = Ports::starting_at(options.port);
    let mut ended = std::pin::pin!(termination());
    let ready = tokio::select! {
        ready = make_ready(options, places, ports) => ready?,
        () = &mut ended => return Ok(()),
    };
    let Ready {
        listeners,
        mut emulator,
        outputs,
        routes,
        policy,
    } = ready;
    let upstream = Upstream::at(ports.emulator);
    let origin =
        edge::Origin::new(upstream.clone(), &routes).ok_or_else(|| Failure::Incomplete {
            missing: "REST API with a readable id".into(),
        })?;
    let pages = sign_in::SignIn::new(upstream, ports.sign_in, policy);
    serve(
        listeners.edge,
        edge::app(origin, LoopbackHost::new(ports.edge)),
    );
    serve(
        listeners.sign_in,
        sign_in::app(pages, LoopbackHost::new(ports.sign_in)),
    );
    serve(
        listeners.dog_api,
        dog_api::app(LoopbackHost::new(ports.dog_api)),
    );

    let outputs = announcement::outputs(&outputs, ports);
    announcement::write(&outputs, &places.outputs())?;
    if let Some(file) = &options.outputs_file {
        announcement::write(&outputs, file)?;
    }
    let block = announcement::block(&outputs, ports, started.elapsed().as_secs_f32());
    // A closed standard output does not stop the stack.
    let _ = std::io::stdout().write_all(block.as_bytes());

    let end = tokio::select! {
        status = emulator.ended() => {
            Err(Failure::EmulatorEnded { status, log: places.log.join("emulator.log") })
        }
        () = ended => {
            Progress::new(options.quiet).say("Stopping …");
            emulator.stop(emulator::GRACE).await;
            Ok(())
        }
    };
    // `npm run token` must not take a stack that is gone for a running one.
    let _ = std::fs::remove_file(places.outputs());
    end
}

/// Everything that the servers need.
struct Ready {
    listeners: Listeners,
    emulator: Service,
    outputs: Outputs,
    routes: Routes,
    policy: PasswordPolicy,
}

async fn make_ready(options: &Options, places: &Places, ports: Ports) -> Result<Ready, Failure> {
    let progress = Progress::new(options.quiet);
    let listeners = bind(ports).await?;
    if options.reset && places.state.exists() {
        std::fs::remove_dir_all(&places.state).map_err(Failure::file(&places.state))?;
    }
    for directory in [&places.state, &places.cdk_out, &places.log] {
        std::fs::create_dir_all(directory).map_err(Failure::file(directory))?;
    }
    // The outputs of an earlier run would say that this one is ready.
    let _ = std::fs::remove_file(places.outputs());

    prepare::tools(places).await?;
    let emulator = async {
        prepare::venv(places, progress).await?;
        progress
            .step("Starting the emulator", emulator::start(places, ports))
            .await
    };
    let template = async {
        prepare::servers(places, options, progress).await?;
        prepare::template(places, ports, options, progress).await
    };
    let (emulator, ()) = tokio::try_join!(emulator, template)?;
    let stack = options.app.stack();
    let template = read_template(&places.cdk_out.join(format!("{stack}.template.json")))?;
    let missing = |missing: &str| Failure::Incomplete {
        missing: missing.into(),
    };
    let policy = PasswordPolicy::from_template(&template).ok_or_else(|| missing("user pool"))?;
    let deployed = progress
        .step(
            "Deploying the stack",
            emulator::deploy(places, ports, stack),
        )
        .await?;
    let routes = Routes::from_template(&template, &deployed.rest_api_ids)
        .ok_or_else(|| missing("REST API"))?;
    Ok(Ready {
        listeners,
        emulator,
        outputs: deployed.outputs,
        routes,
        policy,
    })
}

async fn bind(ports: Ports) -> Result<Listeners, Failure> {
    let bind = async |port: u16, role: &'static str| {
        let other = if ports.edge < 60_000 {
            ports.edge + 1000
        } else {
            3030
        };
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(|_| Failure::PortTaken { port, role, other })
    };
    // The emulator binds its port itself; this only finds out whether it can.
    drop(bind(ports.emulator, "AWS endpoint").await?);
    Ok(Listeners {
        edge: bind(ports.edge, "MCP endpoint").await?,
        sign_in: bind(ports.sign_in, "sign-in pages").await?,
        dog_api: bind(ports.dog_api, "Dog API stand-in").await?,
    })
}

fn read_template(template: &Path) -> Result<serde_json::Value, Failure> {
    let text = std::fs::read(template).map_err(Failure::file(template))?;
    serde_json::from_slice(&text)
        .map_err(|cause| Failure::file(template)(std::io::Error::other(cause)))
}

/// Serves until the program ends.
fn serve(listener: TcpListener, app: Router) {
    // Small chunks of a stream must not wait for company. Without the option they are late, no more.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    tokio::spawn(async move { axum::serve(listener, app).await });
}

/// Waits for Ctrl-C, SIGTERM, the end of the terminal or the end of whoever started us: `npm start` that was killed could
/// not tell.
async fn termination() {
    let next = async |kind: SignalKind| match signal(kind) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    };
    let parent = std::os::unix::process::parent_id();
    let orphaned = async {
        while std::os::unix::process::parent_id() == parent {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        () = orphaned => {}
        () = next(SignalKind::interrupt()) => {}
        () = next(SignalKind::terminate()) => {}
        () = next(SignalKind::hangup()) => {}
    }
}
