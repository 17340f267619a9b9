//! The conductor with a store on disk and a cloud, killed at the worst moments.

mod real_cloud;
mod sharing;
