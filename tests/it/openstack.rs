//! The OpenStack client against recorded answers, and against a real cloud.

mod login;
mod mock;
mod real_cloud;
mod services;
mod session;
