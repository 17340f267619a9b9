//! HTTP below OpenStack: the client, one exchange with its limits, and the log line of each.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, Identity, RequestBuilder, StatusCode, redirect};

use super::calls::{Calls, Exchange};
use super::catalog::Service;
use super::fault;
use crate::cloud::{CloudError, CloudErrorKind};
use crate::config::clouds::{CloudConfig, Tls};
use crate::model::{Problem, ProblemKind, text::clean};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Apache, in front of most services, closes after 5 seconds; a request sent into that is lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// Of one exchange, body included, when the configuration says nothing.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// No answer we ask for is near this; a hostile one must not fill the memory.
const BODY_MAX: usize = 64 << 20;

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// The error of an exchange that gave no answer.
#[derive(Debug)]
pub struct Broken {
    pub error: CloudError,
    pub repeat: Repeat,
}

/// Whether the same request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing of it had left this machine.
    Always,
    /// It may have been carried out.
    WhenHarmless,
    /// It would fail the same way, or has used up the time somebody would wait.
    Never,
}

/// A client for this cloud. Redirects are never followed here: the session decides.
pub fn client(config: &CloudConfig) -> Result<Client, Problem> {
    // A proxy for the world knows no loopback of ours.
    let local = config
        .auth_url
        .host_str()
        .is_some_and(|host| host == "localhost" || host.starts_with("127.") || host == "[::1]");
    let base = || {
        let builder = if local { Client::builder().no_proxy() } else { Client::builder() };
        builder
            .user_agent(concat!("jeroboam/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .timeout(config.timeout.unwrap_or(REQUEST_TIMEOUT))
            .danger_accept_invalid_certs(!config.tls.verify)
    };
    let Tls { ca_file, cert, key, .. } = &config.tls;
    let mut builder = base();
    if let Some(path) = ca_file {
        let bundle = Certificate::from_pem_bundle(&read(path, "cacert")?).ok().filter(|certs| !certs.is_empty());
        let bundle = bundle.ok_or_else(|| {
            Problem::invalid(format!("cacert {} has no certificate in it", path.display()))
                .advise("It must be a PEM file with the authority that signed the cloud's certificates")
        })?;
        builder = builder.tls_certs_only(bundle);
    }
    if let Some(path) = cert {
        let mut pem = read(path, "cert")?;
        if let Some(path) = key {
            pem.push(b'\n');
            pem.extend(read(path, "key")?);
        }
        let identity = Identity::from_pem(&pem).map_err(|_| {
            Problem::invalid(format!("cert {} and its key cannot be used", path.display()))
                .advise("Both must be PEM; the key without a passphrase")
        })?;
        builder = builder.identity(identity);
    }
    match builder.build() {
        Ok(client) => Ok(client),
        // A machine without any authorities can still talk to a cloud that needs none.
        Err(_) if config.auth_url.scheme() == "http" => base().tls_certs_only([]).build(),
        Err(error) => Err(error),
    }
    .map_err(|error| {
        Problem::local(format!("cannot set up TLS: {}", reason(&error)))
            .advise("Install the system's CA certificates, or name a CA file with cacert or OS_CACERT")
    })
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>, Problem> {
    std::fs::read(path).map_err(|error| {
        Problem::new(ProblemKind::Local, format!("cannot read {what} {}: {error}", path.display()))
            .advise("Correct the path in clouds.yaml or OS_CACERT")
    })
}

/// The client, and where its exchanges are noted.
pub struct Http {
    pub client: Client,
    pub calls: Arc<Calls>,
}

impl Http {
    /// One exchange: sends, reads the answer up to its limit, notes it and writes the log line.
    pub async fn exchange(
        &self,
        service: Service,
        request: RequestBuilder,
        attempt: u32,
    ) -> Result<Answer, Box<Broken>> {
        let started = Instant::now();
        let request = request.build().map_err(|error| broken(service, &error))?;
        let (method, url) = (request.method().clone(), shown(request.url()));
        let result = run(&self.client, service, request).await;
        let took = started.elapsed();
        let ms = took.as_millis();
        let (status, request_id, fault) = match &result {
            Ok(Answer { status, headers, .. }) => (Some(status.as_u16()), fault::request_id(headers), None),
            Err(broken) => (None, None, Some(broken.error.message.clone())),
        };
        tracing::debug!(target: "jeroboam::api", %method, url, status, ms, request_id, error = fault);
        let (service, method, url) = (service.name, method.as_str(), url.as_str());
        self.calls.note(Exchange { service, method, url, attempt, took, status, request_id, fault });
        result
    }
}

async fn run(client: &Client, service: Service, request: reqwest::Request) -> Result<Answer, Box<Broken>> {
    let mut response = client.execute(request).await.map_err(|error| broken(service, &error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(service, &error))? {
        if body.len() + chunk.len() > BODY_MAX {
            let error = failure(service, CloudErrorKind::Protocol, "the answer is larger than 64 MB");
            return Err(Box::new(Broken { error, repeat: Repeat::Never }));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}

fn broken(service: Service, error: &reqwest::Error) -> Box<Broken> {
    let timed_out = error.is_timeout() && !error.is_connect();
    let message = if timed_out { "no complete answer in time".to_owned() } else { reason(error) };
    let repeat = match () {
        () if timed_out || error.is_builder() || message.starts_with(TLS) => Repeat::Never,
        () if error.is_connect() => Repeat::Always,
        () => Repeat::WhenHarmless,
    };
    Box::new(Broken { error: failure(service, CloudErrorKind::Unreachable, message), repeat })
}

/// Begins the message of a failure of TLS.
pub const TLS: &str = "TLS: ";

/// The innermost reason, which is the one that tells (`Connection refused`, `UnknownIssuer`).
fn reason(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    clean(&plainly(&inner.to_string()))
}

/// In words for a person where the libraries speak to programmers.
fn plainly(told: &str) -> String {
    let told = told.split(" (os error").next().unwrap_or(told);
    let told = told.split(": https://docs.rs").next().unwrap_or(told);
    let about_tls = ["certificate", "fatal alert", "corrupt message", "andshake"];
    match told {
        told if told.contains("UnknownIssuer") => format!("{TLS}nobody this machine trusts signed the certificate"),
        told if told.contains("CaUsedAsEndEntity") => {
            format!("{TLS}the server shows an authority's certificate (CA:TRUE) as its own, which proves nothing")
        }
        told if told.contains("corrupt message") => format!("{TLS}what answers does not speak TLS"),
        told if about_tls.iter().any(|word| told.contains(word)) => format!("{TLS}{told}"),
        told => told.to_owned(),
    }
}

/// An error without an answer.
pub fn failure(service: Service, kind: CloudErrorKind, message: impl Into<String>) -> CloudError {
    CloudError {
        kind,
        service: service.name.to_owned(),
        status: None,
        request_id: None,
        message: message.into(),
        retry_after: None,
    }
}

/// An address without a user, password or fragment in it.
pub fn shown(url: &url::Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    #[rstest]
    #[case("Connection refused (os error 111)", "Connection refused")]
    #[case("invalid peer certificate: UnknownIssuer", "TLS: nobody this machine trusts signed the certificate")]
    #[case("received fatal alert: HandshakeFailure", "TLS: received fatal alert: HandshakeFailure")]
    #[case("received corrupt message of type InvalidContentType", "TLS: what answers does not speak TLS")]
    #[case(
        "peer closed connection without sending TLS close_notify: https://docs.rs/rustls/x",
        "peer closed connection without sending TLS close_notify"
    )]
    fn reasons_are_put_plainly(#[case] told: &str, #[case] plain: &str) {
        assert_eq!(super::plainly(told), plain);
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let url = "https://u:p@host:5000/v3#x".parse().unwrap();
        assert_eq!(super::shown(&url), "https://host:5000/v3");
    }
}
