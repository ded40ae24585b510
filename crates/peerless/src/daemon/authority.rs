//! The certificate authority of the simulated internet: with it, `https` there is what it is elsewhere.
//!
//! Each state folder has one of its own. Its key stays in that folder, for root only; its certificate is among those that guests trust. It
//! may vouch for the names of the simulated internet and for nothing else (RFC 5280, section 4.2.1.10), so that whoever trusts it, or steals
//! it, cannot meet or be a stranger.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::guests::chain;
use super::private_file::write;

/// What the authority is called. The name of its file among trusted ones follows from it: [`super::trust`].
const NAME: &str = "Peerless Simulated Internet";

/// An authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

impl Authority {
    /// The one of this folder, which is made if it has none.
    pub fn of(folder: &Path) -> Result<Self, String> {
        let (key, certificate) = (folder.join("authority.key"), folder.join("authority.pem"));
        let failed = |path: &Path, error: &dyn std::error::Error| format!("{}: {}", path.display(), chain(error));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| failed(folder, &error))?;
        let key_pair = match fs::read_to_string(&key) {
            Ok(text) => KeyPair::from_pem(&text).map_err(|error| failed(&key, &error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = KeyPair::generate().map_err(|error| failed(&key, &error))?;
                write(&key, made.serialize_pem().as_bytes()).map_err(|error| failed(&key, &error))?;
                made
            }
            Err(error) => return Err(failed(&key, &error)),
        };
        let text = match fs::read_to_string(&certificate) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = parameters().self_signed(&key_pair).map_err(|error| failed(&certificate, &error))?.pem();
                write(&certificate, made.as_bytes()).map_err(|error| failed(&certificate, &error))?;
                made
            }
            Err(error) => return Err(failed(&certificate, &error)),
        };
        Ok(Self { issuer: Issuer::new(parameters(), key_pair), certificate: text })
    }

    /// Its certificate, in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// What a server with these names speaks TLS with. Its key is never on disk.
    pub fn server(&self, names: &[&str]) -> Result<Arc<ServerConfig>, String> {
        let failed = |error: &dyn std::error::Error| format!("the certificate of {}: {}", names.join(", "), chain(error));
        let mut parameters =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).map_err(|error| failed(&error))?;
        parameters.distinguished_name = named(names.first().copied().unwrap_or_default());
        parameters.use_authority_key_identifier_extension = true;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().map_err(|error| failed(&error))?;
        let certificate = parameters.signed_by(&key, &self.issuer).map_err(|error| failed(&error))?;
        let chain = vec![CertificateDer::from(certificate)];
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| failed(&io::Error::other(error)))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
        let mut config = config.and_then(|config| config.with_no_client_auth().with_single_cert(chain, key)).map_err(|error| failed(&error))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn parameters() -> CertificateParams {
    let everywhere = [CidrSubnet::V4([0; 4], [0; 4]), CidrSubnet::V6([0; 16], [0; 16])];
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = named(NAME);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.name_constraints = Some(NameConstraints {
        // A name stands for itself and for all below it.
        permitted_subtrees: services::dns::DOMAINS.map(|name| GeneralSubtree::DnsName(name.to_owned())).into(),
        excluded_subtrees: everywhere.map(GeneralSubtree::IpAddress).into(),
    });
    parameters
}

fn named(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            Self(std::env::temp_dir().join(format!("peerless-authority-{name}-{}", std::process::id())))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Why somebody who trusts the authority does not speak with a server of that name, if not.
    async fn refusal(authority: &Authority, name: &'static str) -> Option<String> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.certificate().as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions().unwrap();
        let client = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
        let server = TlsAcceptor::from(authority.server(&[name]).unwrap());
        let (here, there) = tokio::io::duplex(64 * 1024);
        let server = tokio::spawn(async move { drop(server.accept(there).await) });
        let refusal = client.connect(name.try_into().unwrap(), here).await.err().map(|error| error.to_string());
        server.await.unwrap();
        refusal
    }

    #[tokio::test]
    async fn it_vouches_for_its_own_names_only() {
        let folder = Folder::new("names");
        let authority = Authority::of(&folder.0).unwrap();
        for name in ["example.com", "www.example.com"] {
            assert_eq!(refusal(&authority, name).await, None);
        }
        for name in ["example.org", "notexample.com", "203.0.113.80"] {
            assert!(refusal(&authority, name).await.unwrap().contains("NameConstraint"), "{name}");
        }
    }

    #[test]
    fn the_authority_of_a_folder_stays_the_same_and_its_key_is_roots() {
        let made = Folder::new("same");
        let folder = &made.0;
        let first = Authority::of(folder).unwrap();
        let again = Authority::of(folder).unwrap();
        assert_eq!(first.certificate(), again.certificate());
        for file in ["authority.key", "authority.pem"] {
            assert_eq!(fs::metadata(folder.join(file)).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::remove_file(folder.join("authority.pem")).unwrap();
        assert!(Authority::of(folder).unwrap().server(&["example.com"]).is_ok());
        fs::write(folder.join("authority.key"), "nonsense").unwrap();
        assert!(Authority::of(folder).err().unwrap().contains("authority.key"));
    }
}
