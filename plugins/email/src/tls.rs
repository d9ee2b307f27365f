//! Whose certificates are trusted: this machine's authorities, or those of a file.

use std::path::Path;

use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::error::Error;

/// What to tell somebody whose server was not trusted.
const UNTRUSTED: &str = "name the file of its authority's certificate as `ca_file`, and the server by the name in its certificate";

/// The authorities that are trusted.
#[derive(Clone, Debug)]
pub(crate) enum Roots {
    /// Those of this machine.
    Machine,
    /// Those of a file, and no others.
    File(Vec<CertificateDer<'static>>),
}

impl Roots {
    /// The authorities of a file in PEM, or this machine's where none is named.
    ///
    /// # Errors
    /// [`Error::File`] at `field` when it cannot be read or holds no certificate.
    pub(crate) fn read(field: &str, path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else { return Ok(Self::Machine) };
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|error| Error::file(field, path, error))?;
        if certificates.is_empty() {
            return Err(Error::file(field, path, "holds no certificate in PEM"));
        }
        Ok(Self::File(certificates))
    }

    /// For SMTP.
    pub(crate) fn parameters(&self, host: &str) -> Result<TlsParameters, lettre::transport::smtp::Error> {
        let mut builder = TlsParameters::builder(host.to_owned());
        if let Self::File(certificates) = self {
            builder = builder.certificate_store(CertificateStore::None);
            for certificate in certificates {
                builder = builder.add_root_certificate(Certificate::from_der(certificate.to_vec())?);
            }
        }
        builder.build_rustls()
    }

    /// For IMAP.
    pub(crate) fn store(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        match self {
            Self::Machine => roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
            Self::File(certificates) => roots.add_parsable_certificates(certificates.clone()),
        };
        roots
    }
}

/// A failure with what to do about it, where the server's certificate was the reason.
pub(crate) fn advised(problem: String) -> String {
    if problem.contains("invalid peer certificate") { format!("{problem}; {UNTRUSTED}") } else { problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused_where_it_is_named() {
        // Protects: a connection from trusting nobody, and failing with words about certificates that are fine.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        for content in [None, Some(""), Some("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n")] {
            if let Some(content) = content {
                std::fs::write(&path, content).unwrap();
            }
            let error = Roots::read("/smtp/ca_file", Some(&path)).unwrap_err();
            assert!(matches!(&error, Error::File { field, .. } if field == "/smtp/ca_file"), "{error}");
        }
        assert!(matches!(Roots::read("/smtp/ca_file", None), Ok(Roots::Machine)));
    }
}
