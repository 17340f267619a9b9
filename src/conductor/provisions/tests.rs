use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::{clear, has_credential, open, placeholders, ready, refusal, retire};
use crate::cloud::{ApplicationCredential, CloudError, CloudErrorKind, Delegation, KeyManager};
use crate::conductor::Ports;
use crate::conductor::keys;
use crate::conductor::testing::{FakeHeat, fault, plannable, ports, yield_once};
use crate::driver::Drivers;
use crate::store::{ClusterRecord, MemoryStore, Secrets, Store};

/// Keystone's credentials and Barbican's secrets in memory.
#[derive(Default)]
pub(crate) struct FakeVault {
    pub credentials: Mutex<BTreeMap<String, u32>>,
    pub secrets: Mutex<BTreeMap<String, (String, SecretString)>>,
    /// For the next calls; `true`: done, but the answer is lost.
    pub fates: Mutex<VecDeque<(CloudErrorKind, bool)>>,
    pub restricted: bool,
    count: Mutex<u32>,
}

impl FakeVault {
    fn next(&self) -> u32 {
        let mut count = self.count.lock().unwrap();
        *count += 1;
        *count
    }

    async fn call<T>(&self, act: impl FnOnce() -> Result<T, CloudError> + Send) -> Result<T, CloudError> {
        yield_once().await;
        let fate = self.fates.lock().unwrap().pop_front();
        match fate {
            None => act(),
            Some((kind, done)) => {
                if done {
                    act()?;
                }
                Err(fault(kind))
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.credentials.lock().unwrap().is_empty() && self.secrets.lock().unwrap().is_empty()
    }
}

#[async_trait]
impl Delegation for FakeVault {
    fn may_delegate(&self) -> bool {
        !self.restricted
    }

    async fn create_credential(&self, name: &str, _: &str) -> Result<ApplicationCredential, CloudError> {
        self.call(|| {
            let mut all = self.credentials.lock().unwrap();
            if all.contains_key(name) {
                return Err(fault(CloudErrorKind::Conflict));
            }
            let number = self.next();
            all.insert(name.to_owned(), number);
            let secret = SecretString::from(format!("secret-{number}"));
            Ok(ApplicationCredential { id: format!("credential-{number}"), secret })
        })
        .await
    }

    async fn delete_credential(&self, name: &str) -> Result<bool, CloudError> {
        self.call(|| Ok(self.credentials.lock().unwrap().remove(name).is_some())).await
    }
}

#[async_trait]
impl KeyManager for FakeVault {
    async fn store_secret(&self, name: &str, payload: &SecretString) -> Result<String, CloudError> {
        self.call(|| {
            let reference = format!("ref-{}", self.next());
            self.secrets.lock().unwrap().insert(reference.clone(), (name.to_owned(), payload.clone()));
            Ok(reference)
        })
        .await
    }

    async fn secret(&self, reference: &str) -> Result<Option<SecretString>, CloudError> {
        self.call(|| Ok(self.secrets.lock().unwrap().get(reference).map(|(_, payload)| payload.clone()))).await
    }

    async fn secrets_named(&self, name: &str) -> Result<Vec<String>, CloudError> {
        self.call(|| {
            let all = self.secrets.lock().unwrap();
            Ok(all.iter().filter(|(_, (its, _))| its == name).map(|(reference, _)| reference.clone()).collect())
        })
        .await
    }

    async fn delete_secret(&self, reference: &str) -> Result<bool, CloudError> {
        self.call(|| Ok(self.secrets.lock().unwrap().remove(reference).is_some())).await
    }
}

/// A driver that hands a credential to add-ons, when they need one.
fn driver() -> Arc<Drivers> {
    let manifest = r#"
        name = "k8s_ubuntu_kubeadm"
        extends = "k8s_ubuntu_kubeadm"
        credential_when = "cluster.cloud_addons"
        [parameters]
        app_credential_id = "secret.app_credential_id"
    "#;
    let folder = BTreeMap::from([("driver.toml".to_owned(), manifest.to_owned())]);
    let drivers = Drivers::load(vec![("k8s_ubuntu_kubeadm".into(), Ok(folder))]);
    assert_eq!(drivers.broken().count(), 0);
    Arc::new(drivers)
}

async fn cluster(labels: &[(&str, &str)]) -> (Ports, ClusterRecord, Arc<FakeVault>) {
    let (mut record, mut secrets) = plannable(1, "c");
    record.cluster.driver = "k8s_ubuntu_kubeadm".into();
    for (key, value) in labels {
        record.cluster.labels.0.insert((*key).into(), (*value).into());
    }
    for name in super::KEYS {
        secrets.insert(name.into(), SecretString::from(format!("text of {name}")));
    }
    placeholders(&mut secrets);
    let (store, vault, heat) =
        (Arc::new(MemoryStore::default()), Arc::new(FakeVault::default()), Arc::new(FakeHeat::default()));
    store.add_template(&record.scope, &crate::store::tests::template()).await.unwrap();
    store.add_cluster(&mut record, &secrets).await.unwrap();
    let ports = Ports { drivers: driver(), ..ports(heat, store, vault.clone()) };
    (ports, record, vault)
}

const BOTH: [(&str, &str); 2] = [("cert_manager", "barbican"), ("cloud_provider_enabled", "true")];

#[tokio::test]
async fn nothing_is_made_that_nobody_asked_for() {
    let (ports, record, vault) = cluster(&[]).await;
    let secrets = ready(&ports, &record).await.unwrap().unwrap();
    assert_eq!(secrets["ca_key"].expose_secret(), "text of ca_key");
    assert_eq!(secrets["app_credential_id"].expose_secret(), "");
    assert!(vault.is_empty());
    clear(&ports, &record).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_credential_and_keys_are_made_once_and_cleared() {
    let (ports, record, vault) = cluster(&BOTH).await;
    for _ in 0..2 {
        let secrets = ready(&ports, &record).await.unwrap().unwrap();
        assert_eq!(secrets["app_credential_id"].expose_secret(), "credential-1");
        assert_eq!(secrets["app_credential_secret"].expose_secret(), "secret-1");
        for name in super::KEYS {
            assert_eq!(secrets[name].expose_secret(), format!("text of {name}"));
        }
        let kept = ports.store.secrets(record.id()).await.unwrap();
        assert!(super::KEYS.iter().all(|name| kept[*name].expose_secret().starts_with("barbican:ref-")));
        assert_eq!((vault.credentials.lock().unwrap().len(), vault.secrets.lock().unwrap().len()), (1, 4));
    }
    clear(&ports, &record).await.unwrap().unwrap();
    assert!(vault.is_empty());
    clear(&ports, &record).await.unwrap().unwrap();
    let error = ready(&ports, &record).await.unwrap().unwrap_err();
    assert!(error.message.contains("ca_key") && error.message.contains("not there any more"), "{error}");
}

#[tokio::test]
async fn the_old_credential_is_revoked_when_the_stack_has_the_new_one() {
    let (ports, mut record, vault) = cluster(&BOTH[1..]).await;
    ready(&ports, &record).await.unwrap().unwrap();
    record.sent.credential = 1;
    for _ in 0..2 {
        let secrets = ready(&ports, &record).await.unwrap().unwrap();
        let sent = keys::for_plan(&record, &with_authority(secrets), record.cluster.created_at).unwrap();
        assert_eq!(sent["app_credential_id"].expose_secret(), "credential-2");
        assert_eq!(sent["app_credential_secret"].expose_secret(), "secret-2");
        assert_eq!(vault.credentials.lock().unwrap().len(), 2);
    }
    for _ in 0..2 {
        retire(&ports, &record).await.unwrap().unwrap();
        assert_eq!(vault.credentials.lock().unwrap().len(), 1);
    }
    // The change is given up after all: the first one's place is taken by one of the same number.
    record.sent.credential = 0;
    let secrets = ready(&ports, &record).await.unwrap().unwrap();
    assert_eq!(secrets["app_credential_id"].expose_secret(), "credential-3");
    retire(&ports, &record).await.unwrap().unwrap();
    assert_eq!(vault.credentials.lock().unwrap().len(), 1);
    // An answer is lost, and the change given up: what it made is found all the same.
    record.sent.credential = 2;
    vault.fates.lock().unwrap().push_back((CloudErrorKind::Unreachable, true));
    ready(&ports, &record).await.unwrap().unwrap_err();
    assert_eq!(vault.credentials.lock().unwrap().len(), 2);
    record.sent.credential = 0;
    clear(&ports, &record).await.unwrap().unwrap();
    assert!(vault.is_empty());
    assert!(has_credential(&record, &ports.drivers).is_ok());
    let (ports, record, _) = cluster(&[]).await;
    assert!(has_credential(&record, &ports.drivers).unwrap_err().summary.contains("no credential"));
}

/// A CA to sign with, beside what is there.
fn with_authority(mut secrets: Secrets) -> Secrets {
    secrets.extend(crate::pki::generate("c", chrono::Utc::now()).unwrap());
    secrets
}

/// At each call in turn: the call fails, or is done and its answer lost. Then it goes on, and nothing is left over.
#[tokio::test]
async fn interrupted_anywhere_it_goes_on_and_leaves_nothing() {
    for lost in [false, true] {
        for moment in 0..14 {
            let (ports, record, vault) = cluster(&BOTH).await;
            let counting = Arc::new(Counting { inner: vault.clone(), left: Mutex::new(moment), lost });
            let shaky = Ports { delegation: counting.clone(), key_manager: counting.clone(), ..ports.clone() };
            let first = ready(&shaky, &record).await.unwrap();
            let secrets = ready(&ports, &record).await.unwrap().unwrap();
            assert!(!secrets["app_credential_id"].expose_secret().is_empty(), "{moment} {lost} {first:?}");
            assert_eq!((vault.credentials.lock().unwrap().len(), vault.secrets.lock().unwrap().len()), (1, 4));
            *counting.left.lock().unwrap() = moment % 6;
            let _ = clear(&shaky, &record).await.unwrap();
            clear(&ports, &record).await.unwrap().unwrap();
            assert!(vault.is_empty(), "{moment} {lost}");
        }
    }
}

/// Fails one call, counted from now.
struct Counting {
    inner: Arc<FakeVault>,
    left: Mutex<u32>,
    lost: bool,
}

impl Counting {
    fn count(&self) {
        let mut left = self.left.lock().unwrap();
        if *left == 0 {
            self.inner.fates.lock().unwrap().push_front((CloudErrorKind::Unreachable, self.lost));
        }
        *left = left.wrapping_sub(1);
    }
}

#[async_trait]
impl Delegation for Counting {
    fn may_delegate(&self) -> bool {
        true
    }
    async fn create_credential(&self, name: &str, told: &str) -> Result<ApplicationCredential, CloudError> {
        self.count();
        self.inner.create_credential(name, told).await
    }
    async fn delete_credential(&self, name: &str) -> Result<bool, CloudError> {
        self.count();
        self.inner.delete_credential(name).await
    }
}

#[async_trait]
impl KeyManager for Counting {
    async fn store_secret(&self, name: &str, payload: &SecretString) -> Result<String, CloudError> {
        self.count();
        self.inner.store_secret(name, payload).await
    }
    async fn secret(&self, reference: &str) -> Result<Option<SecretString>, CloudError> {
        self.count();
        self.inner.secret(reference).await
    }
    async fn secrets_named(&self, name: &str) -> Result<Vec<String>, CloudError> {
        self.count();
        self.inner.secrets_named(name).await
    }
    async fn delete_secret(&self, reference: &str) -> Result<bool, CloudError> {
        self.count();
        self.inner.delete_secret(reference).await
    }
}

#[tokio::test]
async fn what_we_may_not_delete_keeps_no_cluster() {
    let (ports, record, vault) = cluster(&BOTH).await;
    ready(&ports, &record).await.unwrap().unwrap();
    vault.fates.lock().unwrap().extend([(CloudErrorKind::Forbidden, false); 20]);
    clear(&ports, &record).await.unwrap().unwrap();
    vault.fates.lock().unwrap().clear();
    vault.fates.lock().unwrap().push_back((CloudErrorKind::Server, false));
    clear(&ports, &record).await.unwrap().unwrap_err();
}

#[tokio::test]
async fn a_login_that_may_not_is_refused_before_anything_is_made() {
    let (ports, mut record, _) = cluster(&BOTH).await;
    let told = |record: &ClusterRecord, delegate, barbican| refusal(record, &ports.drivers, delegate, barbican);
    assert_eq!(told(&record, true, true), None);
    assert!(told(&record, false, true).unwrap().advice.unwrap().contains("--unrestricted"));
    assert!(told(&record, true, false).unwrap().summary.contains("Barbican"));
    record.cluster.labels.0.insert("cert_manager".into(), "vault".into());
    assert!(told(&record, true, true).unwrap().summary.contains("\"vault\""));
    record.cluster.labels.0.clear();
    assert_eq!(told(&record, false, false), None);
}

#[tokio::test]
async fn secrets_without_references_need_no_barbican() {
    let (ports, record, vault) = cluster(&[]).await;
    vault.fates.lock().unwrap().extend([(CloudErrorKind::NoService, false); 5]);
    let secrets = ports.store.secrets(record.id()).await.unwrap();
    assert!(open(&*vault, secrets).await.is_ok());
}
