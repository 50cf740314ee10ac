//! Built-in demo services of packs: small servers on the loopback that stand for the outside world.

pub(crate) mod customer;
mod enrichment;
mod letter;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use capstan_node_types::smtp_sink::{Keep, ReceivedMail, SmtpSink, WAITING_MAX};
use futures::FutureExt;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

use crate::fleet::Reach;
use crate::memory::Memory;
use crate::pack::{Addresses, Pack, Service};
use customer::Customers;

/// How long a customer takes to answer a mail.
pub(crate) const REPLY_AFTER: Duration = Duration::from_secs(1);

/// Running demo services; they stop when this is dropped.
pub(crate) struct Demo {
    addresses: Addresses,
    smtp: Option<SocketAddr>,
    mails: Mutex<Vec<Incoming>>,
    _sinks: Vec<SmtpSink>,
    _servers: Vec<AbortOnDropHandle<()>>,
}

/// Mail of one service, and how its customers answer.
pub(crate) struct Incoming {
    /// Each with who is to be told that it is kept.
    pub(crate) mails: Receiver<(ReceivedMail, oneshot::Sender<()>)>,
    pub(crate) reply: Reply,
}

/// The signal that answers a mail.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) signal: String,
    pub(crate) payload: Value,
}

/// Starts the services of `pack` on the ports of the last run, or on free ones.
pub(crate) async fn start(pack: &Pack, memory: &Memory) -> anyhow::Result<Demo> {
    let mut ports = memory.ports();
    let before = ports.clone();
    let mut demo = Demo {
        addresses: BTreeMap::new(),
        smtp: None,
        mails: Mutex::default(),
        _sinks: Vec::new(),
        _servers: Vec::new(),
    };
    for (name, service) in &pack.services {
        let listener = listen(name, ports.get(name).copied()).await?;
        let address = match service {
            Service::HttpEnrichment => demo.serve_enrichment(listener)?,
            Service::SmtpCustomer { signal, payload } => {
                let reply = Reply { signal: signal.clone(), payload: payload.clone() };
                demo.take_mail(listener, reply).await?
            }
        };
        ports.insert(name.clone(), address.port());
        demo.addresses.insert(name.clone(), address);
    }
    if ports != before {
        memory.keep_ports(&ports)?;
    }
    Ok(demo)
}

/// Versions name the port of the last run, so it is taken again if it is free.
async fn listen(name: &str, last: Option<u16>) -> anyhow::Result<TcpListener> {
    let at = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    if let Some(port) = last {
        match at(port).await {
            Ok(listener) => return Ok(listener),
            Err(error) => tracing::warn!("demo service {name} cannot listen on port {port} again: {error}"),
        }
    }
    at(0).await.with_context(|| format!("demo service {name} finds no port on the loopback"))
}

impl Demo {
    /// Where the services listen.
    pub(crate) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// What workflows may reach because of these services.
    pub(crate) fn reach(&self) -> Reach {
        let smtp = self.smtp.map(|address| format!("smtp://{address}"));
        Reach { allow: self.addresses.values().map(ToString::to_string).collect(), smtp, url: None }
    }

    /// How the customers of all mail services answer.
    pub(crate) fn replies(&self) -> Vec<Reply> {
        self.mails().iter().map(|incoming| incoming.reply.clone()).collect()
    }

    /// Hands incoming mail to `customers` for as long as the answer is kept.
    pub(crate) fn serve_mail(&self, customers: &Customers) -> Vec<AbortOnDropHandle<()>> {
        let incoming = std::mem::take(&mut *self.mails());
        incoming
            .into_iter()
            .map(|incoming| AbortOnDropHandle::new(tokio::spawn(customers.clone().read(incoming))))
            .collect()
    }

    fn mails(&self) -> MutexGuard<'_, Vec<Incoming>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve_enrichment(&mut self, listener: TcpListener) -> anyhow::Result<SocketAddr> {
        let address = listener.local_addr()?;
        self._servers.push(AbortOnDropHandle::new(tokio::spawn(enrichment::serve(listener))));
        Ok(address)
    }

    async fn take_mail(&mut self, listener: TcpListener, reply: Reply) -> anyhow::Result<SocketAddr> {
        let address = listener.local_addr()?;
        drop(listener);
        let (sender, mails) = mpsc::channel(WAITING_MAX);
        let sink = SmtpSink::start_with(address, keeper(sender)).await.context("the demo mail server did not start")?;
        self.smtp = Some(sink.address());
        self._sinks.push(sink);
        self.mails().push(Incoming { mails, reply });
        Ok(address)
    }
}

/// A mail counts as taken once a customer has it in the mailbox: a kill before that makes the step try again.
fn keeper(sender: Sender<(ReceivedMail, oneshot::Sender<()>)>) -> Keep {
    Arc::new(move |mail| {
        let (told, kept) = oneshot::channel();
        let taken = sender.try_send((mail, told)).is_ok();
        async move { taken && kept.await.is_ok() }.boxed()
    })
}
