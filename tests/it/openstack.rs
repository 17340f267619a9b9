//! The OpenStack client against recorded answers, and against a real cloud.

mod real_cloud;
