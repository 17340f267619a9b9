//! `jeroboam image list | set | import`.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum Image {
    /// List images, and what they are good for
    List,
    /// Say what is in an image: the properties that drivers go by
    Set(ImageSet),
    /// Let Glance fetch an image from a web server
    Import(ImageImport),
}

#[derive(Debug, Args)]
pub struct ImageProperties {
    /// Distribution, by which drivers are chosen: ubuntu, fedora-coreos, flatcar, ...
    #[arg(long, value_name = "DISTRO")]
    pub os_distro: Option<String>,
    /// Its release: 24.04
    #[arg(long, value_name = "VERSION")]
    pub os_version: Option<String>,
    /// Kubernetes inside: v1.31.4
    #[arg(long, value_name = "VERSION")]
    pub kube_version: Option<String>,
    /// Whom it lets in by ssh, where that is not the distribution's usual user
    #[arg(long, value_name = "USER")]
    pub os_admin_user: Option<String>,
}

#[derive(Debug, Args)]
pub struct ImageSet {
    /// Name or id
    #[arg(value_name = "IMAGE")]
    pub name: String,
    #[command(flatten)]
    pub properties: ImageProperties,
    /// Take a property away (repeatable)
    #[arg(long, value_name = "PROPERTY", value_parser = ["os_version", "kube_version", "os_admin_user"])]
    pub unset: Vec<String>,
}

#[derive(Debug, Args)]
pub struct ImageImport {
    /// Name of the new image; what is not given is read off it
    pub name: String,
    /// Where Glance fetches it: https:// or http://
    #[arg(long)]
    pub url: String,
    #[command(flatten)]
    pub properties: ImageProperties,
    /// Form of the disk: qcow2, raw, vmdk, vdi, vhd, vhdx
    #[arg(long, value_name = "FORMAT", default_value = "qcow2")]
    pub disk_format: String,
    /// Disk that a flavor must have for it, in GB
    #[arg(long, value_name = "GB", default_value_t = 0)]
    pub min_disk: u32,
    /// Wait until it is there
    #[arg(long)]
    pub wait: bool,
}
