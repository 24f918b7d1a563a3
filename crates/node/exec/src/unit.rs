//! Units of systemd, over D-Bus: a job is asked for, and its end is waited for as an event.
//!
//! Field word: Pacemaker *systemd resource class*.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use agent::UnitJob;
use model::{ExecStatus, OcfCode, Outcome};
use tokio::sync::Mutex;
use tokio::time::timeout;
use zbus::export::futures_core::Stream;
use zbus::proxy::{CacheProperties, SignalStream};
use zbus::{Connection, Error, Message, OwnedObjectPath, Proxy};

const SYSTEMD: &str = "org.freedesktop.systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";
const UNIT: &str = "org.freedesktop.systemd1.Unit";
const SERVICE: &str = "org.freedesktop.systemd1.Service";

const NO_SUCH_UNIT: &str = "org.freedesktop.systemd1.NoSuchUnit";

/// Wait until what a unit began meanwhile is killed, too.
const KILL_AGAIN: Duration = Duration::from_millis(200);

/// The way to the service manager: connected when first needed, again after it was lost.
#[derive(Debug)]
pub(crate) struct Bus {
    address: Option<String>,
    connection: Mutex<Option<Connection>>,
}

/// What a job came to, and text for the caller, which only metadata has.
pub(crate) type Answer = (Outcome, String);

impl Bus {
    pub(crate) fn new(address: Option<String>) -> Self {
        Self { address, connection: Mutex::new(None) }
    }

    /// Carries `job` out on `unit`. Waits as long as it takes: the deadline is the caller's.
    pub(crate) async fn carry_out(&self, unit: &str, job: UnitJob) -> Answer {
        match self.attempt(unit, job).await {
            Ok(answer) => answer,
            Err(Trouble::NoBus(error)) => (no_bus(&error), String::new()),
            Err(Trouble::Call(error)) => {
                self.forget().await;
                (refused(unit, job, &error), String::new())
            }
        }
    }

    /// Whether there is a unit of this name, loaded or masked; an unreachable manager has none.
    pub(crate) async fn has_unit(&self, unit: &str) -> bool {
        match self.unit(unit).await {
            Ok(proxy) => matches!(
                proxy.get_property::<String>("LoadState").await.as_deref(),
                Ok("loaded" | "masked")
            ),
            Err(_) => false,
        }
    }

    /// The main process of a running service.
    pub(crate) async fn main_process(&self, unit: &str) -> Option<u32> {
        let path = self.unit(unit).await.ok()?.path().to_owned();
        let connection = self.connection().await.ok()?;
        let service = proxy(&connection, path.as_str(), SERVICE).await.ok()?;
        service.get_property::<u32>("MainPID").await.ok().filter(|pid| *pid != 0)
    }

    /// Withdraws what still waits to be done to `unit`.
    pub(crate) async fn cancel(&self, unit: &str) {
        let Ok(proxy) = self.unit(unit).await else { return };
        if let Ok((job, _)) = proxy.get_property::<(u32, OwnedObjectPath)>("Job").await
            && job != 0
            && let Ok(manager) = self.manager().await
        {
            // If it is done in the meantime, there is nothing to cancel.
            let _ = manager.call::<_, _, ()>("CancelJob", &(job,)).await;
        }
    }

    /// Kills all that `unit` runs, and waits until it runs nothing: it is not started again. Words
    /// say why it may still run.
    pub(crate) async fn end(&self, unit: &str) -> Result<(), String> {
        let is_unknown = |error: &Error| matches!(error, Error::MethodError(name, ..) if name.as_str() == NO_SUCH_UNIT);
        match self.kill(unit).await {
            Ok(()) => Ok(()),
            Err(Trouble::Call(error)) if is_unknown(&error) => Ok(()),
            Err(Trouble::Call(error) | Trouble::NoBus(error)) => Err(error.to_string()),
        }
    }

