//! One node that serves the network, and a client that speaks TLS to it.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto};

/// What the only right password is.
pub(crate) const PASSWORD: &str = "correct horse";

/// A node alone, and everything that it keeps.
pub(crate) struct House {
    pub(crate) root: PathBuf,
    /// The daemon and what carries its messages; nothing for a visitor.
    running: Option<[Child; 2]>,
    pub(crate) address: SocketAddr,
    pub(crate) user: String,
    nodes: Vec<String>,
}

pub(crate) type Tls = StreamOwned<ClientConnection, TcpStream>;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// With names in small letters.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl House {
    pub(crate) fn new(name: &str) -> Self {
        Self::among(name, &["n1"])
    }

    /// The first of these nodes; the others are somebody else's to start.
    pub(crate) fn among(name: &str, nodes: &[&str]) -> Self {
        let root = std::env::temp_dir().join(format!("quorate-web-{name}-{}", std::process::id()));
        let _not_there = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("pam")).unwrap();
        let me = rustix::process::getuid().as_raw();
        let passwd = fs::read_to_string("/etc/passwd").unwrap();
        let line: Vec<&str> = passwd
            .lines()
            .map(|line| line.split(':').collect::<Vec<&str>>())
            .find(|line| line[2] == me.to_string())
            .unwrap();
        let (user, gid) = (line[0].to_owned(), line[3].to_owned());
        let groups = fs::read_to_string("/etc/group").unwrap();
        let group = groups.lines().find(|line| line.split(':').nth(2) == Some(&gid)).unwrap();
        let group = group.split(':').next().unwrap();
        let script = root.join("pam/look");
        let text = format!("#!/bin/sh\nread -r given || true\n[ \"$given\" = '{PASSWORD}' ]\n");
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let rules = format!(
            "auth required pam_exec.so expose_authtok quiet {}\naccount required pam_permit.so\n",
            script.display()
        );
        fs::write(root.join("pam/quorate"), rules).unwrap();
        let config = format!(
            "{}[web]\nlisten = \"127.0.0.1:0\"\npam_rules = \"pam\"\ngroup = \"{group}\"\n",
            config(&root, "n1", nodes)
        );
        fs::write(root.join("quorate.toml"), config).unwrap();
        let fabric = quorate(&root, &["fabric", "--socket", "fabric.sock"]);
        let daemon = quorate(&root, &["daemon", "--config", "quorate.toml"]);
        let address = served_at(&root);
        let nodes = nodes.iter().map(|node| (*node).to_owned()).collect();
        let house = Self { root, running: Some([daemon, fabric]), address, user, nodes };
        until(|| {
            let status = house.at_socket("GET", "/v1/status", "");
            let is_up = status.contains("\"quorate\":true") || house.nodes.len() > 1;
            (is_up && status.contains("200 OK")).then_some(())
        });
        house
    }

    /// Ends the daemon, lets something be done to what it keeps, and starts it again.
    pub(crate) fn restart(&mut self, meanwhile: impl FnOnce(&Path)) {
        let [daemon, _] = self.running.as_mut().unwrap();
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        fs::remove_file(self.root.join("web/address")).unwrap();
        meanwhile(&self.root);
        *daemon = quorate(&self.root, &["daemon", "--config", "quorate.toml"]);
        self.address = served_at(&self.root);
    }

    /// What one of the nodes is to read.
    pub(crate) fn config(&self, name: &str) -> String {
        let nodes: Vec<&str> = self.nodes.iter().map(String::as_str).collect();
        config(&self.root, name, &nodes)
    }

    /// The same house for one who only asks.
    pub(crate) fn visitor(&self) -> Self {
        let Self { root, address, user, nodes, .. } = self;
        let (root, user, nodes) = (root.clone(), user.clone(), nodes.clone());
        Self { root, running: None, address: *address, user, nodes }
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.root.join("log")).unwrap()
    }

    pub(crate) fn connect(&self) -> Tls {
        let mut roots = RootCertStore::empty();
        let authority = self.root.join("web/authority.pem");
        roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
    }

    /// Asks over TLS. `headers` are whole lines.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.address,
            body.len()
        );
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        self.send(&format!("{head}\r\n{body}"))
    }

    /// Sends these bytes, and reads to the end.
    pub(crate) fn send(&self, text: &str) -> Answer {
        let mut stream = self.connect();
        // One that is refused early may be hung up on before all is sent.
        let _gone = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
        read(&mut stream)
    }

    /// The cookie's and the proof's header lines of a new session.
    pub(crate) fn login(&self) -> (String, String) {
        let answer = self.try_login(&self.user, PASSWORD);
        assert_eq!(answer.status, 200, "{answer:?}\n{}", self.log());
        let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap();
        let proof = answer.json()["proof"].as_str().unwrap().to_owned();
        (format!("Cookie: {cookie}"), format!("quorate-proof: {proof}"))
    }

    pub(crate) fn try_login(&self, user: &str, password: &str) -> Answer {
        let body = serde_json::json!({ "user": user, "password": password }).to_string();
        self.ask("POST", "/v1/login", &["Content-Type: application/json"], &body)
    }

    /// The header line of a new token, made at the socket.
    pub(crate) fn token(&self, name: &str, role: &str) -> String {
        let body = serde_json::json!({ "name": name, "role": role }).to_string();
        let answer = self.at_socket("POST", "/v1/tokens", &body);
        let json = answer.rsplit("\r\n\r\n").next().unwrap();
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        format!("Authorization: Bearer {}", json["token"].as_str().unwrap())
    }

    /// Asks at the Unix socket; the whole answer, empty where there is none.
    pub(crate) fn at_socket(&self, method: &str, path: &str, body: &str) -> String {
        let Ok(mut stream) = std::os::unix::net::UnixStream::connect(self.root.join("api.sock"))
        else {
            return String::new();
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut text = String::new();
        let _gone = stream.write_all(request.as_bytes());
        let _gone = stream.read_to_string(&mut text);
        text
    }

    /// Makes a configuration with an element in `resources`.
    pub(crate) fn configure(&self, resources: &str) {
        let edit = serde_json::json!({ "change": { "change": { "edit": { "edits": [
            { "create": { "parent": "/cib/configuration/resources", "xml": resources } } ] } } } });
        let answer = self.at_socket("POST", "/v1/request", &edit.to_string());
        assert!(answer.contains("\"done\""), "{answer}");
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let Some(running) = &mut self.running else { return };
        for child in running {
            let _gone = child.kill();
            let _gone = child.wait();
        }
        let _gone = fs::remove_dir_all(&self.root);
    }
}

fn config(root: &Path, name: &str, nodes: &[&str]) -> String {
    let listed: Vec<String> =
        (1..).zip(nodes).map(|(id, node)| format!("{{ name = \"{node}\", id = {id} }}")).collect();
    let at = root.display();
    format!(
        "name = \"{name}\"\nstate_dir = \".\"\nagents = \"{at}/agents\"\nnodes = [{}]\n[fabric]\n\
         kind = \"embedded\"\nsocket = \"{at}/fabric.sock\"\n",
        listed.join(", ")
    )
}

fn quorate(root: &PathBuf, words: &[&str]) -> Child {
    let log = fs::File::options().create(true).append(true).open(root.join("log")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_quorate"))
        .args(words)
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn served_at(root: &Path) -> SocketAddr {
    until(|| fs::read_to_string(root.join("web/address")).ok()?.trim().parse().ok())
}

/// Looks until there is something.
pub(crate) fn until<T>(look: impl Fn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "that takes too long");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Reads an answer to the connection's end.
pub(crate) fn read(stream: &mut impl Read) -> Answer {
    let mut bytes = Vec::new();
    // Some close without saying good-bye; what came counts.
    let _abrupt = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    Answer { status, head: head.replace("\r\n", "\n"), body: body.to_owned() }
}
