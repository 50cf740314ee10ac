//! Workers in network namespaces of their own, each reached by one wire that can be cut.
//!
//! A wire is a veth pair. While it is cut, each end sends its frames to a hardware address that nobody has: they vanish
//! in both directions, and neither end is told, as when a switch dies. Addresses are of 198.18.0.0/15, which is set
//! aside for tests of networks.

use std::net::Ipv4Addr;
use std::process::Command;

use anyhow::Context;

use crate::means::system_program;
use crate::remains::{is_left, own_name};

/// How names of namespaces and of interfaces begin; a word of the run follows.
const NAMESPACE: &str = "capstan-chaos-";
const INTERFACE: &str = "cc";
/// The interface within each namespace.
const INSIDE: &str = "wire";
/// The first address for wires, and how many of them have four addresses each.
const ADDRESSES: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 0);
const WIRES_MAX: u32 = 32_768;
/// How far apart runs begin to look for theirs.
const APART: u32 = 8;
/// Hardware addresses of both ends, and one that nobody has. Each pair is a network of its own.
const HERE: &str = "02:00:00:00:00:01";
const THERE: &str = "02:00:00:00:00:02";
const NOBODY: &str = "02:00:00:00:00:03";

/// The namespaces of a run; they go when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Network {
    wires: Vec<Wire>,
}

/// A way from this namespace to one of its own.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    namespace: String,
    interface: String,
    /// The address at this end: whoever is inside reaches it, whichever interface it has.
    pub(crate) here: Ipv4Addr,
    there: Ipv4Addr,
}

impl Network {
    /// Makes so many namespaces; what killed runs have left is removed.
    pub(crate) fn lay(count: usize) -> anyhow::Result<Self> {
        sweep()?;
        let mut network = Self::default();
        for _ in 0..count {
            network.wires.push(Wire::new()?);
            if let Some(wire) = network.wires.last() {
                wire.lay()?;
            }
        }
        Ok(network)
    }

    pub(crate) fn wires(&self) -> &[Wire] {
        &self.wires
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.wires.iter().for_each(Wire::remove);
    }
}

impl Wire {
    fn new() -> anyhow::Result<Self> {
        let name = own_name()?;
        let (here, there) = free_addresses(std::process::id().wrapping_mul(APART))?;
        Ok(Self { namespace: format!("{NAMESPACE}{name}"), interface: format!("{INTERFACE}{name}"), here, there })
    }

    fn lay(&self) -> anyhow::Result<()> {
        let Self { namespace, interface, here, there } = self;
        ip(&format!("netns add {namespace}"))?;
        let peer = format!("peer name {INSIDE} address {THERE} netns {namespace}");
        ip(&format!("link add {interface} address {HERE} type veth {peer}"))?;
        ip(&format!("addr add {here}/30 dev {interface}"))?;
        ip(&format!("link set {interface} up"))?;
        ip(&format!("-n {namespace} link set lo up"))?;
        ip(&format!("-n {namespace} addr add {there}/30 dev {INSIDE}"))?;
        ip(&format!("-n {namespace} link set {INSIDE} up"))?;
        ip(&format!("-n {namespace} route add default via {here}"))?;
        self.mend()
    }

    /// Whatever is sent vanishes from now on.
    pub(crate) fn cut(&self) -> anyhow::Result<()> {
        self.send_to(NOBODY, NOBODY)
    }

    /// Whatever is sent arrives from now on.
    pub(crate) fn mend(&self) -> anyhow::Result<()> {
        self.send_to(HERE, THERE)
    }

    fn send_to(&self, to_here: &str, to_there: &str) -> anyhow::Result<()> {
        let Self { namespace, interface, here, there } = self;
        ip(&format!("neigh replace {there} lladdr {to_there} nud permanent dev {interface}"))?;
        ip(&format!("-n {namespace} neigh replace {here} lladdr {to_here} nud permanent dev {INSIDE}"))
    }

    /// The words that a command begins with to run inside.
    pub(crate) fn wrap(&self) -> anyhow::Result<Vec<String>> {
        let program = program()?.display().to_string();
        Ok(vec![program, "netns".into(), "exec".into(), self.namespace.clone()])
    }

    /// As well as it goes: what stays is swept by the next run.
    fn remove(&self) {
        let _ = ip(&format!("link del {}", self.interface));
        let _ = ip(&format!("netns del {}", self.namespace));
    }
}

/// Removes what runs have left that are no more.
fn sweep() -> anyhow::Result<()> {
    let listed = output("netns list")?;
    for namespace in listed.lines().filter_map(|line| line.split_whitespace().next()) {
        let Some(rest) = namespace.strip_prefix(NAMESPACE) else { continue };
        if is_left(rest) {
            let (namespace, interface) = (namespace.to_owned(), format!("{INTERFACE}{rest}"));
            let (here, there) = (ADDRESSES, ADDRESSES);
            Wire { namespace, interface, here, there }.remove();
        }
    }
    Ok(())
}

/// The first pair of addresses from number `from` that no interface has here.
fn free_addresses(from: u32) -> anyhow::Result<(Ipv4Addr, Ipv4Addr)> {
    let taken = output("-4 -o addr show")?;
    let pair = |number: u32| {
        let first = u32::from(ADDRESSES) + 4 * (number % WIRES_MAX);
        (Ipv4Addr::from(first + 1), Ipv4Addr::from(first + 2))
    };
    let mut pairs = (0..WIRES_MAX).map(|nth| pair(from.wrapping_add(nth)));
    pairs.find(|(here, _)| !taken.contains(&format!(" {here}/"))).context("no address is free")
}

fn program() -> anyhow::Result<std::path::PathBuf> {
    system_program("ip").context("there is no ip")
}

fn ip(words: &str) -> anyhow::Result<()> {
    output(words).map(drop)
}

fn output(words: &str) -> anyhow::Result<String> {
    let output = Command::new(program()?).args(words.split(' ')).output()?;
    let log = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "ip {words} failed: {log}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
