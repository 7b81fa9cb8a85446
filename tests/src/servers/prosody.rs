//! Prosody's configuration and start.

use std::process::Stdio;

use super::process::Process;
use super::{Doing, Error, Kind, Proxy, Site};

/// What mod_limits does in the packaged configuration.
const PACKAGED_LIMITS: &str = r#"limits = { c2s = { rate = "10kb/s" }, s2sin = { rate = "30kb/s" } }"#;

pub(super) fn start(site: &Site<'_>) -> Result<Process, Error> {
    let config = site.dir.join("prosody.cfg.lua");
    std::fs::write(&config, text(site)).doing("writing Prosody's configuration")?;
    std::fs::create_dir(site.dir.join("data")).doing("making Prosody's data folder")?;
    site.owner.give(site.dir)?;
    for (user, password) in &site.setup.accounts {
        let mut register = site.owner.command("prosodyctl");
        register.arg("--config").arg(&config).args(["register", user, &site.setup.domain, password]);
        let output =
            register.current_dir(site.dir).stdin(Stdio::null()).output().doing("starting prosodyctl")?;
        if !output.status.success() {
            let log = [output.stdout, output.stderr].concat();
            return Err(Error::NotReady {
                kind: Kind::Prosody,
                log: String::from_utf8_lossy(&log).into_owned(),
            });
        }
    }
    let mut command = site.owner.command("prosody");
    command.arg("-F").arg("--config").arg(&config);
    Process::start(command, site.dir)
}

fn text(site: &Site<'_>) -> String {
    let (dir, domain) = (site.dir.display(), &site.setup.domain);
    let limits = if site.setup.limited { ", \"limits\"" } else { "" };
    let proxy = &site.setup.proxy;
    // Ports and interfaces belong to the server, the address to the component.
    let proxy_ports = match proxy {
        Proxy::Absent => String::new(),
        _ => {
            let (interface, port) = (proxy.interface(), site.proxy_port);
            format!("proxy65_ports = {{ {port} }}\nproxy65_interfaces = {{ \"{interface}\" }}\n")
        }
    };
    let mut text = format!(
        r#"data_path = "{dir}/data"
log = {{ {{ to = "file", filename = "{dir}/server.log", levels = {{ min = "info" }} }} }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {c2s} }}
c2s_direct_tls_ports = {{ {tls} }}
s2s_ports = {{ }}
http_ports = {{ }}
https_ports = {{ }}
{proxy_ports}modules_enabled = {{ "roster", "saslauth", "tls", "disco", "ping", "smacks"{limits} }}
modules_disabled = {{ "s2s" }}
authentication = "internal_hashed"
password_hash = "{hash}"
c2s_require_encryption = {encrypted}
ssl = {{ certificate = "{dir}/server.crt", key = "{dir}/server.key" }}
"#,
        c2s = site.c2s_port,
        tls = site.tls_port,
        encrypted = !site.setup.plain,
        hash = if site.setup.sha1 { "SHA-1" } else { "SHA-256" },
    );
    if site.setup.limited {
        text.push_str(PACKAGED_LIMITS);
        text.push('\n');
    }
    text.push_str(&format!("VirtualHost \"{domain}\"\n"));
    if *proxy != Proxy::Absent {
        let component = format!("Component \"proxy.{domain}\" \"proxy65\"\n");
        text.push_str(&format!("{component}  proxy65_address = \"{}\"\n", proxy.host()));
    }
    text
}
