//! The certificate that is shown to who connects: looked for again now and then, so that a new one
//! needs no restart.

use std::fs;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::certificate::{self, Found};
use super::{WebError, WebSettings};

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(5);

/// What is shown now. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    provider: Arc<CryptoProvider>,
    key: Arc<RwLock<Arc<CertifiedKey>>>,
}

/// When the files were written.
type Written = [Option<SystemTime>; 2];

impl Shown {
    /// The certificate that the settings lead to.
    pub(super) fn find(
        settings: &WebSettings,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, WebError> {
        let key = load(settings, provider)?;
        Ok(Self { provider: Arc::clone(provider), key: Arc::new(RwLock::new(Arc::new(key))) })
    }

    /// Shows another one when the files are others, or ours is old; for ever. One that cannot be used
    /// is said, and the last good one is shown.
    pub(super) async fn renew(self, settings: WebSettings) {
        let mut known = written(&settings);
        loop {
            tokio::time::sleep(LOOK).await;
            let found = written(&settings);
            if found == known && !certificate::is_due(&settings) {
                continue;
            }
            match load(&settings, &self.provider) {
                Ok(key) => {
                    *self.key.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                    tracing::info!("shows a new certificate to the network");
                    // Ours may have been made just now.
                    known = written(&settings);
                }
                Err(error) => {
                    if found != known {
                        let error: &dyn std::error::Error = &error;
                        let cause = error.source().map(ToString::to_string);
                        tracing::error!(%error, ?cause, "goes on with the former certificate");
                    }
                    known = found;
                }
            }
        }
    }
}

impl Shown {
    /// The certificate, and those of who signed it, as far as they are shown.
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.key.read().unwrap_or_else(PoisonError::into_inner).cert.clone()
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let key = self.key.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&key))
    }
}

fn load(settings: &WebSettings, provider: &CryptoProvider) -> Result<CertifiedKey, WebError> {
    let Found { chain, key } = certificate::find(settings).map_err(WebError::Certificate)?;
    CertifiedKey::from_der(chain, key, provider).map_err(WebError::Tls)
}

fn written(settings: &WebSettings) -> Written {
    let (certificate, key) = certificate::files(settings);
    [certificate, key].map(|path| fs::metadata(path).and_then(|about| about.modified()).ok())
}