    async fn kill(&self, unit: &str) -> Result<(), Trouble> {
        let manager = self.manager().await?;
        let mut removed = manager.receive_signal("JobRemoved").await?;
        // A unit that is to be stopped is not started again for its death.
        let job: OwnedObjectPath = manager.call("StopUnit", &(unit, "replace")).await?;
        loop {
            // Also what it runs to stop in good order. There may be nothing to kill just now.
            let _nothing: zbus::Result<()> = manager.call("KillUnit", &(unit, "all", 9_i32)).await;
            let Ok(message) = timeout(KILL_AGAIN, next(&mut removed)).await else { continue };
            let (_, ended, _, _): (u32, OwnedObjectPath, String, String) =
                message?.body().deserialize()?;
            if ended == job {
                return Ok(());
            }
        }
    }

    async fn attempt(&self, unit: &str, job: UnitJob) -> Result<Answer, Trouble> {
        let method = match job {
            UnitJob::Start => "StartUnit",
            UnitJob::Stop => "StopUnit",
            UnitJob::Restart => "RestartUnit",
            UnitJob::Reload => "ReloadUnit",
            UnitJob::Status => return Ok((self.status(unit).await?, String::new())),
            UnitJob::Metadata => return self.metadata(unit).await,
            UnitJob::Unknown => {
                let reason = "units of systemd have no such action";
                let status = ExecStatus::NotSupported;
                let outcome = Outcome::failed(status, OcfCode::UNIMPLEMENTED, reason);
                return Ok((outcome, String::new()));
            }
        };
        let manager = self.manager().await?;
        // Listening first, so that a job which ends at once is not missed.
        let mut removed = manager.receive_signal("JobRemoved").await?;
        let path: OwnedObjectPath = manager.call(method, &(unit, "replace")).await?;
        loop {
            let message = next(&mut removed).await?;
            let (_, ended, _, result): (u32, OwnedObjectPath, String, String) =
                message.body().deserialize()?;
            if ended == path {
                return Ok((job_ended(unit, &result), String::new()));
            }
        }
    }

    /// Waits while the unit is on its way up or down.
    async fn status(&self, unit: &str) -> Result<Outcome, Trouble> {
        let unit = self.unit(unit).await?;
        let connection = self.connection().await?;
        let properties =
            proxy(&connection, unit.path().as_str(), "org.freedesktop.DBus.Properties");
        let mut changed = properties.await?.receive_signal("PropertiesChanged").await?;
        loop {
            let state: String = unit.get_property("ActiveState").await?;
            match state.as_str() {
                "active" | "reloading" | "refreshing" => return Ok(Outcome::done(OcfCode::OK)),
                "activating" | "deactivating" | "maintenance" => {
                    next(&mut changed).await?;
                }
                other => {
                    let mut outcome = Outcome::done(OcfCode::NOT_RUNNING);
                    outcome.reason = other.to_owned();
                    return Ok(outcome);
                }
            }
        }
    }

    async fn metadata(&self, unit: &str) -> Result<Answer, Trouble> {
        let proxy = self.unit(unit).await?;
        let state: String = proxy.get_property("LoadState").await?;
        if state == "not-found" {
            return Ok((not_found(unit), String::new()));
        }
        let description: String = proxy.get_property("Description").await?;
        Ok((Outcome::done(OcfCode::OK), describe(unit, &description)))
    }

    async fn unit(&self, unit: &str) -> Result<Proxy<'static>, Trouble> {
        let manager = self.manager().await?;
        let path: OwnedObjectPath = manager.call("LoadUnit", &(unit,)).await?;
        let connection = self.connection().await?;
        Ok(proxy(&connection, path.as_str(), UNIT).await?)
    }

    async fn manager(&self) -> Result<Proxy<'static>, Trouble> {
        let connection = self.connection().await?;
        Ok(proxy(&connection, "/org/freedesktop/systemd1", MANAGER).await?)
    }

    async fn connection(&self) -> Result<Connection, Trouble> {
        let mut kept = self.connection.lock().await;
        if let Some(connection) = &*kept {
            return Ok(connection.clone());
        }
        let builder = match &self.address {
            Some(address) => zbus::connection::Builder::address(address.as_str()),
            None => zbus::connection::Builder::system(),
        };
        let connection = builder.build().await.map_err(Trouble::NoBus)?;
        // Once for each connection: without it systemd sends no signals.
        let manager = proxy(&connection, "/org/freedesktop/systemd1", MANAGER).await?;
        manager.call::<_, _, ()>("Subscribe", &()).await.map_err(Trouble::NoBus)?;
        *kept = Some(connection.clone());
        Ok(connection)
    }

    /// After any trouble the next call connects anew: systemd or the bus may have restarted.
    async fn forget(&self) {
        *self.connection.lock().await = None;
    }
}

