//! Names that people give, and numbers that stand for them on the wire.

use std::fmt;
use std::sync::Arc;

macro_rules! text_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_name! {
    /// A member machine, as people name it. Field word: Pacemaker *uname*.
    NodeName
}

text_name! {
    /// A resource or a resource's instance (`web`, `ping:1`).
    ResourceId
}

/// A member machine's number on the wire and its id in the document's `nodes` section. From 1.
/// Field words: Corosync *nodeid*, Pacemaker *uuid*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which program manages a resource: `ocf:heartbeat:IPaddr2`, `systemd:nginx`,
/// `stonith:fence_ipmilan`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentRef {
    /// `ocf`, `lsb`, `service`, `systemd`, `stonith`, ... Field word: Pacemaker *class*.
    pub standard: Arc<str>,
    /// Only `ocf` has one: the directory below `resource.d`.
    pub provider: Option<Arc<str>>,
    /// The agent's own name. Field word: Pacemaker *type*.
    pub kind: Arc<str>,
}

impl fmt::Display for AgentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.provider {
            Some(provider) => write!(f, "{}:{}:{}", self.standard, provider, self.kind),
            None => write!(f, "{}:{}", self.standard, self.kind),
        }
    }
}
