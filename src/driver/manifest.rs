//! A driver's manifest.
pub struct Driver;
pub struct Drivers;