/// Why a unit could not be asked.
#[derive(Debug)]
enum Trouble {
    NoBus(Error),
    Call(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

async fn proxy(
    connection: &Connection,
    path: &str,
    interface: &str,
) -> zbus::Result<Proxy<'static>> {
    zbus::proxy::Builder::new(connection)
        .destination(SYSTEMD.to_owned())
        .path(path.to_owned())
        .interface(interface.to_owned())
        .cache_properties(CacheProperties::No)
        .build()
        .await
}

/// The next signal; its end is the end of the connection.
async fn next(stream: &mut SignalStream<'_>) -> Result<Message, Trouble> {
    let mut stream = Pin::new(stream);
    let message = poll_fn(|context| stream.as_mut().poll_next(context)).await;
    message.ok_or_else(|| Trouble::Call(Error::Failure("the bus closed the connection".to_owned())))
}

fn job_ended(unit: &str, result: &str) -> Outcome {
    match result {
        "done" => Outcome::done(OcfCode::OK),
        "timeout" => Outcome::failed(
            ExecStatus::TimedOut,
            OcfCode::GENERIC,
            format!("systemd's job for {unit} timed out"),
        ),
        other => Outcome::failed(
            ExecStatus::Error,
            OcfCode::GENERIC,
            format!("systemd's job for {unit} ended with `{other}`"),
        ),
    }
}

fn no_bus(error: &Error) -> Outcome {
    let reason = format!("systemd cannot be asked, there is no D-Bus here: {error}");
    Outcome::failed(ExecStatus::Error, OcfCode::GENERIC, reason)
}

fn refused(unit: &str, job: UnitJob, error: &Error) -> Outcome {
    if let Error::MethodError(name, ..) = error
        && matches!(name.as_str(), NO_SUCH_UNIT | "org.freedesktop.systemd1.LoadFailed")
    {
        // What is not there does not run.
        return match job {
            UnitJob::Stop => Outcome::done(OcfCode::OK),
            UnitJob::Start
            | UnitJob::Restart
            | UnitJob::Reload
            | UnitJob::Status
            | UnitJob::Metadata
            | UnitJob::Unknown => not_found(unit),
        };
    }
    Outcome::failed(ExecStatus::Error, OcfCode::GENERIC, format!("systemd refused {unit}: {error}"))
}

fn not_found(unit: &str) -> Outcome {
    let reason = format!("systemd knows no unit {unit}");
    Outcome::failed(ExecStatus::NotInstalled, OcfCode::NOT_INSTALLED, reason)
}

fn describe(unit: &str, description: &str) -> String {
    let escape = |text: &str| {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    let (unit, description) = (escape(unit), escape(description));
    format!(
        r#"<?xml version="1.0"?>
<resource-agent name="{unit}" version="0.1">
  <version>1.1</version>
  <longdesc lang="en">{description}</longdesc>
  <shortdesc lang="en">systemd unit {unit}</shortdesc>
  <parameters/>
  <actions>
    <action name="start" timeout="100s"/>
    <action name="stop" timeout="100s"/>
    <action name="status" timeout="100s"/>
    <action name="monitor" timeout="100s" interval="60s"/>
    <action name="meta-data" timeout="5s"/>
  </actions>
</resource-agent>
"#
    )
}
