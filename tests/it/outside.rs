//! What the conductor reaches beside Heat: Keystone's credentials, Barbican, RabbitMQ, and
//! clusters' own APIs.

mod real_cloud;
