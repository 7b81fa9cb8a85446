//! ejabberd's configuration and start, without Debian's wrapper: no node name, so no epmd and no cookie.

use std::path::{Path, PathBuf};

use super::process::Process;
use super::{Doing, Error, Proxy, Site};

/// The file that ejabberd writes once its accounts exist.
pub(super) fn ready_file(dir: &Path) -> PathBuf {
    dir.join("ready")
}

pub(super) fn start(site: &Site<'_>) -> Result<Process, Error> {
    let config = site.dir.join("ejabberd.yml");
    let pair =
        ["server.crt", "server.key"].map(|name| std::fs::read_to_string(site.dir.join(name)).doing(name));
    let [cert, key] = pair;
    std::fs::write(site.dir.join("server.pem"), cert? + &key?).doing("writing ejabberd's certificate")?;
    std::fs::write(&config, text(site)).doing("writing ejabberd's configuration")?;
    std::fs::create_dir(site.dir.join("spool")).doing("making ejabberd's spool folder")?;
    site.owner.give(site.dir)?;
    let mut command = site.owner.command("erl");
    command
        .args(["-noinput", "-mnesia", "dir"])
        .arg(format!("\"{}/spool\"", site.dir.display()))
        .args(["-s", "ejabberd", "-eval", &register(site)])
        .env("ERL_LIBS", libraries()?)
        .env("HOME", site.dir)
        .env("ERL_CRASH_DUMP", site.dir.join("crash.dump"))
        .env("EJABBERD_CONFIG_PATH", &config)
        .env("EJABBERD_LOG_PATH", site.dir.join("server.log"));
    Process::start(command, site.dir)
}

/// The folder that holds ejabberd's own Erlang libraries: Debian puts them under the architecture's name.
fn libraries() -> Result<PathBuf, Error> {
    let entries = std::fs::read_dir("/usr/lib").doing("reading /usr/lib")?.flatten();
    let holds = |dir: &PathBuf| {
        let inner =
            std::fs::read_dir(dir).map(|inner| inner.flatten().collect::<Vec<_>>()).unwrap_or_default();
        inner.iter().any(|entry| entry.file_name().to_string_lossy().starts_with("ejabberd-"))
    };
    match entries.map(|entry| entry.path()).find(holds) {
        Some(dir) => Ok(dir),
        None => Err(std::io::Error::from(std::io::ErrorKind::NotFound))
            .doing("looking for ejabberd's libraries in /usr/lib"),
    }
}

/// Erlang that registers the accounts once the server can, and then says so.
fn register(site: &Site<'_>) -> String {
    let binary = |text: &str| format!("<<\"{}\">>", text.replace('\\', "\\\\").replace('"', "\\\""));
    let (domain, ready) = (binary(&site.setup.domain), ready_file(site.dir));
    let accounts: Vec<String> = site
        .setup
        .accounts
        .iter()
        .map(|(user, word)| format!("{{{}, {}}}", binary(user), binary(word)))
        .collect();
    format!(
        "spawn(fun() -> \
           Try = fun(Self, User, Word) -> \
             case catch ejabberd_auth:try_register(User, {domain}, Word) of \
               ok -> ok; \
               {{error, exists}} -> ok; \
               _ -> timer:sleep(100), Self(Self, User, Word) \
             end end, \
           Up = fun(Self) -> \
             case lists:keymember(ejabberd, 1, application:which_applications()) of \
               true -> ok; \
               false -> timer:sleep(100), Self(Self) \
             end end, \
           Up(Up), \
           [Try(Try, User, Word) || {{User, Word}} <- [{accounts}]], \
           file:write_file(\"{ready}\", os:getpid()) \
         end).",
        accounts = accounts.join(", "),
        ready = ready.display(),
    )
}

fn text(site: &Site<'_>) -> String {
    let (dir, domain) = (site.dir.display(), &site.setup.domain);
    // What Debian's sample file attaches to c2s.
    let shaper = if site.setup.limited { "c2s_shaper" } else { "none" };
    let (interface, host) = (site.setup.proxy.interface(), site.setup.proxy.host());
    let proxy = match site.setup.proxy {
        Proxy::Absent => String::new(),
        _ => format!(
            "  mod_proxy65:\n    host: \"proxy.{domain}\"\n    ip: \"{interface}\"\n    hostname: \"{host}\"\n    \
             port: {port}\n    access: all\n    shaper: none\n",
            port = site.proxy_port
        ),
    };
    format!(
        r#"hosts: ["{domain}"]
loglevel: info
certfiles: ["{dir}/server.pem"]
acme: {{ auto: false }}
auth_method: internal
auth_password_format: scram
auth_scram_hash: {hash}
define_macro:
  TLS_OPTIONS: ["no_sslv3", "no_tlsv1", "no_tlsv1_1", "cipher_server_preference", "no_compression"]
listen:
  - port: {c2s}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: 262144
    shaper: {shaper}
    access: all_users
    starttls: true
    starttls_required: {encrypted}
    protocol_options: TLS_OPTIONS
  - port: {tls}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: 262144
    shaper: {shaper}
    access: all_users
    tls: true
    protocol_options: TLS_OPTIONS
acl:
  local: {{ user_regexp: "" }}
access_rules:
  all_users: {{ allow: all }}
shaper:
  normal: {{ rate: 3000, burst_size: 20000 }}
shaper_rules:
  c2s_shaper: normal
modules:
  mod_adhoc: {{ }}
  mod_disco: {{ }}
  mod_ping: {{ }}
{proxy}  mod_roster: {{ }}
  mod_stream_mgmt: {{ }}
"#,
        c2s = site.c2s_port,
        tls = site.tls_port,
        encrypted = !site.setup.plain,
        hash = if site.setup.sha1 { "sha" } else { "sha256" },
    )
}
